"""GET /metrics on a listener of its own, read with Prometheus's own parser."""

import json
import re
import socket
import threading
import time
from pathlib import Path

import pytest
import requests
from harness import free_port
from kms_case import advance, new_key, refused
from prometheus_client.parser import text_string_to_metric_families

DASHBOARD = Path(__file__).parent.parent / "docs" / "grafana-dashboard.json"


class Metrics:
    def __init__(self, url):
        self.url = url

    def families(self):
        answer = requests.get(self.url, timeout=30)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return {family.name: family for family in text_string_to_metric_families(answer.text)}

    def value(self, name, **labels):
        """The sum of the samples that have these labels; None without one."""
        found = [
            sample.value
            for family in self.families().values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(found) if found else None

    def wait_for(self, name, value, **labels):
        deadline = time.monotonic() + 30
        while self.value(name, **labels) != value:
            assert time.monotonic() < deadline, self.value(name, **labels)
            time.sleep(0.2)


@pytest.fixture
def measured(fresh_server, tmp_path):
    port = free_port()
    server = fresh_server(settings={
        "listeners.2.address": f"127.0.0.1:{port}", "listeners.2.tls": "false", "listeners.2.planes": "metrics",
        "audit_sinks.1.name": "copy", "audit_sinks.1.type": "file", "audit_sinks.1.path": tmp_path / "events.jsonl"})
    return server, Metrics(f"http://127.0.0.1:{port}/metrics")


def test_requests_are_counted_by_operation_and_result(measured, make_user):
    server, metrics = measured
    kms = server.admin.client("kms")
    key = new_key(kms)
    for _ in range(7):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    refused("NotFoundException", kms.describe_key, KeyId="alias/none")
    refused("AccessDeniedException", make_user(on=server).client("kms").encrypt, KeyId=key, Plaintext=b"x")
    server.admin.client("sts").get_caller_identity()
    assert metrics.value("kagimori_requests_total", dialect="kms", operation="Encrypt", result="ok") == 7
    assert metrics.value("kagimori_requests_total", operation="Encrypt", result="AccessDenied") == 1
    assert metrics.value("kagimori_requests_total", operation="DescribeKey", result="NotFound") == 1
    assert metrics.value("kagimori_requests_total", dialect="sts", operation="GetCallerIdentity", result="ok") == 1
    assert metrics.value("kagimori_requests_total", dialect="iam", operation="CreateUser", result="ok") == 1
    assert metrics.value("kagimori_request_duration_seconds_count", operation="Encrypt") == 8
    assert metrics.value("kagimori_request_duration_seconds_bucket", operation="Encrypt", le="+Inf") == 8
    assert 0 < metrics.value("kagimori_request_duration_seconds_sum", operation="Encrypt") < 60
    server.admin.call("Kagimori.Sweep")
    assert metrics.value("kagimori_requests_total", dialect="kagimori", operation="Sweep") == 1

    stranger = requests.post(server.url, data="{}", headers={"X-Amz-Target": "TrentService.ListKeys"}, verify=str(server.ca), timeout=30)
    assert stranger.status_code == 400
    assert metrics.value("kagimori_requests_total", operation="none", result="MissingAuthenticationToken") == 1


def test_every_operation_that_was_asked_for_is_counted_by_all_workers(measured):
    """Many connections, so that every worker has its share."""
    server, metrics = measured
    key = new_key(server.admin.client("kms"))

    def work():
        kms = server.admin.client("kms")
        for _ in range(20):
            kms.generate_data_key(KeyId=key, KeySpec="AES_256")

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert metrics.value("kagimori_requests_total", operation="GenerateDataKey", result="ok") == 320
    assert metrics.value("kagimori_request_duration_seconds_count", operation="GenerateDataKey") == 320


def test_connections_and_handshakes(measured):
    server, metrics = measured
    before = metrics.value("kagimori_tls_handshakes_total", kind="full")
    accepted = metrics.value("kagimori_connections_accepted_total")
    open_before = metrics.value("kagimori_connections_open")
    session = requests.Session()
    session.get(server.url + "/healthz", verify=str(server.ca), timeout=30)
    assert metrics.value("kagimori_tls_handshakes_total", kind="full") == before + 1
    assert metrics.value("kagimori_connections_accepted_total") >= accepted + 2
    assert metrics.value("kagimori_connections_open") == open_before + 1
    session.close()
    metrics.wait_for("kagimori_connections_open", open_before)

    with socket.create_connection(("127.0.0.1", server.port)) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 400")
    assert metrics.value("kagimori_rejections_total", status="400", reason="The client sent HTTP without TLS to a TLS port.") == 1


def test_store_cache_and_audit(measured):
    server, metrics = measured
    kms = server.admin.client("kms")
    commits = metrics.value("kagimori_store_commit_duration_seconds_count")
    key = new_key(kms)
    assert metrics.value("kagimori_store_commit_duration_seconds_count") > commits
    assert metrics.value("kagimori_store_read_duration_seconds_count") > 0
    assert metrics.value("kagimori_store_failed_commits_total") == 0
    hits = metrics.value("kagimori_cache_lookups_total", result="hit")
    events = metrics.value("kagimori_audit_events_total")
    for _ in range(10):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    assert metrics.value("kagimori_cache_lookups_total", result="hit") > hits
    assert metrics.value("kagimori_cache_lookups_total", result="miss") > 0
    assert metrics.value("kagimori_cache_entries") > 0
    assert metrics.value("kagimori_audit_events_total") == events + 10
    metrics.wait_for("kagimori_audit_unsigned_events", 0)
    assert abs(metrics.value("kagimori_audit_checkpoint_timestamp_seconds") - time.time()) < 300
    assert metrics.value("kagimori_audit_writable") == 1
    assert metrics.value("process_resident_memory_bytes") > 1 << 20
    assert metrics.value("process_cpu_seconds_total") > 0
    assert metrics.value("kagimori_build_info") == 1


def test_keys_by_state_and_what_is_due(measured):
    """Keys are counted when the server starts, and then every minute at most."""
    server, metrics = measured
    kms = server.admin.client("kms")
    keys = [new_key(kms) for _ in range(4)]
    new_key(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    new_key(kms, Origin="EXTERNAL")
    kms.disable_key(KeyId=keys[0])
    kms.schedule_key_deletion(KeyId=keys[1], PendingWindowInDays=7)
    kms.schedule_key_deletion(KeyId=keys[2], PendingWindowInDays=30)
    kms.enable_key_rotation(KeyId=keys[3], RotationPeriodInDays=90)
    advance(server, days=1)
    assert server.stop() == 0
    server.start()
    metrics.wait_for("kagimori_keys", 1, state="Disabled", spec="SYMMETRIC_DEFAULT")
    assert metrics.value("kagimori_keys", state="PendingDeletion") == 2
    assert metrics.value("kagimori_keys", state="Enabled", spec="SYMMETRIC_DEFAULT") == 1
    assert metrics.value("kagimori_keys", state="Enabled", spec="ECC_NIST_P256") == 1
    assert metrics.value("kagimori_keys", state="PendingImport") == 1
    due = {days: metrics.value("kagimori_key_deletions_due", within_days=str(days)) for days in (1, 7, 30)}
    assert due == {1: 0, 7: 1, 30: 2}
    assert metrics.value("kagimori_key_rotations_due", within_days="30") == 0
    assert metrics.value("kagimori_epochs") >= 1


def test_the_listener_serves_nothing_else(measured):
    server, metrics = measured
    base = metrics.url.removesuffix("/metrics")
    for path in ("/", "/healthz", "/readyz", "/metrics/"):
        assert requests.get(base + path, timeout=30).status_code == 404
    answer = requests.post(metrics.url, data="x", timeout=30)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert requests.get(server.url + "/metrics", verify=str(server.ca), timeout=30).status_code == 404
    signed = server.admin.sign("{}", {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.ListKeys"})
    assert requests.post(base, data="{}", headers=signed, timeout=30).status_code == 404


def test_metrics_hold_no_names_of_keys_and_principals(measured, make_user):
    server, metrics = measured
    user = make_user(on=server)
    key = new_key(server.admin.client("kms"), Description="described")
    refused("AccessDeniedException", user.client("kms").encrypt, KeyId=key, Plaintext=b"x")
    text = requests.get(metrics.url, timeout=30).text
    for name in (key, user.name, user.access_key, server.admin.access_key, "described", "100000000001"):
        assert name not in text


def test_many_ask_at_once(measured):
    _, metrics = measured
    codes = []

    def ask():
        codes.append(requests.get(metrics.url, timeout=30).status_code)

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes) == 40 and set(codes) <= {200, 503} and 200 in codes


def test_the_server_stops_while_metrics_are_asked_for(measured):
    server, metrics = measured
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            try:
                requests.get(metrics.url, timeout=30)
            except requests.RequestException:
                pass

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    try:
        assert server.stop() == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_listener_for_metrics_has_no_other_plane(fresh_server):
    server = fresh_server(start=False)
    server.settings = {"listeners.1.planes": "data, metrics"}
    done = server.command("config", "check", "--config", server.config, check=False)
    assert done.returncode != 0 and "give them one of their own" in done.stderr


def test_where_cryptography_is_done(measured):
    server, metrics = measured
    kms = server.admin.client("kms")
    symmetric, mac = new_key(kms), new_key(kms, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    ec, rsa = (new_key(kms, KeySpec=spec, KeyUsage="SIGN_VERIFY") for spec in ("ECC_NIST_P256", "RSA_4096"))

    def operations():
        return {work: metrics.value("kagimori_crypto_operations_total", work=work)
                for work in ("symmetric", "mac", "other", "pool", "outside")}

    assert set(operations().values()) == {0}
    kms.decrypt(CiphertextBlob=kms.encrypt(KeyId=symmetric, Plaintext=b"x")["CiphertextBlob"])
    kms.generate_data_key(KeyId=symmetric, KeySpec="AES_256")
    kms.generate_mac(KeyId=mac, Message=b"x", MacAlgorithm="HMAC_SHA_256")
    kms.sign(KeyId=ec, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    kms.sign(KeyId=rsa, Message=b"x", SigningAlgorithm="RSASSA_PSS_SHA_256")
    assert operations() == {"symmetric": 3, "mac": 1, "other": 1, "pool": 1, "outside": 0}
    for work in ("symmetric", "mac", "other", "pool"):
        assert metrics.value("kagimori_crypto_seconds_total", work=work) > 0


def test_the_dashboard_asks_for_what_there_is(measured):
    """Every metric that docs/grafana-dashboard.json names is served, and the other way round."""
    server, metrics = measured
    new_key(server.admin.client("kms"))
    metrics.wait_for("kagimori_epochs", 2)
    families = metrics.families().values()
    names = set()
    for family in families:
        names |= {sample.name for sample in family.samples} | {family.name}
    text = DASHBOARD.read_text()
    asked = {word for word in re.findall(r"\b(?:kagimori|process)_[a-z_]+", text)}
    assert asked and asked <= names | {"kagimori_rejections_total"}, asked - names
    assert [family.name for family in families if family.name not in text] == []
    expressions = [target["expr"] for panel in json.loads(text)["panels"] for target in panel.get("targets", [])]
    assert len(expressions) >= 15
