"""What becomes of imported key material: its ids, deletion and re-import, key states, permissions and events."""

import base64
import hashlib
import hmac
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from audit_log import audit_text
from botocore.exceptions import ClientError
from importing import (USAGE, Importer, described, der, import_into, new_external_key, new_material, new_private_key,
                       state_of)
from kms_case import advance, new_alias, refused
from test_audit import event_of, events
from test_import import MATERIAL, PENDING_IMPORT, expect_same_key, external, home, importer, later  # noqa: F401
from test_kms_rotation import object_records


# --- Ids of material ---

def test_ids_of_material(kms, importer):
    again = importer(MATERIAL)["KeyMaterialId"]
    assert again == described(kms, importer.key_id)["CurrentKeyMaterialId"]
    # Not a hash of what somebody might guess, alone or with the key's id.
    for guess in (MATERIAL, importer.key_id.encode() + MATERIAL, MATERIAL + importer.key_id.encode()):
        assert again != hashlib.sha256(guess).hexdigest()
    for key in (MATERIAL, importer.key_id.encode()):
        assert again != hmac.digest(key, MATERIAL if key != MATERIAL else importer.key_id.encode(), "sha256").hex()
    assert import_into(kms, new_external_key(kms), MATERIAL)["KeyMaterialId"] != again, "another key, another id"
    blob = kms.encrypt(KeyId=importer.key_id, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["KeyMaterialId"] == again


def test_another_encoding_of_the_same_private_key_is_the_same_material(kms):
    key, key_id = new_private_key("ECC_NIST_P256"), new_external_key(kms, "ECC_NIST_P256")
    importer = Importer(kms, key_id)
    expected = importer(der(key))["KeyMaterialId"]
    scalar = key.private_numbers().private_value.to_bytes(32, "big")
    # RFC 5915 without the optional public key.
    inner = bytes.fromhex("30250201010420") + scalar
    algorithm = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
    body = bytes.fromhex("020100") + algorithm + bytes((4, len(inner))) + inner
    assert importer(bytes((0x30, len(body))) + body)["KeyMaterialId"] == expected
    refused("IncorrectKeyMaterialException", kms.import_key_material, **importer.members(new_material("ECC_NIST_P256")))


# --- DeleteImportedKeyMaterial ---

@pytest.mark.parametrize("spec", ("SYMMETRIC_DEFAULT", "HMAC_512", "RSA_2048", "ECC_NIST_EDWARDS25519", "SM2"))
def test_deletion_and_re_import(kms, spec):
    material, key_id = new_material(spec), new_external_key(kms, spec)
    importer = Importer(kms, key_id, *(("SM2PKE", "SM2") if spec == "SM2" else ()))
    first = importer(material)
    arn = first["KeyId"]
    for _ in range(2):  # what is absent already stays so
        deleted = kms.delete_imported_key_material(KeyId=key_id)
        assert (deleted["KeyId"], deleted["KeyMaterialId"]) == (arn, first["KeyMaterialId"])
        assert state_of(kms, key_id) == "PendingImport"
    if USAGE[spec] == "SIGN_VERIFY":
        assert kms.get_public_key(KeyId=key_id)["PublicKey"], "the public half stays"
        refused("KMSInvalidStateException", kms.verify, KeyId=key_id, Message=b"x", Signature=b"x",
                SigningAlgorithm=described(kms, key_id)["SigningAlgorithms"][0], message=PENDING_IMPORT.format(arn=arn))
    refused("IncorrectKeyMaterialException", kms.import_key_material, **importer.members(new_material(spec)))
    assert importer(material)["KeyMaterialId"] == first["KeyMaterialId"]
    expect_same_key(kms, key_id, spec, material)


def test_deletion_before_any_import(kms):
    key_id = new_external_key(kms)
    answer = kms.delete_imported_key_material(KeyId=key_id)
    assert answer["KeyId"].endswith(key_id) and "KeyMaterialId" not in answer
    refused("NotFoundException", kms.delete_imported_key_material, KeyId=key_id, KeyMaterialId="a" * 64)


def test_deleted_material_is_gone_from_the_database_and_its_log(home):
    kms = home.admin.client()
    material = os.urandom(32)
    importer = Importer(kms, new_external_key(kms))
    before = object_records(home)
    importer(material)
    imported = object_records(home)
    [changed] = [pk for pk in imported if imported[pk] != before[pk]]
    kms.delete_imported_key_material(KeyId=importer.key_id)
    after = object_records(home)[changed]
    old = imported[changed]
    runs = [old[start : start + 24] for start in range(len(old) - 24)]
    runs = [run for run in runs if run[:12] not in after and run[-12:] not in after]
    assert len(runs) > 24
    for path in (home.data / "store").iterdir():
        content = path.read_bytes()
        assert not [run for run in runs if run in content], f"{path.name} still holds the wrapped material"


# --- Key states ---

def test_a_key_that_was_disabled_is_enabled_by_the_import_that_completes_it(kms):
    importer = Importer(kms, new_external_key(kms))
    importer(MATERIAL)
    kms.disable_key(KeyId=importer.key_id)
    importer(MATERIAL)
    assert state_of(kms, importer.key_id) == "Disabled", "nothing was missing"
    kms.delete_imported_key_material(KeyId=importer.key_id)
    assert state_of(kms, importer.key_id) == "PendingImport"
    importer(MATERIAL)
    assert state_of(kms, importer.key_id) == "Enabled"


def test_a_key_that_awaits_deletion(kms):
    importer = Importer(kms, new_external_key(kms))
    importer(MATERIAL)
    arn = described(kms, importer.key_id)["Arn"]
    kms.schedule_key_deletion(KeyId=importer.key_id, PendingWindowInDays=7)
    refused("KMSInvalidStateException", kms.get_parameters_for_import, KeyId=importer.key_id,
            WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048", message=f"{arn} is pending deletion.")
    kms.delete_imported_key_material(KeyId=importer.key_id)
    assert state_of(kms, importer.key_id) == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=importer.key_id)
    assert state_of(kms, importer.key_id) == "PendingImport"
    kms.schedule_key_deletion(KeyId=importer.key_id, PendingWindowInDays=7)
    importer(MATERIAL)
    assert state_of(kms, importer.key_id) == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=importer.key_id)
    assert state_of(kms, importer.key_id) == "Disabled"
    kms.enable_key(KeyId=importer.key_id)
    expect_same_key(kms, importer.key_id, "SYMMETRIC_DEFAULT", MATERIAL)


def test_a_destroyed_key_takes_its_material_along(home):
    kms = home.admin.client()
    importer = Importer(kms, new_external_key(kms))
    importer(MATERIAL, ValidTo=later(home, days=20))
    kms.schedule_key_deletion(KeyId=importer.key_id, PendingWindowInDays=7)
    advance(home, days=8)
    refused("NotFoundException", kms.import_key_material, **importer.members(MATERIAL))
    advance(home, days=20)
    assert not [one for one in events(home) if one["eventName"] == "DeleteExpiredKeyMaterial"]


@pytest.mark.parametrize("operation, members", (
    ("enable_key", {}), ("disable_key", {}), ("rotate_key_on_demand", {}), ("generate_data_key", {"KeySpec": "AES_256"}),
    ("generate_data_key_pair", {"KeyPairSpec": "ECC_NIST_P256"}), ("encrypt", {"Plaintext": b"x"}),
))
def test_what_a_key_without_material_refuses(kms, operation, members):
    key_id = new_external_key(kms)
    refused("KMSInvalidStateException", getattr(kms, operation), KeyId=key_id, **members,
            message=PENDING_IMPORT.format(arn=described(kms, key_id)["Arn"]))


@pytest.mark.parametrize("operation", ("enable_key_rotation", "disable_key_rotation", "get_key_rotation_status"))
def test_automatic_rotation_is_not_for_imported_material(kms, external, operation):
    for key_id in (new_external_key(kms), external):
        if operation == "get_key_rotation_status" and state_of(kms, key_id) != "PendingImport":
            continue
        refused("UnsupportedOperationException", getattr(kms, operation), KeyId=key_id,
                message=f"{described(kms, key_id)['Arn']} origin is EXTERNAL which is not valid for this operation.")


@pytest.mark.parametrize("operation, members", (
    ("create_alias", {}), ("tag_resource", {"Tags": [{"TagKey": "a", "TagValue": "b"}]}), ("list_key_rotations", {}),
    ("update_key_description", {"Description": "d"}), ("get_key_policy", {}), ("list_resource_tags", {}),
    ("schedule_key_deletion", {}),
))
def test_what_a_key_without_material_allows(kms, operation, members):
    key_id = new_external_key(kms)
    if operation == "create_alias":
        kms.create_alias(AliasName=new_alias(), TargetKeyId=key_id)
    else:
        getattr(kms, operation)(KeyId=key_id, **members)


# --- Rivals, backups ---

def test_rivals_with_new_material(kms):
    """Of many who import new material at once, one has it pending; the others are told whose it is."""
    importer = Importer(kms, new_external_key(kms))
    first = importer(MATERIAL)["KeyMaterialId"]
    requests = [importer.members(os.urandom(32), ImportType="NEW_KEY_MATERIAL") for _ in range(12)]

    def attempt(members):
        try:
            return kms.import_key_material(**members)["KeyMaterialId"]
        except ClientError as refusal:
            assert refusal.response["Error"]["Code"] == "KMSInvalidStateException"
            return None

    with ThreadPoolExecutor(12) as pool:
        done = [one for one in pool.map(attempt, requests) if one]
    everything = kms.list_key_rotations(KeyId=importer.key_id, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert len(done) == 1 and [one["KeyMaterialId"] for one in everything] == [first, done[0]]


def test_rivals_who_import_delete_and_use(kms):
    """Whatever the order, the key ends with its material, and each use is either refused or right."""
    importer = Importer(kms, new_external_key(kms, "HMAC_256"))
    importer(MATERIAL)
    expected = hmac.digest(MATERIAL, b"m", "sha256")
    members = importer.members(MATERIAL)

    def attempt(number):
        try:
            if number % 3 == 0:
                kms.import_key_material(**members)
            elif number % 3 == 1:
                kms.delete_imported_key_material(KeyId=importer.key_id)
            else:
                assert kms.generate_mac(KeyId=importer.key_id, Message=b"m", MacAlgorithm="HMAC_SHA_256")["Mac"] == expected
        except ClientError as refusal:
            assert refusal.response["Error"]["Code"] == "KMSInvalidStateException"

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(attempt, range(120)))
    importer(MATERIAL)
    expect_same_key(kms, importer.key_id, "HMAC_256", MATERIAL)


def test_a_backup_with_imported_material(home, tmp_path):
    kms = home.admin.client()
    there, gone = Importer(kms, new_external_key(kms)), Importer(kms, new_external_key(kms, "RSA_2048"))
    key = new_material("RSA_2048")
    there(MATERIAL)
    gone(key)
    kms.delete_imported_key_material(KeyId=gone.key_id)
    blob = kms.encrypt(KeyId=there.key_id, Plaintext=b"x")["CiphertextBlob"]
    backup = tmp_path / "backup"
    home.command("backup", "--config", home.config, "--to", backup)
    kms.delete_imported_key_material(KeyId=there.key_id)
    assert home.stop() == 0
    home.command("store", "check", "--config", home.config)
    home.command("restore", "--config", home.config, "--from", backup, "--force")
    home.start()
    kms = there.kms = gone.kms = home.admin.client()
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert state_of(kms, gone.key_id) == "PendingImport"
    gone(key)
    expect_same_key(kms, gone.key_id, "RSA_2048", key)


# --- Permissions and events ---

OPERATIONS = ("GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial")


def call(kms, operation, importer):
    if operation == "GetParametersForImport":
        return kms.get_parameters_for_import(KeyId=importer.key_id, WrappingAlgorithm="RSAES_OAEP_SHA_256",
                                             WrappingKeySpec="RSA_2048")
    if operation == "ImportKeyMaterial":
        return kms.import_key_material(**importer.members(MATERIAL))
    return kms.delete_imported_key_material(KeyId=importer.key_id)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_permissions(kms, make_user, operation):
    importer = Importer(kms, new_external_key(kms))
    others = [f"kms:{other}" for other in OPERATIONS if other != operation]
    stranger = make_user(allow=[*others, "kms:Encrypt", "kms:DescribeKey"]).client()
    refused("AccessDeniedException", lambda: call(stranger, operation, importer), contains=f"kms:{operation}")
    allowed = make_user(allow=[f"kms:{operation}"], resource=described(kms, importer.key_id)["Arn"]).client()
    assert call(allowed, operation, importer)["KeyId"].endswith(importer.key_id)


@pytest.mark.parametrize("key, good, bad", (
    ("kms:WrappingAlgorithm", "RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"), ("kms:WrappingKeySpec", "RSA_2048", "RSA_3072"),
))
def test_conditions_of_parameters(kms, make_user, external, key, good, bad):
    user = make_user(policy={"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "kms:GetParametersForImport", "Resource": "*", "Condition": {"StringEquals": {key: good}}}})
    members = {"KeyId": external, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    user.client().get_parameters_for_import(**members)
    refused("AccessDeniedException", user.client().get_parameters_for_import, **{**members, key[4:]: bad})


def test_conditions_of_an_import(server, make_user, importer):
    def importer_under(condition):
        return make_user(policy={"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "kms:ImportKeyMaterial", "Resource": "*", "Condition": condition}}).client()

    must_expire = importer_under({"StringEquals": {"kms:ExpirationModel": "KEY_MATERIAL_EXPIRES"}})
    refused("AccessDeniedException", must_expire.import_key_material, **importer.members(MATERIAL))
    must_expire.import_key_material(**importer.members(MATERIAL, ValidTo=later(server, days=300)))
    limit = later(server, days=30).strftime("%Y-%m-%dT%H:%M:%SZ")
    soon = importer_under({"DateLessThan": {"kms:ValidTo": limit}})
    soon.import_key_material(**importer.members(MATERIAL, ValidTo=later(server, days=29)))
    refused("AccessDeniedException", soon.import_key_material, **importer.members(MATERIAL, ValidTo=later(server, days=31)))
    refused("AccessDeniedException", soon.import_key_material, **importer.members(MATERIAL))
    importer(MATERIAL)


def test_create_key_by_origin(make_user):
    user = make_user(policy={"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*", "Condition": {"StringEquals": {"kms:KeyOrigin": "EXTERNAL"}}}})
    user.client().create_key(Origin="EXTERNAL", BypassPolicyLockoutSafetyCheck=True)
    refused("AccessDeniedException", user.client().create_key, BypassPolicyLockoutSafetyCheck=True)


def test_events(server, kms):
    material = os.urandom(32)
    importer = Importer(kms, new_external_key(kms))
    request = importer.members(material, KeyMaterialDescription="from Bern")
    answer = kms.import_key_material(**request)
    deleted = kms.delete_imported_key_material(KeyId=importer.key_id, KeyMaterialId=answer["KeyMaterialId"])
    got, imported, removed = (
        event_of(server, one["ResponseMetadata"]["RequestId"]) for one in (importer.parameters, answer, deleted))
    assert got["readOnly"] is True and got["requestParameters"] == {
        "keyId": importer.key_id, "wrappingAlgorithm": "RSA_AES_KEY_WRAP_SHA_256", "wrappingKeySpec": "RSA_2048"}
    assert imported["requestParameters"] == {
        "keyId": importer.key_id, "expirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE", "keyMaterialDescription": "from Bern"}
    assert imported["responseElements"] == {"keyId": answer["KeyId"], "keyMaterialId": answer["KeyMaterialId"]}
    for event in (imported, removed):
        assert event["readOnly"] is False
        assert event["additionalEventData"] == {"keyMaterialId": answer["KeyMaterialId"]}
    log = audit_text(server) + server.log_file.read_text()
    for secret in (material, request["EncryptedKeyMaterial"], request["ImportToken"]):
        for text in (base64.b64encode(secret).decode()[:40], secret.hex()[:40]):
            assert text not in log


def test_a_refused_import_leaves_its_event(server, kms, importer):
    with pytest.raises(ClientError) as caught:
        kms.import_key_material(**{**importer.members(MATERIAL), "ImportToken": b"x"})
    event = event_of(server, caught.value.response["ResponseMetadata"]["RequestId"])
    assert event["errorCode"] == "InvalidImportTokenException" and event["requestParameters"]["keyId"] == importer.key_id
