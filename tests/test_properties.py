"""Random sequences of operations on one key: a small model predicts every answer. A failure names its seed and what was
done; the same seed does the same again."""

import random
import uuid

import pytest
from botocore.exceptions import ClientError
from kms_case import ACCOUNT_ROOT, advance, new_key

SEEDS, STEPS, WINDOW = range(8), 150, 7
USES = {"encrypt", "decrypt", "re_encrypt", "generate_data_key", "create_grant", "rotate_key_on_demand", "enable_key_rotation",
        "disable_key_rotation"}
CHANGES = {"enable_key", "disable_key", "schedule_key_deletion", "create_alias", "tag_resource", "untag_resource",
           "update_key_description"}
READS = {"describe_key", "describe_alias", "list_resource_tags", "list_aliases", "list_grants", "list_key_rotations",
         "get_key_rotation_status"}
OTHERS = {"cancel_key_deletion", "delete_alias", "revoke_grant", "wait"}
RARE = {"rotate_key_on_demand": 0.3, "schedule_key_deletion": 0.3, "disable_key": 0.4, "wait": 2, "enable_key": 2}


class Model:
    """What the key is. predict() tells the error code of an operation, or else its answer, and does it."""

    def __init__(self):
        self.state, self.days, self.rotating, self.rotations = "Enabled", None, False, 0
        self.tags, self.aliases, self.grants, self.description = {}, set(), set(), ""

    def refusal(self, name, choice):
        if self.state == "gone":  # a ciphertext does not tell whether its key is there
            return "AccessDeniedException" if name in ("decrypt", "re_encrypt") else "NotFoundException"
        if name in ("delete_alias", "describe_alias") and choice not in self.aliases:
            return "NotFoundException"
        if name == "revoke_grant" and choice not in self.grants:
            return "NotFoundException"
        if name == "create_alias" and choice in self.aliases:
            return "AlreadyExistsException"
        if self.state == "PendingDeletion" and name in USES | CHANGES:
            return "KMSInvalidStateException"
        if self.state == "Disabled" and name in USES:
            return "DisabledException"
        cancels = name == "cancel_key_deletion" and self.state != "PendingDeletion"
        return "KMSInvalidStateException" if cancels else None

    def do(self, name, choice):
        if name in ("enable_key", "disable_key", "schedule_key_deletion", "cancel_key_deletion"):
            self.state = {"enable": "Enabled", "schedule": "PendingDeletion"}.get(name.split("_")[0], "Disabled")
            self.days = WINDOW if name == "schedule_key_deletion" else None
        elif name == "wait" and self.days is not None:
            self.days -= choice
            self.state = "gone" if self.days <= 0 else self.state
        elif name in ("enable_key_rotation", "disable_key_rotation"):
            self.rotating = name == "enable_key_rotation"
        elif name == "rotate_key_on_demand":
            self.rotations += 1
        elif name == "tag_resource":
            self.tags.update([choice])
        elif name == "untag_resource":
            self.tags.pop(choice[0], None)
        elif name == "update_key_description":
            self.description = choice
        elif name in ("create_alias", "delete_alias"):
            self.aliases ^= {choice}
        elif name == "revoke_grant":
            self.grants.discard(choice)

    def seen(self, name):
        """What a reading operation shows."""
        return {
            "describe_key": (self.state, self.state == "Enabled", self.description), "describe_alias": self.state,
            "list_resource_tags": self.tags, "list_aliases": self.aliases, "list_grants": self.grants,
            "list_key_rotations": self.rotations,
            "get_key_rotation_status": self.rotating and self.state != "PendingDeletion",
        }[name]


class Run:
    """One key on the server, with its model."""

    def __init__(self, server, kms, seed):
        self.server, self.kms, self.chance, self.model = server, kms, random.Random(seed), Model()
        metadata = kms.create_key()["KeyMetadata"]
        self.key, self.root = metadata["KeyId"], ACCOUNT_ROOT.format(account=metadata["AWSAccountId"])
        self.other = new_key(kms)
        self.names = [f"alias/property-{uuid.uuid4().hex}" for _ in range(3)]
        self.blobs, self.materials, self.issued, self.done = [], [metadata["CurrentKeyMaterialId"]], ["0" * 64], []

    def step(self):
        names = sorted(USES | CHANGES | READS | OTHERS)
        name = self.chance.choices(names, [RARE.get(one, 1) for one in names])[0]
        if name in ("decrypt", "re_encrypt") and not self.blobs:
            name = "encrypt"
        choice = self.choose(name)
        self.done.append((name, choice if not isinstance(choice, tuple) or name.endswith("resource") else "..."))
        refusal = self.model.refusal(name, choice) if name != "wait" else None
        try:
            answer = self.send(name, choice)
        except ClientError as error:
            assert error.response["Error"]["Code"] == refusal, error
            return
        assert refusal is None, f"{name} worked, though {refusal} was predicted"
        self.model.do(name, choice)
        self.check(name, choice, answer)

    def choose(self, name):
        if "alias" in name and name != "list_aliases":
            return self.chance.choice(self.names)
        if name in ("tag_resource", "untag_resource"):
            return self.chance.choice("abc"), str(self.chance.randrange(10))
        if name in ("decrypt", "re_encrypt"):
            return self.chance.choice(self.blobs)
        return {"update_key_description": str(self.chance.random()), "revoke_grant": self.chance.choice(self.issued),
                "encrypt": self.chance.randbytes(8), "wait": 4}.get(name)

    def send(self, name, choice):
        if name == "wait":
            return advance(self.server, days=choice)
        members = {
            "encrypt": {"Plaintext": choice}, "generate_data_key": {"KeySpec": "AES_128"},
            "create_grant": {"GranteePrincipal": self.root, "Operations": ["Decrypt"]}, "revoke_grant": {"GrantId": choice},
            "schedule_key_deletion": {"PendingWindowInDays": WINDOW}, "update_key_description": {"Description": choice},
            "tag_resource": {"Tags": [dict(zip(("TagKey", "TagValue"), choice or (), strict=False))]},
            "untag_resource": {"TagKeys": [choice and choice[0]]},
        }.get(name, {})
        if name in ("decrypt", "re_encrypt"):
            members = {"CiphertextBlob": choice[1], **({"DestinationKeyId": self.other} if name == "re_encrypt" else {})}
            return getattr(self.kms, name)(**members)
        if name == "create_alias":
            return self.kms.create_alias(AliasName=choice, TargetKeyId=self.key)
        if name == "delete_alias":
            return self.kms.delete_alias(AliasName=choice)
        if name == "describe_alias":
            return self.kms.describe_key(KeyId=choice)
        return getattr(self.kms, name)(KeyId=self.key, **members)

    def check(self, name, choice, answer):
        if name in ("encrypt", "generate_data_key"):
            plaintext = choice if name == "encrypt" else answer["Plaintext"]
            self.blobs.append((plaintext, answer["CiphertextBlob"], len(self.materials) - 1))
        elif name == "decrypt":
            assert (answer["Plaintext"], answer["KeyMaterialId"]) == (choice[0], self.materials[choice[2]])
        elif name == "re_encrypt":
            assert self.kms.decrypt(CiphertextBlob=answer["CiphertextBlob"])["Plaintext"] == choice[0]
            assert answer["SourceKeyMaterialId"] == self.materials[choice[2]]
        elif name == "rotate_key_on_demand":
            self.materials.append(self.kms.describe_key(KeyId=self.key)["KeyMetadata"]["CurrentKeyMaterialId"])
            assert len(set(self.materials)) == self.model.rotations + 1
        elif name == "create_grant":
            self.issued.append(answer["GrantId"])
            self.model.grants.add(answer["GrantId"])
        elif name in READS:
            assert self.shown(name, answer) == self.model.seen(name)

    def shown(self, name, answer):
        metadata = answer.get("KeyMetadata", {})
        return {
            "describe_key": lambda: (metadata["KeyState"], metadata["Enabled"], metadata["Description"]),
            "describe_alias": lambda: metadata["KeyState"],
            "list_resource_tags": lambda: {tag["TagKey"]: tag["TagValue"] for tag in answer["Tags"]},
            "list_aliases": lambda: {alias["AliasName"] for alias in answer["Aliases"]},
            "list_grants": lambda: {grant["GrantId"] for grant in answer["Grants"]},
            "list_key_rotations": lambda: len(answer["Rotations"]),
            "get_key_rotation_status": lambda: answer["KeyRotationEnabled"],
        }[name]()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_model_predicts_every_answer(server, kms, seed):
    run = Run(server, kms, seed)
    for _ in range(STEPS):
        try:
            run.step()
        except AssertionError as failure:
            done = "\n".join(f"  {name} {choice if choice is not None else ''}" for name, choice in run.done)
            raise AssertionError(f"seed {seed}, step {len(run.done)}: {failure}\n{done}") from failure
