"""Accounts: tenants that see nothing of one another, made by the operator alone. And the seam for tests."""

import json
import uuid

import pytest
from audit_log import events_in
from botocore.exceptions import ClientError
from harness import User

OPERATOR = "100000000001"


def account_id():
    return f"9{uuid.uuid4().int % 10**11:011}"


def root_of(server, answer):
    return User(server, answer["AccessKey"]["AccessKeyId"], answer["AccessKey"]["SecretAccessKey"])


def refused(user, operation, members):
    """(HTTP status, error name, message) of an operation that must fail."""
    answer = user.post(operation, members)
    assert answer.status_code != 200, answer.text
    body = answer.json()
    return answer.status_code, body["__type"], body.get("message", body.get("Message", ""))


def test_an_account_comes_with_a_root_user(server, admin):
    wanted = account_id()
    made = admin.call("Kagimori.CreateAccount", AccountId=wanted, Name="Tenant")
    assert made["Account"]["AccountId"] == wanted
    assert made["Account"]["Name"] == "Tenant"
    assert made["Account"]["Arn"] == f"arn:aws:iam::{wanted}:root"
    root = root_of(server, made)
    identity = root.client("sts").get_caller_identity()
    assert (identity["Account"], identity["UserId"]) == (wanted, wanted)
    assert identity["Arn"] == f"arn:aws:iam::{wanted}:root"
    user = root.client("iam").get_user()["User"]
    assert user["Arn"] == f"arn:aws:iam::{wanted}:root"
    key = root.client("kms").create_key()["KeyMetadata"]
    assert key["AWSAccountId"] == wanted


def test_an_id_is_drawn_where_none_is_given(admin):
    ids = {admin.call("Kagimori.CreateAccount", Name="Drawn")["Account"]["AccountId"] for _ in range(3)}
    assert len(ids) == 3
    assert all(len(one) == 12 and one.isdigit() and one[0] != "0" for one in ids)


@pytest.mark.parametrize("members, error", [
    ({}, "ValidationException"), ({"Name": ""}, "ValidationException"), ({"Name": "a" * 51}, "ValidationException"),
    ({"Name": "ü"}, "ValidationException"), ({"Name": 7}, "SerializationException"),
    ({"Name": "n", "AccountId": "123"}, "ValidationException"),
    ({"Name": "n", "AccountId": "12345678901x"}, "ValidationException"),
    ({"Name": "n", "AccountId": "000000000000"}, "ValidationException"),
    ({"Name": "n", "AccountId": OPERATOR}, "AlreadyExistsException"),
])
def test_a_bad_account_is_refused(admin, members, error):
    assert refused(admin, "Kagimori.CreateAccount", members)[:2] == (400, error)


def test_accounts_are_listed_by_page(admin):
    made = {admin.call("Kagimori.CreateAccount", Name="Listed")["Account"]["AccountId"] for _ in range(3)}
    found, marker = [], {}
    while True:
        page = admin.call("Kagimori.ListAccounts", Limit=2, **marker)
        assert len(page["Accounts"]) <= 2
        found += page["Accounts"]
        if not page["Truncated"]:
            break
        marker = {"Marker": page["NextMarker"]}
    ids = [one["AccountId"] for one in found]
    assert ids == sorted(set(ids)) and made < set(ids)
    assert [one["AccountId"] for one in found if one["IsOperator"]] == [OPERATOR]
    assert refused(admin, "Kagimori.ListAccounts", {"Marker": "mine"})[:2] == (400, "InvalidMarkerException")


@pytest.mark.parametrize("operation", ["CreateAccount", "ListAccounts"])
def test_only_the_operator_account_may(server, admin, make_user, operation):
    members = {"Name": "n"}
    root = root_of(server, admin.call("Kagimori.CreateAccount", Name="Tenant"))
    assert refused(root, f"Kagimori.{operation}", members)[1] == "AccessDeniedException"
    nobody = make_user(allow=["kms:*", "iam:*"])
    status, error, message = refused(nobody, f"Kagimori.{operation}", members)
    assert (status, error) == (400, "AccessDeniedException")
    assert f"is not authorized to perform: kagimori:{operation}" in message
    make_user(allow=f"kagimori:{operation}").call(f"Kagimori.{operation}", **members)


def test_accounts_see_nothing_of_one_another(server, admin, kms, key):
    root = root_of(server, admin.call("Kagimori.CreateAccount", Name="Tenant"))
    assert root.client("kms").list_keys()["Keys"] == []
    assert root.client("iam").list_users()["Users"] == []
    with pytest.raises(ClientError) as caught:
        root.client("iam").get_user(UserName="admin")
    assert caught.value.response["Error"]["Code"] == "NoSuchEntity"
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    for call in (lambda c: c.describe_key(KeyId=arn), lambda c: c.encrypt(KeyId=arn, Plaintext=b"x"),
                 lambda c: c.disable_key(KeyId=arn)):
        with pytest.raises(ClientError) as caught:
            call(root.client("kms"))
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_one_name_in_two_accounts_is_two_users(server, admin, make_user):
    user = make_user()
    root = root_of(server, admin.call("Kagimori.CreateAccount", Name="Tenant"))
    other = root.client("iam").create_user(UserName=user.name)["User"]
    assert other["UserId"] != user.user_id and other["Arn"] != user.arn


def test_the_root_user_manages_its_own_keys(server, admin):
    root = root_of(server, admin.call("Kagimori.CreateAccount", Name="Tenant"))
    iam = root.client("iam")
    second = iam.create_access_key()["AccessKey"]
    with pytest.raises(ClientError) as caught:
        iam.create_access_key()
    assert caught.value.response["Error"]["Code"] == "LimitExceeded"
    iam.update_access_key(AccessKeyId=root.access_key, Status="Inactive")
    with pytest.raises(ClientError):
        iam.list_access_keys()
    again = User(server, second["AccessKeyId"], second["SecretAccessKey"]).client("iam")
    again.delete_access_key(AccessKeyId=root.access_key)
    assert [k["AccessKeyId"] for k in again.list_access_keys()["AccessKeyMetadata"]] == [second["AccessKeyId"]]


def test_secrets_are_neither_logged_nor_audited(fresh_server):
    server = fresh_server()
    made = server.admin.call("Kagimori.CreateAccount", Name="Tenant")
    server.admin.client("iam").create_user(UserName="u")
    key = server.admin.client("iam").create_access_key(UserName="u")["AccessKey"]
    server.stop()
    secrets = [made["AccessKey"]["SecretAccessKey"], key["SecretAccessKey"], server.admin.secret_key]
    searched = [f for f in server.data.rglob("*") if f.is_file() and f.name != "env"]
    assert any("audit" in str(f) for f in searched)
    for file in searched:
        content = file.read_bytes()
        for secret in secrets:
            assert secret.encode() not in content, file
    events = events_in(server.data / "audit")
    names = [event["eventName"] for event in events]
    assert "CreateAccount" in names and "CreateAccessKey" in names


# --- The seam for tests ---


def test_the_lifecycle_clock_jumps_and_the_sweep_deletes(kms, admin):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    admin.call("Kagimori.AdvanceLifecycleClock", Seconds=7 * 86400 + 1)
    admin.call("Kagimori.Sweep")
    with pytest.raises(ClientError) as caught:
        kms.describe_key(KeyId=key)
    assert caught.value.response["Error"]["Code"] == "NotFoundException"


@pytest.mark.parametrize("error, status", [("DependencyTimeoutException", 503), ("KMSInternalException", 500),
                                           ("KeyUnavailableException", 500), ("ThrottlingException", 400)])
def test_an_ordered_fault_comes_as_often_as_ordered(kms, admin, key, error, status):
    admin.call("Kagimori.InjectFault", ErrorCode=error, Operation="Encrypt", Times=2)
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            kms.encrypt(KeyId=key, Plaintext=b"x")
        assert caught.value.response["Error"]["Code"] == error
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    kms.encrypt(KeyId=key, Plaintext=b"x")


@pytest.mark.parametrize("operation, members", [
    ("AdvanceLifecycleClock", {}), ("AdvanceLifecycleClock", {"Seconds": -1}),
    ("InjectFault", {"Operation": "Encrypt"}), ("InjectFault", {"Operation": "Encrypt", "ErrorCode": "Nonsense"}),
    ("InjectStoreFault", {"Table": "keys", "Call": "READ"}),
    ("InjectStoreFault", {"Table": "keys", "Call": "READ", "ErrorCode": "Nonsense"}),
    ("InjectStoreFault", {"Table": "nonsense", "Call": "READ", "ErrorCode": "Io"}),
    ("InjectStoreFault", {"Table": "keys", "Call": "read", "ErrorCode": "Io"}),
])
def test_a_bad_order_is_refused(admin, operation, members):
    assert refused(admin, f"Kagimori.{operation}", members)[:2] == (400, "ValidationException")


SEAM = {"AdvanceLifecycleClock": {"Seconds": 1}, "Sweep": {},
        "InjectFault": {"ErrorCode": "KMSInternalException", "Operation": "Encrypt", "Times": 1},
        "InjectStoreFault": {"ErrorCode": "Io", "Table": "keys", "Call": "COMMIT", "Times": 0}}


@pytest.mark.parametrize("operation", SEAM)
def test_the_seam_needs_permission(make_user, operation):
    user = make_user(allow="kms:*")
    assert refused(user, f"Kagimori.{operation}", SEAM[operation])[1] == "AccessDeniedException"


def test_without_test_mode_there_is_no_seam(fresh_server):
    server = fresh_server(test_mode=False)
    for operation, members in SEAM.items():
        assert refused(server.admin, f"Kagimori.{operation}", members)[:2] == (400, "UnknownOperationException")
    assert refused(server.admin, "Kagimori.Nonsense", {})[1] == "UnknownOperationException"
