"""Every operation on a key in every state. data/key_states.csv is AWS's table of key states (developer guide, "Key states of
AWS KMS keys", edition of 2026), with the texts that the service was recorded to answer with."""

import csv
from importlib import import_module
from pathlib import Path

import pytest
from conformance import OPERATIONS, SHAPES
from harness import REGION, SECOND_REGION
from kms_case import CRYPTOGRAPHIC, Case, new_alias, new_key, refused

with open(Path(__file__).parent / "data" / "key_states.csv", newline="", encoding="utf-8") as file:
    TABLE = {(row["operation"], row["state"]): (row["answer"], row["text"]) for row in csv.DictReader(file)}
STATES = ("Enabled", "Disabled", "PendingDeletion", "PendingReplicaDeletion", "PendingImport", "Creating", "Updating")
KEM = ("Encapsulate", "Decapsulate")
IMPORTED = bytes(range(32))  # what Case imports
IMPORTS = ("GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial")


def names_a_key(operation):
    members = SHAPES[OPERATIONS[operation]["input"]["shape"]].get("members", {}).values()
    return operation == "DeleteAlias" or any(member["shape"] == "KeyIdType" for member in members)


def test_the_table_is_whole():
    assert set(TABLE) == {(operation, state) for operation in OPERATIONS if names_a_key(operation) for state in STATES}


class MultiRegion:
    """A client whose keys are multi-Region primaries."""

    def __init__(self, kms, **more):
        self.kms, self.more = kms, {"MultiRegion": True, **more}

    def __getattr__(self, name):
        return getattr(self.kms, name)

    def create_key(self, **members):
        special = self.more if members else {"MultiRegion": True}  # without members it is a second key
        return self.kms.create_key(**{**members, **special})


class StateCase(Case):
    """A multi-Region key, so that it can come into every state. self.kms is a client of the Region where it is in it."""

    def __init__(self, server, kms, operation, state):
        self.server, self.operation, self.state = server, operation, state
        more = {"Origin": "EXTERNAL"} if state == "PendingImport" or operation in IMPORTS else {}
        if operation in KEM:
            more |= {"KeySpec": "ML_KEM_768", "KeyUsage": "ENCAPSULATE_DECAPSULATE"}
        self.method = next(method for method, name in kms.meta.method_to_api_mapping.items() if name == operation)
        super().__init__(MultiRegion(kms, **more), self.method)

    def prepare(self, method):
        if self.kms.more.get("Origin") == "EXTERNAL":
            importing, spec = import_module("importing"), self.kms.describe_key(KeyId=self.key_id)["KeyMetadata"]["KeySpec"]
            material = IMPORTED if self.operation in IMPORTS else importing.new_material(spec)
            self.imported_into = lambda kms: importing.Importer(kms, self.key_id)(material)
            self.imported_into(self.kms)
        if self.operation in KEM:
            self.encapsulated = self.kms.encapsulate(KeyId=self.key_id, EncapsulationAlgorithm="ML_KEM")
        else:
            super().prepare(method)

    def members(self, operation):
        elsewhere = REGION if self.state == "Creating" else SECOND_REGION
        if operation == "replicate_key":
            return {"KeyId": self.key_id, "ReplicaRegion": elsewhere}
        if operation == "update_primary_region":
            return {"KeyId": self.key_id, "PrimaryRegion": elsewhere}
        if operation == "encapsulate":
            return {"KeyId": self.key_id, "EncapsulationAlgorithm": "ML_KEM"}
        if operation == "decapsulate":
            return {**self.members("encapsulate"), "SharedSecretCiphertextBlob": self.encapsulated["SharedSecretCiphertextBlob"]}
        return super().members(operation)

    def replicate(self):
        self.kms.replicate_key(KeyId=self.key_id, ReplicaRegion=SECOND_REGION)

    def sweep(self):
        self.server.admin.call("Kagimori.Sweep")

    def into(self, state):
        if self.operation == "UpdatePrimaryRegion" and state in ("Enabled", "Disabled"):
            self.replicate()
            self.sweep()
        if state == "PendingReplicaDeletion":
            self.replicate()
            self.sweep()
            self.kms.schedule_key_deletion(KeyId=self.key_id)
        elif state == "Updating":
            self.replicate()
            self.sweep()
            if self.operation in IMPORTS:
                self.imported_into(self.kms.user.client(region=SECOND_REGION))
            self.kms.update_primary_region(KeyId=self.key_id, PrimaryRegion=SECOND_REGION)
        elif state == "Creating":
            self.replicate()
            self.replica()
        elif state == "PendingImport":
            self.kms.delete_imported_key_material(KeyId=self.key_id)
        return super().into(state)

    def replica(self):
        """On to the replica that is being made, with what it can have: aliases, and another key in its Region."""
        self.kms = self.kms.user.client(region=SECOND_REGION)
        self.arn = self.arn.replace(f":{REGION}:", f":{SECOND_REGION}:")
        self.other = new_key(self.kms)
        self.alias, self.spare = new_alias(), new_alias()
        self.kms.create_alias(AliasName=self.alias, TargetKeyId=self.key_id)
        self.kms.create_alias(AliasName=self.spare, TargetKeyId=self.other)


@pytest.fixture(scope="module")
def unserved(server):
    """Operations that there are not on this server, and those that its OpenSSL can not do."""
    kms = server.admin.client()
    found = set()
    for operation in OPERATIONS:
        answer = server.admin.post(f"TrentService.{operation}", "{}")
        if answer.status_code == 400 and "is not supported by this server" in answer.text:
            found.add(operation)
    try:
        new_key(kms, KeySpec="ML_KEM_768", KeyUsage="ENCAPSULATE_DECAPSULATE")
    except kms.exceptions.UnsupportedOperationException:
        found.update(KEM)
    return found


@pytest.fixture
def held(server):
    """What is under way stays so."""
    server.admin.call("Kagimori.HoldSweeper", Held=True)
    yield
    server.admin.call("Kagimori.HoldSweeper", Held=False)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("operation", [operation for operation in OPERATIONS if names_a_key(operation)])
def test_operation_in_state(server, kms, held, unserved, operation, state):
    if operation in unserved or (state == "PendingImport" and (operation in KEM or "ImportKeyMaterial" in unserved)):
        pytest.skip(f"{operation} of a key in {state} is not served")
    case = StateCase(server, kms, operation, state).into(state)
    code, text = TABLE[operation, state]
    if code == "ok":
        assert case.call(case.method)["ResponseMetadata"]["HTTPStatusCode"] == 200
        return
    message = refused(code, getattr(case.kms, case.method), **case.members(case.method))
    # The documents say "is pending deletion (or pending replica deletion)", recordings say "is pending deletion".
    assert message.replace(" (or pending replica deletion)", "") == text.format(arn=case.arn, grant=case.grant_id)


@pytest.mark.parametrize("state", ("Disabled", "PendingDeletion"))
def test_a_destination_key_that_cannot_encrypt_refuses_re_encrypt(kms, state):
    case = Case(kms)
    blob = kms.encrypt(KeyId=case.other, Plaintext=b"x")["CiphertextBlob"]
    case.into(state)
    code = "DisabledException" if state == "Disabled" else "KMSInvalidStateException"
    refused(code, kms.re_encrypt, CiphertextBlob=blob, DestinationKeyId=case.key_id)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_an_alias_may_move_away_from_a_key_that_awaits_deletion(kms):
    case = Case(kms).into("PendingDeletion")
    kms.update_alias(AliasName=case.alias, TargetKeyId=case.other)
    assert kms.describe_key(KeyId=case.alias)["KeyMetadata"]["KeyId"] == case.other


def test_disable_and_enable_stop_and_restore_use(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (metadata["KeyState"], metadata["Enabled"]) == ("Disabled", False)
    refused("DisabledException", kms.decrypt, CiphertextBlob=blob)
    kms.disable_key(KeyId=key)  # idempotent
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.parametrize("before", ("Enabled", "Disabled"))
def test_a_cancelled_deletion_leaves_the_key_disabled(kms, before):
    case = Case(kms).into(before)
    answer = kms.schedule_key_deletion(KeyId=case.key_id, PendingWindowInDays=8)
    assert (answer["KeyId"], answer["KeyState"], answer["PendingWindowInDays"]) == (case.arn, "PendingDeletion", 8)
    metadata = kms.describe_key(KeyId=case.key_id)["KeyMetadata"]
    assert metadata["DeletionDate"] == answer["DeletionDate"]
    assert not metadata["Enabled"]
    assert kms.cancel_key_deletion(KeyId=case.arn)["KeyId"] == case.arn
    metadata = kms.describe_key(KeyId=case.key_id)["KeyMetadata"]
    assert metadata["KeyState"] == "Disabled" and "DeletionDate" not in metadata
    kms.enable_key(KeyId=case.key_id)
    assert kms.decrypt(CiphertextBlob=case.blob)["Plaintext"] == b"case"


def test_a_dry_run_tells_the_state_too(kms):
    case = Case(kms).into("Disabled")
    for operation in CRYPTOGRAPHIC:
        refused("DisabledException", getattr(kms, operation), **case.members(operation), DryRun=True)


def test_aliases_of_a_pending_key_are_still_listed(kms):
    key_id, alias = new_key(kms), new_alias()
    kms.create_alias(AliasName=alias, TargetKeyId=key_id)
    kms.schedule_key_deletion(KeyId=key_id)
    assert [entry["AliasName"] for entry in kms.list_aliases(KeyId=key_id)["Aliases"]] == [alias]
