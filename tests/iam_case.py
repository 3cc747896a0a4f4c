"""What the tests of roles, groups, managed policies and temporary credentials share."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError
from harness import User

AWS_POLICY = "arn:aws:iam::aws:policy/"


def name(prefix="x"):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def statement(action, resource="*", effect="Allow", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def policy(action, resource="*", effect="Allow", **more):
    return document(statement(action, resource, effect, **more))


def trust(principal, action=("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"), effect="Allow", **more):
    """A trust policy; `principal` is an ARN, a list of them, or a whole Principal element."""
    who = principal if isinstance(principal, dict) else {"AWS": principal}
    return document({"Effect": effect, "Principal": who, "Action": list(action), **more})


def refused(code, call, *, contains="", status=None, **members):
    """Calls with `members`, asserts that the answer is the error `code`, and returns its message."""
    with pytest.raises(ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert contains in error.get("Message", ""), error
    if status is not None:
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    return error.get("Message", "")


def allowed(call, **members):
    """True, or False when access is denied; every other error is one."""
    try:
        call(**members)
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"), error
        return False
    return True


def new_policy(iam, text, **members):
    """The ARN of a new managed policy."""
    return iam.create_policy(PolicyName=name("p"), PolicyDocument=text, **members)["Policy"]["Arn"]


def new_role(iam, trusted, *, allow=None, **members):
    """A new role that `trusted` (see trust()) may assume, with an inline policy of `allow`."""
    text = trusted if isinstance(trusted, str) and trusted.startswith("{") else trust(trusted)
    role = iam.create_role(RoleName=name("r"), AssumeRolePolicyDocument=text, **members)["Role"]
    if allow is not None:
        iam.put_role_policy(RoleName=role["RoleName"], PolicyName="inline", PolicyDocument=policy(allow))
    return role


def session_user(server, credentials, arn=""):
    """Who holds temporary credentials."""
    return User(server, credentials["AccessKeyId"], credentials["SecretAccessKey"], arn=arn,
                session_token=credentials["SessionToken"])


def assume(user, role, session="session", **members):
    """The holder of a new session of the role."""
    arn = role if isinstance(role, str) else role["Arn"]
    answer = user.client("sts").assume_role(RoleArn=arn, RoleSessionName=session, **members)
    return session_user(user.server, answer["Credentials"], answer["AssumedRoleUser"]["Arn"])


def new_account(server):
    """The root user of a new account, and its id."""
    made = server.admin.call("Kagimori.CreateAccount", Name="tenant")
    key = made["AccessKey"]
    return User(server, key["AccessKeyId"], key["SecretAccessKey"]), made["Account"]["AccountId"]
