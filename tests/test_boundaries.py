"""Permissions boundaries and session policies: how they limit what identity policies and key policies give. The whole
matrix of boundary, session policy, identity policy and key policy, against IAM's rules written down once more."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from iam_case import (AWS_POLICY, allowed, assume, document, name, new_policy, new_role, policy, refused, statement, trust)

ACCOUNT = "100000000001"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"

ALLOW, NONE, DENY = policy("kms:Encrypt"), policy("kms:ListKeys"), policy("kms:Encrypt", effect="Deny")
TEXTS = {"allow": ALLOW, "silent": NONE, "deny": document(statement("*"), statement("kms:Encrypt", effect="Deny"))}


@pytest.fixture(scope="module")
def me(sts):
    return sts.get_caller_identity()["Arn"]


@pytest.fixture(scope="module")
def limits(iam):
    """The ARN of a managed policy of each kind."""
    return {kind: new_policy(iam, text) for kind, text in TEXTS.items()}


def put(kms, key_id, me, statements):
    everything = {"Effect": "Allow", "Principal": {"AWS": me}, "Action": "kms:*", "Resource": "*"}
    kms.put_key_policy(KeyId=key_id, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everything, *statements]}))


def key_statement(effect, principal):
    return {"Effect": effect, "Principal": {"AWS": principal}, "Action": "kms:Encrypt", "Resource": "*"}


def expected(key_policy, identity, boundary, session):
    """IAM user guide, "Policy evaluation logic", for one account. `key_policy`: silent, account, direct (the user or the
    session itself), bounded (the role, everybody) or deny; of the others None is the absence of a limit."""
    if "deny" in (key_policy, identity, boundary, session):
        return False
    if key_policy == "direct":
        return True
    within = boundary in (None, "allow") and session in (None, "allow")
    return within and (key_policy == "bounded" or (key_policy == "account" and identity == "allow"))


def test_the_matrix_of_roles(iam, kms, admin, me, limits):
    role = new_role(iam, me)
    key = kms.create_key()["KeyMetadata"]
    sessions = {kind: assume(admin, role, "session", **({"Policy": TEXTS[kind]} if kind else {}))
                for kind in (None, *TEXTS)}
    policies = {
        "silent": [], "account": [key_statement("Allow", ROOT)], "bounded": [key_statement("Allow", role["Arn"])],
        "direct": [key_statement("Allow", sessions[None].arn)], "deny": [key_statement("Deny", role["Arn"]),
                                                                           key_statement("Allow", sessions[None].arn)],
    }
    wrong = []
    for identity, boundary in itertools.product(TEXTS, (None, *TEXTS)):
        iam.put_role_policy(RoleName=role["RoleName"], PolicyName="p", PolicyDocument=TEXTS[identity])
        if boundary is None:
            if "PermissionsBoundary" in iam.get_role(RoleName=role["RoleName"])["Role"]:
                iam.delete_role_permissions_boundary(RoleName=role["RoleName"])
        else:
            iam.put_role_permissions_boundary(RoleName=role["RoleName"], PermissionsBoundary=limits[boundary])
        for given, statements in policies.items():
            put(kms, key["KeyId"], me, statements)
            for kind, session in sessions.items():
                case = (given, identity, boundary, kind)
                if allowed(session.client().encrypt, KeyId=key["Arn"], Plaintext=b"x") != expected(*case):
                    wrong.append(case)
    assert not wrong


def test_the_matrix_of_users(iam, kms, make_user, me, limits):
    user = make_user()
    mine = user.client()
    key = kms.create_key()["KeyMetadata"]
    policies = {
        "silent": [], "account": [key_statement("Allow", ROOT)], "bounded": [key_statement("Allow", "*")],
        "direct": [key_statement("Allow", user.arn)],
        "deny": [key_statement("Deny", user.arn), key_statement("Allow", user.arn)],
    }
    wrong = []
    for identity, boundary in itertools.product(TEXTS, (None, *TEXTS)):
        iam.put_user_policy(UserName=user.name, PolicyName="test", PolicyDocument=TEXTS[identity])
        if boundary is not None:
            iam.put_user_permissions_boundary(UserName=user.name, PermissionsBoundary=limits[boundary])
        for given, statements in policies.items():
            put(kms, key["KeyId"], me, statements)
            case = (given, identity, boundary, None)
            if allowed(mine.encrypt, KeyId=key["Arn"], Plaintext=b"x") != expected(*case):
                wrong.append(case)
        if boundary is not None:
            iam.delete_user_permissions_boundary(UserName=user.name)
    assert not wrong


def test_sentences(iam, kms, admin, me, limits):
    role = new_role(iam, me, allow="kms:*")
    key = kms.create_key()["KeyMetadata"]

    def sentence(session):
        return refused("AccessDeniedException", session.client().encrypt, KeyId=key["Arn"], Plaintext=b"x")

    silent = assume(admin, role, Policy=NONE)
    assert sentence(silent).endswith("because no session policy allows the kms:Encrypt action")
    assert sentence(assume(admin, role, Policy=TEXTS["deny"])).endswith("with an explicit deny in a session policy")
    iam.put_role_permissions_boundary(RoleName=role["RoleName"], PermissionsBoundary=limits["silent"])
    assert sentence(assume(admin, role)).endswith("because no permissions boundary allows the kms:Encrypt action")
    iam.put_role_permissions_boundary(RoleName=role["RoleName"], PermissionsBoundary=limits["deny"])
    assert sentence(assume(admin, role)).endswith("with an explicit deny in a permissions boundary")


def test_session_policies_that_are_managed(iam, admin, me):
    role = new_role(iam, me, allow="*")
    arn = new_policy(iam, policy("kms:ListKeys"))
    session = assume(admin, role, PolicyArns=[{"arn": arn}, {"arn": AWS_POLICY + "IAMReadOnlyAccess"}])
    assert allowed(session.client().list_keys) and not allowed(session.client().list_aliases)
    assert allowed(session.client("iam").list_users)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("kms:ListAliases"), SetAsDefault=True)
    assert not allowed(session.client().list_keys) and allowed(session.client().list_aliases)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy(PolicyArn=arn)
    assert not allowed(session.client().list_keys) and not allowed(session.client().list_aliases)


def test_a_session_policy_gives_nothing(iam, admin, me):
    session = assume(admin, new_role(iam, me), Policy=policy("*"))
    assert not allowed(session.client().list_keys)


def test_limits_hold_for_what_has_no_resource_policy(iam, make_user, limits):
    user = make_user(allow="*")
    assert allowed(user.client().create_key)
    iam.put_user_permissions_boundary(UserName=user.name, PermissionsBoundary=limits["silent"])
    assert not allowed(user.client().create_key) and allowed(user.client().list_keys)
    assert not allowed(user.client("iam").list_users)
    iam.delete_user_permissions_boundary(UserName=user.name)
    assert allowed(user.client().create_key)
    refused("NoSuchEntity", iam.delete_user_permissions_boundary, UserName=user.name)


def test_a_boundary_limits_the_assuming_of_roles(iam, make_user):
    user = make_user(allow="sts:AssumeRole")
    by_account, by_name = new_role(iam, ROOT), new_role(iam, user.arn)
    iam.put_user_permissions_boundary(UserName=user.name, PermissionsBoundary=new_policy(iam, policy("kms:*")))
    members = {"RoleSessionName": "session"}
    assert not allowed(user.client("sts").assume_role, RoleArn=by_account["Arn"], **members)
    assert allowed(user.client("sts").assume_role, RoleArn=by_name["Arn"], **members)
    iam.delete_user_permissions_boundary(UserName=user.name)
    assert allowed(user.client("sts").assume_role, RoleArn=by_account["Arn"], **members)


def test_a_policy_that_bounds_somebody_stays(iam, me):
    arn = new_policy(iam, policy("kms:*"))
    role = new_role(iam, me, PermissionsBoundary=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    found = iam.list_entities_for_policy(PolicyArn=arn, PolicyUsageFilter="PermissionsBoundary")
    assert [r["RoleName"] for r in found["PolicyRoles"]] == [role["RoleName"]]
    assert iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"] == []
    assert arn in [p["Arn"] for p in iam.list_policies(Scope="Local", PolicyUsageFilter="PermissionsBoundary",
                                                       MaxItems=1000)["Policies"]]
    iam.put_role_permissions_boundary(RoleName=role["RoleName"], PermissionsBoundary=AWS_POLICY + "IAMFullAccess")
    iam.delete_policy(PolicyArn=arn)
    iam.delete_role(RoleName=role["RoleName"])


def test_an_administrator_who_may_only_make_bounded_users(iam, make_user):
    """The delegation that boundaries are made for (IAM user guide, "Delegating responsibility to others")."""
    edge = new_policy(iam, policy("kms:*"))
    within = {"Condition": {"StringEquals": {"iam:PermissionsBoundary": edge}}}
    delegate = make_user(policy={"Version": "2012-10-17", "Statement": [
        statement(["iam:CreateUser", "iam:PutUserPolicy", "iam:AttachUserPolicy", "iam:CreateRole"], **within)]})
    own = delegate.client("iam")
    free, bounded = name("u"), name("u")
    assert not allowed(own.create_user, UserName=free)
    assert not allowed(own.create_user, UserName=free, PermissionsBoundary=AWS_POLICY + "AdministratorAccess")
    assert allowed(own.create_user, UserName=bounded, PermissionsBoundary=edge)
    assert allowed(own.put_user_policy, UserName=bounded, PolicyName="p", PolicyDocument=policy("*"))
    assert not allowed(own.delete_user_permissions_boundary, UserName=bounded)
    assert not allowed(own.put_user_policy, UserName=delegate.name, PolicyName="p", PolicyDocument=policy("*"))
    assert not allowed(own.create_role, RoleName=name(), AssumeRolePolicyDocument=trust(delegate.arn))
    assert iam.get_user(UserName=bounded)["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == edge
    iam.delete_user_policy(UserName=bounded, PolicyName="p")
    iam.delete_user(UserName=bounded)


# --- Simulation ---


def decisions(answer):
    return {(r["EvalActionName"], r["EvalResourceName"]): r["EvalDecision"] for r in answer["EvaluationResults"]}


def test_what_is_attached_in_parallel_is_counted(iam, make_user):
    """Policies attached by many clients at once: no more than the quota, and each counted where it is."""
    user = make_user()
    arns = [new_policy(iam, policy("kms:*")) for _ in range(16)]

    def attach(arn):
        try:
            iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
            return "ok"
        except iam.exceptions.LimitExceededException:
            return "limit"

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(attach, arns))
    assert sorted(results) == ["limit"] * 6 + ["ok"] * 10
    attached = {p["PolicyArn"] for p in iam.list_attached_user_policies(UserName=user.name)["AttachedPolicies"]}
    assert attached == {arn for arn, result in zip(arns, results) if result == "ok"}
    counts = [iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] for arn in arns]
    assert counts == [int(arn in attached) for arn in arns]
    for arn in attached:
        iam.detach_user_policy(UserName=user.name, PolicyArn=arn)


def test_simulate_principal_policy(iam, make_user, limits):
    user = make_user(allow="kms:Encrypt", resource="arn:aws:kms:*:*:key/a")
    group = iam.create_group(GroupName=name())["Group"]["GroupName"]
    iam.add_user_to_group(GroupName=group, UserName=user.name)
    iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=policy("kms:Decrypt", effect="Deny"))
    keys = [f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{k}" for k in "ab"]
    members = {"PolicySourceArn": user.arn, "ActionNames": ["kms:Encrypt", "kms:Decrypt"], "ResourceArns": keys}
    answer = iam.simulate_principal_policy(**members)
    assert decisions(answer) == {("kms:Encrypt", keys[0]): "allowed", ("kms:Encrypt", keys[1]): "implicitDeny",
                                 ("kms:Decrypt", keys[0]): "explicitDeny", ("kms:Decrypt", keys[1]): "explicitDeny"}
    matched = answer["EvaluationResults"][0]["MatchedStatements"]
    assert [(m["SourcePolicyId"], m["SourcePolicyType"]) for m in matched] == [(f"user_{user.name}_test", "user")]
    pages = iam.get_paginator("simulate_principal_policy").paginate(**members, PaginationConfig={"PageSize": 3})
    assert [r for page in pages for r in page["EvaluationResults"]] == answer["EvaluationResults"]
    iam.put_user_permissions_boundary(UserName=user.name, PermissionsBoundary=limits["silent"])
    limited = iam.simulate_principal_policy(**members)["EvaluationResults"][0]
    assert limited["EvalDecision"] == "implicitDeny"
    assert limited["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    again = iam.simulate_principal_policy(**members, PermissionsBoundaryPolicyInputList=[policy("*")])
    assert again["EvaluationResults"][0]["EvalDecision"] == "allowed"
    iam.delete_user_permissions_boundary(UserName=user.name)


def test_simulation_with_conditions(iam):
    text = policy("kms:Encrypt", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
    members = {"PolicyInputList": [text], "ActionNames": ["kms:Encrypt"]}
    missing = iam.simulate_custom_policy(**members)["EvaluationResults"][0]
    assert missing["EvalDecision"] == "implicitDeny" and missing["MissingContextValues"] == ["aws:principaltag/team"]
    for team, decision in (("blue", "allowed"), ("red", "implicitDeny")):
        entry = {"ContextKeyName": "aws:PrincipalTag/team", "ContextKeyValues": [team], "ContextKeyType": "string"}
        answer = iam.simulate_custom_policy(**members, ContextEntries=[entry])
        assert decisions(answer) == {("kms:Encrypt", "*"): decision}


def test_simulation_with_a_resource_policy(iam, make_user):
    user = make_user()
    given = json.dumps({"Version": "2012-10-17", "Statement": [key_statement("Allow", user.arn)]})
    members = {"PolicySourceArn": user.arn, "ActionNames": ["kms:Encrypt"], "ResourcePolicy": given}
    assert set(decisions(iam.simulate_principal_policy(**members)).values()) == {"allowed"}
    foreign = iam.simulate_principal_policy(**members, ResourceOwner="arn:aws:iam::999900001111:root")
    assert set(decisions(foreign).values()) == {"implicitDeny"}


def test_simulations_that_are_refused(iam, make_user):
    user = make_user()
    members = {"PolicySourceArn": user.arn, "ActionNames": ["kms:Encrypt"]}
    refused("NoSuchEntity", iam.simulate_principal_policy, **{**members, "PolicySourceArn": user.arn + "x"})
    refused("InvalidInput", iam.simulate_principal_policy, **{**members, "PolicySourceArn": ROOT})
    refused("InvalidInput", iam.simulate_principal_policy, **{**members, "ActionNames": ["Encrypt"]})
    refused("InvalidInput", iam.simulate_principal_policy, **members, PolicyInputList=["{}"])
    refused("AccessDenied", user.client("iam").simulate_principal_policy, **members)
    refused("AccessDenied", user.client("iam").simulate_custom_policy, PolicyInputList=[ALLOW], ActionNames=["kms:Encrypt"])
