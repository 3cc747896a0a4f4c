"""The AWS CLI against the server, with nothing but the variables of DIR/env."""

import base64

import pytest


def test_the_first_things_a_person_does(admin, tmp_path):
    key_id = admin.aws("kms", "create-key", "--description", "from the CLI")["KeyMetadata"]["KeyId"]
    alias = f"alias/cli-{key_id}"
    assert admin.aws("kms", "create-alias", "--alias-name", alias, "--target-key-id", key_id) == {}
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.write_bytes(b"bytes \x00\xff of a file")
    answer = admin.aws("kms", "encrypt", "--key-id", alias, "--plaintext", f"fileb://{plain}",
                       "--encryption-context", "purpose=test,who=me")
    sealed.write_bytes(base64.b64decode(answer["CiphertextBlob"]))
    opened = ("kms", "decrypt", "--ciphertext-blob", f"fileb://{sealed}", "--encryption-context")
    assert base64.b64decode(admin.aws(*opened, "who=me,purpose=test")["Plaintext"]) == plain.read_bytes()
    failed = admin.aws(*opened, "who=me", check=False)
    assert failed.returncode == 255 and "InvalidCiphertextException" in failed.stderr

    admin.aws("kms", "rotate-key-on-demand", "--key-id", key_id)
    assert len(admin.aws("kms", "list-key-rotations", "--key-id", key_id)["Rotations"]) == 1
    assert base64.b64decode(admin.aws(*opened, "who=me,purpose=test")["Plaintext"]) == plain.read_bytes()

    admin.aws("kms", "disable-key", "--key-id", key_id)
    failed = admin.aws(*opened, "who=me,purpose=test", check=False)
    assert failed.returncode == 255 and f"key/{key_id} is disabled." in failed.stderr
    admin.aws("kms", "enable-key", "--key-id", key_id)
    answer = admin.aws("kms", "schedule-key-deletion", "--key-id", key_id, "--pending-window-in-days", "7")
    assert answer["KeyState"] == "PendingDeletion"
    assert admin.aws("kms", "describe-key", "--key-id", alias)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    admin.aws("kms", "cancel-key-deletion", "--key-id", key_id)
    assert admin.aws("kms", "describe-key", "--key-id", alias)["KeyMetadata"]["KeyState"] == "Disabled"


def test_lists_policies_and_tags(admin, key):
    assert key in [one["KeyId"] for one in admin.aws("kms", "list-keys")["Keys"]]
    admin.aws("kms", "tag-resource", "--key-id", key, "--tags", "TagKey=team,TagValue=blue")
    assert admin.aws("kms", "list-resource-tags", "--key-id", key)["Tags"] == [{"TagKey": "team", "TagValue": "blue"}]
    policy = admin.aws("kms", "get-key-policy", "--key-id", key, "--policy-name", "default")["Policy"]
    assert "key-default-1" in policy
    admin.aws("kms", "put-key-policy", "--key-id", key, "--policy-name", "default", "--policy", policy)


@pytest.mark.parametrize("arguments, code", (
    (("kms", "describe-key", "--key-id", "alias/nobody"), "NotFoundException"),
    (("kms", "generate-random", "--number-of-bytes", "2000"), "ValidationException"),
    (("kms", "create-alias", "--alias-name", "alias/aws/mine", "--target-key-id", "x"), "InvalidAliasNameException"),
))
def test_errors_reach_the_person(admin, arguments, code):
    failed = admin.aws(*arguments, check=False)
    assert failed.returncode == 255 and code in failed.stderr
