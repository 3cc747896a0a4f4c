"""`kagimori key import`: material of every form that people keep it in."""

import base64
import hmac
import json
import os
import pty
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from harness import BINARY
from importing import HMAC_SIZES, described, new_external_key, new_material, new_private_key, state_of
from kms_case import new_alias, new_key

PRIVATE = ("RSA_2048", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519")
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
PKCS8, TRADITIONAL = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
PASSPHRASE = b"correct horse battery staple"


@pytest.fixture
def run(admin, tmp_path):
    """run(key, material, *options): the finished command."""

    def call(key_id, material, *options):
        path = tmp_path / "material"
        path.write_bytes(material)
        return subprocess.run([BINARY, "key", "import", key_id, "--in", path, *options], env=admin.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    return call


def imported(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


def public_key(kms, key_id):
    return kms.get_public_key(KeyId=key_id)["PublicKey"]


def spki(key):
    return key.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("form", (
    lambda m: m, lambda m: m.hex().encode(), lambda m: m.hex().upper().encode() + b"\n", lambda m: base64.b64encode(m) + b"\r\n",
))
@pytest.mark.parametrize("spec", ("SYMMETRIC_DEFAULT", *HMAC_SIZES))
def test_symmetric_material(kms, run, spec, form):
    key_id, material = new_external_key(kms, spec), new_material(spec)
    out = imported(run(key_id, form(material), "--no-expiry"))
    assert spec in out and key_id in out and "does not expire" in out
    assert material.hex() not in out
    if spec == "SYMMETRIC_DEFAULT":
        assert described(kms, key_id)["CurrentKeyMaterialId"] in out
        return
    mac = kms.generate_mac(KeyId=key_id, Message=b"m", MacAlgorithm=f"HMAC_SHA_{spec[5:]}")["Mac"]
    assert mac == hmac.digest(material, b"m", f"sha{spec[5:]}")


def test_a_form_that_is_named(kms, run):
    material = b"0123456789abcdef" * 4  # hexadecimal, too
    key_id = new_external_key(kms, "HMAC_256")
    imported(run(key_id, material, "--no-expiry", "--form", "raw"))
    mac = kms.generate_mac(KeyId=key_id, Message=b"m", MacAlgorithm="HMAC_SHA_256")["Mac"]
    assert mac == hmac.digest(material, b"m", "sha256")
    for form in ("hex", "base64"):
        done = run(new_external_key(kms), os.urandom(32), "--no-expiry", "--form", form)
        assert done.returncode == 1 and "is not" in done.stderr


@pytest.mark.parametrize("encoding", (PEM, DER))
@pytest.mark.parametrize("spec", PRIVATE)
def test_private_keys(kms, run, spec, encoding):
    key = new_private_key(spec)
    formats = [PKCS8] if spec.endswith("25519") else [PKCS8, TRADITIONAL]
    for form in formats:
        key_id = new_external_key(kms, spec)
        imported(run(key_id, key.private_bytes(encoding, form, serialization.NoEncryption()), "--no-expiry"))
        assert public_key(kms, key_id) == spki(key)


def test_sm2(kms, run):
    key_id, material = new_external_key(kms, "SM2"), new_material("SM2")
    imported(run(key_id, material, "--no-expiry"))
    assert state_of(kms, key_id) == "Enabled"


@pytest.mark.parametrize("encoding", (PEM, DER))
def test_an_encrypted_private_key(kms, run, tmp_path, encoding):
    key, key_id = new_private_key("ECC_NIST_P256"), new_external_key(kms, "ECC_NIST_P256")
    text = key.private_bytes(encoding, PKCS8, serialization.BestAvailableEncryption(PASSPHRASE))
    passphrase = tmp_path / "passphrase"
    done = run(key_id, text, "--no-expiry")
    assert done.returncode == 1 and "--passphrase-file" in done.stderr
    passphrase.write_bytes(b"wrong")
    done = run(key_id, text, "--no-expiry", "--passphrase-file", passphrase)
    assert done.returncode == 1 and "passphrase does not open" in done.stderr
    passphrase.write_bytes(PASSPHRASE + b"\n")
    imported(run(key_id, text, "--no-expiry", "--passphrase-file", passphrase))
    assert public_key(kms, key_id) == spki(key)


def test_the_passphrase_is_asked_for_on_a_terminal_without_echo(kms, admin, tmp_path):
    key, key_id = new_private_key("ECC_NIST_P256"), new_external_key(kms, "ECC_NIST_P256")
    path = tmp_path / "key.pem"
    path.write_bytes(key.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(PASSPHRASE)))
    controller, terminal = pty.openpty()
    process = subprocess.Popen([BINARY, "key", "import", key_id, "--in", path, "--no-expiry"], env=admin.environment(),
                               stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = b""
    while b"Passphrase" not in shown:
        shown += os.read(controller, 1000)
    os.write(controller, PASSPHRASE + b"\n")
    assert process.wait(60) == 0
    try:
        while data := os.read(controller, 1000):
            shown += data
    except OSError:
        pass  # the other end is closed
    os.close(controller)
    assert PASSPHRASE not in shown and b"Imported" in shown
    assert public_key(kms, key_id) == spki(key)


def test_expiry_alias_json_and_further_material(kms, run):
    key_id, alias = new_external_key(kms), new_alias()
    kms.create_alias(AliasName=alias, TargetKeyId=key_id)
    date = described(kms, new_key(kms))["CreationDate"].replace(microsecond=0)
    day = date.replace(year=date.year + 1, day=1).strftime("%Y-%m-%d") if date.month > 1 else f"{date.year}-12-01"
    answer = json.loads(imported(run(alias, os.urandom(32), "--expires", day, "--json", "--description", "from Bern")))
    metadata = described(kms, key_id)
    assert answer["KeyId"] == metadata["Arn"] and answer["KeyMaterialId"] == metadata["CurrentKeyMaterialId"]
    assert metadata["ValidTo"].timestamp() == answer["ValidTo"]
    assert "expires at" in imported(run(key_id, os.urandom(32), "--expires", day, "--new"))
    everything = kms.list_key_rotations(KeyId=key_id, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert [one["KeyMaterialState"] for one in everything] == ["CURRENT", "PENDING_ROTATION"]
    assert everything[0]["KeyMaterialDescription"] == "from Bern"


@pytest.mark.parametrize("options", ((), ("--no-expiry", "--expires", "2027-01-31"), ("--no-expiry", "--form", "rot13")))
def test_wrong_use(run, kms, options):
    assert run("key", b"x", *options).returncode == 2


def test_what_is_refused(kms, run, key):
    external = new_external_key(kms, "ECC_NIST_P256")
    for name, material, options, sentence in (
        (key, bytes(32), ("--no-expiry",), "Origin AWS_KMS"),
        (external, b"no key", ("--no-expiry",), "There is no private key in it"),
        (external, new_material("ECC_NIST_P384"), ("--no-expiry",), "ECC_NIST_P256"),
        (external, b"", ("--no-expiry",), "is empty"),
        (external, bytes(70_000), ("--no-expiry",), "larger"),
        (external, b"x", ("--expires", "soon"), "is not a date"),
        ("alias/nobody", b"x", ("--no-expiry",), "not found"),
    ):
        done = run(name, material, *options)
        assert done.returncode == 1 and sentence in done.stderr, done.stderr
        assert done.stdout == ""
    assert state_of(kms, external) == "PendingImport"
