"""Fixtures of the tests that need a running server. See harness.py for what a server and a user can do.

server         one server for the whole session, in test mode
fresh_server   makes servers for one test, which may be killed and restarted
kms, iam, sts  boto3 clients of the session server's administrator
make_user      makes users with policies; they are gone after the test
"""

import itertools
import json
import uuid

import conformance
import pytest
from harness import BINARY, SECOND_REGION, Server, User, free_port


def pytest_sessionstart():
    if not BINARY.exists():
        pytest.exit(f"{BINARY} does not exist; ./dev build makes it, ./dev test builds and runs all", returncode=2)


def pytest_terminal_summary(terminalreporter):
    for line in conformance.SUMMARY:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("session") / "data", free_port(), settings={"account.regions": SECOND_REGION})
    one.init().start()
    yield one
    code = one.stop()
    assert code == 0, f"the server ended with {code} after SIGTERM\n{one.log_tail()}"


@pytest.fixture
def fresh_server(tmp_path):
    """fresh_server(settings={"limits.body_bytes": "64 KiB"}, start=True, ...): a new store and its server."""
    made = []
    numbers = itertools.count(1)

    def make(*, start=True, **options):
        one = Server(tmp_path / f"data{next(numbers)}", free_port(), **options)
        made.append(one)
        one.init()
        return one.start() if start else one

    yield make
    for one in made:
        one.kill()


@pytest.fixture
def admin(server):
    return server.admin


@pytest.fixture(scope="session")
def kms(server):
    return server.admin.client("kms")


@pytest.fixture(scope="session")
def iam(server):
    return server.admin.client("iam")


@pytest.fixture(scope="session")
def sts(server):
    return server.admin.client("sts")


@pytest.fixture
def make_user(server):
    """make_user(allow=["kms:Encrypt"], resource="*") or make_user(policy={...}): a new user with an access key; without
    arguments one who may do nothing."""
    made = []

    def make(name=None, *, allow=None, resource="*", policy=None, on=None):
        home = on or server
        iam = home.admin.client("iam")
        name = name or f"user-{uuid.uuid4().hex[:12]}"
        user = iam.create_user(UserName=name)["User"]
        made.append((iam, name, home is server))
        if allow is not None:
            statement = {"Effect": "Allow", "Action": allow, "Resource": resource}
            policy = {"Version": "2012-10-17", "Statement": [statement]}
        if policy is not None:
            iam.put_user_policy(UserName=name, PolicyName="test", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return User(home, key["AccessKeyId"], key["SecretAccessKey"], name, user["Arn"], user["UserId"])

    yield make
    for iam, name, lasting in made:
        if lasting:
            remove_user(iam, name)


def remove_user(iam, name):
    try:
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        for policy in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
            iam.detach_user_policy(UserName=name, PolicyArn=policy["PolicyArn"])
        for group in iam.list_groups_for_user(UserName=name)["Groups"]:
            iam.remove_user_from_group(UserName=name, GroupName=group["GroupName"])
        iam.delete_user(UserName=name)
    except iam.exceptions.NoSuchEntityException:
        pass  # the test deleted the user itself


@pytest.fixture
def key(kms):
    """The id of a new key with the default policy, scheduled for deletion after the test."""
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    yield key_id
    if kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] != "PendingDeletion":
        kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
