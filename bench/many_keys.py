"""Does a store with very many keys start, list and serve as fast as one with few?

Fills one store with 1,000 keys and one with KEYS (1,000,000), starts a server on each, and prints side by side: seconds
until ready, resident memory at rest and after work on random keys, and the median time of point operations and of a
ListKeys page over one connection. Ratios count; the machine is shared.
"""

import argparse
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


def resident_mib(pid):
    fields = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024


def median_ms(calls):
    times = []
    for call in calls:
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times), 3)


def measure(folder, keys, cache_entries, rounds):
    server = Server(folder / f"keys-{keys}", free_port(), settings={"cache.entries": cache_entries}, test_mode=False)
    server.init()
    began = time.perf_counter()
    filled = subprocess.run(
        [FILL, str(server.config), str(keys)],
        env={**server.environment(), "AWS_ACCESS_KEY_ID": server.variables["AWS_ACCESS_KEY_ID"]},
        check=True, capture_output=True, text=True,
    )
    fill_seconds = time.perf_counter() - began
    some_keys = filled.stdout.split()
    began = time.perf_counter()
    server.start()
    ready_seconds = time.perf_counter() - began
    at_rest = resident_mib(server.process.pid)
    kms = server.admin.client("kms")
    pick = random.Random(1)
    chosen = [pick.choice(some_keys) for _ in range(rounds)]
    row = {
        "keys": keys,
        "fill seconds": round(fill_seconds, 1),
        "seconds until ready": round(ready_seconds, 2),
        "MiB at rest": round(at_rest, 1),
        "ms DescribeKey": median_ms([lambda k=k: kms.describe_key(KeyId=k) for k in chosen]),
        "ms Encrypt": median_ms([lambda k=k: kms.encrypt(KeyId=k, Plaintext=b"x" * 32) for k in chosen]),
        "ms GetKeyPolicy": median_ms([lambda k=k: kms.get_key_policy(KeyId=k) for k in chosen]),
        "ms ListKeys page of 1000": median_ms([lambda: kms.list_keys(Limit=1000) for _ in range(20)]),
        "MiB after work": round(resident_mib(server.process.pid), 1),
        "MiB on disk": round(sum(f.stat().st_size for f in (server.data / "store").iterdir()) / 2**20),
    }
    server.stop()
    return row


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--keys", type=int, default=1_000_000)
    arguments.add_argument("--cache", type=int, default=10_000, help="entries of the server's cache, a worker")
    arguments.add_argument("--rounds", type=int, default=2_000)
    options = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kagimori-bench-"))
    try:
        rows = [measure(folder, keys, options.cache, options.rounds) for keys in (1_000, options.keys)]
    finally:
        shutil.rmtree(folder)
    for name in rows[0]:
        print(f"{name:28}" + "".join(f"{row[name]:>14}" for row in rows))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
