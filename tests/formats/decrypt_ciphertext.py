"""A second reader of Kagimori's ciphertext, written from docs/formats/ciphertext.md alone.

As a program: decrypt_ciphertext.py MATERIAL_HEX CIPHERTEXT_HEX [KEY=VALUE ...] prints the plaintext.
"""

import hashlib
import hmac
import struct
import sys
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HEADER = struct.Struct(">BBB16sQI16s32s")
TAG_SIZE = 16


class InvalidCiphertext(Exception):
    """What the server calls InvalidCiphertextException: it never says why, this reader does."""


def kbkdf(key: bytes, label: bytes, context: bytes, size: int) -> bytes:
    """SP 800-108r1 section 4.1, counter mode with HMAC-SHA256."""
    out = b""
    counter = 0
    while len(out) < size:
        counter += 1
        message = struct.pack(">I", counter) + label + b"\0" + context + struct.pack(">I", size * 8)
        out += hmac.new(key, message, hashlib.sha256).digest()
    return out[:size]


def sized(part: bytes) -> bytes:
    return struct.pack(">I", len(part)) + part


def canonical(context: dict[str, str]) -> bytes:
    pairs = sorted((key.encode(), value.encode()) for key, value in context.items())
    return b"".join(sized(key) + sized(value) for key, value in pairs)


def parse_header(blob: bytes) -> dict:
    if len(blob) < HEADER.size + TAG_SIZE:
        raise InvalidCiphertext("too short")
    form, suite, kind, key_id, account, version, nonce, commitment = HEADER.unpack_from(blob)
    if (form, suite) != (1, 1) or kind not in (1, 2):
        raise InvalidCiphertext("unknown format, suite or kind of key id")
    name = str(uuid.UUID(bytes=key_id)) if kind == 1 else "mrk-" + key_id.hex()
    return {"key_id": name, "account": f"{account:012}", "version": version, "nonce": nonce, "commitment": commitment}


def decrypt(material: bytes, blob: bytes, context: dict[str, str] | None = None) -> bytes:
    commitment = parse_header(blob)["commitment"]
    header = blob[: HEADER.size]
    derived = kbkdf(material, b"kagimori message 1", header[:47], 76)
    if not hmac.compare_digest(derived[44:], commitment):
        raise InvalidCiphertext("the commitment does not match")
    try:
        return AESGCM(derived[:32]).decrypt(derived[32:44], blob[HEADER.size :], header + canonical(context or {}))
    except InvalidTag:
        raise InvalidCiphertext("the tag does not match") from None


if __name__ == "__main__":
    pairs = dict(argument.split("=", 1) for argument in sys.argv[3:])
    sys.stdout.buffer.write(decrypt(bytes.fromhex(sys.argv[1]), bytes.fromhex(sys.argv[2]), pairs))
