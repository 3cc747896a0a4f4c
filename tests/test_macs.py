"""HMAC keys: GenerateMac and VerifyMac, checked against Python's own HMAC through an imported value where the key is
known, else by what a MAC must be: stable, of full length, and nobody else's."""

import os

import pytest
from kms_case import raw_kms, refused

SIZES = {224: 28, 256: 32, 384: 48, 512: 64}


@pytest.fixture(scope="module")
def keys(kms):
    return {
        bits: kms.create_key(KeySpec=f"HMAC_{bits}", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"] for bits in SIZES
    }


def members(keys, bits, message=b"message"):
    return {"KeyId": keys[bits], "Message": message, "MacAlgorithm": f"HMAC_SHA_{bits}"}


@pytest.mark.parametrize("bits", SIZES)
def test_a_mac(kms, keys, bits):
    metadata = kms.describe_key(KeyId=keys[bits])["KeyMetadata"]
    assert metadata["MacAlgorithms"] == [f"HMAC_SHA_{bits}"] and metadata["CustomerMasterKeySpec"] == f"HMAC_{bits}"
    assert "EncryptionAlgorithms" not in metadata and "CurrentKeyMaterialId" not in metadata
    for message in (b"x", os.urandom(4096)):
        answer = kms.generate_mac(**members(keys, bits, message))
        assert len(answer["Mac"]) == SIZES[bits] and answer["MacAlgorithm"] == f"HMAC_SHA_{bits}"
        assert answer["KeyId"] == metadata["Arn"]
        assert kms.generate_mac(**members(keys, bits, message))["Mac"] == answer["Mac"]
        verified = kms.verify_mac(**members(keys, bits, message), Mac=answer["Mac"])
        assert verified["MacValid"] is True and verified["KeyId"] == metadata["Arn"]


@pytest.mark.parametrize("bits", SIZES)
def test_a_wrong_mac_has_an_error_without_a_message(kms, keys, bits):
    mac = kms.generate_mac(**members(keys, bits))["Mac"]
    for wrong in (mac[:-1], mac + b"\0", bytes((mac[0] ^ 1, *mac[1:])), os.urandom(len(mac)), b"x"):
        refused("KMSInvalidMacException", kms.verify_mac, **members(keys, bits), Mac=wrong, message="")
    refused("KMSInvalidMacException", kms.verify_mac, **members(keys, bits, b"other"), Mac=mac, message="")
    refused("KMSInvalidMacException", kms.verify_mac, **members(keys, bits), Mac=wrong, DryRun=True)


@pytest.mark.parametrize("bits", SIZES)
@pytest.mark.parametrize("other", SIZES)
def test_only_the_algorithm_of_the_same_size(kms, keys, bits, other):
    if bits == other:
        return
    wrong = {**members(keys, bits), "MacAlgorithm": f"HMAC_SHA_{other}"}
    text = f"Algorithm HMAC_SHA_{other} is incompatible with key spec HMAC_{bits}."
    refused("InvalidKeyUsageException", kms.generate_mac, message=text, **wrong)
    refused("InvalidKeyUsageException", kms.verify_mac, message=text, Mac=b"x", **wrong)


def test_keys_of_another_usage(kms, keys, key):
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    refused("InvalidKeyUsageException", kms.generate_mac, KeyId=key, Message=b"x", MacAlgorithm="HMAC_SHA_256",
            message=f"{arn} key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac.")
    for operation, more in (("encrypt", {"Plaintext": b"x"}), ("generate_data_key", {"KeySpec": "AES_256"})):
        refused("InvalidKeyUsageException", getattr(kms, operation), KeyId=keys[256], **more)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    refused("IncorrectKeyException", kms.decrypt, KeyId=keys[256], CiphertextBlob=blob)


def test_members(admin, keys):
    raw = raw_kms(admin)
    refused("ValidationException", raw.generate_mac, **members(keys, 256, b""), contains="'message' failed")
    refused("ValidationException", raw.generate_mac, **members(keys, 256, bytes(4097)), contains="'message' failed")
    refused("ValidationException", raw.verify_mac, **members(keys, 256), Mac=b"", contains="'mac' failed")
    refused("ValidationException", raw.generate_mac, **{**members(keys, 256), "MacAlgorithm": "MD5"}, contains="enum value set")


def test_dry_runs_and_key_states(kms):
    key_id = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    call = {"KeyId": key_id, "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}
    mac = kms.generate_mac(**call)["Mac"]
    refused("DryRunOperationException", kms.generate_mac, DryRun=True, **call)
    refused("DryRunOperationException", kms.verify_mac, DryRun=True, Mac=mac, **call)
    kms.disable_key(KeyId=key_id)
    refused("DisabledException", kms.generate_mac, **call)
    refused("DisabledException", kms.verify_mac, Mac=mac, **call)
    kms.schedule_key_deletion(KeyId=key_id)
    refused("KMSInvalidStateException", kms.generate_mac, **call)
    refused("KMSInvalidStateException", kms.verify_mac, Mac=mac, **call)


def test_a_mac_survives_kill_and_restart(fresh_server):
    server = fresh_server()
    kms = server.admin.client()
    key_id = kms.create_key(KeySpec="HMAC_512", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    call = {"KeyId": key_id, "Message": b"x", "MacAlgorithm": "HMAC_SHA_512"}
    mac = kms.generate_mac(**call)["Mac"]
    server.kill()
    server.start()
    assert server.admin.client().generate_mac(**call)["Mac"] == mac
