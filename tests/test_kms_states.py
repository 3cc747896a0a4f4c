"""Every operation on a key in every state, as AWS's table of key states has it (2026 edition)."""

import pytest
from kms_case import CRYPTOGRAPHIC, DATA_KEY_PAIRS, KINDS, Case, new_alias, new_key, refused

OK = None
DISABLED = ("DisabledException", "{arn} is disabled.")
PENDING = ("KMSInvalidStateException", "{arn} is pending deletion.")
NOT_PENDING = ("KMSInvalidStateException", "{arn} is not pending deletion.")

# operation: Enabled, Disabled, PendingDeletion
TABLE = {
    **{operation: (OK, DISABLED, PENDING) for operation in (*CRYPTOGRAPHIC, *DATA_KEY_PAIRS, *KINDS)},
    "get_public_key": (OK, OK, PENDING),
    "get_key_last_usage": (OK, OK, OK),
    "cancel_key_deletion": (NOT_PENDING, NOT_PENDING, OK),
    "create_alias": (OK, OK, PENDING),
    "delete_alias": (OK, OK, OK),
    "update_alias": (OK, OK, PENDING),
    "list_aliases": (OK, OK, OK),
    "get_parameters_for_import": (OK, OK, PENDING),
    "import_key_material": (OK, OK, OK),
    "delete_imported_key_material": (OK, OK, OK),
    "describe_key": (OK, OK, OK),
    "get_key_policy": (OK, OK, OK),
    "put_key_policy": (OK, OK, OK),
    "list_key_policies": (OK, OK, OK),
    "list_resource_tags": (OK, OK, OK),
    "disable_key": (OK, OK, PENDING),
    "enable_key": (OK, OK, PENDING),
    "enable_key_rotation": (OK, DISABLED, PENDING),
    "disable_key_rotation": (OK, DISABLED, PENDING),
    "rotate_key_on_demand": (OK, DISABLED, PENDING),
    "get_key_rotation_status": (OK, OK, OK),
    "list_key_rotations": (OK, OK, OK),
    "schedule_key_deletion": (OK, OK, PENDING),
    "tag_resource": (OK, OK, PENDING),
    "untag_resource": (OK, OK, PENDING),
    "update_key_description": (OK, OK, PENDING),
    "create_grant": (OK, DISABLED, PENDING),
    "list_grants": (OK, OK, OK),
    "list_retirable_grants": (OK, OK, OK),
    "retire_grant": (OK, OK, OK),
    "revoke_grant": (OK, OK, OK),
}
STATES = ("Enabled", "Disabled", "PendingDeletion")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("operation", TABLE)
def test_operation_in_state(kms, operation, state):
    case = Case(kms, operation).into(state)
    wanted = TABLE[operation][STATES.index(state)]
    if wanted is OK:
        assert case.call(operation)["ResponseMetadata"]["HTTPStatusCode"] == 200
        return
    code, text = wanted
    text = text.format(arn=case.arn)
    message = refused(code, getattr(kms, operation), **case.members(operation))
    # The documents say "is pending deletion (or pending replica deletion)", recordings say "is pending deletion".
    assert message.replace(" (or pending replica deletion)", "") == text


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
