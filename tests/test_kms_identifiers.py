"""The four ways to name a key, and what each operation makes of them."""

import uuid

import pytest
from kms_case import Case, new_alias, raw_kms, refused

ALL_FORMS = {
    "describe_key": {},
    "encrypt": {"Plaintext": b"x"},
    "generate_data_key": {"KeySpec": "AES_128"},
    "generate_data_key_without_plaintext": {"KeySpec": "AES_128"},
}
# Key id or key ARN, nothing else.
KEY_ONLY = (
    "cancel_key_deletion", "disable_key", "disable_key_rotation", "enable_key", "enable_key_rotation", "get_key_policy",
    "get_key_rotation_status", "list_key_policies", "list_key_rotations", "list_resource_tags", "put_key_policy",
    "rotate_key_on_demand", "schedule_key_deletion", "tag_resource", "untag_resource", "update_key_description",
    "list_aliases",
)
FORMS = ("id", "arn", "alias", "alias arn")


@pytest.fixture(scope="module")
def case(kms):
    return Case(kms)


def form(case, kind):
    alias_arn = case.arn.split(":key/")[0] + ":" + case.alias
    return {"id": case.key_id, "arn": case.arn, "alias": case.alias, "alias arn": alias_arn}[kind]


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("operation", ALL_FORMS)
def test_all_four_forms(kms, case, operation, kind):
    answer = getattr(kms, operation)(KeyId=form(case, kind), **ALL_FORMS[operation])
    named = answer["KeyMetadata"]["Arn"] if operation == "describe_key" else answer["KeyId"]
    assert named == case.arn


@pytest.mark.parametrize("kind", FORMS)
def test_all_four_forms_of_decrypt_and_re_encrypt(kms, case, kind):
    name = form(case, kind)
    assert kms.decrypt(CiphertextBlob=case.blob, KeyId=name)["KeyId"] == case.arn
    answer = kms.re_encrypt(CiphertextBlob=case.blob, SourceKeyId=name, DestinationKeyId=name)
    assert (answer["SourceKeyId"], answer["KeyId"]) == (case.arn, case.arn)


@pytest.mark.parametrize("operation", KEY_ONLY)
def test_where_only_the_key_may_be_named_an_arn_works_and_an_alias_does_not(kms, operation):
    case = Case(kms)
    if operation == "cancel_key_deletion":
        case.into("PendingDeletion")
    call, members = getattr(kms, operation), case.members(operation)
    for kind in ("alias", "alias arn"):
        refused("NotFoundException", call, **{**members, "KeyId": form(case, kind)})
    call(**{**members, "KeyId": case.arn})


@pytest.mark.parametrize("operation", ("create_alias", "update_alias"))
def test_an_alias_is_no_target_of_an_alias(kms, case, operation):
    refused("NotFoundException", getattr(kms, operation), AliasName=new_alias(), TargetKeyId=case.alias)


def test_unknown_names(kms, case):
    start = case.arn.split(":key/")[0]
    nobody = str(uuid.uuid4())
    region_elsewhere = case.arn.replace("us-east-1", "eu-west-1")
    rows = [
        (nobody, f"Key '{start}:key/{nobody}' does not exist"),
        (f"{start}:key/{nobody}", f"Key '{start}:key/{nobody}' does not exist"),
        ("alias/nobody", f"Alias {start}:alias/nobody is not found."),
        (f"{start}:alias/nobody", f"Alias {start}:alias/nobody is not found."),
        (nobody.replace("-", ""), f"Invalid keyId '{nobody.replace('-', '')}'"),
        ("mrk-fake-key-id", "Invalid keyId 'mrk-fake-key-id'"),
        (case.key_id.upper(), None),
        (case.key_id + " ", None),
        (case.alias.upper(), None),
        (region_elsewhere, "Invalid arn eu-west-1"),
    ]
    for name, message in rows:
        for operation in ("describe_key", "encrypt"):
            refused("NotFoundException", getattr(kms, operation), KeyId=name, message=message,
                    **ALL_FORMS[operation])


@pytest.mark.parametrize("name", (
    "arn:", "arn:aws:kms:us-east-1", "arn:aws:s3:us-east-1:100000000001:key/x", "arn:aws:kms:us-east-1:abc:key/x",
    "arn:aws:kms:us-east-1:100000000001:nothing/x", "arn:aws:kms:us-east-1:100000000001:key",
))
def test_malformed_arns(kms, name):
    with pytest.raises(kms.exceptions.ClientError) as caught:
        kms.describe_key(KeyId=name)
    assert caught.value.response["Error"]["Code"] in ("InvalidArnException", "NotFoundException")


@pytest.mark.parametrize("name, constraint", (
    ("", "Member must have length greater than or equal to 1"),
    ("x" * 2049, "Member must have length less than or equal to 2048"),
))
def test_length_of_a_key_id(admin, name, constraint):
    refused("ValidationException", raw_kms(admin).describe_key, KeyId=name, contains=constraint)


def test_a_ciphertext_is_not_found_by_an_alias_of_another_key(kms, case):
    refused("IncorrectKeyException", kms.decrypt, CiphertextBlob=case.blob, KeyId=case.spare,
            message="The key ID in the request does not identify a CMK that can perform this operation.")
    refused("IncorrectKeyException", kms.re_encrypt, CiphertextBlob=case.blob, SourceKeyId=case.other,
            DestinationKeyId=case.other)
