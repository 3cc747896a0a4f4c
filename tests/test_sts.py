"""Temporary credentials: AssumeRole and GetSessionToken, their tokens, tags, limits and end, and their events."""

import datetime
import json

import pytest
from harness import User
from iam_case import (allowed, assume, document, new_account, new_policy, new_role, policy, refused,
                      session_user, statement, trust)
from kms_case import advance
from test_audit import event_of, events

ACCOUNT = "100000000001"


@pytest.fixture
def me(sts):
    return sts.get_caller_identity()["Arn"]


def test_assume_role(iam, sts, server, me):
    role = new_role(iam, me, Path="/deep/")
    answer = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="build-17", SourceIdentity="ann")
    credentials, user = answer["Credentials"], answer["AssumedRoleUser"]
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role['RoleName']}/build-17"
    assert credentials["AccessKeyId"].startswith("ASIA") and len(credentials["AccessKeyId"]) == 20
    assert user == {"AssumedRoleId": role["RoleId"] + ":build-17", "Arn": arn} and answer["SourceIdentity"] == "ann"
    who = session_user(server, credentials).client("sts").get_caller_identity()
    assert (who["Arn"], who["UserId"], who["Account"]) == (arn, role["RoleId"] + ":build-17", ACCOUNT)
    assert sts.get_access_key_info(AccessKeyId=credentials["AccessKeyId"])["Account"] == ACCOUNT


def test_a_session_token_must_be_the_right_one(iam, server, admin, me, make_user):
    session = assume(admin, new_role(iam, me))
    other = assume(admin, new_role(iam, me))
    for token in ("", "x", session.session_token[:-1] + "!", other.session_token):
        thief = User(server, session.access_key, session.secret_key, session_token=token)
        refused("InvalidClientTokenId", thief.client("sts").get_caller_identity, status=403)
        refused("UnrecognizedClientException", thief.client("kms").list_keys)
    forged = User(server, session.access_key, "x" * 40, session_token=session.session_token)
    refused("SignatureDoesNotMatch", forged.client("sts").get_caller_identity)
    user = make_user()
    refused("InvalidClientTokenId", User(server, user.access_key, user.secret_key, session_token=session.session_token)
            .client("sts").get_caller_identity)
    unknown = User(server, "ASIAQQQQWWWWEEEERRRR", session.secret_key, session_token=session.session_token)
    refused("InvalidClientTokenId", unknown.client("sts").get_caller_identity)


def test_sessions_end(fresh_server):
    server = fresh_server()
    iam, me = server.admin.client("iam"), server.admin.client("sts").get_caller_identity()["Arn"]
    role = new_role(iam, me)
    short, long = assume(server.admin, role, DurationSeconds=900), assume(server.admin, role, DurationSeconds=3600)
    advance(server, seconds=900)
    refused("ExpiredToken", short.client("sts").get_caller_identity, status=403)
    refused("ExpiredTokenException", short.client().list_keys)
    assert long.client("sts").get_caller_identity()
    server.crash_and_restart()
    assert session_of(server, long).client("sts").get_caller_identity()
    refused("ExpiredToken", session_of(server, short).client("sts").get_caller_identity)
    many = [assume(server.admin, role, f"s{i}") for i in range(8)]
    advance(server, days=2)
    for ended in (short, long, *many):
        refused("InvalidClientTokenId", session_of(server, ended).client("sts").get_caller_identity)
    assert assume(server.admin, role).client("sts").get_caller_identity()


def session_of(server, session):
    return User(server, session.access_key, session.secret_key, session_token=session.session_token)


def test_durations(iam, sts, admin, me):
    role = new_role(iam, me, MaxSessionDuration=7200)
    members = {"RoleArn": role["Arn"], "RoleSessionName": "session"}
    for seconds in (900, 3600, 7200):
        ends = sts.assume_role(**members, DurationSeconds=seconds)["Credentials"]["Expiration"]
        left = (ends - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
        assert seconds - 60 < left % 86_400 <= seconds + 1  # other tests may have moved the lifecycle clock by days
    refused("ValidationError", sts.assume_role, **members, DurationSeconds=7201, contains="MaxSessionDuration")
    raw = admin.client("sts", parameter_validation=False)
    for seconds in (899, 43_201):
        refused("ValidationError", raw.assume_role, **members, DurationSeconds=seconds, contains="durationSeconds")
    inner = new_role(iam, role["Arn"], MaxSessionDuration=7200)
    chained = assume(admin, role).client("sts")
    refused("ValidationError", chained.assume_role, RoleArn=inner["Arn"], RoleSessionName="session", DurationSeconds=7200,
            contains="1 hour session limit")
    assert chained.assume_role(RoleArn=inner["Arn"], RoleSessionName="session", DurationSeconds=3600)


@pytest.mark.parametrize("members", [
    {"RoleArn": "arn:aws:iam::1:role/x-y"}, {"RoleArn": f"arn:aws:iam::{ACCOUNT}:user/admin"}, {"RoleSessionName": "a b"},
    {"RoleSessionName": "x"}, {"SourceIdentity": "a b"}, {"ExternalId": "x"}, {"Tags": [{"Key": "", "Value": "x"}]},
])
def test_bad_members(admin, members):
    raw = admin.client("sts", parameter_validation=False)
    good = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/nothing", "RoleSessionName": "session"}
    refused("ValidationError", raw.assume_role, **{**good, **members})


def test_a_role_that_is_not_there(admin, sts):
    refused("AccessDenied", sts.assume_role, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/nothing", RoleSessionName="session",
            contains="is not authorized to perform: sts:AssumeRole on resource", status=403)


def test_who_may_assume(iam, make_user):
    """Within one account: the trust policy alone where it names the user, both where it names the account."""
    by_name, by_account, by_both = make_user(), make_user(), make_user(allow="sts:AssumeRole")
    named = new_role(iam, by_name.arn)
    account = new_role(iam, f"arn:aws:iam::{ACCOUNT}:root")

    def may(user, role):
        return allowed(user.client("sts").assume_role, RoleArn=role["Arn"], RoleSessionName="session")

    assert may(by_name, named) and not may(by_account, named) and not may(by_both, named)
    assert not may(by_name, account) and may(by_both, account)
    iam.put_user_policy(UserName=by_name.name, PolicyName="deny", PolicyDocument=policy("sts:*", effect="Deny"))
    assert not may(by_name, named)
    iam.update_assume_role_policy(RoleName=named["RoleName"], PolicyDocument=trust(by_both.arn))
    assert may(by_both, named)


def test_the_root_user_assumes_no_role(server):
    root, account = new_account(server)
    role = new_role(root.client("iam"), f"arn:aws:iam::{account}:root")
    refused("AccessDenied", root.client("sts").assume_role, RoleArn=role["Arn"], RoleSessionName="session",
            contains="Roles may not be assumed by root accounts.")


@pytest.mark.parametrize("condition, good, bad", [
    ({"StringEquals": {"sts:ExternalId": "e-1"}}, {"ExternalId": "e-1"}, {"ExternalId": "e-2"}),
    ({"StringEquals": {"sts:ExternalId": "e-1"}}, {"ExternalId": "e-1"}, {}),
    ({"StringLike": {"sts:RoleSessionName": "build-*"}}, {"RoleSessionName": "build-1"}, {"RoleSessionName": "other"}),
    ({"StringEquals": {"sts:SourceIdentity": "ann"}}, {"SourceIdentity": "ann"}, {"SourceIdentity": "bob"}),
    ({"StringEquals": {"aws:RequestTag/team": "blue"}}, {"Tags": [{"Key": "team", "Value": "blue"}]}, {}),
    ({"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "team"}},
     {"Tags": [{"Key": "team", "Value": "blue"}], "TransitiveTagKeys": ["team"]}, {"Tags": [{"Key": "team", "Value": "b"}]}),
])
def test_conditions_of_trust_policies(iam, sts, me, condition, good, bad):
    role = new_role(iam, trust(me, Condition=condition))
    members = {"RoleArn": role["Arn"], "RoleSessionName": "session"}
    assert allowed(sts.assume_role, **{**members, **good})
    assert not allowed(sts.assume_role, **{**members, **bad})


def test_conditions_on_who_asks(iam, make_user):
    user = make_user()
    role = new_role(iam, trust("*", Condition={"ArnEquals": {"aws:PrincipalArn": user.arn}}))
    tagged = new_role(iam, trust("*", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}))
    assert assume(user, role)
    refused("AccessDenied", make_user().client("sts").assume_role, RoleArn=role["Arn"], RoleSessionName="session")
    refused("AccessDenied", user.client("sts").assume_role, RoleArn=tagged["Arn"], RoleSessionName="session")
    iam.tag_user(UserName=user.name, Tags=[{"Key": "team", "Value": "blue"}])
    assert assume(user, tagged)
    assert iam.list_user_tags(UserName=user.name)["Tags"] == [{"Key": "team", "Value": "blue"}]
    iam.untag_user(UserName=user.name, TagKeys=["team"])
    refused("AccessDenied", user.client("sts").assume_role, RoleArn=tagged["Arn"], RoleSessionName="session")


def test_tags_and_source_identity_need_permissions_of_their_own(iam, sts, me):
    role = new_role(iam, trust(me, ["sts:AssumeRole"]))
    members = {"RoleArn": role["Arn"], "RoleSessionName": "session"}
    assert allowed(sts.assume_role, **members)
    refused("AccessDenied", sts.assume_role, **members, Tags=[{"Key": "a", "Value": "b"}], contains="sts:TagSession")
    refused("AccessDenied", sts.assume_role, **members, SourceIdentity="ann", contains="sts:SetSourceIdentity")


def test_session_tags_are_principal_tags(iam, admin, kms, me):
    role = new_role(iam, me, Tags=[{"Key": "team", "Value": "red"}, {"Key": "cost", "Value": "1"}])
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="p", PolicyDocument=document(
        statement("kms:ListKeys", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue", "aws:PrincipalTag/cost": "1"}})))
    assert not allowed(assume(admin, role).client().list_keys)
    assert allowed(assume(admin, role, Tags=[{"Key": "Team", "Value": "blue"}]).client().list_keys)


def test_transitive_tags_and_the_source_identity_go_along(iam, admin, me):
    first = new_role(iam, me)
    second = new_role(iam, trust(first["Arn"]))
    iam.put_role_policy(RoleName=second["RoleName"], PolicyName="p", PolicyDocument=document(
        statement("kms:ListKeys", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}),
        statement("kms:ListAliases", Condition={"StringEquals": {"aws:PrincipalTag/own": "x"}}),
        statement("kms:GenerateRandom", Condition={"StringEquals": {"aws:SourceIdentity": "ann"}})))
    tags = [{"Key": "team", "Value": "blue"}, {"Key": "own", "Value": "x"}]
    one = assume(admin, first, Tags=tags, TransitiveTagKeys=["team"], SourceIdentity="ann")
    two = assume(one, second).client()
    assert allowed(two.list_keys) and not allowed(two.list_aliases) and allowed(two.generate_random, NumberOfBytes=8)
    members = {"RoleArn": second["Arn"], "RoleSessionName": "session"}
    refused("InvalidInput", one.client("sts").assume_role, **members, Tags=[{"Key": "TEAM", "Value": "red"}])
    refused("AccessDenied", one.client("sts").assume_role, **members, SourceIdentity="bob")
    iam.update_assume_role_policy(RoleName=second["RoleName"], PolicyDocument=trust(first["Arn"], ["sts:AssumeRole"]))
    refused("AccessDenied", one.client("sts").assume_role, **members)


def test_session_tags_that_are_refused(iam, sts, me):
    members = {"RoleArn": new_role(iam, me)["Arn"], "RoleSessionName": "session"}
    for tags in ([{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}], [{"Key": "aws:x", "Value": "1"}],
                 [{"Key": f"k{i}", "Value": ""} for i in range(51)]):
        refused("InvalidInput", sts.assume_role, **members, Tags=tags)
    refused("InvalidInput", sts.assume_role, **members, TransitiveTagKeys=["missing"])


def test_session_policies_that_are_refused(iam, sts, me):
    members = {"RoleArn": new_role(iam, me)["Arn"], "RoleSessionName": "session"}
    refused("MalformedPolicyDocument", sts.assume_role, **members, Policy="{}")
    refused("PackedPolicyTooLarge", sts.assume_role, **members, Policy=policy(["kms:" + "a" * 100 for _ in range(20)]))
    arn = f"arn:aws:iam::{ACCOUNT}:policy/nothing"
    refused("ValidationError", sts.assume_role, **members, PolicyArns=[{"arn": arn}], contains="does not exist")
    many = [{"arn": new_policy(iam, policy("*"))} for _ in range(11)]
    refused("ValidationError", sts.assume_role, **members, PolicyArns=many)


def test_key_policies_name_roles_and_sessions(iam, admin, kms, me):
    role = new_role(iam, me)
    ours, other = assume(admin, role, "ours"), assume(admin, role, "other")
    key = kms.create_key()["KeyMetadata"]
    me_too = {"Effect": "Allow", "Principal": {"AWS": me}, "Action": "kms:*", "Resource": "*"}

    def may(principal):
        given = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:Encrypt", "Resource": "*"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [me_too, given]})
        kms.put_key_policy(KeyId=key["KeyId"], Policy=text)
        shown = json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])["Statement"][1]["Principal"]["AWS"]
        assert shown == (role["Arn"] if principal == role["RoleId"] else principal)
        return [allowed(s.client().encrypt, KeyId=key["Arn"], Plaintext=b"x") for s in (ours, other)]

    assert may(role["Arn"]) == [True, True]
    assert may(role["RoleId"]) == [True, True]
    assert may(ours.arn) == [True, False]
    assert may("*") == [True, True]
    assert may(f"arn:aws:iam::{ACCOUNT}:root") == [False, False]
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="p", PolicyDocument=policy("kms:Encrypt"))
    assert may(f"arn:aws:iam::{ACCOUNT}:root") == [True, True]


def test_get_session_token(iam, make_user, server):
    user = make_user(allow=["kms:*", "iam:*", "sts:*"])
    role = new_role(iam, user.arn)
    answer = user.client("sts").get_session_token(DurationSeconds=900)["Credentials"]
    session = session_user(server, answer)
    who = session.client("sts").get_caller_identity()
    assert (who["Arn"], who["UserId"]) == (user.arn, user.user_id)
    assert allowed(session.client().list_keys)
    # Not IAM, and of STS only these two (AWS STS API reference).
    refused("InvalidClientTokenId", session.client("iam").list_users)
    refused("AccessDenied", session.client("sts").get_session_token, contains="Cannot call GetSessionToken")
    refused("AccessDenied", session.client("sts").get_access_key_info, AccessKeyId=user.access_key)
    assert assume(session, role)
    iam.put_user_policy(UserName=user.name, PolicyName="deny", PolicyDocument=policy("kms:*", effect="Deny"))
    assert not allowed(session.client().list_keys)


def test_role_sessions_have_no_session_tokens_but_may_use_iam(iam, admin, me):
    session = assume(admin, new_role(iam, me, allow=["iam:*", "sts:*"]))
    refused("AccessDenied", session.client("sts").get_session_token)
    assert session.client("iam").list_users()
    refused("ValidationError", session.client("iam").get_user, contains="Must specify userName")


def test_of_a_root_user(server):
    root, account = new_account(server)
    session = session_user(server, root.client("sts").get_session_token()["Credentials"])
    assert session.client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:root"
    assert session.client().create_key()
    refused("InvalidClientTokenId", session.client("iam").list_users)


def test_nobody_has_a_second_factor_here(sts, iam, me):
    mfa = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/ann", "TokenCode": "123456"}
    refused("AccessDenied", sts.get_session_token, **mfa, contains="MFA")
    refused("AccessDenied", sts.assume_role, RoleArn=new_role(iam, me)["Arn"], RoleSessionName="session", **mfa)


def test_access_key_info(sts, server, make_user):
    root, account = new_account(server)
    assert sts.get_access_key_info(AccessKeyId=root.access_key)["Account"] == account
    refused("ValidationError", sts.get_access_key_info, AccessKeyId="AKIAQQQQWWWWEEEERRRR")
    refused("AccessDenied", make_user().client("sts").get_access_key_info, AccessKeyId=root.access_key)


def test_events_of_a_session(server, iam, admin, sts, me):
    role = new_role(iam, me)
    answer = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="audited", SourceIdentity="ann")
    event = event_of(server, answer["ResponseMetadata"]["RequestId"])
    assert (event["eventSource"], event["eventName"]) == ("sts.amazonaws.com", "AssumeRole")
    assert event["requestParameters"]["roleArn"] == role["Arn"]
    assert event["requestParameters"]["roleSessionName"] == "audited"
    assert event["responseElements"]["accessKeyId"] == answer["Credentials"]["AccessKeyId"]
    session = session_user(server, answer["Credentials"])
    called = session.client("sts").get_caller_identity()
    identity = event_of(server, called["ResponseMetadata"]["RequestId"])["userIdentity"]
    assert identity["type"] == "AssumedRole" and identity["principalId"] == role["RoleId"] + ":audited"
    assert identity["arn"] == answer["AssumedRoleUser"]["Arn"] and "userName" not in identity
    context = identity["sessionContext"]
    assert context["sessionIssuer"] == {"type": "Role", "principalId": role["RoleId"], "arn": role["Arn"],
                                        "accountId": ACCOUNT, "userName": role["RoleName"]}
    assert context["attributes"]["mfaAuthenticated"] == "false" and context["sourceIdentity"] == "ann"
    secrets = (answer["Credentials"]["SecretAccessKey"], answer["Credentials"]["SessionToken"])
    assert not any(secret in str(events(server)) or secret in server.log_file.read_text() for secret in secrets)


def test_last_use_of_access_keys(fresh_server):
    server = fresh_server(settings={"lifecycle.sweep_interval_seconds": 1})
    iam = server.admin.client("iam")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    unused = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert unused["UserName"] == "bob" and "LastUsedDate" not in unused["AccessKeyLastUsed"]
    assert unused["AccessKeyLastUsed"]["ServiceName"] == unused["AccessKeyLastUsed"]["Region"] == "N/A"
    bob = User(server, key["AccessKeyId"], key["SecretAccessKey"])
    refused("AccessDeniedException", bob.client().list_keys)

    def used():
        return server.admin.client("iam").get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]

    before = used()
    assert (before["ServiceName"], before["Region"]) == ("kms", "us-east-1")
    assert abs((datetime.datetime.now(datetime.timezone.utc) - before["LastUsedDate"]).total_seconds()) < 120
    server.restart()
    assert used() == before
    iam = server.admin.client("iam")
    iam.delete_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"])
    refused("NoSuchEntity", iam.get_access_key_last_used, AccessKeyId=key["AccessKeyId"])
    refused("AccessDenied", bob_of(server, iam).client("iam").get_access_key_last_used, AccessKeyId=server.admin.access_key)


def bob_of(server, iam):
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    return User(server, key["AccessKeyId"], key["SecretAccessKey"])


def test_a_session_of_ones_own_making_is_not_listed_as_a_key(iam, make_user, server):
    user = make_user()
    user.client("sts").get_session_token()
    keys = iam.list_access_keys(UserName=user.name)["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [user.access_key]
