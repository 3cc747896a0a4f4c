"""The audit log: CPU of the answering thread per event, events a second while checkpoints are signed, and how long it takes
to verify what was written. `./dev bench audit_log [EVENTS]`: 1,000,000 without a number; 10,000,000 need 10 GB of disk."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUILD = Path(__file__).parent.parent / "build" / "release"


def run(events, *rate):
    folder = Path(tempfile.mkdtemp(prefix="kagimori-audit-bench-", dir=Path(__file__).parent.parent / "build"))
    try:
        subprocess.run([BUILD / "kagimori_audit_log", folder, str(events), *rate], check=True)
        size = sum(file.stat().st_size for file in (folder / "segments").iterdir())
        tiles = sum(file.stat().st_size for file in (folder / "tile").rglob("*") if file.is_file())
        start = time.monotonic()
        done = subprocess.run([BUILD / "kagimori", "audit", "verify", folder, "--json"], capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        print(f"verified {found['events']:,} events ({size / 1e6:,.0f} MB, hashes {tiles / 1e6:,.0f} MB) in {time.monotonic() - start:.1f} s")
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
