"""Each request leaves one event, in the form of CloudTrail, and no secret leaves the server but in its answer."""

import base64
import datetime
import json
import os

import pytest
from audit_log import audit_text
from kms_case import CRYPTOGRAPHIC, Case, advance, new_key, refused

READ_ONLY = ("describe_key", "get_key_policy", "list_aliases", "list_key_policies", "list_resource_tags",
             "get_key_rotation_status", "list_key_rotations", "list_grants")
CHANGES = ("create_alias", "update_alias", "delete_alias", "disable_key", "enable_key", "enable_key_rotation",
           "rotate_key_on_demand", "disable_key_rotation", "put_key_policy", "tag_resource", "untag_resource",
           "update_key_description", "schedule_key_deletion", "create_grant", "retire_grant", "revoke_grant")


def events(server):
    text = audit_text(server)
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n") if line]  # not splitlines, which knows more ends of lines


def event_of(server, request_id):
    found = [event for event in events(server) if event.get("requestID") == request_id]
    assert len(found) == 1, found
    return found[0]


def api_name(operation):
    return "".join(part.title() for part in operation.split("_"))


@pytest.mark.parametrize("operation", (*CRYPTOGRAPHIC, *READ_ONLY, *CHANGES))
def test_a_good_request_leaves_one_event(server, kms, sts, operation):
    case = Case(kms)
    me = sts.get_caller_identity()
    answer = case.call(operation)
    event = event_of(server, answer["ResponseMetadata"]["RequestId"])
    assert (event["eventName"], event["eventSource"]) == (api_name(operation), "kms.amazonaws.com")
    assert event["readOnly"] == (operation in (*CRYPTOGRAPHIC, *READ_ONLY))
    assert (event["awsRegion"], event["sourceIPAddress"]) == ("us-east-1", "127.0.0.1")
    assert (event["eventType"], event["managementEvent"]) == ("AwsApiCall", True)
    assert event["recipientAccountId"] == case.account
    identity = event["userIdentity"]
    assert (identity["type"], identity["arn"], identity["accountId"]) == ("IAMUser", me["Arn"], me["Account"])
    assert (identity["principalId"], identity["accessKeyId"]) == (me["UserId"], server.admin.access_key)
    assert event["userAgent"].startswith("Boto3/") and event["tlsDetails"]["tlsVersion"].startswith("TLSv1.")
    when = datetime.datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00"))
    assert abs((datetime.datetime.now(datetime.timezone.utc) - when).total_seconds()) < 60
    assert "errorCode" not in event
    if operation != "list_aliases":
        arns = [resource["ARN"] for resource in event["resources"]]
        assert case.arn in arns
        assert len(arns) == (2 if operation in ("re_encrypt", "update_alias") else 1)
    if operation in (*CRYPTOGRAPHIC, *READ_ONLY):
        assert event.get("responseElements") is None
    members = case.members(operation)
    if "KeyId" in members and operation != "list_aliases":
        assert event["requestParameters"]["keyId"] == case.key_id


def refusals(case):
    return {
        "NotFoundException": ("describe_key", {"KeyId": "alias/nobody"}),
        "ValidationException": ("generate_data_key", {"KeyId": case.key_id}),
        "InvalidCiphertextException": ("decrypt", {"CiphertextBlob": case.blob, "EncryptionContext": {"a": "b"}}),
        "DryRunOperationException": ("encrypt", {"KeyId": case.key_id, "Plaintext": b"x", "DryRun": True}),
        "AlreadyExistsException": ("create_alias", {"AliasName": case.alias, "TargetKeyId": case.key_id}),
        "MalformedPolicyDocumentException": ("put_key_policy", {"KeyId": case.key_id, "Policy": "{"}),
        "UnsupportedOperationException": ("get_public_key", {"KeyId": case.key_id}),
    }


@pytest.mark.parametrize("code", refusals(type("Names", (), {"key_id": "", "blob": "", "alias": ""})))
def test_a_refused_request_leaves_one_event_too(server, kms, code):
    operation, members = refusals(Case(kms))[code]
    with pytest.raises(kms.exceptions.ClientError) as caught:
        getattr(kms, operation)(**members)
    assert caught.value.response["Error"]["Code"] == code
    event = event_of(server, caught.value.response["ResponseMetadata"]["RequestId"])
    assert event["eventName"] == api_name(operation)
    assert event["errorCode"] == code
    assert "errorMessage" in event or code == "InvalidCiphertextException"


@pytest.mark.parametrize("target, body, headers", (
    ("TrentService.Nothing", "{}", {}), ("Nothing", "{}", {}), ("TrentService.Nothing", "not json", {}),
))
def test_an_identified_caller_who_names_no_operation_leaves_an_event(server, admin, target, body, headers):
    answer = admin.post(target, body, headers=headers)
    assert answer.status_code == 400
    event = event_of(server, answer.headers["x-amzn-RequestId"])
    assert (event["eventName"], event["userIdentity"]["accessKeyId"]) == ("Unknown", admin.access_key)
    assert event["errorCode"] == "UnknownOperationException"


def test_an_identified_caller_of_an_unknown_action_leaves_an_event(server, admin):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = admin.post(None, "Action=Nothing&Version=2010-05-08", headers=form, service="iam")
    assert answer.status_code == 400
    event = event_of(server, answer.headers["x-amzn-RequestId"])
    assert (event["eventName"], event["eventSource"]) == ("Unknown", "iam.amazonaws.com")


def test_a_denied_request_names_who_was_denied(server, kms, key, make_user):
    user = make_user()
    with pytest.raises(kms.exceptions.ClientError) as caught:
        user.client().disable_key(KeyId=key)
    event = event_of(server, caught.value.response["ResponseMetadata"]["RequestId"])
    assert event["errorCode"] == "AccessDenied" and event["userIdentity"]["arn"] == user.arn
    assert event["userIdentity"]["userName"] == user.name


def test_the_events_of_changes_survive_a_crash_once(fresh_server):
    server = fresh_server()
    kms = server.admin.client()
    made = [kms.create_key()["ResponseMetadata"]["RequestId"] for _ in range(10)]
    server.crash_and_restart()
    for request_id in made:
        assert event_of(server, request_id)["eventName"] == "CreateKey"


def test_what_the_clock_does_has_events(fresh_server):
    server = fresh_server()
    kms = server.admin.client()
    rotating, doomed = new_key(kms), new_key(kms)
    kms.enable_key_rotation(KeyId=rotating, RotationPeriodInDays=90)
    kms.schedule_key_deletion(KeyId=doomed, PendingWindowInDays=7)
    advance(server, days=91)
    for name, key_id in (("RotateKey", rotating), ("DeleteKey", doomed)):
        found = [event for event in events(server) if event["eventName"] == name]
        assert len(found) == 1 and key_id in json.dumps(found[0]), found
        assert found[0]["eventType"] == "AwsServiceEvent" and found[0]["requestParameters"] is None
        details = found[0]["serviceEventDetails"]
        assert details["keyId"] == key_id
        if name == "RotateKey":
            materials = [one["KeyMaterialId"] for one in kms.list_key_rotations(KeyId=rotating, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]]
            assert {details["previousKeyMaterialId"], details["currentKeyMaterialId"]} == set(materials)
            assert details["currentKeyMaterialId"] == kms.describe_key(KeyId=rotating)["KeyMetadata"]["CurrentKeyMaterialId"]
            assert (details["rotationType"], details["keyOrigin"]) == ("AUTOMATIC", "AWS_KMS")


def test_a_rotation_on_demand_has_the_event_of_a_rotation_too(server, kms, key):
    before = kms.describe_key(KeyId=key)["KeyMetadata"]
    kms.rotate_key_on_demand(KeyId=key)
    after = kms.describe_key(KeyId=key)["KeyMetadata"]
    (event,) = [event for event in events(server) if event["eventName"] == "RotateKey" and before["Arn"] in str(event["resources"])]
    assert (event["eventType"], event["userIdentity"]["type"]) == ("AwsServiceEvent", "Service") and "requestID" not in event
    assert event["serviceEventDetails"] == {
        "keyId": key, "rotationType": "ON_DEMAND", "keyOrigin": "AWS_KMS",
        "previousKeyMaterialId": before["CurrentKeyMaterialId"], "currentKeyMaterialId": after["CurrentKeyMaterialId"]}


def everywhere(server):
    """All that a server writes beside its store's secrets: audit, log, and all files of the data folder but DIR/env."""
    paths = [path for path in server.data.rglob("*") if path.is_file() and path.name != "env"]
    return {path.name: path.read_bytes() for path in paths}


def test_no_secret_is_written_anywhere(fresh_server, make_user):
    server = fresh_server(settings={"log.level": "debug"})
    kms = server.admin.client()
    user = make_user(on=server, allow=["kms:*"])
    key_id = new_key(kms)
    canary = b"CANARY-" + os.urandom(12).hex().encode()
    sealed = kms.encrypt(KeyId=key_id, Plaintext=canary)["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=sealed)
    data_key = user.client().generate_data_key(KeyId=key_id, KeySpec="AES_256")["Plaintext"]
    random = kms.generate_random(NumberOfBytes=32)["Plaintext"]
    for body in ({"KeyId": "alias/nobody", "Plaintext": base64.b64encode(canary).decode()},
                 {"KeyId": key_id, "Plaintext": canary.decode()}, "{" + canary.decode()):
        assert server.admin.post("TrentService.Encrypt", body).status_code == 400
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=sealed, EncryptionContext={"a": "b"})
    secrets = [canary, data_key, random, user.secret_key.encode(), server.admin.secret_key.encode()]
    forms = {form for one in secrets for form in (one, base64.b64encode(one), one.hex().encode())}
    written = everywhere(server)
    assert key_id.encode() in b"".join(content for name, content in written.items() if name.endswith(".jsonl"))
    for name, content in written.items():
        assert not [form for form in forms if form in content], f"{name} holds a secret"
    assert b"Signature=" not in written["server.log"] and b"AWS4-HMAC" not in written["server.log"]


def test_a_query_string_is_never_logged(server):
    import requests

    requests.post(server.url + "/?X-Amz-Signature=QUERYCANARY", data=b"{}", verify=str(server.ca), timeout=10)
    for name, content in everywhere(server).items():
        assert b"QUERYCANARY" not in content, name


def test_the_log_tells_each_request(server, kms, key):
    answer = kms.encrypt(KeyId=key, Plaintext=b"x")
    lines = [json.loads(line) for line in server.log_file.read_text().splitlines() if line.startswith("{")]
    [line] = [one for one in lines if one.get("requestId") == answer["ResponseMetadata"]["RequestId"]]
    assert (line["operation"], line["result"], line["key"]) == ("Encrypt", "ok", answer["KeyId"])
    assert line["principal"].endswith("user/admin") and line["micros"] > 0
