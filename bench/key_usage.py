"""What counting the uses of keys costs: CPU of a use on the answering thread, and of a key that was used in the background,
where counts are stored. `./dev bench key_usage [KEYS]`: 100,000 without a number."""

import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from harness import Server, free_port  # noqa: E402


def main():
    keys = sys.argv[1].replace("_", "").replace(",", "") if len(sys.argv) > 1 else "100000"
    with tempfile.TemporaryDirectory(prefix="kagimori-usage-bench-", dir=ROOT / "build") as folder:
        server = Server(pathlib.Path(folder) / "data", free_port())
        server.init()
        program = ROOT / "build" / "release" / "kagimori_key_usage"
        subprocess.run([program, server.config, keys], env=server.environment(), check=True)


if __name__ == "__main__":
    main()
