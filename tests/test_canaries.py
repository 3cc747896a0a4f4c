"""Secrets planted in every input that may hold one: each blob and each sensitive member of every operation of AWS KMS's
model, in every form that a client may get wrong, and what signs a request. None of them turns up in anything that the server
writes: events, logs, metrics, files."""

import base64
import binascii
import itertools
import json

import pytest
import requests
from conformance import OPERATIONS, encoded, nodes, placed, valid
from harness import Server, free_port
from kms_case import CRYPTOGRAPHIC, IMPORTS, KINDS, Case, new_key
from test_audit import everywhere
from test_conformance import api, wire
from wire import Wire

OF_CASE = (*CRYPTOGRAPHIC, *IMPORTS, *KINDS)


class Planter:
    """Makes canaries and remembers what each was planted in."""

    def __init__(self):
        self.planted, self.numbers = {}, itertools.count(1)

    def new(self, where):
        canary = f"Canary{next(self.numbers):04}{binascii.hexlify(where.encode())[-8:].decode()}{id(self):x}"
        self.planted[canary] = where
        return canary

    def found_in(self, content):
        """Where those were planted that the content shows, as they are or encoded; base64 wherever it begins."""
        for canary, where in self.planted.items():
            raw = canary.encode()
            forms = [raw, raw.hex().encode(), raw.hex().upper().encode()]
            for shift in range(3):
                forms.append(base64.b64encode(b"\0" * shift + raw)[4 * (shift > 0):-4])
            if any(form in content for form in forms):
                yield where


def is_secret(node):
    return node.model["type"] == "blob" or "sensitive" in node.model


def bodies(operation, good, node, planter):
    shape = OPERATIONS[operation]["input"]["shape"]
    where = f"{operation} {node.told}"
    is_blob = node.model["type"] == "blob"
    for size in (1, 40):  # as it is, and long
        text = planter.new(where) * size
        yield placed(good, node.path, shape, encoded(text.encode()) if is_blob else text)
    for wrap in (lambda text: f"{text}!", lambda text: [text], lambda text: {text: text}, lambda text: f"\u0100{text}\n"):
        yield placed(good, node.path, shape, wrap(planter.new(where + ", of another type")))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    metrics = free_port()
    server = Server(tmp_path_factory.mktemp("canaries") / "data", free_port(), settings={
        "log.level": "debug", "listeners.2.address": f"127.0.0.1:{metrics}", "listeners.2.tls": "false", "listeners.2.planes": "metrics"})
    server.init().start()
    yield server, f"http://127.0.0.1:{metrics}/metrics"
    server.kill()


def written(house):
    server, metrics = house
    page = requests.get(metrics, timeout=30).content
    assert server.stop() == 0
    return {**everywhere(server), "the page of metrics": page}


def test_no_canary_sings(house):
    server, _ = house
    kms, planter, wired = server.admin.client("kms"), Planter(), Wire(server.admin)
    codes = set()
    for operation in OPERATIONS:
        secret = [node for node in nodes(operation) if is_secret(node)]
        if not secret:
            continue
        name = api(kms, operation)
        good = wire(Case(kms, name).members(name)) if name in OF_CASE else valid(OPERATIONS[operation]["input"]["shape"])
        for node in secret:
            for body in bodies(operation, good, node, planter):
                codes.add(wired.call(operation, body)[0])
                # Of a key that there is not, and of nothing that is known.
                codes.add(wired.call(operation, {**body, "KeyId": "alias/none"})[0])
                codes.add(wired.call(operation, {**body, next(iter(planter.planted)): 1})[0])
    assert {None, "ValidationException", "SerializationException", "NotFoundException", "InvalidCiphertextException"} <= codes
    assert len(planter.planted) > 100

    key = new_key(kms)
    unsigned = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.Encrypt"}
    body = json.dumps({"KeyId": key, "Plaintext": encoded(planter.new("a request that nobody signed").encode())})

    def send(headers, body=body, path="/", accepted=False):
        answer = requests.post(server.url + path, data=body, headers=headers, verify=str(server.ca), timeout=30)
        assert (answer.status_code < 400) == accepted
        assert not list(planter.found_in(answer.content)), answer.text

    send(unsigned)
    signed = server.admin.sign(body, unsigned)
    head, _, signature = signed["Authorization"].rpartition("=")
    send({**signed, "Authorization": f"{head}={planter.new('a wrong signature')}"})
    send({**signed, "Authorization": planter.new("an Authorization header")})
    send({**signed, "X-Amz-Security-Token": planter.new("a session token")})
    send(server.admin.sign(body, {**unsigned, "X-Amz-Security-Token": planter.new("a signed session token")}))
    send(unsigned, path=f"/?X-Amz-Signature={planter.new('a signature in the URL')}&X-Amz-Credential=x")
    send(unsigned, path=f"/?Action=GetUser&X-Amz-Security-Token={planter.new('a token in the URL')}&X-Amz-Credential=x/y/z/sts/aws4_request")
    for text in ("{", '{"Plaintext":', '{"Plaintext":"'):
        malformed = text + planter.new("JSON that is none")
        send(server.admin.sign(malformed, unsigned), malformed)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    # Parameters that an operation does not know are left aside, as AWS does.
    for text, accepted in (("Action=CreateUser&UserName=a&Password=", True), ("Action=None&X=", False), ("%%%", False)):
        query = text + planter.new("a form")
        send(server.admin.sign(query, form, service="iam"), query, accepted=accepted)

    for name, content in written(house).items():
        assert not list(planter.found_in(content)), name


def test_a_canary_that_sings_is_heard():
    planter = Planter()
    canary = planter.new("here")
    for content in (canary.encode(), b"x" + base64.b64encode(b"x" + canary.encode() + b"yz"), base64.b64encode(canary.encode()), canary.encode().hex().encode()):
        assert list(planter.found_in(b"..." + content + b"...")) == ["here"]
    assert not list(planter.found_in(b"Canary"))
