"""Signatures: what is accepted, and the code and text of each refusal."""

import datetime
import hashlib
import hmac
import html
import json
import re
from urllib.parse import quote

import pytest
import requests
from kms_case import refused

ALGORITHM = "AWS4-HMAC-SHA256"
MISMATCH = ("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
            "Key and signing method. Consult the service documentation for details.")


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Signer:
    """A signature made step by step, so that each step can be made wrong."""

    def __init__(self, user, body=b"{}", target="TrentService.ListKeys", **wrong):
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=wrong.get("skew", 0))
        self.user, self.body, self.wrong = user, body, wrong
        self.date = now.strftime("%Y%m%dT%H%M%SZ")
        self.scope_date = wrong.get("scope_date", self.date[:8])
        self.scope = "/".join((self.scope_date, wrong.get("region", "us-east-1"), wrong.get("service", "kms"),
                               wrong.get("terminator", "aws4_request")))
        self.headers = {
            "host": user.server.url.split("//")[1],
            "content-type": "application/x-amz-json-1.1",
            "x-amz-date": self.date,
            "x-amz-target": target,
            **wrong.get("headers", {}),
        }

    def signature(self, signed, query="", payload=None, method="POST"):
        lines = [f"{name}:{' '.join(self.headers[name].split())}\n" for name in signed]
        payload = payload or hashlib.sha256(self.body).hexdigest()
        canonical = "\n".join((method, "/", query, "".join(lines), ";".join(signed), payload))
        text = "\n".join((ALGORITHM, self.date, self.scope, hashlib.sha256(canonical.encode()).hexdigest()))
        key = ("AWS4" + self.wrong.get("secret", self.user.secret_key)).encode()
        for part in self.scope.split("/"):
            key = mac(key, part)
        return mac(key, text).hex()

    def send(self, signed=None, *, body=None, authorization=None, spaces=True):
        signed = sorted(self.headers) if signed is None else signed
        credential = f"{self.wrong.get('access_key', self.user.access_key)}/{self.scope}"
        comma = ", " if spaces else ","
        if authorization is None:
            authorization = (f"{ALGORITHM} Credential={credential}{comma}SignedHeaders={';'.join(signed)}{comma}"
                             f"Signature={self.signature(signed)}")
        headers = {**self.headers, "Authorization": authorization}
        return post(self.user.server, headers, self.body if body is None else body)

    def presigned(self, expires=60, **change):
        """The same as query parameters; X-Amz-Expires in seconds."""
        signed = [name for name in sorted(self.headers) if name != "x-amz-date"]
        parameters = {
            "X-Amz-Algorithm": ALGORITHM, "X-Amz-Credential": f"{self.user.access_key}/{self.scope}",
            "X-Amz-Date": self.date, "X-Amz-Expires": str(expires), "X-Amz-SignedHeaders": ";".join(signed), **change,
        }
        query = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(parameters.items()))
        query += f"&X-Amz-Signature={self.signature(signed, query)}"
        headers = {name: value for name, value in self.headers.items() if name != "x-amz-date"}
        return post(self.user.server, headers, self.body, "/?" + query)


def post(server, headers, body, path="/"):
    return requests.post(server.url + path, data=body, headers=headers, verify=str(server.ca), timeout=20)


def error(answer):
    body = answer.json()
    assert set(body) <= {"__type", "message"}
    return answer.status_code, body["__type"], body.get("message", "")


def assert_refused(answer, code, pattern=""):
    status, name, message = error(answer)
    assert (status, name) == (400, code), message
    assert re.search(pattern, message), message


def test_a_signature_by_hand_is_accepted(admin):
    assert Signer(admin).send().status_code == 200
    assert Signer(admin).send(spaces=False).status_code == 200
    assert Signer(admin, headers={"x-amz-content-sha256": hashlib.sha256(b"{}").hexdigest()}).send().status_code == 200
    assert Signer(admin, headers={"x-amz-meta": "two   spaces"}).send().status_code == 200


@pytest.mark.parametrize("wrong, code, pattern", (
    ({"secret": "x" * 40}, "InvalidSignatureException", "^" + re.escape(MISMATCH) + "$"),
    ({"access_key": "AKIAAAAAAAAAAAAAAAAA"}, "UnrecognizedClientException",
     r"^The security token included in the request is invalid\.$"),
    ({"access_key": "x"}, "UnrecognizedClientException", ""),
    ({"skew": -301 - 20}, "InvalidSignatureException",
     r"^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$"),
    ({"skew": 301 + 20}, "InvalidSignatureException",
     r"^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 5 min\.\)$"),
    ({"skew": -86_400 * 365}, "InvalidSignatureException", "^Signature expired"),
    ({"region": "eu-west-1"}, "InvalidSignatureException", "us-east-1|eu-west-1"),
    ({"service": "s3"}, "InvalidSignatureException", "kms|s3"),
    ({"service": "iam"}, "InvalidSignatureException", ""),
    ({"scope_date": "20200101"}, "InvalidSignatureException", ""),
    ({"terminator": "aws5_request"}, "InvalidSignatureException|IncompleteSignatureException", ""),
    ({"headers": {"x-amz-content-sha256": "0" * 64}}, "InvalidSignatureException", ""),
    ({"headers": {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}}, "InvalidSignatureException", ""),
    ({"headers": {"x-amz-security-token": "nonsense"}}, "UnrecognizedClientException", ""),
))
def test_a_wrong_signature(admin, wrong, code, pattern):
    answer = Signer(admin, **wrong).send()
    status, name, message = error(answer)
    assert status == 400 and re.fullmatch(code, name), (name, message)
    assert re.search(pattern, message), message


@pytest.mark.parametrize("skew", (-270, 270))
def test_a_clock_that_is_less_than_five_minutes_off(admin, skew):
    assert Signer(admin, skew=skew).send().status_code == 200


@pytest.mark.parametrize("missing", ("host", "x-amz-date", "x-amz-target"))
def test_headers_that_must_be_signed(admin, missing):
    signer = Signer(admin)
    answer = signer.send([name for name in sorted(signer.headers) if name != missing])
    assert error(answer)[1] in ("InvalidSignatureException", "IncompleteSignatureException")


def test_a_token_must_be_signed_too(admin):
    signer = Signer(admin, headers={"x-amz-security-token": "nonsense"})
    answer = signer.send([name for name in sorted(signer.headers) if name != "x-amz-security-token"])
    assert error(answer)[1] in ("InvalidSignatureException", "IncompleteSignatureException",
                                "UnrecognizedClientException")


def test_a_body_that_was_changed(admin, key):
    signer = Signer(admin, json.dumps({"KeyId": key, "PendingWindowInDays": 30}).encode(),
                    "TrentService.ScheduleKeyDeletion")
    answer = signer.send(body=signer.body.replace(b"30", b"07"))
    assert_refused(answer, "InvalidSignatureException", re.escape(MISMATCH))
    assert admin.client().describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_a_target_that_was_changed(admin):
    signer = Signer(admin)
    signed = signer.signature(sorted(signer.headers))
    signer.headers["x-amz-target"] = "TrentService.CreateKey"
    authorization = (f"{ALGORITHM} Credential={admin.access_key}/{signer.scope}, "
                     f"SignedHeaders={';'.join(sorted(signer.headers))}, Signature={signed}")
    assert_refused(signer.send(authorization=authorization), "InvalidSignatureException", re.escape(MISMATCH))


@pytest.mark.parametrize("change", (
    lambda text: text.replace("Credential=", "Credentials="),
    lambda text: text.replace("SignedHeaders=", "Headers="),
    lambda text: re.sub(", Signature=.*", "", text),
    lambda text: text.replace("/kms/", "/"),
    lambda text: re.sub("Signature=.{4}", "Signature=", text),
    lambda text: re.sub("Signature=.*", "Signature=", text),
    lambda text: text + ", Signature=" + "0" * 64,
    lambda text: text.replace(ALGORITHM, "AWS4-ECDSA-P256-SHA256"),
    lambda text: text.replace(ALGORITHM, "Bearer"),
    lambda text: ALGORITHM,
    lambda text: "Basic YTpi",
    lambda text: text.replace("SignedHeaders=", "SignedHeaders=;;"),
))
def test_an_authorization_header_that_is_not_whole(admin, change):
    signer = Signer(admin)
    signed = sorted(signer.headers)
    authorization = (f"{ALGORITHM} Credential={admin.access_key}/{signer.scope}, SignedHeaders={';'.join(signed)}, "
                     f"Signature={signer.signature(signed)}")
    status, name, message = error(signer.send(authorization=change(authorization)))
    assert status == 400
    assert name in ("IncompleteSignatureException", "InvalidSignatureException", "MissingAuthenticationTokenException")
    assert message


def test_no_authentication(server):
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.ListKeys"}
    assert_refused(post(server, headers, b"{}"), "MissingAuthenticationTokenException", "^Missing Authentication Token$")
    for target in ("TrentService.Nothing", ""):  # who is not known learns nothing
        answer = post(server, {**headers, "X-Amz-Target": target}, b"not json")
        assert_refused(answer, "MissingAuthenticationTokenException")


def test_an_error_of_the_signature_comes_before_every_other(admin):
    answer = Signer(admin, b"not json", "TrentService.Nothing", secret="x").send()
    assert_refused(answer, "InvalidSignatureException")


def test_the_presigned_form(admin):
    assert Signer(admin).presigned().status_code == 200
    assert Signer(admin).presigned(expires=300).status_code == 200
    assert Signer(admin, skew=-60).presigned(expires=120).status_code == 200


@pytest.mark.parametrize("expires, wrong", ((301, {}), (604_800, {}), (0, {}), (-1, {}), (10, {"skew": -60}),
                                            (60, {"secret": "x"}), (60, {"region": "eu-west-1"}), (60, {"skew": 400})))
def test_a_presigned_form_that_is_refused(admin, expires, wrong):
    status, name, _ = error(Signer(admin, **wrong).presigned(expires=expires))
    assert status == 400
    assert name in ("InvalidSignatureException", "IncompleteSignatureException", "RequestExpired", "ValidationException")


def test_a_presigned_form_with_a_changed_or_an_additional_parameter(admin):
    for change in ({"X-Amz-Algorithm": "AWS4-NONE"}, {"X-Amz-SignedHeaders": "host"}, {"X-Amz-Date": "yesterday"},
                   {"X-Amz-Credential": "x"}, {"X-Amz-Expires": "soon"}):
        assert Signer(admin).presigned(**change).status_code == 400


def test_a_presigned_request_with_a_parameter_added_afterwards(admin):
    signer = Signer(admin)
    good = signer.presigned()
    assert good.status_code == 200
    path = good.request.url.split(admin.server.url)[1]
    added = post(admin.server, {name: good.request.headers[name] for name in ("content-type", "x-amz-target")},
                 signer.body, path + "&added=1")
    assert_refused(added, "InvalidSignatureException", re.escape(MISMATCH))


def test_presigned_urls_of_boto3(admin, sts, iam):
    """As Vault and Kubernetes use them: who holds the URL shows who signed it."""
    session = requests.Session()
    for client, operation, shown in ((sts, "get_caller_identity", "<GetCallerIdentityResult>"),
                                     (iam, "list_users", "<ListUsersResult>")):
        posted = client.generate_presigned_url(operation, ExpiresIn=60)
        assert shown in session.post(posted, verify=str(admin.server.ca), timeout=10).text
        url = client.generate_presigned_url(operation, ExpiresIn=60, HttpMethod="GET")
        answer = session.get(url, verify=str(admin.server.ca), timeout=10)
        assert answer.status_code == 200 and shown in answer.text, answer.text
        forged = session.get(url.replace("Action=", "Action=X"), verify=str(admin.server.ca), timeout=10)
        assert forged.status_code == 403 and "SignatureDoesNotMatch" in forged.text
        late = client.generate_presigned_url(operation, ExpiresIn=301, HttpMethod="GET")
        assert session.get(late, verify=str(admin.server.ca), timeout=10).status_code in (400, 403)


def presigned_get(user, service, action, skew=0):
    """A presigned URL without X-Amz-Expires, as AWS's SDK for Go makes it for GetCallerIdentity, fetched."""
    signer = Signer(user, b"", service=service, skew=skew)
    signer.headers = {"host": signer.headers["host"]}
    query = (f"Action={action}&X-Amz-Algorithm={ALGORITHM}"
             f"&X-Amz-Credential={quote(user.access_key + '/' + signer.scope, safe='')}"
             f"&X-Amz-Date={signer.date}&X-Amz-SignedHeaders=host")
    query += "&X-Amz-Signature=" + signer.signature(["host"], query, method="GET")
    return requests.get(user.server.url + "/?" + query, verify=str(user.server.ca), timeout=20)


def test_presigned_urls_of_sts_need_no_expiry(admin):
    assert presigned_get(admin, "sts", "GetCallerIdentity").status_code == 200
    assert presigned_get(admin, "sts", "GetCallerIdentity", skew=-280).status_code == 200
    late = presigned_get(admin, "sts", "GetCallerIdentity", skew=-320)
    assert late.status_code == 403 and "Signature expired" in late.text
    iam = presigned_get(admin, "iam", "ListUsers")
    assert iam.status_code == 400 and "must include 'X-Amz-Expires'" in html.unescape(iam.text)


def test_the_presigned_form_can_be_switched_off(fresh_server):
    server = fresh_server(settings={"sigv4.allow_presigned": "false"})
    assert Signer(server.admin).presigned().status_code == 400
    assert presigned_get(server.admin, "sts", "GetCallerIdentity").status_code == 403
    assert Signer(server.admin).send().status_code == 200


def test_an_inactive_and_a_deleted_access_key(admin, iam, make_user):
    user = make_user(allow=["kms:ListKeys"])
    assert Signer(user).send().status_code == 200
    for status, code in (("Inactive", 400), ("Active", 200)):
        iam.update_access_key(UserName=user.name, AccessKeyId=user.access_key, Status=status)
        assert Signer(user).send().status_code == code
    iam.delete_access_key(UserName=user.name, AccessKeyId=user.access_key)
    assert_refused(Signer(user).send(), "UnrecognizedClientException")


def test_boto3_with_a_wrong_secret(server):
    from harness import User

    thief = User(server, server.admin.access_key, "x" * 40)
    refused("InvalidSignatureException", thief.client().list_keys, message=MISMATCH)


def test_every_refusal_carries_the_server_s_date(admin):
    """Clients correct their clocks by it."""
    assert Signer(admin, skew=-4000).send().headers["Date"].endswith("GMT")
