"""Encryption with asymmetric keys, key agreement and data key pairs, checked against pyca/cryptography."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from kms_case import refused
from test_asymmetric_keys import CURVES, OAEP, RSA, keys  # noqa: F401: a fixture


# --- Encrypt, Decrypt, ReEncrypt ---

@pytest.mark.parametrize("spec", RSA)
@pytest.mark.parametrize("algorithm", OAEP)
def test_rsa_encrypts_inside_and_outside(kms, keys, spec, algorithm):  # noqa: F811
    key_id, public_key = keys(spec, "ENCRYPT_DECRYPT")
    members = {"KeyId": key_id, "EncryptionAlgorithm": algorithm}
    longest = int(spec[4:]) // 8 - 2 * OAEP[algorithm].digest_size - 2
    secret = os.urandom(longest)
    answer = kms.encrypt(Plaintext=secret, **members)
    assert answer["EncryptionAlgorithm"] == algorithm and len(answer["CiphertextBlob"]) == int(spec[4:]) // 8
    opened = kms.decrypt(CiphertextBlob=answer["CiphertextBlob"], **members)
    assert opened["Plaintext"] == secret and opened["EncryptionAlgorithm"] == algorithm
    assert "KeyMaterialId" not in opened
    oaep = padding.OAEP(padding.MGF1(OAEP[algorithm]), OAEP[algorithm], None)
    assert kms.decrypt(CiphertextBlob=public_key.encrypt(secret, oaep), **members)["Plaintext"] == secret
    refused("ValidationException", kms.encrypt, Plaintext=secret + b"x", **members,
            message=f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {longest} bytes.")


def test_sm2_encrypts(kms, keys):  # noqa: F811
    members = {"KeyId": keys("SM2", "ENCRYPT_DECRYPT")[0], "EncryptionAlgorithm": "SM2PKE"}
    for size in (1, 32, 1024):
        secret = os.urandom(size)
        blob = kms.encrypt(Plaintext=secret, **members)["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=blob, **members)["Plaintext"] == secret
    refused("ValidationException", kms.encrypt, Plaintext=bytes(1025), **members)
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob[:-1] + bytes((blob[-1] ^ 1,)), **members)


@pytest.mark.parametrize("algorithm", OAEP)
def test_a_ciphertext_that_does_not_open(kms, keys, algorithm):  # noqa: F811
    key_id, _ = keys("RSA_2048", "ENCRYPT_DECRYPT")
    members = {"KeyId": key_id, "EncryptionAlgorithm": algorithm}
    blob = kms.encrypt(Plaintext=b"x", **members)["CiphertextBlob"]
    for wrong in (blob[:-1], blob + b"\0", bytes(256), os.urandom(256), b"x"):
        refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=wrong, message="", **members)
    other = next(name for name in OAEP if name != algorithm)
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob, KeyId=key_id, EncryptionAlgorithm=other)


def test_asymmetric_decryption_needs_key_and_algorithm(kms, keys):  # noqa: F811
    key_id, _ = keys("RSA_2048", "ENCRYPT_DECRYPT")
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")["CiphertextBlob"]
    refused("ValidationException", kms.decrypt, CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    refused("InvalidKeyUsageException", kms.decrypt, CiphertextBlob=blob, KeyId=key_id)
    refused("InvalidKeyUsageException", kms.encrypt, KeyId=key_id, Plaintext=b"x")


def test_asymmetric_algorithms_refuse_an_encryption_context(kms, keys, key):  # noqa: F811
    key_id, _ = keys("RSA_2048", "ENCRYPT_DECRYPT")
    members = {"KeyId": key_id, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    blob = kms.encrypt(Plaintext=b"x", **members)["CiphertextBlob"]
    context = {"a": "b"}
    refused("ValidationException", kms.encrypt, Plaintext=b"x", EncryptionContext=context, **members)
    refused("ValidationException", kms.decrypt, CiphertextBlob=blob, EncryptionContext=context, **members)
    source = {"SourceKeyId": key_id, "SourceEncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    refused("ValidationException", kms.re_encrypt, CiphertextBlob=blob, DestinationKeyId=key,
            SourceEncryptionContext=context, **source)


@pytest.mark.parametrize("source_spec", ("RSA_2048", "RSA_3072", "SYMMETRIC_DEFAULT"))
@pytest.mark.parametrize("destination_spec", ("RSA_2048", "SYMMETRIC_DEFAULT"))
def test_re_encrypt_between_kinds_of_keys(kms, keys, key, source_spec, destination_spec):  # noqa: F811
    def kind(spec):
        if spec == "SYMMETRIC_DEFAULT":
            return key, spec
        return keys(spec, "ENCRYPT_DECRYPT")[0], "RSAES_OAEP_SHA_256"

    source, source_algorithm = kind(source_spec)
    destination, destination_algorithm = kind(destination_spec)
    blob = kms.encrypt(KeyId=source, Plaintext=b"moved", EncryptionAlgorithm=source_algorithm)["CiphertextBlob"]
    members = {
        "CiphertextBlob": blob, "SourceKeyId": source, "DestinationKeyId": destination,
        "SourceEncryptionAlgorithm": source_algorithm, "DestinationEncryptionAlgorithm": destination_algorithm,
    }
    answer = kms.re_encrypt(**members)
    assert (answer["SourceEncryptionAlgorithm"], answer["DestinationEncryptionAlgorithm"]) == (
        source_algorithm, destination_algorithm)
    assert ("SourceKeyMaterialId" in answer) == (source_spec == "SYMMETRIC_DEFAULT")
    assert ("DestinationKeyMaterialId" in answer) == (destination_spec == "SYMMETRIC_DEFAULT")
    opened = kms.decrypt(CiphertextBlob=answer["CiphertextBlob"], KeyId=destination,
                         EncryptionAlgorithm=destination_algorithm)
    assert opened["Plaintext"] == b"moved"
    refused("DryRunOperationException", kms.re_encrypt, DryRun=True, **members)


def test_re_encrypt_of_more_than_the_destination_takes(kms, keys, key):  # noqa: F811
    blob = kms.encrypt(KeyId=key, Plaintext=bytes(500))["CiphertextBlob"]
    refused("ValidationException", kms.re_encrypt, CiphertextBlob=blob, DestinationKeyId=keys("RSA_2048", "ENCRYPT_DECRYPT")[0],
            DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_256", contains="cannot encrypt data larger than 190 bytes")


def test_a_symmetric_ciphertext_for_a_key_that_does_not_encrypt(kms, keys, key):  # noqa: F811
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    refused("IncorrectKeyException", kms.decrypt, CiphertextBlob=blob, KeyId=keys("RSA_2048", "SIGN_VERIFY")[0])


# --- DeriveSharedSecret ---

AGREEING = ("ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521")


@pytest.mark.parametrize("spec", AGREEING)
def test_a_shared_secret_is_the_other_side_s(kms, keys, spec):  # noqa: F811
    key_id, public_key = keys(spec, "KEY_AGREEMENT")
    for _ in range(3):
        mine = ec.generate_private_key(CURVES[spec])
        peer = mine.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        answer = kms.derive_shared_secret(KeyId=key_id, KeyAgreementAlgorithm="ECDH", PublicKey=peer)
        assert answer["SharedSecret"] == mine.exchange(ec.ECDH(), public_key)
        assert (answer["KeyAgreementAlgorithm"], answer["KeyOrigin"]) == ("ECDH", "AWS_KMS")


def test_two_keys_of_the_server_agree(kms, keys):  # noqa: F811
    for spec in (*AGREEING, "SM2"):
        first, _ = keys(spec, "KEY_AGREEMENT")
        second = kms.create_key(KeySpec=spec, KeyUsage="KEY_AGREEMENT")["KeyMetadata"]["KeyId"]
        secrets = [
            kms.derive_shared_secret(KeyId=mine, KeyAgreementAlgorithm="ECDH",
                                     PublicKey=kms.get_public_key(KeyId=theirs)["PublicKey"])["SharedSecret"]
            for mine, theirs in ((first, second), (second, first))
        ]
        assert secrets[0] == secrets[1] and len(secrets[0]) in (32, 48, 66)


def test_a_public_key_that_is_none_or_of_another_curve(kms, keys):  # noqa: F811
    key_id, own = keys("ECC_NIST_P256", "KEY_AGREEMENT")
    members = {"KeyId": key_id, "KeyAgreementAlgorithm": "ECDH"}
    good = own.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    other = kms.get_public_key(KeyId=keys("ECC_NIST_P384", "KEY_AGREEMENT")[0])["PublicKey"]
    off_curve = good[:-1] + bytes((good[-1] ^ 1,))
    for wrong in (b"x", good[:-1], good + b"\0", other, off_curve):
        refused("ValidationException", kms.derive_shared_secret, PublicKey=wrong, message="", **members)
    refused("InvalidKeyUsageException", kms.derive_shared_secret, KeyId=keys("ECC_NIST_P256", "SIGN_VERIFY")[0],
            KeyAgreementAlgorithm="ECDH", PublicKey=good)


# --- GenerateDataKeyPair ---

PAIRS = (*RSA, "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519", "SM2")


@pytest.mark.parametrize("spec", PAIRS)
def test_a_data_key_pair(kms, key, spec):
    context = {"purpose": "pairs"}
    answer = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec, EncryptionContext=context)
    assert answer["KeyPairSpec"] == spec and answer["KeyId"].endswith(key) and len(answer["KeyMaterialId"]) == 64
    opened = kms.decrypt(CiphertextBlob=answer["PrivateKeyCiphertextBlob"], EncryptionContext=context)
    assert opened["Plaintext"] == answer["PrivateKeyPlaintext"]
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=answer["PrivateKeyCiphertextBlob"])
    if spec == "SM2":
        return
    private_key = serialization.load_der_private_key(answer["PrivateKeyPlaintext"], None)
    public = private_key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert public == answer["PublicKey"]


def test_a_data_key_pair_without_plaintext(kms, key):
    answer = kms.generate_data_key_pair_without_plaintext(KeyId=key, KeyPairSpec="ECC_NIST_P256")
    assert "PrivateKeyPlaintext" not in answer
    private_key = serialization.load_der_private_key(
        kms.decrypt(CiphertextBlob=answer["PrivateKeyCiphertextBlob"])["Plaintext"], None)
    assert private_key.curve.name == "secp256r1"


@pytest.mark.parametrize("operation", ("generate_data_key_pair", "generate_data_key_pair_without_plaintext"))
def test_a_data_key_pair_needs_a_symmetric_key(kms, keys, key, operation):  # noqa: F811
    call = getattr(kms, operation)
    refused("InvalidKeyUsageException", call, KeyId=keys("RSA_2048", "SIGN_VERIFY")[0], KeyPairSpec="ECC_NIST_P256")
    refused("InvalidKeyUsageException", call, KeyId=keys("RSA_2048", "ENCRYPT_DECRYPT")[0], KeyPairSpec="ECC_NIST_P256")
    refused("DryRunOperationException", call, KeyId=key, KeyPairSpec="RSA_4096", DryRun=True)


def test_many_pairs_at_once_and_a_key_disabled_meanwhile(kms):
    """The pool generates; whoever comes after DisableKey has returned gets nothing any more."""
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    def pair(_):
        try:
            return kms.generate_data_key_pair(KeyId=key_id, KeyPairSpec="RSA_2048")["PublicKey"]
        except kms.exceptions.DisabledException:
            return None

    with ThreadPoolExecutor(16) as threads:
        under_way = [threads.submit(pair, i) for i in range(32)]
        kms.disable_key(KeyId=key_id)
        after = list(threads.map(pair, range(8)))
        made = [public for public in (each.result() for each in under_way) if public]
    assert after == [None] * 8 and len(set(made)) == len(made)
