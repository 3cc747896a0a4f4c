"""Reads every secret of a data folder, as whoever holds the key file can: the root key, the epoch keys, the material of
every key version and the secrets of access keys. Written from docs/formats/ alone, for tests that look for these bytes
where they must not be, and that change records knowingly."""

import base64
import hashlib
import hmac
import shutil
import sqlite3
import struct
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "formats"))

from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402
from decrypt_ciphertext import HEADER, kbkdf, sized  # noqa: E402


__all__ = ["HEADER", "Cursor", "StoredSecrets", "kbkdf", "record_mac", "rows_of", "sized"]

AES, HMAC = 1, 5
MAC_SIZE = 32


class Cursor:
    """Takes the fields of a record one after the other (docs/formats/record.md)."""

    def __init__(self, data):
        self.data, self.position = data, 0

    def take(self, size):
        self.position += size
        assert self.position <= len(self.data)
        return self.data[self.position - size : self.position]

    def unpack(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(">" + form)))[0]

    def sized(self):
        return self.take(self.unpack("I"))

    def text(self):
        return self.sized().decode()


def open_box(key, label, aad, box):
    assert box[0] == 1
    derived = kbkdf(key, label.encode(), box[:17], 44)
    return AESGCM(derived[:32]).decrypt(derived[32:], box[17:], aad)


def record_mac(key, table, primary_key, revision, value):
    """The MAC of a record of an account: `value` is format, account, epoch and content."""
    message = value[:1] + bytes([table]) + sized(primary_key) + struct.pack(">Q", revision) + value[1:]
    return hmac.new(key, message, hashlib.sha256).digest()


def rows_of(database, table):
    return [(bytes(pk), revision, bytes(value)) for pk, revision, value in
            database.execute(f"SELECT pk, revision, value FROM t_{table} ORDER BY pk")]


@dataclass
class Material:
    key_id: str  # or the access key id
    version: int
    secret: bytes


class StoredSecrets:
    def __init__(self, server):
        """Of a server that runs or not: its files are read as a copy."""
        with tempfile.TemporaryDirectory() as folder:
            for file in (server.data / "store").glob("kagimori.db*"):
                shutil.copy(file, folder)
            database = sqlite3.connect(Path(folder) / "kagimori.db")
            try:
                self._read_meta(database)
                self._read_key_file(server)
                self._open_root(database)
                self._open_epochs(database)
                self.materials = list(self._open_objects(database, server.region))
                self.access_keys = list(self._open_access_keys(database))
            finally:
                database.close()

    def _read_meta(self, database):
        ((_, _, value),) = rows_of(database, "meta")
        content = Cursor(value[5:-MAC_SIZE])
        content.take(5)
        self.store = content.text()

    def _read_key_file(self, server):
        self.key_file = server.config_home / "kagimori" / f"{self.store}.key"
        lines = [line.split(" ") for line in self.key_file.read_text().splitlines() if not line.startswith("#")]
        self.file_keys = {words[1]: base64.b64decode(words[2]) for words in lines if words[0] == "key"}

    def _open_root(self, database):
        (value,) = [value for _, _, value in rows_of(database, "envelopes")]
        content = Cursor(value[5:-MAC_SIZE])
        form, number, kind, generation = (content.unpack(one) for one in "BIBI")
        assert (form, kind) == (1, 1)
        content.sized()
        name = content.sized()[5:].decode()
        aad = sized(self.store.encode()) + struct.pack(">IBI", number, kind, generation)
        self.root = open_box(self.file_keys[name], "kagimori envelope key-file 1", aad, content.sized())
        context = sized(self.store.encode()) + struct.pack(">I", generation)
        self.generation = generation
        self.root_keys = {
            name: kbkdf(self.root, f"kagimori root {name} 1".encode(), context, 32)
            for name in ("epochs", "records", "check")
        }

    def _open_epochs(self, database):
        self.epochs_in_use = set()  # (account, number) that wrap some material
        self.epochs, self.wrapping_keys, self.record_keys = {}, {}, {}
        for pk, _, value in rows_of(database, "epochs"):
            account, number = pk[:12].decode(), struct.unpack(">I", pk[12:])[0]
            content = Cursor(value[5:-MAC_SIZE])
            content.take(1 + 8 + 9 + 9 + 8)
            aad = sized(self.store.encode()) + struct.pack(">QII", int(account), number, self.generation)
            key = open_box(self.root_keys["epochs"], "kagimori epoch 1", aad, content.sized())
            context = struct.pack(">QI", int(account), number)
            self.epochs[account, number] = key
            self.wrapping_keys[account, number] = kbkdf(key, b"kagimori epoch wrapping 1", context, 32)
            self.record_keys[account, number] = kbkdf(key, b"kagimori epoch records 1", context, 32)

    def _unwrap(self, content, account, region, object_id, version, algorithm):
        epoch, box = content.unpack("I"), content.sized()
        self.epochs_in_use.add((account, epoch))
        texts = b"".join(sized(text.encode()) for text in (self.store, account, region, object_id))
        aad = texts + struct.pack(">IBI", version, algorithm, epoch)
        return open_box(self.wrapping_keys[account, epoch], "kagimori material 1", aad, box)

    def _open_objects(self, database, region):
        ids = {value[14:-MAC_SIZE]: pk.split(b"\0")[1].decode() for pk, _, value in rows_of(database, "key_ids")}
        for pk, _, value in rows_of(database, "objects"):
            account = pk[:12].decode()
            content = Cursor(value[13:-MAC_SIZE])
            content.take(1 + 16)
            assert content.text() == account
            version, _ = content.unpack("I"), content.unpack("B")
            object_id = content.text()
            content.take(1 + 4 + 4)  # object type, usage mask, object state
            if content.unpack("B") != 1:
                continue  # no material is there
            secret = self._unwrap(content, account, region, object_id, version, AES)
            yield Material(ids[pk[12:28]], version, secret)

    def _open_access_keys(self, database):
        for _, _, value in rows_of(database, "access_keys"):
            content = Cursor(value[13:-MAC_SIZE])
            content.take(1)
            name, account = content.text(), content.text()
            content.text()
            content.take(1 + 8)
            yield Material(name, 0, self._unwrap(content, account, "", name, 0, HMAC))
