"""Users, access keys and inline policies over IAM's own API: what boto3 and the AWS CLI see of them."""

import datetime
import html
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

PARALLEL = 64
ACCOUNT = "100000000001"


def policy(action, resource="*", effect="Allow"):
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]}
    )


def name(prefix="u"):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def error_of(call, *arguments, **members):
    """(code, HTTP status, message) of the error that a call must give."""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **members)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"].get("Message", "")


def outcomes(call, times=PARALLEL):
    """What `times` parallel calls give: error codes, "ok" for success."""

    def once(_):
        try:
            call()
            return "ok"
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(PARALLEL) as pool:
        return set(pool.map(once, range(times)))


# --- Users ---


def test_a_user_comes_back_as_it_was_made(iam, make_user):
    user = name()
    made = iam.create_user(UserName=user, Path="/team/a/", Tags=[{"Key": "cost", "Value": "42"}])
    try:
        assert made["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert uuid.UUID(made["ResponseMetadata"]["RequestId"])
        user_record = made["User"]
        assert user_record["UserName"] == user
        assert user_record["Path"] == "/team/a/"
        assert user_record["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/a/{user}"
        assert user_record["UserId"].startswith("AIDA") and len(user_record["UserId"]) == 21
        assert abs(datetime.datetime.now(datetime.timezone.utc) - user_record["CreateDate"]).total_seconds() < 60
        assert user_record["Tags"] == [{"Key": "cost", "Value": "42"}]
        assert iam.get_user(UserName=user)["User"] == user_record
        assert iam.get_user(UserName=user.upper())["User"] == user_record
        listed = [u for u in iam.list_users(PathPrefix="/team/a/")["Users"] if u["UserName"] == user]
        assert listed == [{k: v for k, v in user_record.items() if k != "Tags"}]
    finally:
        iam.delete_user(UserName=user)
    assert error_of(iam.get_user, UserName=user)[:2] == ("NoSuchEntity", 404)


def test_a_name_is_taken_whatever_its_case(iam, make_user):
    user = make_user()
    taken = user.name.upper()
    assert error_of(iam.create_user, UserName=taken) == (
        "EntityAlreadyExists", 409, f"User with name {taken} already exists.")


@pytest.mark.parametrize("bad", ["a b", "a/b", "a:b", "ä", "a*"])
def test_a_bad_name_is_a_validation_error(iam, bad):
    code, status, message = error_of(iam.create_user, UserName=bad)
    assert (code, status) == ("ValidationError", 400)
    assert message == ("The specified value for userName is invalid. It must contain only alphanumeric characters "
                       "and/or the following: +=,.@_-")


def test_a_long_name_is_a_validation_error(iam):
    code, status, message = error_of(iam.create_user, UserName="a" * 65)
    assert (code, status) == ("ValidationError", 400)
    assert message.startswith("1 validation error detected: Value 'aaa")
    assert message.endswith("at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64")


@pytest.mark.parametrize("bad", ["team", "/team", "team/", "/a b/"])
def test_a_bad_path_is_a_validation_error(iam, bad):
    code, status, message = error_of(iam.create_user, UserName=name(), Path=bad)
    assert (code, status) == ("ValidationError", 400)
    assert message.startswith("The specified value for path is invalid.")


def test_tags_of_one_key_are_refused(iam):
    tags = [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]
    assert error_of(iam.create_user, UserName=name(), Tags=tags)[:2] == ("InvalidInput", 400)


def test_missing_members_are_named(admin):
    answer = admin.query("Action=CreateUser&Version=2010-05-08")
    assert answer.status_code == 400
    assert "<Code>ValidationError</Code>" in answer.text
    message = html.unescape(answer.text)
    assert "Value null at 'userName' failed to satisfy constraint: Member must not be null" in message


def test_lists_come_by_page(iam, make_user):
    prefix = f"/{uuid.uuid4().hex}/"
    names = sorted(name() for _ in range(5))
    for one in names:
        iam.create_user(UserName=one, Path=prefix)
    try:
        pages = list(iam.get_paginator("list_users").paginate(PathPrefix=prefix, PaginationConfig={"PageSize": 2}))
        assert [u["UserName"] for page in pages for u in page["Users"]] == names
        assert len(pages) >= 3
    finally:
        for one in names:
            iam.delete_user(UserName=one)
    assert iam.list_users(PathPrefix=prefix)["Users"] == []


def test_a_marker_of_ones_own_making_is_refused(iam):
    assert error_of(iam.list_users, Marker="mine")[:2] == ("ValidationError", 400)


def test_a_marker_is_good_for_its_own_list_only(iam, make_user):
    first, second = make_user(allow="kms:*"), make_user(allow="kms:*")
    for user in (first, second):
        iam.create_access_key(UserName=user.name)
        iam.put_user_policy(UserName=user.name, PolicyName="a" * 128, PolicyDocument=policy("kms:Encrypt"))
    lists = [(iam.list_users, {}), *((call, {"UserName": user.name}) for user in (first, second)
                                     for call in (iam.list_access_keys, iam.list_user_policies))]
    markers = [call(MaxItems=1, **members)["Marker"] for call, members in lists]
    assert all(len(marker) <= 320 for marker in markers)
    for own, (call, members) in enumerate(lists):
        for number, marker in enumerate(markers):
            if number == own:
                assert call(MaxItems=1, Marker=marker, **members)
            else:
                assert error_of(call, Marker=marker, **members)[:2] == ("ValidationError", 400)


@pytest.mark.parametrize("items", ["0", "1001", "-1", "many", "1x", ""])
def test_max_items_out_of_range(admin, items):
    answer = admin.query(f"Action=ListUsers&Version=2010-05-08&MaxItems={items}")
    assert answer.status_code == 400
    assert "<Code>ValidationError</Code>" in answer.text


def test_a_user_stays_while_it_has_keys_or_policies(iam, make_user):
    user = make_user(allow="kms:*")
    assert error_of(iam.delete_user, UserName=user.name) == (
        "DeleteConflict", 409, "Cannot delete entity, must delete access keys first.")
    iam.delete_access_key(UserName=user.name, AccessKeyId=user.access_key)
    assert error_of(iam.delete_user, UserName=user.name) == (
        "DeleteConflict", 409, "Cannot delete entity, must delete policies first.")
    iam.delete_user_policy(UserName=user.name, PolicyName="test")
    iam.delete_user(UserName=user.name)


def test_get_user_without_a_name_is_the_caller(iam, make_user):
    assert iam.get_user()["User"]["UserName"] == "admin"
    user = make_user(allow="iam:GetUser")
    assert user.client("iam").get_user()["User"]["UserName"] == user.name


# --- Permissions ---

CALLS = {
    "CreateUser": lambda iam, user: iam.create_user(UserName=user.name),
    "GetUser": lambda iam, user: iam.get_user(UserName=user.name),
    "ListUsers": lambda iam, user: iam.list_users(),
    "DeleteUser": lambda iam, user: iam.delete_user(UserName=user.name),
    "CreateAccessKey": lambda iam, user: iam.create_access_key(UserName=user.name),
    "ListAccessKeys": lambda iam, user: iam.list_access_keys(UserName=user.name),
    "UpdateAccessKey": lambda iam, user: iam.update_access_key(
        UserName=user.name, AccessKeyId=user.access_key, Status="Inactive"),
    "DeleteAccessKey": lambda iam, user: iam.delete_access_key(UserName=user.name, AccessKeyId=user.access_key),
    "PutUserPolicy": lambda iam, user: iam.put_user_policy(
        UserName=user.name, PolicyName="p", PolicyDocument=policy("*")),
    "GetUserPolicy": lambda iam, user: iam.get_user_policy(UserName=user.name, PolicyName="test"),
    "ListUserPolicies": lambda iam, user: iam.list_user_policies(UserName=user.name),
    "DeleteUserPolicy": lambda iam, user: iam.delete_user_policy(UserName=user.name, PolicyName="test"),
}


@pytest.mark.parametrize("operation", CALLS)
def test_whoever_is_not_allowed_is_denied(make_user, operation):
    user = make_user(allow="kms:*")
    code, status, message = error_of(CALLS[operation], user.client("iam"), user)
    assert (code, status) == ("AccessDenied", 403)
    resource = f"user/{user.name}" if operation != "ListUsers" else "user/"
    assert message == (f"User: {user.arn} is not authorized to perform: iam:{operation} on resource: "
                       f"arn:aws:iam::{ACCOUNT}:{resource} because no identity-based policy allows the "
                       f"iam:{operation} action")


@pytest.mark.parametrize("operation", CALLS)
def test_each_operation_asks_for_its_own_action(make_user, operation):
    """Allowed everything but this one, the user is denied; allowed this one alone, it is not."""
    statements = [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"},
                  {"Effect": "Deny", "Action": f"iam:{operation}", "Resource": "*"}]
    denied = make_user(policy={"Version": "2012-10-17", "Statement": statements})
    code, _, message = error_of(CALLS[operation], denied.client("iam"), denied)
    assert code == "AccessDenied"
    assert message.endswith("with an explicit deny in an identity-based policy")
    allowed = make_user(allow=f"iam:{operation}")
    other = make_user(allow="kms:*")
    try:
        CALLS[operation](allowed.client("iam"), other)
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("EntityAlreadyExists", "DeleteConflict"), error


def test_nobody_learns_who_exists_without_permission(make_user):
    iam = make_user(allow="kms:*").client("iam")
    assert error_of(iam.get_user, UserName="admin")[0] == "AccessDenied"
    assert error_of(iam.get_user, UserName=name("nobody"))[0] == "AccessDenied"


# --- Access keys ---


def test_an_access_key_works_at_once_everywhere(server, make_user):
    user = make_user()
    for _ in range(10):
        assert outcomes(lambda: user.client("sts").get_caller_identity(), times=8) == {"ok"}


def test_a_secret_is_shown_once(iam, make_user):
    user = make_user()
    assert len(user.secret_key) == 40
    made = iam.create_access_key(UserName=user.name)["AccessKey"]
    assert set(made) == {"UserName", "AccessKeyId", "Status", "SecretAccessKey", "CreateDate"}
    assert made["Status"] == "Active" and made["UserName"] == user.name
    listed = iam.list_access_keys(UserName=user.name)["AccessKeyMetadata"]
    assert {key["AccessKeyId"] for key in listed} == {user.access_key, made["AccessKeyId"]}
    for key in listed:
        assert set(key) == {"UserName", "AccessKeyId", "Status", "CreateDate"}


def test_a_user_has_two_keys_at_most(iam, make_user):
    user = make_user()
    iam.create_access_key(UserName=user.name)
    assert error_of(iam.create_access_key, UserName=user.name) == (
        "LimitExceeded", 409, "Cannot exceed quota for AccessKeysPerUser: 2")


def test_parallel_requests_do_not_exceed_the_quota(iam, make_user):
    user = make_user()
    assert outcomes(lambda: iam.create_access_key(UserName=user.name), times=16) == {"ok", "LimitExceeded"}
    assert len(iam.list_access_keys(UserName=user.name)["AccessKeyMetadata"]) == 2


def test_access_keys_of_the_caller_need_no_name(make_user):
    user = make_user(allow="iam:*AccessKey*")
    iam = user.client("iam")
    made = iam.create_access_key()["AccessKey"]
    assert made["UserName"] == user.name
    assert len(iam.list_access_keys()["AccessKeyMetadata"]) == 2
    iam.update_access_key(AccessKeyId=made["AccessKeyId"], Status="Inactive")
    statuses = {k["AccessKeyId"]: k["Status"] for k in iam.list_access_keys()["AccessKeyMetadata"]}
    assert statuses == {user.access_key: "Active", made["AccessKeyId"]: "Inactive"}
    iam.delete_access_key(AccessKeyId=made["AccessKeyId"])


@pytest.mark.parametrize("call", ["update_access_key", "delete_access_key"])
def test_an_access_key_of_somebody_else_cannot_be_found(iam, make_user, call):
    one, other = make_user(), make_user()
    extra = {"Status": "Inactive"} if call == "update_access_key" else {}
    assert error_of(getattr(iam, call), UserName=one.name, AccessKeyId=other.access_key, **extra) == (
        "NoSuchEntity", 404, f"The Access Key with id {other.access_key} cannot be found.")
    missing = name("nobody")
    assert error_of(getattr(iam, call), UserName=missing, AccessKeyId=other.access_key, **extra) == (
        "NoSuchEntity", 404, f"The user with name {missing} cannot be found.")
    assert other.client("sts").get_caller_identity()["Arn"] == other.arn


def test_a_status_is_active_or_inactive(iam, make_user):
    user = make_user()
    code, status, message = error_of(
        iam.update_access_key, UserName=user.name, AccessKeyId=user.access_key, Status="Off")
    assert (code, status) == ("ValidationError", 400)
    assert "'status' failed to satisfy constraint: Member must satisfy enum value set" in message
    assert error_of(iam.update_access_key, UserName=user.name, AccessKeyId=user.access_key, Status="Expired")[:2] == (
        "InvalidInput", 400)


def test_a_disabled_key_is_dead_when_the_call_returns(iam, make_user):
    user = make_user(allow="kms:ListKeys")
    kms = user.client("kms")
    assert outcomes(kms.list_keys) == {"ok"}
    for _ in range(3):
        iam.update_access_key(UserName=user.name, AccessKeyId=user.access_key, Status="Inactive")
        assert outcomes(kms.list_keys) == {"UnrecognizedClientException"}
        iam.update_access_key(UserName=user.name, AccessKeyId=user.access_key, Status="Active")
        assert outcomes(kms.list_keys) == {"ok"}


def test_a_deleted_key_is_dead_when_the_call_returns(iam, make_user):
    user = make_user()
    sts = user.client("sts")
    assert outcomes(sts.get_caller_identity) == {"ok"}
    iam.delete_access_key(UserName=user.name, AccessKeyId=user.access_key)
    assert outcomes(sts.get_caller_identity) == {"InvalidClientTokenId"}


# --- Policies ---


def test_a_policy_comes_back_word_for_word(iam, make_user):
    user = make_user()
    text = '{"Version": "2012-10-17",\n "Statement": [{"Sid": "a", "Effect": "Allow", "Action": "kms:*", ' \
           '"Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/ü%2B+ ": "<&>"}}}]}\r\n'
    iam.put_user_policy(UserName=user.name, PolicyName="p+=,.@-_", PolicyDocument=text)
    answer = iam.get_user_policy(UserName=user.name, PolicyName="p+=,.@-_")
    assert (answer["UserName"], answer["PolicyName"]) == (user.name, "p+=,.@-_")
    assert answer["PolicyDocument"] == json.loads(text)
    assert iam.list_user_policies(UserName=user.name)["PolicyNames"] == ["p+=,.@-_"]


def test_a_policy_document_is_sent_percent_encoded(admin, make_user):
    user = make_user(allow="kms:*")
    answer = admin.query(f"Action=GetUserPolicy&Version=2010-05-08&UserName={user.name}&PolicyName=test")
    assert "<PolicyDocument>%7B%22Version%22%3A%20%222012-10-17%22" in answer.text


@pytest.mark.parametrize("text", [
    "nonsense", "{}", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*"}]}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*","Principal":"*"}]}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps","Action":"kms:*","Resource":"*"}]}',
])
def test_what_is_no_policy_is_refused(iam, make_user, text):
    user = make_user()
    assert error_of(iam.put_user_policy, UserName=user.name, PolicyName="p", PolicyDocument=text)[:2] == (
        "MalformedPolicyDocument", 400)
    assert iam.list_user_policies(UserName=user.name)["PolicyNames"] == []


def test_all_policies_of_a_user_have_2048_characters_at_most(iam, make_user):
    user = make_user()
    long = policy([f"kms:Action{i:04}" for i in range(60)])
    size = len("".join(long.split()))
    assert 1024 < size < 2048
    iam.put_user_policy(UserName=user.name, PolicyName="one", PolicyDocument=long.replace(" ", " " * 20))
    assert error_of(iam.put_user_policy, UserName=user.name, PolicyName="two", PolicyDocument=long) == (
        "LimitExceeded", 409, f"Maximum policy size of 2048 bytes exceeded for user {user.name}")
    iam.put_user_policy(UserName=user.name, PolicyName="one", PolicyDocument=long)


def test_policies_that_are_not_there_are_not_found(iam, make_user):
    user = make_user()
    for call in (iam.get_user_policy, iam.delete_user_policy):
        assert error_of(call, UserName=user.name, PolicyName="none") == (
            "NoSuchEntity", 404, "The user policy with name none cannot be found.")
    assert error_of(iam.list_user_policies, UserName=name("nobody"))[:2] == ("NoSuchEntity", 404)


def test_a_removed_policy_is_out_of_force_when_the_call_returns(iam, make_user):
    user = make_user(allow="kms:ListKeys")
    kms = user.client("kms")
    for _ in range(3):
        assert outcomes(kms.list_keys) == {"ok"}
        iam.delete_user_policy(UserName=user.name, PolicyName="test")
        assert outcomes(kms.list_keys) == {"AccessDeniedException"}
        iam.put_user_policy(UserName=user.name, PolicyName="test", PolicyDocument=policy("kms:ListKeys"))


def test_a_removed_policy_stops_encryption_at_once(iam, make_user, key):
    user = make_user(allow=["kms:Encrypt"])
    kms = user.client("kms")
    assert outcomes(lambda: kms.encrypt(KeyId=key, Plaintext=b"x")) == {"ok"}
    iam.put_user_policy(UserName=user.name, PolicyName="no", PolicyDocument=policy("kms:Encrypt", effect="Deny"))
    assert outcomes(lambda: kms.encrypt(KeyId=key, Plaintext=b"x")) == {"AccessDeniedException"}


# --- Somebody of the same name ---


def test_a_user_made_again_inherits_nothing(iam, kms, make_user, key):
    first = make_user()
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": first.arn}, "Action": "kms:Encrypt", "Resource": "*"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document)
    assert outcomes(lambda: first.client("kms").encrypt(KeyId=key, Plaintext=b"x"), times=4) == {"ok"}
    iam.delete_access_key(UserName=first.name, AccessKeyId=first.access_key)
    iam.delete_user(UserName=first.name)

    again = make_user(first.name)
    assert again.arn == first.arn
    assert again.user_id != first.user_id
    assert error_of(again.client("kms").encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"
    shown = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    assert shown["Statement"][1]["Principal"] == {"AWS": first.user_id}


# --- The AWS CLI, and a crash ---


def test_the_aws_cli_manages_users(admin):
    user = name("cli")
    assert admin.aws("iam", "create-user", "--user-name", user)["User"]["UserName"] == user
    admin.aws("iam", "put-user-policy", "--user-name", user, "--policy-name", "p", "--policy-document", policy("kms:*"))
    shown = admin.aws("iam", "get-user-policy", "--user-name", user, "--policy-name", "p")
    assert shown["PolicyDocument"]["Statement"][0]["Action"] == "kms:*"
    key = admin.aws("iam", "create-access-key", "--user-name", user)["AccessKey"]
    assert len(key["SecretAccessKey"]) == 40
    admin.aws("iam", "delete-access-key", "--user-name", user, "--access-key-id", key["AccessKeyId"])
    admin.aws("iam", "delete-user-policy", "--user-name", user, "--policy-name", "p")
    admin.aws("iam", "delete-user", "--user-name", user)
    assert admin.aws("sts", "get-caller-identity")["Account"] == ACCOUNT


def test_users_outlive_a_crash(fresh_server):
    server = fresh_server()
    iam = server.admin.client("iam")
    made = iam.create_user(UserName="lasting")["User"]
    iam.put_user_policy(UserName="lasting", PolicyName="p", PolicyDocument=policy("kms:ListKeys"))
    key = iam.create_access_key(UserName="lasting")["AccessKey"]
    server.crash_and_restart()
    assert iam.get_user(UserName="lasting")["User"] == made
    user = server.admin.__class__(server, key["AccessKeyId"], key["SecretAccessKey"])
    assert user.client("kms").list_keys()["Keys"] == []
