"""Multi-Region keys: permissions in both Regions, events, and what a changed configuration, a backup and rivals do to them."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from kms_case import advance, default_policy, new_key, refused
from multi_region_case import (  # noqa: F401  (fixtures among them)
    HOME, REGIONS, SECOND, THIRD, clock_events, describe, held, home, primary, related, replicate, second, server, third,
    wait_for,
)
from test_audit import events


# --- Permissions ---


def statement(actions, resource="*", **condition):
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **({"Condition": condition} if condition else {})}


def policy_of(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def test_replicating_needs_permissions_in_both_regions(server, make_user, home, second):
    key = primary(home)
    arn = describe(home, key)["Arn"]
    here = {"StringEquals": {"aws:RequestedRegion": HOME}}
    there = {"StringEquals": {"aws:RequestedRegion": SECOND}}
    replicate_only = statement("kms:ReplicateKey", arn, **here)
    create = statement(["kms:CreateKey", "kms:PutKeyPolicy"], **there)
    cases = [
        ((), "kms:ReplicateKey"),
        ((create,), "kms:ReplicateKey"),
        ((statement("kms:ReplicateKey", arn.replace(HOME, SECOND)), create), "kms:ReplicateKey"),
        ((replicate_only,), "kms:CreateKey"),
        ((replicate_only, statement("kms:CreateKey", **here)), "kms:CreateKey"),
        ((replicate_only, create), "kms:TagResource"),
        ((replicate_only, create, statement("kms:TagResource", **here)), "kms:TagResource"),
    ]
    tags = [{"TagKey": "team", "TagValue": "a"}]
    for statements, missing in cases:
        user = make_user(on=server, policy=policy_of(statement("kms:ListKeys"), *statements)).client(region=HOME)
        text = refused("AccessDeniedException", user.replicate_key, KeyId=key, ReplicaRegion=SECOND, Tags=tags)
        assert f"to perform: {missing} " in text
    conditions = [
        statement("kms:ReplicateKey", arn, StringEquals={"kms:ReplicaRegion": SECOND, "kms:MultiRegionKeyType": "PRIMARY"}),
        statement("kms:CreateKey", Bool={"kms:MultiRegion": "true"},
                  StringEquals={"kms:MultiRegionKeyType": "REPLICA", "kms:KeySpec": "SYMMETRIC_DEFAULT",
                                "kms:KeyOrigin": "AWS_KMS"}),
        statement("kms:TagResource", StringEquals={"aws:RequestTag/team": "a"}), statement("kms:PutKeyPolicy"),
    ]
    user = make_user(on=server, policy=policy_of(*conditions)).client(region=HOME)
    refused("AccessDeniedException", user.replicate_key, KeyId=key, ReplicaRegion=THIRD, Tags=tags)
    refused("AccessDeniedException", user.replicate_key, KeyId=key, ReplicaRegion=SECOND,
            Tags=[{"TagKey": "team", "TagValue": "b"}])
    user.replicate_key(KeyId=key, ReplicaRegion=SECOND, Tags=tags)
    assert wait_for(second, key)


def test_changing_roles_needs_permission_on_both_keys(server, make_user, home, second):
    key = primary(home)
    replicate(home, key, second)
    arns = {kms: describe(kms, key)["Arn"] for kms in (home, second)}
    for allowed, missing in ((home, second), (second, home)):
        user = make_user(on=server, policy=policy_of(statement("kms:UpdatePrimaryRegion", arns[allowed])))
        text = refused("AccessDeniedException", user.client(region=HOME).update_primary_region, KeyId=key,
                       PrimaryRegion=SECOND)
        assert arns[missing] in text
    here_only = policy_of(statement("kms:UpdatePrimaryRegion", StringEquals={"aws:RequestedRegion": HOME}))
    text = refused("AccessDeniedException", make_user(on=server, policy=here_only).client(region=HOME).update_primary_region,
                   KeyId=key, PrimaryRegion=SECOND)
    assert arns[second] in text
    deny = default_policy(describe(home, key)["AWSAccountId"])
    deny["Statement"].append({"Effect": "Deny", "Principal": "*", "Action": "kms:UpdatePrimaryRegion", "Resource": "*",
                              "Condition": {"StringEquals": {"kms:PrimaryRegion": SECOND}}})
    second.put_key_policy(KeyId=key, Policy=json.dumps(deny))
    refused("AccessDeniedException", home.update_primary_region, KeyId=key, PrimaryRegion=SECOND)
    second.put_key_policy(KeyId=key, Policy=json.dumps(default_policy(describe(home, key)["AWSAccountId"])))
    user = make_user(on=server, policy=policy_of(statement("kms:UpdatePrimaryRegion", list(arns.values()))))
    user.client(region=HOME).update_primary_region(KeyId=key, PrimaryRegion=SECOND)
    wait_for(second, key)
    assert related(second, key)[0] == "PRIMARY"


def test_conditions_of_keys(server, make_user, home, second):
    key, plain = primary(home), new_key(home)
    replicate(home, key, second)
    rows = [("Bool", "kms:MultiRegion", "true", (True, True, False)),
            ("StringEquals", "kms:MultiRegionKeyType", "PRIMARY", (True, False, False)),
            ("StringEquals", "kms:MultiRegionKeyType", "REPLICA", (False, True, False))]
    for operator, name, value, expected in rows:
        user = make_user(on=server, policy=policy_of(statement("kms:DescribeKey", **{operator: {name: value}})))
        for (kms, one), allowed in zip(((HOME, key), (SECOND, key), (HOME, plain)), expected):
            call = user.client(region=kms).describe_key
            call(KeyId=one) if allowed else refused("AccessDeniedException", call, KeyId=one)
    creator = make_user(on=server, policy=policy_of(statement("kms:PutKeyPolicy"), statement(
        "kms:CreateKey", StringEquals={"kms:MultiRegionKeyType": "PRIMARY"}))).client(region=HOME)
    refused("AccessDeniedException", creator.create_key)
    primary(creator)


# --- Audit ---


def test_events(server, home, second):
    key = primary(home)
    arn = describe(home, key)["Arn"]
    request_id = home.replicate_key(KeyId=key, ReplicaRegion=SECOND)["ResponseMetadata"]["RequestId"]
    wait_for(second, key)
    told = [event for event in events(server) if event.get("requestID") == request_id]
    assert [(event["eventName"], event["awsRegion"], event["resources"][0]["ARN"]) for event in told] == [
        ("ReplicateKey", HOME, arn), ("CreateKey", SECOND, arn.replace(HOME, SECOND))]
    assert told[0]["userIdentity"] == told[1]["userIdentity"] and told[0]["eventID"] != told[1]["eventID"]
    assert told[0]["requestParameters"]["replicaRegion"] == SECOND
    assert all(event["eventType"] == "AwsApiCall" and event["readOnly"] is False for event in told)
    refused("AlreadyExistsException", home.replicate_key, KeyId=key, ReplicaRegion=SECOND)
    failed = events(server)[-1]
    assert (failed["eventName"], failed["errorCode"], failed["awsRegion"]) == (
        "ReplicateKey", "AlreadyExistsException", HOME)
    home.rotate_key_on_demand(KeyId=key)
    assert clock_events(server, arn.replace(HOME, SECOND)) == [("SynchronizeMultiRegionKey", SECOND)] * 2
    home.update_primary_region(KeyId=key, PrimaryRegion=SECOND)
    wait_for(second, key)
    wait_for(home, key)
    assert clock_events(server, arn) == [("RotateKey", HOME), ("SynchronizeMultiRegionKey", HOME)]
    assert len(clock_events(server, arn.replace(HOME, SECOND))) == 3


# --- Regions that come and go; backups ---


def test_a_region_that_is_taken_out_of_the_configuration(fresh_server):
    server = fresh_server(settings=REGIONS)
    home, second = server.admin.client(region=HOME), server.admin.client(region=SECOND)
    key = primary(home)
    replicate(home, key, second)
    server.settings = {"account.regions": THIRD}
    server.restart()
    assert related(home, key) == ("PRIMARY", HOME, [SECOND])  # it is there, out of reach
    refused("UnsupportedOperationException", home.replicate_key, KeyId=key, ReplicaRegion=SECOND)
    refused("UnsupportedOperationException", home.update_primary_region, KeyId=key, PrimaryRegion=SECOND)
    home.rotate_key_on_demand(KeyId=key)
    blob = home.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert home.schedule_key_deletion(KeyId=key)["KeyState"] == "PendingReplicaDeletion"
    server.settings = REGIONS
    server.restart()
    assert second.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_home_region_that_moves_away_from_its_primaries(fresh_server):
    server = fresh_server(settings=REGIONS)
    home, second = server.admin.client(region=HOME), server.admin.client(region=SECOND)
    key = primary(home)
    replicate(home, key, second)
    blob = home.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    server.settings, server.region = {"account.region": SECOND}, SECOND
    server.restart()
    assert related(second, key) == ("REPLICA", HOME, [SECOND])
    assert second.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    second.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    advance(server, days=8)
    server.settings, server.region = REGIONS, HOME
    server.restart()
    assert related(home, key) == ("PRIMARY", HOME, [])


def test_a_replica_that_was_deleted_stays_so_after_a_restore(fresh_server, tmp_path):
    server = fresh_server(settings=REGIONS)
    home, second, third = (server.admin.client(region=region) for region in (HOME, SECOND, THIRD))
    key = primary(home)
    for kms in (second, third):
        replicate(home, key, kms)
    blob = home.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    home.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    third.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    advance(server, days=8)
    backup = tmp_path / "backup"
    server.command("backup", "--config", server.config, "--to", backup)
    second.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    advance(server, days=8)
    home.cancel_key_deletion(KeyId=key)
    server.stop()
    said = server.command("restore", "--config", server.config, "--from", backup, "--force").stdout
    assert "1 key destroyed" in said
    server.command("store", "check", "--config", server.config)
    server.start()
    refused("NotFoundException", second.describe_key, KeyId=key)
    assert related(home, key) == ("PRIMARY", HOME, [])
    assert describe(home, key)["KeyState"] == "PendingDeletion"  # as it follows from the backup and the tombstone
    home.cancel_key_deletion(KeyId=key)
    home.enable_key(KeyId=key)
    replicate(home, key, second)
    assert second.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_backup_from_before_a_change_of_roles(fresh_server, tmp_path):
    server = fresh_server(settings=REGIONS)
    home, second, third = (server.admin.client(region=region) for region in (HOME, SECOND, THIRD))
    key = primary(home)
    for kms in (second, third):
        replicate(home, key, kms)
    blob = home.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    backup = tmp_path / "backup"
    server.command("backup", "--config", server.config, "--to", backup)
    home.update_primary_region(KeyId=key, PrimaryRegion=SECOND)
    wait_for(home, key)
    home.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    advance(server, days=8)
    server.stop()
    server.command("restore", "--config", server.config, "--from", backup, "--force")
    server.command("store", "check", "--config", server.config)
    server.start()
    refused("NotFoundException", home.describe_key, KeyId=key)
    roles = sorted(related(kms, key) for kms in (second, third))
    assert roles == [("PRIMARY", THIRD, [SECOND]), ("REPLICA", THIRD, [SECOND])]
    for kms in (second, third):
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


# --- Rivals, and the workers' caches ---


def attempt(call, **members):
    """The answer's error code; None on success."""
    try:
        call(**members)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def test_one_of_two_requests_makes_the_replica(home, second):
    key = primary(home)
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: attempt(home.replicate_key, KeyId=key, ReplicaRegion=SECOND), range(8)))
    assert codes.count(None) == 1 and codes.count("AlreadyExistsException") == 7
    wait_for(second, key)


def test_rivals_on_related_keys_all_get_their_way(home, second, third):
    key = primary(home)
    for kms in (second, third):
        replicate(home, key, kms)
    calls = [(home.rotate_key_on_demand, {})] * 4
    calls += [(kms.update_key_description, {"Description": "d"}) for kms in (home, second, third)] * 3
    calls += [(kms.tag_resource, {"Tags": [{"TagKey": f"k{i}", "TagValue": ""}]}) for kms in (second, third)
              for i in range(4)]
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda call: attempt(call[0], KeyId=key, **call[1]), calls))
    assert codes == [None] * len(calls)
    for kms in (home, second, third):
        assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 4
        blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        assert all(other.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x" for other in (home, second, third))
    assert len(second.list_resource_tags(KeyId=key)["Tags"]) == 4


def test_every_worker_knows_at_once_who_is_related(server):
    """Each connection is served by one of the workers, which has read the keys before they change."""
    clients = {region: [server.admin.client(region=region) for _ in range(6)] for region in (HOME, SECOND, THIRD)}
    home, third = clients[HOME][0], clients[THIRD][0]
    key = primary(home)
    replicate(home, key, third)
    everywhere = [*clients[HOME], *clients[THIRD]]

    for _ in range(3):
        assert all(related(kms, key)[1:] == (HOME, [THIRD]) for kms in everywhere)
        home.replicate_key(KeyId=key, ReplicaRegion=SECOND)
        assert all(related(kms, key)[1:] == (HOME, [THIRD, SECOND]) for kms in [*everywhere, *clients[SECOND]])
        wait_for(clients[SECOND][0], key)
        blob = home.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        home.rotate_key_on_demand(KeyId=key)
        rotated = home.encrypt(KeyId=key, Plaintext=b"y")["CiphertextBlob"]
        for kms in clients[SECOND]:
            assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
            assert kms.decrypt(CiphertextBlob=rotated)["Plaintext"] == b"y"
        clients[SECOND][0].schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        advance(server, days=8)
        for kms in clients[SECOND]:
            refused("NotFoundException", kms.describe_key, KeyId=key)


# --- A store that fails ---


@pytest.mark.parametrize("table", ("keys", "key_ids", "versions", "objects", "due", "key_policies"))
def test_a_replication_that_fails_changes_nothing(server, home, second, table):
    key = primary(home)
    before, keys = describe(home, key), len(second.list_keys(Limit=1000)["Keys"])
    server.admin.call("Kagimori.InjectStoreFault", ErrorCode="Io", Table=table, Call="COMMIT", Times=1)
    told = len(events(server))
    assert attempt(home.replicate_key, KeyId=key, ReplicaRegion=SECOND) == "KMSInternalException"
    assert [event["eventName"] for event in events(server)[told:]] == ["ReplicateKey"]
    assert describe(home, key) == before and len(second.list_keys(Limit=1000)["Keys"]) == keys
    replicate(home, key, second)


def test_what_is_under_way_ends_later_if_the_store_fails(server, home, second, held):
    key = primary(home)
    home.replicate_key(KeyId=key, ReplicaRegion=SECOND)
    server.admin.call("Kagimori.InjectStoreFault", ErrorCode="Io", Table="keys", Call="COMMIT", Times=1)
    held()
    assert describe(second, key)["KeyState"] == "Creating"
    held()
    assert describe(second, key)["KeyState"] == "Enabled"
    home.update_primary_region(KeyId=key, PrimaryRegion=SECOND)
    server.admin.call("Kagimori.InjectStoreFault", ErrorCode="Io", Table="keys", Call="COMMIT", Times=1)
    held()
    assert [describe(kms, key)["KeyState"] for kms in (home, second)] == ["Updating", "Updating"]
    assert related(home, key)[0] == "PRIMARY" and related(second, key)[0] == "REPLICA"
    held()
    assert related(home, key)[0] == "REPLICA" and related(second, key)[0] == "PRIMARY"
