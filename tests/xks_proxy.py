"""An external key store proxy for tests: AWS KMS External Keystore Proxy API Specification 1.0 over HTTPS, with a
certificate authority of its own. It verifies SigV4 by itself, encrypts with AES-256-GCM, and does wrong what a test
tells it to.

    with XksProxy(folder) as proxy:
        proxy.add_key("key-1")
        proxy.fault = "slow"
"""

import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

HOST = "xks.example.com"
ACCESS_KEY = "ABCDEFGHIJKLMNOPQRST"
SECRET_KEY = "c2VjcmV0L29mK3RoZS90ZXN0L3Byb3h5K2FuZC9ub2JvZHk"
PREFIX = "/store/kms/xks/v1"
REGION = "us-east-1"

# Fault -> (HTTP status, errorName) of an answer that the specification knows.
ERRORS = {
    "validation": (400, "ValidationException"),
    "invalid-state": (400, "InvalidStateException"),
    "invalid-ciphertext": (400, "InvalidCiphertextException"),
    "invalid-key-usage": (400, "InvalidKeyUsageException"),
    "authentication": (401, "AuthenticationFailedException"),
    "access-denied": (403, "AccessDeniedException"),
    "key-not-found": (404, "KeyNotFoundException"),
    "uri-path": (404, "InvalidUriPathException"),
    "throttling": (429, "ThrottlingException"),
    "internal": (500, "InternalException"),
    "unsupported": (501, "UnsupportedOperationException"),
    "dependency-timeout": (503, "DependencyTimeoutException"),
}
# And of those beside it: malformed, slow, hang-up, wrong-integrity, wrong-tag-size, huge, no-manager, empty-fleet.


class Refused(Exception):
    def __init__(self, fault):
        self.status, self.name = ERRORS[fault]


@dataclass
class ExternalKey:
    material: bytes
    spec: str = "AES_256"
    usage: tuple = ("ENCRYPT", "DECRYPT")
    status: str = "ENABLED"


def b64(data):
    return base64.b64encode(data).decode()


def make_authority(folder, names):
    """ca.pem, and one certificate for each name: {name: path of certificate and key}."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def certificate(subject, key, issuer, issuer_key, *, ca):
        name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=30))
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        if not ca:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    pem = serialization.Encoding.PEM
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = "CA of the tests of external key stores"
    ca_file = folder / "xks-ca.pem"
    ca_file.write_bytes(certificate(ca_name, ca_key, ca_name, ca_key, ca=True).public_bytes(pem))
    files = {}
    for subject in names:
        key = ec.generate_private_key(ec.SECP256R1())
        text = certificate(subject, key, ca_name, ca_key, ca=False).public_bytes(pem) + key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        files[subject] = folder / f"{subject}.pem"
        files[subject].write_bytes(text)
    return ca_file, files


def expected_signature(method, path, headers, body, signed_headers, scope, date, secret):
    """SigV4 as the AWS IAM User Guide describes it, written from there."""
    canonical_headers = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in signed_headers)
    canonical = "\n".join((method, path, "", canonical_headers, ";".join(signed_headers), hashlib.sha256(body).hexdigest()))
    text = "\n".join(("AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(405, {})

    def do_POST(self):
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = proxy.fault
        if fault == "slow":
            time.sleep(1)
        elif fault == "hang-up":
            self.close_connection = True
            return
        elif fault == "malformed":
            return self.answer(200, b'{"ciphertext": ')
        elif fault == "huge":
            return self.answer(200, b" " * 100_000)
        try:
            if fault in ERRORS:
                raise Refused(fault)
            self.authenticate(body)
            self.answer(200, self.serve(json.loads(body)))
        except Refused as refused:
            self.answer(refused.status, {"errorName": refused.name, "errorMessage": "words of the proxy"})

    def authenticate(self, body):
        headers = {name.lower(): value for name, value in self.headers.items()}
        match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)",
                             headers.get("authorization", ""))
        proxy = self.server.proxy
        if match is None:
            raise Refused("authentication")
        access_key, scope, names, signature = match.groups()
        names, date = names.split(";"), headers["x-amz-date"]
        right = (
            access_key == proxy.access_key and scope == f"{date[:8]}/{REGION}/kms-xks-proxy/aws4_request"
            and {"host", "x-amz-date"} <= set(names) and names == sorted(names)
            and abs(datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.strptime(
                date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)) < datetime.timedelta(minutes=5)
            and hmac.compare_digest(signature, expected_signature(
                "POST", self.path, headers, body, names, scope, date, proxy.secret_key))
        )
        if not right:
            raise Refused("authentication")

    def serve(self, request):
        proxy = self.server.proxy
        if not self.path.startswith(proxy.prefix + "/"):
            raise Refused("uri-path")
        call = self.path[len(proxy.prefix):]
        proxy.requests.append((call, request, self.client_address))
        if call == "/health":
            return self.health(proxy)
        match = re.fullmatch(r"/keys/([A-Za-z0-9._-]{1,128})/(metadata|encrypt|decrypt)", call)
        if match is None:
            raise Refused("uri-path")
        key = proxy.keys.get(match[1])
        if key is None:
            raise Refused("key-not-found")
        if match[2] == "metadata":
            return {"keySpec": key.spec, "keyUsage": list(key.usage), "keyStatus": key.status}
        if key.status != "ENABLED":
            raise Refused("invalid-state")
        if request["encryptionAlgorithm"] != "AES_GCM":
            raise Refused("validation")
        assert request["requestMetadata"].keys() == {"awsPrincipalArn", "kmsKeyArn", "kmsOperation", "kmsRequestId"}
        return self.encrypt(proxy, key, request) if match[2] == "encrypt" else self.decrypt(proxy, key, request)

    @staticmethod
    def health(proxy):
        status = "UNAVAILABLE" if proxy.fault == "no-manager" else "ACTIVE"
        return {
            "xksProxyFleetSize": 0 if proxy.fault == "empty-fleet" else 1, "xksProxyVendor": "tests",
            "xksProxyModel": "xks_proxy.py", "ekmVendor": "tests",
            "ekmFleetDetails": [{"id": "one", "model": "memory", "healthStatus": status}],
        }

    @staticmethod
    def combined(aad, metadata):
        """What the manager authenticates when there is metadata."""
        return len(aad).to_bytes(2, "big") + aad + bytes([len(metadata)]) + metadata if metadata else aad

    def encrypt(self, proxy, key, request):
        plaintext = base64.b64decode(request["plaintext"], validate=True)
        aad = base64.b64decode(request.get("additionalAuthenticatedData", ""), validate=True)
        assert len(plaintext) <= 4300 and len(aad) <= 8192
        iv, metadata = os.urandom(proxy.iv_size), proxy.metadata
        sealed = AESGCM(key.material).encrypt(iv, plaintext, self.combined(aad, metadata))
        ciphertext, tag = sealed[:-16], sealed[-16:]
        answer = {"ciphertext": b64(ciphertext), "initializationVector": b64(iv), "authenticationTag": b64(tag)}
        if metadata:
            answer["ciphertextMetadata"] = b64(metadata)
        if proxy.integrity:
            assert request["ciphertextDataIntegrityValueAlgorithm"] == "SHA_256"
            data = self.combined(aad, metadata) if proxy.integrity == "lengths" else aad + metadata
            answer["ciphertextDataIntegrityValue"] = b64(hashlib.sha256(data + iv + ciphertext + tag).digest())
        if proxy.fault == "wrong-integrity":
            answer["ciphertext"] = b64(bytes([ciphertext[0] ^ 1]) + ciphertext[1:])
        if proxy.fault == "wrong-tag-size":
            answer["authenticationTag"] = b64(tag[:12])
        return answer

    def decrypt(self, proxy, key, request):
        field = lambda name: base64.b64decode(request.get(name, ""), validate=True)
        aad = self.combined(field("additionalAuthenticatedData"), field("ciphertextMetadata"))
        try:
            sealed = field("ciphertext") + field("authenticationTag")
            return {"plaintext": b64(AESGCM(key.material).decrypt(field("initializationVector"), sealed, aad))}
        except InvalidTag:
            raise Refused("invalid-ciphertext") from None

    def answer(self, status, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            pass  # the server has not waited


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address, proxy, certificate):
        super().__init__(address, Handler)
        self.proxy = proxy
        self.open = set()
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(certificate)

    def finish_request(self, request, client_address):
        # The handshake, on the connection's own thread.
        try:
            secured = self.context.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            return
        self.open.add(secured)
        try:
            super().finish_request(secured, client_address)
        except OSError:
            pass
        finally:
            self.open.discard(secured)

    def hang_up(self):
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed already

    def handle_error(self, request, client_address):
        self.proxy.errors.append(client_address)
        super().handle_error(request, client_address)


class XksProxy:
    def __init__(self, folder):
        self.ca_file, self.certificates = make_authority(folder, (HOST, "elsewhere.example.com"))
        self.access_key, self.secret_key, self.prefix = ACCESS_KEY, SECRET_KEY, PREFIX
        self.keys, self.requests, self.errors = {}, [], []
        self.fault, self.integrity, self.metadata, self.iv_size = None, "plain", b"", 12
        self.listener, self.port = None, 0
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self, *, name=HOST):
        self.listener = Listener(("127.0.0.1", self.port), self, self.certificates[name])
        self.port = self.listener.server_address[1]
        threading.Thread(target=self.listener.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        if self.listener is not None:
            self.listener.shutdown()
            self.listener.server_close()
            self.listener.hang_up()
            self.listener = None

    def reset(self):
        """Well again, without a memory."""
        if self.listener is None:
            self.start()
        self.access_key, self.secret_key, self.prefix = ACCESS_KEY, SECRET_KEY, PREFIX
        self.fault, self.integrity, self.metadata, self.iv_size = None, "plain", b"", 12
        self.requests.clear()
        self.errors.clear()

    def add_key(self, name, **options):
        self.keys[name] = ExternalKey(os.urandom(32), **options)
        return name

    def settings(self):
        """The options of a server that reaches this proxy under its name."""
        return {"xks.ca_file": self.ca_file, "xks.connect_to": f"{HOST}:443:127.0.0.1:{self.port}"}

    def members(self, **changes):
        """Of CreateCustomKeyStore, but for the name."""
        return {
            "CustomKeyStoreType": "EXTERNAL_KEY_STORE", "XksProxyUriEndpoint": f"https://{HOST}",
            "XksProxyUriPath": self.prefix, "XksProxyConnectivity": "PUBLIC_ENDPOINT",
            "XksProxyAuthenticationCredential": {"AccessKeyId": self.access_key, "RawSecretAccessKey": self.secret_key},
            **changes,
        }
