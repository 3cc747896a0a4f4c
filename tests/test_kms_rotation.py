"""Rotation on demand and by the clock, and what becomes of old ciphertexts and of destroyed keys."""

import sqlite3

import pytest
from audit_log import audit_text
from kms_case import DAY, advance, new_alias, new_key, refused


@pytest.fixture
def home(fresh_server):
    """A server whose lifecycle clock may jump without harm to other tests."""
    return fresh_server()


def materials(kms, key_id, include="ALL_KEY_MATERIAL"):
    return kms.list_key_rotations(KeyId=key_id, IncludeKeyMaterial=include)["Rotations"]


def test_rotation_on_demand(kms, key):
    old = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    first = kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert materials(kms, key, "ROTATIONS_ONLY") == []
    assert kms.rotate_key_on_demand(KeyId=key)["KeyId"].endswith(f":key/{key}")
    second = kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert first != second
    opened = kms.decrypt(CiphertextBlob=old)
    assert (opened["Plaintext"], opened["KeyMaterialId"]) == (b"old", first)
    new = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    assert new["KeyMaterialId"] == second
    moved = kms.re_encrypt(CiphertextBlob=old, DestinationKeyId=key)
    assert (moved["SourceKeyMaterialId"], moved["DestinationKeyMaterialId"]) == (first, second)
    [rotation] = materials(kms, key, "ROTATIONS_ONLY")
    assert (rotation["KeyMaterialId"], rotation["RotationType"]) == (second, "ON_DEMAND")
    assert rotation["KeyMaterialState"] == "CURRENT" and "RotationDate" in rotation
    everything = {one["KeyMaterialId"]: one["KeyMaterialState"] for one in materials(kms, key)}
    assert everything == {first: "NON_CURRENT", second: "CURRENT"}
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False


def test_25_rotations_on_demand_and_no_more(kms, key):
    blobs = []
    for number in range(25):
        blobs.append(kms.encrypt(KeyId=key, Plaintext=bytes([number]))["CiphertextBlob"])
        kms.rotate_key_on_demand(KeyId=key)
    text = refused("LimitExceededException", kms.rotate_key_on_demand, KeyId=key)
    assert text.startswith("The on-demand rotations limit has been reached for the given keyId. No more on-demand "
                           "rotations can be performed for this key: arn:aws:kms:")
    for number, blob in enumerate(blobs):
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == bytes([number])
    found, members = [], {"KeyId": key, "Limit": 10}
    while True:
        page = kms.list_key_rotations(**members)
        found.append(len(page["Rotations"]))
        if not page["Truncated"]:
            break
        members["Marker"] = page["NextMarker"]
    assert found == [10, 10, 5]
    assert len(materials(kms, key)) == 26


@pytest.mark.parametrize("days", (None, 90, 2560))
def test_status_of_automatic_rotation(kms, key, days):
    kms.enable_key_rotation(KeyId=key, **({} if days is None else {"RotationPeriodInDays": days}))
    status = kms.get_key_rotation_status(KeyId=key)
    made = kms.describe_key(KeyId=key)["KeyMetadata"]["CreationDate"]
    assert status["KeyRotationEnabled"] is True and status["RotationPeriodInDays"] == (days or 365)
    assert (status["NextRotationDate"] - made).days == (days or 365)
    kms.disable_key_rotation(KeyId=key)
    status = kms.get_key_rotation_status(KeyId=key)
    assert status["KeyRotationEnabled"] is False
    assert "RotationPeriodInDays" not in status and "NextRotationDate" not in status
    kms.disable_key_rotation(KeyId=key)  # idempotent


def test_a_change_of_the_period_moves_the_next_rotation(kms, key):
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=365)
    before = kms.get_key_rotation_status(KeyId=key)["NextRotationDate"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    after = kms.get_key_rotation_status(KeyId=key)
    assert after["RotationPeriodInDays"] == 100
    assert 264 <= (before - after["NextRotationDate"]).days <= 265


def test_automatic_rotation_happens_when_it_is_due(home):
    kms = home.admin.client()
    key_id = new_key(kms)
    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
    blobs = [kms.encrypt(KeyId=key_id, Plaintext=b"0")["CiphertextBlob"]]
    advance(home, days=89)
    assert materials(kms, key_id, "ROTATIONS_ONLY") == []
    for number in range(1, 4):
        advance(home, days=90)
        rotations = materials(kms, key_id, "ROTATIONS_ONLY")
        assert [one["RotationType"] for one in rotations] == ["AUTOMATIC"] * number
        blobs.append(kms.encrypt(KeyId=key_id, Plaintext=str(number).encode())["CiphertextBlob"])
    home.restart()
    kms = home.admin.client()
    for number, blob in enumerate(blobs):
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == str(number).encode()


def test_rotation_on_demand_does_not_move_the_schedule_but_waits_for_what_is_due(home):
    kms = home.admin.client()
    key_id = new_key(kms)
    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
    due = kms.get_key_rotation_status(KeyId=key_id)["NextRotationDate"]
    kms.rotate_key_on_demand(KeyId=key_id)
    assert kms.get_key_rotation_status(KeyId=key_id)["NextRotationDate"] == due
    advance(home, seconds=90 * DAY - 600)
    refused("ConflictException", kms.rotate_key_on_demand, KeyId=key_id)
    advance(home, seconds=1200)
    kms.rotate_key_on_demand(KeyId=key_id)
    assert [one["RotationType"] for one in materials(kms, key_id, "ROTATIONS_ONLY")] == [
        "ON_DEMAND", "AUTOMATIC", "ON_DEMAND"]


def test_a_disabled_key_rotates_when_it_is_enabled_again(home):
    kms = home.admin.client()
    overdue, on_time = new_key(kms), new_key(kms)
    for key_id, days in ((overdue, 90), (on_time, 365)):
        kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=days)
        kms.disable_key(KeyId=key_id)
    advance(home, days=100)
    assert materials(kms, overdue, "ROTATIONS_ONLY") == []
    for key_id in (overdue, on_time):
        kms.enable_key(KeyId=key_id)
    advance(home)
    assert len(materials(kms, overdue, "ROTATIONS_ONLY")) == 1
    assert materials(kms, on_time, "ROTATIONS_ONLY") == []


def test_a_key_that_awaits_deletion_does_not_rotate(home):
    kms = home.admin.client()
    key_id = new_key(kms)
    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
    advance(home, days=80)
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=30)
    assert kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is False
    advance(home, days=20)
    assert materials(kms, key_id, "ROTATIONS_ONLY") == []
    kms.cancel_key_deletion(KeyId=key_id)
    assert kms.get_key_rotation_status(KeyId=key_id)["RotationPeriodInDays"] == 90
    kms.enable_key(KeyId=key_id)
    advance(home)
    assert len(materials(kms, key_id, "ROTATIONS_ONLY")) == 1


def test_deletion_really_happens(home):
    kms = home.admin.client()
    key_id, alias = new_key(kms), new_alias()
    kms.create_alias(AliasName=alias, TargetKeyId=key_id)
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"gone")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    advance(home, days=7, seconds=-60)
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=blob)
    advance(home, seconds=120)
    for _ in range(2):
        for name in (key_id, alias):
            refused("NotFoundException", kms.describe_key, KeyId=name)
        refused("AccessDeniedException", kms.decrypt, CiphertextBlob=blob,
                contains="on the resource associated with this ciphertext because the resource does not exist in this")
        refused("NotFoundException", kms.cancel_key_deletion, KeyId=key_id)
        assert key_id not in [entry["KeyId"] for entry in kms.list_keys()["Keys"]]
        assert alias not in [entry["AliasName"] for entry in kms.list_aliases()["Aliases"]]
        home.crash_and_restart()
        kms = home.admin.client()
    events = audit_text(home)
    assert '"eventName":"DeleteKey"' in events


def test_the_lifecycle_clock_goes_on_after_a_restart(home):
    kms = home.admin.client()
    key_id, kept = new_key(kms), new_key(kms)
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    advance(home, days=6)
    home.crash_and_restart()
    advance(home, days=2)
    kms = home.admin.client()
    refused("NotFoundException", kms.describe_key, KeyId=key_id)
    assert kms.describe_key(KeyId=kept)["KeyMetadata"]["KeyState"] == "Enabled"


def object_records(home):
    path = home.data / "store" / "kagimori.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        return {bytes(pk): bytes(value) for pk, value in connection.execute("SELECT pk, value FROM t_objects")}


def test_destroyed_material_is_gone_from_the_database_and_its_log(home):
    kms = home.admin.client()
    keeper = new_key(kms)
    before = set(object_records(home))
    key_id = new_key(kms)
    kms.rotate_key_on_demand(KeyId=key_id)
    records = object_records(home)
    doomed = [records[pk] for pk in set(records) - before]
    assert len(doomed) == 2
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    advance(home, days=8)
    after = object_records(home)
    assert set(after) == set(records), "the record of the object stays"
    contents = {path: path.read_bytes() for path in (home.data / "store").iterdir()}
    for pk in set(records) - before:
        old, new = records[pk], after[pk]
        assert len(new) < len(old)
        # Runs of 24 bytes that neither begin nor end with what the record without material still has: all of the
        # wrapped material is in them.
        runs = [old[start : start + 24] for start in range(len(old) - 24)]
        runs = [run for run in runs if run[:12] not in new and run[-12:] not in new]
        assert len(runs) > 24
        for path, content in contents.items():
            assert not [run for run in runs if run in content], f"{path.name} still holds the wrapped material"
    assert kms.encrypt(KeyId=keeper, Plaintext=b"x")["CiphertextBlob"]

