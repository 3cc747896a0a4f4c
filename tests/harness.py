"""A Kagimori server of one's own for tests: started from the release build, reached as any client reaches it.

A Server lives on a data folder and a port. It may be stopped, killed with SIGKILL and started again on the same data.
"""

import json
import os
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import botocore.loaders
import botocore.session
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

ROOT = Path(__file__).resolve().parent.parent
BINARY = ROOT / "build" / "release" / "kagimori"
# Made by ./dev.
GO_CLIENT = ROOT / "tests" / "go" / "build" / "client"
JAVA_CLIENT = ROOT / "tests" / "java" / "build"
RUST_CLIENT = ROOT / "tests" / "rust" / "build" / "debug" / "kagimori-client"
REGION = "us-east-1"
SECOND_REGION = "eu-central-1"  # of the session's server
READY_SECONDS = 30
STOP_SECONDS = 30
# Reading the services' models costs far more than a request: once for all clients.
MODELS = botocore.loaders.create_loader()


class OnceSet:
    """urllib3 sets the ALPN protocols of a context anew for each connection, though all connections of a client share it.
    CPython makes a connection's TLS object from the context without holding the interpreter lock, so a thread that sets
    them frees what another one is copying: a mangled ClientHello (one in some thousand bursts of new connections, seen as
    "tlsv1 alert decode error", with the server out of it) or a crash. To set them once a context is enough."""

    set_protocols = ssl.SSLContext.set_alpn_protocols
    lock = threading.Lock()

    @classmethod
    def install(cls):
        def set_once(context, protocols):
            with cls.lock:
                if getattr(context, "protocols_set", None) != protocols:
                    cls.set_protocols(context, protocols)
                    context.protocols_set = list(protocols)

        ssl.SSLContext.set_alpn_protocols = set_once


OnceSet.install()


def free_port():
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment():
    """The environment without what would steer a server, an AWS client or Python."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("KAGIMORI_", "AWS_", "PYTHON"))}


@dataclass
class User:
    """Somebody with an access key: the administrator of DIR/env, or a user that a test made."""

    server: "Server"
    access_key: str
    secret_key: str
    name: str = ""
    arn: str = ""
    user_id: str = ""
    session_token: str = ""  # of temporary credentials

    def client(self, service="kms", *, region=None, **options):
        """A boto3 client that retries nothing, so that a test sees the first answer. It signs for `region`."""
        core = botocore.session.get_session()
        core.register_component("data_loader", MODELS)
        session = boto3.session.Session(
            aws_access_key_id=self.access_key, aws_secret_access_key=self.secret_key,
            aws_session_token=self.session_token or None, region_name=region or self.server.region,
            botocore_session=core,
        )
        settings = {"retries": {"total_max_attempts": 1}, "max_pool_connections": 80, "read_timeout": 60, **options}
        made = session.client(
            service, endpoint_url=self.server.url, verify=str(self.server.ca), config=Config(**settings)
        )
        made.user = self
        return made

    def environment(self):
        """The variables for a client in a process of its own (the AWS CLI, Node.js)."""
        return {
            **clean_environment(),
            **self.server.variables,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            **({"AWS_SESSION_TOKEN": self.session_token} if self.session_token else {}),
            "NODE_EXTRA_CA_CERTS": str(self.server.ca),
            "AWS_PAGER": "",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }

    def aws(self, *arguments, check=True):
        """Runs the AWS CLI of the test environment. Returns its JSON answer ({} if it has none); with check=False the
        finished process."""
        done = subprocess.run(
            [Path(sys.executable).parent / "aws", *arguments, "--output", "json"],
            env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90,
        )
        if not check:
            return done
        assert done.returncode == 0, f"aws {shlex.join(arguments)}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def node(self, script, *arguments):
        """Runs tests/js/SCRIPT with Node.js and returns what it printed as JSON."""
        done = subprocess.run(
            ["node", ROOT / "tests" / "js" / script, *arguments],
            env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90,
        )
        assert done.returncode == 0, f"node {script}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def run(self, *command):
        """Runs a client in another language and returns what it printed as JSON."""
        done = subprocess.run(command, env={**self.environment(), "AWS_REGION": self.server.region}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def go(self):
        return self.run(GO_CLIENT)

    def sign(self, body, headers, *, service="kms", method="POST", path="/", region=None):
        """The headers that a correct client sends with this body, Authorization among them."""
        data = body.encode() if isinstance(body, str) else body
        request = AWSRequest(method=method, url=self.server.url + path, data=data, headers=dict(headers))
        SigV4Auth(Credentials(self.access_key, self.secret_key, self.session_token or None), service, region or self.server.region).add_auth(request)
        return dict(request.headers)

    def post(self, target, body, *, headers=None, **signing):
        """One signed JSON 1.1 request without a client library in between. `body`: bytes or text as they are, anything
        else as JSON. Returns the requests.Response."""
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        unsigned = {"Content-Type": "application/x-amz-json-1.1", **(headers or {})}
        if target is not None:
            unsigned["X-Amz-Target"] = target
        data = body.encode() if isinstance(body, str) else body
        signed = self.sign(data, unsigned, **signing)
        return requests.post(self.server.url + "/", data=data, headers=signed, verify=str(self.server.ca), timeout=60)

    def query(self, body, service="iam", **headers):
        """One signed Query request without a client library in between: `body` is the form."""
        form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return self.post(None, body, service=service, headers=form)

    def call(self, operation, **members):
        """Calls an operation that no AWS client knows, such as Kagimori.CreateAccount, and returns its answer."""
        answer = self.post(operation, members)
        assert answer.status_code == 200, f"{operation}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}


@dataclass
class Server:
    data: Path
    port: int
    region: str = REGION
    settings: dict = field(default_factory=dict)  # options by name: {"limits.body_bytes": "64 KiB"}
    test_mode: bool = True  # the lifecycle clock may jump, faults may be injected
    process: subprocess.Popen = None
    variables: dict = field(default_factory=dict)  # of DIR/env

    @property
    def url(self):
        return self.variables["AWS_ENDPOINT_URL"]

    @property
    def ca(self):
        return self.data / "tls" / "ca.pem"

    @property
    def config(self):
        return self.data / "kagimori.toml"

    @property
    def log_file(self):
        return self.data / "server.log"

    @property
    def config_home(self):
        """Where this server's root key file lies: beside the data folder, never in it."""
        return self.data.parent / (self.data.name + "-config")

    @property
    def admin(self):
        """The administrator user of DIR/env."""
        return User(self, self.variables["AWS_ACCESS_KEY_ID"], self.variables["AWS_SECRET_ACCESS_KEY"])

    def environment(self):
        """The environment that the server and its commands run in."""
        options = {"server.test_mode": "true", **self.settings} if self.test_mode else self.settings
        overrides = {"KAGIMORI_" + name.upper().replace(".", "_"): str(value) for name, value in options.items()}
        return {**clean_environment(), "XDG_CONFIG_HOME": str(self.config_home), **overrides}

    def command(self, *arguments, check=True, **options):
        """Runs `kagimori ARGUMENTS` in the server's environment and returns the finished process."""
        done = subprocess.run(
            [BINARY, *map(str, arguments)],
            env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, **options,
        )
        if check:
            assert done.returncode == 0, f"kagimori {arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def openssl(self):
        """The OpenSSL that the server runs with: "OpenSSL 3.0.19"."""
        return self.command("--version").stdout.partition("(")[2].partition(")")[0]

    def init(self):
        """Makes the store if there is none and writes DIR/env anew."""
        self.command("init", "--data", self.data, "--port", self.port, "--region", self.region)
        self.read_environment_file()
        return self

    def read_environment_file(self):
        text = (self.data / "env").read_text()
        words = shlex.split(text, comments=True)
        self.variables = dict(word.split("=", 1) for word in words if "=" in word)

    def start(self, *, ready=True):
        """Starts the process; with ready=True returns when /readyz answers 200."""
        assert self.process is None, "the server runs already"
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--config", str(self.config)],
                env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self):
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"the server ended with {self.process.returncode}\n{self.log_tail()}"
            try:
                if requests.get(self.url + "/readyz", verify=str(self.ca), timeout=5).status_code == 200:
                    return
            except requests.RequestException:
                pass  # not listening yet
            time.sleep(0.02)
        raise AssertionError(f"the server is not ready after {READY_SECONDS} s\n{self.log_tail()}")

    def stop(self):
        """SIGTERM; the server finishes what is under way. Returns its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self):
        """SIGKILL, as a crash."""
        return self._end(signal.SIGKILL)

    def _end(self, number):
        if self.process is None:
            return None
        process, self.process = self.process, None
        process.send_signal(number)
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the server did not end within {STOP_SECONDS} s\n{self.log_tail()}") from None

    def restart(self):
        """Stops in good order and starts again on the same data."""
        assert self.stop() == 0, self.log_tail()
        return self.start()

    def crash_and_restart(self):
        self.kill()
        return self.start()

    def log_tail(self, lines=40):
        if not self.log_file.exists():
            return "(no log)"
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])
