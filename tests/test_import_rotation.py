"""Several imported materials of one key, and rotation on demand to them."""

import datetime
import os

import pytest
from importing import Importer, described, new_external_key, new_material, state_of
from kms_case import DAY, advance, new_key, refused
from test_audit import events


@pytest.fixture
def home(fresh_server):
    return fresh_server()


@pytest.fixture
def importer(kms):
    return Importer(kms, new_external_key(kms))


def materials(kms, key_id, include="ALL_KEY_MATERIAL"):
    return kms.list_key_rotations(KeyId=key_id, IncludeKeyMaterial=include)["Rotations"]


def states(kms, key_id):
    return {one["KeyMaterialId"]: (one["KeyMaterialState"], one["ImportState"]) for one in materials(kms, key_id)}


def later(home, **delta):
    kms = home.admin.client()
    return described(kms, new_key(kms))["CreationDate"] + datetime.timedelta(**delta)


def new(importer, material=None, **more):
    return importer(material or os.urandom(32), ImportType="NEW_KEY_MATERIAL", **more)["KeyMaterialId"]


def test_rotation_to_imported_material(kms, importer):
    key_id = importer.key_id
    one, two = os.urandom(32), os.urandom(32)
    first = importer(one, KeyMaterialDescription="the first: 2026/a_b-c.d")["KeyMaterialId"]
    old = kms.encrypt(KeyId=key_id, Plaintext=b"old")["CiphertextBlob"]
    arn = described(kms, key_id)["Arn"]
    refused("KMSInvalidStateException", kms.rotate_key_on_demand, KeyId=key_id,
            message=f"No available key material pending rotation for the key: {arn}.")
    second = new(importer, two, KeyMaterialDescription="second")
    assert states(kms, key_id) == {first: ("CURRENT", "IMPORTED"), second: ("PENDING_ROTATION", "IMPORTED")}
    assert materials(kms, key_id, "ROTATIONS_ONLY") == []
    assert described(kms, key_id)["CurrentKeyMaterialId"] == first
    assert kms.generate_data_key(KeyId=key_id, KeySpec="AES_256")["KeyMaterialId"] == first
    assert kms.rotate_key_on_demand(KeyId=key_id)["KeyId"] == arn
    assert states(kms, key_id) == {first: ("NON_CURRENT", "IMPORTED"), second: ("CURRENT", "IMPORTED")}
    assert described(kms, key_id)["CurrentKeyMaterialId"] == second
    [rotation] = materials(kms, key_id, "ROTATIONS_ONLY")
    assert (rotation["KeyMaterialId"], rotation["RotationType"]) == (second, "ON_DEMAND") and "RotationDate" in rotation
    assert rotation["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE" and "ValidTo" not in rotation
    descriptions = {entry["KeyMaterialId"]: entry["KeyMaterialDescription"] for entry in materials(kms, key_id)}
    assert descriptions == {first: "the first: 2026/a_b-c.d", second: "second"}
    opened = kms.decrypt(CiphertextBlob=old)
    assert (opened["Plaintext"], opened["KeyMaterialId"]) == (b"old", first)
    assert kms.generate_data_key(KeyId=key_id, KeySpec="AES_256")["KeyMaterialId"] == second
    refused("KMSInvalidStateException", kms.rotate_key_on_demand, KeyId=key_id, contains="No available key material")
    importer(one, ImportType="EXISTING_KEY_MATERIAL")
    descriptions = {entry["KeyMaterialId"]: entry["KeyMaterialDescription"] for entry in materials(kms, key_id)}
    assert descriptions[first] == "the first: 2026/a_b-c.d", "kept when it is left out"
    importer(one, KeyMaterialDescription="renamed", KeyMaterialId=first)
    assert materials(kms, key_id)[0]["KeyMaterialDescription"] == "renamed"


def test_one_material_may_be_pending(kms, importer):
    first = importer(os.urandom(32))["KeyMaterialId"]
    two, three = os.urandom(32), os.urandom(32)
    second = new(importer, two)
    text = refused("KMSInvalidStateException", kms.import_key_material,
                   **importer.members(three, ImportType="NEW_KEY_MATERIAL"), contains="New key material (id: ")
    assert text.endswith(f"cannot be imported into KMS key {importer.key_id}, because another key material (id: {second}) is "
                         "pending rotation.")
    kms.delete_imported_key_material(KeyId=importer.key_id, KeyMaterialId=second)
    assert state_of(kms, importer.key_id) == "Enabled", "it did not belong to the key yet"
    assert states(kms, importer.key_id) == {first: ("CURRENT", "IMPORTED")}
    refused("NotFoundException", kms.delete_imported_key_material, KeyId=importer.key_id, KeyMaterialId=second)
    third = new(importer, three)
    assert states(kms, importer.key_id)[third] == ("PENDING_ROTATION", "IMPORTED")
    kms.rotate_key_on_demand(KeyId=importer.key_id)
    assert described(kms, importer.key_id)["CurrentKeyMaterialId"] == third
    assert new(importer, two) == second, "the same material, the same id"


def test_import_types(kms, importer):
    call, one = kms.import_key_material, os.urandom(32)
    refused("IncorrectKeyMaterialException", call, **importer.members(one, ImportType="EXISTING_KEY_MATERIAL"))
    refused("ValidationException", call,
            **importer.members(one, ImportType="NEW_KEY_MATERIAL", KeyMaterialId="a" * 64), contains="KeyMaterialId")
    first = new(importer, one)
    assert state_of(kms, importer.key_id) == "Enabled", "the first import needs no rotation"
    refused("IncorrectKeyMaterialException", call, **importer.members(one, ImportType="NEW_KEY_MATERIAL"), contains=first)
    refused("IncorrectKeyMaterialException", call, **importer.members(one, KeyMaterialId="a" * 64))
    refused("IncorrectKeyMaterialException", call, **importer.members(os.urandom(32)), contains="imported")
    two = os.urandom(32)
    second = new(importer, two)
    refused("IncorrectKeyMaterialException", call, **importer.members(two, ImportType="NEW_KEY_MATERIAL"), contains=second)
    refused("IncorrectKeyMaterialException", call, **importer.members(two, KeyMaterialId=first))
    assert importer(two, KeyMaterialId=second)["KeyMaterialId"] == second


@pytest.mark.parametrize("spec", ("HMAC_256", "ECC_NIST_P256"))
def test_other_keys_have_one_material_for_life(kms, spec):
    importer, material = Importer(kms, new_external_key(kms, spec)), new_material(spec)
    for more in ({"ImportType": "NEW_KEY_MATERIAL"}, {"KeyMaterialDescription": "d"}, {"KeyMaterialId": "a" * 64},
                 {"ImportType": "EXISTING_KEY_MATERIAL"}):
        refused("UnsupportedOperationException", kms.import_key_material, **importer.members(material, **more))
    one = importer(material)["KeyMaterialId"]
    refused("IncorrectKeyMaterialException", kms.import_key_material, **importer.members(new_material(spec)))
    refused("UnsupportedOperationException", kms.delete_imported_key_material, KeyId=importer.key_id, KeyMaterialId=one)
    refused("UnsupportedOperationException", kms.rotate_key_on_demand, KeyId=importer.key_id)
    kms.delete_imported_key_material(KeyId=importer.key_id)
    # The state is checked before the kind of key.
    refused("KMSInvalidStateException", kms.rotate_key_on_demand, KeyId=importer.key_id, contains="is pending import.")


def test_a_key_is_of_use_only_with_all_its_materials(kms, importer):
    key_id, all_of_them, blobs = importer.key_id, [os.urandom(32) for _ in range(3)], []
    ids = [importer(all_of_them[0])["KeyMaterialId"]]
    blobs.append(kms.encrypt(KeyId=key_id, Plaintext=b"0")["CiphertextBlob"])
    for number in (1, 2):
        ids.append(new(importer, all_of_them[number]))
        kms.rotate_key_on_demand(KeyId=key_id)
        blobs.append(kms.encrypt(KeyId=key_id, Plaintext=str(number).encode())["CiphertextBlob"])
    deleted = kms.delete_imported_key_material(KeyId=key_id, KeyMaterialId=ids[0])
    assert deleted["KeyMaterialId"] == ids[0] and state_of(kms, key_id) == "PendingImport"
    for blob in blobs:
        refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=blob, contains="is pending import.")
    assert kms.delete_imported_key_material(KeyId=key_id)["KeyMaterialId"] == ids[2], "the current one by default"
    kms.delete_imported_key_material(KeyId=key_id, KeyMaterialId=ids[0])  # again: no harm
    assert states(kms, key_id) == {
        ids[0]: ("NON_CURRENT", "PENDING_IMPORT"), ids[1]: ("NON_CURRENT", "IMPORTED"), ids[2]: ("CURRENT", "PENDING_IMPORT")}
    assert "ExpirationModel" not in materials(kms, key_id)[0]
    importer(all_of_them[2])
    assert state_of(kms, key_id) == "PendingImport"
    fourth = new(importer)
    assert state_of(kms, key_id) == "PendingImport"
    refused("KMSInvalidStateException", kms.rotate_key_on_demand, KeyId=key_id, contains="is pending import.")
    importer(all_of_them[0])
    assert state_of(kms, key_id) == "Enabled"
    for number, blob in enumerate(blobs):
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == str(number).encode()
    kms.rotate_key_on_demand(KeyId=key_id)
    assert described(kms, key_id)["CurrentKeyMaterialId"] == fourth


def test_the_earliest_expiry_counts(home):
    kms = home.admin.client()
    importer = Importer(kms, new_external_key(kms))
    one, two = os.urandom(32), os.urandom(32)
    dates = later(home, days=30), later(home, days=10), later(home, days=5)
    first = importer(one, ValidTo=dates[0])["KeyMaterialId"]
    second = new(importer, two, ValidTo=dates[1])
    shown = {one["KeyMaterialId"]: one["ValidTo"] for one in materials(kms, importer.key_id)}
    assert all(abs((shown[name] - date).total_seconds()) < 1 for name, date in zip((first, second), dates))
    assert abs((described(kms, importer.key_id)["ValidTo"] - dates[0]).total_seconds()) < 1, "pending material does not count"
    kms.rotate_key_on_demand(KeyId=importer.key_id)
    assert abs((described(kms, importer.key_id)["ValidTo"] - dates[1]).total_seconds()) < 1
    third = new(importer, ValidTo=dates[2])
    advance(home, days=6)
    assert state_of(kms, importer.key_id) == "Enabled" and third not in states(kms, importer.key_id)
    refused("KMSInvalidStateException", kms.rotate_key_on_demand, KeyId=importer.key_id, contains="No available key material")
    advance(home, days=5)
    assert states(kms, importer.key_id) == {first: ("NON_CURRENT", "IMPORTED"), second: ("CURRENT", "PENDING_IMPORT")}
    advance(home, days=20)
    assert {state for _, state in states(kms, importer.key_id).values()} == {"PENDING_IMPORT"}
    expired = [one["additionalEventData"]["keyMaterialId"] for one in events(home)
               if one["eventName"] == "DeleteExpiredKeyMaterial"]
    assert expired == [third, second, first]
    home.crash_and_restart()
    kms = home.admin.client()
    importer = Importer(kms, importer.key_id)
    importer(two)
    assert state_of(kms, importer.key_id) == "PendingImport"
    importer(one)
    assert state_of(kms, importer.key_id) == "Enabled"


def test_materials_that_expire_at_the_same_moment(home):
    kms = home.admin.client()
    importer = Importer(kms, new_external_key(kms))
    date = later(home, days=2)
    importer(os.urandom(32), ValidTo=date)
    new(importer, ValidTo=date)
    kms.rotate_key_on_demand(KeyId=importer.key_id)
    new(importer, ValidTo=date)
    advance(home, days=3)
    home.admin.call("Kagimori.Sweep")
    assert [state for state, _ in states(kms, importer.key_id).values()] == ["NON_CURRENT", "CURRENT"]
    assert {state for _, state in states(kms, importer.key_id).values()} == {"PENDING_IMPORT"}
    assert len([one for one in events(home) if one["eventName"] == "DeleteExpiredKeyMaterial"]) == 3


def test_pending_material_that_expired_is_not_rotated_to_before_any_sweep(home):
    kms = home.admin.client()
    importer = Importer(kms, new_external_key(kms))
    importer(os.urandom(32))
    new(importer, ValidTo=later(home, days=1))
    home.admin.call("Kagimori.HoldSweeper", Held=True)
    home.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=DAY + 1)
    refused("KMSInvalidStateException", kms.rotate_key_on_demand, KeyId=importer.key_id, contains="No available key material")
    assert state_of(kms, importer.key_id) == "Enabled"


def test_25_rotations_and_no_more(kms, importer):
    blobs = []
    importer(os.urandom(32))
    for number in range(25):
        blobs.append(kms.encrypt(KeyId=importer.key_id, Plaintext=bytes([number]))["CiphertextBlob"])
        new(importer)
        kms.rotate_key_on_demand(KeyId=importer.key_id)
    new(importer)
    refused("LimitExceededException", kms.rotate_key_on_demand, KeyId=importer.key_id)
    for number, blob in enumerate(blobs):
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == bytes([number])
    found, members = [], {"KeyId": importer.key_id, "Limit": 10, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"}
    while True:
        page = kms.list_key_rotations(**members)
        found.append(len(page["Rotations"]))
        if not page["Truncated"]:
            break
        members["Marker"] = page["NextMarker"]
    assert found == [10, 10, 7]
    page = kms.list_key_rotations(KeyId=importer.key_id, Limit=25)
    assert len(page["Rotations"]) == 25 and page["Truncated"] is False, "what awaits rotation is not listed, nor announced"


def test_a_disabled_key_does_not_rotate(kms, importer):
    importer(os.urandom(32))
    kms.disable_key(KeyId=importer.key_id)
    new(importer)
    assert state_of(kms, importer.key_id) == "Disabled"
    refused("DisabledException", kms.rotate_key_on_demand, KeyId=importer.key_id)
    kms.enable_key(KeyId=importer.key_id)
    kms.rotate_key_on_demand(KeyId=importer.key_id)
