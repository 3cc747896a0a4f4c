"""How the one binary is called: help, wrong use, and output that nobody takes."""

import os
import re
import signal
import subprocess
import time

import pytest
import requests
from harness import BINARY, ROOT
from test_cli_commands import ACCOUNT, client_json, stopped  # noqa: F401

# --- use -------------------------------------------------------------------------------------------------------------

COMMANDS = [
    ("root", "rotate"), ("recover", "root-credentials"), ("backup",), ("restore",), ("store", "check"),
    ("user", "create"), ("user", "list"), ("user", "show"), ("user", "delete"),
    ("user", "policy", "put"), ("user", "policy", "get"), ("user", "policy", "list"), ("user", "policy", "delete"),
    ("access-key", "create"), ("access-key", "list"), ("access-key", "enable"), ("access-key", "disable"),
    ("access-key", "delete"), ("account", "create"), ("account", "list"),
    ("key", "import"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_explains_itself(command):
    done = subprocess.run([BINARY, *command, "--help"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0
    assert "--config" in done.stdout or "--endpoint" in done.stdout


@pytest.mark.parametrize("wrong", [
    (), ("frobnicate",), ("root",), ("root", "rotate"), ("backup", "--config", "x"), ("restore", "--config", "x"),
    ("recover", "root-credentials", "--config", "x"), ("user",), ("user", "create"), ("user", "policy", "put", "a", "b"),
    ("access-key", "enable"), ("account", "create"), ("user", "list", "--no-such-option"),
], ids=" ".join)
def test_wrong_use_is_exit_code_2(wrong):
    done = subprocess.run([BINARY, *wrong], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "--help" in done.stderr


@pytest.mark.parametrize("wrong, said", [
    (("foo",), "'kagimori' has no command 'foo'."),
    (("user", "foo"), "'kagimori user' has no command 'foo'."),
    (("usr", "list"), "'kagimori' has no command 'usr'. Did you mean 'user'?"),
    (("user", "creat", "alice"), "'kagimori user' has no command 'creat'. Did you mean 'create'?"),
    (("user", "policy", "--json", "lst"), "'kagimori user policy' has no command 'lst'. Did you mean 'list'?"),
    (("user",), "A subcommand is required"),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else "-")
def test_an_unknown_command_is_named(wrong, said):
    done = subprocess.run([BINARY, *wrong], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, said)


def test_the_version_is_told():
    done = subprocess.run([BINARY, "--version"], capture_output=True, text=True, timeout=30)
    project = (ROOT / "CMakeLists.txt").read_text()
    assert done.returncode == 0
    version = re.search(r"VERSION ([0-9.]+) LANGUAGES", project)[1]
    assert re.fullmatch(rf"kagimori {re.escape(version)} \(OpenSSL [0-9.]+\)\n", done.stdout)


@pytest.mark.parametrize("command", [
    ("serve", "--config", ""), ("config", "check", "--config", ""), ("init", "--data", ""),
    ("backup", "--config", "x", "--to", ""), ("restore", "--config", "x", "--from", ""),
], ids=lambda command: " ".join(command[:-1]))
def test_an_empty_path_is_refused(command, tmp_path):
    done = subprocess.run([BINARY, *command], capture_output=True, text=True, timeout=30, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{command[-2]}: The path is empty." in done.stderr
    assert list(tmp_path.iterdir()) == []


# --- output that can't be written ------------------------------------------------------------------------------------

FULL = "No space left on device"


def run_in_shell(line, *, environment, **options):
    """A command with redirections; `"$@"` in the line is the binary."""
    return subprocess.run(["bash", "-c", line, "bash", BINARY], env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, **options)


@pytest.mark.parametrize("arguments", [
    "access-key create --user {user}", "access-key create --json --user {user}", "account create lost", "user list",
    "user list --json", "user show {user}", "--help", "user --help", "--version",
])
def test_output_that_is_lost_is_told(admin, make_user, arguments):
    line = f'"$@" {arguments.format(user=make_user().name)} >/dev/full'
    done = run_in_shell(line, environment=admin.environment())
    assert done.returncode == 1
    assert re.fullmatch(rf"kagimori: The output could not be written \({FULL}\)\. .*another access key\.\n", done.stderr)


def test_lost_output_of_commands_on_files_is_told(stopped):
    for command in ("recover root-credentials --account " + ACCOUNT, "store check", "config check"):
        done = run_in_shell(f'"$@" {command} --config {stopped.config} >/dev/full', environment=stopped.environment())
        assert done.returncode == 1
        assert f"could not be written ({FULL})" in done.stderr


def test_without_standard_output_nothing_is_done(admin, make_user):
    user = make_user()
    for command in (f"access-key create --user {user.name}", "--help"):
        done = run_in_shell(f'"$@" {command} >&-', environment=admin.environment())
        assert done.returncode == 1
        assert re.fullmatch("kagimori: Nothing was done: standard output is closed.*\n", done.stderr)
    assert [key["AccessKeyId"] for key in client_json(admin, "access-key", "list", "--user", user.name)["AccessKeyMetadata"]] \
        == [user.access_key]


def test_a_server_runs_without_any_standard_stream(stopped):
    """And none of its files takes the place of one of them, so that what is printed would go into it."""
    line = f'"$@" serve --config {stopped.config} <&- >&- 2>&- & echo $!'
    pid = int(run_in_shell(line, environment=stopped.environment()).stdout)
    try:
        deadline = time.monotonic() + 30
        while not (stopped.data / "server.pid").exists() or error_of_health(stopped):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert {os.readlink(f"/proc/{pid}/fd/{number}") for number in range(3)} == {"/dev/null"}
    finally:
        os.kill(pid, signal.SIGTERM)


def error_of_health(server):
    try:
        return requests.get(server.url + "/readyz", verify=str(server.ca), timeout=5).status_code != 200
    except requests.RequestException:
        return True
