"""Request throttling: options of [throttling]. The clients here do not repeat what is throttled, unless the test says so."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from harness import SECOND_REGION, User
from kms_case import new_key
from test_audit import events

ONCE = {"retries": {"total_max_attempts": 1}}
RATES = {"throttling.cryptographic": 10, "throttling.reads": 5, "throttling.administration": 5}


@pytest.fixture
def throttled(fresh_server):
    return fresh_server(settings={**RATES, "account.regions": SECOND_REGION})


def answers(call, requests):
    """How many of the requests are answered, and how many are throttled."""
    codes = {"ok": 0}
    for _ in range(requests):
        try:
            call()
            codes["ok"] += 1
        except ClientError as error:
            code = error.response["Error"]["Code"]
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
            codes[code] = codes.get(code, 0) + 1
    return codes


def test_off_by_default(kms):
    assert answers(kms.list_keys, 300) == {"ok": 300}


def test_each_family_has_its_rate(throttled):
    kms = throttled.admin.client("kms", **ONCE)
    key_id = new_key(kms)  # a change, which has no bound here
    reads = answers(lambda: kms.describe_key(KeyId=key_id), 40)
    assert set(reads) == {"ok", "ThrottlingException"} and reads["ok"] >= 5
    refused = None
    while refused is None:
        try:
            kms.describe_key(KeyId=key_id)
        except ClientError as error:
            refused = error.response
    assert "exceeded the rate" in refused["Error"]["Message"]
    assert kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]  # of another family
    assert kms.create_key()["KeyMetadata"]["KeyId"]
    with pytest.raises(ClientError) as caught:
        for _ in range(2_000):
            kms.encrypt(KeyId=key_id, Plaintext=b"x")
    assert caught.value.response["Error"]["Code"] == "ThrottlingException"


def test_regions_and_accounts_have_rates_of_their_own(throttled):
    made = throttled.admin.call("Kagimori.CreateAccount", Name="Other")["AccessKey"]
    kms = throttled.admin.client("kms", **ONCE)
    assert "ThrottlingException" in answers(kms.list_keys, 40)
    elsewhere = throttled.admin.client("kms", region=SECOND_REGION, **ONCE)
    assert answers(elsewhere.list_keys, 5) == {"ok": 5}
    other = User(throttled, made["AccessKeyId"], made["SecretAccessKey"]).client("kms", **ONCE)
    assert answers(other.list_keys, 5) == {"ok": 5}


@pytest.mark.parametrize("service, call", (("iam", "list_users"), ("sts", "get_caller_identity")))
def test_iam_and_sts_throttle_in_their_own_form(throttled, service, call):
    found = answers(getattr(throttled.admin.client(service, **ONCE), call), 100)
    assert set(found) == {"ok", "Throttling"}


def test_clients_repeat_what_is_throttled(throttled):
    kms = throttled.admin.client("kms", retries={"mode": "standard", "total_max_attempts": 12})
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda _: kms.list_keys(), range(16)))
    assert len(pages) == 16
    assert max(page["ResponseMetadata"]["RetryAttempts"] for page in pages) > 0


def test_who_is_not_identified_spends_nothing(throttled):
    wrong = User(throttled, throttled.admin.access_key, "x" * 40).client("kms", **ONCE)
    assert "ThrottlingException" not in answers(wrong.list_keys, 40)
    assert answers(throttled.admin.client("kms", **ONCE).list_keys, 5) == {"ok": 5}


def test_a_request_that_fills_the_caches_counts_once(throttled):
    kms = throttled.admin.client("kms", **ONCE)
    key_ids = [new_key(kms) for _ in range(5)]
    throttled.stop()
    throttled.start()
    kms = throttled.admin.client("kms", **ONCE)
    for key_id in key_ids:  # each is read from the store, one also with its holder's identity
        kms.describe_key(KeyId=key_id)


def test_it_stands_in_the_audit_log(throttled):
    kms = throttled.admin.client("kms", **ONCE)
    before = time.monotonic()
    throttles = 0
    while throttles == 0 and time.monotonic() < before + 60:
        throttles = answers(kms.list_keys, 20).get("ThrottlingException", 0)
    refused = [event for event in events(throttled) if event.get("errorCode") == "ThrottlingException"]
    assert len(refused) == throttles > 0 and {event["eventName"] for event in refused} == {"ListKeys"}
