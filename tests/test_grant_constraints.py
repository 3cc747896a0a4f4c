"""Constraints of grants, grants that are made through grants, services, and conditions on CreateGrant."""

import pytest
from kms_case import raw_kms, refused
from test_grants import DENIED, OF_SYMMETRIC_KEYS, USES, case  # noqa: F401 (a fixture)
from test_policies import policy

AB = {"a": "1", "b": "2"}


@pytest.mark.parametrize("constraints, context, allowed", (
    ({"EncryptionContextEquals": AB}, {"b": "2", "a": "1"}, True),
    ({"EncryptionContextEquals": AB}, {"B": "2", "A": "1"}, True),
    ({"EncryptionContextEquals": {"Tenant": "x"}}, {"tenant": "x"}, True),
    ({"EncryptionContextEquals": {"Tenant": "x"}}, {"tenant": "X"}, False),
    ({"EncryptionContextEquals": AB}, {"a": "1"}, False),
    ({"EncryptionContextEquals": AB}, {**AB, "c": "3"}, False),
    ({"EncryptionContextEquals": AB}, {}, False),
    ({"EncryptionContextEquals": {}}, {}, True),
    ({"EncryptionContextEquals": {}}, {"a": "1"}, False),
    ({"EncryptionContextSubset": {"a": "1"}}, {"a": "1"}, True),
    ({"EncryptionContextSubset": {"a": "1"}}, AB, True),
    ({"EncryptionContextSubset": {"a": "1"}}, {"A": "1", "z": ""}, True),
    ({"EncryptionContextSubset": {"a": "1"}}, {"a": "2"}, False),
    ({"EncryptionContextSubset": {"a": "1"}}, {"b": "1"}, False),
    ({"EncryptionContextSubset": AB}, {"a": "1"}, False),
    ({"EncryptionContextSubset": {"a": "1"}}, {}, False),
    ({"EncryptionContextSubset": {"ä": "ö"}}, {"ä": "ö"}, True),
    ({"EncryptionContextEquals": AB, "EncryptionContextSubset": {"a": "1"}}, AB, True),
    ({"EncryptionContextEquals": AB, "EncryptionContextSubset": {"c": "1"}}, AB, False),
    ({"SourceArn": "arn:aws:s3:us-east-1:111122223333:bucket"}, {}, False),
    ({"SourceArn": "arn:aws:s3:us-east-1:111122223333:bucket", "EncryptionContextEquals": {}}, {}, False),
))
def test_constraints(case, make_user, constraints, context, allowed):
    user = make_user()
    client = user.client()
    operations = [operation for operation in OF_SYMMETRIC_KEYS if operation != "CreateGrant"]
    made = case.grant(user, *operations, Constraints=constraints)
    blob = case.kms.encrypt(KeyId=case.arn, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    calls = [
        (client.encrypt, {"KeyId": case.arn, "Plaintext": b"x", "EncryptionContext": context}),
        (client.decrypt, {"CiphertextBlob": blob, "EncryptionContext": context}),
        (client.generate_data_key, {"KeyId": case.arn, "KeySpec": "AES_128", "EncryptionContext": context}),
        (client.re_encrypt, {"CiphertextBlob": blob, "DestinationKeyId": case.other, "SourceEncryptionContext": context}),
        (client.re_encrypt, {"CiphertextBlob": case.open_blob(None), "DestinationKeyId": case.arn,
                             "DestinationEncryptionContext": context}),
    ]
    for call, members in calls:
        if allowed:
            assert call(**members)
        else:
            refused(DENIED, call, **members)
    # They are not for DescribeKey, but the source is; and neither is for RetireGrant.
    if "SourceArn" in constraints:
        refused(DENIED, client.describe_key, KeyId=case.arn)
    else:
        client.describe_key(KeyId=case.arn)
    assert case.grants(GrantId=made["GrantId"])[0]["Constraints"] == constraints
    client.retire_grant(KeyId=case.arn, GrantId=made["GrantId"])


def test_one_grant_of_many_with_constraints_is_enough(case, make_user):
    user = make_user()
    for i in range(12):
        case.grant(user, "Encrypt", Constraints={"EncryptionContextSubset": {"app": "x", "tenant": str(i)}})
    case.grant(user, "Decrypt", Constraints={"EncryptionContextSubset": {"tenant": "7"}})
    client = user.client()
    for i in range(12):
        context = {"app": "x", "tenant": str(i), "more": "y"}
        blob = client.encrypt(KeyId=case.arn, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
        if i == 7:
            assert client.decrypt(CiphertextBlob=blob, EncryptionContext=context)
        else:
            refused(DENIED, client.decrypt, CiphertextBlob=blob, EncryptionContext=context)
    refused(DENIED, client.encrypt, KeyId=case.arn, Plaintext=b"x", EncryptionContext={"app": "x", "tenant": "12"})


# --- Grants through grants ---

EQUALS, SUBSET = "EncryptionContextEquals", "EncryptionContextSubset"


@pytest.mark.parametrize("parent, operations, child, allowed", (
    (None, ["Encrypt"], None, True),
    (None, ["Encrypt", "CreateGrant"], None, True),
    (None, ["Decrypt"], None, False),
    (None, ["Encrypt", "Decrypt"], None, False),
    (None, ["Encrypt"], {SUBSET: {"a": "1"}}, True),
    ({SUBSET: {"a": "1"}}, ["Encrypt"], None, False),
    ({SUBSET: {"a": "1"}}, ["Encrypt"], {SUBSET: {"a": "1"}}, True),
    ({SUBSET: {"a": "1"}}, ["Encrypt"], {SUBSET: {"A": "1"}}, True),
    ({SUBSET: {"a": "1"}}, ["Encrypt"], {SUBSET: {"a": "2"}}, False),
    ({SUBSET: {"a": "1"}}, ["Encrypt"], {SUBSET: AB}, True),
    ({SUBSET: AB}, ["Encrypt"], {SUBSET: {"a": "1"}}, False),
    ({SUBSET: {"a": "1"}}, ["Encrypt"], {EQUALS: AB}, True),
    ({EQUALS: AB}, ["Encrypt"], {EQUALS: AB}, True),
    ({EQUALS: AB}, ["Encrypt"], {EQUALS: {"a": "1"}}, False),
    ({EQUALS: AB}, ["Encrypt"], {SUBSET: AB}, False),
    ({"SourceArn": "arn:aws:s3:us-east-1:111122223333:b"}, ["Encrypt"],
     {"SourceArn": "arn:aws:s3:us-east-1:111122223333:b"}, False),
))
def test_create_grant_through_a_grant(case, make_user, parent, operations, child, allowed):
    user, grandchild = make_user(), make_user()
    members = {"Constraints": child} if child else {}
    case.grant(user, "CreateGrant", "Encrypt", **({"Constraints": parent} if parent else {}))
    if not allowed:
        refused(DENIED, lambda: case.grant(grandchild, *operations, kms=user.client(), **members))
        return
    made = case.grant(grandchild, *operations, kms=user.client(), **members)
    assert case.grants(GrantId=made["GrantId"])[0]["GranteePrincipal"] == grandchild.arn
    context = (child or {}).get(EQUALS) or (child or {}).get(SUBSET) or {}
    assert grandchild.client().encrypt(KeyId=case.arn, Plaintext=b"x", EncryptionContext=context)


def test_only_one_grant_at_a_time_lets_another_be_made(case, make_user):
    user = make_user()
    case.grant(user, "CreateGrant", "Encrypt")
    case.grant(user, "Decrypt")
    refused(DENIED, lambda: case.grant(user, "Encrypt", "Decrypt", kms=user.client()))
    case.grant(user, "CreateGrant", "Encrypt", "Decrypt")
    assert case.grant(user, "Encrypt", "Decrypt", kms=user.client())


def test_a_child_outlives_its_parent(case, make_user):
    user, grandchild = make_user(), make_user()
    parent = case.grant(user, "CreateGrant", "Encrypt")
    case.grant(grandchild, "Encrypt", kms=user.client())
    case.kms.revoke_grant(KeyId=case.arn, GrantId=parent["GrantId"])
    assert USES["Encrypt"](grandchild.client(), case)
    refused(DENIED, lambda: case.grant(grandchild, "Encrypt", kms=user.client()))


# --- Services ---

def test_service_principals(case, make_user, admin):
    source = "arn:aws:logs:us-east-1:111122223333:log-group:x"
    good = {"KeyId": case.arn, "Operations": ["Encrypt"], "GranteeServicePrincipal": "logs.amazonaws.com",
            "RetiringServicePrincipal": "backup.amazonaws.com", "Constraints": {"SourceArn": source}}
    made = case.kms.create_grant(**good)
    entry = case.grants(GrantId=made["GrantId"])[0]
    assert (entry["GranteeServicePrincipal"], entry["RetiringServicePrincipal"]) == \
        ("logs.amazonaws.com", "backup.amazonaws.com")
    assert "GranteePrincipal" not in entry and "RetiringPrincipal" not in entry
    assert entry["Constraints"] == {"SourceArn": source}
    assert case.grants(GranteeServicePrincipal="logs.amazonaws.com") == [entry]
    assert case.grants(GranteeServicePrincipal="other.amazonaws.com") == []
    listed = case.kms.list_retirable_grants(RetiringServicePrincipal="backup.amazonaws.com", Limit=100)["Grants"]
    assert entry in listed
    for missing in ("Constraints", "RetiringServicePrincipal"):
        refused("ValidationException", case.kms.create_grant,
                **{name: value for name, value in good.items() if name != missing})
    refused("ValidationException", case.kms.list_grants, KeyId=case.arn, GranteePrincipal=case.root,
            GranteeServicePrincipal="logs.amazonaws.com")
    refused("ValidationException", case.kms.list_retirable_grants)
    refused("ValidationException", case.kms.list_retirable_grants, RetiringPrincipal=case.root,
            RetiringServicePrincipal="backup.amazonaws.com")
    refused("ValidationException", raw_kms(admin).create_grant, **{**good, "GranteeServicePrincipal": "amazonaws.com"})


# --- Condition keys ---

@pytest.mark.parametrize("condition, allowed", (
    ({"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "Decrypt"]}}, True),
    ({"ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]}}, False),
    ({"StringEquals": {"kms:GrantConstraintType": "EncryptionContextSubset"}}, True),
    ({"StringEquals": {"kms:GrantConstraintType": "EncryptionContextEquals"}}, False),
    ({"StringEquals": {"kms:EncryptionContext:tenant": "a"}}, True),
    ({"StringEquals": {"kms:EncryptionContext:tenant": "b"}}, False),
    ({"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "tenant"}}, True),
    ({"StringEquals": {"kms:GranteePrincipal": "ROOT"}}, True),
    ({"StringEquals": {"kms:GranteePrincipal": "other"}}, False),
    ({"StringEquals": {"kms:RetiringPrincipal": "ROOT"}}, True),
    ({"Null": {"kms:GranteeServicePrincipal": "true", "kms:RetiringServicePrincipal": "true"}}, True),
    ({"Null": {"kms:GrantConstraintSourceArn": "true"}}, True),
    ({"Bool": {"kms:GrantIsForAWSResource": "false"}}, True),
    ({"Bool": {"kms:GrantIsForAWSResource": "true"}}, False),
))
def test_conditions_on_create_grant(case, make_user, condition, allowed):
    text = {kind: {name: case.root if value == "ROOT" else value for name, value in names.items()}
            for kind, names in condition.items()}
    user = make_user(policy=policy({"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*", "Condition": text}))
    members = {"KeyId": case.arn, "GranteePrincipal": case.root, "RetiringPrincipal": case.root,
               "Operations": ["Encrypt"], "Constraints": {SUBSET: {"tenant": "a"}}}
    if allowed:
        assert user.client().create_grant(**members)
    else:
        refused(DENIED, user.client().create_grant, **members)


@pytest.mark.parametrize("value, allowed", (("false", True), ("true", False)))
def test_grant_is_for_aws_resource_on_list_and_revoke(case, make_user, value, allowed):
    user = make_user(policy=policy({
        "Effect": "Allow", "Action": ["kms:ListGrants", "kms:RevokeGrant"], "Resource": "*",
        "Condition": {"Bool": {"kms:GrantIsForAWSResource": value}}}))
    calls = ((user.client().list_grants, {"KeyId": case.arn}),
             (user.client().revoke_grant, {"KeyId": case.arn, "GrantId": case.grant_id}))
    for call, members in calls:
        if allowed:
            assert call(**members)
        else:
            refused(DENIED, call, **members)
