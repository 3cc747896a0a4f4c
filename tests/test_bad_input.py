"""Requests that no client sends: each gets its answer, and the server goes on."""

import json
import socket
import ssl
import time

import pytest


def connect(server, timeout=20):
    context = ssl.create_default_context(cafile=str(server.ca))
    raw = socket.create_connection(("127.0.0.1", server.port), timeout=timeout)
    return context.wrap_socket(raw, server_hostname="localhost")


def read_all(connection):
    """All until the server closes or, for a kept connection, one whole answer."""
    data = b""
    while True:
        head, _, rest = data.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length" and b"\r\n\r\n" in data and len(rest) >= int(value):
                return data
        try:
            chunk = connection.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            return data
        if not chunk:
            return data
        data += chunk


def status_of(data):
    return int(data.split(b" ", 2)[1]) if data else None


def exchange(server, request):
    with connect(server) as connection:
        try:
            connection.sendall(request)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass  # the server has answered and closed already
        return read_all(connection)


@pytest.fixture(autouse=True)
def goes_on(server, kms):
    """After each test the same process answers as before."""
    process = server.process.pid
    yield
    assert server.process.poll() is None and server.process.pid == process
    assert kms.generate_random(NumberOfBytes=8)["Plaintext"]


def head(server, *lines):
    return "\r\n".join(("POST / HTTP/1.1", f"Host: localhost:{server.port}", *lines, "", "")).encode()


@pytest.mark.parametrize("body", (
    b"", b" ", b"{", b"}", b"[]", b"null", b"5", b'"x"', b"{'a':1}", b'{"a":1,}', b'{"a" 1}', b'{"a":1}{"b":2}', b'{"a":01}',
    b'{"a":NaN}', b'{"a":Infinity}', b'{"a":+1}', b'{"a":"\x01"}', b'{"a":"\xff\xfe"}', b'{"\xc3\x28":1}',
    b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}', b'{"a":"\\x41"}', b'{"a":1} trailing', b"\xef\xbb\xbf{}", b"\x00",
    b'{"a":1,"a":2}', b'{"KeyId":"x","KeyId":"y"}', b'{"a":{"b":1,"b":2}}', b'{"a":"\\u0061","\\u0061":1}',
    b'{"Limit":1' + b"0" * 400 + b"}", b'{"Limit":1e400}', b'{"Limit":99999999999999999999}', b'{"Limit":1.5}',
    b"[" * 100_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b'{"a":' + b"[" * 500 + b"]" * 500 + b"}",
    '{"KeyId":"x"}'.encode("utf-16"),
))
def test_bodies_that_are_no_json_object(admin, body):
    answer = admin.post("TrentService.ListKeys", body)
    assert answer.status_code == 400 and answer.json()["__type"] == "SerializationException", answer.text


@pytest.mark.parametrize("body", (b"{}", b" { } ", b'{"Limit":5}', b'{"Limit":5.0}', b'{"Unknown":[{"a":[]}]}'))
def test_bodies_that_are_good_enough(admin, body):
    answer = admin.post("TrentService.ListKeys", body)
    assert answer.status_code == 200 or (b"5.0" in body and answer.json()["__type"] == "SerializationException")


@pytest.mark.parametrize("content_type", ("application/json", "text/plain", "", "application/x-amz-json-1.0",
                                          "application/cbor", "application/x-www-form-urlencoded"))
def test_a_wrong_content_type(admin, content_type):
    answer = admin.post("TrentService.ListKeys", "{}", headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["__type"]) == (400, "SerializationException")


def test_a_content_type_with_a_charset(admin):
    answer = admin.post("TrentService.ListKeys", "{}", headers={"Content-Type": "application/x-amz-json-1.1; charset=utf-8"})
    assert answer.status_code == 200


def test_an_oversized_body(server):
    length = 2 * 1024 * 1024
    data = exchange(server, head(server, f"Content-Length: {length}") + b"x" * length)
    assert status_of(data) == 413
    data = exchange(server, head(server, "Content-Length: 99999999999999999999999"))
    assert status_of(data) in (400, 413)
    chunks = b"".join(b"10000\r\n" + b"x" * 65536 + b"\r\n" for _ in range(40))
    assert status_of(exchange(server, head(server, "Transfer-Encoding: chunked") + chunks)) == 413


def test_oversized_headers(server):
    assert status_of(exchange(server, head(server, "X-Long: " + "x" * 100_000))) == 431
    assert status_of(exchange(server, head(server, *(f"X-{i}: y" for i in range(500))))) == 431
    assert status_of(exchange(server, b"POST /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n")) in (400, 414, 431)


def smuggling(server):
    post = f"POST / HTTP/1.1\r\nHost: localhost:{server.port}\r\n".encode()
    return {
        "two lengths": post + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
        "two equal lengths": post + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        "a list of lengths": post + b"Content-Length: 2, 2\r\n\r\n{}",
        "a signed length": post + b"Content-Length: +2\r\n\r\n{}",
        "a negative length": post + b"Content-Length: -2\r\n\r\n{}",
        "a hexadecimal length": post + b"Content-Length: 0x2\r\n\r\n{}",
        "an empty length": post + b"Content-Length: \r\n\r\n{}",
        "both framings": post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "an unknown coding": post + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "chunked twice": post + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "a disguised coding": post + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "a folded header": post + b"X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}",
        "a bare LF": post.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}",
        "a bare CR": post + b"X-A: b\rContent-Length: 5\r\nContent-Length: 2\r\n\r\n{}",
        "a NUL in a header": post + b"X-A: b\x00c\r\nContent-Length: 2\r\n\r\n{}",
        "a name with a space": post + b"X A: b\r\nContent-Length: 2\r\n\r\n{}",
        "a line without colon": post + b"nonsense\r\nContent-Length: 2\r\n\r\n{}",
        "two hosts": post + b"Host: elsewhere\r\nContent-Length: 2\r\n\r\n{}",
        "no host": b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        "a bad chunk size": post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        "a chunk longer than said": post + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
        "an unknown version": post.replace(b"HTTP/1.1", b"HTTP/9.9") + b"\r\n",
        "no version": b"POST /\r\n\r\n",
        "no request": b"\x16\x03\x01\x00\x00nonsense\r\n\r\n",
        "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    }


@pytest.mark.parametrize("name", smuggling(type("Port", (), {"port": 0})))
def test_ambiguous_requests(server, name):
    """One refusal, and the connection ends: what follows is never taken for a request."""
    follow = f"GET /healthz HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n".encode()
    with connect(server) as connection:
        connection.sendall(smuggling(server)[name] + follow)
        data = b""
        while True:
            try:
                chunk = connection.recv(65536)
            except (ConnectionResetError, ssl.SSLError):
                break
            if not chunk:
                break
            data += chunk
    assert 400 <= (status_of(data) or 400) < 600
    assert data.count(b"HTTP/1.1 ") <= 1, data


@pytest.mark.parametrize("method, path, status", (
    ("GET", "/", 404), ("GET", "/secret", 404), ("GET", "/healthz", 200), ("GET", "/readyz", 200),
    ("POST", "/other", 404), ("PUT", "/other", 404), ("GET", "/../../etc/passwd", 404),
))
def test_other_methods_and_paths(server, method, path, status):
    data = exchange(server, f"{method} {path} HTTP/1.1\r\nHost: localhost:{server.port}\r\nContent-Length: 0\r\n\r\n".encode())
    assert status_of(data) == status


def ask(server, method, path):
    """The head of the answer, its body, and whatever is behind them."""
    with connect(server) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost:{server.port}\r\nConnection: close\r\n\r\n".encode())
        data = b""
        while chunk := connection.recv(65536):
            data += chunk
    head_bytes, _, body = data.partition(b"\r\n\r\n")
    return head_bytes.decode().lower().split("\r\n"), body


@pytest.mark.parametrize("path, length", (("/healthz", 3), ("/readyz", 6)))
def test_head_of_a_health_page(server, path, length):
    """As `curl -I` and many probes ask."""
    lines, body = ask(server, "HEAD", path)
    assert lines[0] == "http/1.1 200 ok" and f"content-length: {length}" in lines
    assert body == b""


def test_head_of_nothing(server):
    for path in ("/", "/nothing"):
        lines, body = ask(server, "HEAD", path)
        assert (lines[0], body) == ("http/1.1 404 not found", b"")


@pytest.mark.parametrize("method", ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"))
def test_a_wrong_method_is_told_the_right_ones(server, method):
    """RFC 9110 section 15.5.6."""
    for path, allowed in (("/", "get, post"), ("/healthz", "get, head"), ("/readyz", "get, head")):
        lines, _ = ask(server, method, path)
        assert lines[0] == "http/1.1 405 method not allowed" and f"allow: {allowed}" in lines


@pytest.mark.parametrize("framing", (("Content-Length: 2", "Transfer-Encoding: chunked"),
                                     ("Transfer-Encoding: chunked", "Content-Length: 2")))
def test_both_framings_are_named(server, framing):
    data = exchange(server, head(server, *framing) + b"0\r\n\r\n")
    assert status_of(data) == 400 and b"exclude each other" in data


def test_truncated_requests(server):
    whole = head(server, "Content-Length: 100") + b'{"KeyId":'
    for cut in (1, 5, 20, len(whole) - 12, len(whole)):
        with connect(server) as connection:
            connection.sendall(whole[:cut])
    with socket.create_connection(("127.0.0.1", server.port)) as plain:
        plain.sendall(b"\x16\x03\x01\x02\x00\x01")  # a TLS handshake that never goes on
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        plain.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n")  # no TLS at all
        assert b"200 OK" not in plain.recv(4096)


def test_slow_clients_are_cut_off_and_hold_nobody_up(fresh_server):
    server = fresh_server(settings={"limits.request_seconds": "1", "limits.handshake_seconds": "1"})
    slow = [connect(server) for _ in range(20)]
    silent = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(5)]
    for connection in slow:
        connection.sendall(b"POST / HTTP/1.1\r\nHo")
    assert server.admin.client().generate_random(NumberOfBytes=8)["Plaintext"]
    for connection in slow:
        assert status_of(read_all(connection)) in (None, 408)
        connection.close()
    for connection in silent:
        assert connection.recv(1) == b""
        connection.close()


def signed_request(user, target, body):
    data = json.dumps(body).encode()
    host = user.server.url.split("//")[1]
    headers = user.sign(data, {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target})
    headers = {"Host": host, **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if name.lower() != "content-length")
    return ("POST / HTTP/1.1\r\n" + lines).encode(), data


def test_pipelined_requests_are_answered_in_order(server, admin):
    request = b""
    for size in (1, 2, 3, 4):
        head_bytes, body = signed_request(admin, "TrentService.GenerateRandom", {"NumberOfBytes": size})
        request += head_bytes + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    with connect(server) as connection:
        connection.sendall(request)
        data, deadline = b"", time.monotonic() + 15
        while data.count(b'"Plaintext"') < 4 and time.monotonic() < deadline:
            data += connection.recv(65536)
    texts = [part.split(b'"')[1] for part in data.split(b'"Plaintext":')[1:]]
    import base64

    assert [len(base64.b64decode(text)) for text in texts] == [1, 2, 3, 4]


def test_a_chunked_body_and_expect_continue(server, admin):
    head_bytes, body = signed_request(admin, "TrentService.GenerateRandom", {"NumberOfBytes": 8})
    chunks = b"".join(b"1\r\n" + body[i : i + 1] + b"\r\n" for i in range(len(body))) + b"0\r\n\r\n"
    assert status_of(exchange(server, head_bytes + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)) == 200
    with connect(server) as connection:
        connection.sendall(head_bytes + f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(body)
        assert status_of(read_all(connection)) == 200
