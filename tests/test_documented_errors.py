"""Each error that the newest model of AWS's clients documents for each operation, as the client's own exception, with its
event. Most arise in the other tests from what causes them; here every one of them is ordered (Kagimori.InjectFault), for
many have no cause on a sound server, or none until keys of other kinds exist."""

import pytest
from harness import MODELS
from kms_case import ALLOW_ALL, CRYPTOGRAPHIC, DATA_KEY_PAIRS, IMPORTS, KINDS, STATUS, Case
from test_audit import api_name, event_of

WITHOUT_KEY = {"create_key": {}, "generate_random": {"NumberOfBytes": 8}, "list_aliases": {}, "list_keys": {}}
KMS = (
    *CRYPTOGRAPHIC, *DATA_KEY_PAIRS, *KINDS, *IMPORTS, *WITHOUT_KEY, "describe_key", "get_key_last_usage", "get_key_policy", "get_key_rotation_status", "list_key_policies",
    "list_key_rotations", "list_resource_tags", "create_alias", "update_alias", "delete_alias", "disable_key",
    "enable_key", "enable_key_rotation", "rotate_key_on_demand", "disable_key_rotation", "put_key_policy",
    "tag_resource", "untag_resource", "update_key_description", "schedule_key_deletion", "cancel_key_deletion",
    "create_grant", "list_grants", "list_retirable_grants", "retire_grant", "revoke_grant",
    "replicate_key", "update_primary_region",
)
# Errors of every operation (AWS KMS API reference, "Common Errors"), or of trouble that may befall any.
ALWAYS = ("DependencyTimeoutException", "KMSInternalException", "KeyUnavailableException", "ThrottlingException")
STORE_OPERATIONS = (
    "create_custom_key_store", "update_custom_key_store", "delete_custom_key_store", "connect_custom_key_store",
    "disconnect_custom_key_store", "describe_custom_key_stores",
)

IAM = {
    "create_user": {"UserName": "documented-new"}, "get_user": {"UserName": "documented"}, "list_users": {},
    "create_access_key": {"UserName": "documented"}, "list_access_keys": {"UserName": "documented"},
    "update_access_key": {"UserName": "documented", "Status": "Active"},
    "delete_access_key": {"UserName": "documented"},
    "put_user_policy": {"UserName": "documented", "PolicyName": "p", "PolicyDocument": ALLOW_ALL},
    "get_user_policy": {"UserName": "documented", "PolicyName": "p"},
    "list_user_policies": {"UserName": "documented"},
    "delete_user_policy": {"UserName": "documented", "PolicyName": "p"}, "delete_user": {"UserName": "documented"},
    "update_user": {"UserName": "documented"}, "get_access_key_last_used": {},
}
ARN = "arn:aws:iam::100000000001:policy/documented"
ROLE, GROUP, POLICY = {"RoleName": "documented"}, {"GroupName": "documented"}, {"PolicyArn": ARN}
TAGS, KEYS = {"Tags": [{"Key": "a", "Value": "b"}]}, {"TagKeys": ["a"]}
IAM |= {
    "create_role": {**ROLE, "AssumeRolePolicyDocument": ALLOW_ALL}, "get_role": ROLE, "list_roles": {}, "update_role": ROLE,
    "update_role_description": {**ROLE, "Description": "d"}, "delete_role": ROLE, "list_instance_profiles_for_role": ROLE,
    "update_assume_role_policy": {**ROLE, "PolicyDocument": ALLOW_ALL}, "create_group": GROUP, "get_group": GROUP,
    "list_groups": {}, "update_group": GROUP, "delete_group": GROUP, "list_groups_for_user": {"UserName": "documented"},
    "add_user_to_group": {**GROUP, "UserName": "documented"}, "remove_user_from_group": {**GROUP, "UserName": "documented"},
    "create_policy": {"PolicyName": "documented", "PolicyDocument": ALLOW_ALL}, "get_policy": POLICY, "list_policies": {},
    "delete_policy": POLICY, "create_policy_version": {**POLICY, "PolicyDocument": ALLOW_ALL},
    "get_policy_version": {**POLICY, "VersionId": "v1"}, "list_policy_versions": POLICY,
    "set_default_policy_version": {**POLICY, "VersionId": "v1"}, "delete_policy_version": {**POLICY, "VersionId": "v1"},
    "list_entities_for_policy": POLICY, "tag_policy": {**POLICY, **TAGS}, "untag_policy": {**POLICY, **KEYS},
    "list_policy_tags": POLICY, "tag_role": {**ROLE, **TAGS}, "untag_role": {**ROLE, **KEYS}, "list_role_tags": ROLE,
    "tag_user": {"UserName": "documented", **TAGS}, "untag_user": {"UserName": "documented", **KEYS},
    "list_user_tags": {"UserName": "documented"},
    "simulate_principal_policy": {"PolicySourceArn": ARN, "ActionNames": ["kms:Encrypt"]},
    "simulate_custom_policy": {"PolicyInputList": [ALLOW_ALL], "ActionNames": ["kms:Encrypt"]},
}
for kind, owner in (("user", {"UserName": "documented"}), ("role", ROLE), ("group", GROUP)):
    IAM |= {f"attach_{kind}_policy": {**owner, **POLICY}, f"detach_{kind}_policy": {**owner, **POLICY},
            f"list_attached_{kind}_policies": owner}
    if kind != "user":
        IAM |= {f"put_{kind}_policy": {**owner, "PolicyName": "p", "PolicyDocument": ALLOW_ALL},
                f"get_{kind}_policy": {**owner, "PolicyName": "p"}, f"list_{kind}_policies": owner,
                f"delete_{kind}_policy": {**owner, "PolicyName": "p"}}
    if kind != "group":
        IAM |= {f"put_{kind}_permissions_boundary": {**owner, "PermissionsBoundary": ARN},
                f"delete_{kind}_permissions_boundary": owner}
# Of AssumeRole; the others are of Regions, identity providers and contexts, which this server has none of.
STS = ("MalformedPolicyDocument", "PackedPolicyTooLarge")


def documented(service, operation):
    """What the client's model says that the operation may answer: {code on the wire: status}."""
    model = MODELS.load_service_model(service, "service-2")
    errors = {}
    for error in model["operations"][api_name(operation)].get("errors", ()):
        details = model["shapes"][error["shape"]].get("error", {})
        code = error["shape"] if service == "kms" else details.get("code", error["shape"])
        errors[code] = details.get("httpStatusCode", 400)
    return errors


def kms_cases():
    for operation in KMS:
        for code in sorted({*documented("kms", operation), *ALWAYS}):
            yield operation, code


@pytest.mark.parametrize("operation, code", list(kms_cases()))
def test_of_kms(server, admin, kms, operation, code):
    case = Case(kms, operation)
    if operation == "cancel_key_deletion":
        kms.schedule_key_deletion(KeyId=case.key_id)
    members = WITHOUT_KEY[operation] if operation in WITHOUT_KEY else case.members(operation)
    admin.call("Kagimori.InjectFault", ErrorCode=code, Operation=api_name(operation))
    with pytest.raises(kms.exceptions.ClientError) as caught:
        getattr(kms, operation)(**members)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, STATUS.get(code, 400))
    if code in documented("kms", operation):
        assert type(caught.value) is getattr(kms.exceptions, code)
    assert event_of(server, answer["ResponseMetadata"]["RequestId"])["errorCode"] == code
    getattr(kms, operation)(**members)


@pytest.mark.parametrize("operation, code", [
    (operation, code) for operation in STORE_OPERATIONS for code in sorted({*documented("kms", operation), *ALWAYS})
])
def test_of_custom_key_stores(server, admin, kms, operation, code):
    members = {"describe_custom_key_stores": {}, "create_custom_key_store": {"CustomKeyStoreName": "x"}}
    admin.call("Kagimori.InjectFault", ErrorCode=code, Operation=api_name(operation))
    with pytest.raises(kms.exceptions.ClientError) as caught:
        getattr(kms, operation)(**members.get(operation, {"CustomKeyStoreId": "cks-1234567890abcdef0"}))
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, STATUS.get(code, 400))
    if code in documented("kms", operation):
        assert type(caught.value) is getattr(kms.exceptions, code)
    assert event_of(server, answer["ResponseMetadata"]["RequestId"])["errorCode"] == code


@pytest.fixture(scope="module")
def documented_key(iam):
    """A user with an access key and a policy."""
    iam.create_user(UserName="documented")
    iam.put_user_policy(**IAM["put_user_policy"])
    return iam.create_access_key(UserName="documented")["AccessKey"]["AccessKeyId"]


@pytest.mark.parametrize("operation, code, status", [
    (operation, code, status) for operation in IAM for code, status in documented("iam", operation).items()
])
def test_of_iam(server, admin, iam, documented_key, operation, code, status):
    members = dict(IAM[operation])
    if operation in ("update_access_key", "delete_access_key", "get_access_key_last_used"):
        members["AccessKeyId"] = documented_key
    admin.call("Kagimori.InjectFault", ErrorCode=code, Operation=api_name(operation))
    with pytest.raises(iam.exceptions.ClientError) as caught:
        getattr(iam, operation)(**members)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert "errorCode" in event_of(server, answer["ResponseMetadata"]["RequestId"])
    assert [user["UserName"] for user in iam.list_users()["Users"]].count("documented") == 1


@pytest.mark.parametrize("code", STS)
def test_of_sts(server, admin, sts, code):
    status = documented("sts", "assume_role")[code]
    admin.call("Kagimori.InjectFault", ErrorCode=code, Operation="AssumeRole")
    with pytest.raises(sts.exceptions.ClientError) as caught:
        sts.assume_role(RoleArn="arn:aws:iam::100000000001:role/documented", RoleSessionName="session")
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert "errorCode" in event_of(server, answer["ResponseMetadata"]["RequestId"])


def test_a_user_that_is_not_there(iam):
    for operation in ("create_access_key", "put_user_policy"):
        with pytest.raises(iam.exceptions.NoSuchEntityException):
            getattr(iam, operation)(**{**IAM[operation], "UserName": "nobody"})


def test_the_quota_of_users(fresh_server):
    server = fresh_server(settings={"quotas.users_per_account": 2})
    iam = server.admin.client("iam")
    iam.create_user(UserName="second")  # init made the first
    with pytest.raises(iam.exceptions.LimitExceededException):
        iam.create_user(UserName="third")
    iam.delete_user(UserName="second")
    iam.create_user(UserName="third")
