"""Recipient: answers that only the enclave of an attestation document can read, and policies about what it measures."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import cbor2
import pytest
from asn1crypto import cms, keys
from attestation import ES256, Enclave, Platform, certify, recipient
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
from harness import Server, free_port
from kms_case import raw_kms, refused
from test_audit import event_of

MODULE = "i-0123456789abcdef0-enc0123456789abcdef"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A server, the platform that it believes, and an enclave there."""
    folder = tmp_path_factory.mktemp("attestation")
    platform, enclave = Platform(), Enclave(folder)
    (folder / "roots.pem").write_text(platform.root.pem)
    server = Server(folder / "data", free_port(), settings={"attestation.trust_roots": folder / "roots.pem"})
    server.init().start()
    server.platform, server.enclave = platform, enclave
    yield server
    assert server.stop() == 0, server.log_tail()


@pytest.fixture(scope="module")
def platform(world):
    return world.platform


@pytest.fixture(scope="module")
def enclave(world):
    return world.enclave


@pytest.fixture(scope="module")
def kms(world):
    return world.admin.client("kms")


@pytest.fixture(scope="module")
def key(kms):
    return kms.create_key()["KeyMetadata"]["KeyId"]


@pytest.fixture
def document(platform, enclave):
    return platform.document(enclave)


# --- Answers ---


def test_decrypt(kms, key, enclave, document):
    blob = kms.encrypt(KeyId=key, Plaintext=b"for the enclave")["CiphertextBlob"]
    answer = kms.decrypt(CiphertextBlob=blob, Recipient=recipient(document))
    assert enclave.open(answer["CiphertextForRecipient"]) == b"for the enclave"
    assert not answer.get("Plaintext") and "KeyMaterialId" not in answer
    assert answer["KeyId"].endswith(key) and answer["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert b"for the enclave" not in answer["CiphertextForRecipient"]


@pytest.mark.parametrize("size", (1, 15, 16, 4096))
def test_plaintexts_of_any_size(kms, key, enclave, document, size):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x" * size)["CiphertextBlob"]
    answer = kms.decrypt(CiphertextBlob=blob, Recipient=recipient(document))
    assert enclave.open(answer["CiphertextForRecipient"]) == b"x" * size


def test_decrypt_of_an_rsa_key(kms, enclave, document):
    for spec in ("RSA_2048", "RSA_4096"):
        key = kms.create_key(KeySpec=spec, KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
        members = {"KeyId": key, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
        blob = kms.encrypt(Plaintext=b"x", **members)["CiphertextBlob"]
        answer = kms.decrypt(CiphertextBlob=blob, Recipient=recipient(document), **members)
        assert enclave.open(answer["CiphertextForRecipient"]) == b"x" and not answer.get("Plaintext")


def test_generate_data_key(kms, key, enclave, document):
    answer = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext={"a": "b"}, Recipient=recipient(document))
    assert not answer.get("Plaintext") and "KeyMaterialId" not in answer
    opened = kms.decrypt(CiphertextBlob=answer["CiphertextBlob"], EncryptionContext={"a": "b"})["Plaintext"]
    assert enclave.open(answer["CiphertextForRecipient"]) == opened and len(opened) == 32


def test_generate_data_key_pair(kms, key, enclave, document):
    answer = kms.generate_data_key_pair(KeyId=key, KeyPairSpec="RSA_4096", Recipient=recipient(document))
    assert not answer.get("PrivateKeyPlaintext")
    private = load_der_private_key(enclave.open(answer["CiphertextForRecipient"]), None)
    spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert spki == answer["PublicKey"]


def test_derive_shared_secret(kms, enclave, document):
    made = kms.create_key(KeySpec="ECC_NIST_P384", KeyUsage="KEY_AGREEMENT")["KeyMetadata"]["KeyId"]
    peer = ec.generate_private_key(ec.SECP384R1())
    members = {"KeyId": made, "KeyAgreementAlgorithm": "ECDH",
               "PublicKey": peer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}
    answer = kms.derive_shared_secret(Recipient=recipient(document), **members)
    assert not answer.get("SharedSecret")
    assert enclave.open(answer["CiphertextForRecipient"]) == kms.derive_shared_secret(**members)["SharedSecret"]


def test_generate_random(kms, enclave, document):
    answer = kms.generate_random(NumberOfBytes=1024, Recipient=recipient(document))
    assert not answer.get("Plaintext") and len(enclave.open(answer["CiphertextForRecipient"])) == 1024


def test_the_envelope_is_what_enclaves_expect(kms, enclave, document):
    envelope = kms.generate_random(NumberOfBytes=32, Recipient=recipient(document))["CiphertextForRecipient"]
    info = cms.ContentInfo.load(envelope)
    assert info["content_type"].native == "enveloped_data"
    enveloped = info["content"]
    assert enveloped["version"].native == "v2" and len(enveloped["recipient_infos"]) == 1
    to = enveloped["recipient_infos"][0].chosen
    assert isinstance(to, cms.KeyTransRecipientInfo) and to["version"].native == "v2"
    assert to["rid"].chosen.native == keys.PublicKeyInfo.load(enclave.spki).sha1
    oaep = to["key_encryption_algorithm"]
    assert oaep["algorithm"].native == "rsaes_oaep"
    assert oaep["parameters"]["hash_algorithm"]["algorithm"].native == "sha256"
    assert oaep["parameters"]["mask_gen_algorithm"]["parameters"]["algorithm"].native == "sha256"
    content = enveloped["encrypted_content_info"]
    assert content["content_encryption_algorithm"]["algorithm"].native == "aes256_cbc"


@pytest.mark.parametrize("bits", (3072, 4096))
def test_larger_keys(kms, platform, tmp_path, bits):
    large = Enclave(tmp_path, bits)
    answer = kms.generate_random(NumberOfBytes=32, Recipient=recipient(platform.document(large)))
    assert len(large.open(answer["CiphertextForRecipient"])) == 32


def test_a_document_may_serve_again(kms, key, enclave, document):
    blobs = [kms.encrypt(KeyId=key, Plaintext=b"%d" % n)["CiphertextBlob"] for n in range(20)]
    for n, blob in enumerate(blobs):
        answer = kms.decrypt(CiphertextBlob=blob, Recipient=recipient(document))
        assert enclave.open(answer["CiphertextForRecipient"]) == b"%d" % n


def test_both_forms_of_the_message(kms, platform, enclave):
    document = platform.document(enclave, tagged=True)
    assert kms.generate_random(NumberOfBytes=1, Recipient=recipient(document))["CiphertextForRecipient"]


def test_dry_run(kms, key, document):
    refused("DryRunOperationException", kms.generate_data_key, KeyId=key, KeySpec="AES_256", DryRun=True,
            Recipient=recipient(document))


# --- What is not believed ---


def broken(platform, enclave):
    """Documents that must be refused: (what is wrong, the document, what the refusal says)."""
    now, make = int(time.time() * 1000), platform.document
    good = make(enclave)
    header, unprotected, payload, signature = cbor2.loads(good)
    stranger = Platform()
    small = platform.instance.issue("small", is_ca=False, curve=ec.SECP256R1())
    yield "root", stranger.document(enclave), "does not lead to a configured root"
    yield "chain", make(enclave, cabundle=[platform.root.der]), "does not lead to a configured root"
    yield "bundle of another", make(enclave, cabundle=[stranger.root.der, stranger.regional.der, stranger.instance.der]), \
        "does not lead to a configured root"
    ended = platform.instance.issue("ended", is_ca=False, begins=-3, days=2)
    yield "ended", make(enclave, signer=ended), "expired"
    ahead = platform.instance.issue("ahead", is_ca=False, begins=1, days=1)
    yield "not begun", make(enclave, signer=ahead), "not yet valid"
    below = platform.module.issue("below", is_ca=False)  # a leaf is no authority
    yield "issued by a leaf", make(enclave, signer=below, cabundle=[
        platform.root.der, platform.regional.der, platform.instance.der, platform.module.der]), "does not lead to"
    yield "self-signed", make(enclave, signer=certify("self", is_ca=False)), "does not lead to a configured root"
    yield "curve", make(enclave, signer=small), "ES384"
    yield "algorithm", make(enclave, algorithm=ES256), "ES384"
    yield "old", make(enclave, timestamp=now - 301_000), "300 seconds old"
    yield "of the future", make(enclave, timestamp=now + 302_000), "300 seconds old"
    yield "no key", make(enclave, public_key=None), "public key"
    yield "key of a curve", make(enclave, public_key=ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo)), "public key is not one of RSA"
    yield "no key at all", make(enclave, public_key=b"no key"), "public key is not one of RSA"
    yield "digest", make(enclave, digest="SHA256"), "SHA384"
    yield "registers", make(enclave, pcrs={32: b"x" * 48}), "registers"
    yield "size of a register", make(enclave, pcrs={0: b"x"}), "registers"
    yield "no registers", make(enclave, pcrs=None), "no pcrs"
    yield "empty registers", make(enclave, pcrs={}), "registers are empty"
    yield "registers of both kinds", make(enclave, nitrotpm_pcrs={0: b"x" * 48}), "both pcrs and nitrotpm_pcrs"
    yield "year 300,000,000", make(enclave, timestamp=2**63 - 1), "can't have"
    yield "signed by an authority", make(enclave, signer=platform.instance), "not one to sign documents with"
    yield "critical header", make(enclave, header={1: -35, 2: [99], 99: 1}), "header"
    yield "unprotected list", cbor2.dumps([header, [], payload, signature]), "another type"
    yield "no bundle", make(enclave, cabundle=[]), "certificates"
    yield "no module", make(enclave, module_id=None), "no module_id"
    yield "certificate", make(enclave, certificate=b"no certificate"), "certificate can't be read"
    changed = cbor2.dumps({**cbor2.loads(payload), "pcrs": {0: b"\0" * 48}})
    yield "registers that are not signed", cbor2.dumps([header, unprotected, changed, signature]), "signature does not match"
    wrong = bytes([signature[0] ^ 1]) + signature[1:]
    yield "signature", cbor2.dumps([header, unprotected, payload, wrong]), "signature does not match"
    yield "zero signature", cbor2.dumps([header, unprotected, payload, bytes(96)]), "signature does not match"
    yield "short signature", cbor2.dumps([header, unprotected, payload, signature[:-1]]), "ES384"
    yield "three parts", cbor2.dumps([header, unprotected, payload]), "COSE_Sign1"
    yield "cut", good[:-1], "ends early"
    yield "more", good + b"\0", "not valid"
    yield "nested", b"\x81" * 200_000, "not valid"
    yield "huge count", b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", "not valid"
    yield "nothing like it", b"x", "not valid"


def test_documents_that_are_not_believed(world, kms, key, platform, enclave):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    seen = 0
    for what, document, told in broken(platform, enclave):
        text = refused("ValidationException", kms.decrypt, CiphertextBlob=blob, Recipient=recipient(document))
        assert told in text and "attestation document" in text.lower(), (what, text)
        refused("ValidationException", kms.generate_random, NumberOfBytes=1, Recipient=recipient(document))
        seen += 1
    assert seen > 30
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_many_at_once_are_told_the_same(world, platform, enclave, fresh_server):
    """Requests that wait for the verification of one document are all answered by it, however many they are."""
    server = fresh_server(settings={**world.settings, "server.workers": 1})
    header, unprotected, payload, signature = cbor2.loads(platform.document(enclave))
    document = cbor2.dumps([header, unprotected, payload, bytes([signature[0] ^ 1]) + signature[1:]])
    clients, barrier = [server.admin.client("kms") for _ in range(80)], threading.Barrier(80)
    for client in clients:
        client.generate_random(NumberOfBytes=1)  # connects

    def ask(client):
        barrier.wait()
        refused("ValidationException", client.generate_random, NumberOfBytes=1, Recipient=recipient(document),
                contains="signature does not match")

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(ask, clients))


def test_small_keys(kms, platform, tmp_path):
    small = Enclave(tmp_path, 1024)
    refused("ValidationException", kms.generate_random, NumberOfBytes=1, Recipient=recipient(platform.document(small)),
            contains="RSA with 2048")


@pytest.mark.parametrize("members", (
    {}, {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256"}, {"AttestationDocument": b"x"},
    {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_1", "AttestationDocument": b"x"},
))
def test_members_that_are_wrong(world, members):
    refused("ValidationException", raw_kms(world.admin).generate_random, NumberOfBytes=1, Recipient=members)


def test_without_a_root_it_is_refused(kms_without_root, document):
    kms, key = kms_without_root
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for call, members in ((kms.decrypt, {"CiphertextBlob": blob}), (kms.generate_random, {"NumberOfBytes": 1}),
                          (kms.generate_data_key, {"KeyId": key, "KeySpec": "AES_256"})):
        refused("UnsupportedOperationException", call, contains="attestation.trust_roots", **members,
                Recipient=recipient(document))


@pytest.fixture
def kms_without_root(server):
    kms = server.admin.client("kms")
    return kms, kms.create_key()["KeyMetadata"]["KeyId"]


def test_a_wrong_configuration_is_told(world, tmp_path):
    (tmp_path / "broken.pem").write_text(world.platform.root.pem + "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")
    (tmp_path / "empty.pem").write_text("")
    (tmp_path / "no-root.pem").write_text(world.platform.instance.pem)
    settings = world.settings
    for name in ("broken.pem", "empty.pem", "missing.pem", "no-root.pem"):
        world.settings = {"attestation.trust_roots": tmp_path / name}
        done = world.command("config", "check", "--config", world.config, check=False)
        assert done.returncode != 0 and "attestation.trust_roots" in done.stderr, done.stderr
    world.settings = settings


# --- Policies and the audit log ---


def statement(operator, values, action="kms:Decrypt"):
    return {"Effect": "Allow", "Action": action, "Resource": "*",
            "Condition": {operator: {f"kms:RecipientAttestation:{name}": value for name, value in values.items()}}}


def test_policies_about_measurements(world, kms, key, platform, enclave, make_user):
    image, register = enclave.pcrs[0].hex(), enclave.pcrs[8].hex()
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    user = make_user(on=world)
    client = user.client("kms")
    document, changed = platform.document(enclave), {**enclave.pcrs, 0: b"\0" * 48, 8: b"\1" * 48}
    other = platform.document(enclave, pcrs=changed)
    for values in ({"ImageSha384": image}, {"PCR0": image}, {"PCR8": register}, {"ImageSha384": image, "PCR8": register}):
        for operator in ("StringEquals", "StringEqualsIgnoreCase"):
            put(world, user, statement(operator, values))
            client.decrypt(CiphertextBlob=blob, Recipient=recipient(document))
            refused("AccessDeniedException", client.decrypt, CiphertextBlob=blob, Recipient=recipient(other))
            refused("AccessDeniedException", client.decrypt, CiphertextBlob=blob)
    put(world, user, statement("StringEqualsIgnoreCase", {"PCR0": image.upper()}))
    client.decrypt(CiphertextBlob=blob, Recipient=recipient(document))
    put(world, user, statement("StringEquals", {"PCR5": register}))
    refused("AccessDeniedException", client.decrypt, CiphertextBlob=blob, Recipient=recipient(document))
    put(world, user, statement("Null", {"ImageSha384": "false"}, "kms:GenerateRandom"))
    client.generate_random(NumberOfBytes=1, Recipient=recipient(document))
    refused("AccessDeniedException", client.generate_random, NumberOfBytes=1)


def put(world, user, statement):
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.admin.client("iam").put_user_policy(UserName=user.name, PolicyName="attested", PolicyDocument=document)


def test_each_operation_asks_the_policy(world, kms, key, platform, enclave, make_user):
    image = enclave.pcrs[0].hex()
    agreement = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")["KeyMetadata"]["KeyId"]
    peer = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    user = make_user(on=world)
    client, document = user.client("kms"), platform.document(enclave)
    for operation, action, members in (
            ("generate_data_key", "kms:GenerateDataKey", {"KeyId": key, "KeySpec": "AES_128"}),
            ("generate_data_key_pair", "kms:GenerateDataKeyPair", {"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}),
            ("derive_shared_secret", "kms:DeriveSharedSecret",
             {"KeyId": agreement, "KeyAgreementAlgorithm": "ECDH", "PublicKey": peer}),
    ):
        put(world, user, statement("StringEquals", {"ImageSha384": image}, action))
        assert getattr(client, operation)(**members, Recipient=recipient(document))["CiphertextForRecipient"]
        refused("AccessDeniedException", getattr(client, operation), **members)


def test_nitro_tpm(world, kms, key, platform, enclave, make_user):
    registers = {n: bytes([0x40 + n]) * 48 for n in range(24)}
    document = platform.document(enclave, pcrs=None, nitrotpm_pcrs=registers)
    user = make_user(on=world)
    put(world, user, statement("StringEquals", {"NitroTPMPCR4": registers[4].hex()}, "kms:GenerateRandom"))
    answer = user.client("kms").generate_random(NumberOfBytes=8, Recipient=recipient(document))
    assert len(enclave.open(answer["CiphertextForRecipient"])) == 8
    names = event_of(world, answer["ResponseMetadata"]["RequestId"])["additionalEventData"]["recipient"]
    assert names["attestationDocumentNitroTPMPCR4"] == registers[4].hex()
    put(world, user, statement("StringEquals", {"PCR4": registers[4].hex()}, "kms:GenerateRandom"))
    refused("AccessDeniedException", user.client("kms").generate_random, NumberOfBytes=8, Recipient=recipient(document))


def test_the_event_tells_of_the_enclave(world, kms, key, enclave, document):
    answer = kms.generate_data_key(KeyId=key, KeySpec="AES_256", Recipient=recipient(document))
    names = event_of(world, answer["ResponseMetadata"]["RequestId"])["additionalEventData"]["recipient"]
    assert names["attestationDocumentModuleId"] == MODULE
    assert names["attestationDocumentEnclaveImageDigest"] == enclave.pcrs[0].hex()
    assert names["attestationDocumentEnclavePCR8"] == enclave.pcrs[8].hex()


def test_grants_for_enclaves(world, kms, key, platform, enclave, document, make_user):
    user = make_user(on=world)
    kms.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["GenerateDataKey"])
    answer = user.client("kms").generate_data_key(KeyId=key, KeySpec="AES_256", Recipient=recipient(document))
    assert len(enclave.open(answer["CiphertextForRecipient"])) == 32
