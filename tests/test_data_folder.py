"""What init, backup and restore do with a data folder that is new, half made, damaged, robbed of a part, or somebody else's:
nothing is lost without a word, and no exception ends a command."""

import os
import shutil
import sqlite3
import stat
import subprocess

import pytest
from harness import BINARY, Server, clean_environment, free_port
from test_cli_commands import audit_events, database, key_file, run


def change(server, *statements):
    store = sqlite3.connect(database(server))
    with store:
        for statement in statements:
            store.execute(statement)
    store.close()


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def init(server, *arguments, exit_code=1):
    done = server.command("init", "--data", server.data, *arguments, check=False)
    assert done.returncode == exit_code, done.stdout + done.stderr
    return done.stderr if exit_code else done.stdout


@pytest.fixture
def stopped(fresh_server):
    """A server with a key, stopped."""
    one = fresh_server()
    one.key = one.admin.client().create_key()["KeyMetadata"]["KeyId"]
    assert one.stop() == 0
    return one


# --- init ------------------------------------------------------------------------------------------------------------

def test_init_never_takes_a_damaged_store_for_an_empty_one(stopped):
    (stopped.data / "env").unlink()
    change(stopped, "DELETE FROM t_meta")
    before = database(stopped).read_bytes()
    assert "The record of table meta is missing" in run(stopped, "store", "check", exit_code=1)
    for note in (stopped.data / "store" / "store-id", None):
        assert "The record of table meta is missing" in init(stopped)
        assert database(stopped).read_bytes() == before
        if note:
            note.unlink()


@pytest.mark.parametrize("left", ("store-id", "env", "kagimori.db-wal"))
def test_init_makes_no_store_where_one_was_lost(stopped, left):
    database(stopped).unlink()
    places = {"store-id": stopped.data / "store" / "store-id", "env": stopped.data / "env",
              "kagimori.db-wal": stopped.data / "store" / "kagimori.db-wal"}
    places["kagimori.db-wal"].write_bytes(b"changes")
    for name, place in places.items():
        if name != left:
            place.unlink()
    before = files(stopped.data)
    said = init(stopped)
    assert f"{database(stopped)} is missing" in said and str(places[left]) in said and "restore" in said
    assert files(stopped.data) == before


@pytest.mark.parametrize("region", ("US East", ""))
def test_an_init_that_is_refused_does_not_stand_in_the_way_of_the_next(tmp_path, region):
    server = Server(tmp_path / "data", free_port())
    done = server.command("init", "--data", server.data, "--region", region, check=False)
    assert done.returncode == 1 and "account.region" in done.stderr
    assert not (server.data / "kagimori.toml").exists()
    server.init().start()
    server.kill()


def test_without_a_place_for_the_root_key_nothing_is_made(tmp_path):
    environment = {name: value for name, value in clean_environment().items() if name not in ("HOME", "XDG_CONFIG_HOME")}
    done = subprocess.run([BINARY, "init", "--data", tmp_path / "data"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "seal.key_file" in done.stderr
    assert not (tmp_path / "data" / "store").exists()


def test_an_empty_name_of_a_folder(tmp_path):
    done = subprocess.run([BINARY, "init", "--data", ""], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2 and "The path is empty" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
@pytest.mark.parametrize("folder", ("closed", "closed/below/it"))
def test_a_folder_that_one_may_not_enter(tmp_path, folder):
    binary = shutil.copy(BINARY, tmp_path / "kagimori")  # a path that nobody may reach
    os.chmod(binary, 0o755)
    for parent in [tmp_path, *tmp_path.parents][:3]:
        os.chmod(parent, os.stat(parent).st_mode | 0o011)
    (tmp_path / "closed").mkdir(mode=0o700)
    done = subprocess.run(
        [binary, "init", "--data", tmp_path / folder], capture_output=True, text=True, user=65534, group=65534,
        extra_groups=[], env={"HOME": "/nonexistent"}, cwd="/",
    )
    assert done.returncode == 1 and "Permission denied" in done.stderr, done.stderr


ADDRESSES = {
    "127.0.0.1:9443": "https://localhost:9443", "[::1]:9443": "https://localhost:9443",
    "0.0.0.0:9443": "https://localhost:9443", "[fd00::1]:9443": "https://[fd00::1]:9443",
    "192.0.2.7:9443": "https://192.0.2.7:9443",
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_endpoint_of_the_environment_file(tmp_path, address):
    server = Server(tmp_path / "it's here", 0)
    server.data.mkdir(mode=0o700)
    server.config.write_text(f'[[listeners]]\naddress = "{address}"\n')
    server.config.chmod(0o600)
    server.command("init", "--data", server.data)
    sourced = subprocess.run(
        ["sh", "-c", '. "$1"; echo "$AWS_ENDPOINT_URL"; echo "$AWS_CA_BUNDLE"', "sh", server.data / "env"],
        capture_output=True, text=True, check=True)
    assert sourced.stdout.splitlines() == [ADDRESSES[address], str(server.ca)]


# --- certificates ----------------------------------------------------------------------------------------------------

def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def shorten_ca(tls, days):
    """The same CA, that ends in so many days (-1: ended yesterday)."""
    openssl("req", "-new", "-key", tls / "ca.key", "-subj", "/CN=Kagimori local CA short", "-out", tls / "request.pem")
    openssl("x509", "-req", "-in", tls / "request.pem", "-signkey", tls / "ca.key", "-days", days, "-out", tls / "ca.pem")


@pytest.mark.parametrize("days", (5, -1))
def test_init_makes_the_local_ca_anew_before_it_ends(fresh_server, days):
    server = fresh_server(start=False)
    tls = server.data / "tls"
    shorten_ca(tls, days)
    said = init(server, exit_code=0)
    assert "Made a new local CA" in said and str(server.ca) in said
    openssl("x509", "-checkend", 86_400 * 3_000, "-in", server.ca)
    openssl("verify", "-CAfile", server.ca, tls / "server.pem")
    assert init(server, exit_code=0) == ""
    server.start()


@pytest.mark.parametrize("missing", (("server.key",), ("server.pem",), ("ca.pem",), ("ca.key", "ca.pem", "server.pem"), ("server.pem", "server.key")))
def test_init_makes_what_is_missing_of_the_certificates(fresh_server, missing):
    server = fresh_server(start=False)
    for name in missing:
        (server.data / "tls" / name).unlink()
    init(server, exit_code=0)
    openssl("verify", "-CAfile", server.ca, server.data / "tls" / "server.pem")
    server.start()


def test_a_ca_without_its_key_is_not_replaced(fresh_server):
    server = fresh_server(start=False)
    tls = server.data / "tls"
    (tls / "ca.key").unlink()
    init(server, exit_code=0)  # the certificate is there: it is the operator's own
    (tls / "server.pem").unlink()
    said = init(server)
    assert f"{tls}/ca.pem is there without its key {tls}/ca.key" in said


def test_the_local_ca_is_der_that_strict_clients_read(fresh_server):
    """Go and others refuse a CA whose basicConstraints are BER: TRUE is the byte FF (X.690 section 11.1)."""
    server = fresh_server(start=False)
    der = subprocess.run(["openssl", "x509", "-in", server.ca, "-outform", "DER"], capture_output=True, check=True).stdout
    assert bytes.fromhex("0603551d130101ff0408" "30060101ff020100") in der


# --- backup and restore ----------------------------------------------------------------------------------------------

DAMAGE = {
    "a record of zeros": "UPDATE t_keys SET value = zeroblob(100)",
    "a flipped byte": "UPDATE t_key_policies SET value = CAST(substr(value, 1, 99) || x'07' || substr(value, 101) AS BLOB)",
    "a missing table": "DROP TABLE t_users",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_backup_says_that_the_store_is_damaged(stopped, tmp_path, damage):
    change(stopped, DAMAGE[damage])
    said = run(stopped, "backup", "--to", tmp_path / "b", exit_code=1)
    assert "1 finding" in said and "kept" in said and (tmp_path / "b").exists()


@pytest.mark.parametrize("damage", DAMAGE)
def test_restore_does_not_give_a_good_store_for_a_damaged_backup(stopped, tmp_path, damage):
    run(stopped, "backup", "--to", tmp_path / "b")
    backup = sqlite3.connect(tmp_path / "b")
    with backup:
        backup.execute(DAMAGE[damage])
    backup.close()
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"b{suffix}").unlink(missing_ok=True)
    before = database(stopped).read_bytes()
    said = run(stopped, "restore", "--from", tmp_path / "b", "--force", exit_code=1)
    assert "1 finding" in said and "Nothing was changed" in said
    assert database(stopped).read_bytes() == before
    assert not list(database(stopped).parent.glob("*restor*"))
    assert "every record is authentic" in run(stopped, "store", "check")
    stopped.start()
    assert stopped.admin.client().describe_key(KeyId=stopped.key)


def test_a_damaged_backup_is_restored_when_there_is_no_better_one(stopped, tmp_path):
    change(stopped, "UPDATE t_user_policies SET value = zeroblob(100)")
    run(stopped, "backup", "--to", tmp_path / "b", exit_code=1)
    database(stopped).unlink()
    assert "finding" in run(stopped, "restore", "--from", tmp_path / "b", exit_code=1)
    run(stopped, "restore", "--from", tmp_path / "b", "--accept-damage")
    assert "damaged" in run(stopped, "store", "check", exit_code=1)
    stopped.start()


def test_backup_refuses_the_database_of_another_store(stopped, fresh_server, tmp_path):
    other = fresh_server(start=False)
    shutil.copy(key_file(other), key_file(stopped).parent)
    shutil.copy(database(other), database(stopped))
    said = run(stopped, "backup", "--to", tmp_path / "b", exit_code=1)
    assert "this data folder is of store" in said and not (tmp_path / "b").exists()


def test_the_drill_restore_into_a_new_folder_and_serve_it(stopped, tmp_path):
    blob_of = stopped.start().admin.client()
    blob = blob_of.encrypt(KeyId=stopped.key, Plaintext=b"old")["CiphertextBlob"]
    run(stopped, "backup", "--to", tmp_path / "b")
    drill = Server(tmp_path / "drill", free_port())
    done = stopped.command("restore", "--data", drill.data, "--port", drill.port, "--from", tmp_path / "b")
    assert "Restored store" in done.stdout
    assert stat.S_IMODE(drill.data.stat().st_mode) == 0o700
    shutil.copytree(stopped.config_home, drill.config_home)
    drill.variables = {**stopped.variables, "AWS_ENDPOINT_URL": f"https://localhost:{drill.port}",
                       "AWS_CA_BUNDLE": str(drill.ca)}
    drill.start()
    assert drill.admin.client().decrypt(CiphertextBlob=blob)["Plaintext"] == b"old"
    assert "/env" not in drill.log_file.read_text()
    assert drill.stop() == 0
    assert any(event["eventName"] == "RestoreStore" for event in audit_events(drill))


@pytest.mark.parametrize("arguments", ((), ("--config", "a", "--data", "b")), ids=("none", "both"))
def test_restore_needs_one_place(arguments):
    done = subprocess.run([BINARY, "restore", "--from", "x", *arguments], capture_output=True, text=True)
    assert done.returncode == 2, done.stdout + done.stderr


# --- modes -----------------------------------------------------------------------------------------------------------

def test_folders_and_keys_that_others_may_change_are_warned_of(stopped):
    checked = stopped.command("config", "check", "--config", stopped.config).stdout
    assert "Others may" not in checked
    (stopped.data / "store").chmod(0o770)
    (stopped.config_home / "kagimori").chmod(0o777)
    (stopped.data / "tls" / "server.key").chmod(0o644)
    expected = [
        f"Others may write to the folder {stopped.data}/store (mode 0770)",
        f"Others may write to the folder {stopped.config_home}/kagimori (mode 0777)",
        f"Others may read or change the TLS key {stopped.data}/tls/server.key (mode 0644)",
    ]
    checked = stopped.command("config", "check", "--config", stopped.config).stdout
    assert all(f"warning: {sentence}" in checked for sentence in expected), checked
    stopped.start()
    assert all(sentence in stopped.log_file.read_text() for sentence in expected)
