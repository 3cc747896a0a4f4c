"""Envelope encryption as an application does it, and what Decrypt and ReEncrypt accept and refuse."""

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from kms_case import new_alias, new_key, raw_kms, refused

CONTEXT = {"tenant": "acme", "schlüssel": "ä€𝄞", "empty": ""}


def test_envelope_round_trip(kms, key):
    data_key = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=CONTEXT)
    document, nonce = b"the secret document" * 1000, os.urandom(12)
    sealed = AESGCM(data_key["Plaintext"]).encrypt(nonce, document, b"header")

    opened = kms.decrypt(CiphertextBlob=data_key["CiphertextBlob"], EncryptionContext=CONTEXT)
    assert AESGCM(opened["Plaintext"]).decrypt(nonce, sealed, b"header") == document
    assert opened["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    material = kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert opened["KeyMaterialId"] == data_key["KeyMaterialId"] == material
    assert len(material) == 64 and set(material) <= set("0123456789abcdef")


@pytest.mark.parametrize("members, size", (
    ({"KeySpec": "AES_128"}, 16), ({"KeySpec": "AES_256"}, 32),
    ({"NumberOfBytes": 1}, 1), ({"NumberOfBytes": 64}, 64), ({"NumberOfBytes": 1024}, 1024),
))
@pytest.mark.parametrize("plaintext", (True, False))
def test_size_of_a_data_key(kms, key, members, size, plaintext):
    make = kms.generate_data_key if plaintext else kms.generate_data_key_without_plaintext
    answer = make(KeyId=key, **members)
    assert ("Plaintext" in answer) == plaintext
    opened = kms.decrypt(CiphertextBlob=answer["CiphertextBlob"])["Plaintext"]
    assert len(opened) == size
    assert len(answer["CiphertextBlob"]) <= size + 160
    if plaintext:
        assert opened == answer["Plaintext"]


def test_data_keys_and_ciphertexts_never_repeat(kms, key):
    answers = [kms.generate_data_key(KeyId=key, KeySpec="AES_256") for _ in range(50)]
    assert len({answer["Plaintext"] for answer in answers}) == 50
    blobs = [kms.encrypt(KeyId=key, Plaintext=b"same")["CiphertextBlob"] for _ in range(50)]
    assert len(set(blobs)) == 50


@pytest.mark.parametrize("size", (1, 15, 16, 17, 4095, 4096))
def test_encrypt_and_decrypt(kms, key, size):
    plaintext = os.urandom(size)
    answer = kms.encrypt(KeyId=key, Plaintext=plaintext)
    assert answer["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert len(answer["CiphertextBlob"]) <= size + 160
    assert plaintext not in answer["CiphertextBlob"] or size == 1
    assert kms.decrypt(CiphertextBlob=answer["CiphertextBlob"])["Plaintext"] == plaintext


@pytest.mark.parametrize("made, given", (
    ({"a": "b"}, None), (None, {"a": "b"}), ({"a": "b"}, {"a": "B"}), ({"a": "b"}, {"A": "b"}),
    ({"a": "b", "c": "d"}, {"a": "b"}), ({"a": "b"}, {"a": "b", "c": "d"}), ({"ab": "c"}, {"a": "bc"}),
    ({"a": "b"}, {"b": "a"}), ({"a": "é"}, {"a": "e\u0301"}), ({"a": "b"}, {"a": "b "}), ({"a": ""}, {}),
))
def test_another_encryption_context_does_not_open(kms, key, made, given):
    def context(pairs, name="EncryptionContext"):
        return {} if pairs is None else {name: pairs}

    blob = kms.encrypt(KeyId=key, Plaintext=b"x", **context(made))["CiphertextBlob"]
    assert refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob, **context(given)) == ""
    refused("InvalidCiphertextException", kms.re_encrypt, CiphertextBlob=blob, DestinationKeyId=key,
            **context(given, "SourceEncryptionContext"))
    assert kms.decrypt(CiphertextBlob=blob, **context(made))["Plaintext"] == b"x"


def test_order_of_the_encryption_context_and_an_empty_one_do_not_matter(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1", "b": "2"})["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext={"b": "2", "a": "1"})["Plaintext"] == b"x"
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={})["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_ciphertext_with_any_bit_changed_does_not_open(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for position in range(len(blob)):
        broken = bytearray(blob)
        broken[position] ^= 1 << (position % 8)
        with pytest.raises(kms.exceptions.ClientError) as caught:
            kms.decrypt(CiphertextBlob=bytes(broken))
        # In the key id it names a key that does not exist, which looks like one that may not be used.
        assert caught.value.response["Error"]["Code"] in ("InvalidCiphertextException", "AccessDeniedException"), position


@pytest.mark.parametrize("size", (1, 2, 20, 50, 90))
def test_truncated_and_extended_ciphertexts(kms, key, size):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob[:size])
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob[:-1])
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob + os.urandom(size))
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=os.urandom(size))


def test_a_foreign_ciphertext_of_aws_is_refused(kms):
    refused("InvalidCiphertextException", kms.decrypt,
            CiphertextBlob=bytes.fromhex("0102020078") + os.urandom(179))


def test_re_encrypt_between_keys_and_contexts(kms, key):
    target = new_key(kms)
    blob = kms.encrypt(KeyId=key, Plaintext=b"moved", EncryptionContext={"a": "1"})["CiphertextBlob"]
    answer = kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext={"a": "1"}, SourceKeyId=key,
                            DestinationKeyId=target, DestinationEncryptionContext={"b": "2"})
    assert answer["SourceKeyId"].endswith(key) and answer["KeyId"].endswith(target)
    assert answer["SourceEncryptionAlgorithm"] == answer["DestinationEncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    describe = [kms.describe_key(KeyId=one)["KeyMetadata"]["CurrentKeyMaterialId"] for one in (key, target)]
    assert [answer["SourceKeyMaterialId"], answer["DestinationKeyMaterialId"]] == describe
    assert "Plaintext" not in answer
    opened = kms.decrypt(CiphertextBlob=answer["CiphertextBlob"], EncryptionContext={"b": "2"})
    assert (opened["Plaintext"], opened["KeyId"]) == (b"moved", answer["KeyId"])
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=answer["CiphertextBlob"],
            EncryptionContext={"a": "1"})


def test_re_encrypt_with_the_same_key_makes_a_new_ciphertext(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    again = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key)["CiphertextBlob"]
    assert again != blob
    assert kms.decrypt(CiphertextBlob=again)["Plaintext"] == b"x"


def test_manual_rotation_by_alias(kms):
    first, second, alias = new_key(kms), new_key(kms), new_alias()
    kms.create_alias(AliasName=alias, TargetKeyId=first)
    old = kms.encrypt(KeyId=alias, Plaintext=b"old")["CiphertextBlob"]
    kms.update_alias(AliasName=alias, TargetKeyId=second)
    new = kms.encrypt(KeyId=alias, Plaintext=b"new")
    assert new["KeyId"].endswith(second)
    assert kms.decrypt(CiphertextBlob=old)["KeyId"].endswith(first)
    assert kms.decrypt(CiphertextBlob=new["CiphertextBlob"], KeyId=alias)["Plaintext"] == b"new"
    refused("IncorrectKeyException", kms.decrypt, CiphertextBlob=old, KeyId=alias)


@pytest.mark.parametrize("size", (1, 32, 1024))
def test_generate_random(kms, size):
    made = {kms.generate_random(NumberOfBytes=size)["Plaintext"] for _ in range(3)}
    assert {len(one) for one in made} == {size}
    assert size == 1 or len(made) == 3


DRY_RUN = {
    "encrypt": {"Plaintext": b"x"},
    "generate_data_key": {"KeySpec": "AES_256"},
    "generate_data_key_without_plaintext": {"KeySpec": "AES_256"},
}


@pytest.mark.parametrize("operation", DRY_RUN)
def test_dry_run(kms, key, operation):
    refused("DryRunOperationException", getattr(kms, operation), KeyId=key, DryRun=True, **DRY_RUN[operation],
            message="The request would have succeeded, but the DryRun option is set.")
    assert getattr(kms, operation)(KeyId=key, DryRun=False, **DRY_RUN[operation])["CiphertextBlob"]
    refused("NotFoundException", getattr(kms, operation), KeyId="alias/nobody", DryRun=True, **DRY_RUN[operation])


def test_dry_run_of_decrypt_and_re_encrypt(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    refused("DryRunOperationException", kms.decrypt, CiphertextBlob=blob, EncryptionContext={"a": "b"}, DryRun=True)
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob, DryRun=True)
    refused("DryRunOperationException", kms.re_encrypt, CiphertextBlob=blob, SourceEncryptionContext={"a": "b"},
            DestinationKeyId=key, DryRun=True)
    refused("InvalidCiphertextException", kms.re_encrypt, CiphertextBlob=blob, DestinationKeyId=key, DryRun=True)


def test_dry_run_that_ignores_the_ciphertext(kms, key):
    ignore = {"DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
    refused("DryRunOperationException", kms.decrypt, KeyId=key, **ignore)
    refused("DryRunOperationException", kms.decrypt, KeyId=key, CiphertextBlob=b"nonsense", **ignore)
    refused("DryRunOperationException", kms.re_encrypt, SourceKeyId=key, DestinationKeyId=key, **ignore)
    refused("ValidationException", kms.decrypt, **ignore)
    refused("ValidationException", kms.re_encrypt, DestinationKeyId=key, **ignore)
    refused("ValidationException", kms.decrypt, KeyId=key, DryRunModifiers=["IGNORE_CIPHERTEXT"])
    refused("NotFoundException", kms.decrypt, KeyId="alias/nobody", **ignore)
    kms.disable_key(KeyId=key)
    refused("DisabledException", kms.decrypt, KeyId=key, **ignore)


def test_an_unknown_dry_run_modifier(admin, key):
    refused("ValidationException", raw_kms(admin).decrypt, KeyId=key, DryRun=True, DryRunModifiers=["NONSENSE"],
            contains="Member must satisfy enum value set: [IGNORE_CIPHERTEXT]")


def test_a_dry_run_without_permission_is_denied(make_user, key):
    nobody = make_user().client()
    refused("AccessDeniedException", nobody.encrypt, KeyId=key, Plaintext=b"x", DryRun=True)


def test_a_dry_run_of_encrypt_counts_no_ciphertext(kms, key):
    with pytest.raises(kms.exceptions.DryRunOperationException) as caught:
        kms.generate_data_key(KeyId=key, KeySpec="AES_256", DryRun=True)
    assert "Plaintext" not in caught.value.response and "CiphertextBlob" not in caught.value.response


def test_ciphertexts_survive_a_restart(fresh_server):
    server = fresh_server()
    kms = server.admin.client()
    key_id = new_key(kms, Description="lasting")
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]
    server.crash_and_restart()
    kms = server.admin.client()
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)["Plaintext"] == b"x"
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["Description"] == "lasting"
