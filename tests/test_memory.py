"""Reads the memory of the running server, as root does through /proc: key material, the keys above it and the secrets of
access keys are in the pages for secrets or nowhere, and after eviction nowhere at all."""

import base64
import os
import re
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parent / "tools"))

from stored_secrets import HEADER, StoredSecrets, kbkdf  # noqa: E402

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may read another process's memory")

SECRET_PAGE_FLAGS = {"lo", "dd", "wf"}  # locked, not dumped, wiped on fork: proc(5), VmFlags
SMALLEST_CACHE = 100


class Mapping:
    def __init__(self, line):
        words = line.split()
        self.begin, self.end = (int(number, 16) for number in words[0].split("-"))
        self.rights = words[1]
        self.name = words[5] if len(words) > 5 else ""
        self.flags = set()

    @property
    def is_secret(self):
        return SECRET_PAGE_FLAGS <= self.flags


def mappings(pid):
    found = []
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match("[0-9a-f]+-[0-9a-f]+ ", line):
            found.append(Mapping(line))
        elif line.startswith("VmFlags:"):
            found[-1].flags = set(line.split()[1:])
    return found


class Memory:
    """What a process held in memory at one moment: the pages for secrets, and all others."""

    def __init__(self, server):
        pid = server.process.pid
        self.maps = mappings(pid)
        self.secret, self.ordinary = [], []
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for one in self.maps:
                if "r" not in one.rights or one.name.startswith(("[vvar", "[vsyscall")):
                    continue
                memory.seek(one.begin)
                held = b""
                while len(held) < one.end - one.begin:
                    held += memory.read(one.end - one.begin - len(held))
                (self.secret if one.is_secret else self.ordinary).append((one, held))

    def outside(self, needle):
        """Where it lies among the ordinary pages, for people."""
        return [f"{one.begin + at:x} {one.rights} {one.name}" for one, held in self.ordinary if (at := held.find(needle)) >= 0]

    def inside(self, needle):
        return any(needle in held for _, held in self.secret)


def assert_only_in_secret_pages(memory, needles):
    leaks = {name: places for name, needle in needles.items() if (places := memory.outside(needle))}
    assert not leaks, f"outside the pages for secrets: {leaks}"


def spellings(name, secret):
    """A secret as it could be left behind: its bytes, and its text in base64 or hexadecimal."""
    text = base64.b64encode(secret).rstrip(b"=")
    return {name: secret, f"{name} in base64": text, f"{name} in hex": secret.hex().encode()}


@pytest.fixture(scope="module")
def quiet_server(tmp_path_factory):
    """One worker with the smallest cache, so that eviction can be forced."""
    from harness import Server, free_port

    settings = {"server.workers": 1, "cache.entries": SMALLEST_CACHE}
    server = Server(tmp_path_factory.mktemp("memory") / "data", free_port(), settings=settings).init().start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def quiet_kms(quiet_server):
    return quiet_server.admin.client("kms")


def new_key(kms, description="a key"):
    return kms.create_key(Description=description)["KeyMetadata"]["KeyId"]


def material_of(server, key_id):
    found = {one.version: one.secret for one in StoredSecrets(server).materials if one.key_id == key_id}
    assert found, "the key's material was not found in the store"
    return found


def test_the_search_finds_what_is_there(quiet_server, quiet_kms):
    """Without this the tests below could pass by searching wrongly."""
    quiet_kms.describe_key(KeyId=new_key(quiet_kms, "a description as long as a needle"))
    memory = Memory(quiet_server)
    assert memory.outside(b"a description as long as a needle")
    secrets = StoredSecrets(quiet_server)
    assert any(memory.inside(key) for key in secrets.wrapping_keys.values())


def test_secret_pages_are_locked_and_between_guard_pages(quiet_server):
    maps = mappings(quiet_server.process.pid)
    (index,) = [index for index, one in enumerate(maps) if one.is_secret]
    secret = maps[index]
    assert secret.end - secret.begin == 4 << 20
    assert secret.rights == "rw-p"
    for guard, edge in ((maps[index - 1], secret.begin), (maps[index + 1], secret.end)):
        assert guard.rights == "---p"
        assert edge in (guard.begin, guard.end)
    status = Path(f"/proc/{quiet_server.process.pid}/status").read_text()
    assert int(re.search(r"VmLck:\s+(\d+) kB", status)[1]) >= 4096


def test_material_in_use_is_only_in_secret_pages(quiet_server, quiet_kms):
    key_id = new_key(quiet_kms)
    old = quiet_kms.encrypt(KeyId=key_id, Plaintext=b"before")["CiphertextBlob"]
    quiet_kms.rotate_key_on_demand(KeyId=key_id)
    blobs = [old, quiet_kms.encrypt(KeyId=key_id, Plaintext=b"after")["CiphertextBlob"]]
    for blob in blobs:
        quiet_kms.decrypt(CiphertextBlob=blob)
    materials = material_of(quiet_server, key_id)
    assert sorted(materials) == [1, 2]
    needles = {}
    for version, blob in zip((1, 2), blobs, strict=True):
        needles |= spellings(f"material of version {version}", materials[version])
        derived = kbkdf(materials[version], b"kagimori message 1", blob[: HEADER.size][:47], 76)
        needles |= spellings(f"message key under version {version}", derived[:32])
    assert_only_in_secret_pages(Memory(quiet_server), needles)


def test_root_and_epoch_keys_are_only_in_secret_pages(quiet_server, quiet_kms):
    new_key(quiet_kms)
    secrets = StoredSecrets(quiet_server)
    needles = spellings("root key", secrets.root)
    for name, key in secrets.root_keys.items():
        needles |= spellings(f"root's {name} key", key)
    for name, key in secrets.file_keys.items():
        needles |= spellings(f"key-encryption key {name}", key)
    for kind, keys in (("epoch", secrets.epochs), ("wrapping", secrets.wrapping_keys), ("record", secrets.record_keys)):
        for name, key in keys.items():
            needles |= spellings(f"{kind} key {name}", key)
    assert_only_in_secret_pages(Memory(quiet_server), needles)


def test_secret_access_keys_are_only_in_secret_pages(quiet_server, quiet_kms, make_user):
    user = make_user(allow=["kms:ListKeys"], on=quiet_server)
    user.client("kms").list_keys()
    quiet_kms.list_keys()
    stored = {one.key_id: one.secret for one in StoredSecrets(quiet_server).access_keys}
    assert stored[user.access_key] == user.secret_key.encode()
    needles = {name: secret for name, secret in stored.items()}
    # What AWS's signing puts before the secret (SigV4, "derive a signing key").
    needles |= {f"AWS4 + {name}": b"AWS4" + secret for name, secret in stored.items()}
    assert_only_in_secret_pages(Memory(quiet_server), needles)


def test_data_keys_and_plaintexts_are_not_left_behind(quiet_server, quiet_kms):
    key_id = new_key(quiet_kms)
    made = quiet_kms.generate_data_key(KeyId=key_id, KeySpec="AES_256")
    sent = os.urandom(32)
    blob = quiet_kms.encrypt(KeyId=key_id, Plaintext=sent)["CiphertextBlob"]
    assert quiet_kms.decrypt(CiphertextBlob=blob)["Plaintext"] == sent
    drawn = quiet_kms.generate_random(NumberOfBytes=32)["Plaintext"]
    needles = spellings("data key", made["Plaintext"]) | spellings("plaintext", sent) | spellings("random", drawn)
    assert_only_in_secret_pages(Memory(quiet_server), needles)


def test_nothing_of_a_key_remains_after_eviction(quiet_server, quiet_kms):
    key_id = new_key(quiet_kms)
    blob = quiet_kms.encrypt(KeyId=key_id, Plaintext=b"soon evicted")["CiphertextBlob"]
    material = material_of(quiet_server, key_id)[1]
    for _ in range(SMALLEST_CACHE + 30):
        quiet_kms.encrypt(KeyId=new_key(quiet_kms), Plaintext=b"another key")
    memory = Memory(quiet_server)
    derived = kbkdf(material, b"kagimori message 1", blob[: HEADER.size][:47], 76)
    needles = spellings("material", material) | spellings("message key", derived[:32])
    assert_only_in_secret_pages(memory, needles)
    assert not [name for name, needle in needles.items() if memory.inside(needle)]
    assert quiet_kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"soon evicted"


def test_destroyed_material_is_gone_from_memory_and_files(quiet_server, quiet_kms):
    key_id = new_key(quiet_kms)
    quiet_kms.encrypt(KeyId=key_id, Plaintext=b"soon gone")
    material = material_of(quiet_server, key_id)[1]
    quiet_kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    quiet_server.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=7 * 86_400 + 60)
    quiet_server.admin.call("Kagimori.Sweep")
    with pytest.raises(quiet_kms.exceptions.NotFoundException):
        quiet_kms.describe_key(KeyId=key_id)
    memory = Memory(quiet_server)
    assert not memory.inside(material)
    assert_only_in_secret_pages(memory, spellings("material", material))
    assert key_id not in {one.key_id for one in StoredSecrets(quiet_server).materials}
