#!/usr/bin/env python3
"""Checks the rules of the house that no compiler checks. Usage: check_includes.py [ROOT]

Which folder of src/ may include which, who may include OpenSSL and other libraries, functions of OpenSSL that look up
an algorithm at every call, `#pragma once`, marks that promise instead of doing, and the length of files.
"""

import re
import sys
from pathlib import Path

# docs/architecture.md, "The house". A folder may always include itself.
ALLOWED = {
    "base": [],
    "crypto": ["base"],
    "model": ["base"],
    "policy": ["base", "model"],
    "protocol": ["base", "model", "crypto"],
    "store": ["base", "model"],
    "seal": ["base", "crypto", "model", "store"],
    "audit": ["base", "crypto", "model", "protocol", "store", "seal"],
    "engine": ["base", "crypto", "model", "policy", "protocol", "store", "seal", "audit"],
    "net": ["base", "crypto"],
    "hsm": ["base"],
    "dialects": ["base", "model", "protocol", "engine", "net"],
    "client": ["base", "crypto", "protocol"],
    "pkcs11": ["base", "crypto", "protocol", "client"],
    "server": ["base", "crypto", "model", "policy", "protocol", "store", "seal", "audit", "engine", "net", "hsm",
               "dialects"],
    "cli": ["base", "crypto", "model", "policy", "protocol", "store", "seal", "audit", "engine", "net", "hsm", "dialects",
            "client", "server"],
}

# Library headers that have one home: prefix of the header -> prefixes of the files that may include it.
LIBRARY_HOMES = {
    "openssl/": ["src/crypto/", "src/net/tls"],
    "sqlite3.h": ["src/store/"],
    "toml++/": ["src/server/config"],
    "CLI/": ["src/cli/"],
    "p11-kit/": ["src/hsm/"],
    "prometheus/": ["src/server/metrics"],
}

# Each of these fetches its algorithm anew at every call; use an algorithm fetched once (crypto/).
IMPLICIT_FETCH = re.compile(
    r"\b(EVP_(?:sha|md5|ripemd|blake|sm[34]|aes_|aria_|camellia_|chacha20|des_)\w*\("
    r"|EVP_get_(?:digest|cipher)by\w+\(|HMAC\(|SHA(?:1|224|256|384|512)\(|MD5\()")

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
MARK = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MAX_LINES = 500
SCANNED = ("src", "fuzz", "bench", "tests", "tools")
SELF = ("tools/check_includes.py", "tools/check_includes_test.py")


def reachable(folder):
    """What tests of a folder may include: all that the folder stands on, also through others."""
    seen, todo = set(), [folder]
    while todo:
        for below in ALLOWED[todo.pop()]:
            if below not in seen:
                seen.add(below)
                todo.append(below)
    return seen


def include_errors(path, quote, header):
    """The errors of one #include line in the file `path` (relative to the root)."""
    for prefix, homes in LIBRARY_HOMES.items():
        if header.startswith(prefix) and path.startswith("src/") and not path.startswith(tuple(homes)):
            yield f"<{header}> may be included only in {' and '.join(homes)}*"
    if quote != '"' or not path.startswith("src/"):
        return
    parts, target = path.split("/"), header.split("/")
    folder = parts[1]
    if folder not in ALLOWED:
        yield f"the folder src/{folder} is not in the table of tools/check_includes.py and docs/architecture.md"
    elif len(target) == 1:
        yield f'"{header}": write the path from src/, as in "{"/".join(parts[1:-1])}/{header}"'
    elif target[0] not in ALLOWED:
        yield f'"{header}": there is no folder src/{target[0]} in the table; headers of libraries go in <>'
    elif folder == target[0]:
        if folder == "dialects" and target[1] != parts[2]:
            yield f'"{header}": a dialect may not include another ({parts[2]} -> {target[1]})'
    else:
        allowed = reachable(folder) if path.endswith("_test.cc") else ALLOWED[folder]
        if target[0] not in allowed:
            yield f'"{header}": src/{folder} may include only {", ".join(sorted(allowed)) or "nothing of the house"}'


def without_comment(line):
    return line.split("//", 1)[0]


def file_errors(path, text):
    """(line, message) of every offence in one file."""
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        yield len(lines), f"{len(lines)} lines; the limit is {MAX_LINES}: split the file by what it is about"
    is_cpp = path.endswith((".h", ".cc"))
    if path.endswith(".h") and "#pragma once" not in lines:
        yield 1, "a header needs #pragma once"
    for number, line in enumerate(lines, 1):
        if (mark := MARK.search(line)) and path not in SELF:
            yield number, f"{mark.group(1)}: do it, or file an issue"
        if not is_cpp:
            continue
        if include := INCLUDE.match(line):
            for message in include_errors(path, *include.groups()):
                yield number, message
        elif fetch := IMPLICIT_FETCH.search(without_comment(line)):
            yield number, f"{fetch.group(1)[:-1]} looks its algorithm up at every call; use one fetched once (crypto/)"


def source_files(root):
    for top in SCANNED:
        for path in sorted((root / top).rglob("*")):
            relative = path.relative_to(root).as_posix()
            if path.is_file() and "/node_modules/" not in relative and "/corpus/" not in relative:
                if path.suffix in (".h", ".cc", ".py", ".sh", ".mjs", ".js") or (path.suffix == "" and top != "tests"):
                    yield relative, path


def check(root):
    """All offences under `root` as "file:line: message"."""
    found = []
    for relative, path in source_files(root):
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{relative}:{line}: {message}" for line, message in file_errors(relative, text)]
    return found


if __name__ == "__main__":
    problems = check(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(1 if problems else 0)
