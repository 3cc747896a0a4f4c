"""One server, several regions: the region of a request is the one that it was signed for, and each has keys of its own."""

import pytest
import requests
from botocore.exceptions import ClientError
from harness import Server, free_port
from kms_case import CRYPTOGRAPHIC, Case, advance, new_alias, new_key, refused
from test_audit import event_of, events

HOME, SECOND, THIRD, ELSEWHERE = "us-east-1", "eu-central-1", "ap-southeast-2", "eu-west-1"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("regions") / "data", free_port(),
                 settings={"account.regions": f"{SECOND},{THIRD}"})
    one.init().start()
    yield one
    assert one.stop() == 0, one.log_tail()


@pytest.fixture
def home(server):
    return server.admin.client(region=HOME)


@pytest.fixture
def second(server):
    return server.admin.client(region=SECOND)


def error_of(call, **members):
    with pytest.raises(ClientError) as caught:
        call(**members)
    return caught.value.response["Error"]


def test_each_region_has_keys_of_its_own(server, home, second):
    of_home, of_second = Case(home), Case(second)
    assert f":{HOME}:" in of_home.arn and f":{SECOND}:" in of_second.arn
    for mine, kms, other, other_kms, region in ((of_home, home, of_second, second, SECOND),
                                                (of_second, second, of_home, home, HOME)):
        for operation in ("describe_key", *CRYPTOGRAPHIC, "disable_key", "get_key_policy"):
            case = Case(other_kms)
            members = case.members(operation)
            named = "SourceKeyId" if operation == "re_encrypt" else "KeyId"
            call = getattr(kms, operation)
            refused("NotFoundException", call, message=f"Invalid arn {region}", **{**members, named: case.arn})
            refused("NotFoundException", call, contains="does not exist", **{**members, named: case.key_id})
        listed = [key["KeyId"] for page in kms.get_paginator("list_keys").paginate() for key in page["Keys"]]
        assert mine.key_id in listed and other.key_id not in listed
        arns = [key["KeyArn"] for key in kms.list_keys()["Keys"]]
        assert all(f":{region}:" not in arn for arn in arns)


def test_an_unnamed_key_is_looked_for_in_the_region_of_the_request(home, second):
    blob = second.encrypt(KeyId=new_key(second), Plaintext=b"x")["CiphertextBlob"]
    assert second.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    refused("AccessDeniedException", home.decrypt, CiphertextBlob=blob, contains="does not exist in this Region")
    case = Case(home)
    for source, destination in ((blob, case.key_id), (case.blob, new_key(second))):
        with pytest.raises(ClientError):
            home.re_encrypt(CiphertextBlob=source, DestinationKeyId=destination)


def test_the_same_alias_in_two_regions(home, second):
    name = new_alias()
    keys = {kms: new_key(kms) for kms in (home, second)}
    for kms, key in keys.items():
        kms.create_alias(AliasName=name, TargetKeyId=key)
    for kms, key in keys.items():
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == key
        kms.encrypt(KeyId=name, Plaintext=b"x")
    home.delete_alias(AliasName=name)
    refused("NotFoundException", home.describe_key, KeyId=name,
            message=f"Alias arn:aws:kms:{HOME}:{home.describe_key(KeyId=keys[home])['KeyMetadata']['AWSAccountId']}:"
                    f"{name} is not found.")
    assert [alias["AliasName"] for alias in second.list_aliases(KeyId=keys[second])["Aliases"]] == [name]
    assert second.list_aliases(KeyId=keys[second])["Aliases"][0]["AliasArn"].split(":")[3] == SECOND


@pytest.mark.parametrize("region", (ELSEWHERE, "nowhere", "", "us-east-1x"))
def test_a_region_that_is_not_served(server, region):
    refusal = server.admin.post("TrentService.ListKeys", {}, region=region or "-")
    assert refusal.status_code == 400 and refusal.json()["__type"] == "InvalidSignatureException"
    assert "Credential should be scoped to a valid region" in refusal.json()["message"]


def test_a_signature_for_one_region_is_none_for_another(server):
    body = "{}"
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.ListKeys"}
    signed = server.admin.sign(body, headers, region=SECOND)
    signed["Authorization"] = signed["Authorization"].replace(f"/{SECOND}/", f"/{THIRD}/")
    answer = requests.post(server.url + "/", data=body, headers=signed, verify=str(server.ca), timeout=60)
    assert answer.json()["__type"] == "InvalidSignatureException"
    assert "does not match" in answer.json()["message"]


def test_iam_and_sts_answer_in_every_region(server):
    for region in (HOME, SECOND, THIRD):
        assert server.admin.client("sts", region=region).get_caller_identity()["Account"]
    form = "Action=ListUsers&Version=2010-05-08"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for region in (HOME, SECOND):
        assert server.admin.post(None, form, headers=headers, service="iam", region=region).status_code == 200
    assert server.admin.post(None, form, headers=headers, service="iam", region=ELSEWHERE).status_code == 403


def test_policies_see_the_region_of_the_request(server, make_user, home, second):
    keys = {HOME: new_key(home), SECOND: new_key(second)}
    user = make_user(on=server, policy={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "kms:*", "Resource": "*",
         "Condition": {"StringEquals": {"aws:RequestedRegion": SECOND}}}]})
    user.client(region=SECOND).describe_key(KeyId=keys[SECOND])
    user.client(region=SECOND).enable_key(KeyId=keys[SECOND])
    for operation in ("describe_key", "enable_key"):
        refused("AccessDeniedException", getattr(user.client(region=HOME), operation), KeyId=keys[HOME])
    by_arn = make_user(on=server, allow="kms:*", resource=f"arn:aws:kms:{SECOND}:*:key/*")
    by_arn.client(region=SECOND).describe_key(KeyId=keys[SECOND])
    refused("AccessDeniedException", by_arn.client(region=HOME).describe_key, KeyId=keys[HOME])


def test_events_name_the_region(server, home, second):
    for kms, region in ((home, HOME), (second, SECOND)):
        for answer in (kms.list_keys(), kms.create_key(), kms.generate_random(NumberOfBytes=1)):
            assert event_of(server, answer["ResponseMetadata"]["RequestId"])["awsRegion"] == region


def test_what_the_clock_does_happens_in_the_region_of_the_key(server, second):
    arn = second.create_key()["KeyMetadata"]["Arn"]
    second.enable_key_rotation(KeyId=arn, RotationPeriodInDays=90)
    advance(server, days=91)
    second.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    advance(server, days=8)
    by_clock = [e for e in events(server) if e["eventType"] == "AwsServiceEvent" and arn in str(e.get("resources"))]
    assert [(e["eventName"], e["awsRegion"]) for e in by_clock] == [("RotateKey", SECOND), ("DeleteKey", SECOND)]
    refused("NotFoundException", second.describe_key, KeyId=arn, message=f"Key '{arn}' does not exist")


def test_the_quota_of_keys_counts_in_each_region(fresh_server):
    server = fresh_server(settings={"account.regions": SECOND, "quotas.keys_per_account": 1})
    for region in (HOME, SECOND):
        kms = server.admin.client(region=region)
        kms.create_key()
        refused("LimitExceededException", kms.create_key)


def test_a_region_that_is_taken_out_and_named_again(fresh_server):
    server = fresh_server(settings={"account.regions": SECOND})
    second = server.admin.client(region=SECOND)
    case = Case(second)
    second.enable_key_rotation(KeyId=case.key_id, RotationPeriodInDays=90)
    server.settings = {}
    server.restart()
    assert error_of(second.describe_key, KeyId=case.key_id)["Code"] == "InvalidSignatureException"
    refused("NotFoundException", server.admin.client().describe_key, KeyId=case.arn, message=f"Invalid arn {SECOND}")
    advance(server, days=91)
    server.settings = {"account.regions": SECOND}
    server.restart()
    assert second.decrypt(CiphertextBlob=case.blob)["Plaintext"] == b"case"
    assert len(second.list_key_rotations(KeyId=case.key_id)["Rotations"]) == 1


def test_another_home_region(fresh_server):
    server = fresh_server(region=THIRD, settings={"account.regions": SECOND})
    assert server.variables["AWS_REGION"] == THIRD
    for region in (THIRD, SECOND):
        assert f":{region}:" in server.admin.client(region=region).create_key()["KeyMetadata"]["Arn"]
    assert server.admin.client("iam").list_users()["Users"]
    assert error_of(server.admin.client(region=HOME).list_keys)["Code"] == "InvalidSignatureException"


@pytest.mark.parametrize("regions", ("nowhere", f"{SECOND},{SECOND}", HOME, "EU"))
def test_regions_that_are_none(fresh_server, regions):
    server = fresh_server(start=False)
    server.settings = {"account.regions": regions}
    done = server.command("config", "check", "--config", server.config, check=False)
    assert done.returncode == 1 and "account.regions" in done.stderr
