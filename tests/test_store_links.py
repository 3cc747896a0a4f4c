"""`kagimori store check` on stores that lack rows: every record that is left is authentic, and something is missing all
the same."""

import sqlite3
from datetime import datetime, timedelta, timezone

import pytest
from importing import Importer, new_external_key, new_material
from multi_region_case import REGIONS, SECOND, primary, replicate

SPEC = "SYMMETRIC_DEFAULT"
LATER = datetime.now(timezone.utc) + timedelta(days=30)


@pytest.fixture
def one(fresh_server):
    return fresh_server(settings=REGIONS)


def delete(server, where, *values):
    assert server.stop() == 0
    with sqlite3.connect(server.data / "store" / "kagimori.db") as store:
        assert store.execute(f"DELETE FROM {where}", values).rowcount == 1


def check(server):
    done = server.command("store", "check", "--config", server.config, check=False)
    return done.returncode, done.stdout + done.stderr


def pending_deletion(kms):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return key


def rotating(kms):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    return key


def expiring(kms):
    key = new_external_key(kms)
    Importer(kms, key)(new_material(SPEC), ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=LATER)
    return key


def expiring_before_its_rotation(kms):
    key = new_external_key(kms)
    importer = Importer(kms, key)
    importer(new_material(SPEC))
    importer(new_material(SPEC), ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=LATER,
             ImportType="NEW_KEY_MATERIAL")
    return key


@pytest.mark.parametrize("make, what", (
    (pending_deletion, "The deletion"), (rotating, "The rotation"), (expiring, "The removal of expired material"),
    (expiring_before_its_rotation, "The removal of expired material"),
))
def test_what_the_clock_would_not_find(one, make, what):
    key = make(one.admin.client())
    delete(one, "t_due")
    code, said = check(one)
    assert code == 1 and f"{what} of key {key} of account" in said and "will not happen by itself" in said


@pytest.mark.parametrize("table, what", (
    ("t_grant_grantees", "allows nothing"), ("t_grant_retirees", "ListRetirableGrants does not show the grant"),
    ("t_grants", "can't be listed or revoked, though it is in effect"),
))
def test_grants(one, make_user, table, what):
    kms, user = one.admin.client(), make_user(on=one)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    grant = kms.create_grant(KeyId=key, GranteePrincipal=user.arn, RetiringPrincipal=user.arn, Operations=["Encrypt"])
    delete(one, table)
    code, said = check(one)
    assert code == 1 and what in said and grant["GrantId"] in said and key in said


@pytest.mark.parametrize("lost, told_by", (("us-east-1", SECOND), (SECOND, "us-east-1")))
def test_keys_of_several_regions(one, lost, told_by):
    here, there = one.admin.client(), one.admin.client(region=SECOND)
    key = replicate(here, primary(here), there)
    delete(one, "t_key_ids WHERE instr(pk, ?) > 0", lost.encode())
    code, said = check(one)
    assert code == 1 and f"key {key} of account" in said
    assert f"is missing in {lost}, though the key in {told_by} refers to it" in said


def test_a_sound_store_with_all_of_it(one, make_user):
    here, there = one.admin.client(), one.admin.client(region=SECOND)
    user = make_user(on=one)
    for make in (pending_deletion, rotating, expiring, expiring_before_its_rotation):
        make(here)
    key = replicate(here, primary(here), there)
    here.create_grant(KeyId=key, GranteePrincipal=user.arn, RetiringPrincipal=user.arn, Operations=["Encrypt"])
    here.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    there.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert one.stop() == 0
    code, said = check(one)
    assert code == 0 and "every record is authentic" in said
