"""Where kinds of keys meet the other features: grants on asymmetric and HMAC keys, and such keys in several Regions."""

import pytest
from kms_case import KINDS, Case, refused
from multi_region_case import held, home, primary, replicate, second, server  # noqa: F401: fixtures

OF_KIND = {
    "SIGN_VERIFY": ("Sign", "Verify", "GetPublicKey"),
    "GENERATE_VERIFY_MAC": ("GenerateMac", "VerifyMac"),
    "KEY_AGREEMENT": ("DeriveSharedSecret", "GetPublicKey"),
}
ALWAYS = ("DescribeKey", "CreateGrant", "RetireGrant")


@pytest.mark.parametrize("operation", KINDS)
def test_a_grant_allows_its_operation_and_no_other(home, make_user, server, operation):  # noqa: F811
    case = Case(home, operation)
    name = home.meta.method_to_api_mapping[operation]
    user = make_user(on=server)
    call, members = getattr(user.client(), operation), case.members(operation)
    others = [other for other in (*OF_KIND[KINDS[operation][1]], *ALWAYS) if other != name]
    home.create_grant(KeyId=case.key_id, GranteePrincipal=user.arn, Operations=others)
    refused("AccessDeniedException", call, **members)
    token = home.create_grant(KeyId=case.key_id, GranteePrincipal=user.arn, Operations=[name])["GrantToken"]
    assert call(**members)
    assert call(**members, GrantTokens=[token])


@pytest.mark.parametrize("usage", OF_KIND)
def test_a_grant_of_an_operation_that_the_kind_does_not_have(home, usage):  # noqa: F811
    operation = next(name for name, kind in KINDS.items() if kind[1] == usage)
    case = Case(home, operation)
    every = {name for names in OF_KIND.values() for name in names} | {"Encrypt", "GenerateDataKey", "ReEncryptTo"}
    for wrong in every - set(OF_KIND[usage]):
        refused("ValidationException", home.create_grant, KeyId=case.key_id, GranteePrincipal=case.root,
                Operations=[wrong], contains=wrong)
    refused("ValidationException", home.create_grant, KeyId=case.key_id, GranteePrincipal=case.root,
            Operations=["DescribeKey"], Constraints={"EncryptionContextSubset": {"a": "b"}})


SIGNING = {"RSA_2048": "RSASSA_PSS_SHA_256", "ECC_NIST_P384": "ECDSA_SHA_384", "ECC_NIST_EDWARDS25519": "ED25519_SHA_512"}


@pytest.mark.parametrize("spec", SIGNING)
def test_what_one_region_signs_the_other_verifies(home, second, spec):  # noqa: F811
    key_id = replicate(home, primary(home, KeySpec=spec, KeyUsage="SIGN_VERIFY"), second)
    assert home.get_public_key(KeyId=key_id)["PublicKey"] == second.get_public_key(KeyId=key_id)["PublicKey"]
    members = {"KeyId": key_id, "Message": b"x", "SigningAlgorithm": SIGNING[spec]}
    for signer, verifier in ((home, second), (second, home)):
        signature = signer.sign(**members)["Signature"]
        assert verifier.verify(Signature=signature, **members)["SignatureValid"]
    assert "CurrentKeyMaterialId" not in second.describe_key(KeyId=key_id)["KeyMetadata"]


def test_macs_and_ciphertexts_of_other_kinds_in_two_regions(home, second):  # noqa: F811
    mac_key = replicate(home, primary(home, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC"), second)
    members = {"KeyId": mac_key, "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}
    assert home.generate_mac(**members)["Mac"] == second.generate_mac(**members)["Mac"]
    rsa = replicate(home, primary(home, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT"), second)
    blob = home.encrypt(KeyId=rsa, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")["CiphertextBlob"]
    opened = second.decrypt(KeyId=rsa, CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    assert opened["Plaintext"] == b"x"


def test_each_region_has_its_own_last_usage(home, second):  # noqa: F811
    key_id = replicate(home, primary(home), second)
    home.encrypt(KeyId=key_id, Plaintext=b"x")
    assert home.get_key_last_usage(KeyId=key_id)["KeyLastUsage"]["Operation"] == "Encrypt"
    assert "KeyLastUsage" not in second.get_key_last_usage(KeyId=key_id)


def test_a_replica_that_is_being_created_gives_no_public_key(home, second, held):  # noqa: F811
    key_id = primary(home, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    home.replicate_key(KeyId=key_id, ReplicaRegion=second.meta.region_name)
    refused("KMSInvalidStateException", second.get_public_key, KeyId=key_id, contains="is creating")
    refused("KMSInvalidStateException", second.sign, KeyId=key_id, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    held()
    assert second.get_public_key(KeyId=key_id)["PublicKey"] == home.get_public_key(KeyId=key_id)["PublicKey"]
