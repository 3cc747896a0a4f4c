"""The Query protocol of IAM and STS: forms in the body and in the URL, answers in XML and in JSON, and STS itself."""

import subprocess

import pytest
import requests
from harness import User

ACCOUNT = "100000000001"


def test_get_caller_identity_needs_no_permission(sts, make_user):
    user = make_user()
    answer = user.client("sts").get_caller_identity()
    assert (answer["Arn"], answer["UserId"], answer["Account"]) == (user.arn, user.user_id, ACCOUNT)
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/admin"


@pytest.mark.parametrize("service", ["iam", "sts"])
@pytest.mark.parametrize("body", ["", "Action=", "Action=Nonsense&Version=2010-05-08", "Action=getuser"])
def test_an_unknown_action_is_refused(admin, service, body):
    answer = admin.query(body, service=service)
    assert answer.status_code == 400
    assert "<Code>InvalidAction</Code>" in answer.text


def test_another_version_is_refused_and_none_is_well(admin):
    assert "<Code>InvalidAction</Code>" in admin.query("Action=GetUser&Version=2009-01-01").text
    assert "<GetUserResult>" in admin.query("Action=GetUser").text


def fetch(user, parameters, service="sts", method="GET", **headers):
    """One Query request with its parameters in the URL and its signature in the Authorization header."""
    path = "/?" + parameters
    signed = user.sign(b"", headers, service=service, method=method, path=path)
    return requests.request(method, user.server.url + path, headers=signed, verify=str(user.server.ca), timeout=20)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_parameters_may_be_in_the_url(admin, method):
    answer = fetch(admin, "Action=GetCallerIdentity&Version=2011-06-15", method=method)
    assert answer.status_code == 200 and "<GetCallerIdentityResult>" in answer.text
    answer = fetch(admin, "Version=2010-05-08&UserName=admin&Action=GetUser", service="iam", method=method)
    assert answer.status_code == 200 and "<UserName>admin</UserName>" in answer.text
    answer = fetch(admin, "Action=Nonsense", method=method)
    assert answer.status_code == 400 and "<Code>InvalidAction</Code>" in answer.text


def test_parameters_in_the_url_are_signed(admin):
    path = "/?Action=GetUser&UserName=admin"
    signed = admin.sign(b"", {}, service="iam", method="GET", path=path)
    answer = requests.get(admin.server.url + path + "x", headers=signed, verify=str(admin.server.ca), timeout=20)
    assert answer.status_code == 403 and "<Code>SignatureDoesNotMatch</Code>" in answer.text


def test_curl_signs_a_get(admin):
    done = subprocess.run(
        ["curl", "--silent", "--cacert", admin.server.ca, "--aws-sigv4", "aws:amz:us-east-1:sts", "--user",
         f"{admin.access_key}:{admin.secret_key}", admin.server.url + "/?Action=GetCallerIdentity&Version=2011-06-15"],
        capture_output=True, text=True, timeout=60, check=True)
    assert f"<Account>{ACCOUNT}</Account>" in done.stdout


def test_a_request_that_is_not_signed(admin):
    url, body = admin.server.url, "Action=GetCallerIdentity&Version=2011-06-15"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for answer in (requests.get(url + "/?" + body, verify=str(admin.server.ca), timeout=20),
                   requests.post(url, data=body, headers=form, verify=str(admin.server.ca), timeout=20)):
        assert answer.status_code == 403 and answer.headers["Content-Type"] == "text/xml"
        assert "<Code>MissingAuthenticationToken</Code>" in answer.text
        assert "<Message>Request is missing Authentication Token</Message>" in answer.text


def test_sts_answers_json_to_who_asks_for_it(admin, make_user):
    """As aws-iam-authenticator does."""
    user, action = make_user(), "Action=GetCallerIdentity&Version=2011-06-15"
    for accept in ("application/json", "application/json;q=1, text/xml"):
        for answer in (fetch(user, action, Accept=accept), user.query(action, service="sts", Accept=accept)):
            assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
            body = answer.json()["GetCallerIdentityResponse"]
            assert body == {
                "GetCallerIdentityResult": {"Account": ACCOUNT, "Arn": user.arn, "UserId": user.user_id},
                "ResponseMetadata": {"RequestId": answer.headers["x-amzn-RequestId"]}}
    for accept in ("*/*", "text/xml, application/json", "application/jsonp"):
        assert "<GetCallerIdentityResult>" in fetch(user, action, Accept=accept).text
    assert "<GetUserResult>" in fetch(admin, "Action=GetUser", service="iam", Accept="application/json").text


def test_the_errors_of_sts_in_json(admin):
    thief = User(admin.server, admin.access_key, "x" * 40)
    for user, action, status, code in ((admin, "Nonsense", 400, "InvalidAction"),
                                       (thief, "GetCallerIdentity", 403, "SignatureDoesNotMatch")):
        answer = fetch(user, f"Action={action}", Accept="application/json")
        assert answer.status_code == status and answer.headers["Content-Type"] == "application/json"
        body = answer.json()
        assert set(body) == {"Error", "RequestId"} and body["RequestId"] == answer.headers["x-amzn-RequestId"]
        assert body["Error"] == {"Code": code, "Message": body["Error"]["Message"], "Type": "Sender"}


def test_unknown_parameters_are_ignored(admin):
    assert admin.query("Action=GetUser&Version=2010-05-08&Colour=red").status_code == 200


@pytest.mark.parametrize("body", ["Action=GetUser&Action=GetUser", "Action=GetUser&UserName=%zz", "Action=GetUser&x=%ff"])
def test_a_malformed_form_is_refused(admin, body):
    assert admin.query(body).status_code == 400


def test_the_xml_is_as_aws_writes_it(admin):
    text = admin.query("Action=GetUser&Version=2010-05-08").text
    assert '<GetUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetUserResult><User>' in text
    assert "<ResponseMetadata><RequestId>" in text
    text = admin.query("Action=GetCallerIdentity&Version=2011-06-15", service="sts").text
    assert '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' in text
    text = admin.query("Action=GetUser&UserName=nobody-at-all").text
    assert '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>' in text
    assert "<Code>NoSuchEntity</Code>" in text
