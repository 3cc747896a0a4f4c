"""Members of requests: constraints and their texts, wrong types, what is not supported yet, faults, unknown operations."""

import pytest
from kms_case import CRYPTOGRAPHIC, Case, new_alias, raw_kms, refused

GREATER = "Member must have value greater than or equal to "
LESS = "Member must have value less than or equal to "
LONGER = "Member must have length greater than or equal to "
SHORTER = "Member must have length less than or equal to "


@pytest.fixture(scope="module")
def case(kms):
    return Case(kms)


def one(constraint, path, value=None):
    shown = "Value" if value is None else f"Value '{value}'"
    return f"1 validation error detected: {shown} at '{path}' failed to satisfy constraint: {constraint}"


@pytest.mark.parametrize("operation, members, message", (
    ("generate_random", {"NumberOfBytes": 0}, one(GREATER + "1", "numberOfBytes", 0)),
    ("generate_random", {"NumberOfBytes": -1}, one(GREATER + "1", "numberOfBytes", -1)),
    ("generate_random", {"NumberOfBytes": 1025}, one(LESS + "1024", "numberOfBytes", 1025)),
    ("generate_random", {}, "NumberOfBytes is required."),
    ("generate_data_key", {"NumberOfBytes": 0}, one(GREATER + "1", "numberOfBytes", 0)),
    ("generate_data_key", {"NumberOfBytes": 1025}, one(LESS + "1024", "numberOfBytes", 1025)),
    ("generate_data_key_without_plaintext", {"NumberOfBytes": 1025}, one(LESS + "1024", "numberOfBytes", 1025)),
    ("encrypt", {"Plaintext": b""}, one(LONGER + "1", "plaintext")),
    ("encrypt", {"Plaintext": b"s" * 4097}, one(SHORTER + "4096", "plaintext")),
    ("list_keys", {"Limit": 0}, one(GREATER + "1", "limit", 0)),
    ("list_keys", {"Limit": 1001}, one(LESS + "1000", "limit", 1001)),
    ("list_aliases", {"Limit": 1001}, one(LESS + "1000", "limit", 1001)),
    ("list_resource_tags", {"Limit": 0}, one(GREATER + "1", "limit", 0)),
    ("list_key_rotations", {"Limit": 0}, one(GREATER + "1", "limit", 0)),
    ("list_key_policies", {"Limit": 1001}, one(LESS + "1000", "limit", 1001)),
    ("enable_key_rotation", {"RotationPeriodInDays": 89}, one(GREATER + "90", "rotationPeriodInDays", 89)),
    ("enable_key_rotation", {"RotationPeriodInDays": 2561}, one(LESS + "2560", "rotationPeriodInDays", 2561)),
    ("schedule_key_deletion", {"PendingWindowInDays": 0}, one(GREATER + "1", "pendingWindowInDays", 0)),
    ("schedule_key_deletion", {"PendingWindowInDays": 366}, one(LESS + "365", "pendingWindowInDays", 366)),
))
def test_a_value_out_of_range(admin, case, operation, members, message):
    if operation not in ("generate_random", "list_keys", "list_aliases"):
        members = {"KeyId": case.key_id, **members}
    refused("ValidationException", getattr(raw_kms(admin), operation), message=message, **members)


@pytest.mark.parametrize("operation, members, part", (
    ("decrypt", {"CiphertextBlob": b""}, "'ciphertextBlob' failed to satisfy constraint: " + LONGER + "1"),
    ("decrypt", {"CiphertextBlob": b"x" * 6145}, "'ciphertextBlob' failed to satisfy constraint: " + SHORTER + "6144"),
    ("decrypt", {}, "'ciphertextBlob' failed to satisfy constraint: Member must not be null"),
    ("create_key", {"Description": "x" * 8193}, "'description' failed to satisfy constraint: " + SHORTER + "8192"),
    ("create_key", {"KeySpec": "RSA_1024"}, "'keySpec' failed to satisfy constraint: Member must satisfy enum value set"),
    ("create_key", {"KeyUsage": "LOVE"}, "'keyUsage' failed to satisfy constraint: Member must satisfy enum value set"),
    ("create_key", {"Origin": "MARS"}, "'origin' failed to satisfy constraint: Member must satisfy enum value set"),
    ("create_key", {"Policy": ""}, "'policy' failed to satisfy constraint: " + LONGER + "1"),
    ("create_key", {"Policy": "x" * 131073}, "'policy' failed to satisfy constraint: " + SHORTER + "131072"),
    ("create_key", {"Tags": [{"TagKey": "", "TagValue": "x"}]}, "'tags.1.member.tagKey'"),
    ("create_key", {"Tags": [{"TagKey": "a", "TagValue": "x" * 257}]}, "'tags.1.member.tagValue'"),
    ("create_key", {"KeySpec": "RSA_2048"},
     "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."),
    ("create_key", {"KeyUsage": "SIGN_VERIFY"}, "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT"),
    ("list_keys", {"Marker": ""}, "'marker' failed to satisfy constraint: " + LONGER + "1"),
    ("list_keys", {"Marker": "x" * 1025}, "'marker' failed to satisfy constraint: " + SHORTER + "1024"),
    ("create_alias", {"AliasName": "alias/x" * 40, "TargetKeyId": "x"}, SHORTER + "256"),
    ("create_alias", {"AliasName": "alias/sp ace", "TargetKeyId": "x"}, "regular expression pattern"),
))
def test_a_member_of_the_wrong_shape(admin, operation, members, part):
    refused("ValidationException", getattr(raw_kms(admin), operation), contains=part, **members)


@pytest.mark.parametrize("operation, member", (
    ("Encrypt", "KeyId"), ("Encrypt", "Plaintext"), ("Decrypt", "CiphertextBlob"), ("ReEncrypt", "DestinationKeyId"),
    ("ReEncrypt", "CiphertextBlob"), ("GenerateDataKey", "KeyId"), ("GenerateDataKeyWithoutPlaintext", "KeyId"),
    ("DescribeKey", "KeyId"), ("EnableKey", "KeyId"), ("DisableKey", "KeyId"), ("UpdateKeyDescription", "KeyId"),
    ("UpdateKeyDescription", "Description"), ("ScheduleKeyDeletion", "KeyId"), ("CancelKeyDeletion", "KeyId"),
    ("CreateAlias", "AliasName"), ("CreateAlias", "TargetKeyId"), ("UpdateAlias", "AliasName"),
    ("UpdateAlias", "TargetKeyId"), ("DeleteAlias", "AliasName"), ("EnableKeyRotation", "KeyId"),
    ("DisableKeyRotation", "KeyId"), ("GetKeyRotationStatus", "KeyId"), ("RotateKeyOnDemand", "KeyId"),
    ("ListKeyRotations", "KeyId"), ("GetKeyPolicy", "KeyId"), ("PutKeyPolicy", "KeyId"), ("PutKeyPolicy", "Policy"),
    ("ListKeyPolicies", "KeyId"), ("TagResource", "KeyId"), ("TagResource", "Tags"), ("UntagResource", "KeyId"),
    ("UntagResource", "TagKeys"), ("ListResourceTags", "KeyId"),
))
def test_a_required_member_is_missing(admin, operation, member):
    answer = admin.post(f"TrentService.{operation}", "{}")
    assert (answer.status_code, answer.json()["__type"]) == (400, "ValidationException")
    path = member[0].lower() + member[1:]
    assert f"Value null at '{path}' failed to satisfy constraint: Member must not be null" in answer.json()["message"]


def test_several_errors_are_told_together(admin):
    answer = admin.post("TrentService.PutKeyPolicy", {"KeyId": "", "PolicyName": "x y"})
    message = answer.json()["message"]
    assert message.startswith("3 validation errors detected: ")
    for path in ("'keyId'", "'policyName'", "'policy'"):
        assert path in message


@pytest.mark.parametrize("operation, members", (
    ("Encrypt", {"KeyId": 1, "Plaintext": "eA=="}),
    ("Encrypt", {"KeyId": ["a"], "Plaintext": "eA=="}),
    ("Encrypt", {"KeyId": "a", "Plaintext": 5}),
    ("Encrypt", {"KeyId": "a", "Plaintext": "not base64!"}),
    ("Encrypt", {"KeyId": "a", "Plaintext": "eA=="[:3]}),
    ("Encrypt", {"KeyId": "a", "Plaintext": "eA==", "EncryptionContext": []}),
    ("Encrypt", {"KeyId": "a", "Plaintext": "eA==", "EncryptionContext": {"a": 1}}),
    ("Encrypt", {"KeyId": "a", "Plaintext": "eA==", "DryRun": "true"}),
    ("Encrypt", {"KeyId": "a", "Plaintext": "eA==", "GrantTokens": "x"}),
    ("Encrypt", {"KeyId": "a", "Plaintext": "eA==", "GrantTokens": [1]}),
    ("GenerateRandom", {"NumberOfBytes": "16"}),
    ("GenerateRandom", {"NumberOfBytes": 1.5}),
    ("GenerateRandom", {"NumberOfBytes": 2**70}),
    ("GenerateRandom", {"NumberOfBytes": True}),
    ("CreateKey", {"Tags": {}}), ("CreateKey", {"Tags": ["a"]}), ("CreateKey", {"Tags": [{"TagKey": 1, "TagValue": ""}]}),
    ("CreateKey", {"MultiRegion": "no"}), ("CreateKey", {"Description": {}}),
    ("Decrypt", {"CiphertextBlob": "eA==", "Recipient": "x"}),
))
def test_a_member_of_the_wrong_json_type(admin, operation, members):
    answer = admin.post(f"TrentService.{operation}", members)
    assert (answer.status_code, answer.json()["__type"]) == (400, "SerializationException")


def test_null_members_and_unknown_members_are_as_if_absent(admin, case):
    answer = admin.post("TrentService.Encrypt", {
        "KeyId": case.key_id, "Plaintext": "eA==", "EncryptionContext": None, "GrantTokens": None, "Unheard": {"of": []},
    })
    assert answer.status_code == 200


def test_data_key_wants_exactly_one_size(kms, case):
    text = "Please specify either number of bytes or key spec."
    for make in (kms.generate_data_key, kms.generate_data_key_without_plaintext):
        refused("ValidationException", make, KeyId=case.key_id, message=text)
        refused("ValidationException", make, KeyId=case.key_id, KeySpec="AES_256", NumberOfBytes=32, message=text)


@pytest.mark.parametrize("days", (1, 6, 31, 365))
def test_the_pending_window_is_7_to_30_days(kms, case, days):
    refused("ValidationException", kms.schedule_key_deletion, KeyId=case.key_id, PendingWindowInDays=days)


def test_the_plaintext_is_never_echoed(admin, case):
    secret = "c2VjcmV0" * 1000
    answer = admin.post("TrentService.Encrypt", {"KeyId": case.key_id, "Plaintext": secret})
    assert answer.status_code == 400 and "c2Vj" not in answer.text and "secret" not in answer.text


@pytest.mark.parametrize("members", (
    {"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS", "MultiRegion": False},
    {"CustomerMasterKeySpec": "SYMMETRIC_DEFAULT"},
))
def test_create_key_with_every_default_spelled_out(kms, members):
    metadata = kms.create_key(**members)["KeyMetadata"]
    assert (metadata["KeySpec"], metadata["KeyUsage"], metadata["Origin"]) == (
        "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS")


@pytest.mark.parametrize("operation", (*CRYPTOGRAPHIC, "describe_key"))
def test_an_unknown_grant_token(kms, case, operation):
    call, members = getattr(kms, operation), case.members(operation)
    refused("InvalidGrantTokenException", call, **members, GrantTokens=["nonsense"])
    assert call(**members, GrantTokens=[])


def test_too_many_and_too_long_grant_tokens(admin, case):
    raw = raw_kms(admin)
    refused("ValidationException", raw.describe_key, KeyId=case.key_id, GrantTokens=["a"] * 11, contains="'grantTokens'")
    refused("ValidationException", raw.describe_key, KeyId=case.key_id, GrantTokens=["a" * 8193],
            contains="'grantTokens.1.member'")


@pytest.mark.parametrize("algorithm", ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"))
def test_an_algorithm_that_does_not_fit_the_key(kms, case, algorithm):
    refused("InvalidKeyUsageException", kms.encrypt, **case.members("encrypt"), EncryptionAlgorithm=algorithm)
    refused("InvalidKeyUsageException", kms.decrypt, **case.members("decrypt"), KeyId=case.key_id,
            EncryptionAlgorithm=algorithm)
    refused("InvalidKeyUsageException", kms.re_encrypt, **case.members("re_encrypt"), SourceKeyId=case.key_id,
            SourceEncryptionAlgorithm=algorithm)
    refused("InvalidKeyUsageException", kms.re_encrypt, **case.members("re_encrypt"),
            DestinationEncryptionAlgorithm=algorithm)


@pytest.mark.parametrize("target", (
    "TrentService.Nothing", "TrentService.encrypt", "TrentService.", "TrentService", "Encrypt", "trentservice.Encrypt",
    "Kagimori.Nothing", "DynamoDB_20120810.ListTables", "TrentService.Encrypt.x", "", None,
))
def test_an_unknown_target(admin, target):
    answer = admin.post(target, "{}")
    assert (answer.status_code, answer.json()["__type"]) == (400, "UnknownOperationException")


def test_the_sdk_retries_an_ordered_fault_by_itself(admin, case):
    patient = admin.client("kms", retries={"total_max_attempts": 3, "mode": "standard"})
    admin.call("Kagimori.InjectFault", ErrorCode="KeyUnavailableException", Operation="Decrypt", Times=1)
    answer = patient.decrypt(CiphertextBlob=case.blob)
    assert answer["Plaintext"] == b"case" and answer["ResponseMetadata"]["RetryAttempts"] == 1


def test_faults_and_the_clock_are_for_test_mode_and_operators_only(fresh_server, make_user):
    user = make_user(allow=["kms:*"])
    for operation in ("InjectFault", "InjectStoreFault", "AdvanceLifecycleClock", "Sweep"):
        members = {"ErrorCode": "KMSInternalException", "Operation": "Encrypt", "Seconds": 1, "Table": "keys", "Call": "READ"}
        assert user.post(f"Kagimori.{operation}", members).json()["__type"] == "AccessDeniedException"
    plain = fresh_server(test_mode=False)
    for operation in ("InjectFault", "InjectStoreFault", "AdvanceLifecycleClock", "Sweep"):
        assert plain.admin.post(f"Kagimori.{operation}", {}).json()["__type"] == "UnknownOperationException"


def test_every_answer_has_what_clients_look_at(admin, case):
    good = admin.post("TrentService.DescribeKey", {"KeyId": case.key_id})
    bad = admin.post("TrentService.DescribeKey", {"KeyId": "alias/nobody"})
    empty = admin.post("TrentService.EnableKey", {"KeyId": case.key_id})
    for answer in (good, bad, empty):
        assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
        assert len(answer.headers["x-amzn-RequestId"]) == 36
        assert answer.headers["Date"].endswith("GMT")
    assert bad.headers["x-amzn-errortype"] == bad.json()["__type"] == "NotFoundException"
    assert (empty.status_code, empty.content, empty.headers["Content-Length"]) == (200, b"", "0")
    assert isinstance(good.json()["KeyMetadata"]["CreationDate"], (int, float))
    assert len({answer.headers["x-amzn-RequestId"] for answer in (good, bad, empty)}) == 3


def test_what_create_key_answers(kms):
    metadata = kms.create_key(Description="größe", Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]
    assert set(metadata) == {
        "AWSAccountId", "Arn", "CreationDate", "CurrentKeyMaterialId", "CustomerMasterKeySpec", "Description", "Enabled",
        "EncryptionAlgorithms", "KeyId", "KeyManager", "KeySpec", "KeyState", "KeyUsage", "MultiRegion", "Origin",
    }
    assert metadata["Description"] == "größe" and metadata["KeyManager"] == "CUSTOMER"
    assert metadata["Arn"] == f"arn:aws:kms:us-east-1:{metadata['AWSAccountId']}:key/{metadata['KeyId']}"
    described = kms.describe_key(KeyId=metadata["KeyId"])["KeyMetadata"]
    assert described == metadata


@pytest.mark.parametrize("text", ("", "x" * 8192, "ü\n\t\"\\\u2028𝄞"))
def test_a_description_comes_back_as_it_was_given(kms, key, text):
    kms.update_key_description(KeyId=key, Description=text)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == text


def test_an_alias_of_a_name_that_is_free_again(kms, case):
    name = new_alias()
    kms.create_alias(AliasName=name, TargetKeyId=case.key_id)
    kms.delete_alias(AliasName=name)
    refused("NotFoundException", kms.describe_key, KeyId=name)
    refused("NotFoundException", kms.delete_alias, AliasName=name)
    kms.create_alias(AliasName=name, TargetKeyId=case.other)
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == case.other
