"""What was sent by nobody who could be identified comes into the audit log together: by source, once a minute."""

import json
import socket

import pytest
import requests
from audit_case import check, command
from audit_log import audit_text, events_in
from harness import User
from kms_case import advance, refused


def told(server):
    events = [json.loads(line) for line in audit_text(server).split("\n") if line]
    return [event for event in events if event["eventName"] == "UnidentifiedRequests"]


def stranger(server, *, key=None, secret="not the secret"):
    return User(server, key or "AKIAAAAAAAAAAAAAAAAA", secret)


def test_failed_authentications_are_told_by_source(fresh_server):
    server = fresh_server()
    for _ in range(3):
        refused("UnrecognizedClientException", stranger(server).client().list_keys)
    for _ in range(2):
        refused("InvalidSignatureException", stranger(server, key=server.admin.access_key).client().list_keys)
    answer = requests.post(server.url, data="{}", headers={"X-Amz-Target": "TrentService.ListKeys"}, verify=str(server.ca), timeout=30)
    assert answer.status_code == 400
    with socket.create_connection(("127.0.0.1", server.port)) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 400")
    server.admin.call("Kagimori.Sweep")
    # The sweeper may have told of some before.
    advance(server, seconds=61)
    sums = {}
    for event in told(server):
        assert event["eventSource"] == "kagimori" and event["userIdentity"] == {"type": "Unknown"}
        assert event["sourceIPAddress"] == "127.0.0.1" and event["eventType"] == "AwsServiceEvent"
        data = event["additionalEventData"]
        assert data["firstTime"] <= data["lastTime"] <= event["eventTime"]
        assert "sources" not in data and "errorCode" not in event
        for what, count in data["requests"].items():
            sums[what] = sums.get(what, 0) + count
    assert sums == {"UnrecognizedClientException": 3, "InvalidSignatureException": 2, "MissingAuthenticationTokenException": 1,
                    "The client sent HTTP without TLS to a TLS port.": 1}


def test_once_a_minute(fresh_server):
    server = fresh_server()
    server.admin.call("Kagimori.HoldSweeper", Held=True)
    nobody = stranger(server).client()
    refused("UnrecognizedClientException", nobody.list_keys)
    advance(server, seconds=61)
    assert len(told(server)) == 1
    for _ in range(50):
        refused("UnrecognizedClientException", nobody.list_keys)
    advance(server, seconds=1)
    assert len(told(server)) == 1
    advance(server, seconds=60)
    assert [event["additionalEventData"]["requests"] for event in told(server)] == [
        {"UnrecognizedClientException": 1}, {"UnrecognizedClientException": 50}]
    advance(server, seconds=61)
    assert len(told(server)) == 2, "nothing has happened since"


def test_who_is_identified_leaves_events_of_their_own(fresh_server, make_user):
    server = fresh_server()
    refused("AccessDeniedException", make_user(on=server).client().list_keys)
    refused("NotFoundException", server.admin.client().describe_key, KeyId="alias/none")
    advance(server, seconds=61)
    assert told(server) == []


def test_what_was_noted_is_told_when_the_server_ends(fresh_server):
    server = fresh_server()
    server.admin.call("Kagimori.HoldSweeper", Held=True)
    advance(server, seconds=61)
    refused("UnrecognizedClientException", stranger(server).client().list_keys)
    assert server.stop() == 0
    folder = server.data / "audit"
    assert [event["eventName"] for event in events_in(folder)][-1] == "UnidentifiedRequests"
    assert check(folder)["ok"]
    found = command("audit", "search", folder, "--address", "127.0.0.1", "--operation", "UnidentifiedRequests", "--json").stdout
    assert json.loads(found.splitlines()[0])["event"]["additionalEventData"]["requests"] == {"UnrecognizedClientException": 1}


@pytest.mark.parametrize("service", ["iam", "sts"])
def test_of_other_services_too(fresh_server, service):
    server = fresh_server()
    client = stranger(server).client(service)
    refused_with = pytest.raises(Exception, match="InvalidClientTokenId")
    with refused_with:
        client.get_user() if service == "iam" else client.get_caller_identity()
    advance(server, seconds=61)
    assert sum(sum(event["additionalEventData"]["requests"].values()) for event in told(server)) == 1
