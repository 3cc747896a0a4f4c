"""./dev as people use it: up, a second up, two servers side by side, down. The release build is there already."""

import os
import subprocess
import time

import pytest
import requests
from harness import ROOT, Server, clean_environment, free_port


def dev(place, *arguments, exit_code=0):
    environment = {**clean_environment(), "XDG_CONFIG_HOME": str(place / "config")}
    # Not through pipes: a server in the background keeps what it inherits.
    with open(place / "said", "w+b") as said:
        done = subprocess.run(
            [ROOT / "dev", *map(str, arguments)], env=environment, cwd=place, stdin=subprocess.DEVNULL, stdout=said,
            stderr=subprocess.STDOUT, timeout=110,
        )
        said.seek(0)
        text = said.read().decode()
    assert done.returncode == exit_code, text
    return text


@pytest.fixture
def folders(tmp_path):
    yield [tmp_path / "one", tmp_path / "two"]
    for folder in (tmp_path / "one", tmp_path / "two"):
        dev(tmp_path, "down", "--data", folder)


def test_up_and_down(tmp_path, folders):
    one, two = (Server(folder, free_port()) for folder in folders)
    said = dev(tmp_path, "up", "--background", "--data", one.data, "--port", one.port)
    assert f"listening on https://127.0.0.1:{one.port}" in said and "Made a new store" in said
    tried = said[said.index("Try next:"):]
    assert f". {one.data}/env" in tried and tried.count("\n  ") == 3
    assert os.stat(one.data / "env").st_mode & 0o777 == 0o600
    one.read_environment_file()
    expected = {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS", "AWS_CA_BUNDLE", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY"}
    assert expected <= set(one.variables) and one.variables["AWS_DEFAULT_REGION"] == "us-east-1"
    assert ":user/" in one.admin.client("sts").get_caller_identity()["Arn"]
    key = one.admin.client().create_key()["KeyMetadata"]["KeyId"]

    # Another folder and port beside it; a relative folder is the caller's.
    dev(tmp_path, "up", "--background", "--data", "two", "--port", two.port, "--region", "eu-west-1")
    two.read_environment_file()
    assert two.variables["AWS_DEFAULT_REGION"] == "eu-west-1"
    for server in (one, two):
        assert requests.get(server.url + "/readyz", verify=str(server.ca), timeout=10).ok

    assert "already runs" in dev(tmp_path, "up", "--background", "--data", one.data)
    assert "stopped" in dev(tmp_path, "down", "--data", one.data)
    assert "no server runs" in dev(tmp_path, "down", "--data", one.data)
    assert requests.get(two.url + "/readyz", verify=str(two.ca), timeout=10).ok

    # What is there is started again, with the port that it was made with.
    env = (one.data / "env").read_bytes()
    said = dev(tmp_path, "up", "--background", "--data", one.data)
    assert "Made a new store" not in said and f"https://127.0.0.1:{one.port}" in said
    assert (one.data / "env").read_bytes() == env
    assert one.admin.client().describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_up_in_the_foreground_ends_with_its_signal(tmp_path, folders):
    server = Server(folders[0], free_port())
    environment = {**clean_environment(), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    with open(tmp_path / "said", "wb") as said:
        process = subprocess.Popen(
            [ROOT / "dev", "up", "--data", server.data, "--port", str(server.port)], env=environment,
            stdin=subprocess.DEVNULL, stdout=said, stderr=said,
        )
        deadline = time.monotonic() + 90
        while b"Try next:" not in (tmp_path / "said").read_bytes():
            assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "said").read_text()
            time.sleep(0.05)
    assert "stopped" in dev(tmp_path, "down", "--data", server.data)
    assert process.wait(30) == 0


@pytest.mark.parametrize("arguments, exit_code, part", (
    (("nonsense",), 2, "no command 'nonsense'"), (("up", "--nonsense"), 1, "does not know '--nonsense'"),
    (("down", "--nonsense"), 1, "does not know '--nonsense'"), (("up", "--data"), 1, "--data needs a folder"),
))
def test_wrong_use(tmp_path, arguments, exit_code, part):
    assert part in dev(tmp_path, *arguments, exit_code=exit_code)


def test_without_a_command_it_explains_itself(tmp_path):
    said = dev(tmp_path)
    for command in ("up", "down", "build", "test", "lint", "fmt", "fuzz", "bench"):
        assert f"\n  {command} " in said
