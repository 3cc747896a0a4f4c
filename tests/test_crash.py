"""kill -9 at random moments while clients change keys and encrypt: whatever was acknowledged is there after the restart,
and every ciphertext that was ever returned decrypts."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

KILLS_AT_WORK = 50
KILLS_AT_START = 8
CLIENTS = 4
SAMPLE = 10  # older keys and ciphertexts looked at after each restart; the last look is at all

KILLED = (ConnectionError, HTTPClientError)  # what a client sees of a server that dies under it


@dataclass
class KnownKey:
    """A key as its acknowledged changes left it, and the change, if any, of which the client never heard the end."""

    key_id: str
    description: str
    tags: dict = field(default_factory=dict)
    rotations: int = 0
    enabled: bool = True
    pending: tuple = None  # (name of the member above, its value if the change went through)

    def settle(self, seen):
        """Compares with what the server says now. An unheard change counts if the server did it: all of it or nothing."""
        if self.pending is not None:
            name, value = self.pending
            if seen[name] == value:
                setattr(self, name, value)
            self.pending = None
        expected = {name: getattr(self, name) for name in seen}
        assert seen == expected, f"key {self.key_id}: acknowledged {expected}, found {seen}"


@dataclass
class KnownCiphertext:
    key: KnownKey
    blob: bytes
    plaintext: bytes
    context: dict


def look_at(kms, key):
    metadata = kms.describe_key(KeyId=key.key_id)["KeyMetadata"]
    tags = kms.list_resource_tags(KeyId=key.key_id)["Tags"]
    rotations = kms.list_key_rotations(KeyId=key.key_id, Limit=1000)["Rotations"]
    return {
        "description": metadata["Description"],
        "enabled": metadata["KeyState"] == "Enabled",
        "tags": {tag["TagKey"]: tag["TagValue"] for tag in tags},
        "rotations": len(rotations),
    }


class Client:
    """One client's share of the keys: only it changes them, so it knows what they must be."""

    def __init__(self, number, seed):
        self.number = number
        self.random = random.Random(seed)
        self.keys = []
        self.changed = []  # since the last restart
        self.ciphertexts = []
        self.fresh = []  # ciphertexts since the last restart
        self.acknowledged = 0
        self.unheard_create = False
        self.failure = None

    def work(self, kms):
        try:
            while True:
                self.step(kms)
                self.acknowledged += 1
        except KILLED:
            pass
        except Exception as error:  # a thread's exception must not be lost
            self.failure = error

    def step(self, kms):
        if len(self.keys) < 3 or self.random.random() < 0.12:
            return self.create(kms)
        key = self.random.choice(self.keys[-6:])
        action = self.random.choice([self.describe, self.tag, self.rotate, self.switch, self.encrypt, self.encrypt])
        return action(kms, key)

    def create(self, kms):
        text = f"client {self.number} key {self.random.getrandbits(64):x}"
        tags = {"made-by": str(self.number)}
        self.unheard_create = True
        made = kms.create_key(Description=text, Tags=[{"TagKey": k, "TagValue": v} for k, v in tags.items()])
        self.unheard_create = False
        self.keys.append(KnownKey(made["KeyMetadata"]["KeyId"], text, tags))
        self.changed.append(self.keys[-1])

    def change(self, key, name, value, call):
        self.changed.append(key)
        key.pending = (name, value)
        call()
        setattr(key, name, value)
        key.pending = None

    def describe(self, kms, key):
        text = f"changed {self.random.getrandbits(64):x}"
        self.change(key, "description", text, lambda: kms.update_key_description(KeyId=key.key_id, Description=text))

    def tag(self, kms, key):
        name, value = f"t{self.random.randrange(5)}", f"{self.random.getrandbits(32):x}"
        one = [{"TagKey": name, "TagValue": value}]
        self.change(key, "tags", {**key.tags, name: value}, lambda: kms.tag_resource(KeyId=key.key_id, Tags=one))

    def rotate(self, kms, key):
        if key.enabled:
            self.change(key, "rotations", key.rotations + 1, lambda: kms.rotate_key_on_demand(KeyId=key.key_id))

    def switch(self, kms, key):
        call = kms.disable_key if key.enabled else kms.enable_key
        self.change(key, "enabled", not key.enabled, lambda: call(KeyId=key.key_id))

    def encrypt(self, kms, key):
        if not key.enabled:
            return
        plaintext = self.random.randbytes(self.random.randrange(1, 200))
        context = {"client": str(self.number)} if self.random.random() < 0.5 else {}
        made = kms.encrypt(KeyId=key.key_id, Plaintext=plaintext, EncryptionContext=context)
        self.ciphertexts.append(KnownCiphertext(key, made["CiphertextBlob"], plaintext, context))
        self.fresh.append(self.ciphertexts[-1])

    def check(self, kms, everything=False):
        """All that changed since the last look, and a sample of the rest (or everything)."""
        keys, ciphertexts = self.keys, self.ciphertexts
        if not everything:
            changed = {key.key_id: key for key in self.changed}
            older = self.random.sample(self.keys, min(SAMPLE, len(self.keys)))
            keys = {**{key.key_id: key for key in older}, **changed}.values()
            ciphertexts = self.fresh + self.random.sample(self.ciphertexts, min(SAMPLE, len(self.ciphertexts)))
        for key in keys:
            key.settle(look_at(kms, key))
        for one in ciphertexts:
            self.check_ciphertext(kms, one)
        self.changed, self.fresh = [], []

    def check_ciphertext(self, kms, one):
        if not one.key.enabled:
            with pytest.raises(ClientError) as refused:
                kms.decrypt(CiphertextBlob=one.blob, EncryptionContext=one.context)
            assert refused.value.response["Error"]["Code"] == "DisabledException"
            return
        answer = kms.decrypt(CiphertextBlob=one.blob, EncryptionContext=one.context)
        assert answer["Plaintext"] == one.plaintext, f"a ciphertext of key {one.key.key_id} gives another plaintext"


def key_ids(kms):
    return {key["KeyId"] for page in kms.get_paginator("list_keys").paginate() for key in page["Keys"]}


def check_all(server, kms, clients, **options):
    with ThreadPoolExecutor(len(clients)) as pool:
        looks = [pool.submit(client.check, kms, **options) for client in clients]
    for look in looks:
        try:
            look.result()
        except KILLED as error:
            raise AssertionError(f"{error}; exit code {server.process.poll()}\n{server.log_tail()}") from error


def work_until_killed(server, kms, clients, seconds):
    threads = [threading.Thread(target=client.work, args=(kms,)) for client in clients]
    for thread in threads:
        thread.start()
    time.sleep(seconds)  # the random moment: neither side knows of it
    server.kill()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a client still waits for a dead server"
    for client in clients:
        assert client.failure is None, f"client {client.number}: {client.failure!r}"


def kill_at_start(server, seconds):
    server.start(ready=False)
    time.sleep(seconds)
    assert server.process.poll() is None, f"a start after a crash failed\n{server.log_tail()}"
    server.kill()


@pytest.mark.timeout(240)
def test_kill_9_loses_nothing_acknowledged(fresh_server):
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    server = fresh_server(start=False, settings={"quotas.on_demand_rotations": 10000})
    clients = [Client(number, moments.getrandbits(32)) for number in range(CLIENTS)]
    unknown_before = set()
    starts_to_kill = set(moments.sample(range(KILLS_AT_WORK), KILLS_AT_START))
    for round_number in range(KILLS_AT_WORK):
        if round_number in starts_to_kill:
            kill_at_start(server, moments.uniform(0, 0.15))
        server.start()
        kms = server.admin.client("kms")
        check_all(server, kms, clients)
        unheard = sum(client.unheard_create for client in clients)
        unknown = key_ids(kms) - {key.key_id for client in clients for key in client.keys}
        assert len(unknown - unknown_before) <= unheard, "there are keys that nobody asked for"
        unknown_before = unknown
        for client in clients:
            client.unheard_create = False
        work_until_killed(server, kms, clients, moments.uniform(0.01, 0.4))
    server.start()
    kms = server.admin.client("kms")
    check_all(server, kms, clients, everything=True)
    enable_all(kms, clients)
    check_all(server, kms, clients, everything=True)
    assert {key.key_id for client in clients for key in client.keys} <= key_ids(kms)
    acknowledged = sum(client.acknowledged for client in clients)
    assert acknowledged > KILLS_AT_WORK * CLIENTS, "the clients hardly got to work; the test shows nothing"
    assert server.stop() == 0, server.log_tail()
    print(f"{acknowledged} acknowledged, {sum(len(c.keys) for c in clients)} keys")


def enable_all(kms, clients):
    for client in clients:
        for key in client.keys:
            if not key.enabled:
                kms.enable_key(KeyId=key.key_id)
                key.enabled = True


def test_a_disabled_key_stays_disabled_after_a_kill(fresh_server):
    """The other direction: nobody gets back, by a crash, what had been taken away."""
    server = fresh_server()
    kms = server.admin.client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"taken away")["CiphertextBlob"]
    kms.disable_key(KeyId=key_id)
    server.crash_and_restart()
    with pytest.raises(ClientError) as refused:
        server.admin.client("kms").decrypt(CiphertextBlob=blob)
    assert refused.value.response["Error"]["Code"] == "DisabledException"
