"""Does a store with very many keys start, list and serve as fast as one with few?

Fills one store with 1,000 keys and one with KEYS (1,000,000), starts a server on each, and prints side by side: seconds
until ready (after a stop, and after kill -9), resident memory, and the median times of operations on the same number of
keys over one connection: first of keys that are not cached, then of cached ones; pages at the start of ListKeys and far
behind; changes. The larger store's server is also asked for more keys than its cache holds, for the bound of its memory.
Ratios count; the machine is shared.
"""

import argparse
import itertools
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from harness import Server, free_port  # noqa: E402

FILL = ROOT / "build" / "release" / "kagimori_fill"
SAMPLE = 800  # keys that both stores have, and that fit into the cache
DEEP_PAGE = 50  # of 1,000 keys, where the store has as many


def resident_mib(pid):
    fields = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return round(int(fields["VmRSS"].split()[0]) / 1024, 1)


def seconds(call):
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def median_ms(calls):
    return round(statistics.median(seconds(call) for call in calls) * 1000, 3)


def fill(server, keys, ids):
    environment = {**server.environment(), "AWS_ACCESS_KEY_ID": server.variables["AWS_ACCESS_KEY_ID"]}
    command = [FILL, str(server.config), str(keys), str(ids)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()


def deep_marker(kms):
    marker, page = None, None
    for _ in range(DEEP_PAGE):
        page = kms.list_keys(Limit=1000, **({"Marker": marker} if marker else {}))
        if not page["Truncated"]:
            return marker
        marker = page["NextMarker"]
    return marker


def measure(folder, keys, options):
    settings = {"cache.entries": options.cache, "quotas.keys_per_account": 100_000_000}
    server = Server(folder / f"keys-{keys}", free_port(), settings=settings, test_mode=False)
    server.init()
    row = {"keys": keys, "fill seconds": 0.0}
    ids = []
    row["fill seconds"] = round(seconds(lambda: ids.extend(fill(server, keys, options.touched))), 1)
    row["seconds until ready"] = round(seconds(server.start), 2)
    row["MiB at rest"] = resident_mib(server.process.pid)
    server.kill()
    row["seconds until ready after kill -9"] = round(seconds(server.start), 2)

    kms = server.admin.client("kms")
    chosen = random.Random(1).sample(ids, SAMPLE)
    row["ms first Encrypt with a key"] = median_ms([lambda k=k: kms.encrypt(KeyId=k, Plaintext=b"x" * 32) for k in chosen])
    row["ms Encrypt"] = median_ms([lambda k=k: kms.encrypt(KeyId=k, Plaintext=b"x" * 32) for k in chosen * 3])
    row["ms DescribeKey"] = median_ms([lambda k=k: kms.describe_key(KeyId=k) for k in chosen * 3])
    row["ms GetKeyPolicy"] = median_ms([lambda k=k: kms.get_key_policy(KeyId=k) for k in chosen])
    row["ms ListKeys, first 100"] = median_ms([lambda: kms.list_keys(Limit=100) for _ in range(100)])
    marker = deep_marker(kms)
    more = {"Marker": marker} if marker else {}
    row["ms ListKeys, 100 far behind"] = median_ms([lambda: kms.list_keys(Limit=100, **more) for _ in range(100)])
    row["ms first CreateKey"] = round(seconds(kms.create_key) * 1000, 1)
    row["ms CreateKey"] = median_ms([kms.create_key] * 200)
    numbers = itertools.count()
    row["ms TagResource"] = median_ms(
        [lambda k=k: kms.tag_resource(KeyId=k, Tags=[{"TagKey": "n", "TagValue": str(next(numbers))}]) for k in chosen[:200]]
    )
    row["MiB after this work"] = resident_mib(server.process.pid)
    for key in ids:
        kms.encrypt(KeyId=key, Plaintext=b"x")
    row["keys touched"] = len(ids)
    row["MiB after touching them"] = resident_mib(server.process.pid)
    row["MiB on disk"] = round(sum(f.stat().st_size for f in (server.data / "store").iterdir()) / 2**20)
    server.stop()
    return row


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--keys", type=int, default=1_000_000)
    arguments.add_argument("--cache", type=int, default=5_000, help="entries of the server's cache, a worker")
    arguments.add_argument("--touched", type=int, default=30_000, help="keys that are used once at the end")
    options = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kagimori-bench-", dir=os.environ.get("TMPDIR")))
    try:
        rows = [measure(folder, keys, options) for keys in (1_000, options.keys)]
    finally:
        shutil.rmtree(folder)
    for name in rows[0]:
        print(f"{name:34}" + "".join(f"{row[name]:>14}" for row in rows))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
