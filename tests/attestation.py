"""Whoever attests in place of AWS's Nitro platform: a root, a chain below it, documents, and enclaves that hold the key of
one (AWS Nitro Enclaves user guide, "Attestation document specification")."""

import datetime
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

ALGORITHM, ES384, ES256 = 1, -35, -7
NOW = object()


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Certified:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self):
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self):
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def issue(self, text, *, is_ca, curve=None, begins=-1, days=2):
        """A certificate below this one, valid from `begins` days after now."""
        return certify(text, self, is_ca=is_ca, curve=curve, begins=begins, days=days)


def certify(text, issuer=None, *, is_ca=True, curve=None, begins=-1, days=30):
    key = ec.generate_private_key(curve or ec.SECP384R1())
    begin = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=begins)
    signer = issuer.key if issuer else key
    identifiers = [x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                   x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())]
    builder = (
        x509.CertificateBuilder().subject_name(name(text))
        .issuer_name(issuer.certificate.subject if issuer else name(text)).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(not is_ca, False, False, False, False, is_ca, is_ca, False, False), critical=True))
    for identifier in identifiers if is_ca else ():  # the module's certificate has none
        builder = builder.add_extension(identifier, critical=False)
    return Certified(key, builder.sign(signer, hashes.SHA384()))


class Platform:
    """What signs documents."""

    def __init__(self):
        self.root = certify("aws.nitro-enclaves")
        self.regional = self.root.issue("regional", is_ca=True, days=20)
        self.instance = self.regional.issue("instance", is_ca=True, days=2)
        self.module = self.instance.issue("i-0123456789abcdef0-enc0123456789abcdef", is_ca=False)

    def sign(self, document):
        payload = cbor2.dumps({key: value for key, value in document.fields.items() if value is not None})
        header = cbor2.dumps(document.header or {ALGORITHM: document.algorithm})
        signer = document.signer or self.module
        signature = signer.key.sign(cbor2.dumps(["Signature1", header, b"", payload]), ec.ECDSA(hashes.SHA384()))
        r, s = decode_dss_signature(signature)
        size = (signer.key.curve.key_size + 7) // 8
        message = [header, {}, payload, r.to_bytes(size, "big") + s.to_bytes(size, "big")]
        return cbor2.dumps(cbor2.CBORTag(18, message) if document.tagged else message)

    def document(self, enclave, **changes):
        options = {key: changes.pop(key) for key in ("signer", "algorithm", "tagged", "header") if key in changes}
        made = Document(enclave, self, **options)
        made.fields |= changes
        return self.sign(made)


@dataclass
class Document:
    enclave: "Enclave"
    platform: Platform
    signer: Certified = None
    algorithm: int = ES384
    tagged: bool = False
    header: dict = None  # protected, instead of that of the algorithm
    fields: dict = field(default_factory=dict)

    def __post_init__(self):
        platform = self.platform
        self.fields = {
            "module_id": "i-0123456789abcdef0-enc0123456789abcdef", "digest": "SHA384",
            "timestamp": int(time.time() * 1000), "pcrs": self.enclave.pcrs,
            "certificate": (self.signer or platform.module).der,
            "cabundle": [platform.root.der, platform.regional.der, platform.instance.der],
            "public_key": self.enclave.spki, "user_data": None, "nonce": b"once",
        }


class Enclave:
    def __init__(self, folder, bits=2048):
        self.key = rsa.generate_private_key(65537, bits)
        self.file = Path(folder) / f"enclave-{bits}.pem"
        self.file.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.pcrs = {n: bytes([n + 1]) * 48 for n in (0, 1, 2, 3, 4, 8)}

    @property
    def spki(self):
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def open(self, envelope):
        """The plaintext of a CiphertextForRecipient, by OpenSSL's own command."""
        done = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-inkey", self.file], input=envelope,
                              capture_output=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout


def recipient(document):
    return {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": document}
