"""docs/formats/ciphertext.md against the golden files that the C++ code writes."""

from pathlib import Path

import pytest
from decrypt_ciphertext import InvalidCiphertext, decrypt, parse_header

TESTDATA = Path(__file__).parents[2] / "src/seal/testdata"
MATERIAL = b"0123456789abcdef0123456789abcdef"
CONTEXT = {"purpose": "golden", "department": "10314"}
PLAINTEXT = b"The quick brown fox jumps over the lazy dog."


def golden(name: str) -> bytes:
    return bytes.fromhex((TESTDATA / name).read_text())


def test_decrypts_with_context():
    blob = golden("ciphertext.v1.hex")
    assert decrypt(MATERIAL, blob, CONTEXT) == PLAINTEXT
    assert len(blob) == len(PLAINTEXT) + 95


def test_decrypts_multi_region_without_context():
    assert decrypt(MATERIAL, golden("ciphertext_multi_region.v1.hex")) == PLAINTEXT


@pytest.mark.parametrize(
    ("name", "key_id"),
    [
        ("ciphertext.v1.hex", "1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("ciphertext_multi_region.v1.hex", "mrk-1234abcd12ab34cd56ef1234567890ab"),
    ],
)
def test_header_names_the_key(name, key_id):
    header = parse_header(golden(name))
    assert (header["key_id"], header["account"], header["version"]) == (key_id, "111122223333", 3)


@pytest.mark.parametrize("context", [{}, {"purpose": "golden"}, CONTEXT | {"purpose": "Golden"}])
def test_another_context_is_refused(context):
    with pytest.raises(InvalidCiphertext, match="tag"):
        decrypt(MATERIAL, golden("ciphertext.v1.hex"), context)


def test_another_key_is_refused_by_the_commitment():
    with pytest.raises(InvalidCiphertext, match="commitment"):
        decrypt(MATERIAL[::-1], golden("ciphertext.v1.hex"), CONTEXT)


@pytest.mark.parametrize("offset", range(139))
def test_every_changed_byte_is_refused(offset):
    blob = bytearray(golden("ciphertext.v1.hex"))
    blob[offset] ^= 0x40
    with pytest.raises(InvalidCiphertext):
        decrypt(MATERIAL, bytes(blob), CONTEXT)
