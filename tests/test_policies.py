"""Who may do what: key policies, identity policies, conditions, the lock-out check, and changes in force at once."""

import json
import threading

import pytest
from botocore.exceptions import ClientError
from harness import User
from kms_case import CRYPTOGRAPHIC, Case, default_policy, new_alias, new_key, refused

ADMINISTRATION = ("describe_key", "get_key_policy", "put_key_policy", "list_key_policies", "disable_key", "enable_key",
                  "update_key_description", "tag_resource", "list_resource_tags", "untag_resource",
                  "enable_key_rotation", "get_key_rotation_status", "disable_key_rotation", "schedule_key_deletion",
                  "cancel_key_deletion")
ADMINISTRATOR_ACTIONS = ["kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*",
                         "kms:Disable*", "kms:Get*", "kms:Delete*", "kms:TagResource", "kms:UntagResource",
                         "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:RotateKeyOnDemand"]
USER_ACTIONS = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]


def allow(principal, actions, **more):
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions, "Resource": "*", **more}


def deny(principal, actions, **more):
    return {**allow(principal, actions, **more), "Effect": "Deny"}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def put(kms, key_id, document, **more):
    kms.put_key_policy(KeyId=key_id, Policy=json.dumps(document), **more)


@pytest.fixture
def case(kms):
    return Case(kms)


@pytest.fixture
def root(case):
    return f"arn:aws:iam::{case.account}:root"


def separated(kms, case, root, make_user):
    """A key with an administrator and a user, each with exactly the permissions of its role, by the key policy alone."""
    administrator, user = make_user(), make_user()
    put(kms, case.key_id, policy(allow(root, "kms:*"), allow(administrator.arn, ADMINISTRATOR_ACTIONS),
                                 allow(user.arn, USER_ACTIONS)))
    put(kms, case.other, policy(allow(root, "kms:*"), allow(user.arn, USER_ACTIONS)))
    return administrator.client(), user.client()


def test_a_key_administrator_manages_but_cannot_encrypt_or_decrypt(kms, case, root, make_user):
    administrator, _ = separated(kms, case, root, make_user)
    members = case.members("put_key_policy")
    current = kms.get_key_policy(KeyId=case.key_id)["Policy"]
    for operation in ADMINISTRATION:
        if operation == "put_key_policy":
            administrator.put_key_policy(**{**members, "Policy": current})
        else:
            case.call(operation, administrator)
    kms.enable_key(KeyId=case.key_id)
    for operation in CRYPTOGRAPHIC:
        refused("AccessDeniedException", getattr(administrator, operation), **case.members(operation))


def test_a_key_user_encrypts_and_decrypts_but_cannot_manage(kms, case, root, make_user):
    _, user = separated(kms, case, root, make_user)
    for operation in (*CRYPTOGRAPHIC, "describe_key"):
        assert case.call(operation, user)
    for operation in (*ADMINISTRATION, "rotate_key_on_demand", "list_key_rotations", "create_alias", "update_alias",
                      "delete_alias"):
        if operation != "describe_key":
            refused("AccessDeniedException", getattr(user, operation), **case.members(operation))
    for call, members in ((user.create_key, {}), (user.list_keys, {}), (user.list_aliases, {}),
                          (user.generate_random, {"NumberOfBytes": 8})):
        refused("AccessDeniedException", call, **members)


def test_texts_of_access_denied(kms, case, make_user):
    user = make_user()
    refused("AccessDeniedException", user.client().encrypt, KeyId=case.key_id, Plaintext=b"x",
            message=f"User: {user.arn} is not authorized to perform: kms:Encrypt on resource: {case.arn} because no "
                    "identity-based policy allows the kms:Encrypt action")
    put(kms, case.key_id, policy(*default_policy(case.account)["Statement"], deny(user.arn, "kms:Encrypt")))
    refused("AccessDeniedException", user.client().encrypt, KeyId=case.key_id, Plaintext=b"x",
            contains="with an explicit deny in a resource-based policy")
    answer = user.post("TrentService.DescribeKey", {"KeyId": case.key_id})
    assert answer.status_code == 400 and set(answer.json()) == {"__type", "Message"}


@pytest.mark.parametrize("operation", (*CRYPTOGRAPHIC, *ADMINISTRATION, "create_alias", "update_alias", "delete_alias",
                                       "rotate_key_on_demand", "list_key_rotations"))
def test_nobody_may_do_anything_without_a_policy(case, make_user, operation):
    refused("AccessDeniedException", getattr(make_user().client(), operation), **case.members(operation))


def test_the_default_key_policy_leaves_it_to_identity_policies(case, make_user):
    user = make_user(allow=["kms:Encrypt"], resource=case.arn).client()
    assert user.encrypt(KeyId=case.key_id, Plaintext=b"x")
    refused("AccessDeniedException", user.decrypt, CiphertextBlob=case.blob)
    refused("AccessDeniedException", user.encrypt, KeyId=case.other, Plaintext=b"x")


def test_without_the_account_statement_identity_policies_do_not_count(kms, case, admin, make_user, sts):
    me = sts.get_caller_identity()["Arn"]
    user = make_user(allow=["kms:*"]).client()
    put(kms, case.key_id, policy(allow(me, "kms:*")))
    refused("AccessDeniedException", user.encrypt, KeyId=case.key_id, Plaintext=b"x",
            contains="because no resource-based policy allows the kms:Encrypt action")
    assert kms.encrypt(KeyId=case.key_id, Plaintext=b"x")


@pytest.mark.parametrize("where", ("key policy", "identity policy"))
def test_an_explicit_deny_wins(kms, case, root, make_user, where):
    statements = [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]
    if where == "identity policy":
        statements.append({"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"})
    user = make_user(policy=policy(*statements))
    if where == "key policy":
        put(kms, case.key_id, policy(allow(root, "kms:*"), allow(user.arn, "kms:*"), deny(user.arn, "kms:Decrypt")))
    assert user.client().encrypt(KeyId=case.key_id, Plaintext=b"x")
    refused("AccessDeniedException", user.client().decrypt, CiphertextBlob=case.blob)


def test_re_encrypt_needs_from_at_the_source_and_to_at_the_destination(kms, case, root, make_user):
    user = make_user()
    for source, destination in ((True, False), (False, True), (True, True)):
        for key_id, action, granted in ((case.key_id, "From", source), (case.other, "To", destination)):
            grants = [allow(user.arn, f"kms:ReEncrypt{action}")] if granted else []
            put(kms, key_id, policy(allow(root, "kms:*"), *grants))
        members = case.members("re_encrypt")
        if source and destination:
            assert user.client().re_encrypt(**members)
        else:
            refused("AccessDeniedException", user.client().re_encrypt, **members)


CONTEXT = "kms:EncryptionContext:tenant"


@pytest.mark.parametrize("condition, context, allowed", (
    ({"StringEquals": {CONTEXT: "acme"}}, {"tenant": "acme"}, True),
    ({"StringEquals": {CONTEXT: "acme"}}, {"tenant": "acme", "more": "x"}, True),
    ({"StringEquals": {CONTEXT: "acme"}}, {"tenant": "other"}, False),
    ({"StringEquals": {CONTEXT: "acme"}}, {"tenant": "ACME"}, False),
    ({"StringEquals": {CONTEXT: "acme"}}, {}, False),
    ({"StringEqualsIgnoreCase": {CONTEXT: "acme"}}, {"tenant": "ACME"}, True),
    ({"StringLike": {CONTEXT: "ac*"}}, {"tenant": "acorn"}, True),
    ({"StringEqualsIfExists": {CONTEXT: "acme"}}, {}, True),
    ({"Null": {CONTEXT: "true"}}, {}, True),
    ({"Null": {CONTEXT: "true"}}, {"tenant": "x"}, False),
    ({"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": ["tenant"]}}, {"tenant": "x", "y": "z"}, True),
    ({"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": ["tenant"]}}, {"y": "z"}, False),
    ({"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}, {}, True),
    ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, {}, True),
    ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {}, False),
    ({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, {}, False),
    ({"Bool": {"aws:SecureTransport": "true"}}, {}, True),
    ({"Bool": {"aws:SecureTransport": "false"}}, {}, False),
    ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, {}, True),
    ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, {}, False),
    ({"StringEquals": {"aws:ResourceTag/team": "blue"}}, {}, True),
    ({"StringEquals": {"aws:ResourceTag/team": "red"}}, {}, False),
    ({"StringEquals": {CONTEXT: "${aws:username}"}}, {"tenant": "USERNAME"}, True),
    ({"StringEquals": {CONTEXT: "${aws:username}"}}, {"tenant": "somebody"}, False),
))
def test_conditions(kms, case, root, make_user, condition, context, allowed):
    user = make_user()
    context = {key: user.name if value == "USERNAME" else value for key, value in context.items()}
    kms.tag_resource(KeyId=case.key_id, Tags=[{"TagKey": "team", "TagValue": "blue"}])
    put(kms, case.key_id, policy(allow(root, "kms:*"), allow(user.arn, USER_ACTIONS, Condition=condition)))
    members = {"KeyId": case.key_id, "Plaintext": b"x", "EncryptionContext": context}
    if allowed:
        blob = user.client().encrypt(**members)["CiphertextBlob"]
        assert user.client().decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"] == b"x"
    else:
        refused("AccessDeniedException", user.client().encrypt, **members)


def test_aliases_need_permission_on_the_alias_and_on_the_key(kms, case, make_user):
    name = new_alias()
    alias_arn = case.arn.split(":key/")[0] + ":" + name
    members = {"AliasName": name, "TargetKeyId": case.key_id}
    for resource in (case.arn, alias_arn):
        refused("AccessDeniedException", make_user(allow=["kms:CreateAlias"], resource=resource).client().create_alias,
                **members)
    make_user(allow=["kms:CreateAlias"], resource=[case.arn, alias_arn]).client().create_alias(**members)


def test_tags_at_creation_need_tag_resource(make_user):
    tags = [{"TagKey": "a", "TagValue": "b"}]
    refused("AccessDeniedException", make_user(allow=["kms:CreateKey", "kms:PutKeyPolicy"]).client().create_key,
            Tags=tags, contains="kms:TagResource")
    new_key(make_user(allow=["kms:CreateKey", "kms:PutKeyPolicy", "kms:TagResource"]).client(), Tags=tags)


def test_the_lock_out_check_and_its_bypass(kms, case, root, make_user):
    user = make_user()
    locked = policy(allow(user.arn, "kms:*"))
    text = "The new key policy will not allow you to update the key policy in the future."
    refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=case.key_id, Policy=json.dumps(locked),
            message=text)
    refused("MalformedPolicyDocumentException", kms.create_key, Policy=json.dumps(locked), message=text)
    refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=case.key_id, message=text,
            Policy=json.dumps(policy(allow(root, "kms:*"), deny("*", "kms:PutKeyPolicy"))))
    assert kms.encrypt(KeyId=case.key_id, Plaintext=b"x")
    put(kms, case.key_id, locked, BypassPolicyLockoutSafetyCheck=True)
    refused("AccessDeniedException", kms.encrypt, KeyId=case.key_id, Plaintext=b"x")
    assert user.client().encrypt(KeyId=case.key_id, Plaintext=b"x")
    made = new_key(kms, Policy=json.dumps(locked), BypassPolicyLockoutSafetyCheck=True)
    refused("AccessDeniedException", kms.describe_key, KeyId=made)


MALFORMED = {
    "no json": "{",
    "no object": "[]",
    "empty object": "{}",
    "no version that exists": json.dumps({"Version": "2020-01-01", "Statement": []}),
    "unknown member": json.dumps({**policy(), "Surprise": 1}),
    "no statement": json.dumps({"Version": "2012-10-17"}),
    "statement is text": json.dumps({"Version": "2012-10-17", "Statement": "x"}),
    "no effect": json.dumps(policy({"Principal": "*", "Action": "kms:*", "Resource": "*"})),
    "unknown effect": json.dumps(policy({**allow("*", "kms:*"), "Effect": "allow"})),
    "no principal": json.dumps(policy({"Effect": "Allow", "Action": "kms:*", "Resource": "*"})),
    "both principals": json.dumps(policy({**allow("*", "kms:*"), "NotPrincipal": "*"})),
    "both actions": json.dumps(policy({**allow("*", "kms:*"), "NotAction": "kms:*"})),
    "both resources": json.dumps(policy({**allow("*", "kms:*"), "NotResource": "*"})),
    "action without service": json.dumps(policy(allow("*", "Encrypt"))),
    "action is a number": json.dumps(policy(allow("*", 5))),
    "unknown user": json.dumps(policy(allow("arn:aws:iam::100000000001:user/nobody", "kms:*"))),
    "principal is no arn": json.dumps(policy(allow("nobody", "kms:*"))),
    "unknown principal type": json.dumps(policy({**allow("*", "kms:*"), "Principal": {"Martian": "x"}})),
    "group as principal": json.dumps(policy(allow("arn:aws:iam::100000000001:group/g", "kms:*"))),
    "unknown operator": json.dumps(policy(allow("*", "kms:*", Condition={"StringIs": {"aws:username": "x"}}))),
    "condition is text": json.dumps(policy(allow("*", "kms:*", Condition="x"))),
    "bad address": json.dumps(policy(allow("*", "kms:*", Condition={"IpAddress": {"aws:SourceIp": "1.2.3"}}))),
    "duplicate member": '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_policies(kms, case, name):
    before = kms.get_key_policy(KeyId=case.key_id)["Policy"]
    for call, members in ((kms.put_key_policy, {"KeyId": case.key_id}), (kms.create_key, {})):
        refused("MalformedPolicyDocumentException", call, Policy=MALFORMED[name], BypassPolicyLockoutSafetyCheck=True,
                **members)
    assert kms.get_key_policy(KeyId=case.key_id)["Policy"] == before


INVALID_PRINCIPALS = "Policy contains a statement with one or more invalid principals."


def test_unknown_principals_have_aws_s_text(kms, case):
    refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=case.key_id,
            Policy=MALFORMED["unknown user"], message=INVALID_PRINCIPALS)


def test_the_unique_id_of_nobody_is_no_principal(kms, case, root):
    for nobody in ("AIDAAAAAAAAAAAAAAAAAA", "AROAAAAAAAAAAAAAAAAAA"):
        document = json.dumps(policy(allow(root, "kms:*"), deny([root, nobody], "kms:Encrypt")))
        refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=case.key_id, Policy=document,
                message=INVALID_PRINCIPALS)
        refused("MalformedPolicyDocumentException", kms.create_key, Policy=document, message=INVALID_PRINCIPALS)


def test_the_unique_id_of_a_user_is_shown_as_its_arn(kms, iam, case, root, make_user):
    user, other = make_user(), make_user()
    put(kms, case.key_id, policy(allow(root, "kms:*"), allow(user.user_id, USER_ACTIONS), deny(other.arn, "kms:Decrypt")))
    assert user.client().encrypt(KeyId=case.key_id, Plaintext=b"x")
    shown = kms.get_key_policy(KeyId=case.key_id)["Policy"]
    assert json.loads(shown) == policy(
        allow(root, "kms:*"), allow(user.arn, USER_ACTIONS), deny(other.arn, "kms:Decrypt"))
    kms.put_key_policy(KeyId=case.key_id, Policy=shown)
    assert user.client().encrypt(KeyId=case.key_id, Plaintext=b"x")
    made_id = new_key(kms, Policy=json.dumps(policy(allow(root, "kms:*"), allow([user.user_id], "kms:Encrypt"))))
    iam.delete_access_key(UserName=user.name, AccessKeyId=user.access_key)
    iam.delete_user(UserName=user.name)
    for key_id in (case.key_id, made_id):
        gone = kms.get_key_policy(KeyId=key_id)["Policy"]
        assert user.user_id in gone and user.arn not in gone
        refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=key_id, Policy=gone,
                message=INVALID_PRINCIPALS)
    make_user(user.name)
    gone = kms.get_key_policy(KeyId=made_id)["Policy"]
    assert user.user_id in gone and user.arn not in gone


def test_a_policy_of_more_than_32_kilobytes(kms, case, root):
    document = policy(allow(root, "kms:*"))
    text = json.dumps(document)
    kms.put_key_policy(KeyId=case.key_id, Policy=text + " " * (32_768 - len(text)))
    refused("LimitExceededException", kms.put_key_policy, KeyId=case.key_id, Policy=text + " " * (32_769 - len(text)))
    refused("LimitExceededException", kms.create_key, Policy=text + " " * (32_769 - len(text)))


def test_get_key_policy_gives_back_what_was_put(kms, case, root, make_user):
    answer = kms.get_key_policy(KeyId=case.key_id)
    assert answer["PolicyName"] == "default"
    assert json.loads(answer["Policy"]) == default_policy(case.account)
    document = policy(allow(root, "kms:*", Sid="Größe"), allow(make_user().arn, USER_ACTIONS))
    put(kms, case.key_id, document, PolicyName="default")
    assert json.loads(kms.get_key_policy(KeyId=case.arn, PolicyName="default")["Policy"]) == document
    refused("NotFoundException", kms.get_key_policy, KeyId=case.key_id, PolicyName="other")
    refused("NotFoundException", kms.put_key_policy, KeyId=case.key_id, PolicyName="other", Policy=json.dumps(document))


@pytest.fixture(scope="module")
def stranger(server):
    """The root user of another account."""
    made = server.admin.call("Kagimori.CreateAccount", Name="Stranger")["AccessKey"]
    return User(server, made["AccessKeyId"], made["SecretAccessKey"])


@pytest.mark.parametrize("operation", (*CRYPTOGRAPHIC, *ADMINISTRATION))
def test_another_account_may_do_nothing(case, stranger, operation):
    members = case.members(operation)
    if "KeyId" in members:
        members["KeyId"] = case.arn
    with pytest.raises(ClientError) as caught:
        getattr(stranger.client(), operation)(**members)
    assert caught.value.response["Error"]["Code"] in ("AccessDeniedException", "NotFoundException")


def test_another_account_sees_nothing(case, stranger):
    kms = stranger.client()
    assert kms.list_keys()["Keys"] == [] and kms.list_aliases()["Aliases"] == []
    refused("NotFoundException", kms.describe_key, KeyId=case.key_id)
    refused("NotFoundException", kms.describe_key, KeyId=case.alias)


def test_cross_account_use_needs_both_sides_and_only_some_operations(kms, case, root, stranger):
    other_root = f"arn:aws:iam::{stranger.client('sts').get_caller_identity()['Account']}:root"
    put(kms, case.key_id, policy(allow(root, "kms:*"), allow(other_root, "kms:*")))
    theirs = stranger.client()
    blob = theirs.encrypt(KeyId=case.arn, Plaintext=b"shared")["CiphertextBlob"]
    assert theirs.decrypt(CiphertextBlob=blob)["Plaintext"] == b"shared"
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"shared"
    assert theirs.describe_key(KeyId=case.arn)["KeyMetadata"]["KeyId"] == case.key_id
    for operation in ("disable_key", "put_key_policy", "schedule_key_deletion", "tag_resource", "get_key_policy"):
        with pytest.raises(ClientError) as caught:
            getattr(theirs, operation)(**{**case.members(operation), "KeyId": case.arn})
        assert caught.value.response["Error"]["Code"] in ("AccessDeniedException", "NotFoundException")


def test_a_re_created_user_inherits_nothing(kms, iam, case, root, make_user):
    user = make_user()
    put(kms, case.key_id, policy(allow(root, "kms:*"), allow(user.arn, USER_ACTIONS)))
    assert user.client().encrypt(KeyId=case.key_id, Plaintext=b"x")
    iam.delete_access_key(UserName=user.name, AccessKeyId=user.access_key)
    iam.delete_user(UserName=user.name)
    again = make_user(user.name)
    assert again.arn == user.arn
    refused("AccessDeniedException", again.client().encrypt, KeyId=case.key_id, Plaintext=b"x")
    assert user.user_id in kms.get_key_policy(KeyId=case.key_id)["Policy"]


CLIENTS = 64


@pytest.mark.parametrize("change, code", (
    ("policy", "AccessDeniedException"), ("disable", "DisabledException"), ("deletion", "KMSInvalidStateException"),
    ("user policy", "AccessDeniedException"), ("access key", "UnrecognizedClientException"),
))
def test_a_change_is_in_force_when_its_call_returns(kms, iam, case, root, make_user, change, code):
    user = make_user(allow=["kms:Encrypt"])
    if change == "policy":
        put(kms, case.key_id, policy(allow(root, "kms:*"), allow(user.arn, "kms:Encrypt")))
    client = user.client(max_pool_connections=CLIENTS)
    returned, enough = threading.Event(), threading.Event()
    wrong, seen, successes = [], [], []

    def use():
        while not enough.is_set():
            late = returned.is_set()  # this request begins after the change returned
            try:
                client.encrypt(KeyId=case.key_id, Plaintext=b"x")
                (wrong if late else successes).append("success")
            except ClientError as error:
                name = error.response["Error"]["Code"]
                (seen if name == code else wrong).append(name)
                if late:
                    return

    threads = [threading.Thread(target=use) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    while len(successes) < CLIENTS and not wrong:
        threading.Event().wait(0.01)
    if change == "policy":
        put(kms, case.key_id, policy(allow(root, "kms:*"), deny(user.arn, "kms:Encrypt")))
    elif change == "disable":
        kms.disable_key(KeyId=case.key_id)
    elif change == "deletion":
        kms.schedule_key_deletion(KeyId=case.key_id, PendingWindowInDays=7)
    elif change == "user policy":
        iam.delete_user_policy(UserName=user.name, PolicyName="test")
    else:
        iam.update_access_key(UserName=user.name, AccessKeyId=user.access_key, Status="Inactive")
    returned.set()
    for thread in threads:
        thread.join(30)
    enough.set()
    assert wrong == []
    assert len(seen) >= CLIENTS
