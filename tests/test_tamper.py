"""What somebody with write access to the files of a stopped server can do to it: change bytes, forge, swap and delete
records, exchange databases and key files. The server says what is wrong and refuses that record, or to start; it never
gives a wrong plaintext, never obeys a forged record, and never changes what it has found."""

import hashlib
import os
import random
import re
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from harness import Server, free_port

sys.path.append(str(Path(__file__).resolve().parent / "tools"))

from stored_secrets import StoredSecrets, record_mac, rows_of  # noqa: E402

STARTS_AFTER_FLIPS = 100
FLIPS_EACH = 2
TABLE_KEYS = 5  # src/store/store.h


def store_of(server):
    return server.data / "store" / "kagimori.db"


def key_file_of(server):
    (file,) = (server.config_home / "kagimori").glob("*.key")
    return file


def refused_start(server, *expected):
    """Starts the server, which must end by itself with exit code 1, a sentence that matches, and an untouched store.
    Returns what it printed."""
    before = store_of(server).read_bytes()
    done = server.command("serve", "--config", server.config, check=False)
    assert done.returncode == 1, f"exit {done.returncode}: {done.stdout}{done.stderr}"
    for pattern in expected:
        assert re.search(pattern, done.stderr), f"{pattern!r} is not in: {done.stderr}"
    assert store_of(server).read_bytes() == before, "a refused start changed the database"
    return done.stderr


def records(server, table):
    database = sqlite3.connect(store_of(server))
    try:
        return rows_of(database, table)
    finally:
        database.close()


def change(server, statement, *parameters):
    """One SQL statement on the stopped server's database; it must change something."""
    database = sqlite3.connect(store_of(server))
    try:
        changed = database.execute(statement, parameters).rowcount
        database.commit()
        assert changed > 0, statement
    finally:
        database.close()


def set_value(server, table, pk, value):
    change(server, f"UPDATE t_{table} SET value=? WHERE pk=?", value, pk)


def flipped(data, at, bit=0):
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]


class Victim:
    """A stopped server with two keys, and what is known of them. Made once, put back as it was before each test."""

    def __init__(self, folder):
        self.server = Server(folder / "data", free_port()).init().start()
        kms = self.server.admin.client("kms")
        self.good, self.other = (kms.create_key(Description=text)["KeyMetadata"]["KeyId"] for text in ("good", "other"))
        self.blobs = {
            key: kms.encrypt(KeyId=key, Plaintext=key.encode())["CiphertextBlob"] for key in (self.good, self.other)
        }
        self.server.stop()
        self.client = (None, None)
        self.saved = {file: file.read_bytes() for file in (store_of(self.server), key_file_of(self.server))}

    def put_back(self):
        self.server.kill()
        self.server.log_file.unlink(missing_ok=True)
        for folder in {file.parent for file in self.saved}:
            for file in folder.iterdir():
                file.unlink()
        for file, data in self.saved.items():
            file.write_bytes(data)
            file.chmod(0o600)

    @property
    def kms(self):
        """A client for as long as this process of the server runs: making one costs more than most tests here."""
        pid = self.server.process.pid
        if self.client[0] != pid:
            self.client = (pid, self.server.admin.client("kms"))
        return self.client[1]

    def row(self, table, key_id):
        """The primary key, revision and value of the record of a key in a table whose primary key has its row id."""
        ids = {pk.split(b"\0")[1].decode(): value[14:-32] for pk, _, value in records(self.server, "key_ids")}
        (found,) = [one for one in records(self.server, table) if one[0][12:28] == ids[key_id]]
        return found

    def start(self):
        self.server.start()

    def works(self, key_id):
        assert self.kms.decrypt(CiphertextBlob=self.blobs[key_id])["Plaintext"] == key_id.encode()
        assert self.kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Enabled"

    def refuses(self, key_id, table, *, calls=("Decrypt", "Encrypt", "DescribeKey")):
        """Every one of these calls fails with an internal error, and the log names the table of the record."""
        members = {
            "Decrypt": lambda: self.kms.decrypt(CiphertextBlob=self.blobs[key_id]),
            "Encrypt": lambda: self.kms.encrypt(KeyId=key_id, Plaintext=b"x"),
            "DescribeKey": lambda: self.kms.describe_key(KeyId=key_id),
            "GetKeyPolicy": lambda: self.kms.get_key_policy(KeyId=key_id, PolicyName="default"),
            "EnableKey": lambda: self.kms.enable_key(KeyId=key_id),
        }
        for call in calls:
            with pytest.raises(self.kms.exceptions.ClientError) as refused:
                members[call]()
            error = refused.value.response["Error"]
            assert error["Code"] == "KMSInternalException", f"{call}: {error}"
        said = self.server.log_file.read_text() + str(error)
        named = re.search(rf"record .*{table}|{table}.* record|table {table}", said)
        assert named, f"nothing names {table}: {error} {self.server.log_tail(10)}"


@pytest.fixture(scope="module")
def lasting_victim(tmp_path_factory):
    one = Victim(tmp_path_factory.mktemp("victim"))
    yield one
    one.server.kill()


@pytest.fixture(scope="module")
def lasting_other(tmp_path_factory):
    return Victim(tmp_path_factory.mktemp("other"))


@pytest.fixture
def victim(lasting_victim):
    lasting_victim.put_back()
    return lasting_victim


@pytest.fixture
def other(lasting_other):
    """Another store of the same kind."""
    lasting_other.put_back()
    return lasting_other


# --- The key file ---


def test_missing_key_file(victim):
    key_file_of(victim.server).rename(victim.server.data.parent / "away.key")
    refused_start(victim.server, "key file", "does not exist|missing|No such file")


def test_key_file_of_another_store(victim, other):
    shutil.copy(key_file_of(other.server), key_file_of(victim.server))
    refused_start(victim.server, "key file", key_file_of(other.server).stem)


def test_wrong_key_under_the_right_name(victim, other):
    """Somebody edits the store's id into another store's key file."""
    theirs, mine = key_file_of(other.server), key_file_of(victim.server)
    body = theirs.read_text().replace(theirs.stem, mine.stem).rpartition("checksum ")[0]
    mine.write_text(f"{body}checksum {hashlib.sha256(body.encode()).hexdigest()}\n")
    refused_start(victim.server, "key file|root key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_key_file_that_others_may_read(victim, mode):
    key_file_of(victim.server).chmod(mode)
    refused_start(victim.server, "key file", "chmod|0600|readable|mode")


def test_damaged_key_file(victim):
    file = key_file_of(victim.server)
    whole = file.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], flipped(whole, whole.index(b"\nkey ") + 50), b"\0" * 100):
        file.write_bytes(damaged)
        refused_start(victim.server, "key file")
    file.write_bytes(whole)
    victim.start()
    victim.works(victim.good)


# --- The database as a whole ---


def test_database_of_another_store(victim, other):
    shutil.copy(store_of(other.server), store_of(victim.server))
    refused_start(victim.server, key_file_of(other.server).stem)


def test_database_of_another_store_with_its_key_files_name(victim, other):
    """The other database, and this store's key under the name that it asks for."""
    shutil.copy(store_of(other.server), store_of(victim.server))
    mine = key_file_of(victim.server)
    mine.rename(mine.with_name(key_file_of(other.server).name))
    refused_start(victim.server, "key file", mine.stem)


@pytest.mark.parametrize("part", [0.0, 0.001, 0.3, 0.9])
def test_truncated_database(victim, part):
    file = store_of(victim.server)
    os.truncate(file, int(file.stat().st_size * part))
    before = file.read_bytes()
    done = victim.server.command("serve", "--config", victim.server.config, check=False)
    assert done.returncode == 1, f"exit {done.returncode}: {done.stderr}"
    assert re.search("damaged|truncated|empty", done.stderr), done.stderr
    assert file.read_bytes() == before


def test_not_a_database(victim):
    store_of(victim.server).write_bytes(b"This is a text.\n" * 1000)
    refused_start(victim.server, "not a|is no|damaged")


def test_missing_database(victim):
    store_of(victim.server).unlink()
    done = victim.server.command("serve", "--config", victim.server.config, check=False)
    assert done.returncode == 1
    assert "init" in done.stderr or "does not exist" in done.stderr or "no store" in done.stderr, done.stderr


def test_newer_schema(victim):
    database = sqlite3.connect(store_of(victim.server))
    database.execute("PRAGMA user_version = 99")
    database.close()
    refused_start(victim.server, "99", "release")


# --- Records ---


def with_one_byte_changed(victim, table, position):
    pk, _, value = victim.row(table, victim.good)
    set_value(victim.server, table, pk, flipped(value, position if position >= 0 else len(value) + position))
    victim.start()


@pytest.mark.parametrize("table", ["keys", "key_policies", "versions", "objects"])
def test_one_byte_of_a_record_changed(victim, table):
    with_one_byte_changed(victim, table, 40)
    victim.refuses(victim.good, table, calls=("Encrypt", "Decrypt"))
    victim.works(victim.other)


@pytest.mark.parametrize("position", [0, 1, 9, 13, -33, -1])
def test_frame_of_a_record_changed(victim, position):
    """Format, account, epoch, content and MAC."""
    with_one_byte_changed(victim, "keys", position)
    victim.refuses(victim.good, "keys")
    victim.works(victim.other)


def test_disabled_key_forged_to_enabled(victim):
    before = victim.row("keys", victim.good)[2]
    victim.start()
    victim.kms.disable_key(KeyId=victim.good)
    victim.server.stop()
    pk, _, value = victim.row("keys", victim.good)
    assert len(before) == len(value)
    enabled = next(at for at in range(13, len(value)) if before[at] != value[at])
    assert (before[enabled], value[enabled]) == (1, 0)
    set_value(victim.server, "keys", pk, value[:enabled] + b"\1" + value[enabled + 1 :])
    victim.start()
    victim.refuses(victim.good, "keys", calls=("Encrypt", "Decrypt", "DescribeKey", "EnableKey"))
    victim.works(victim.other)
    victim.server.stop()
    assert victim.row("keys", victim.good)[2] == value[:enabled] + b"\1" + value[enabled + 1 :], "the forgery was changed"


def test_forged_policy(victim):
    """A policy of the same length that allows another account."""
    pk, _, value = victim.row("key_policies", victim.good)
    assert value.count(b"100000000001:root") >= 1
    set_value(victim.server, "key_policies", pk, value.replace(b"100000000001:root", b"200000000002:root"))
    victim.start()
    victim.refuses(victim.good, "key_policies", calls=("Encrypt", "GetKeyPolicy"))
    victim.works(victim.other)


def test_forged_revision(victim):
    pk, revision, _ = victim.row("keys", victim.good)
    change(victim.server, "UPDATE t_keys SET revision=? WHERE pk=?", revision + 1, pk)
    victim.start()
    victim.refuses(victim.good, "keys")
    victim.works(victim.other)


@pytest.mark.parametrize("table", ["keys", "key_policies", "versions", "objects"])
def test_record_replaced_by_anothers(victim, table):
    pk, _, _ = victim.row(table, victim.good)
    _, revision, value = victim.row(table, victim.other)
    change(victim.server, f"UPDATE t_{table} SET value=?, revision=? WHERE pk=?", value, revision, pk)
    victim.start()
    victim.refuses(victim.good, table, calls=("Encrypt", "Decrypt"))
    victim.works(victim.other)


@pytest.mark.parametrize("table", ["keys", "objects"])
def test_two_records_swapped(victim, table):
    good, other = victim.row(table, victim.good), victim.row(table, victim.other)
    change(victim.server, f"UPDATE t_{table} SET value=?, revision=? WHERE pk=?", other[2], other[1], good[0])
    change(victim.server, f"UPDATE t_{table} SET value=?, revision=? WHERE pk=?", good[2], good[1], other[0])
    victim.start()
    victim.refuses(victim.good, table, calls=("Encrypt", "Decrypt"))
    victim.refuses(victim.other, table, calls=("Encrypt", "Decrypt"))


def test_pointer_to_another_key(victim):
    """The name of one key leads to the row of the other."""
    (good,) = [one for one in records(victim.server, "key_ids") if victim.good.encode() in one[0]]
    (other,) = [one for one in records(victim.server, "key_ids") if victim.other.encode() in one[0]]
    change(victim.server, "UPDATE t_key_ids SET value=?, revision=? WHERE pk=?", other[2], other[1], good[0])
    victim.start()
    victim.refuses(victim.good, "key_ids")
    victim.works(victim.other)


@pytest.mark.parametrize("table", ["keys", "key_policies", "versions", "objects"])
def test_record_deleted(victim, table):
    pk, _, _ = victim.row(table, victim.good)
    change(victim.server, f"DELETE FROM t_{table} WHERE pk=?", pk)
    victim.start()
    for call in (lambda: victim.kms.encrypt(KeyId=victim.good, Plaintext=b"x"),
                 lambda: victim.kms.decrypt(CiphertextBlob=victim.blobs[victim.good])):
        with pytest.raises(victim.kms.exceptions.ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] in ("KMSInternalException", "NotFoundException")
    victim.works(victim.other)


def test_record_sealed_for_another_account(victim):
    """A record that the keyring of another account has sealed correctly, put in this account's place."""
    other_account = victim.server.start().admin.call("Kagimori.CreateAccount", Name="other")
    victim.server.stop()
    account = re.search(r"\d{12}", str(other_account))[0]
    secrets = StoredSecrets(victim.server)
    epoch = max(number for name, number in secrets.record_keys if name == account)
    pk, revision, value = victim.row("keys", victim.good)
    forged = value[:1] + int(account).to_bytes(8, "big") + epoch.to_bytes(4, "big") + value[13:-32]
    forged += record_mac(secrets.record_keys[account, epoch], TABLE_KEYS, pk, revision, forged)
    set_value(victim.server, "keys", pk, forged)
    victim.start()
    victim.refuses(victim.good, "keys")
    victim.works(victim.other)


def test_the_forger_with_the_right_key_succeeds(victim):
    """The control of the tests above: with the record key, which only the key file opens, a record can be rewritten. So
    it is the MAC that stopped the others, not a mistake in how they write."""
    secrets = StoredSecrets(victim.server)
    pk, revision, value = victim.row("keys", victim.good)
    account, epoch = f"{int.from_bytes(value[1:9], 'big'):012}", int.from_bytes(value[9:13], "big")
    forged = value[:-32].replace(b"good", b"best")
    assert forged != value[:-32]
    forged += record_mac(secrets.record_keys[account, epoch], TABLE_KEYS, pk, revision, forged)
    set_value(victim.server, "keys", pk, forged)
    victim.start()
    assert victim.kms.describe_key(KeyId=victim.good)["KeyMetadata"]["Description"] == "best"
    victim.works(victim.good)


@pytest.mark.parametrize("table", ["meta", "envelopes"])
def test_damaged_root_record(victim, table):
    ((pk, _, value),) = records(victim.server, table)
    for position in (2, 40, len(value) // 2, len(value) - 1):
        set_value(victim.server, table, pk, flipped(value, position))
        refused_start(victim.server, f"{table}|envelope|key file|root key")
    change(victim.server, f"DELETE FROM t_{table}")
    refused_start(victim.server, "records are missing|missing|no envelope|meta|store")


def test_damaged_epoch(victim):
    """Everything of the account lies under it, so nothing of the account works; what starts says what is wrong."""
    ((pk, _, value),) = [one for one in records(victim.server, "epochs") if not one[0].startswith(b"0" * 12)]
    set_value(victim.server, "epochs", pk, flipped(value, 60))
    victim.server.start(ready=False)
    victim.server.wait_ready()
    answer = victim.server.admin.post("TrentService.DescribeKey", {"KeyId": victim.good})
    assert answer.status_code >= 400
    assert "epochs" in answer.text + victim.server.log_tail(20)


# --- Random damage ---


class Expected:
    """What a whole server answers, so that a damaged one can be told from it."""

    def __init__(self, victim):
        self.victim = victim
        self.calls = {}
        for key_id in (victim.good, victim.other):
            self.calls[f"decrypt {key_id}"] = lambda kms, key_id=key_id: kms.decrypt(CiphertextBlob=victim.blobs[key_id])
            self.calls[f"describe {key_id}"] = lambda kms, key_id=key_id: kms.describe_key(KeyId=key_id)
            self.calls[f"policy {key_id}"] = lambda kms, key_id=key_id: kms.get_key_policy(KeyId=key_id)
            self.calls[f"rotations {key_id}"] = lambda kms, key_id=key_id: kms.list_key_rotations(KeyId=key_id)
        self.calls["list"] = lambda kms: kms.list_keys()
        victim.start()
        self.answers = {name: self.call(victim.kms, name) for name in self.calls}
        victim.server.stop()

    def call(self, kms, name):
        answer = self.calls[name](kms)
        del answer["ResponseMetadata"]
        return answer

    # A damaged record: an internal error. A damaged index of SQLite, or primary key: as if the record were not there.
    REFUSALS = {"KMSInternalException", "InternalFailure", "NotFoundException", "UnrecognizedClientException",
                "AccessDeniedException", "InvalidCiphertextException", "IncompleteKeyException"}

    def check(self, where):
        """Every call is answered as ever or refused. Returns how many were refused."""
        kms = self.victim.kms
        refused = 0
        for name, expected in self.answers.items():
            try:
                answer = self.call(kms, name)
            except kms.exceptions.ClientError as error:
                assert error.response["Error"]["Code"] in self.REFUSALS, f"{where}: {name}: {error}"
                refused += 1
                continue
            if name == "list":  # a listing may lack what can't be read, but invents nothing
                assert all(key in expected["Keys"] for key in answer["Keys"]), f"{where}: {answer}"
                continue
            assert answer == expected, f"{where}: {name}: {answer} instead of {expected}"
        return refused


@pytest.mark.timeout(300)
def test_random_bit_flips(victim):
    """Each start is refused with a sentence, or each request either works fully or is refused."""
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    expected = Expected(victim)
    server = victim.server
    whole = store_of(server).read_bytes()
    outcomes = {"start refused": 0, "requests refused": 0, "all well": 0}
    # Most of the file is empty pages: half of the flips go where something is written.
    written = [at for at, byte in enumerate(whole) if byte != 0]
    for _ in range(STARTS_AFTER_FLIPS):
        damaged, where = whole, f"seed {seed}"
        for number in range(FLIPS_EACH):
            at, bit = dice.choice(written) if number % 2 else dice.randrange(len(whole)), dice.randrange(8)
            damaged, where = flipped(damaged, at, bit), f"{where}, bit {bit} of byte {at}"
        for file in (server.data / "store").glob("kagimori.db-*"):
            file.unlink()
        store_of(server).write_bytes(damaged)
        outcomes[outcome_of(server, expected, where)] += 1
    print(outcomes)
    assert outcomes["requests refused"] > 0
    assert outcomes["all well"] > 0


def outcome_of(server, expected, where):
    server.log_file.unlink(missing_ok=True)
    server.start(ready=False)
    try:
        server.wait_ready()
    except AssertionError:
        code = server.process.poll()
        server.process = None
        assert code == 1, f"{where}: exit {code}\n{server.log_tail()}"
        said = server.log_file.read_text(errors="replace")
        assert re.search(r"^kagimori: .{20,}", said, re.MULTILINE), f"{where}: {said}"
        return "start refused"
    refused = expected.check(where)
    assert server.process.poll() is None, f"{where}: the server died\n{server.log_tail()}"
    code = server.stop()
    assert code == 0, f"{where}: exit {code}\n{server.log_tail()}"
    return "requests refused" if refused else "all well"
