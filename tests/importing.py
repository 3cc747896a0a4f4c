"""The outside of an import of key material, made with pyca/cryptography: material of every kind, and every way to wrap it.
SM2, which pyca does not have, comes from the `openssl` command."""

import os
import subprocess
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

USAGE = {
    "SYMMETRIC_DEFAULT": "ENCRYPT_DECRYPT",
    **{f"HMAC_{bits}": "GENERATE_VERIFY_MAC" for bits in (224, 256, 384, 512)},
    **{f"RSA_{bits}": "SIGN_VERIFY" for bits in (2048, 3072, 4096)},
    **{f"ECC_{curve}": "SIGN_VERIFY" for curve in ("NIST_P256", "NIST_P384", "NIST_P521", "SECG_P256K1", "NIST_EDWARDS25519")},
    "SM2": "SIGN_VERIFY",
}
CURVES = {
    "ECC_NIST_P256": ec.SECP256R1(), "ECC_NIST_P384": ec.SECP384R1(), "ECC_NIST_P521": ec.SECP521R1(),
    "ECC_SECG_P256K1": ec.SECP256K1(),
}
# Bytes that material of an HMAC key may have.
HMAC_SIZES = {"HMAC_224": (28, 64), "HMAC_256": (32, 64), "HMAC_384": (48, 128), "HMAC_512": (64, 128)}
OAEP = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
RSA_AES = ("RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256")
RSA_SPECS = ("RSA_2048", "RSA_3072", "RSA_4096")
ALGORITHMS = (*OAEP, *RSA_AES, "SM2PKE", "RSAES_PKCS1_V1_5")
WRAPPING_SPECS = (*RSA_SPECS, "SM2")
FOREVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}


def is_allowed(spec, algorithm, wrapping_spec):
    """The table of the developer guide."""
    if spec == "SM2":
        return algorithm == "SM2PKE" and wrapping_spec == "SM2"
    if wrapping_spec not in RSA_SPECS:
        return False
    if algorithm in RSA_AES:
        return True
    return algorithm in OAEP and not spec.startswith("RSA") and (spec, wrapping_spec) != ("ECC_NIST_P521", "RSA_2048")


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True, timeout=60).stdout


def der(private_key):
    return private_key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def new_private_key(spec):
    if spec.startswith("RSA"):
        return rsa.generate_private_key(65537, int(spec[4:]))
    return ed25519.Ed25519PrivateKey.generate() if spec.endswith("25519") else ec.generate_private_key(CURVES[spec])


def new_material(spec):
    """Material for a key of that spec, as it is imported."""
    if spec == "SYMMETRIC_DEFAULT":
        return os.urandom(32)
    if spec in HMAC_SIZES:
        return os.urandom(HMAC_SIZES[spec][0])
    if spec == "SM2":
        return openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", data=openssl("genpkey", "-algorithm", "SM2"))
    return der(new_private_key(spec))


def wrap(public_key, algorithm, material):
    """`public_key` and the result as they stand in requests."""
    if algorithm == "SM2PKE":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "key.der"
            path.write_bytes(public_key)
            return openssl("pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", str(path), data=material)
    hash_algorithm = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    oaep = padding.OAEP(padding.MGF1(hash_algorithm), hash_algorithm, None)
    key = serialization.load_der_public_key(public_key)
    if algorithm in OAEP:
        return key.encrypt(material, oaep)
    aes = os.urandom(32)
    return key.encrypt(aes, oaep) + keywrap.aes_key_wrap_with_padding(aes, material)


def new_external_key(kms, spec="SYMMETRIC_DEFAULT", usage=None, **members):
    created = kms.create_key(Origin="EXTERNAL", KeySpec=spec, KeyUsage=usage or USAGE[spec], **members)
    return created["KeyMetadata"]["KeyId"]


def parameters(kms, key_id, algorithm=None, wrapping_spec=None):
    """Of GetParametersForImport; by default what goes with every key but SM2."""
    return kms.get_parameters_for_import(
        KeyId=key_id, WrappingAlgorithm=algorithm or "RSA_AES_KEY_WRAP_SHA_256", WrappingKeySpec=wrapping_spec or "RSA_2048")


class Importer:
    """Imports into one key, with parameters that are fetched once."""

    def __init__(self, kms, key_id, algorithm="RSA_AES_KEY_WRAP_SHA_256", wrapping_spec="RSA_2048"):
        self.kms, self.key_id, self.algorithm = kms, key_id, algorithm
        self.parameters = parameters(kms, key_id, algorithm, wrapping_spec)

    def members(self, material, **more):
        """Of ImportKeyMaterial."""
        terms = {} if "ValidTo" in more or "ExpirationModel" in more else FOREVER
        return {
            "KeyId": self.key_id, "ImportToken": self.parameters["ImportToken"],
            "EncryptedKeyMaterial": wrap(self.parameters["PublicKey"], self.algorithm, material), **terms, **more,
        }

    def __call__(self, material, **more):
        return self.kms.import_key_material(**self.members(material, **more))


def import_into(kms, key_id, material, **more):
    return Importer(kms, key_id)(material, **more)


def described(kms, key_id):
    return kms.describe_key(KeyId=key_id)["KeyMetadata"]


def state_of(kms, key_id):
    return described(kms, key_id)["KeyState"]
