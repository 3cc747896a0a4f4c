"""Grants: each operation by exactly the grant that holds it, who is meant by a principal, names, tokens, and that policies
stand above them."""

import base64
import itertools
import uuid

import pytest
from audit_log import audit_text
from harness import User
from kms_case import Case, new_key, raw_kms, refused
from test_audit import event_of
from test_policies import allow, deny, policy, put

DENIED = "AccessDeniedException"

# What each operation of a grant allows, for the grantee's client. Operations of other kinds of keys: one line each.
USES = {
    "Encrypt": lambda kms, case, **more: kms.encrypt(KeyId=case.arn, Plaintext=b"x", **more),
    "Decrypt": lambda kms, case, **more: kms.decrypt(CiphertextBlob=case.blob, **more),
    "GenerateDataKey": lambda kms, case, **more: kms.generate_data_key(KeyId=case.arn, KeySpec="AES_256", **more),
    "GenerateDataKeyWithoutPlaintext": lambda kms, case, **more: kms.generate_data_key_without_plaintext(
        KeyId=case.arn, NumberOfBytes=16, **more),
    "ReEncryptFrom": lambda kms, case, **more: kms.re_encrypt(
        CiphertextBlob=case.blob, DestinationKeyId=case.open_key(kms), **more),
    "ReEncryptTo": lambda kms, case, **more: kms.re_encrypt(
        CiphertextBlob=case.open_blob(kms), DestinationKeyId=case.arn, **more),
    "GenerateDataKeyPair": lambda kms, case, **more: kms.generate_data_key_pair(
        KeyId=case.arn, KeyPairSpec="ECC_NIST_P256", **more),
    "GenerateDataKeyPairWithoutPlaintext": lambda kms, case, **more: kms.generate_data_key_pair_without_plaintext(
        KeyId=case.arn, KeyPairSpec="ECC_NIST_P256", **more),
    "DescribeKey": lambda kms, case, **more: kms.describe_key(KeyId=case.arn, **more),
    "CreateGrant": lambda kms, case, **more: kms.create_grant(
        KeyId=case.arn, GranteePrincipal=case.root, Operations=["CreateGrant"], **more),
}
OF_SYMMETRIC_KEYS = (*USES, "RetireGrant")
OF_OTHER_KEYS = ("Sign", "Verify", "GetPublicKey", "GenerateMac", "VerifyMac", "DeriveSharedSecret", "Encapsulate",
                 "Decapsulate")


class GrantCase(Case):
    """A key under the default policy and, for ReEncrypt, another one that everybody may use by its key policy."""

    def __init__(self, kms):
        super().__init__(kms)
        put(kms, self.other, policy(allow(self.root, "kms:*"), allow("*", ["kms:ReEncrypt*"])))

    def open_key(self, _):
        return self.other

    def open_blob(self, _):
        return self.kms.encrypt(KeyId=self.other, Plaintext=b"open")["CiphertextBlob"]

    def grant(self, grantee, *operations, kms=None, **more):
        return (kms or self.kms).create_grant(
            KeyId=self.arn, GranteePrincipal=getattr(grantee, "arn", grantee), Operations=list(operations), **more)

    def grants(self, **filters):
        return self.kms.list_grants(KeyId=self.arn, **filters)["Grants"]


@pytest.fixture
def case(kms):
    return GrantCase(kms)


@pytest.fixture
def me(sts):
    """The ARN of the administrator, whose client `kms` is."""
    return sts.get_caller_identity()["Arn"]


@pytest.fixture
def tenant(server, admin):
    """The root user of another account."""
    made = admin.call("Kagimori.CreateAccount", Name="Tenant")
    key = made["AccessKey"]
    user = User(server, key["AccessKeyId"], key["SecretAccessKey"], arn=made["Account"]["Arn"])
    user.account = made["Account"]["AccountId"]
    return user


def user_of(tenant, allowed=None):
    iam = tenant.client("iam")
    name = f"user-{uuid.uuid4().hex[:12]}"
    made = iam.create_user(UserName=name)["User"]
    if allowed:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=allowed_by(allowed))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return User(tenant.server, key["AccessKeyId"], key["SecretAccessKey"], name, made["Arn"], made["UserId"])


def allowed_by(actions, resource="*"):
    return ('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"%s","Resource":"%s"}}'
            % (actions, resource))


@pytest.mark.parametrize("operation", USES)
def test_an_operation_is_allowed_by_its_grant_and_by_no_other(case, make_user, operation):
    user = make_user()
    use, client = USES[operation], user.client()
    refused(DENIED, use, kms=client, case=case)
    case.grant(user, *(other for other in OF_SYMMETRIC_KEYS if other != operation))
    refused(DENIED, use, kms=client, case=case)
    made = case.grant(user, operation)
    assert use(client, case)
    refused(DENIED, use, kms=make_user().client(), case=case)
    case.kms.revoke_grant(KeyId=case.key_id, GrantId=made["GrantId"])
    refused(DENIED, use, kms=client, case=case)


@pytest.mark.parametrize("operation", OF_OTHER_KEYS)
def test_an_operation_of_other_keys(case, operation):
    refused("ValidationException", lambda: case.grant(case.root, operation), contains=operation)


def test_members_that_do_not_fit(admin, case):
    raw = raw_kms(admin)
    good = {"KeyId": case.arn, "GranteePrincipal": case.root, "Operations": ["Encrypt"]}
    for wrong in (
        {"Operations": []}, {"Operations": ["Fly"]}, {"Operations": None}, {"GranteePrincipal": None},
        {"GranteePrincipal": "a b"}, {"GranteePrincipal": "*"}, {"GranteePrincipal": "a" * 257}, {"Name": "no spaces"}, {"Name": "n" * 257},
        {"Name": ""}, {"GranteeServicePrincipal": "logs.amazonaws.com"}, {"RetiringPrincipal": ""},
        {"RetiringPrincipal": case.root, "RetiringServicePrincipal": "logs.amazonaws.com"},
        {"Constraints": {"SourceArn": "arn:aws:s3:::too-few-digits"}}, {"RetiringServicePrincipal": "nodots"},
        {"Constraints": {"EncryptionContextEquals": {f"k{i}": "v" for i in range(9)}}},
        {"Constraints": {"EncryptionContextSubset": {f"k{i}": "v" for i in range(9)}}},
        {"Constraints": {"EncryptionContextSubset": {"k": "v" * 385}}},
    ):
        members = {name: value for name, value in {**good, **wrong}.items() if value is not None}
        refused("ValidationException", raw.create_grant, **members)
    for wrong in ({"Operations": "Encrypt"}, {"Operations": [1]}, {"Constraints": "x"}, {"DryRun": "true"},
                  {"Constraints": {"EncryptionContextEquals": {"k": 1}}}):
        answer = admin.post("TrentService.CreateGrant", {**good, **wrong})
        assert answer.json()["__type"] == "SerializationException", wrong
    most = {"EncryptionContextEquals": {f"k{i}": "v" * 384 for i in range(8)}}
    assert case.grant(case.root, "Encrypt", "Encrypt", Constraints=most)["GrantId"]
    assert len(case.grants()) == 2


def test_principals_that_no_grant_may_name(case):
    account = case.account
    for principal in ("nobody", "AIDAAAAAAAAAAAAAAAAAA", f"arn:aws:iam::{account}:user/nobody-of-that-name",
                      f"arn:aws:iam::{account}:group/all", f"arn:aws:iam::{account}:role/none",
                      f"arn:aws:s3::{account}:user/x", "arn:aws:iam::12:root", "arn:aws:iam::999999999999:user/x"):
        for member in ("GranteePrincipal", "RetiringPrincipal"):
            refused("InvalidArnException", case.kms.create_grant,
                    **{"KeyId": case.arn, "GranteePrincipal": case.root, "Operations": ["Encrypt"], member: principal},
                    message=f"ARN does not refer to a valid principal: {principal}")
    for principal in (f"arn:aws:sts::{account}:assumed-role/r/s", f"arn:aws:sts::{account}:federated-user/f", account):
        assert case.grant(principal, "Encrypt")
    assert len(case.grants()) == 4


def test_an_account_as_grantee_needs_identity_policies_too(case, make_user, me):
    put(case.kms, case.key_id, policy(allow(me, "kms:*")))
    nobody, user = make_user(), make_user(allow=["kms:Encrypt"])
    for principal in (case.root, case.account):
        refused(DENIED, USES["Encrypt"], kms=user.client(), case=case)
        made = case.grant(principal, "Encrypt")
        assert USES["Encrypt"](user.client(), case)
        refused(DENIED, USES["Encrypt"], kms=nobody.client(), case=case)
        refused(DENIED, USES["Decrypt"], kms=user.client(), case=case)
        case.kms.revoke_grant(KeyId=case.arn, GrantId=made["GrantId"])


def test_a_new_user_of_an_old_name_inherits_nothing(case, make_user, iam):
    first = make_user("grantee-again")
    case.grant(first, "Encrypt", "RetireGrant", RetiringPrincipal=first.arn, Name="once")
    assert USES["Encrypt"](first.client(), case)
    iam.delete_access_key(UserName=first.name, AccessKeyId=first.access_key)
    iam.delete_user(UserName=first.name)
    shown = case.grants(GranteePrincipal=first.user_id)
    assert [(one["GranteePrincipal"], one["RetiringPrincipal"]) for one in shown] == [(first.user_id, first.user_id)]
    second = make_user("grantee-again")
    assert second.arn == first.arn
    refused(DENIED, USES["Encrypt"], kms=second.client(), case=case)
    refused(DENIED, second.client().retire_grant, KeyId=case.arn, GrantId=shown[0]["GrantId"])
    assert case.grants(GranteePrincipal=first.arn) == []
    assert len(case.grants(GranteePrincipal=first.user_id)) == 1
    assert case.grant(second, "Encrypt", "RetireGrant", RetiringPrincipal=second.arn, Name="once")["GrantId"] != \
        shown[0]["GrantId"]


@pytest.mark.parametrize("where", ("key policy", "identity policy"))
def test_an_explicit_deny_wins(case, make_user, where):
    user = make_user(policy=policy({"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"})
                     if where == "identity policy" else None)
    case.grant(user, "Encrypt", "Decrypt")
    if where == "key policy":
        put(case.kms, case.key_id, policy(allow(case.root, "kms:*"), deny(user.arn, "kms:Decrypt")))
    assert USES["Encrypt"](user.client(), case)
    refused(DENIED, USES["Decrypt"], kms=user.client(), case=case, contains="with an explicit deny")


def test_a_grant_works_where_no_policy_knows_its_grantee(case, make_user, me):
    put(case.kms, case.key_id, policy(allow(me, "kms:*")))
    user = make_user()
    case.grant(user, "Encrypt")
    assert USES["Encrypt"](user.client(), case)
    refused(DENIED, USES["Decrypt"], kms=user.client(), case=case)


def test_across_accounts_both_sides_must_allow(case, tenant):
    may, may_not = user_of(tenant, "kms:*"), user_of(tenant)
    refused(DENIED, USES["Encrypt"], kms=may.client(), case=case)
    for grantee in (may, may_not, tenant):
        case.grant(grantee, "Encrypt", "Decrypt", "DescribeKey")
    for user in (may, tenant):
        assert USES["Encrypt"](user.client(), case)
        assert USES["Decrypt"](user.client(), case)
        assert user.client().describe_key(KeyId=case.arn)["KeyMetadata"]["AWSAccountId"] == case.account
        refused(DENIED, USES["GenerateDataKey"], kms=user.client(), case=case)
        refused(DENIED, user.client().disable_key, KeyId=case.arn)
    refused(DENIED, USES["Encrypt"], kms=may_not.client(), case=case)


def test_management_across_accounts(case, tenant):
    user = user_of(tenant, "kms:*")
    case.grant(user, "CreateGrant", "Encrypt")
    made = case.grant(user, "Encrypt", kms=user.client(), Name="mine")
    entry = case.grants(GrantId=made["GrantId"])[0]
    assert entry["IssuingAccount"] == tenant.arn
    refused(DENIED, user.client().list_grants, KeyId=case.arn)
    refused(DENIED, user.client().revoke_grant, KeyId=case.arn, GrantId=made["GrantId"])
    put(case.kms, case.key_id, policy(allow(case.root, "kms:*"), allow(tenant.arn, ["kms:ListGrants", "kms:RevokeGrant"])))
    assert len(user.client().list_grants(KeyId=case.arn)["Grants"]) == 3
    user.client().revoke_grant(KeyId=case.arn, GrantId=made["GrantId"])
    assert len(case.grants()) == 2


# --- Names ---

def test_a_name_makes_retries_idempotent(case, make_user):
    user = make_user()
    members = {"Name": "job:1/a_b-c", "RetiringPrincipal": case.root,
               "Constraints": {"EncryptionContextSubset": {"a": "1", "b": "2"}}}
    first = case.grant(user, "Encrypt", "Decrypt", **members)
    again = case.grant(user, "Decrypt", "Encrypt", "Encrypt",
                       **{**members, "Constraints": {"EncryptionContextSubset": {"b": "2", "a": "1"}}})
    assert again["GrantId"] == first["GrantId"]
    assert again["GrantToken"] != first["GrantToken"]
    for different in ({"Name": "other"}, {"RetiringPrincipal": user.arn}, {"Constraints": {}},
                      {"Constraints": {"EncryptionContextEquals": {"a": "1", "b": "2"}}}):
        assert case.grant(user, "Encrypt", "Decrypt", **{**members, **different})["GrantId"] != first["GrantId"]
    assert case.grant(user, "Encrypt", **members)["GrantId"] != first["GrantId"]
    assert case.grant(case.root, "Encrypt", "Decrypt", **members)["GrantId"] != first["GrantId"]
    assert len([one for one in case.grants() if one["Name"] == members["Name"]]) == 6
    case.kms.revoke_grant(KeyId=case.arn, GrantId=first["GrantId"])
    assert case.grant(user, "Encrypt", "Decrypt", **members)["GrantId"] != first["GrantId"]


def test_without_a_name_every_call_makes_a_grant(case):
    ids = {case.grant(case.root, "Encrypt")["GrantId"] for _ in range(3)}
    assert len(ids) == 3
    assert {one["Name"] for one in case.grants()} == {""}


# --- Tokens ---

def test_a_token_is_taken_by_every_operation_and_changes_nothing(case, make_user):
    user, stranger = make_user(), make_user()
    made = case.grant(user, *OF_SYMMETRIC_KEYS)
    token = made["GrantToken"]
    assert base64.b64decode(token, validate=True)
    for operation, use in USES.items():
        assert use(user.client(), case, GrantTokens=[token]), operation
        assert use(case.kms, case, GrantTokens=[token] * 10), operation
        # No bearer capability: whoever holds it must still be the grantee.
        refused(DENIED, use, kms=stranger.client(), case=case, GrantTokens=[token])


def altered(token):
    """The token with each of a few bits flipped."""
    data = base64.b64decode(token)
    for position in (0, 1, 13, 29, 61, 70, len(data) - 33, len(data) - 1):
        flipped = bytearray(data)
        flipped[position] ^= 1
        yield base64.b64encode(bytes(flipped)).decode()


def test_tokens_that_are_none(case, make_user, admin):
    user = make_user()
    made = case.grant(user, *OF_SYMMETRIC_KEYS)
    token, client = made["GrantToken"], user.client()
    data = base64.b64decode(token)
    wrong = [*altered(token), "nonsense", token[:-4], token + "AAAA", " " + token, base64.b64encode(data[:-1]).decode(),
             base64.b64encode(data + b"\0").decode(), made["GrantId"]]
    for bad in wrong:
        refused("InvalidGrantTokenException", client.encrypt, KeyId=case.arn, Plaintext=b"x", GrantTokens=[bad])
        refused("InvalidGrantTokenException", client.encrypt, KeyId=case.arn, Plaintext=b"x", GrantTokens=[token, bad])
        refused("InvalidGrantTokenException", client.retire_grant, GrantToken=bad)
    for use in USES.values():
        refused("InvalidGrantTokenException", use, kms=client, case=case, GrantTokens=["nonsense"])
    raw = raw_kms(user)
    refused("ValidationException", raw.encrypt, KeyId=case.arn, Plaintext=b"x", GrantTokens=[token] * 11)
    refused("ValidationException", raw.encrypt, KeyId=case.arn, Plaintext=b"x", GrantTokens=[""])


@pytest.mark.parametrize("end", ("revoke", "retire"))
def test_the_token_of_a_grant_that_is_gone(case, make_user, end):
    user = make_user()
    made = case.grant(user, "Encrypt")
    other = case.grant(user, "Encrypt")
    member = {"KeyId": case.arn, "Plaintext": b"x"}
    assert user.client().encrypt(**member, GrantTokens=[made["GrantToken"], other["GrantToken"]])
    if end == "revoke":
        case.kms.revoke_grant(KeyId=case.arn, GrantId=made["GrantId"])
    else:
        case.kms.retire_grant(GrantToken=made["GrantToken"])
    refused("InvalidGrantTokenException", user.client().encrypt, **member, GrantTokens=[made["GrantToken"]])
    refused("InvalidGrantTokenException", case.kms.retire_grant, GrantToken=made["GrantToken"])
    assert user.client().encrypt(**member, GrantTokens=[other["GrantToken"]])


def test_ten_tokens_of_ten_grants(case, make_user):
    user = make_user()
    tokens = [case.grant(user, "Encrypt")["GrantToken"] for _ in range(10)]
    for _ in range(4):
        assert user.client().encrypt(KeyId=case.arn, Plaintext=b"x", GrantTokens=tokens)


# --- The audit log ---

def test_events(server, case, make_user):
    user = make_user()
    constraints = {"EncryptionContextSubset": {"a": "1"}}
    made = case.grant(user, "Encrypt", "RetireGrant", Name="n", RetiringPrincipal=case.root, Constraints=constraints)
    event = event_of(server, made["ResponseMetadata"]["RequestId"])
    assert event["requestParameters"] == {
        "keyId": case.arn, "name": "n", "granteePrincipal": user.arn, "retiringPrincipal": case.root,
        "operations": ["Encrypt", "RetireGrant"], "constraints": {"encryptionContextSubset": {"a": "1"}},
    }
    assert event["responseElements"] == {"grantId": made["GrantId"], "keyId": case.arn}
    user.client().encrypt(KeyId=case.arn, Plaintext=b"x", EncryptionContext={"a": "1"}, GrantTokens=[made["GrantToken"]])
    answer = user.client().retire_grant(GrantToken=made["GrantToken"])
    event = event_of(server, answer["ResponseMetadata"]["RequestId"])
    assert event["additionalEventData"]["grantId"] == made["GrantId"]
    assert [one["ARN"] for one in event["resources"]] == [case.arn]
    text = audit_text(server)
    assert made["GrantToken"] not in text


def test_operations_in_all_orders_make_the_same_list(case):
    shown = {tuple(case.grants(GrantId=case.grant(case.root, *order)["GrantId"])[0]["Operations"])
             for order in itertools.permutations(("Encrypt", "Decrypt", "DescribeKey"))}
    assert len(shown) == 1


def test_an_alias_does_not_name_the_key_of_a_grant(case):
    for call, more in ((case.kms.create_grant, {"GranteePrincipal": case.root, "Operations": ["Encrypt"]}),
                       (case.kms.list_grants, {}), (case.kms.revoke_grant, {"GrantId": case.grant_id}),
                       (case.kms.retire_grant, {"GrantId": case.grant_id})):
        refused("NotFoundException", call, KeyId=case.alias, **more)
        refused("NotFoundException", call, KeyId=str(uuid.uuid4()), **more)


def test_another_key_knows_nothing_of_it(case, kms, make_user):
    user = make_user()
    case.grant(user, "Encrypt")
    other = new_key(kms)
    refused(DENIED, user.client().encrypt, KeyId=other, Plaintext=b"x")
    refused("NotFoundException", kms.revoke_grant, KeyId=other, GrantId=case.grant_id)
