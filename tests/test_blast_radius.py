"""Kagimori.GetKeyBlastRadius: what would break without a key; and the alarm when a key that is in use is taken out of it."""

import time

import pytest
from harness import SECOND_REGION
from iam_case import new_account
from kms_case import advance, new_alias, new_key, refused
from test_audit import events
from test_cli_commands import client, client_json
from test_key_protection import refuse
from test_metrics import measured  # noqa: F401  a fixture
from test_usage_limits import alarms


def radius(user, key_id):
    return user.call("Kagimori.GetKeyBlastRadius", KeyId=key_id)


def test_of_a_key_that_nobody_uses(kms, admin, key):
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    answer = radius(admin, key)
    assert answer["KeyId"] == metadata["Arn"] and answer["KeyState"] == "Enabled"
    assert answer["UsedRecently"] is False and "KeyLastUsage" not in answer
    assert answer["Callers"] == answer["Aliases"] == answer["Grants"] == answer["ReplicaRegions"] == answer["Backups"] == []
    (version,) = answer["Versions"]
    assert (version["KeyVersion"], version["State"], version["Count"]) == (1, "Activated", 0)
    assert "LastUsed" not in version
    assert answer["DeletionProtection"] is answer["CallersTruncated"] is answer["GrantsTruncated"] is False


def test_callers_versions_aliases_and_grants(kms, admin, key, make_user):
    alias = new_alias()
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    old = kms.encrypt(KeyId=key, Plaintext=b"xyz")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key)
    other = make_user(allow=["kms:Decrypt"])
    arn = other.client("sts").get_caller_identity()["Arn"]
    other.client().decrypt(CiphertextBlob=old)
    grant = kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["Decrypt", "DescribeKey"], Name="nightly")
    kms.encrypt(KeyId=key, Plaintext=b"x")
    answer = radius(admin, alias)
    assert answer["Aliases"] == [alias] and answer["UsedRecently"] is True
    assert answer["KeyLastUsage"]["Operation"] == "Encrypt"
    newest, oldest = answer["Callers"]
    assert newest["KeyVersions"] == [1, 2] and (newest["Count"], newest["Bytes"]) == (2, 4)
    assert (oldest["PrincipalArn"], oldest["KeyVersions"], oldest["Count"]) == (arn, [1], 1)
    assert newest["LastUsed"] >= oldest["LastUsed"]
    first, second = answer["Versions"]
    assert (first["State"], first["PrincipalCount"], first["Count"]) == ("Deactivated", 2, 2)
    assert (second["State"], second["PrincipalCount"], second["Count"]) == ("Activated", 1, 1)
    material = {rotation["KeyMaterialId"] for rotation in kms.list_key_rotations(
        KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]}
    assert {first["KeyMaterialId"], second["KeyMaterialId"]} == material
    assert answer["Grants"] == [
        {"GrantId": grant["GrantId"], "Name": "nightly", "GranteePrincipal": arn, "Operations": ["Decrypt", "DescribeKey"]}]


def test_replicas(kms, admin):
    key_id = new_key(kms, MultiRegion=True)
    kms.replicate_key(KeyId=key_id, ReplicaRegion=SECOND_REGION)
    assert radius(admin, key_id)["ReplicaRegions"] == [SECOND_REGION]


def test_many_grants_are_cut_off(kms, admin, key, make_user):
    arn = make_user().client("sts").get_caller_identity()["Arn"]
    for number in range(101):
        kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["Decrypt"], Name=f"grant-{number}")
    answer = radius(admin, key)
    assert len(answer["Grants"]) == 100 and answer["GrantsTruncated"] is True


def backed_up(user, key_id):
    """Once the log has taken up what another process told it."""
    deadline = time.monotonic() + 30
    while not (answer := radius(user, key_id))["Backups"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return answer


def test_whether_a_backup_holds_the_key(fresh_server, tmp_path):
    server = fresh_server()
    kms = server.admin.client()
    early = new_key(kms)
    assert radius(server.admin, early)["Backups"] == []
    target = tmp_path / "one.backup"
    server.command("backup", "--config", server.config, "--to", target)
    late = new_key(kms)
    answer = backed_up(server.admin, early)
    (backup,) = answer["Backups"]
    assert backup["Target"] == str(target) and answer["BackupsKnownSince"] <= backup["Time"]
    assert radius(server.admin, late)["Backups"] == []
    tenant, _ = new_account(server)
    theirs = new_key(tenant.client())
    server.command("backup", "--config", server.config, "--to", tmp_path / "two.backup")
    (backup,) = backed_up(tenant, theirs)["Backups"]
    assert list(backup) == ["Time"]  # where it lies is for the operators
    text = client(server.admin, "key", "blast-radius", early)
    assert "Backups that hold it: 2, the last made at 20" in text


def test_it_is_for_those_who_may(kms, admin, key, make_user):
    refuse("AccessDeniedException", make_user(allow=["kms:*"]), "Kagimori.GetKeyBlastRadius", KeyId=key)
    assert radius(make_user(allow=["kagimori:GetKeyBlastRadius"]), key)["Callers"] == []
    refuse("NotFoundException", admin, "Kagimori.GetKeyBlastRadius", KeyId=new_alias())
    refuse("ValidationException", admin, "Kagimori.GetKeyBlastRadius")


# --- Alarms ---


@pytest.mark.parametrize("operation", ("disable_key", "schedule_key_deletion"))
def test_taking_a_key_out_of_use_that_is_in_use_raises_an_alarm(server, kms, admin, operation):
    used, unused = new_key(kms), new_key(kms)
    kms.encrypt(KeyId=used, Plaintext=b"x")
    request_id = getattr(kms, operation)(KeyId=used)["ResponseMetadata"]["RequestId"]
    getattr(kms, operation)(KeyId=unused)
    assert alarms(server, unused, "KeyUsedRecently") == []
    (alarm,) = alarms(server, used, "KeyUsedRecently")
    details = alarm["serviceEventDetails"]
    named = [event["eventName"] for event in events(server) if used in str(event.get("resources"))]
    assert named[-2:] == [details["operation"], "KeyUsedRecently"]  # of one change
    last = kms.get_key_last_usage(KeyId=used)["KeyLastUsage"]
    assert details == {
        "keyId": used, "operation": "".join(word.title() for word in operation.split("_")),
        "principal": admin.client("sts").get_caller_identity()["Arn"], "lastUsageOperation": "Encrypt", "requestId": request_id,
        "lastUsageTime": last["Timestamp"].strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert (alarm["eventType"], alarm["userIdentity"]["type"]) == ("AwsServiceEvent", "Service")


def test_how_recent_is_a_setting(fresh_server):
    server = fresh_server(settings={"alarms.recent_use_days": "3"})
    kms = server.admin.client()
    first, second = new_key(kms), new_key(kms)
    for key_id in (first, second):
        kms.encrypt(KeyId=key_id, Plaintext=b"x")
    advance(server, days=2)
    kms = server.admin.client()
    kms.disable_key(KeyId=first)
    assert len(alarms(server, first, "KeyUsedRecently")) == 1
    advance(server, days=1)
    assert radius(server.admin, second)["UsedRecently"] is False
    server.admin.client().disable_key(KeyId=second)
    assert alarms(server, second, "KeyUsedRecently") == []


def test_no_alarm_where_nothing_is_changed(server, kms, admin, key):
    kms.encrypt(KeyId=key, Plaintext=b"x")
    admin.call("Kagimori.PutKeyProtection", KeyId=key, DeletionProtection=True)
    refused("KMSInvalidStateException", kms.disable_key, KeyId=key)
    refused("ValidationException", kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=1)
    assert alarms(server, key, "KeyUsedRecently") == []
    admin.call("Kagimori.PutKeyProtection", KeyId=key, DeletionProtection=False)


def test_alarms_are_counted(measured):  # noqa: F811
    server, metrics = measured
    kms = server.admin.client()
    assert metrics.value("kagimori_alarms_total", alarm="KeyUsedRecently") == 0
    assert metrics.value("kagimori_alarms_total", alarm="UsageLimitNear") == 0
    key_id = new_key(kms)
    server.admin.call("Kagimori.PutKeyUsageLimit", KeyId=key_id, MaximumUses=1)
    kms.encrypt(KeyId=key_id, Plaintext=b"x")
    kms.disable_key(KeyId=key_id)
    metrics.wait_for("kagimori_alarms_total", 1, alarm="KeyUsedRecently")
    metrics.wait_for("kagimori_alarms_total", 1, alarm="UsageLimitNear")
    assert metrics.value("kagimori_key_uses_forgotten_total") == 0


# --- The command line ---


def test_key_usage_for_people_and_programs(kms, admin, key):
    assert client(admin, "key", "usage", key) == "Nobody has used this key.\n"
    blob = kms.encrypt(KeyId=key, Plaintext=b"x" * 9)["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key)
    kms.decrypt(CiphertextBlob=blob)
    kms.encrypt(KeyId=key, Plaintext=b"x")
    arn = admin.client("sts").get_caller_identity()["Arn"]
    lines = client(admin, "key", "usage", key).splitlines()
    assert lines[0].split("  ")[0] == "VERSION" and len(lines) == 3
    assert [arn in line for line in lines] == [False, True, True]
    assert "Decrypt 1, Encrypt 1" in lines[1] and "Encrypt 1" in lines[2]
    assert len(client(admin, "key", "usage", key, "--key-version", "2").splitlines()) == 2
    assert client(admin, "key", "usage", key, "--key-version", "3") == "Nobody has used this version.\n"
    answer = client_json(admin, "key", "usage", key)
    first, second = answer["Uses"]
    assert (first["KeyVersion"], second["KeyVersion"], answer["PrimaryVersion"]) == (1, 2, 2)
    assert first["PrincipalArn"] == arn and first["FirstUsed"].endswith("Z")
    assert first["Operations"][1] == {"Operation": "Encrypt", "Count": 1, "Bytes": 9}
    assert "alias/none" in client(admin, "key", "usage", "alias/none", exit_code=1)


def test_blast_radius_for_people_and_programs(kms, admin, key):
    text = client(admin, "key", "blast-radius", key)
    for sentence in ("It was never used.", "Nobody has used it.", "It has no grants.", "Aliases: none", "Replicas: none", "Deletion protection: off",
                     "Backups that hold it: none"):
        assert sentence in text
    kms.encrypt(KeyId=key, Plaintext=b"x")
    alias = new_alias()
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    text = client(admin, "key", "blast-radius", alias)
    assert "(Encrypt): recently." in text and f"Aliases: {alias}" in text and ":user/admin" in text
    answer = client_json(admin, "key", "blast-radius", key)
    assert answer["Aliases"] == [alias] and answer["Versions"][0]["LastUsed"].endswith("Z")


def test_limits_for_people_and_programs(kms, admin, key):
    assert "has no usage limit" in client(admin, "key", "limit", "show", key, exit_code=1)
    text = client(admin, "key", "limit", "set", key, "--uses", "1000", "--bytes", "2MiB", "--warn-at", "75")
    assert "0 of 1000 uses" in text and "0 of 2097152 bytes" in text and "At 75 % an alarm is raised." in text
    kms.encrypt(KeyId=key, Plaintext=b"x")
    answer = client_json(admin, "key", "limit", "show", key)
    assert (answer["MaximumUses"], answer["UsesReserved"], answer["RotateWhenNear"]) == (1_000, 1, False)
    assert "the key is rotated" in client(admin, "key", "limit", "set", key, "--uses", "1000", "--rotate")
    assert "has no usage limit any more" in client(admin, "key", "limit", "remove", key)
    for wrong in ((), ("--uses", "0"), ("--uses", "many"), ("--uses", "5", "--warn-at", "101")):
        client(admin, "key", "limit", "set", key, *wrong, exit_code=2)
