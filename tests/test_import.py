"""Import of key material with pyca/cryptography as the importer: every kind of key and every way to wrap its material, what
is refused, expiry, deletion and re-import. What was imported is compared with the copy that stays outside."""

import datetime
import hmac
import json
import os

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from harness import ROOT
from importing import (ALGORITHMS, CURVES, FOREVER, HMAC_SIZES, OAEP, USAGE, WRAPPING_SPECS, Importer, described, der,
                       import_into, is_allowed, new_external_key, new_material, new_private_key, openssl, parameters,
                       state_of, wrap)
from kms_case import DAY, advance, new_alias, new_key, raw_kms, refused
from test_audit import events
from test_resilience import StoredSecrets, wait_for

MATERIAL = bytes(range(32))
COMBINATIONS = [(spec, algorithm, wrapping_spec) for spec in USAGE for algorithm in ALGORITHMS for wrapping_spec in WRAPPING_SPECS]
PENDING_IMPORT = "{arn} is pending import."
PKCS1 = ("RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512")
VECTORS = ROOT.parent / "shared" / "wycheproof"


def now_at(server):
    """Lifecycle time, which may be ahead of the machine's: when a new key was made."""
    kms = server.admin.client()
    return described(kms, new_key(kms))["CreationDate"]


def later(server, **delta):
    return now_at(server) + datetime.timedelta(**delta)


@pytest.fixture
def home(fresh_server):
    """A server whose lifecycle clock may jump without harm to other tests."""
    return fresh_server()


@pytest.fixture(scope="module")
def external(kms):
    return new_external_key(kms)


@pytest.fixture(scope="module")
def importer(kms, external):
    """Of a key that has MATERIAL for ever."""
    one = Importer(kms, external)
    one(MATERIAL)
    return one


def expect_same_key(kms, key_id, spec, material):
    """What the key does is what the copy outside does."""
    if spec == "SYMMETRIC_DEFAULT":
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
        return
    if spec in HMAC_SIZES:
        bits = spec[5:]
        mac = kms.generate_mac(KeyId=key_id, Message=b"message", MacAlgorithm=f"HMAC_SHA_{bits}")["Mac"]
        assert mac == hmac.digest(material, b"message", f"sha{bits}")
        return
    spki = kms.get_public_key(KeyId=key_id)["PublicKey"]
    if spec == "SM2":
        assert spki == openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER", data=material)
        return
    key = serialization.load_der_private_key(material, None).public_key()
    assert spki == key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    algorithm = {"ECC_NIST_P384": "ECDSA_SHA_384", "ECC_NIST_P521": "ECDSA_SHA_512"}.get(spec, "ECDSA_SHA_256")
    if isinstance(key, rsa.RSAPublicKey):
        algorithm = "RSASSA_PKCS1_V1_5_SHA_256"
    elif isinstance(key, ed25519.Ed25519PublicKey):
        algorithm = "ED25519_SHA_512"
    signature = kms.sign(KeyId=key_id, Message=b"message", SigningAlgorithm=algorithm)["Signature"]
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, b"message", padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, b"message")
    else:
        key.verify(signature, b"message", ec.ECDSA(getattr(hashes, "SHA" + algorithm[-3:])()))


# --- CreateKey, GetParametersForImport ---

@pytest.mark.parametrize("spec", USAGE)
def test_a_new_key_awaits_its_material(kms, spec):
    key_id = new_external_key(kms, spec)
    metadata = described(kms, key_id)
    assert (metadata["KeyState"], metadata["Enabled"], metadata["Origin"]) == ("PendingImport", False, "EXTERNAL")
    for absent in ("CurrentKeyMaterialId", "ExpirationModel", "ValidTo"):
        assert absent not in metadata
    if spec == "SYMMETRIC_DEFAULT":
        refused("KMSInvalidStateException", kms.encrypt, KeyId=key_id, Plaintext=b"x",
                message=PENDING_IMPORT.format(arn=metadata["Arn"]))
        assert kms.list_key_rotations(KeyId=key_id, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"] == []
    elif spec not in HMAC_SIZES:
        refused("KMSInvalidStateException", kms.get_public_key, KeyId=key_id,
                message=PENDING_IMPORT.format(arn=metadata["Arn"]))


@pytest.mark.parametrize("spec, usage", (
    ("ML_DSA_44", "SIGN_VERIFY"), ("ML_DSA_87", "SIGN_VERIFY"), ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE"),
))
def test_keys_whose_material_cannot_be_imported(kms, spec, usage):
    refused("UnsupportedOperationException", kms.create_key, Origin="EXTERNAL", KeySpec=spec, KeyUsage=usage, contains=spec)


@pytest.mark.parametrize("spec, algorithm, wrapping_spec", [one for one in COMBINATIONS if is_allowed(*one)])
def test_every_way_to_import(kms, spec, algorithm, wrapping_spec):
    key_id, material = new_external_key(kms, spec), new_material(spec)
    importer = Importer(kms, key_id, algorithm, wrapping_spec)
    assert len(importer.parameters["ImportToken"]) <= 6144
    if wrapping_spec != "SM2":
        assert serialization.load_der_public_key(importer.parameters["PublicKey"]).key_size == int(wrapping_spec[4:])
    answer = importer(material)
    metadata = described(kms, key_id)
    assert answer["KeyId"] == metadata["Arn"] and metadata["KeyState"] == "Enabled" and metadata["Enabled"] is True
    assert metadata["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE" and "ValidTo" not in metadata
    assert metadata.get("CurrentKeyMaterialId") == (answer["KeyMaterialId"] if spec == "SYMMETRIC_DEFAULT" else None)
    expect_same_key(kms, key_id, spec, material)
    assert importer(material)["KeyMaterialId"] == answer["KeyMaterialId"], "the token serves again"


@pytest.mark.parametrize("spec", USAGE)
def test_every_other_way_is_refused(kms, spec):
    key_id = new_external_key(kms, spec)
    for _, algorithm, wrapping_spec in (one for one in COMBINATIONS if one[0] == spec and not is_allowed(*one)):
        refused("UnsupportedOperationException", kms.get_parameters_for_import, KeyId=key_id,
                WrappingAlgorithm=algorithm, WrappingKeySpec=wrapping_spec)


def test_parameters_are_good_for_a_day(kms, server, importer):
    left = importer.parameters["ParametersValidTo"] - now_at(server)
    assert datetime.timedelta(hours=23) < left <= datetime.timedelta(hours=24)
    assert importer.parameters["KeyId"] == described(kms, importer.key_id)["Arn"]


def test_key_agreement_with_an_imported_key(kms):
    for spec, curve in CURVES.items():
        if spec == "ECC_SECG_P256K1":
            continue
        ours, theirs = ec.generate_private_key(curve), ec.generate_private_key(curve)
        key_id = new_external_key(kms, spec, "KEY_AGREEMENT")
        import_into(kms, key_id, der(ours))
        spki = theirs.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        answer = kms.derive_shared_secret(KeyId=key_id, PublicKey=spki, KeyAgreementAlgorithm="ECDH")
        assert answer["SharedSecret"] == theirs.exchange(ec.ECDH(), ours.public_key())


def test_what_was_encrypted_outside_opens_inside(kms):
    key, key_id = new_private_key("RSA_2048"), new_external_key(kms, "RSA_2048", "ENCRYPT_DECRYPT")
    import_into(kms, key_id, der(key))
    for algorithm, hash_algorithm in zip(OAEP, (hashes.SHA1(), hashes.SHA256())):
        blob = key.public_key().encrypt(b"x", padding.OAEP(padding.MGF1(hash_algorithm), hash_algorithm, None))
        assert kms.decrypt(KeyId=key_id, CiphertextBlob=blob, EncryptionAlgorithm=algorithm)["Plaintext"] == b"x"


def vectors(name):
    path = VECTORS / name
    if not path.exists():
        pytest.skip("the Wycheproof vectors are not beside this tree")
    return json.loads(path.read_text())["testGroups"]


@pytest.mark.parametrize("bits", (224, 256, 384, 512))
def test_wycheproofs_vectors_of_hmac(kms, bits):
    spec, done = f"HMAC_{bits}", 0
    low, high = HMAC_SIZES[spec]
    for group in vectors(f"hmac_sha{bits}_test.json"):
        for test in group["tests"]:
            key, message, tag = (bytes.fromhex(test[name]) for name in ("key", "msg", "tag"))
            if not low <= len(key) <= high or group["tagSize"] != bits or not message or done >= 25:
                continue
            done += 1
            key_id = new_external_key(kms, spec)
            import_into(kms, key_id, key)
            members = {"KeyId": key_id, "Message": message, "MacAlgorithm": f"HMAC_SHA_{bits}"}
            if test["result"] == "valid":
                assert kms.generate_mac(**members)["Mac"] == tag
                kms.verify_mac(**members, Mac=tag)
            else:
                refused("KMSInvalidMacException", kms.verify_mac, **members, Mac=tag)
    assert done > 10


@pytest.mark.parametrize("spec, name", (
    ("ECC_NIST_P256", "secp256r1"), ("ECC_NIST_P384", "secp384r1"), ("ECC_NIST_P521", "secp521r1"),
))
def test_wycheproofs_vectors_of_ecdh(kms, spec, name):
    done = 0
    for group in vectors(f"ecdh_{name}_test.json"):
        for test in group["tests"]:
            if test["result"] != "valid" or done >= 15:
                continue
            done += 1
            key = ec.derive_private_key(int(test["private"], 16), CURVES[spec])
            key_id = new_external_key(kms, spec, "KEY_AGREEMENT")
            import_into(kms, key_id, der(key))
            answer = kms.derive_shared_secret(KeyId=key_id, PublicKey=bytes.fromhex(test["public"]), KeyAgreementAlgorithm="ECDH")
            assert answer["SharedSecret"].hex() == test["shared"]
    assert done == 15


@pytest.mark.parametrize("bits", (2048, 3072, 4096))
def test_wycheproofs_vectors_of_rsa(kms, bits):
    algorithm = "RSAES_OAEP_SHA_256"
    for group in vectors(f"rsa_oaep_{bits}_sha256_mgf1sha256_test.json"):
        key_id = new_external_key(kms, f"RSA_{bits}", "ENCRYPT_DECRYPT")
        import_into(kms, key_id, bytes.fromhex(group["privateKeyPkcs8"]))
        for test in group["tests"]:
            if test["label"] or not test["ct"]:
                continue  # AWS has no labels, and no empty ciphertexts
            members = {"KeyId": key_id, "CiphertextBlob": bytes.fromhex(test["ct"]), "EncryptionAlgorithm": algorithm}
            if test["result"] == "invalid":
                refused("InvalidCiphertextException", kms.decrypt, **members)
            else:
                assert kms.decrypt(**members)["Plaintext"].hex() == test["msg"]


@pytest.mark.parametrize("bits", (2048, 3072, 4096))
def test_wycheproofs_vectors_of_rsa_signatures(kms, bits):
    done = 0
    for group in vectors(f"rsa_pkcs1_{bits}_sig_gen_test.json"):
        algorithm = f"RSASSA_PKCS1_V1_5_{group['sha'].replace('-', '_')}"
        if algorithm not in PKCS1 or not any(test["result"] == "valid" for test in group["tests"]):
            continue  # the others have exponents that are not taken
        key_id = new_external_key(kms, f"RSA_{bits}", "SIGN_VERIFY")
        import_into(kms, key_id, bytes.fromhex(group["privateKeyPkcs8"]))
        for test in group["tests"]:
            message, signature = bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"])
            if not message or test["result"] != "valid":
                continue  # AWS has no empty messages
            done += 1
            members = {"KeyId": key_id, "Message": message, "SigningAlgorithm": algorithm}
            assert kms.sign(**members)["Signature"] == signature
            assert kms.verify(**members, Signature=signature)["SignatureValid"]
            wrong = bytes([signature[0] ^ 1]) + signature[1:]
            refused("KMSInvalidSignatureException", kms.verify, **members, Signature=wrong)
    assert done >= 10


# --- What is refused ---

@pytest.mark.parametrize("spec", ("SYMMETRIC_DEFAULT", *HMAC_SIZES))
def test_the_length_of_material(kms, spec):
    low, high = HMAC_SIZES.get(spec, (32, 32))
    importer = Importer(kms, new_external_key(kms, spec), "RSAES_OAEP_SHA_256", "RSA_2048")
    for size in {1, 16, low - 1, high + 1, 129}:
        refused("IncorrectKeyMaterialException", importer.kms.import_key_material, **importer.members(bytes(size)),
                contains=f"{size} bytes")
    assert state_of(kms, importer.key_id) == "PendingImport"
    material = os.urandom(high)
    importer(material)
    expect_same_key(kms, importer.key_id, spec, material)


@pytest.mark.parametrize("spec, others", (
    ("RSA_2048", ("RSA_3072", "ECC_NIST_P256")), ("ECC_NIST_P256", ("ECC_SECG_P256K1", "ECC_NIST_P384", "RSA_2048")),
    ("ECC_NIST_P521", ("ECC_NIST_P384",)), ("ECC_NIST_EDWARDS25519", ("ECC_NIST_P256",)),
))
def test_a_private_key_of_another_kind(kms, spec, others):
    importer = Importer(kms, new_external_key(kms, spec))
    good = new_material(spec)
    wrong = [new_material(other) for other in others] + [b"\0", good[:-1], good + b"\0", os.urandom(32), good[::-1]]
    for material in wrong:
        refused("IncorrectKeyMaterialException", kms.import_key_material, **importer.members(material), contains=spec)
    assert state_of(kms, importer.key_id) == "PendingImport"


def test_a_torn_token(kms, importer):
    token, members = importer.parameters["ImportToken"], importer.members(MATERIAL)
    other = parameters(kms, new_external_key(kms))["ImportToken"]
    flipped = [token[:at] + bytes((token[at] ^ 1,)) + token[at + 1:] for at in (0, 1, 5, 20, len(token) // 2, len(token) - 1)]
    for wrong in (*flipped, token[:-1], token + b"\0", token[:1], token[:33], b"\1" * 6144, other):
        refused("InvalidImportTokenException", kms.import_key_material, **{**members, "ImportToken": wrong})


def test_wrapped_material_that_does_not_unwrap(kms, importer):
    members = importer.members(MATERIAL)
    wrapped = members["EncryptedKeyMaterial"]
    again = parameters(kms, importer.key_id)
    swapped = wrap(again["PublicKey"], importer.algorithm, MATERIAL)
    for wrong in (wrapped[:-1], wrapped + b"\0", wrapped[:256], wrapped[:100], b"\0", wrapped[:-1] + b"\0", MATERIAL,
                  os.urandom(len(wrapped)), swapped, bytes((wrapped[0] ^ 1,)) + wrapped[1:]):
        refused("InvalidCiphertextException", kms.import_key_material, **{**members, "EncryptedKeyMaterial": wrong}, message="")


def test_keys_of_other_origins(kms, key, importer):
    arn = described(kms, key)["Arn"]
    text = f"{arn} origin is AWS_KMS which is not valid for this operation."
    refused("UnsupportedOperationException", kms.get_parameters_for_import, KeyId=key, message=text,
            WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    refused("UnsupportedOperationException", kms.import_key_material, **{**importer.members(MATERIAL), "KeyId": key}, message=text)
    refused("UnsupportedOperationException", kms.delete_imported_key_material, KeyId=key, message=text)


def test_names_of_keys(kms, importer):
    alias = new_alias()
    kms.create_alias(AliasName=alias, TargetKeyId=importer.key_id)
    arn = described(kms, importer.key_id)["Arn"]
    for name in (alias, arn.rpartition("key/")[0] + alias, importer.key_id[:-1], "1234abcd-12ab-34cd-56ef-1234567890ab"):
        refused("NotFoundException", kms.get_parameters_for_import, KeyId=name, WrappingAlgorithm="RSAES_OAEP_SHA_256",
                WrappingKeySpec="RSA_2048")
        refused("NotFoundException", kms.import_key_material, **{**importer.members(MATERIAL), "KeyId": name})
        refused("NotFoundException", kms.delete_imported_key_material, KeyId=name)
    assert kms.import_key_material(**{**importer.members(MATERIAL), "KeyId": arn})["KeyId"] == arn


@pytest.mark.parametrize("operation, members, part", (
    ("get_parameters_for_import", {}, "'wrappingAlgorithm'"),
    ("get_parameters_for_import", {"WrappingAlgorithm": "ROT13", "WrappingKeySpec": "RSA_2048"}, "enum value set"),
    ("get_parameters_for_import", {"WrappingAlgorithm": "SM2PKE", "WrappingKeySpec": "RSA_1024"}, "enum value set"),
    ("import_key_material", {"EncryptedKeyMaterial": b"x"}, "'importToken'"),
    ("import_key_material", {"ImportToken": b"x"}, "'encryptedKeyMaterial'"),
    ("import_key_material", {"ImportToken": b"x" * 6145, "EncryptedKeyMaterial": b"x"}, "less than or equal to 6144"),
    ("import_key_material", {"ImportToken": b"x", "EncryptedKeyMaterial": b"x" * 6145}, "less than or equal to 6144"),
    ("import_key_material", {"ImportToken": b"x", "EncryptedKeyMaterial": b"x", "ExpirationModel": "X"}, "enum value set"),
    ("import_key_material", {"ImportToken": b"x", "EncryptedKeyMaterial": b"x", "ImportType": "X"}, "enum value set"),
    ("import_key_material", {"ImportToken": b"x", "EncryptedKeyMaterial": b"x", "KeyMaterialId": "a" * 63}, "'keyMaterialId'"),
    ("import_key_material", {"ImportToken": b"x", "EncryptedKeyMaterial": b"x", "KeyMaterialId": "G" * 64}, "regular expression"),
    ("import_key_material", {"ImportToken": b"x", "EncryptedKeyMaterial": b"x", "KeyMaterialDescription": "a" * 257}, "256"),
    ("import_key_material", {"ImportToken": b"x", "EncryptedKeyMaterial": b"x", "KeyMaterialDescription": "a;b"}, "regular"),
    ("delete_imported_key_material", {"KeyMaterialId": "a" * 65}, "'keyMaterialId'"),
))
def test_members(admin, external, operation, members, part):
    refused("ValidationException", getattr(raw_kms(admin), operation), KeyId=external, **members, contains=part)


def test_members_of_the_wrong_type(admin, external):
    for wrong in ("tomorrow", True, [], 1e300, -1e300):
        answer = admin.post("TrentService.ImportKeyMaterial", {
            "KeyId": external, "ImportToken": "eA==", "EncryptedKeyMaterial": "eA==", "ValidTo": wrong})
        assert answer.json()["__type"] == "SerializationException", wrong


# --- ValidTo and ExpirationModel ---

def test_terms(kms, server, importer):
    import_now = importer.kms.import_key_material
    refused("ValidationException", import_now, **importer.members(MATERIAL, ExpirationModel="KEY_MATERIAL_EXPIRES"),
            message="A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
    members = importer.members(MATERIAL)
    del members["ExpirationModel"]
    refused("ValidationException", import_now, **members,
            message="A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
    refused("ValidationException", import_now, **importer.members(MATERIAL, ValidTo=later(server, days=1), **FOREVER))
    for date in (later(server, seconds=-1), later(server, days=365, hours=1), datetime.datetime(1971, 1, 1)):
        refused("ValidationException", import_now, **importer.members(MATERIAL, ValidTo=date), contains="365 days")


def test_a_re_import_replaces_the_terms(kms, server):
    importer = Importer(kms, new_external_key(kms))
    dates = [later(server, days=days) for days in (10, 364, 2)]
    for date in dates:
        importer(MATERIAL, ValidTo=date)
        metadata = described(kms, importer.key_id)
        assert metadata["ExpirationModel"] == "KEY_MATERIAL_EXPIRES"
        assert abs((metadata["ValidTo"] - date).total_seconds()) < 1
    importer(MATERIAL)
    metadata = described(kms, importer.key_id)
    assert metadata["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE" and "ValidTo" not in metadata


def test_expired_material_is_removed_and_comes_back(home):
    kms = home.admin.client()
    importer = Importer(kms, new_external_key(kms))
    expected = importer(MATERIAL, ValidTo=later(home, days=2))["KeyMaterialId"]
    blob = kms.encrypt(KeyId=importer.key_id, Plaintext=b"x")["CiphertextBlob"]
    advance(home, seconds=2 * DAY - 60)
    assert state_of(kms, importer.key_id) == "Enabled"
    advance(home, seconds=120)
    metadata = described(kms, importer.key_id)
    assert (metadata["KeyState"], metadata["Enabled"]) == ("PendingImport", False)
    assert "ValidTo" not in metadata and "ExpirationModel" not in metadata
    refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=blob, message=PENDING_IMPORT.format(arn=metadata["Arn"]))
    [event] = [one for one in events(home) if one["eventName"] == "DeleteExpiredKeyMaterial"]
    assert event["eventType"] == "AwsServiceEvent" and event["additionalEventData"] == {"keyMaterialId": expected}
    assert event["resources"][0]["ARN"] == metadata["Arn"]
    importer = Importer(kms, importer.key_id)
    refused("IncorrectKeyMaterialException", kms.import_key_material, **importer.members(os.urandom(32)))
    assert importer(MATERIAL)["KeyMaterialId"] == expected
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    advance(home, days=400)
    assert state_of(kms, importer.key_id) == "Enabled"


@pytest.mark.parametrize("spec", ("SYMMETRIC_DEFAULT", "HMAC_256", "ECC_NIST_P256", "RSA_2048"))
def test_expired_material_is_of_no_use_before_any_sweep(fresh_server, spec):
    home = fresh_server()
    kms = home.admin.client()
    material, key_id = new_material(spec), new_external_key(kms, spec)
    import_into(kms, key_id, material, ValidTo=later(home, days=1))
    expect_same_key(kms, key_id, spec, material)
    home.admin.call("Kagimori.HoldSweeper", Held=True)
    home.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=DAY + 1)
    use = {
        "SYMMETRIC_DEFAULT": lambda: kms.encrypt(KeyId=key_id, Plaintext=b"x"),
        "HMAC_256": lambda: kms.generate_mac(KeyId=key_id, Message=b"x", MacAlgorithm="HMAC_SHA_256"),
        "ECC_NIST_P256": lambda: kms.sign(KeyId=key_id, Message=b"x", SigningAlgorithm="ECDSA_SHA_256"),
        "RSA_2048": lambda: kms.sign(KeyId=key_id, Message=b"x", SigningAlgorithm="RSASSA_PSS_SHA_256"),
    }[spec]
    refused("KMSInvalidStateException", use, contains="is pending import.")
    assert state_of(kms, key_id) == "PendingImport"
    refused("KMSInvalidStateException", kms.disable_key, KeyId=key_id)
    import_into(kms, key_id, material)
    use()
    home.admin.call("Kagimori.Sweep")
    expect_same_key(kms, key_id, spec, material)


def test_an_expired_token(home):
    kms = home.admin.client()
    importer = Importer(kms, new_external_key(kms))
    advance(home, seconds=DAY - 60)
    importer(MATERIAL)
    advance(home, seconds=61)
    refused("ExpiredImportTokenException", kms.import_key_material, **importer.members(MATERIAL))
    import_into(kms, importer.key_id, MATERIAL)


def test_tokens_and_material_outlive_the_process(home):
    kms = home.admin.client()
    first, second = Importer(kms, new_external_key(kms)), Importer(kms, new_external_key(kms, "RSA_2048"))
    key = new_material("RSA_2048")
    home.restart()
    kms = first.kms = second.kms = home.admin.client()
    first_id = first(MATERIAL, ValidTo=later(home, days=1))["KeyMaterialId"]
    second(key)
    home.crash_and_restart()
    kms = first.kms = second.kms = home.admin.client()
    expect_same_key(kms, first.key_id, "SYMMETRIC_DEFAULT", MATERIAL)
    expect_same_key(kms, second.key_id, "RSA_2048", key)
    kms.delete_imported_key_material(KeyId=second.key_id)
    home.crash_and_restart()
    kms = first.kms = second.kms = home.admin.client()
    assert state_of(kms, second.key_id) == "PendingImport"
    second(key)
    expect_same_key(kms, second.key_id, "RSA_2048", key)
    assert first(MATERIAL)["KeyMaterialId"] == first_id


def test_tokens_outlive_the_epochs_of_the_keyring(fresh_server):
    home = fresh_server(settings={"seal.epoch_max_uses": 150, "lifecycle.sweep_interval_seconds": 1})
    kms = home.admin.client()
    importer = Importer(kms, new_external_key(kms))
    account = described(kms, importer.key_id)["AWSAccountId"]
    for _ in range(300):
        new_key(kms)

    def newest_epoch_holds_all():
        stored = StoredSecrets(home)
        newest = max(number for owner, number in stored.epochs if owner == account)
        return newest > 1 and {number for owner, number in stored.epochs_in_use if owner == account} == {newest}

    wait_for(newest_epoch_holds_all, 60)
    home.restart()
    importer.kms = home.admin.client()
    importer(MATERIAL)
    expect_same_key(home.admin.client(), importer.key_id, "SYMMETRIC_DEFAULT", MATERIAL)
