"""A store that fails: each operation that reads or changes it answers with the documented error, changes nothing, leaves
its event, and works again. The faults stand before the real store (Kagimori.InjectStoreFault, test mode)."""

import pytest
from harness import Server, User, free_port
from kms_case import ALLOW_ALL, CRYPTOGRAPHIC, Case
from test_audit import api_name, event_of

# What the store says, and what clients of AWS KMS know it as.
ERRORS = {
    "Corrupt": "KMSInternalException",
    "DependencyTimeout": "DependencyTimeoutException",
    "Io": "KMSInternalException",
    "KeyUnavailable": "KeyUnavailableException",
    "StorageFull": "KMSInternalException",
}
READS = {
    **dict.fromkeys((*CRYPTOGRAPHIC, "describe_key", "get_key_policy", "get_key_rotation_status", "list_key_policies",
                     "list_key_rotations", "list_resource_tags"), "keys"),
    "list_aliases": "key_aliases",
    "list_keys": "key_ids",
}
CHANGES = {
    **dict.fromkeys(("cancel_key_deletion", "create_key", "disable_key", "disable_key_rotation", "enable_key",
                     "enable_key_rotation", "schedule_key_deletion", "tag_resource", "untag_resource",
                     "update_key_description"), "keys"),
    **dict.fromkeys(("create_alias", "delete_alias", "update_alias"), "aliases"),
    "put_key_policy": "key_policies",
    "rotate_key_on_demand": "versions",
}


def order(admin, code, table, call, times=1):
    admin.call("Kagimori.InjectStoreFault", ErrorCode=code, Table=table, Call=call, Times=times)


def ready_for(case, operation):
    """The case in the state in which the operation changes something, and the members of the call."""
    if operation == "enable_key":
        case.kms.disable_key(KeyId=case.key_id)
    elif operation == "cancel_key_deletion":
        case.kms.schedule_key_deletion(KeyId=case.key_id, PendingWindowInDays=7)
    elif operation == "disable_key_rotation":
        case.kms.enable_key_rotation(KeyId=case.key_id)
    elif operation == "untag_resource":
        case.kms.tag_resource(KeyId=case.key_id, Tags=[{"TagKey": "a", "TagValue": "old"}])
    return {} if operation in ("create_key", "list_keys") else case.members(operation)


def all_about(case):
    """What can be read of the key of the case and of all aliases, and how many keys there are."""
    kms, key_id = case.kms, case.key_id
    aliases = [(alias["AliasName"], alias.get("TargetKeyId"), alias.get("LastUpdatedDate"))
               for page in kms.get_paginator("list_aliases").paginate() for alias in page["Aliases"]]
    rotation = {}
    metadata = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    if metadata["KeyState"] != "PendingDeletion":
        status = kms.get_key_rotation_status(KeyId=key_id)
        rotation["state"] = {name: status.get(name) for name in ("KeyRotationEnabled", "NextRotationDate")}
        rotation["list"] = kms.list_key_rotations(KeyId=key_id, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    return {
        "metadata": metadata, "aliases": aliases, "rotation": rotation,
        "policy": kms.get_key_policy(KeyId=key_id)["Policy"],
        "tags": kms.list_resource_tags(KeyId=key_id)["Tags"],
        "keys": sum(len(page["Keys"]) for page in kms.get_paginator("list_keys").paginate()),
    }


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    """A server that no other test makes keys on, so that all of it can be compared before and after."""
    one = Server(tmp_path_factory.mktemp("faults") / "data", free_port())
    one.init().start()
    yield one
    assert one.stop() == 0, one.log_tail()


@pytest.fixture
def case(own_server):
    return Case(own_server.admin.client("kms"))


def failed(own_server, case, code, operation, members):
    """The call fails as the error that the store's becomes, and leaves its event."""
    with pytest.raises(case.kms.exceptions.ClientError) as caught:
        getattr(case.kms, operation)(**members)
    answer = caught.value.response
    assert answer["Error"]["Code"] == code
    event = event_of(own_server, answer["ResponseMetadata"]["RequestId"])
    assert event["eventName"] == api_name(operation)
    assert event["errorCode"] == code
    return answer["Error"]["Message"]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("operation", READS)
def test_a_read_that_fails(own_server, case, operation, error):
    members = ready_for(case, operation)
    case.kms.update_key_description(KeyId=case.key_id, Description=error)  # no worker's cache knows the key now
    order(own_server.admin, error, READS[operation], "READ")
    message = failed(own_server, case, ERRORS[error], operation, members)
    assert message and str(own_server.data) not in message
    getattr(case.kms, operation)(**members)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("operation", CHANGES)
def test_a_commit_that_fails_changes_nothing(own_server, case, operation, error):
    members = ready_for(case, operation)
    before = all_about(case)
    order(own_server.admin, error, CHANGES[operation], "COMMIT")
    failed(own_server, case, ERRORS[error], operation, members)
    assert all_about(case) == before
    getattr(case.kms, operation)(**members)
    assert all_about(case) != before or operation == "put_key_policy"


@pytest.mark.parametrize("operation", CHANGES)
def test_a_commit_that_was_overtaken_is_tried_again(own_server, case, operation):
    members = ready_for(case, operation)
    order(own_server.admin, "Stale", CHANGES[operation], "COMMIT")
    answer = getattr(case.kms, operation)(**members)
    assert "errorCode" not in event_of(own_server, answer["ResponseMetadata"]["RequestId"])


def test_a_commit_that_is_always_overtaken_gives_up(own_server, case):
    before = all_about(case)
    order(own_server.admin, "Stale", "keys", "COMMIT", times=1_000_000)
    failed(own_server, case, "DependencyTimeoutException", "disable_key", {"KeyId": case.key_id})
    order(own_server.admin, "Stale", "keys", "COMMIT", times=0)
    assert all_about(case) == before
    case.kms.disable_key(KeyId=case.key_id)


IAM = {
    "create_user": ("users", {"UserName": "fault-new"}),
    "create_access_key": ("access_keys", {"UserName": "fault"}),
    "put_user_policy": ("user_policies", {"UserName": "fault", "PolicyName": "p", "PolicyDocument": ALLOW_ALL}),
}


@pytest.mark.parametrize("operation", IAM)
def test_a_commit_that_fails_in_iam(own_server, operation):
    iam = own_server.admin.client("iam")
    if not any(user["UserName"] == "fault" for user in iam.list_users()["Users"]):
        iam.create_user(UserName="fault")
    table, members = IAM[operation]
    order(own_server.admin, "Io", table, "COMMIT")
    with pytest.raises(iam.exceptions.ClientError) as caught:
        getattr(iam, operation)(**members)
    assert caught.value.response["Error"]["Code"] == "ServiceFailure"
    getattr(iam, operation)(**members)


def test_an_access_key_that_can_not_be_read_is_no_unknown_one(own_server):
    iam = own_server.admin.client("iam")
    iam.create_user(UserName="unread")
    pair = iam.create_access_key(UserName="unread")["AccessKey"]
    sts = User(own_server, pair["AccessKeyId"], pair["SecretAccessKey"]).client("sts")
    order(own_server.admin, "Io", "access_keys", "READ")
    with pytest.raises(sts.exceptions.ClientError) as caught:
        sts.get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "ServiceFailure"
    assert sts.get_caller_identity()["Arn"].endswith("user/unread")
