"""What somebody should hear of although nothing failed (docs/audit.md, "Alarms"). Those of usage limits and of keys that
are in use are in test_usage_limits.py and test_blast_radius.py."""

import time

import pytest
from harness import SECOND_REGION
from importing import Importer, new_material
from kms_case import DAY, advance, new_key, refused
from test_audit import events
from test_key_usage import usage
from test_usage_limits import alarms


def named(server, name):
    return [event for event in events(server) if event["eventName"] == name]


def wait_for(server, name, count=1, seconds=40):
    deadline = time.monotonic() + seconds
    while len(found := named(server, name)) < count:
        assert time.monotonic() < deadline, (name, found)
        time.sleep(0.2)
    return found


def look(server):
    """Alarms about dates are raised every ten minutes of the lifecycle clock."""
    advance(server, seconds=600)


@pytest.fixture
def calm(fresh_server):
    """A server whose sweeper does what it is told to, and no more."""
    def make(**settings):
        server = fresh_server(settings=settings)
        server.admin.call("Kagimori.HoldSweeper", Held=True)
        return server
    return make


def test_every_alarm_has_the_form_of_an_event_of_the_service(calm):
    server = calm()
    kms = server.admin.client()
    key_id = new_key(kms)
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    look(server)
    (alarm,) = named(server, "KeyDeletionDue")
    arn = kms.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"]
    assert alarm["eventType"] == "AwsServiceEvent" and alarm["userIdentity"] == {"type": "Service", "principalId": "kagimori"}
    assert [resource["ARN"] for resource in alarm["resources"]] == [arn] and alarm["awsRegion"] == "us-east-1"
    assert "errorCode" not in alarm and "requestID" not in alarm


def test_a_deletion_that_is_due(calm):
    server = calm()
    kms = server.admin.client()
    soon, later, saved = new_key(kms), new_key(kms), new_key(kms)
    date = kms.schedule_key_deletion(KeyId=soon, PendingWindowInDays=8)["DeletionDate"]
    kms.schedule_key_deletion(KeyId=later, PendingWindowInDays=20)
    kms.schedule_key_deletion(KeyId=saved, PendingWindowInDays=8)
    kms.cancel_key_deletion(KeyId=saved)
    look(server)
    assert named(server, "KeyDeletionDue") == []
    advance(server, days=1)
    (alarm,) = named(server, "KeyDeletionDue")
    assert alarm["serviceEventDetails"] == {"keyId": soon, "dueTime": date.strftime("%Y-%m-%dT%H:%M:%SZ")}
    look(server)
    server.restart()
    server.admin.call("Kagimori.HoldSweeper", Held=True)
    look(server)
    assert len(named(server, "KeyDeletionDue")) == 1  # once
    kms = server.admin.client()
    kms.cancel_key_deletion(KeyId=soon)
    kms.schedule_key_deletion(KeyId=soon, PendingWindowInDays=7)
    look(server)
    assert len(alarms(server, soon, "KeyDeletionDue")) == 2  # another date
    advance(server, days=9)
    assert alarms(server, soon, "DeleteKey")
    assert len(alarms(server, later, "KeyDeletionDue")) == 0
    advance(server, days=4)
    assert len(alarms(server, later, "KeyDeletionDue")) == 1


def test_imported_material_that_expires(calm):
    server = calm()
    kms = server.admin.client()
    now = kms.describe_key(KeyId=new_key(kms))["KeyMetadata"]["CreationDate"].timestamp()
    key_id = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    Importer(kms, key_id)(new_material("SYMMETRIC_DEFAULT"), ValidTo=now + 10 * DAY,
                          ExpirationModel="KEY_MATERIAL_EXPIRES")
    look(server)
    assert named(server, "KeyMaterialExpiryDue") == []
    advance(server, days=3)
    (alarm,) = named(server, "KeyMaterialExpiryDue")
    assert alarm["serviceEventDetails"]["keyId"] == key_id


def test_a_rotation_that_is_due_and_one_that_fails(calm):
    server = calm()
    kms = server.admin.client()
    key_id = new_key(kms)
    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
    advance(server, days=88)
    assert named(server, "KeyRotationDue") == []
    advance(server, days=1)
    look(server)
    assert len(alarms(server, key_id, "KeyRotationDue")) == 1
    server.admin.call("Kagimori.InjectStoreFault", ErrorCode="Io", Table="versions", Call="COMMIT", Times=2)
    advance(server, days=1)
    server.admin.call("Kagimori.Sweep")
    (alarm,) = alarms(server, key_id, "KeyRotationFailed")
    assert alarm["serviceEventDetails"]["keyId"] == key_id and alarm["serviceEventDetails"]["reason"]
    assert alarms(server, key_id, "RotateKey") == []
    server.admin.call("Kagimori.Sweep")
    assert len(alarms(server, key_id, "RotateKey")) == 1  # it is tried again


def test_each_can_be_switched_off(calm):
    server = calm(**{"alarms.deletion_days": 0, "alarms.rotation_days": 0, "alarms.recent_use_days": 0,
                     "alarms.denied_per_minute": 0, "alarms.first_use": "false"})
    kms = server.admin.client()
    key_id = new_key(kms)
    kms.encrypt(KeyId=key_id, Plaintext=b"x")
    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
    advance(server, days=89)
    server.admin.client().schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    look(server)
    raised = {event["eventName"] for event in events(server)}
    assert not raised & {"KeyDeletionDue", "KeyRotationDue", "KeyUsedRecently", "FirstUseByPrincipal"}


def test_the_first_use_of_a_key_by_somebody_new(fresh_server, make_user):
    server = fresh_server()
    kms = server.admin.client()
    key_id = new_key(kms)
    kms.encrypt(KeyId=key_id, Plaintext=b"x")
    server.restart()  # stores what was counted
    kms = server.admin.client()
    kms.rotate_key_on_demand(KeyId=key_id)
    kms.encrypt(KeyId=key_id, Plaintext=b"x")  # a new version, but nobody new
    other = make_user(allow=["kms:Encrypt"], on=server)
    other.client().encrypt(KeyId=key_id, Plaintext=b"x")
    assert len(usage(server.admin, key_id)) == 3
    server.restart()
    (alarm,) = alarms(server, key_id, "FirstUseByPrincipal")
    details = alarm["serviceEventDetails"]
    assert details["principal"] == other.client("sts").get_caller_identity()["Arn"]
    assert (details["keyId"], details["operation"]) == (key_id, "Encrypt")
    other.client().encrypt(KeyId=key_id, Plaintext=b"x")
    server.restart()
    assert len(alarms(server, key_id, "FirstUseByPrincipal")) == 1


def test_a_key_that_is_pending_deletion_is_missed(server, kms, admin, make_user):
    key_id = new_key(kms)
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    for _ in range(5):
        refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=blob)
    refused("AccessDeniedException", make_user().client().decrypt, CiphertextBlob=blob)
    (alarm,) = alarms(server, key_id, "UnusableKeyUsed")
    arn = admin.client("sts").get_caller_identity()["Arn"]
    assert alarm["serviceEventDetails"] == {"keyState": "PendingDeletion", "operation": "Decrypt", "principal": arn}
    kms.cancel_key_deletion(KeyId=key_id)
    refused("DisabledException", kms.decrypt, CiphertextBlob=blob)
    assert len(alarms(server, key_id, "UnusableKeyUsed")) == 1  # disabled keys are meant to rest


def test_a_primary_that_waits_for_its_replicas_is_missed_too(server, kms, admin):
    key_id = new_key(kms, MultiRegion=True)
    kms.replicate_key(KeyId=key_id, ReplicaRegion=SECOND_REGION)
    admin.call("Kagimori.Sweep")
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    refused("KMSInvalidStateException", kms.encrypt, KeyId=key_id, Plaintext=b"x")
    (alarm,) = alarms(server, key_id, "UnusableKeyUsed")
    assert alarm["serviceEventDetails"]["keyState"] == "PendingReplicaDeletion"


def test_many_denied_requests(fresh_server, make_user):
    server = fresh_server(settings={"alarms.denied_per_minute": 5})
    key_id = new_key(server.admin.client())
    nobody, other = make_user(on=server), make_user(on=server)
    for _ in range(4):
        refused("AccessDeniedException", nobody.client().encrypt, KeyId=key_id, Plaintext=b"x")
        refused("AccessDeniedException", other.client().list_keys)
    assert named(server, "ManyDeniedRequests") == []
    for _ in range(20):
        refused("AccessDeniedException", nobody.client().list_keys)
    (alarm,) = named(server, "ManyDeniedRequests")
    details = alarm["serviceEventDetails"]
    assert details["principal"].endswith(nobody.client("sts").get_caller_identity()["Arn"].rsplit("/")[-1])
    assert (details["denied"], details["withinSeconds"]) == ("5", "60")


def test_a_disk_that_is_low(fresh_server):
    server = fresh_server(settings={"alarms.disk_free_percent": 100, "lifecycle.sweep_interval_seconds": 1})
    found = wait_for(server, "DiskLow", 2)
    assert {event["serviceEventDetails"]["folder"] for event in found} == {str(server.data), str(server.data / "audit")}
    assert 0 <= int(found[0]["serviceEventDetails"]["freePercent"]) < 100
    time.sleep(2.5)
    assert len(named(server, "DiskLow")) == 2  # once an hour


def test_a_checkpoint_that_is_late(fresh_server):
    server = fresh_server(settings={"alarms.checkpoint_late_seconds": 1, "lifecycle.sweep_interval_seconds": 1})
    checkpoint = server.data / "audit" / "checkpoint"
    aside = checkpoint.with_name("aside")
    checkpoint.rename(aside)
    (checkpoint / "in the way").mkdir(parents=True)
    server.admin.client().list_keys()  # an event that can't be signed
    (alarm,) = wait_for(server, "CheckpointLate")
    assert int(alarm["serviceEventDetails"]["unsignedEvents"]) > 0
    (checkpoint / "in the way").rmdir()
    checkpoint.rmdir()
    server.restart()
    assert server.command("audit", "verify", server.data / "audit").returncode == 0
