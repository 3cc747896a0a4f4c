"""A damaged record of the lifecycle clock does not keep the server down, and destroys no key before its time."""

import pytest
from test_tamper import records, refused_start, set_value

CLOCK = b"lifecycle_clock"  # primary key in table jobs
NAMED = f"record {CLOCK.hex()} of table jobs"


@pytest.fixture
def saved(fresh_server):
    """A stopped server that has saved its lifecycle clock."""
    server = fresh_server()
    server.admin.call("Kagimori.Sweep")
    assert server.stop() == 0
    server.log_file.unlink()
    return server


def confirmed(server):
    server.admin.call("Kagimori.ConfirmTime")
    server.stop()
    server.log_file.unlink()
    server.start()
    assert "ConfirmTime" not in server.log_file.read_text()


def test_destruction_is_held_until_the_time_is_confirmed(saved):
    set_value(saved, "jobs", CLOCK, bytes(90))
    saved.start()
    said = saved.log_file.read_text()
    assert NAMED in said and "No key is destroyed until an administrator" in said
    kms = saved.admin.client()
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    saved.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=8 * 86_400)
    for _ in range(2):  # what the sweep saves in place of the damaged record holds destruction too
        saved.admin.call("Kagimori.Sweep")
        assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
        saved.restart()
    assert saved.stop() == 0
    saved.command("store", "check", "--config", saved.config)
    saved.start()
    confirmed(saved)
    saved.admin.call("Kagimori.Sweep")
    with pytest.raises(kms.exceptions.NotFoundException):
        kms.describe_key(KeyId=key)


def test_confirming_the_time_replaces_the_damaged_record(saved):
    set_value(saved, "jobs", CLOCK, bytes(90))
    confirmed(saved.start())


def test_a_record_of_a_later_release_is_not_replaced(saved):
    (value,) = [value for pk, _, value in records(saved, "jobs") if pk == CLOCK]
    set_value(saved, "jobs", CLOCK, b"\2" + value[1:])
    refused_start(saved, NAMED, "later release")
