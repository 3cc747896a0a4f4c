"""Roles: their life, their trust policies, and what becomes of their sessions; boto3 and the AWS CLI."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from iam_case import (AWS_POLICY, allowed, assume, name, new_account, new_policy, new_role, policy, refused, trust)

ACCOUNT = "100000000001"


@pytest.fixture
def me(sts):
    return sts.get_caller_identity()["Arn"]


def test_a_role_comes_back_as_it_was_made(iam, me):
    one, text = name(), trust(me)
    made = iam.create_role(RoleName=one, Path="/ci/", AssumeRolePolicyDocument=text, Description="deploys",
                           MaxSessionDuration=7200, Tags=[{"Key": "cost", "Value": "42"}],
                           PermissionsBoundary=AWS_POLICY + "AdministratorAccess")["Role"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/ci/{one}" and made["Path"] == "/ci/"
    assert made["RoleId"].startswith("AROA") and len(made["RoleId"]) == 21
    assert made["AssumeRolePolicyDocument"] == json.loads(text)
    assert (made["Description"], made["MaxSessionDuration"]) == ("deploys", 7200)
    assert made["Tags"] == [{"Key": "cost", "Value": "42"}]
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == AWS_POLICY + "AdministratorAccess"
    assert iam.get_role(RoleName=one.upper())["Role"] == made
    assert [r["Arn"] for r in iam.list_roles(PathPrefix="/ci/")["Roles"] if r["RoleName"] == one] == [made["Arn"]]
    assert iam.list_instance_profiles_for_role(RoleName=one)["InstanceProfiles"] == []
    iam.update_role(RoleName=one, Description="", MaxSessionDuration=3600)
    assert "Description" not in iam.get_role(RoleName=one)["Role"]
    assert iam.update_role_description(RoleName=one, Description="again")["Role"]["Description"] == "again"
    assert iam.get_role(RoleName=one)["Role"]["MaxSessionDuration"] == 3600
    iam.tag_role(RoleName=one, Tags=[{"Key": "a", "Value": "b"}])
    assert [t["Key"] for t in iam.list_role_tags(RoleName=one)["Tags"]] == ["a", "cost"]
    iam.untag_role(RoleName=one, TagKeys=["cost"])
    assert [t["Key"] for t in iam.list_role_tags(RoleName=one)["Tags"]] == ["a"]
    iam.delete_role(RoleName=one)
    refused("NoSuchEntity", iam.get_role, RoleName=one, contains=f"The role with name {one} cannot be found.")


@pytest.mark.parametrize("text, message", [
    ("{}", ""), (policy("sts:AssumeRole"), "Has prohibited field Resource"),
    (json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}), "no principal"),
    (trust("*", ["kms:Encrypt"]), "AssumeRole policy may only specify STS AssumeRole actions."),
    (trust(f"arn:aws:iam::{ACCOUNT}:user/nobody-at-all"), "Invalid principal in policy"),
    (trust(f"arn:aws:iam::{ACCOUNT}:role/nobody-at-all"), "Invalid principal in policy"),
    (trust("AROAQQQQWWWWEEEERRRR2"), "Invalid principal in policy"),
    (trust(f"arn:aws:iam::{ACCOUNT}:group/g"), "invalid principals"),
])
def test_a_trust_policy_that_is_none(iam, text, message):
    refused("MalformedPolicyDocument", iam.create_role, RoleName=name(), AssumeRolePolicyDocument=text, contains=message)


def test_what_is_refused(iam, me):
    role = new_role(iam, me)["RoleName"]
    refused("EntityAlreadyExists", iam.create_role, RoleName=role.upper(), AssumeRolePolicyDocument=trust(me))
    refused("ValidationError", iam.create_role, RoleName="a b", AssumeRolePolicyDocument=trust(me))
    refused("ValidationError", iam.create_role, RoleName=name(), AssumeRolePolicyDocument=trust(me), Path="x")
    refused("ValidationError", iam.update_role, RoleName=role, MaxSessionDuration=43_201)
    refused("NoSuchEntity", iam.create_role, RoleName=name(), AssumeRolePolicyDocument=trust(me),
            PermissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/nothing")
    refused("LimitExceeded", iam.create_role, RoleName=name(), contains="ACLSizePerRole",
            AssumeRolePolicyDocument=trust(me, ["sts:AssumeRole" + "x" * 50 for _ in range(40)]))
    for call in (iam.delete_role, iam.get_role, iam.list_role_tags, iam.update_role, iam.list_role_policies):
        refused("NoSuchEntity", call, RoleName="nothing")


def test_quotas(fresh_server):
    server = fresh_server(settings={f"quotas.{what}_per_account": 1 for what in ("roles", "groups", "policies")})
    iam, me = server.admin.client("iam"), server.admin.client("sts").get_caller_identity()["Arn"]
    role, arn = new_role(iam, me)["RoleName"], new_policy(iam, policy("kms:*"))
    iam.create_group(GroupName="g")
    refused("LimitExceeded", iam.create_role, RoleName=name(), AssumeRolePolicyDocument=trust(me), contains="RolesPerAccount: 1")
    refused("LimitExceeded", iam.create_group, GroupName="h", contains="GroupsPerAccount: 1")
    refused("LimitExceeded", iam.create_policy, PolicyName=name(), PolicyDocument=policy("*"), contains="PoliciesPerAccount: 1")
    iam.delete_role(RoleName=role)
    iam.delete_policy(PolicyArn=arn)
    assert new_role(iam, me) and new_policy(iam, policy("kms:*"))


def test_inline_policies(iam, me):
    role = new_role(iam, me)["RoleName"]
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=policy("kms:*"))
    assert iam.get_role_policy(RoleName=role, PolicyName="p")["PolicyDocument"] == json.loads(policy("kms:*"))
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["p"]
    refused("DeleteConflict", iam.delete_role, RoleName=role, contains="delete policies")
    big = policy(["kms:" + "a" * 100 for _ in range(110)])
    refused("LimitExceeded", iam.put_role_policy, RoleName=role, PolicyName="q", PolicyDocument=big, contains="10240")
    iam.delete_role_policy(RoleName=role, PolicyName="p")
    refused("NoSuchEntity", iam.delete_role_policy, RoleName=role, PolicyName="p", contains="The role policy with name p")
    iam.attach_role_policy(RoleName=role, PolicyArn=AWS_POLICY + "IAMFullAccess")
    refused("DeleteConflict", iam.delete_role, RoleName=role, contains="detach all policies")


def test_changes_are_in_force_at_once_in_every_session(iam, admin, me):
    role = new_role(iam, me)
    sessions = [assume(admin, role, f"s{i}").client() for i in range(4)]

    def all_may(expected):
        assert [allowed(session.list_keys) for session in sessions for _ in range(4)] == [expected] * 16

    all_may(False)
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="p", PolicyDocument=policy("kms:ListKeys"))
    all_may(True)
    iam.delete_role_policy(RoleName=role["RoleName"], PolicyName="p")
    all_may(False)
    managed = new_policy(iam, policy("kms:ListKeys"))
    iam.attach_role_policy(RoleName=role["RoleName"], PolicyArn=managed)
    all_may(True)
    iam.create_policy_version(PolicyArn=managed, PolicyDocument=policy("kms:ListAliases"), SetAsDefault=True)
    all_may(False)


def test_sessions_die_with_their_role(iam, admin, kms, me):
    role = new_role(iam, me, allow="kms:*")
    session = assume(admin, role)
    key = session.client().create_key(Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": [role["Arn"], me]}, "Action": "kms:*", "Resource": "*"}]}))["KeyMetadata"]
    assert session.client().encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    iam.delete_role_policy(RoleName=role["RoleName"], PolicyName="inline")
    iam.delete_role(RoleName=role["RoleName"])
    refused("UnrecognizedClientException", session.client().list_keys)
    refused("InvalidClientTokenId", session.client("sts").get_caller_identity)
    # A new role of the same name inherits nothing: neither the sessions nor what the key policy gave.
    iam.create_role(RoleName=role["RoleName"], AssumeRolePolicyDocument=trust(me))
    refused("UnrecognizedClientException", session.client().list_keys)
    refused("AccessDeniedException", assume(admin, role).client().encrypt, KeyId=key["Arn"], Plaintext=b"x")
    shown = kms.get_key_policy(KeyId=key["KeyId"])["Policy"]
    assert role["RoleId"] in shown and role["Arn"] not in shown


def test_a_trusted_user_that_is_made_again_is_a_stranger(iam, make_user):
    user = make_user()
    role = new_role(iam, user.arn)
    assert assume(user, role)
    for key in iam.list_access_keys(UserName=user.name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=user.name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=user.name)
    again = make_user(user.name)
    assert again.arn == user.arn
    refused("AccessDenied", again.client("sts").assume_role, RoleArn=role["Arn"], RoleSessionName="again")


def test_service_principals_may_be_trusted_and_match_nobody(iam, admin):
    role = new_role(iam, trust({"Service": "ec2.amazonaws.com"}))
    refused("AccessDenied", admin.client("sts").assume_role, RoleArn=role["Arn"], RoleSessionName="session")
    iam.update_assume_role_policy(RoleName=role["RoleName"], PolicyDocument=trust({"Service": ["a.amazonaws.com"], "AWS": "*"}))
    assert assume(admin, role)


def test_each_operation_is_authorised(iam, make_user, me):
    role = new_role(iam, me)["RoleName"]
    nobody = make_user().client("iam")
    document = {"PolicyDocument": policy("*")}
    for operation, members in {
        "create_role": {"AssumeRolePolicyDocument": trust(me)}, "get_role": {}, "list_roles": None, "delete_role": {},
        "update_role": {}, "update_role_description": {"Description": "d"}, "tag_role": {"Tags": [{"Key": "a", "Value": "b"}]},
        "untag_role": {"TagKeys": ["a"]}, "list_role_tags": {}, "put_role_policy": {"PolicyName": "p", **document},
        "update_assume_role_policy": {"PolicyDocument": trust(me)}, "get_role_policy": {"PolicyName": "p"},
        "list_role_policies": {}, "delete_role_policy": {"PolicyName": "p"}, "list_attached_role_policies": {},
        "attach_role_policy": {"PolicyArn": AWS_POLICY + "IAMFullAccess"},
        "detach_role_policy": {"PolicyArn": AWS_POLICY + "IAMFullAccess"},
        "put_role_permissions_boundary": {"PermissionsBoundary": AWS_POLICY + "IAMFullAccess"},
        "delete_role_permissions_boundary": {}, "list_instance_profiles_for_role": {},
    }.items():
        members = {} if members is None else {"RoleName": role, **members}
        action = "".join(part.title() for part in operation.split("_"))
        refused("AccessDenied", getattr(nobody, operation), contains=f"iam:{action}", **members)


def test_conditions_on_tags_of_roles(iam, make_user, me):
    blue, red = (new_role(iam, me, Tags=[{"Key": "team", "Value": team}])["RoleName"] for team in ("blue", "red"))
    user = make_user(policy={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "*",
         "Condition": {"StringEquals": {"iam:ResourceTag/team": "blue"}}},
        {"Effect": "Allow", "Action": "iam:TagRole", "Resource": "*",
         "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["cost"]}, "Null": {"aws:TagKeys": "false"}}}]})
    own = user.client("iam")
    assert allowed(own.get_role, RoleName=blue) and not allowed(own.get_role, RoleName=red)
    assert allowed(own.tag_role, RoleName=red, Tags=[{"Key": "cost", "Value": "1"}])
    assert not allowed(own.tag_role, RoleName=red, Tags=[{"Key": "team", "Value": "blue"}])


def test_a_role_of_another_account(server, iam, make_user):
    root, account = new_account(server)
    user, denied = make_user(allow="sts:AssumeRole"), make_user()
    role = new_role(root.client("iam"), f"arn:aws:iam::{ACCOUNT}:root", allow="kms:*")
    session = assume(user, role)
    assert session.arn == f"arn:aws:sts::{account}:assumed-role/{role['RoleName']}/session"
    assert session.client().create_key()["KeyMetadata"]["AWSAccountId"] == account
    # Both sides must agree; and a stranger does not learn whether there is such a role.
    text = refused("AccessDenied", denied.client("sts").assume_role, RoleArn=role["Arn"], RoleSessionName="session")
    missing = role["Arn"] + "x"
    assert refused("AccessDenied", user.client("sts").assume_role, RoleArn=missing, RoleSessionName="session") == text.replace(
        denied.arn, user.arn).replace(role["Arn"], missing)
    other = new_role(root.client("iam"), f"arn:aws:iam::{account}:root")
    refused("AccessDenied", user.client("sts").assume_role, RoleArn=other["Arn"], RoleSessionName="session")


def test_the_aws_cli_and_a_role_chain(server, iam, make_user, tmp_path):
    """create-role, attach-role-policy, and a chain of two roles through profiles, against one endpoint."""
    user = make_user(allow="sts:AssumeRole")
    admin = server.admin
    first, second = name(), name()
    one = admin.aws("iam", "create-role", "--role-name", first, "--assume-role-policy-document", trust(user.arn))["Role"]
    two = admin.aws("iam", "create-role", "--role-name", second, "--assume-role-policy-document", trust(one["Arn"]))["Role"]
    admin.aws("iam", "attach-role-policy", "--role-name", second, "--policy-arn",
              AWS_POLICY + "AWSKeyManagementServicePowerUser")
    config = tmp_path / "config"
    config.write_text(
        f"[profile base]\naws_access_key_id = {user.access_key}\naws_secret_access_key = {user.secret_key}\n"
        f"[profile first]\nrole_arn = {one['Arn']}\nsource_profile = base\nrole_session_name = one\n"
        f"[profile second]\nrole_arn = {two['Arn']}\nsource_profile = first\nrole_session_name = two\n")
    environment = {k: v for k, v in user.environment().items() if not k.startswith(("AWS_ACCESS", "AWS_SECRET"))}
    environment |= {"AWS_CONFIG_FILE": str(config), "HOME": str(tmp_path)}

    def aws(profile, *arguments):
        done = subprocess.run([Path(sys.executable).parent / "aws", "--profile", profile, *arguments, "--output", "json"],
                              env=environment, capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert aws("first", "sts", "get-caller-identity")["Arn"].endswith(f":assumed-role/{first}/one")
    who = aws("second", "sts", "get-caller-identity")
    assert who["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{second}/two" and who["UserId"] == two["RoleId"] + ":two"
    assert "Keys" in aws("second", "kms", "list-keys")
    admin.aws("iam", "detach-role-policy", "--role-name", second, "--policy-arn",
              AWS_POLICY + "AWSKeyManagementServicePowerUser")
    denied = subprocess.run([Path(sys.executable).parent / "aws", "--profile", "second", "kms", "list-keys"],
                            env=environment, capture_output=True, text=True, timeout=90)
    assert "AccessDeniedException" in denied.stderr
