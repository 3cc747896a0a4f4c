"""Runs `kagimori audit`, and holds what it finds against the independent verifier."""

import json
import subprocess

from audit_log import verify
from harness import BINARY


def command(*arguments, check=True, **options):
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options)
    assert not check or done.returncode == 0, done.stderr
    return done


def check(folder, public_key=None, older=None):
    """What the command finds, after the independent verifier has found the same."""
    extra = []
    for option, text in (("--public-key", public_key), ("--from", older)):
        if text:
            file = folder.with_name(folder.name + option)
            file.write_text(text)
            extra += [option, file]
    done = command("audit", "verify", folder, *extra, "--json", check=False)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["ok"] else 1)
    expected = verify(folder, public_key, older)
    assert found["ok"] == expected.ok, (found, expected)
    if expected.event is not None and expected.event >= 0:
        assert found["event"] == expected.event, (found, expected)
    return found
