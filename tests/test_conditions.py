"""Conditions of policies against the running server: names that differ only in case, tags of callers and of users, every
kind of operator, and what a policy may cost."""

import json
import threading
import time

import pytest
from kms_case import new_alias, new_key, refused


def statement(effect, actions, **more):
    return {"Effect": effect, "Action": actions, "Resource": "*", **more}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def user_who(make_user, effect, condition, actions="kms:*"):
    """May do everything but what the condition denies, or only what it allows."""
    rule = statement(effect, actions, Condition=condition)
    return make_user(policy=document(statement("Allow", "*"), rule) if effect == "Deny" else document(rule))


CONTEXT = "kms:EncryptionContext:tenant"


@pytest.mark.parametrize("context", (
    {"Tenant": "x", "tenant": "secret"}, {"tenant": "secret", "TENANT": "x"}, {"TENANT": "secret"},
))
def test_a_denied_context_cannot_hide_behind_another_spelling(make_user, key, context):
    kms = user_who(make_user, "Deny", {"StringEquals": {CONTEXT: "secret"}}).client()
    refused("AccessDeniedException", kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context)
    assert kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"tenant": "open"})


@pytest.mark.parametrize("context", ({"Tenant": "ok", "tenant": "evil"}, {"tenant": "evil", "Tenant": "ok"}))
def test_an_allowed_context_opens_no_other_spelling(make_user, key, context):
    kms = user_who(make_user, "Allow", {"StringEquals": {CONTEXT: "ok"}}).client()
    refused("AccessDeniedException", kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context)
    assert kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"Tenant": "ok", "other": "evil"})


def test_tags_cannot_hide_behind_another_spelling(kms, make_user, key):
    tagger = user_who(make_user, "Deny", {"StringEquals": {"aws:RequestTag/team": "red"}}).client()
    tags = [{"TagKey": "Team", "TagValue": "blue"}, {"TagKey": "team", "TagValue": "red"}]
    refused("AccessDeniedException", tagger.tag_resource, KeyId=key, Tags=tags)
    kms.tag_resource(KeyId=key, Tags=tags)
    user = user_who(make_user, "Deny", {"StringEquals": {"aws:ResourceTag/team": "red"}}).client()
    refused("AccessDeniedException", user.encrypt, KeyId=key, Plaintext=b"x")


@pytest.fixture
def contractor(iam, make_user):
    """make(policy): a user with the tag role=contractor."""
    made = []

    def make(policy):
        name = f"contractor-{len(made)}-{time.monotonic_ns()}"
        made.append(name)
        iam.create_user(UserName=name, Tags=[{"Key": "Role", "Value": "contractor"}])
        return make_user_of(iam, make_user, name, policy)

    yield make
    for name in made:
        for one in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=one["AccessKeyId"])
        iam.delete_user_policy(UserName=name, PolicyName="test")
        iam.delete_user(UserName=name)


def make_user_of(iam, make_user, name, policy):
    from harness import User

    home = make_user().server
    iam.put_user_policy(UserName=name, PolicyName="test", PolicyDocument=json.dumps(policy))
    access_key = iam.create_access_key(UserName=name)["AccessKey"]
    return User(home, access_key["AccessKeyId"], access_key["SecretAccessKey"], name)


@pytest.mark.parametrize("effect, operator, value, allowed", (
    ("Deny", "StringEquals", "contractor", False), ("Deny", "StringEquals", "employee", True),
    ("Allow", "StringEquals", "contractor", True), ("Allow", "StringNotEquals", "contractor", False),
))
def test_tags_of_the_caller(contractor, key, effect, operator, value, allowed):
    rule = statement(effect, "kms:*", Condition={operator: {"aws:PrincipalTag/role": value}})
    rules = (statement("Allow", "kms:*"), rule) if effect == "Deny" else (rule,)
    kms = contractor(document(*rules)).client()
    if allowed:
        assert kms.encrypt(KeyId=key, Plaintext=b"x")
    else:
        refused("AccessDeniedException", kms.encrypt, KeyId=key, Plaintext=b"x")


def test_tags_of_the_caller_as_a_variable(contractor, kms, key):
    same = {"StringEquals": {"aws:ResourceTag/role": "${aws:PrincipalTag/role}"}}
    user = contractor(document(statement("Allow", "kms:*", Condition=same))).client()
    refused("AccessDeniedException", user.encrypt, KeyId=key, Plaintext=b"x")
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "role", "TagValue": "contractor"}])
    assert user.encrypt(KeyId=key, Plaintext=b"x")


@pytest.mark.parametrize("name", ("aws:ResourceTag/prot", "iam:ResourceTag/prot"))
def test_tags_of_a_user_as_the_resource(iam, make_user, name):
    protected = f"protected-{time.monotonic_ns()}"
    iam.create_user(UserName=protected, Tags=[{"Key": "prot", "Value": "yes"}])
    guarded = make_user(policy=document(
        statement("Allow", "iam:*"), statement("Deny", "iam:*", Condition={"StringEquals": {name: "yes"}}),
    )).client("iam")
    with pytest.raises(guarded.exceptions.ClientError) as caught:
        guarded.create_access_key(UserName=protected)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    iam.delete_user(UserName=protected)


# One operator of each type, with a request that it lets through and one that it does not.
@pytest.mark.parametrize("condition, good, bad", (
    ({"StringNotEquals": {CONTEXT: "x"}}, {"tenant": "y"}, {"tenant": "x"}),
    ({"StringEqualsIgnoreCase": {CONTEXT: "ABC"}}, {"tenant": "abc"}, {"tenant": "abd"}),
    ({"StringLike": {CONTEXT: ["a*", "?z"]}}, {"tenant": "bz"}, {"tenant": "bbz"}),
    ({"StringNotLike": {CONTEXT: "a*"}}, {"tenant": "b"}, {"tenant": "ab"}),
    ({"NumericLessThanEquals": {CONTEXT: "7"}}, {"tenant": "7"}, {"tenant": "7.5"}),
    ({"NumericGreaterThan": {CONTEXT: "7"}}, {"tenant": "7.5"}, {"tenant": "7"}),
    ({"DateLessThan": {CONTEXT: "2030-01-01T00:00:00Z"}}, {"tenant": "2029-12-31"}, {"tenant": "2030-01-01"}),
    ({"Bool": {CONTEXT: "true"}}, {"tenant": "true"}, {"tenant": "false"}),
    ({"BinaryEquals": {CONTEXT: "eA=="}}, {"tenant": "eA=="}, {"tenant": "eQ=="}),
    ({"ArnLike": {CONTEXT: "arn:aws:s3:::bucket/*"}}, {"tenant": "arn:aws:s3:::bucket/a"}, {"tenant": "arn:aws:s3:::other/a"}),
    ({"ArnNotEquals": {CONTEXT: "arn:aws:s3:::bucket"}}, {"tenant": "arn:aws:s3:::other"}, {"tenant": "arn:aws:s3:::bucket"}),
    ({"IpAddress": {CONTEXT: "10.0.0.0/8"}}, {"tenant": "10.1.2.3"}, {"tenant": "11.1.2.3"}),
    ({"Null": {CONTEXT: "false"}}, {"tenant": "x"}, {}),
    ({"StringEqualsIfExists": {CONTEXT: "x"}}, {}, {"tenant": "y"}),
    ({"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["a", "b"]},
      "Null": {"kms:EncryptionContextKeys": "false"}}, {"a": "1", "b": "2"}, {"a": "1", "c": "2"}),
    ({"ForAnyValue:StringLike": {"kms:EncryptionContextKeys": "a*"}}, {"ab": "1", "c": "2"}, {"c": "2"}),
))
def test_operators(make_user, key, condition, good, bad):
    kms = user_who(make_user, "Allow", condition).client()
    assert kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=good)
    refused("AccessDeniedException", kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=bad)


@pytest.mark.parametrize("rule, may, may_not", (
    ({"NotAction": "kms:Encrypt"}, "generate_data_key", "encrypt"),
    ({"Action": "kms:*", "NotResource": "KEY"}, None, "encrypt"),
))
def test_what_is_left_out_of_an_allow(make_user, kms, key, rule, may, may_not):
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    rule = {name: arn if value == "KEY" else value for name, value in rule.items()}
    client = make_user(policy=document({"Effect": "Allow", "Resource": "*", **rule} if "NotResource" not in rule
                                       else {"Effect": "Allow", **rule})).client()
    members = {"encrypt": {"Plaintext": b"x"}, "generate_data_key": {"KeySpec": "AES_256"}}
    if may is not None:
        assert getattr(client, may)(KeyId=key, **members[may])
    else:
        assert client.encrypt(KeyId=new_key(kms), Plaintext=b"x")
    refused("AccessDeniedException", getattr(client, may_not), KeyId=key, **members[may_not])


def test_a_policy_that_takes_too_many_steps_is_refused_and_holds_up_nobody(kms, sts, key):
    account = sts.get_caller_identity()["Account"]
    patterns = ["*" + "?a" * 100 + "b"] * 130
    costly = statement("Allow", "kms:*", Principal={"AWS": "*"}, Condition={"StringLike": {"kms:EncryptionContext:c": patterns}})
    everything = statement("Allow", "kms:*", Principal={"AWS": f"arn:aws:iam::{account}:root"})
    kms.put_key_policy(KeyId=key, Policy=json.dumps(document(costly, everything)))
    context = {"c": "a" * 7000}
    stop = threading.Event()

    def load():
        while not stop.is_set():
            refused("AccessDeniedException", kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context,
                    contains="too many steps")

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        assert sts.get_caller_identity()["Account"] == account
    stop.set()
    for thread in threads:
        thread.join()
    assert kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"c": "short"})


def test_aliases_of_a_key_count_in_identity_policies_only(kms, key, make_user):
    """Else whoever may create aliases could grant what a key policy ties to one."""
    alias = new_alias()
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}}
    by_key, by_identity = make_user(), user_who(make_user, "Allow", condition)
    default = json.loads(kms.get_key_policy(KeyId=key)["Policy"])["Statement"]
    for name, allowed in (("kms:ResourceAliases", False), ("kms:RequestAlias", True)):
        granted = statement("Allow", "kms:Encrypt", Principal={"AWS": by_key.arn},
                            Condition={"ForAnyValue:StringEquals": {name: alias}})
        kms.put_key_policy(KeyId=key, Policy=json.dumps(document(*default, granted)))
        call = by_key.client().encrypt
        if allowed:
            assert call(KeyId=alias, Plaintext=b"x")
        else:
            refused("AccessDeniedException", call, KeyId=alias, Plaintext=b"x")
    assert by_identity.client().encrypt(KeyId=key, Plaintext=b"x")
