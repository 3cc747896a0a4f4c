"""Who may do what: data/permissions.csv has every combination of caller, operation, key policy, identity policy, grant and
condition with its answer. A model of ten lines (AWS's evaluation logic, as the KMS developer guide tells it) must agree with
the file, and the server with both."""

import csv
import itertools
import json
from pathlib import Path

from harness import REGION, User
from kms_case import new_alias
from test_grants import user_of
from test_policies import allow, deny, policy
from wire import Wire

FILE = Path(__file__).parent / "data" / "permissions.csv"
FACTORS = {
    "caller": ("root", "user", "foreign user", "nobody"),
    # One of each family that has a key. The last three can be granted; those of ACROSS work across accounts.
    "operation": ("GetKeyPolicy", "GetKeyRotationStatus", "TagResource", "UpdateKeyDescription", "UpdateAlias",
                  "DescribeKey", "Encrypt", "CreateGrant"),
    "key_policy": ("default", "names user", "denies user", "names other account", "none"),
    "identity_policy": ("none", "allows", "denies"),
    "grant": ("none", "to user"),
    "condition": ("none", "matching", "not matching"),
}
ACROSS = ("GetKeyRotationStatus", "DescribeKey", "Encrypt", "CreateGrant")
GRANTED = ("DescribeKey", "Encrypt", "CreateGrant")
KEY_DENY, IDENTITY_DENY = "explicit deny in a resource-based policy", "explicit deny in an identity-based policy"
NO_KEY, NO_IDENTITY = "no resource-based policy allows", "no identity-based policy allows"
CONDITIONS = {
    "none": {},
    "matching": {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    "not matching": {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
}


def predicted(caller, operation, key_policy, identity_policy, grant, condition):
    """Identity policies and grants are the user's, or the foreign user's; those of others are of no use to anybody."""
    holds, own = condition != "not matching", caller in ("user", "foreign user")
    key_policy = key_policy if holds or key_policy == "default" else "default" if key_policy == "denies user" else "none"
    identity = "allows" if caller == "root" else identity_policy if own and holds else "none"
    if (caller, key_policy) == ("user", "denies user") and operation != "UpdateAlias":
        return KEY_DENY
    if identity == "denies":
        return IDENTITY_DENY
    if operation == "UpdateAlias" and (identity != "allows" or caller == "foreign user"):
        return NO_IDENTITY if identity != "allows" else "NotFoundException"
    if (caller, key_policy) == ("user", "denies user"):
        return KEY_DENY
    granted = own and grant == "to user" and operation in GRANTED
    if caller == "foreign user":
        # Without an Allow on its own side no grant counts, and no policy of the key allows.
        if operation not in ACROSS or not (key_policy == "names other account" or (granted and identity == "allows")):
            return NO_KEY
        return "allowed" if identity == "allows" else NO_IDENTITY
    account = key_policy in ("default", "denies user")
    if granted or (caller, key_policy) == ("user", "names user") or (account and identity == "allows"):
        return "allowed"
    return NO_IDENTITY if account else NO_KEY


def combinations():
    return list(itertools.product(*FACTORS.values()))


def test_the_file_is_what_the_model_predicts():
    with FILE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == [*FACTORS, "answer"]
    assert rows[1:] == [[*row, predicted(*row)] for row in combinations()]


def tenant(server):
    """The root user of a new account."""
    made = server.admin.call("Kagimori.CreateAccount", Name="Tenant")
    key = made["AccessKey"]
    user = User(server, key["AccessKeyId"], key["SecretAccessKey"], arn=made["Account"]["Arn"])
    user.account = made["Account"]["AccountId"]
    return user


class House:
    """Callers, and a key with an alias for each key policy, grant and condition."""

    def __init__(self, server):
        self.home, self.elsewhere = tenant(server), tenant(server)
        administrator = user_of(self.home, "kms:*")
        self.administrator, self.kms = administrator.arn, administrator.client()
        self.callers = {"root": self.home, "user": user_of(self.home), "foreign user": user_of(self.elsewhere),
                        "nobody": user_of(self.home)}
        self.wires = {name: Wire(user) for name, user in self.callers.items()}
        self.keys = {}
        for name, granted, condition in itertools.product(*(FACTORS[f] for f in ("key_policy", "grant", "condition"))):
            self.keys[name, granted, condition] = self.key(name, granted, condition)

    def key(self, name, granted, condition):
        user, more = self.callers["user"].arn, CONDITIONS[condition]
        everybody = allow(self.home.arn, "kms:*")
        statements = {
            "default": [everybody], "names user": [allow(user, "kms:*", **more)],
            "denies user": [everybody, deny(user, "kms:*", **more)],
            "names other account": [allow(self.elsewhere.arn, "kms:*", **more)], "none": [],
        }
        document = json.dumps(policy(allow(self.administrator, "kms:*"), *statements[name]))
        arn = self.kms.create_key(Policy=document)["KeyMetadata"]["Arn"]
        alias = new_alias()
        self.kms.create_alias(AliasName=alias, TargetKeyId=arn)
        for grantee in ("user", "foreign user") if granted == "to user" else ():
            self.kms.create_grant(KeyId=arn, GranteePrincipal=self.callers[grantee].arn, Operations=list(GRANTED))
        return arn, alias

    def identify(self, identity, condition):
        """Gives both users that identity policy."""
        effect, action = {"none": ("Allow", "kms:ListKeys"), "allows": ("Allow", "kms:*"), "denies": ("Deny", "kms:*")}[identity]
        document = policy({"Effect": effect, "Action": action, "Resource": "*", **CONDITIONS[condition]})
        for account, user in ((self.home, self.callers["user"]), (self.elsewhere, self.callers["foreign user"])):
            account.client("iam").put_user_policy(UserName=user.name, PolicyName="test", PolicyDocument=json.dumps(document))

    def answer(self, caller, operation, key_policy, grant, condition):
        arn, alias = self.keys[key_policy, grant, condition]
        members = {
            "TagResource": {"Tags": [{"TagKey": "a", "TagValue": "b"}]}, "UpdateKeyDescription": {"Description": "d"},
            "Encrypt": {"Plaintext": "eA=="},
            "CreateGrant": {"GranteePrincipal": self.callers["user"].arn, "Operations": ["Encrypt"], "DryRun": True},
        }.get(operation, {})
        named = {"AliasName": alias, "TargetKeyId": arn} if operation == "UpdateAlias" else {"KeyId": arn}
        code, text = self.wires[caller].call(operation, {**named, **members})
        if code in (None, "DryRunOperationException"):
            return "allowed"
        return self.reason(caller, operation, arn, alias, text) if code == "AccessDeniedException" else code

    def reason(self, caller, operation, arn, alias, text):
        """Why, if the sentence is AWS's; else the sentence."""
        account = (self.elsewhere if caller == "foreign user" else self.home).account
        resources = (arn, f"arn:aws:kms:{REGION}:{account}:{alias}")
        for resource in resources if operation == "UpdateAlias" else (arn,):
            head = f"User: {self.callers[caller].arn} is not authorized to perform: kms:{operation} on resource: {resource}"
            for reason in (KEY_DENY, IDENTITY_DENY):
                if text == f"{head} with an {reason}":
                    return reason
            for reason in (NO_KEY, NO_IDENTITY):
                if text == f"{head} because {reason} the kms:{operation} action":
                    return reason
        return text


def test_the_server_answers_as_the_file_has_it(server):
    house = House(server)
    with FILE.open(newline="", encoding="utf-8") as file:
        rows = [tuple(row) for row in csv.reader(file)][1:]
    wrong, asked = [], 0
    for identity, condition in itertools.product(FACTORS["identity_policy"], FACTORS["condition"]):
        house.identify(identity, condition)
        for *row, expected in rows:
            caller, operation, key_policy, row_identity, grant, row_condition = row
            if (row_identity, row_condition) != (identity, condition):
                continue
            asked += 1
            answer = house.answer(caller, operation, key_policy, grant, condition)
            if answer != expected:
                wrong.append(f"{', '.join(row)}: {answer}, not {expected}")
    assert asked == len(rows) == len(combinations())
    assert not wrong, "\n".join(wrong)
