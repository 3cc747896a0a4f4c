"""GetKeyLastUsage, and kms:TrailingDaysWithoutKeyUsage, which rests on it."""

import json
import sqlite3
import time

import pytest
from kms_case import DAY, advance, default_policy, new_key, refused
from test_audit import event_of
from test_resilience import database


def last(kms, key_id):
    return kms.get_key_last_usage(KeyId=key_id).get("KeyLastUsage")


def uses(kms):
    """operation: (its members' maker, the keys that it uses): every operation that counts as a use."""
    symmetric, other = new_key(kms), new_key(kms)
    signing = new_key(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    agreeing = new_key(kms, KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")
    mac = new_key(kms, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    blob = kms.encrypt(KeyId=symmetric, Plaintext=b"x")["CiphertextBlob"]
    sign = {"KeyId": signing, "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.sign(**sign)["Signature"]
    make_mac = {"KeyId": mac, "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}
    code = kms.generate_mac(**make_mac)["Mac"]
    public_key = kms.get_public_key(KeyId=agreeing)["PublicKey"]
    pair = {"KeyId": symmetric, "KeyPairSpec": "ECC_NIST_P256"}
    return {
        "Encrypt": ({"KeyId": symmetric, "Plaintext": b"x"}, (symmetric,)),
        "Decrypt": ({"CiphertextBlob": blob}, (symmetric,)),
        "ReEncrypt": ({"CiphertextBlob": blob, "DestinationKeyId": other}, (symmetric, other)),
        "GenerateDataKey": ({"KeyId": symmetric, "KeySpec": "AES_256"}, (symmetric,)),
        "GenerateDataKeyWithoutPlaintext": ({"KeyId": symmetric, "KeySpec": "AES_256"}, (symmetric,)),
        "GenerateDataKeyPair": (pair, (symmetric,)),
        "GenerateDataKeyPairWithoutPlaintext": (pair, (symmetric,)),
        "Sign": (sign, (signing,)),
        "Verify": ({**sign, "Signature": signature}, (signing,)),
        "GenerateMac": (make_mac, (mac,)),
        "VerifyMac": ({**make_mac, "Mac": code}, (mac,)),
        "DeriveSharedSecret": (
            {"KeyId": agreeing, "KeyAgreementAlgorithm": "ECDH", "PublicKey": public_key}, (agreeing,)),
    }


def test_each_operation_that_counts(server, kms):
    for operation, (members, keys) in uses(kms).items():
        method = next(name for name, api in kms.meta.method_to_api_mapping.items() if api == operation)
        answer = getattr(kms, method)(**members)
        request_id = answer["ResponseMetadata"]["RequestId"]
        for key_id in keys:
            usage = last(kms, key_id)
            assert usage["Operation"] == operation and usage["KmsRequestId"] == request_id
            assert usage["CloudTrailEventId"] == event_of(server, request_id)["eventID"]
            assert abs(usage["Timestamp"].timestamp() - server_time(kms)) < 60


def server_time(kms):
    """By the lifecycle clock, which other tests of the session may have moved: the creation date of a new key."""
    return kms.create_key()["KeyMetadata"]["CreationDate"].timestamp()


def test_a_key_that_was_never_used(kms, key):
    answer = kms.get_key_last_usage(KeyId=key)
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert "KeyLastUsage" not in answer and answer["KeyId"] == metadata["Arn"]
    assert answer["KeyCreationDate"] == answer["TrackingStartDate"] == metadata["CreationDate"]


def test_what_is_no_use(kms, key):
    kms.describe_key(KeyId=key)
    kms.get_key_policy(KeyId=key)
    refused("DryRunOperationException", kms.encrypt, KeyId=key, Plaintext=b"x", DryRun=True)
    refused("InvalidCiphertextException", kms.decrypt, KeyId=key, CiphertextBlob=b"x")
    refused("InvalidKeyUsageException", kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionAlgorithm="SM2PKE")
    assert last(kms, key) is None


def test_in_every_state_by_id_or_arn_and_with_permission_only(kms, key, make_user):
    kms.encrypt(KeyId=key, Plaintext=b"x")
    refused("AccessDeniedException", make_user().client().get_key_last_usage, KeyId=key)
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    reader = make_user(allow=["kms:GetKeyLastUsage"]).client()
    assert last(reader, arn)["Operation"] == "Encrypt"
    kms.disable_key(KeyId=key)
    assert last(kms, key)["Operation"] == "Encrypt"
    kms.schedule_key_deletion(KeyId=key)
    assert last(kms, key)["Operation"] == "Encrypt"
    refused("NotFoundException", kms.get_key_last_usage, KeyId="alias/nobody")
    refused("NotFoundException", kms.get_key_last_usage, KeyId="00000000-0000-4000-8000-000000000000")


def test_it_survives_a_restart_and_what_was_swept_survives_a_kill(fresh_server):
    server = fresh_server()
    kms = server.admin.client()
    first, second = new_key(kms), new_key(kms)
    request_id = kms.encrypt(KeyId=first, Plaintext=b"x")["ResponseMetadata"]["RequestId"]
    server.stop()
    server.start()
    kms = server.admin.client()
    assert last(kms, first)["KmsRequestId"] == request_id
    # The sweeper stores what it gathers once a minute, and at its first turn after a start.
    second_id = kms.encrypt(KeyId=second, Plaintext=b"x")["ResponseMetadata"]["RequestId"]
    deadline = time.monotonic() + 30
    while stored_usages(server) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    server.kill()
    server.start()
    kms = server.admin.client()
    assert last(kms, second)["KmsRequestId"] == second_id
    assert last(kms, first)["KmsRequestId"] == request_id


def stored_usages(server):
    with sqlite3.connect(f"file:{database(server)}?mode=ro", uri=True) as store:
        return store.execute("select count(*) from t_key_usages").fetchone()[0]


@pytest.mark.parametrize("operation", ("disable_key", "schedule_key_deletion"))
def test_a_policy_may_protect_keys_that_are_in_use(fresh_server, operation):
    server = fresh_server()
    kms = server.admin.client()
    policy = default_policy(server.admin.client("sts").get_caller_identity()["Account"])
    policy["Statement"].append({
        "Effect": "Deny", "Principal": "*", "Action": ["kms:DisableKey", "kms:ScheduleKeyDeletion"], "Resource": "*",
        "Condition": {"NumericLessThan": {"kms:TrailingDaysWithoutKeyUsage": "30"}},
    })
    key_id = new_key(kms, Policy=json.dumps(policy))
    call = getattr(kms, operation)
    refused("AccessDeniedException", call, KeyId=key_id)  # made today, and never used
    advance(server, days=29)
    kms = server.admin.client()
    kms.encrypt(KeyId=key_id, Plaintext=b"x")
    advance(server, days=29)
    refused("AccessDeniedException", call, KeyId=key_id, contains="explicit deny in a resource-based policy")
    advance(server, days=1)
    call(KeyId=key_id)
    assert DAY == 86_400
