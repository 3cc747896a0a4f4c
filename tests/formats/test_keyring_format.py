"""docs/formats/keyring.md, key-file.md and record.md against the golden files that the C++ code writes: from the key file
down to a piece of material and a record, by nothing but what the pages say."""

import base64
import hashlib
import hmac
import struct
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from decrypt_ciphertext import kbkdf, sized

TESTDATA = Path(__file__).parents[2] / "src/seal/testdata"
META, ENVELOPES, EPOCHS, ALIASES = 1, 2, 3, 11
ACCOUNT = "111122223333"


def golden(name: str) -> bytes:
    return bytes.fromhex((TESTDATA / name).read_text())


class Cursor:
    def __init__(self, data: bytes):
        self.data = data

    def take(self, size: int) -> bytes:
        assert len(self.data) >= size
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def unpack(self, form: str):
        (value,) = struct.unpack(">" + form, self.take(struct.calcsize(">" + form)))
        return value

    def sized(self) -> bytes:
        return self.take(self.unpack("I"))

    def optional_time(self):
        present, time = self.unpack("?"), self.unpack("q")
        return time if present else None


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def open_box(key: bytes, label: str, aad: bytes, box: bytes) -> bytes:
    assert box[0] == 1
    derived = kbkdf(key, label.encode(), box[:17], 44)
    return AESGCM(derived[:32]).decrypt(derived[32:], box[17:], aad)


def read_key_file() -> tuple[str, dict[str, bytes]]:
    text = (TESTDATA / "key_file.v1.txt").read_bytes()
    body, _, checksum = text.rpartition(b"checksum ")
    assert checksum.decode() == hashlib.sha256(body).hexdigest() + "\n"
    lines = [line for line in body.decode().splitlines() if line and not line.startswith("#")]
    assert lines.pop(0) == "kagimori-key-file 1"
    store, keys = "", {}
    for line in lines:
        match line.split(" "):
            case ["store", value]:
                store = value
            case ["key", name, value]:
                keys[name] = base64.b64decode(value, validate=True)
            case _:
                raise AssertionError(line)
    return store, keys


class Root:
    """The root key, opened by the key file, and what is derived from it."""

    def __init__(self):
        self.store, keys = read_key_file()
        content = Cursor(golden("envelope.v1.hex")[5:-32])
        assert content.unpack("B") == 1
        self.envelope_id, kind, self.generation = content.unpack("I"), content.unpack("B"), content.unpack("I")
        assert kind == 1
        assert content.sized() == b"/etc/kagimori/key"
        parameters = Cursor(content.sized())
        assert parameters.unpack("B") == 1
        key = keys[parameters.sized().decode()]
        aad = sized(self.store.encode()) + struct.pack(">IBI", self.envelope_id, kind, self.generation)
        root = open_box(key, "kagimori envelope key-file 1", aad, content.sized())
        assert len(root) == 32
        self.context = sized(self.store.encode()) + struct.pack(">I", self.generation)
        self.epoch_key, self.record_key, self.check_key = (
            kbkdf(root, f"kagimori root {name} 1".encode(), self.context, 32) for name in ("epochs", "records", "check")
        )

    def open_record(self, name: str, table: int, key: bytes, revision: int) -> Cursor:
        value = golden(name)
        generation, content = value[1:5], value[5:-32]
        message = bytes([1, table]) + sized(key) + struct.pack(">Q", revision) + generation + content
        assert value[0] == 1
        assert mac(self.record_key, message) == value[-32:]
        return Cursor(content)

    def epoch(self, name: str, account: str, number: int, revision: int) -> tuple[bytes, bytes]:
        content = self.open_record(name, EPOCHS, account.encode() + struct.pack(">I", number), revision)
        assert (content.unpack("B"), content.unpack("q")) == (1, 1_800_000_000_000_000)
        assert (content.optional_time(), content.optional_time(), content.unpack("Q")) == (None, None, 65536)
        aad = sized(self.store.encode()) + struct.pack(">QII", int(account), number, self.generation)
        key = open_box(self.epoch_key, "kagimori epoch 1", aad, content.sized())
        assert content.data == b""
        context = struct.pack(">QI", int(account), number)
        return kbkdf(key, b"kagimori epoch wrapping 1", context, 32), kbkdf(key, b"kagimori epoch records 1", context, 32)


@pytest.fixture(scope="module")
def root() -> Root:
    return Root()


def test_meta_is_authentic_and_holds_the_check_value(root):
    meta = root.open_record("meta.v1.hex", META, b"store", 1)
    assert (meta.unpack("B"), meta.unpack("I"), meta.sized().decode()) == (1, 1, root.store)
    assert (meta.unpack("I"), meta.unpack("I")) == (root.generation, 0)
    assert meta.sized() == mac(root.check_key, root.context)
    assert (meta.unpack("q"), meta.unpack("?"), meta.data) == (1_800_000_000_000_000, False, b"")


def test_envelope_is_authentic(root):
    root.open_record("envelope.v1.hex", ENVELOPES, struct.pack(">I", root.envelope_id), 1)


def test_the_systems_epoch_opens(root):
    root.epoch("epoch_of_system.v1.hex", "000000000000", 1, 1)


def material_aad(root: Root, region: str) -> bytes:
    texts = (root.store, ACCOUNT, region, "11111111-2222-4333-8444-555555555555")
    return b"".join(sized(text.encode()) for text in texts) + struct.pack(">IBI", 3, 1, 1)


def test_material_unwraps(root):
    wrapping_key, _ = root.epoch("epoch_of_account.v1.hex", ACCOUNT, 1, 2)
    box = golden("material.v1.hex")
    aad = material_aad(root, "eu-central-1")
    assert open_box(wrapping_key, "kagimori material 1", aad, box) == b"0123456789abcdef0123456789abcdef"
    with pytest.raises(InvalidTag):
        open_box(wrapping_key, "kagimori material 1", material_aad(root, "eu-central-2"), box)


def test_record_is_authentic(root):
    _, record_key = root.epoch("epoch_of_account.v1.hex", ACCOUNT, 1, 2)
    value = Cursor(golden("record.v1.hex"))
    form, account, epoch = value.unpack("B"), value.unpack("Q"), value.unpack("I")
    content, found = value.data[:-32], value.data[-32:]
    assert (form, account, epoch, content) == (1, int(ACCOUNT), 1, b"the content of a record")
    key = ACCOUNT.encode() + b"eu-central-1\0alias/golden\0"
    place = bytes([1, ALIASES]) + sized(key) + struct.pack(">QQI", 42, account, epoch)
    assert mac(record_key, place + content) == found
