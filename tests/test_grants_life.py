"""The life of grants: who retires and who revokes them, lists and their pages, quotas, dry runs, many at once, restarts,
and what becomes of them when their key goes."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from kms_case import advance, new_key, raw_kms, refused
from test_grants import DENIED, USES, GrantCase, case, me, tenant, user_of  # noqa: F401 (fixtures)
from test_kms_lists import pages
from test_policies import allow, policy, put
from test_tamper import store_of

UNKNOWN = "0" * 64
TABLES = ("grants", "grant_grantees", "grant_retirees", "grant_names", "grant_counts")


def everything(call, **members):
    return [one for page in pages(call, "Grants", **members) for one in page]


# --- Who may end a grant ---

@pytest.mark.parametrize("by", ("token", "id"))
@pytest.mark.parametrize("who", ("retiring principal", "grantee with RetireGrant", "grantee", "stranger", "issuing account",
                                 "issuing account, allowed", "account as retiring principal"))
def test_who_may_retire(case, make_user, me, who, by):
    # The administrator's own rights come from the key policy here, which has no say in it.
    user = make_user(allow=["kms:RetireGrant"] if who.startswith(("issuing account,", "account as")) else None)
    put(case.kms, case.key_id, policy(allow(me, "kms:*"), allow(user.arn, "kms:RetireGrant")))
    grantee = user if who.startswith("grantee") else make_user()
    operations = ["Encrypt", *(["RetireGrant"] if who == "grantee with RetireGrant" else [])]
    retiring = {"retiring principal": user.arn, "account as retiring principal": case.root}.get(who)
    made = case.grant(grantee, *operations, **({"RetiringPrincipal": retiring} if retiring else {}))
    named = {"GrantToken": made["GrantToken"]} if by == "token" else {"KeyId": case.arn, "GrantId": made["GrantId"]}
    if who in ("grantee", "stranger", "issuing account"):
        refused(DENIED, user.client().retire_grant, **named)
        assert USES["Encrypt"](grantee.client(), case)
        return
    refused("DryRunOperationException", user.client().retire_grant, DryRun=True, **named)
    assert USES["Encrypt"](grantee.client(), case)
    user.client().retire_grant(**named)
    refused(DENIED, USES["Encrypt"], kms=grantee.client(), case=case)
    assert case.grants(GrantId=made["GrantId"]) == []


@pytest.mark.parametrize("condition, allowed", (
    ({"StringEquals": {"kms:GrantConstraintType": "EncryptionContextSubset"}}, True),
    ({"StringEquals": {"kms:GrantConstraintType": "EncryptionContextEquals"}}, False),
    ({"StringEquals": {"kms:EncryptionContext:tenant": "a"}}, True),
    ({"StringEquals": {"kms:EncryptionContext:tenant": "b"}}, False),
))
def test_conditions_on_retire_grant(case, make_user, condition, allowed):
    user = make_user(policy=policy({"Effect": "Allow", "Action": "kms:RetireGrant", "Resource": "*",
                                    "Condition": condition}))
    made = case.grant(case.root, "Encrypt", Constraints={"EncryptionContextSubset": {"tenant": "a"}})
    if allowed:
        user.client().retire_grant(KeyId=case.arn, GrantId=made["GrantId"])
    else:
        refused(DENIED, user.client().retire_grant, KeyId=case.arn, GrantId=made["GrantId"])


def test_a_deny_keeps_the_retiring_principal_away(case, make_user):
    user = make_user(policy=policy({"Effect": "Deny", "Action": "kms:RetireGrant", "Resource": "*"}))
    made = case.grant(case.root, "Encrypt", RetiringPrincipal=user.arn)
    refused(DENIED, user.client().retire_grant, GrantToken=made["GrantToken"], contains="explicit deny")


def test_retiring_across_accounts(case, tenant):
    may, may_not = user_of(tenant, "kms:*"), user_of(tenant)
    for user in (may, may_not):
        made = case.grant(case.root, "Encrypt", RetiringPrincipal=user.arn)
        if user is may:
            stranger = user_of(tenant, "kms:*")
            refused(DENIED, stranger.client().retire_grant, KeyId=case.arn, GrantId=made["GrantId"])
            refused(DENIED, stranger.client().retire_grant, KeyId=case.arn, GrantId=UNKNOWN)
            user.client().retire_grant(KeyId=case.arn, GrantId=made["GrantId"])
        else:
            refused(DENIED, user.client().retire_grant, KeyId=case.arn, GrantId=made["GrantId"])
    # The account that made a grant may retire it, be it another than the key's.
    put(case.kms, case.key_id, policy(allow(case.root, "kms:*"), allow(tenant.arn, "kms:CreateGrant")))
    made = case.grant(case.root, "Encrypt", kms=may.client())
    refused(DENIED, case.kms.retire_grant, KeyId=case.arn, GrantId=made["GrantId"])
    may.client().retire_grant(KeyId=case.arn, GrantId=made["GrantId"])


def test_retire_grant_takes_a_token_or_both_ids(case, admin):
    made = case.grant(case.root, "Encrypt")
    raw = raw_kms(admin)
    for members in ({}, {"KeyId": case.arn}, {"GrantId": made["GrantId"]},
                    {"GrantToken": made["GrantToken"], "KeyId": case.arn},
                    {"GrantToken": made["GrantToken"], "KeyId": case.arn, "GrantId": made["GrantId"]},
                    {"GrantToken": ""}, {"GrantToken": "x" * 8193}):
        refused("ValidationException", raw.retire_grant, **members)
    for operation in (raw.retire_grant, raw.revoke_grant):
        for bad in ("x", "A" * 64, "0" * 63, "0" * 65):
            refused("InvalidGrantIdException", operation, KeyId=case.arn, GrantId=bad)
        refused("ValidationException", operation, KeyId=case.arn, GrantId="0" * 129)
        refused("NotFoundException", operation, KeyId=case.arn, GrantId=UNKNOWN, contains=UNKNOWN)
    assert len(case.grants()) == 2
    raw.retire_grant(KeyId=case.key_id, GrantId=made["GrantId"])
    refused("NotFoundException", raw.retire_grant, KeyId=case.arn, GrantId=made["GrantId"])


def test_who_may_revoke(case, make_user):
    user, retirer = make_user(allow=["kms:RevokeGrant"], resource=case.arn), make_user()
    made = case.grant(retirer, "Encrypt", "RetireGrant", RetiringPrincipal=retirer.arn)
    member = {"KeyId": case.arn, "GrantId": made["GrantId"]}
    refused(DENIED, retirer.client().revoke_grant, **member)
    refused("DryRunOperationException", user.client().revoke_grant, DryRun=True, **member)
    assert len(case.grants(GrantId=made["GrantId"])) == 1
    user.client().revoke_grant(**member)
    refused("NotFoundException", user.client().revoke_grant, **member)


def test_dry_runs_of_create_grant(case, make_user):
    user = make_user()
    members = {"DryRun": True, "Name": "dry"}
    refused("DryRunOperationException", lambda: case.grant(user, "Encrypt", **members))
    refused("ValidationException", lambda: case.grant(user, "Sign", **members))
    refused(DENIED, lambda: case.grant(user, "Encrypt", kms=user.client(), **members))
    refused("InvalidArnException", lambda: case.grant(user.arn + "x", "Encrypt", **members))
    refused(DENIED, USES["Encrypt"], kms=user.client(), case=case)
    assert [one["GrantId"] for one in case.grants()] == [case.grant_id]


def test_changes_are_in_force_on_every_worker_at_once(case, make_user):
    user = make_user()
    clients = [user.client() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            for client in clients:
                refused(DENIED, USES["Encrypt"], kms=client, case=case)
            made = case.grant(user, "Encrypt")
            assert all(pool.map(lambda client: USES["Encrypt"](client, case), clients))
            case.kms.revoke_grant(KeyId=case.arn, GrantId=made["GrantId"])


# --- Lists ---

def test_an_entry_has_what_the_grant_was_made_with(case, make_user):
    user = make_user()
    constraints = {"EncryptionContextSubset": {"a": "1"}, "EncryptionContextEquals": {"a": "1", "B": "2"}}
    made = case.grant(user, "Encrypt", "Decrypt", Name="n-1", RetiringPrincipal=case.account, Constraints=constraints)
    entry = case.grants(GrantId=made["GrantId"])[0]
    assert entry.pop("CreationDate")
    assert sorted(entry.pop("Operations")) == ["Decrypt", "Encrypt"]
    assert entry == {
        "KeyId": case.arn, "GrantId": made["GrantId"], "Name": "n-1", "GranteePrincipal": user.arn,
        "RetiringPrincipal": case.account, "IssuingAccount": case.root, "Constraints": constraints,
    }
    assert set(case.grants(GrantId=case.grant_id)[0]) == {
        "KeyId", "GrantId", "Name", "CreationDate", "GranteePrincipal", "IssuingAccount", "Operations"}


def test_filters(case, make_user, admin):
    one, two = make_user(), make_user()
    ids = {user: {case.grant(user, "Encrypt")["GrantId"] for _ in range(3)} for user in (one.arn, two.arn)}
    for arn, expected in ids.items():
        assert {entry["GrantId"] for entry in case.grants(GranteePrincipal=arn)} == expected
        found = everything(case.kms.list_grants, KeyId=case.arn, GranteePrincipal=arn, Limit=2)
        assert {entry["GrantId"] for entry in found} == expected
        grant_id = min(expected)
        assert len(case.grants(GranteePrincipal=arn, GrantId=grant_id)) == 1
        assert case.grants(GranteePrincipal=case.root, GrantId=grant_id) == []
    for principal in (case.root, case.account):
        assert [entry["GrantId"] for entry in case.grants(GranteePrincipal=principal)] == [case.grant_id]
    assert case.grants(GrantId=UNKNOWN) == []
    refused("InvalidGrantIdException", case.kms.list_grants, KeyId=case.arn, GrantId="x")
    refused("InvalidArnException", case.kms.list_grants, KeyId=case.arn, GranteePrincipal="nobody")
    for limit in (0, 1001):
        refused("ValidationException", raw_kms(admin).list_grants, KeyId=case.arn, Limit=limit)


def test_markers_are_of_their_list(case, make_user, kms):
    user = make_user()
    for _ in range(3):
        case.grant(user, "Encrypt", RetiringPrincipal=user.arn)
    marker = kms.list_grants(KeyId=case.arn, Limit=1)["NextMarker"]
    other = kms.list_grants(KeyId=case.arn, Limit=1, GranteePrincipal=user.arn)["NextMarker"]
    refused("InvalidMarkerException", kms.list_grants, KeyId=case.other, Marker=marker)
    refused("InvalidMarkerException", kms.list_grants, KeyId=case.arn, Marker=other)
    refused("InvalidMarkerException", kms.list_grants, KeyId=case.arn, GranteePrincipal=user.arn, Marker=marker)
    refused("InvalidMarkerException", kms.list_grants, KeyId=case.arn, Marker="nonsense")
    refused("InvalidMarkerException", kms.list_retirable_grants, RetiringPrincipal=user.arn, Marker=marker)


def test_two_thousand_grants_of_a_key(case, make_user):
    user = make_user()
    with ThreadPoolExecutor(16) as pool:
        made = {one["GrantId"] for one in pool.map(
            lambda i: case.grant(user if i % 4 == 0 else case.root, "Encrypt", RetiringPrincipal=user.arn,
                                 Constraints={"EncryptionContextSubset": {"tenant": str(i)}}), range(2_000))}
    made.add(case.grant_id)
    assert len(made) == 2_001
    found = pages(case.kms.list_grants, "Grants", KeyId=case.arn, Limit=100)
    assert [len(page) for page in found] == [100] * 20 + [1]
    assert {one["GrantId"] for page in found for one in page} == made
    assert len(case.kms.list_grants(KeyId=case.arn)["Grants"]) == 50
    assert len(everything(case.kms.list_grants, KeyId=case.arn, GranteePrincipal=user.arn, Limit=77)) == 500
    paginator = case.kms.get_paginator("list_retirable_grants").paginate(RetiringPrincipal=user.arn)
    assert len([one for page in paginator for one in page["Grants"]]) == 2_000
    client = user.client()
    for i in (0, 4, 1_996):
        assert client.encrypt(KeyId=case.arn, Plaintext=b"x", EncryptionContext={"tenant": str(i)})
    refused(DENIED, client.encrypt, KeyId=case.arn, Plaintext=b"x", EncryptionContext={"tenant": "1"})


def test_list_retirable_grants(case, make_user, tenant):
    retirer, other = make_user(), make_user()
    mine = case.grant(case.root, "Encrypt", RetiringPrincipal=retirer.arn)["GrantId"]
    case.grant(case.root, "Encrypt", RetiringPrincipal=other.arn)
    theirs = tenant.client().create_grant(
        KeyId=new_key(tenant.client()), GranteePrincipal=tenant.arn, Operations=["Encrypt"],
        RetiringPrincipal=retirer.arn)["GrantId"]
    found = everything(case.kms.list_retirable_grants, RetiringPrincipal=retirer.arn, Limit=1)
    assert {one["GrantId"] for one in found} == {mine, theirs}
    assert {one["KeyId"].split(":")[4] for one in found} == {case.account, tenant.account}

    # Identity policies alone decide, on the principal.
    refused(DENIED, retirer.client().list_retirable_grants, RetiringPrincipal=retirer.arn)
    asker = make_user(allow=["kms:ListRetirableGrants"], resource=retirer.arn).client()
    assert len(asker.list_retirable_grants(RetiringPrincipal=retirer.arn)["Grants"]) == 2
    refused(DENIED, asker.list_retirable_grants, RetiringPrincipal=other.arn)
    refused(DENIED, tenant.client().list_retirable_grants, RetiringPrincipal=retirer.arn)
    refused(DENIED, case.kms.list_retirable_grants, RetiringPrincipal=tenant.arn)
    refused("InvalidArnException", case.kms.list_retirable_grants, RetiringPrincipal="nobody")
    assert case.kms.list_retirable_grants(RetiringPrincipal=retirer.arn + "x")["Grants"] == []


def test_who_may_list(case, make_user):
    refused(DENIED, make_user().client().list_grants, KeyId=case.arn)
    assert make_user(allow=["kms:ListGrants"], resource=case.arn).client().list_grants(KeyId=case.arn)["Grants"]


# --- Quota ---

def test_the_quota_of_a_key_holds_whatever_is_at_work(fresh_server):
    server = fresh_server(settings={"quotas.grants_per_key": 25})
    case = GrantCase(server.admin.client())
    barrier = threading.Barrier(40)

    def create(_):
        barrier.wait()
        try:
            return case.grant(case.root, "Encrypt")["GrantId"]
        except case.kms.exceptions.LimitExceededException:
            return None

    with ThreadPoolExecutor(40) as pool:
        made = [one for one in pool.map(create, range(40)) if one]
    assert len(made) == 24 and len(set(made)) == 24  # the case has one
    refused("LimitExceededException", lambda: case.grant(case.root, "Encrypt"), contains="25 grants")
    refused("LimitExceededException", lambda: case.grant(case.root, "Encrypt", DryRun=True))
    case.kms.retire_grant(KeyId=case.arn, GrantId=made[0])
    again = case.grant(case.root, "Encrypt", Name="last")
    refused("LimitExceededException", lambda: case.grant(case.root, "Encrypt"))
    assert case.grant(case.root, "Encrypt", Name="last")["GrantId"] == again["GrantId"]
    other = new_key(case.kms)
    assert case.kms.create_grant(KeyId=other, GranteePrincipal=case.root, Operations=["Encrypt"])


def test_many_clients_make_grants_of_one_key(case):
    with ThreadPoolExecutor(64) as pool:
        made = list(pool.map(lambda _: case.grant(case.root, "Encrypt")["GrantId"], range(640)))
        list(pool.map(lambda grant_id: case.kms.revoke_grant(KeyId=case.arn, GrantId=grant_id), made))
    assert [one["GrantId"] for one in case.grants()] == [case.grant_id]


def test_retries_at_the_same_time_make_one_grant(case):
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: case.grant(case.root, "Encrypt", Name="retried"), range(32)))
    assert len({one["GrantId"] for one in made}) == 1
    assert len({one["GrantToken"] for one in made}) == 32
    assert len(case.grants()) == 2


def test_the_aws_cli(case, admin):
    made = admin.aws("kms", "create-grant", "--key-id", case.arn, "--grantee-principal", case.root, "--operations",
                     "Decrypt", "Encrypt", "--constraints", "EncryptionContextSubset={tenant=a}", "--name", "cli")
    listed = admin.aws("kms", "list-grants", "--key-id", case.arn, "--grant-id", made["GrantId"])["Grants"]
    assert [(one["Name"], one["Constraints"]) for one in listed] == [
        ("cli", {"EncryptionContextSubset": {"tenant": "a"}})]
    admin.aws("kms", "retire-grant", "--grant-token", made["GrantToken"])
    assert len(case.grants()) == 1


# --- Restarts and deletion ---

def test_grants_and_tokens_outlive_restarts(fresh_server, make_user):
    server = fresh_server()
    case = GrantCase(server.admin.client())
    user = make_user(on=server)
    kept = case.grant(user, "Encrypt", RetiringPrincipal=user.arn, Name="kept")
    gone = case.grant(user, "Decrypt")
    for again in (server.restart, server.crash_and_restart):
        assert USES["Encrypt"](user.client(), case, GrantTokens=[kept["GrantToken"]])
        again()
        case.kms.revoke_grant(KeyId=case.arn, GrantId=gone["GrantId"])
        again()
        assert USES["Encrypt"](user.client(), case, GrantTokens=[kept["GrantToken"]])
        refused(DENIED, USES["Decrypt"], kms=user.client(), case=case)
        assert case.grant(user, "Encrypt", RetiringPrincipal=user.arn, Name="kept")["GrantId"] == kept["GrantId"]
        gone = case.grant(user, "Decrypt")
    user.client().retire_grant(GrantToken=kept["GrantToken"])
    server.crash_and_restart()
    refused("InvalidGrantTokenException", user.client().retire_grant, GrantToken=kept["GrantToken"])


def rows(server, table):
    with sqlite3.connect(store_of(server)) as database:
        return database.execute(f"SELECT count(*) FROM t_{table}").fetchone()[0]


@pytest.mark.parametrize("count", (3, 1_100))
def test_a_deleted_key_takes_its_grants_along(fresh_server, make_user, count):
    server = fresh_server()
    case = GrantCase(server.admin.client())
    user = make_user(on=server)
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda i: case.grant(user, "Encrypt", RetiringPrincipal=user.arn, Name=f"n{i}"),
                             range(count)))
    other = case.kms.create_grant(KeyId=case.other, GranteePrincipal=user.arn, Operations=["Encrypt"])
    case.kms.schedule_key_deletion(KeyId=case.key_id, PendingWindowInDays=7)
    token = made[0]["GrantToken"]
    assert len(case.kms.list_retirable_grants(RetiringPrincipal=user.arn, Limit=100)["Grants"]) == min(count, 100)
    advance(server, days=8)
    assert case.kms.list_retirable_grants(RetiringPrincipal=user.arn)["Grants"] == []
    refused("NotFoundException", case.kms.list_grants, KeyId=case.arn)
    refused("InvalidGrantTokenException", user.client().retire_grant, GrantToken=token)
    refused("InvalidGrantTokenException", user.client().encrypt, KeyId=case.other, Plaintext=b"x", GrantTokens=[token])
    assert user.client().encrypt(KeyId=case.other, Plaintext=b"x", GrantTokens=[other["GrantToken"]])
    advance(server, seconds=1)
    assert server.stop() == 0
    assert {table: rows(server, table) for table in TABLES} == {
        "grants": 1, "grant_grantees": 1, "grant_retirees": 0, "grant_names": 0, "grant_counts": 1}
    assert server.command("store", "check", "--config", server.config).returncode == 0


def test_a_pending_deletion_and_its_cancellation_keep_them(case, make_user):
    user = make_user()
    made = case.grant(user, "Encrypt", "DescribeKey")
    case.kms.schedule_key_deletion(KeyId=case.key_id, PendingWindowInDays=7)
    refused("KMSInvalidStateException", USES["Encrypt"], kms=user.client(), case=case)
    assert USES["DescribeKey"](user.client(), case)
    case.kms.cancel_key_deletion(KeyId=case.key_id)
    refused("DisabledException", USES["Encrypt"], kms=user.client(), case=case)
    case.kms.enable_key(KeyId=case.key_id)
    assert USES["Encrypt"](user.client(), case)
    assert len(case.grants(GrantId=made["GrantId"])) == 1
