"""Managed policies: their life, their versions, and whom they are attached to; in force at once."""

import json

import pytest
from iam_case import AWS_POLICY, allowed, name, new_account, new_policy, new_role, policy, refused, trust

ACCOUNT = "100000000001"


def test_a_policy_comes_back_as_it_was_made(iam):
    one, text = name(), policy("kms:Encrypt")
    made = iam.create_policy(PolicyName=one, Path="/team/", PolicyDocument=text, Description="says it",
                             Tags=[{"Key": "cost", "Value": "42"}])["Policy"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:policy/team/{one}"
    assert made["PolicyId"].startswith("ANPA") and len(made["PolicyId"]) == 21
    assert (made["DefaultVersionId"], made["AttachmentCount"], made["PermissionsBoundaryUsageCount"]) == ("v1", 0, 0)
    assert made["IsAttachable"] and made["Description"] == "says it" and made["Tags"] == [{"Key": "cost", "Value": "42"}]
    assert iam.get_policy(PolicyArn=made["Arn"])["Policy"] == made
    version = iam.get_policy_version(PolicyArn=made["Arn"], VersionId="v1")["PolicyVersion"]
    assert version["Document"] == json.loads(text) and version["IsDefaultVersion"]
    listed = iam.list_policies(Scope="Local", PathPrefix="/team/")["Policies"]
    assert [p["Arn"] for p in listed if p["PolicyName"] == one] == [made["Arn"]]
    iam.delete_policy(PolicyArn=made["Arn"])
    refused("NoSuchEntity", iam.get_policy, PolicyArn=made["Arn"], status=404)


def test_what_is_refused(iam):
    arn = new_policy(iam, policy("kms:*"))
    taken = arn.rsplit("/", 1)[1]
    refused("EntityAlreadyExists", iam.create_policy, PolicyName=taken.upper(), PolicyDocument=policy("kms:*"), status=409)
    refused("MalformedPolicyDocument", iam.create_policy, PolicyName=name(), PolicyDocument="{}", status=400)
    refused("MalformedPolicyDocument", iam.create_policy, PolicyName=name(), PolicyDocument=trust("*"))
    big = policy(["kms:" + "a" * 100 for _ in range(60)])
    refused("LimitExceeded", iam.create_policy, PolicyName=name(), PolicyDocument=big, contains="PolicySize: 6144")
    refused("ValidationError", iam.create_policy, PolicyName="a b", PolicyDocument=policy("kms:*"))
    refused("InvalidInput", iam.create_policy, PolicyName=name(), PolicyDocument=policy("kms:*"),
            Tags=[{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}])
    refused("InvalidInput", iam.get_policy, PolicyArn="arn:aws:iam::nobody:policy/x")
    refused("NoSuchEntity", iam.get_policy, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/nothing")
    refused("NoSuchEntity", iam.get_policy, PolicyArn=arn.replace("policy/", "policy/elsewhere/"))


def test_versions(iam, make_user, kms):
    user = make_user()
    arn = new_policy(iam, policy("kms:ListKeys"))
    iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
    mine = user.client()
    assert allowed(mine.list_keys) and not allowed(mine.list_aliases)
    second = iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("kms:ListAliases"))["PolicyVersion"]
    assert (second["VersionId"], second["IsDefaultVersion"]) == ("v2", False)
    assert allowed(mine.list_keys) and not allowed(mine.list_aliases)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    assert not allowed(mine.list_keys) and allowed(mine.list_aliases)
    for number in (3, 4, 5):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("kms:ListKeys"), SetAsDefault=number == 5)
    assert allowed(mine.list_keys) and not allowed(mine.list_aliases)
    refused("LimitExceeded", iam.create_policy_version, PolicyArn=arn, PolicyDocument=policy("kms:*"), status=409)
    refused("DeleteConflict", iam.delete_policy_version, PolicyArn=arn, VersionId="v5", status=409)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("kms:*"))["PolicyVersion"]["VersionId"] == "v6"
    pages = iam.get_paginator("list_policy_versions").paginate(PolicyArn=arn, PaginationConfig={"PageSize": 2})
    versions = [(v["VersionId"], v["IsDefaultVersion"]) for page in pages for v in page["Versions"]]
    assert versions == [("v2", False), ("v3", False), ("v4", False), ("v5", True), ("v6", False)]
    for call in (iam.get_policy_version, iam.delete_policy_version, iam.set_default_policy_version):
        for unknown in ("v1", "v99", "5"):
            refused("NoSuchEntity", call, PolicyArn=arn, VersionId=unknown)
    iam.detach_user_policy(UserName=user.name, PolicyArn=arn)
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn, contains="more than one version")
    assert not allowed(mine.list_keys)


@pytest.mark.parametrize("kind", ["user", "role", "group"])
def test_attachments(iam, make_user, sts, kind):
    if kind == "user":
        owner = make_user().name
    elif kind == "role":
        owner = new_role(iam, sts.get_caller_identity()["Arn"])["RoleName"]
    else:
        owner = iam.create_group(GroupName=name())["Group"]["GroupName"]
    who = {f"{kind.title()}Name": owner}
    attach, detach = getattr(iam, f"attach_{kind}_policy"), getattr(iam, f"detach_{kind}_policy")
    arns = [new_policy(iam, policy("kms:*")) for _ in range(3)]
    for arn in arns:
        attach(**who, PolicyArn=arn)
    attach(**who, PolicyArn=arns[0])
    assert iam.get_policy(PolicyArn=arns[0])["Policy"]["AttachmentCount"] == 1
    pages = iam.get_paginator(f"list_attached_{kind}_policies").paginate(**who, PaginationConfig={"PageSize": 2})
    listed = [p for page in pages for p in page["AttachedPolicies"]]
    assert sorted(p["PolicyArn"] for p in listed) == sorted(arns)
    assert all(p["PolicyArn"].endswith(p["PolicyName"]) for p in listed)
    entities = iam.list_entities_for_policy(PolicyArn=arns[0])
    found = {k: [e[f"{k}Name"] for e in entities[f"Policy{k}s"]] for k in ("User", "Role", "Group")}
    assert found == {k: [owner] if k == kind.title() else [] for k in ("User", "Role", "Group")}
    other = "Role" if kind == "user" else "User"
    assert not any(iam.list_entities_for_policy(PolicyArn=arns[0], EntityFilter=other)[f"Policy{k}s"] for k in found)
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arns[0], contains="attached to entities")
    refused("DeleteConflict", getattr(iam, f"delete_{kind}"), **who)
    refused("NoSuchEntity", attach, **who, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/nothing", contains="not attachable")
    refused("NoSuchEntity", attach, **{f"{kind.title()}Name": "nobody"}, PolicyArn=arns[0])
    refused("InvalidInput", attach, **who, PolicyArn="arn:aws:iam::1:policy/x")
    for arn in arns:
        detach(**who, PolicyArn=arn)
    refused("NoSuchEntity", detach, **who, PolicyArn=arns[0])
    for arn in arns:
        iam.delete_policy(PolicyArn=arn)
    getattr(iam, f"delete_{kind}")(**who) if kind != "user" else None


def test_ten_policies_at_most(iam, make_user):
    user = make_user()
    arns = [new_policy(iam, policy("kms:*")) for _ in range(11)]
    for arn in arns[:10]:
        iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
    refused("LimitExceeded", iam.attach_user_policy, UserName=user.name, PolicyArn=arns[10], contains="PoliciesPerUser: 10")


def test_aws_policies(iam, make_user):
    user, admin_access = make_user(), AWS_POLICY + "AdministratorAccess"
    found = iam.get_policy(PolicyArn=admin_access)["Policy"]
    assert found["PolicyId"] == "ANPAIWMBCKSKIEE64ZLYK"
    before = found["AttachmentCount"]
    iam.attach_user_policy(UserName=user.name, PolicyArn=admin_access)
    assert iam.get_policy(PolicyArn=admin_access)["Policy"]["AttachmentCount"] == before + 1
    assert allowed(user.client().list_keys) and allowed(user.client("iam").list_users)
    iam.detach_user_policy(UserName=user.name, PolicyArn=admin_access)
    iam.attach_user_policy(UserName=user.name, PolicyArn=AWS_POLICY + "IAMReadOnlyAccess")
    assert not allowed(user.client().list_keys) and allowed(user.client("iam").list_users)
    assert not allowed(user.client("iam").create_user, UserName=name())
    version = iam.get_policy_version(PolicyArn=admin_access, VersionId="v1")["PolicyVersion"]
    assert version["Document"]["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    assert iam.list_policy_versions(PolicyArn=AWS_POLICY + "IAMFullAccess")["Versions"][0]["VersionId"] == "v2"
    for call, members in ((iam.delete_policy, {}), (iam.create_policy_version, {"PolicyDocument": policy("*")}),
                          (iam.tag_policy, {"Tags": [{"Key": "a", "Value": "b"}]})):
        refused("InvalidInput", call, PolicyArn=admin_access, contains="AWS's own", **members)
    refused("NoSuchEntity", iam.get_policy, PolicyArn=AWS_POLICY + "PowerUserAccess2")


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_lists_go_through_both_kinds(iam, size):
    own = {new_policy(iam, policy("kms:*")) for _ in range(3)}

    def arns(**members):
        pages = iam.get_paginator("list_policies").paginate(PaginationConfig={"PageSize": size}, **members)
        return [p["Arn"] for page in pages for p in page["Policies"]]

    everything, local, aws = arns(), arns(Scope="Local"), arns(Scope="AWS")
    assert everything == local + aws and len(set(everything)) == len(everything)
    assert own <= set(local) and not any(arn.startswith(AWS_POLICY) for arn in local)
    assert [arn.removeprefix(AWS_POLICY) for arn in aws] == [
        "AWSKeyManagementServicePowerUser", "AdministratorAccess", "IAMFullAccess", "IAMReadOnlyAccess"]
    assert not own & set(arns(OnlyAttached=True))


def test_tags(iam):
    arn = new_policy(iam, policy("kms:*"), Tags=[{"Key": "Team", "Value": "blue"}])
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "team", "Value": "red"}, {"Key": "cost", "Value": "1"}])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "cost", "Value": "1"}, {"Key": "team", "Value": "red"}]
    iam.untag_policy(PolicyArn=arn, TagKeys=["TEAM", "nothing"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "cost", "Value": "1"}]
    more = [{"Key": f"k{i}", "Value": ""} for i in range(50)]
    refused("LimitExceeded", iam.tag_policy, PolicyArn=arn, Tags=more)
    refused("InvalidInput", iam.tag_policy, PolicyArn=arn, Tags=[{"Key": "aws:x", "Value": ""}])


def test_each_operation_is_authorised(iam, make_user):
    arn = new_policy(iam, policy("kms:*"))
    nobody = make_user().client("iam")
    calls = {
        "create_policy": {"PolicyName": name(), "PolicyDocument": policy("kms:*")}, "get_policy": {}, "list_policies": None,
        "create_policy_version": {"PolicyDocument": policy("kms:*")}, "get_policy_version": {"VersionId": "v1"},
        "list_policy_versions": {}, "set_default_policy_version": {"VersionId": "v1"},
        "delete_policy_version": {"VersionId": "v1"}, "delete_policy": {}, "list_entities_for_policy": {},
        "tag_policy": {"Tags": [{"Key": "a", "Value": "b"}]}, "untag_policy": {"TagKeys": ["a"]}, "list_policy_tags": {},
    }
    for operation, members in calls.items():
        named = members is not None and operation != "create_policy"
        action = "".join(part.title() for part in operation.split("_"))
        refused("AccessDenied", getattr(nobody, operation), contains=f"iam:{action}",
                **({"PolicyArn": arn} if named else {}), **(members or {}))


def test_the_policy_that_may_be_attached_can_be_limited(iam, make_user):
    fine, other = new_policy(iam, policy("kms:ListKeys")), new_policy(iam, policy("*"))
    user = make_user(policy={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:AttachUserPolicy", "Resource": "*",
         "Condition": {"ArnEquals": {"iam:PolicyARN": fine}}}]})
    target = make_user()
    own = user.client("iam")
    assert allowed(own.attach_user_policy, UserName=target.name, PolicyArn=fine)
    assert not allowed(own.attach_user_policy, UserName=target.name, PolicyArn=other)
    assert not allowed(own.detach_user_policy, UserName=target.name, PolicyArn=fine)


def test_another_account_s_policies_are_nobody_s(server, iam):
    root, account = new_account(server)
    theirs = new_policy(root.client("iam"), policy("*"))
    refused("NoSuchEntity", iam.get_policy, PolicyArn=theirs)
    refused("NoSuchEntity", iam.attach_user_policy, UserName="admin", PolicyArn=theirs)
    assert theirs not in [p["Arn"] for p in iam.list_policies(Scope="Local", MaxItems=1000)["Policies"]]


def test_policies_outlive_a_crash(fresh_server):
    server = fresh_server()
    iam = server.admin.client("iam")
    arn = new_policy(iam, policy("kms:ListKeys"))
    iam.create_user(UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    server.crash_and_restart()
    assert server.admin.client("iam").list_attached_user_policies(UserName="bob")["AttachedPolicies"][0]["PolicyArn"] == arn


def test_the_aws_cli(admin):
    one = name()
    made = admin.aws("iam", "create-policy", "--policy-name", one, "--policy-document", policy("kms:*"))["Policy"]
    assert admin.aws("iam", "get-policy", "--policy-arn", made["Arn"])["Policy"] == made
    admin.aws("iam", "delete-policy", "--policy-arn", made["Arn"])
