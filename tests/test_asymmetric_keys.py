"""Asymmetric keys: every key spec with every usage and algorithm (AWS KMS developer guide, "Key spec reference"), checked
against another implementation: what the server signs, encrypts and agrees upon, pyca/cryptography verifies, decrypts and
agrees upon with the public key that GetPublicKey gave, and the other way round."""

import hashlib
import os

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from kms_case import new_alias, raw_kms, refused

RSA = ("RSA_2048", "RSA_3072", "RSA_4096")
RSA_SIGNING = tuple(f"RSASSA_{scheme}_SHA_{bits}" for scheme in ("PSS", "PKCS1_V1_5") for bits in (256, 384, 512))
SIGNING = {
    **{spec: RSA_SIGNING for spec in RSA},
    "ECC_NIST_P256": ("ECDSA_SHA_256",), "ECC_NIST_P384": ("ECDSA_SHA_384",), "ECC_NIST_P521": ("ECDSA_SHA_512",),
    "ECC_SECG_P256K1": ("ECDSA_SHA_256",), "ECC_NIST_EDWARDS25519": ("ED25519_SHA_512", "ED25519_PH_SHA_512"),
    "SM2": ("SM2DSA",),
}
CURVES = {
    "ECC_NIST_P256": ec.SECP256R1(), "ECC_NIST_P384": ec.SECP384R1(), "ECC_NIST_P521": ec.SECP521R1(),
    "ECC_SECG_P256K1": ec.SECP256K1(),
}
OAEP = {"RSAES_OAEP_SHA_1": hashes.SHA1(), "RSAES_OAEP_SHA_256": hashes.SHA256()}
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
POST_QUANTUM = {
    **{f"ML_DSA_{size}": "SIGN_VERIFY" for size in (44, 65, 87)},
    **{f"ML_KEM_{size}": "ENCAPSULATE_DECAPSULATE" for size in (512, 768, 1024)},
}
MESSAGE = b"the message" * 20


def hash_of(algorithm):
    return HASHES[algorithm.rsplit("_", 1)[1]]


def digest_of(algorithm, message=MESSAGE):
    return hashlib.new(hash_of(algorithm).name, message).digest()


def pss_or_pkcs1(algorithm):
    if "PKCS1" in algorithm:
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(hash_of(algorithm)), padding.PSS.DIGEST_LENGTH)


def outside_verify(public_key, algorithm, signature, message=MESSAGE):
    if isinstance(public_key, rsa.RSAPublicKey):
        public_key.verify(signature, message, pss_or_pkcs1(algorithm), hash_of(algorithm))
    elif isinstance(public_key, ed25519.Ed25519PublicKey):
        public_key.verify(signature, message)
    else:
        public_key.verify(signature, message, ec.ECDSA(hash_of(algorithm)))


@pytest.fixture(scope="module")
def keys(kms):
    """Makes each kind of key once: keys(spec, usage) -> (key id, public key as pyca reads it)."""
    made = {}

    def key_of(spec, usage):
        if (spec, usage) not in made:
            key_id = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"]
            der = kms.get_public_key(KeyId=key_id)["PublicKey"]
            made[spec, usage] = (key_id, None if spec == "SM2" else serialization.load_der_public_key(der))
        return made[spec, usage]

    return key_of


def has_ed25519ph(kms, key_id):
    """Whether the server's OpenSSL (3.2 and later) knows Ed25519ph; it says so itself."""
    try:
        kms.sign(KeyId=key_id, Message=bytes(64), MessageType="DIGEST", SigningAlgorithm="ED25519_PH_SHA_512")
    except kms.exceptions.UnsupportedOperationException as refusal:
        assert "OpenSSL 3.0" in str(refusal) or "OpenSSL 3.1" in str(refusal)
        return False
    return True


# --- CreateKey, DescribeKey, GetPublicKey ---

USAGES = (
    *((spec, "SIGN_VERIFY", "SigningAlgorithms", algorithms) for spec, algorithms in SIGNING.items()),
    *((spec, "ENCRYPT_DECRYPT", "EncryptionAlgorithms", tuple(OAEP)) for spec in RSA),
    ("SM2", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", ("SM2PKE",)),
    *((spec, "KEY_AGREEMENT", "KeyAgreementAlgorithms", ("ECDH",))
      for spec in ("ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "SM2")),
)
LISTS = ("EncryptionAlgorithms", "SigningAlgorithms", "MacAlgorithms", "KeyAgreementAlgorithms", "EncapsulationAlgorithms")


@pytest.mark.parametrize("spec, usage, member, algorithms", USAGES)
def test_metadata_and_public_key(kms, keys, spec, usage, member, algorithms):
    key_id, public_key = keys(spec, usage)
    metadata = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    answer = kms.get_public_key(KeyId=key_id)
    for told in (metadata, answer):
        assert (told["KeySpec"], told["KeyUsage"]) == (spec, usage)
        assert {name: sorted(told[name]) for name in LISTS if name in told} == {member: sorted(algorithms)}
        # The old enumeration has no name for Edwards curves.
        assert told.get("CustomerMasterKeySpec") == (None if spec == "ECC_NIST_EDWARDS25519" else spec)
    assert "CurrentKeyMaterialId" not in metadata and metadata["KeyState"] == "Enabled"
    assert answer["KeyId"] == metadata["Arn"]
    if spec in RSA:
        assert public_key.key_size == int(spec[4:]) and public_key.public_numbers().e == 65537
    elif spec in CURVES:
        assert public_key.curve.name == CURVES[spec].name


@pytest.mark.parametrize("spec, usage", (
    ("RSA_2048", "KEY_AGREEMENT"), ("RSA_2048", "GENERATE_VERIFY_MAC"), ("ECC_NIST_P256", "ENCRYPT_DECRYPT"),
    ("ECC_SECG_P256K1", "KEY_AGREEMENT"), ("ECC_NIST_EDWARDS25519", "KEY_AGREEMENT"), ("HMAC_256", "SIGN_VERIFY"),
    ("SM2", "GENERATE_VERIFY_MAC"), ("ML_DSA_44", "ENCRYPT_DECRYPT"), ("ML_KEM_512", "KEY_AGREEMENT"),
    ("SYMMETRIC_DEFAULT", "SIGN_VERIFY"),
))
def test_a_usage_that_the_spec_does_not_have(kms, spec, usage):
    refused("ValidationException", kms.create_key, KeySpec=spec, KeyUsage=usage,
            message=f"KeyUsage {usage} is not compatible with KeySpec {spec}")


@pytest.mark.parametrize("spec", ("RSA_2048", "HMAC_224", "ML_KEM_768"))
def test_all_but_symmetric_keys_need_a_usage(kms, spec):
    refused("ValidationException", kms.create_key, KeySpec=spec,
            message="You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")


@pytest.mark.parametrize("spec", ("SYMMETRIC_DEFAULT", "HMAC_256"))
def test_keys_without_a_public_half(kms, spec):
    usage = {"KeyUsage": "GENERATE_VERIFY_MAC"} if spec == "HMAC_256" else {}
    key_id = kms.create_key(KeySpec=spec, **usage)["KeyMetadata"]["KeyId"]
    refused("UnsupportedOperationException", kms.get_public_key, KeyId=key_id)


def test_a_public_key_by_alias_also_of_a_disabled_key(kms, keys):
    key_id = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    alias = new_alias()
    kms.create_alias(AliasName=alias, TargetKeyId=key_id)
    kms.disable_key(KeyId=key_id)
    assert kms.get_public_key(KeyId=alias)["PublicKey"] == kms.get_public_key(KeyId=key_id)["PublicKey"]
    kms.schedule_key_deletion(KeyId=key_id)
    refused("KMSInvalidStateException", kms.get_public_key, KeyId=key_id)


@pytest.mark.parametrize("spec", POST_QUANTUM)
def test_post_quantum_keys_where_openssl_has_them(server, kms, spec):
    try:
        metadata = kms.create_key(KeySpec=spec, KeyUsage=POST_QUANTUM[spec])["KeyMetadata"]
    except kms.exceptions.UnsupportedOperationException as refusal:
        assert "OpenSSL" in str(refusal) and "3.5" in str(refusal)
        pytest.skip(f"{server.openssl()} has no {spec}; the server says so: {refusal}")
    assert metadata["KeySpec"] == spec and metadata["KeyState"] == "Enabled"
    if spec.startswith("ML_DSA"):
        members = {"KeyId": metadata["KeyId"], "SigningAlgorithm": "ML_DSA_SHAKE_256"}
        for message, form in ((MESSAGE, "RAW"), (os.urandom(64), "EXTERNAL_MU")):
            signature = kms.sign(Message=message, MessageType=form, **members)["Signature"]
            assert kms.verify(Message=message, MessageType=form, Signature=signature, **members)["SignatureValid"]
            refused("KMSInvalidSignatureException", kms.verify, Message=message[:-1] + b"!", MessageType=form,
                    Signature=signature, **members)
    else:
        members = {"KeyId": metadata["KeyId"], "EncapsulationAlgorithm": "ML_KEM"}
        made = kms.encapsulate(**members)
        assert len(made["SharedSecret"]) == 32
        blob = made["SharedSecretCiphertextBlob"]
        opened = kms.decapsulate(SharedSecretCiphertextBlob=blob, **members)
        assert opened["SharedSecret"] == made["SharedSecret"]
        refused("InvalidCiphertextException", kms.decapsulate, SharedSecretCiphertextBlob=blob[:-1], **members)
        other = kms.decapsulate(SharedSecretCiphertextBlob=bytes(len(blob)), **members)["SharedSecret"]
        assert len(other) == 32 and other != made["SharedSecret"]


# --- Sign and Verify ---

SCHEMES = [(spec, algorithm) for spec, algorithms in SIGNING.items() for algorithm in algorithms]


@pytest.mark.parametrize("spec, algorithm", [case for case in SCHEMES if case[1] not in ("SM2DSA", "ED25519_PH_SHA_512")])
def test_a_signature_verifies_inside_and_outside(kms, keys, spec, algorithm):
    key_id, public_key = keys(spec, "SIGN_VERIFY")
    members = {"KeyId": key_id, "SigningAlgorithm": algorithm}
    forms = [(MESSAGE, "RAW")]
    if not algorithm.startswith("ED25519"):
        forms.append((digest_of(algorithm), "DIGEST"))
    for message, form in forms:
        answer = kms.sign(Message=message, MessageType=form, **members)
        assert answer["SigningAlgorithm"] == algorithm and answer["KeyId"].endswith(key_id)
        outside_verify(public_key, algorithm, answer["Signature"])
        # Whichever way it was signed, it verifies either way.
        for told, told_form in forms:
            verified = kms.verify(Message=told, MessageType=told_form, Signature=answer["Signature"], **members)
            assert verified["SignatureValid"] is True and verified["SigningAlgorithm"] == algorithm
        with pytest.raises(InvalidSignature):
            outside_verify(public_key, algorithm, answer["Signature"], MESSAGE + b"!")


@pytest.mark.parametrize("spec, algorithm", [case for case in SCHEMES if case[1] != "ED25519_PH_SHA_512"])
def test_a_wrong_signature_has_an_error_without_a_message(kms, keys, spec, algorithm):
    key_id, _ = keys(spec, "SIGN_VERIFY")
    members = {"KeyId": key_id, "SigningAlgorithm": algorithm}
    signature = kms.sign(Message=MESSAGE, **members)["Signature"]
    flipped = bytes((*signature[:-1], signature[-1] ^ 1))
    for wrong in (flipped, signature[:-1], signature + b"\0", b"\0", b"\x30\x00", os.urandom(len(signature))):
        refused("KMSInvalidSignatureException", kms.verify, Message=MESSAGE, Signature=wrong, message="", **members)
    refused("KMSInvalidSignatureException", kms.verify, Message=MESSAGE + b"!", Signature=signature, message="", **members)


def test_sm2_signs_raw_messages_and_digests(kms, keys):
    key_id, _ = keys("SM2", "SIGN_VERIFY")
    members = {"KeyId": key_id, "SigningAlgorithm": "SM2DSA"}
    raw = kms.sign(Message=MESSAGE, **members)["Signature"]
    assert kms.verify(Message=MESSAGE, Signature=raw, **members)["SignatureValid"]
    digest = kms.sign(Message=bytes(32), MessageType="DIGEST", **members)["Signature"]
    assert kms.verify(Message=bytes(32), MessageType="DIGEST", Signature=digest, **members)["SignatureValid"]
    refused("KMSInvalidSignatureException", kms.verify, Message=bytes(32), Signature=digest, **members)


def test_ed25519ph_where_openssl_has_it(server, kms, keys):
    key_id, _ = keys("ECC_NIST_EDWARDS25519", "SIGN_VERIFY")
    if not has_ed25519ph(kms, key_id):
        pytest.skip(f"{server.openssl()} has no Ed25519ph; the server says so")
    members = {"KeyId": key_id, "SigningAlgorithm": "ED25519_PH_SHA_512", "MessageType": "DIGEST"}
    digest = hashlib.sha512(MESSAGE).digest()
    signature = kms.sign(Message=digest, **members)["Signature"]
    assert kms.verify(Message=digest, Signature=signature, **members)["SignatureValid"]
    refused("KMSInvalidSignatureException", kms.verify, Message=bytes(64), Signature=signature, **members)


@pytest.mark.parametrize("spec, algorithm, form, message, text", (
    ("ECC_NIST_P256", "ECDSA_SHA_256", "DIGEST", bytes(31), "Digest is invalid length for algorithm ECDSA_SHA_256."),
    ("ECC_NIST_P384", "ECDSA_SHA_384", "DIGEST", bytes(64), "Digest is invalid length for algorithm ECDSA_SHA_384."),
    ("RSA_2048", "RSASSA_PSS_SHA_512", "DIGEST", bytes(32), "Digest is invalid length for algorithm RSASSA_PSS_SHA_512."),
    ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512", "DIGEST", bytes(64), None),
    ("ECC_NIST_EDWARDS25519", "ED25519_PH_SHA_512", "RAW", b"x", None),
    ("RSA_2048", "RSASSA_PSS_SHA_256", "EXTERNAL_MU", bytes(64), None),
))
def test_a_message_that_the_algorithm_does_not_take(kms, keys, spec, algorithm, form, message, text):
    members = {"KeyId": keys(spec, "SIGN_VERIFY")[0], "SigningAlgorithm": algorithm, "MessageType": form, "Message": message}
    refused("ValidationException", kms.sign, message=text, **members)
    refused("ValidationException", kms.verify, message=text, Signature=b"x", **members)


def test_a_message_of_up_to_4096_bytes(admin, kms, keys):
    key_id, public_key = keys("ECC_NIST_P256", "SIGN_VERIFY")
    members = {"KeyId": key_id, "SigningAlgorithm": "ECDSA_SHA_256"}
    message = os.urandom(4096)
    outside_verify(public_key, "ECDSA_SHA_256", kms.sign(Message=message, **members)["Signature"], message)
    for wrong in (b"", message + b"x"):
        refused("ValidationException", raw_kms(admin).sign, Message=wrong, contains="'message' failed", **members)


@pytest.mark.parametrize("spec, usage, algorithm", (
    ("RSA_2048", "SIGN_VERIFY", "ECDSA_SHA_256"), ("ECC_NIST_P256", "SIGN_VERIFY", "ECDSA_SHA_384"),
    ("ECC_NIST_P256", "SIGN_VERIFY", "RSASSA_PSS_SHA_256"), ("RSA_2048", "ENCRYPT_DECRYPT", "RSASSA_PSS_SHA_256"),
    ("ECC_NIST_P256", "KEY_AGREEMENT", "ECDSA_SHA_256"),
))
def test_an_algorithm_or_a_usage_that_does_not_fit(kms, keys, spec, usage, algorithm):
    members = {"KeyId": keys(spec, usage)[0], "Message": b"x", "SigningAlgorithm": algorithm}
    refused("InvalidKeyUsageException", kms.sign, **members)
    refused("InvalidKeyUsageException", kms.verify, Signature=b"x", **members)


def test_a_symmetric_key_does_not_sign_and_says_why(kms, key):
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    refused("InvalidKeyUsageException", kms.sign, KeyId=key, Message=b"x", SigningAlgorithm="ECDSA_SHA_256",
            message=f"{arn} key usage is ENCRYPT_DECRYPT which is not valid for Sign.")


# --- States, dry runs, restarts ---

def good_calls(kms, keys):
    """operation: members of a call that works, for every operation of this file."""
    rsa_key, public = keys("RSA_2048", "ENCRYPT_DECRYPT")
    p256, _ = keys("ECC_NIST_P256", "SIGN_VERIFY")
    agreeing, own = keys("ECC_NIST_P256", "KEY_AGREEMENT")
    peer = own.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    signing = {"KeyId": p256, "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
    encryption = {"KeyId": rsa_key, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    return {
        "sign": signing,
        "verify": {**signing, "Signature": kms.sign(**signing)["Signature"]},
        "encrypt": {**encryption, "Plaintext": b"x"},
        "decrypt": {**encryption, "CiphertextBlob": kms.encrypt(Plaintext=b"x", **encryption)["CiphertextBlob"]},
        "derive_shared_secret": {"KeyId": agreeing, "KeyAgreementAlgorithm": "ECDH", "PublicKey": peer},
    }


@pytest.mark.parametrize("operation", ("sign", "verify", "encrypt", "decrypt", "derive_shared_secret"))
def test_a_dry_run_and_the_key_states(kms, operation):
    made = []

    def keys(spec, usage):
        key_id = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"]
        made.append(key_id)
        return key_id, serialization.load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"])

    members = good_calls(kms, keys)[operation]
    call = getattr(kms, operation)
    assert call(**members)
    refused("DryRunOperationException", call, DryRun=True, **members)
    arn = kms.describe_key(KeyId=members["KeyId"])["KeyMetadata"]["Arn"]
    kms.disable_key(KeyId=members["KeyId"])
    refused("DisabledException", call, message=f"{arn} is disabled.", **members)
    kms.schedule_key_deletion(KeyId=members["KeyId"])
    refused("KMSInvalidStateException", call, **members)
    kms.cancel_key_deletion(KeyId=members["KeyId"])
    kms.enable_key(KeyId=members["KeyId"])
    assert call(**members)


def test_a_dry_run_of_a_wrong_signature_and_a_wrong_ciphertext(kms, keys):
    calls = good_calls(kms, keys)
    refused("KMSInvalidSignatureException", kms.verify, **{**calls["verify"], "Signature": b"x", "DryRun": True})
    refused("InvalidCiphertextException", kms.decrypt, **{**calls["decrypt"], "CiphertextBlob": b"x", "DryRun": True})


def test_keys_survive_kill_and_restart(fresh_server):
    server = fresh_server()
    kms = server.admin.client()
    signed = {}
    for spec, algorithms in SIGNING.items():
        key_id = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        members = {"KeyId": key_id, "Message": MESSAGE, "SigningAlgorithm": algorithms[0]}
        signed[spec] = (members, kms.sign(**members)["Signature"], kms.get_public_key(KeyId=key_id)["PublicKey"])
    server.kill()
    server.start()
    kms = server.admin.client()
    for members, signature, public_key in signed.values():
        assert kms.get_public_key(KeyId=members["KeyId"])["PublicKey"] == public_key
        assert kms.verify(Signature=signature, **members)["SignatureValid"]
        again = kms.sign(**members)["Signature"]
        assert kms.verify(Signature=again, **members)["SignatureValid"]


def test_a_destroyed_key_is_gone(fresh_server):
    server = fresh_server()
    kms = server.admin.client()
    key_id = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    server.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=8 * 86_400)
    server.admin.call("Kagimori.Sweep")
    refused("NotFoundException", kms.get_public_key, KeyId=key_id)


@pytest.mark.parametrize("operation", (
    "enable_key_rotation", "disable_key_rotation", "get_key_rotation_status", "rotate_key_on_demand", "list_key_rotations",
))
def test_asymmetric_keys_do_not_rotate(kms, keys, operation):
    refused("UnsupportedOperationException", getattr(kms, operation), KeyId=keys("ECC_NIST_P256", "SIGN_VERIFY")[0])


@pytest.mark.parametrize("operation, member", (
    ("Sign", "KeyId"), ("Sign", "Message"), ("Sign", "SigningAlgorithm"), ("Verify", "Signature"),
    ("GenerateMac", "MacAlgorithm"), ("VerifyMac", "Mac"), ("GetPublicKey", "KeyId"),
    ("GenerateDataKeyPair", "KeyPairSpec"), ("GenerateDataKeyPairWithoutPlaintext", "KeyId"),
    ("DeriveSharedSecret", "PublicKey"), ("DeriveSharedSecret", "KeyAgreementAlgorithm"),
    ("Encapsulate", "EncapsulationAlgorithm"), ("Decapsulate", "SharedSecretCiphertextBlob"),
))
def test_a_required_member_is_missing(admin, operation, member):
    answer = admin.post(f"TrentService.{operation}", "{}")
    assert (answer.status_code, answer.json()["__type"]) == (400, "ValidationException")
    assert f"Value null at '{member[0].lower()}{member[1:]}' failed to satisfy" in answer.json()["message"]
