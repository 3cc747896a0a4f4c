"""Imported material of multi-Region keys: new material goes into the primary, then the same into each replica."""

import os
import time

import pytest
from harness import SECOND_REGION
from importing import Importer, described, new_external_key, new_material, state_of
from kms_case import refused
from test_import_rotation import materials, new, states


@pytest.fixture(scope="module")
def there(server):
    return server.admin.client(region=SECOND_REGION)


def replicate(kms, there, key_id):
    kms.replicate_key(KeyId=key_id, ReplicaRegion=SECOND_REGION)
    while state_of(there, key_id) == "Creating":
        time.sleep(0.01)


@pytest.fixture
def material():
    return os.urandom(32)


@pytest.fixture
def pair(kms, there, material):
    """Importers of a primary that has its material and of its replica, which awaits it."""
    key_id = new_external_key(kms, MultiRegion=True)
    primary = Importer(kms, key_id)
    primary(material)
    replicate(kms, there, key_id)
    return primary, Importer(there, key_id)


def test_a_replica_awaits_an_import_of_its_own(kms, there, pair, material):
    primary, replica = pair
    assert state_of(there, replica.key_id) == "PendingImport" and state_of(kms, primary.key_id) == "Enabled"
    current = described(kms, primary.key_id)["CurrentKeyMaterialId"]
    refused("IncorrectKeyMaterialException", there.import_key_material, **replica.members(os.urandom(32)))
    refused("UnsupportedOperationException", there.import_key_material,
            **replica.members(material, ImportType="NEW_KEY_MATERIAL"), contains="is not a multi-region primary key")
    refused("InvalidImportTokenException", there.import_key_material,
            **{**replica.members(material), "ImportToken": primary.parameters["ImportToken"]})
    assert replica(material)["KeyMaterialId"] == current, "the same material has the same id in every Region"
    assert state_of(there, replica.key_id) == "Enabled"
    blob = kms.encrypt(KeyId=primary.key_id, Plaintext=b"x")["CiphertextBlob"]
    assert there.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    there.delete_imported_key_material(KeyId=replica.key_id)
    assert state_of(there, replica.key_id) == "PendingImport" and state_of(kms, primary.key_id) == "Enabled"
    replica(material)
    kms.delete_imported_key_material(KeyId=primary.key_id)
    assert state_of(there, replica.key_id) == "Enabled" and state_of(kms, primary.key_id) == "PendingImport"


def test_rotation_waits_for_every_replica(kms, there, pair, material):
    primary, replica = pair
    key_id = primary.key_id
    replica(material)
    old = kms.encrypt(KeyId=key_id, Plaintext=b"old")["CiphertextBlob"]
    one, two = described(kms, key_id)["CurrentKeyMaterialId"], os.urandom(32)
    second = new(primary, two)
    assert states(kms, key_id)[second] == ("PENDING_MULTI_REGION_IMPORT_AND_ROTATION", "IMPORTED")
    assert state_of(there, key_id) == "Enabled"
    refused("KMSInvalidStateException", kms.rotate_key_on_demand, KeyId=key_id, contains="No available key material")
    assert replica(two)["KeyMaterialId"] == second
    assert states(kms, key_id)[second] == states(there, key_id)[second] == ("PENDING_ROTATION", "IMPORTED")
    refused("UnsupportedOperationException", there.rotate_key_on_demand, KeyId=key_id)
    kms.rotate_key_on_demand(KeyId=key_id)
    for client in (kms, there):
        assert states(client, key_id) == {one: ("NON_CURRENT", "IMPORTED"), second: ("CURRENT", "IMPORTED")}
        assert described(client, key_id)["CurrentKeyMaterialId"] == second and state_of(client, key_id) == "Enabled"
        assert client.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
        [rotation] = materials(client, key_id, "ROTATIONS_ONLY")
        assert rotation["KeyMaterialId"] == second
    blob = there.encrypt(KeyId=key_id, Plaintext=b"new")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["KeyMaterialId"] == second


def test_pending_material_that_the_primary_loses_is_gone_everywhere(kms, there, pair, material):
    primary, replica = pair
    replica(material)
    two = os.urandom(32)
    second = new(primary, two)
    replica(two)
    there.delete_imported_key_material(KeyId=replica.key_id, KeyMaterialId=second)
    assert states(there, replica.key_id)[second][1] == "PENDING_IMPORT"
    assert states(kms, primary.key_id)[second] == ("PENDING_MULTI_REGION_IMPORT_AND_ROTATION", "IMPORTED")
    replica(two)
    kms.delete_imported_key_material(KeyId=primary.key_id, KeyMaterialId=second)
    for client in (kms, there):
        assert second not in states(client, primary.key_id) and state_of(client, primary.key_id) == "Enabled"
    third = new(primary)
    assert states(there, replica.key_id)[third][1] == "PENDING_IMPORT"


def test_a_replica_that_is_made_while_material_is_pending(kms, there, material):
    key_id = new_external_key(kms, MultiRegion=True)
    primary, two = Importer(kms, key_id), os.urandom(32)
    primary(material)
    second = new(primary, two)
    replicate(kms, there, key_id)
    assert state_of(there, key_id) == "PendingImport"
    assert states(kms, key_id)[second][0] == "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    replica = Importer(there, key_id)
    replica(two)
    assert state_of(there, key_id) == "PendingImport"
    replica(material)
    assert state_of(there, key_id) == "Enabled"
    kms.rotate_key_on_demand(KeyId=key_id)
    assert described(there, key_id)["CurrentKeyMaterialId"] == second


@pytest.mark.parametrize("spec", ("HMAC_256", "ECC_NIST_P256", "RSA_2048"))
def test_other_kinds_of_keys(kms, there, spec):
    key_id, material = new_external_key(kms, spec, MultiRegion=True), new_material(spec)
    refused("KMSInvalidStateException", kms.replicate_key, KeyId=key_id, ReplicaRegion=SECOND_REGION,
            contains="is pending import.")
    first = Importer(kms, key_id)(material)["KeyMaterialId"]
    replicate(kms, there, key_id)
    assert state_of(there, key_id) == "PendingImport"
    assert Importer(there, key_id)(material)["KeyMaterialId"] == first
    if spec != "HMAC_256":
        assert there.get_public_key(KeyId=key_id)["PublicKey"] == kms.get_public_key(KeyId=key_id)["PublicKey"]
