"""Groups: their life, their members, and what their policies give to them; in force at once."""

import pytest
from iam_case import allowed, name, new_policy, policy, refused

ACCOUNT = "100000000001"


@pytest.fixture
def group(iam):
    return iam.create_group(GroupName=name("g"))["Group"]["GroupName"]


def test_a_group_comes_back_as_it_was_made(iam):
    one = name()
    made = iam.create_group(GroupName=one, Path="/a/")["Group"]
    assert (made["GroupName"], made["Path"], made["Arn"]) == (one, "/a/", f"arn:aws:iam::{ACCOUNT}:group/a/{one}")
    assert made["GroupId"].startswith("AGPA") and len(made["GroupId"]) == 21
    assert iam.get_group(GroupName=one.upper())["Group"] == made
    assert made in iam.list_groups(PathPrefix="/a/")["Groups"]
    refused("EntityAlreadyExists", iam.create_group, GroupName=one.upper(), contains="Group with name")
    iam.delete_group(GroupName=one)
    refused("NoSuchEntity", iam.get_group, GroupName=one, contains=f"The group with name {one} cannot be found.")


def test_members_have_its_policies(iam, make_user, group):
    user = make_user()
    mine = user.client()
    managed = new_policy(iam, policy("kms:ListAliases"))
    iam.put_group_policy(GroupName=group, PolicyName="inline", PolicyDocument=policy("kms:ListKeys"))
    assert not allowed(mine.list_keys)
    iam.add_user_to_group(GroupName=group, UserName=user.name)
    iam.add_user_to_group(GroupName=group, UserName=user.name)
    assert allowed(mine.list_keys) and not allowed(mine.list_aliases)
    iam.attach_group_policy(GroupName=group, PolicyArn=managed)
    assert allowed(mine.list_aliases)
    iam.put_group_policy(GroupName=group, PolicyName="deny", PolicyDocument=policy("kms:ListKeys", effect="Deny"))
    refused("AccessDeniedException", mine.list_keys, contains="explicit deny in an identity-based policy")
    iam.delete_group_policy(GroupName=group, PolicyName="deny")
    assert allowed(mine.list_keys)
    iam.detach_group_policy(GroupName=group, PolicyArn=managed)
    assert not allowed(mine.list_aliases)
    iam.remove_user_from_group(GroupName=group, UserName=user.name)
    assert not allowed(mine.list_keys)


def test_lists_of_members_and_groups(iam, make_user, group):
    users = [make_user().name for _ in range(3)]
    for user in users:
        iam.add_user_to_group(GroupName=group, UserName=user)
    pages = iam.get_paginator("get_group").paginate(GroupName=group, PaginationConfig={"PageSize": 2})
    assert sorted(u["UserName"] for page in pages for u in page["Users"]) == sorted(users)
    others = [iam.create_group(GroupName=name())["Group"]["GroupName"] for _ in range(2)]
    for other in others:
        iam.add_user_to_group(GroupName=other, UserName=users[0])
    pages = iam.get_paginator("list_groups_for_user").paginate(UserName=users[0], PaginationConfig={"PageSize": 2})
    assert sorted(g["GroupName"] for page in pages for g in page["Groups"]) == sorted([group, *others])


def test_a_group_in_use_stays(iam, make_user, group):
    user = make_user()
    iam.add_user_to_group(GroupName=group, UserName=user.name)
    refused("DeleteConflict", iam.delete_group, GroupName=group, contains="remove users from group", status=409)
    for key in iam.list_access_keys(UserName=user.name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=user.name, AccessKeyId=key["AccessKeyId"])
    refused("DeleteConflict", iam.delete_user, UserName=user.name, contains="remove users from group")
    iam.remove_user_from_group(GroupName=group, UserName=user.name)
    iam.remove_user_from_group(GroupName=group, UserName=user.name)
    iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=policy("kms:*"))
    refused("DeleteConflict", iam.delete_group, GroupName=group, contains="delete policies")
    assert iam.list_group_policies(GroupName=group)["PolicyNames"] == ["p"]
    assert iam.get_group_policy(GroupName=group, PolicyName="p")["GroupName"] == group
    iam.delete_group_policy(GroupName=group, PolicyName="p")
    refused("NoSuchEntity", iam.get_group_policy, GroupName=group, PolicyName="p",
            contains="The group policy with name p cannot be found.")
    iam.delete_group(GroupName=group)


def test_a_new_name(iam, make_user, group):
    user = make_user(allow="kms:*")
    iam.add_user_to_group(GroupName=group, UserName=user.name)
    new = name("g")
    iam.update_group(GroupName=group, NewGroupName=new, NewPath="/b/")
    refused("NoSuchEntity", iam.get_group, GroupName=group)
    found = iam.get_group(GroupName=new)
    assert found["Group"]["Path"] == "/b/" and [u["UserName"] for u in found["Users"]] == [user.name]
    other = iam.create_group(GroupName=name())["Group"]["GroupName"]
    refused("EntityAlreadyExists", iam.update_group, GroupName=new, NewGroupName=other)
    renamed = name("u")
    iam.update_user(UserName=user.name, NewUserName=renamed, NewPath="/c/")
    assert user.client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/c/{renamed}"
    assert allowed(user.client().list_keys)
    iam.update_user(UserName=renamed, NewUserName=user.name)


def test_limits(iam, make_user, group):
    user = make_user()
    for _ in range(10):
        one = iam.create_group(GroupName=name())["Group"]["GroupName"]
        iam.add_user_to_group(GroupName=one, UserName=user.name)
    refused("LimitExceeded", iam.add_user_to_group, GroupName=group, UserName=user.name, contains="GroupsPerUser: 10")
    big = policy(["kms:" + "a" * 100 for _ in range(60)])
    refused("LimitExceeded", iam.put_group_policy, GroupName=group, PolicyName="p", PolicyDocument=big, contains="5120")
    refused("NoSuchEntity", iam.add_user_to_group, GroupName=group, UserName="nobody")
    refused("NoSuchEntity", iam.add_user_to_group, GroupName="nothing", UserName=user.name)
    refused("ValidationError", iam.create_group, GroupName="a b")


def test_each_operation_is_authorised(iam, make_user, group):
    user = make_user()
    nobody = user.client("iam")
    for operation, members in {
        "create_group": {}, "get_group": {}, "update_group": {"NewPath": "/x/"}, "delete_group": {}, "list_groups": None,
        "add_user_to_group": {"UserName": user.name}, "remove_user_from_group": {"UserName": user.name},
        "put_group_policy": {"PolicyName": "p", "PolicyDocument": policy("*")}, "get_group_policy": {"PolicyName": "p"},
        "list_group_policies": {}, "delete_group_policy": {"PolicyName": "p"}, "list_attached_group_policies": {},
        "attach_group_policy": {"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        "detach_group_policy": {"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    }.items():
        members = {} if members is None else {"GroupName": group, **members}
        action = "".join(part.title() for part in operation.split("_"))
        refused("AccessDenied", getattr(nobody, operation), contains=f"iam:{action}", **members)
    refused("AccessDenied", nobody.list_groups_for_user, UserName=user.name, contains="iam:ListGroupsForUser")
