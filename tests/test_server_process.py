"""The server as a process: what the kernel is told about it, signals, files, listeners, configuration, logs, TLS."""

import base64
import datetime
import http.client
import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import time
from pathlib import Path

import pytest
import requests
from harness import BINARY, Server, User, free_port

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may start a process as another user")
NOBODY = 65534


def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def configure(server, listeners, more=""):
    """Replaces the configuration file. Each listener is a dictionary of its options."""
    tables = "".join(
        "\n[[listeners]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in one.items()) for one in listeners
    )
    server.config.write_text(f'[account]\nregion = "{server.region}"\n{more}\n{tables}')


def on_port(server, port, tls=True):
    """The administrator, talking to another listener of the server."""
    scheme = "https" if tls else "http"
    variables = {**server.variables, "AWS_ENDPOINT_URL": f"{scheme}://localhost:{port}"}
    other = Server(server.data, port, variables=variables)
    return User(other, server.admin.access_key, server.admin.secret_key)


def handshake(server, context, port=None):
    with socket.create_connection(("127.0.0.1", port or server.port), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secured:
            return secured.version(), secured.getpeercert(binary_form=True)


# --- What the kernel is told ---


def test_hardening(server):
    pid = server.process.pid
    status = status_of(pid)
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert status["CoreDumping"] == "0"
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)
    for thread in Path(f"/proc/{pid}/task").iterdir():
        lines = (thread / "status").read_text()
        assert "Seccomp:\t2" in lines, f"thread {thread.name} is not filtered"


@AS_ROOT
def test_another_process_of_the_same_user_cannot_read_its_memory(tmp_path):
    """PR_SET_DUMPABLE off: the files of the process under /proc belong to root, so its own user is kept out too."""
    tmp_path.chmod(0o711)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.geteuid() and folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o711)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    binary = home / "kagimori"
    binary.write_bytes(BINARY.read_bytes())
    binary.chmod(0o755)
    server = Server(home / "data", free_port())
    as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "env": server.environment(), "cwd": home}
    subprocess.run([binary, "init", "--data", server.data, "--port", str(server.port)], check=True, **as_nobody)
    server.read_environment_file()
    process = subprocess.Popen(
        [binary, "serve", "--config", server.config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_nobody
    )
    server.process = process
    try:
        server.wait_ready()
        assert status_of(process.pid)["Uid"].split()[0] == str(NOBODY)
        assert os.stat(f"/proc/{process.pid}/mem").st_uid == 0
        for name in ("mem", "environ", "maps"):
            done = subprocess.run(["cat", f"/proc/{process.pid}/{name}"], capture_output=True, **as_nobody)
            assert done.returncode != 0, f"another process of the user reads {name}"
            assert b"Permission denied" in done.stderr
    finally:
        assert server.stop() == 0


def test_seccomp_can_be_switched_off(fresh_server):
    server = fresh_server(settings={"hardening.seccomp": "false"})
    assert status_of(server.process.pid)["Seccomp"] == "0"


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_files_are_private_whatever_the_umask(tmp_path, umask):
    server = Server(tmp_path / "data", free_port())
    previous = os.umask(umask)
    try:
        server.init().start()
        kms = server.admin.client("kms")
        kms.encrypt(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], Plaintext=b"x")
        found = [server.data, *server.data.rglob("*"), server.config_home, *server.config_home.rglob("*")]
    finally:
        os.umask(previous)
        server.kill()
    found.remove(server.log_file)  # the test's own
    names = {file.name for file in found}
    assert {"kagimori.db", "kagimori.db-wal", "00000000000000000000.jsonl", "checkpoint", "env", "server.key", "server.pid", "kagimori.toml"} <= names
    for file in found:
        expected = 0o700 if file.is_dir() else 0o600
        assert stat.S_IMODE(file.stat().st_mode) == expected, f"{file} has mode {file.stat().st_mode:o}"


# --- Signals ---


def test_sigterm_finishes_the_request_under_way(fresh_server):
    """The server has the head and half of the body when the signal comes; the rest is sent afterwards."""
    server = fresh_server()
    body = json.dumps({"NumberOfBytes": 32}).encode()
    headers = server.admin.sign(
        body, {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.GenerateRandom"}
    )
    connection = http.client.HTTPSConnection(
        "localhost", server.port, context=ssl.create_default_context(cafile=str(server.ca)), timeout=30
    )
    connection.putrequest("POST", "/", skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    connection.send(body[:5])
    wait_for(lambda: requests.get(server.url + "/healthz", verify=str(server.ca), timeout=10).ok)
    server.process.send_signal(signal.SIGTERM)
    wait_for(lambda: not accepts_connections(server.port))
    assert server.process.poll() is None, "the server ended before the request was answered"
    connection.send(body[5:])
    answer = connection.getresponse()
    assert answer.status == 200
    assert len(base64.b64decode(json.loads(answer.read())["Plaintext"])) == 32
    connection.close()
    assert server.process.wait(30) == 0
    assert '"message":"stopped"' in server.log_tail()


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.01)


def accepts_connections(port):
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_that_end_it(fresh_server, number):
    server = fresh_server()
    idle = socket.create_connection(("127.0.0.1", server.port))  # must not hold it up
    server.process.send_signal(number)
    assert server.process.wait(30) == 0
    assert not (server.data / "server.pid").exists()
    idle.close()


def test_sighup_reloads_the_certificate(fresh_server):
    server = fresh_server()
    context = ssl.create_default_context(cafile=str(server.ca))
    old_session = requests.Session()
    assert old_session.get(server.url + "/healthz", verify=str(server.ca), timeout=10).ok
    _, before = handshake(server, context)
    (server.data / "tls" / "server.pem").unlink()
    server.init()  # makes a new one under the same CA
    assert handshake(server, context)[1] == before, "a new certificate before the signal"
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: handshake(server, context)[1] != before)
    assert old_session.get(server.url + "/healthz", verify=str(server.ca), timeout=10).ok, "an old connection goes on"
    after = handshake(server, context)[1]
    (server.data / "tls" / "server.pem").write_text("this is no certificate\n")
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "the certificate was not reloaded" in server.log_tail())
    assert handshake(server, context)[1] == after, "a bad certificate must not replace the good one"


# --- One and several servers ---


def test_second_server_on_the_same_data_is_refused(server):
    done = server.command("serve", "--config", server.config, check=False)
    assert done.returncode == 1
    assert f"process {server.process.pid}" in done.stderr


def test_port_in_use_is_said(server, fresh_server):
    other = fresh_server(start=False)
    configure(other, [{"address": f"127.0.0.1:{server.port}"}])
    done = other.command("serve", "--config", other.config, check=False)
    assert done.returncode == 1
    assert str(server.port) in done.stderr


def test_several_servers_side_by_side(fresh_server):
    servers = [fresh_server() for _ in range(3)]
    keys = [one.admin.client("kms").create_key()["KeyMetadata"]["KeyId"] for one in servers]
    for number, one in enumerate(servers):
        listed = [key["KeyId"] for key in one.admin.client("kms").list_keys()["Keys"]]
        assert listed == [keys[number]]
    blob = servers[0].admin.client("kms").encrypt(KeyId=keys[0], Plaintext=b"mine")["CiphertextBlob"]
    kms = servers[1].admin.client("kms")
    with pytest.raises(kms.exceptions.ClientError):
        kms.decrypt(CiphertextBlob=blob)


def test_health_pages(server):
    for page, text in (("/healthz", "ok\n"), ("/readyz", "ready\n")):
        answer = requests.get(server.url + page, verify=str(server.ca), timeout=10)
        assert (answer.status_code, answer.text) == (200, text)


# --- Listeners ---


def test_plain_http_on_loopback_when_asked(fresh_server):
    server = fresh_server(start=False)
    plain = free_port()
    configure(server, [{"address": f"127.0.0.1:{server.port}"}, {"address": f"127.0.0.1:{plain}", "tls": False}])
    server.start()
    assert on_port(server, plain, tls=False).client("kms").list_keys()["Keys"] == []
    assert re.search(r'"level":"warning".*(plain|TLS)', server.log_file.read_text()), "no warning about plain HTTP"
    with pytest.raises(requests.RequestException):
        requests.get(f"http://127.0.0.1:{server.port}/healthz", timeout=10).raise_for_status()


@pytest.mark.parametrize("address", ["0.0.0.0:8443", "[::]:8443", "192.0.2.1:8443"])
def test_plain_http_elsewhere_is_refused(fresh_server, address):
    server = fresh_server(start=False)
    configure(server, [{"address": address, "tls": False}])
    for command in (("config", "check"), ("serve",)):
        done = server.command(*command, "--config", server.config, check=False)
        assert done.returncode == 1
        assert "loopback" in done.stderr


def test_planes_of_a_listener(fresh_server):
    server = fresh_server(start=False)
    data, management = free_port(), free_port()
    configure(server, [
        {"address": f"127.0.0.1:{server.port}"},
        {"address": f"127.0.0.1:{data}", "planes": ["data"]},
        {"address": f"127.0.0.1:{management}", "planes": ["management"]},
    ])
    server.start()
    key_id = server.admin.client("kms").create_key()["KeyMetadata"]["KeyId"]
    on_data = on_port(server, data).client("kms")
    blob = on_data.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    assert on_data.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    refused = [
        lambda: on_data.create_key(),
        lambda: on_data.disable_key(KeyId=key_id),
        lambda: on_data.put_key_policy(KeyId=key_id, Policy="{}"),
        lambda: on_port(server, data).client("iam").create_user(UserName="x"),
        lambda: on_port(server, management).client("kms").encrypt(KeyId=key_id, Plaintext=b"x"),
        lambda: on_port(server, management).client("kms").decrypt(CiphertextBlob=blob),
    ]
    for call in refused:
        with pytest.raises(on_data.exceptions.ClientError) as error:
            call()
        assert error.value.response["Error"]["Code"] in ("AccessDeniedException", "AccessDenied")
    assert on_port(server, management).client("kms").create_key()["KeyMetadata"]["Enabled"]
    assert server.admin.post("Kagimori.ListAccounts", {}).status_code == 200
    assert on_port(server, data).post("Kagimori.ListAccounts", {}).status_code == 400
    command = [BINARY, "user", "list", "--endpoint", f"https://localhost:{data}"]
    said = subprocess.run(command, env=server.admin.environment(), capture_output=True, text=True, timeout=30).stderr
    assert said.endswith("Use another endpoint of the server.\n"), said


def test_unix_socket_listener(fresh_server, tmp_path):
    server = fresh_server(start=False)
    path = tmp_path / "k.sock"
    configure(server, [{"address": f"127.0.0.1:{server.port}"}, {"address": f"unix:{path}", "tls": False}])
    server.start()
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0

    class UnixConnection(http.client.HTTPConnection):
        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(str(path))

    connection = UnixConnection("localhost", timeout=20)
    connection.request("GET", "/healthz")
    assert connection.getresponse().read() == b"ok\n"
    body = b"{}"
    headers = on_port(server, server.port).sign(
        body, {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.ListKeys"}
    )
    connection.request("POST", "/", body, {**headers, "Host": f"localhost:{server.port}"})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    assert json.loads(answer.read())["Keys"] == []
    assert server.crash_and_restart(), "a socket left behind by a crash is no obstacle"
    connection.close()


@pytest.mark.parametrize("mode", ("0600", "0660", "0666"))
def test_mode_of_a_unix_socket(fresh_server, tmp_path, mode):
    """Whatever the umask, which is the strictest while the server runs."""
    server = fresh_server(start=False)
    path = tmp_path / "k.sock"
    configure(server, [{"address": f"127.0.0.1:{server.port}"},
                       {"address": f"unix:{path}", "tls": False, "socket_mode": mode}])
    server.start()
    assert stat.S_IMODE(path.stat().st_mode) == int(mode, 8)


def test_client_allow_list(fresh_server):
    server = fresh_server(start=False)
    closed, open_to_me = free_port(), free_port()
    configure(server, [
        {"address": f"127.0.0.1:{server.port}"},
        {"address": f"127.0.0.1:{closed}", "allow": ["10.0.0.0/8", "2001:db8::/32"]},
        {"address": f"127.0.0.1:{open_to_me}", "allow": ["10.0.0.0/8", "127.0.0.0/8"]},
    ])
    server.start()
    assert on_port(server, open_to_me).client("kms").list_keys()["Keys"] == []
    with pytest.raises((requests.RequestException, OSError)):
        requests.get(f"https://127.0.0.1:{closed}/healthz", verify=str(server.ca), timeout=10)


# --- Configuration ---


def test_config_check(fresh_server):
    server = fresh_server(start=False)
    done = server.command("config", "check", "--config", server.config)
    assert "is right" in done.stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[limits]\nbody_byte = 65536\n", "limits.body_bytes"),
        ("[limit]\nbody_bytes = 65536\n", "limits"),
        ("[limits]\nbody_bytes = 1\n", "limits.body_bytes"),
        ('[limits]\nbody_bytes = "much"\n', "limits.body_bytes"),
        ('[[listeners]]\nadress = "127.0.0.1:1"\n', "address"),
        ('[[listeners]]\naddress = "localhost:1"\n', "127.0.0.1"),
        ('[[listeners]]\nplanes = ["date"]\n', "data"),
        ('[[listeners]]\nallow = ["10.0.0.1/8"]\n', "prefix"),
        ("[hardening\n", "line 1|kagimori.toml"),
    ],
)
def test_configuration_errors_say_what_to_write(fresh_server, text, expected):
    server = fresh_server(start=False)
    server.config.write_text(text)
    for command in (("config", "check"), ("serve",)):
        done = server.command(*command, "--config", server.config, check=False)
        assert done.returncode == 1
        assert re.search(expected, done.stderr), done.stderr


def test_unknown_variables_are_errors(fresh_server):
    server = fresh_server(start=False)
    server.settings = {"cache.entrys": "100"}
    done = server.command("config", "check", "--config", server.config, check=False)
    assert done.returncode == 1
    assert "KAGIMORI_CACHE_ENTRIES" in done.stderr


def test_missing_configuration_file(tmp_path):
    done = Server(tmp_path / "data", 1).command("serve", "--config", tmp_path / "none.toml", check=False)
    assert done.returncode == 1
    assert "none.toml" in done.stderr


# --- Logs ---


def test_one_log_line_for_each_request(fresh_server):
    server = fresh_server()
    kms = server.admin.client("kms")
    key = kms.create_key()["KeyMetadata"]
    server.log_file.write_bytes(b"")
    plaintext = b"a plaintext that is in no log"
    answers = [kms.encrypt(KeyId=key["KeyId"], Plaintext=plaintext), kms.list_keys()]
    with pytest.raises(kms.exceptions.NotFoundException) as missing:
        kms.describe_key(KeyId="00000000-0000-4000-8000-000000000000")
    answers.append(missing.value.response)
    blob = answers[0]["CiphertextBlob"]
    server.stop()
    text = server.log_file.read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    lines = [line for line in lines if line["message"] == "request"]
    assert [line["requestId"] for line in lines] == [answer["ResponseMetadata"]["RequestId"] for answer in answers]
    assert [line["operation"] for line in lines] == ["Encrypt", "ListKeys", "DescribeKey"]
    assert [line["result"] for line in lines] == ["ok", "ok", "NotFound"]
    assert lines[0]["key"] == key["Arn"]
    for line in lines:
        assert line["principal"].endswith(":user/admin")
        assert isinstance(line["micros"], int)
        assert 0 <= line["micros"] < 60_000_000
        datetime.datetime.fromisoformat(line["time"])
    for secret in (plaintext, base64.b64encode(plaintext), base64.b64encode(blob), server.admin.secret_key.encode(),
                   b"Signature=", b"AWS4-HMAC-SHA256"):
        assert secret.decode() not in text


# --- TLS ---


@pytest.mark.parametrize(
    ("version", "name"), [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]
)
def test_tls_versions_served(server, version, name):
    context = ssl.create_default_context(cafile=str(server.ca))
    context.minimum_version = context.maximum_version = version
    assert handshake(server, context)[0] == name


def test_tls_1_3_is_preferred(server):
    assert handshake(server, ssl.create_default_context(cafile=str(server.ca)))[0] == "TLSv1.3"


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_older_tls_is_refused(server, version):
    """The client may speak the old version (security level 0), so it is the server that refuses."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", version, "-cipher", "ALL:@SECLEVEL=0"],
        input=b"", capture_output=True, timeout=30,
    )
    assert done.returncode != 0
    assert b"alert protocol version" in done.stderr, done.stderr


def test_certificate_is_checked_by_clients(server, tmp_path):
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(server.url + "/healthz", timeout=10)


def certificate_end(file):
    text = subprocess.run(["openssl", "x509", "-noout", "-enddate", "-in", file], capture_output=True, text=True, check=True)
    return datetime.datetime.strptime(text.stdout.strip(), "notAfter=%b %d %H:%M:%S %Y GMT")


def issue_for_days(tls, days):
    """Puts another server certificate in the place of the present one; -1: one that ended yesterday."""
    commands = [
        f"openssl req -new -key {tls}/server.key -subj /CN=localhost -out {tls}/request.pem",
        f"openssl x509 -req -in {tls}/request.pem -CA {tls}/ca.pem -CAkey {tls}/ca.key -days {days} -out {tls}/server.pem",
    ]
    for command in commands:
        subprocess.run(command.split(), check=True, capture_output=True)


@pytest.mark.parametrize("days, words", ((3, "ends on"), (-1, "has ended on")))
def test_a_certificate_about_to_expire_is_warned_of(fresh_server, days, words):
    server = fresh_server()
    assert "The certificate" not in server.log_tail()
    issue_for_days(server.data / "tls", days)
    checked = server.command("config", "check", "--config", server.config).stdout
    assert f"warning: The certificate {server.data}/tls/server.pem {words}" in checked
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: f"tls/server.pem {words}" in server.log_tail())
    server.stop()
    server.start(ready=False)
    wait_for(lambda: server.log_file.read_text().count(f"tls/server.pem {words}") == 2)


def test_init_renews_certificates_about_to_expire(fresh_server):
    server = fresh_server(start=False)
    tls = server.data / "tls"
    fresh = (tls / "server.pem").read_bytes()
    server.init()
    assert (tls / "server.pem").read_bytes() == fresh, "a certificate that is good for long is kept"
    issue_for_days(tls, 3)
    ca, env, store = ((server.data / name).read_bytes() for name in ("tls/ca.pem", "env", "store/kagimori.db"))
    server.init()
    assert certificate_end(tls / "server.pem") > datetime.datetime.utcnow() + datetime.timedelta(days=30)
    assert (ca, env, store) == tuple((server.data / name).read_bytes() for name in ("tls/ca.pem", "env", "store/kagimori.db"))
    server.start()
    assert server.admin.client("kms").list_keys()["Keys"] == []
