"""The server against botocore's own model of AWS KMS, which is what every client is made from: enumerations, and the
errors that an operation may give."""

import pytest
from kms_case import Case, new_alias, raw_kms, refused

ENUM = "failed to satisfy constraint: Member must satisfy enum value set: ["


@pytest.fixture(scope="module")
def model(kms):
    return kms.meta.service_model


@pytest.fixture(scope="module")
def case(kms):
    return Case(kms)


@pytest.mark.parametrize("operation, member, shape", (
    ("CreateKey", "KeySpec", "KeySpec"), ("CreateKey", "CustomerMasterKeySpec", "CustomerMasterKeySpec"),
    ("CreateKey", "KeyUsage", "KeyUsageType"), ("CreateKey", "Origin", "OriginType"),
    ("Encrypt", "EncryptionAlgorithm", "EncryptionAlgorithmSpec"),
    ("Decrypt", "EncryptionAlgorithm", "EncryptionAlgorithmSpec"),
    ("ReEncrypt", "SourceEncryptionAlgorithm", "EncryptionAlgorithmSpec"),
    ("ReEncrypt", "DestinationEncryptionAlgorithm", "EncryptionAlgorithmSpec"),
    ("GenerateDataKey", "KeySpec", "DataKeySpec"), ("ListKeyRotations", "IncludeKeyMaterial", "IncludeKeyMaterial"),
))
def test_enumerations_are_the_model_s(admin, model, operation, member, shape):
    good = {"KeyId": "x", "Plaintext": "eA==", "CiphertextBlob": "eA==", "DestinationKeyId": "x"}
    answer = admin.post(f"TrentService.{operation}", {**good, member: "no such value"}).json()
    assert answer["__type"] == "ValidationException" and ENUM in answer["message"]
    listed = answer["message"].split(ENUM)[1].split("]")[0].split(", ")
    assert sorted(listed) == sorted(model.shape_for(shape).enum)


@pytest.mark.parametrize("owners, path", (
    (["ME"], "resourceOwners.1.member"), ([], "resourceOwners"), (["SELF"] * 3, "resourceOwners"),
))
def test_resource_owners_of_list_keys_are_checked(admin, owners, path):
    refused("ValidationException", raw_kms(admin).list_keys, ResourceOwners=owners, contains=f"'{path}'")


def test_resource_owners_of_list_keys(kms, key):
    for owners in (["SELF"], ["SELF", "OTHER_ACCOUNTS_VIA_RAM"]):
        assert kms.list_keys(ResourceOwners=owners, Limit=1)["Keys"]
    refused("UnsupportedOperationException", kms.list_keys, ResourceOwners=["OTHER_ACCOUNTS_VIA_RAM"],
            contains="OTHER_ACCOUNTS_VIA_RAM")


# Operations of this server that name a key, with the member that does.
NAMING = {
    "encrypt": "KeyId", "decrypt": "KeyId", "re_encrypt": "SourceKeyId", "generate_data_key": "KeyId",
    "generate_data_key_without_plaintext": "KeyId", "describe_key": "KeyId", "enable_key": "KeyId",
    "disable_key": "KeyId", "schedule_key_deletion": "KeyId", "cancel_key_deletion": "KeyId",
    "update_key_description": "KeyId", "enable_key_rotation": "KeyId", "disable_key_rotation": "KeyId",
    "get_key_rotation_status": "KeyId", "rotate_key_on_demand": "KeyId", "list_key_rotations": "KeyId",
    "get_key_policy": "KeyId", "put_key_policy": "KeyId", "list_key_policies": "KeyId", "tag_resource": "KeyId",
    "untag_resource": "KeyId", "list_resource_tags": "KeyId", "create_alias": "TargetKeyId",
    "update_alias": "TargetKeyId", "list_aliases": "KeyId",
}


@pytest.mark.parametrize("operation", NAMING)
@pytest.mark.parametrize("arn", ("arn:aws:kms:us-east-1", "arn:aws:s3:us-east-1:100000000001:key/x"))
def test_a_malformed_arn_gives_an_error_that_the_operation_has(kms, case, model, operation, arn):
    name = kms.meta.method_to_api_mapping[operation]
    declared = {shape.name for shape in model.operation_model(name).error_shapes}
    code = "InvalidArnException" if "InvalidArnException" in declared else "NotFoundException"
    refused(code, getattr(kms, operation), message=f"Invalid arn {arn}", **{**case.members(operation), NAMING[operation]: arn})


@pytest.mark.parametrize("name", ("alias/", "alias/a:b"))
def test_only_a_new_alias_can_have_an_invalid_name(admin, case, name):
    kms = raw_kms(admin)
    refused("InvalidAliasNameException", kms.create_alias, AliasName=name, TargetKeyId=case.key_id)
    refused("NotFoundException", kms.update_alias, AliasName=name, TargetKeyId=case.key_id)
    refused("NotFoundException", kms.delete_alias, AliasName=name)


def test_null_in_an_item_of_a_list_is_as_if_absent(admin):
    answer = admin.post("TrentService.CreateKey", {"Tags": [{"TagKey": "a", "TagValue": None}]}).json()
    assert answer["__type"] == "ValidationException"
    assert "Value null at 'tags.1.member.tagValue' failed to satisfy constraint: Member must not be null" in answer["message"]


def test_members_of_a_structure_are_named_with_its_path(admin, case):
    body = {"KeyId": case.key_id, "KeySpec": "AES_256", "Recipient": {"KeyEncryptionAlgorithm": "NONE"}}
    answer = admin.post("TrentService.GenerateDataKey", body).json()
    assert "'recipient.keyEncryptionAlgorithm' failed to satisfy constraint" in answer["message"]


def test_a_ciphertext_that_is_none_shows_only_to_who_may_use_the_key(kms, case, make_user):
    nobody = make_user().client()
    refused("AccessDeniedException", nobody.decrypt, KeyId=case.key_id, CiphertextBlob=b"garbage")
    refused("InvalidCiphertextException", kms.decrypt, KeyId=case.key_id, CiphertextBlob=b"garbage")
    alias = new_alias()
    disabled = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=alias, TargetKeyId=disabled)
    kms.disable_key(KeyId=disabled)
    refused("DisabledException", kms.decrypt, KeyId=alias, CiphertextBlob=b"garbage")
