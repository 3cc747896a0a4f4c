"""The audit log: CPU of the answering thread per event, events a second while checkpoints are signed, and how long it takes
to verify what was written, to search it, and to deliver it to sinks. `./dev bench audit_log [EVENTS]`: 1,000,000 without a number; 10,000,000 need 10 GB of disk."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KEY = "0b9c1f5e-8a54-4c0e-9f55-3d1a7c2e{:04}"
BUILD = Path(__file__).parent.parent / "build" / "release"


def timed(*arguments):
    start = time.monotonic()
    done = subprocess.run([BUILD / "kagimori", "audit", *arguments], capture_output=True, text=True, check=True)
    return done.stdout, time.monotonic() - start


def search(folder):
    """The newest 50 of much, all of little, and what is not there: by the indexes, and once without them."""
    index = sum(file.stat().st_size for file in (folder / "index").iterdir())
    print(f"indexes of closed segments: {index / 1e6:,.0f} MB")
    event = json.loads((folder / "segments" / min(path.name for path in (folder / "segments").iterdir())).open().readline())
    for what, *arguments in (
        ("the newest 50 of the busiest key", "--key", KEY.format(0)),
        ("all of a key with one event in 2,000", "--key", KEY.format(17), "--limit", "0"),
        ("denied calls of one user", "--principal", "user38", "--result", "denied", "--limit", "0"),
        ("the very first event by its id", "--event-id", event["eventID"]),
        ("a key that has no event", "--key", "none"),
        ("a key that has no event, without indexes", "--key", "none", "--scan"),
    ):
        found, seconds = timed("search", folder, "--json", *arguments)
        print(f"{what}: {found.count(chr(10)):,} events in {seconds:.2f} s")


def run(events, *rate):
    folder = Path(tempfile.mkdtemp(prefix="kagimori-audit-bench-", dir=Path(__file__).parent.parent / "build"))
    try:
        subprocess.run([BUILD / "kagimori_audit_log", folder, str(events), *rate], check=True)
        size = sum(file.stat().st_size for file in (folder / "segments").iterdir())
        tiles = sum(file.stat().st_size for file in (folder / "tile").rglob("*") if file.is_file())
        found, seconds = timed("verify", folder, "--json")
        events = json.loads(found)["events"]
        print(f"verified {events:,} events ({size / 1e6:,.0f} MB, hashes {tiles / 1e6:,.0f} MB) in {seconds:.1f} s")
        if not rate:
            search(folder)
            subprocess.run([BUILD / "kagimori_audit_sinks", folder], check=True)
    finally:
        shutil.rmtree(folder)


def main():
    events = int(sys.argv[1].replace("_", "").replace(",", "")) if len(sys.argv) > 1 else 1_000_000
    print("as fast as it goes, two threads:", flush=True)
    run(events)
    print("at 50,000 events a second:", flush=True)
    run(min(events, 1_000_000), "50000")


if __name__ == "__main__":
    main()
