#!/usr/bin/env python3
"""Shows that check_includes.py finds what it is for: a tree without fault passes, and each fault alone is reported."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import check_includes  # noqa: E402

GOOD = {
    "src/base/bytes.h": "#pragma once\n#include <vector>\n",
    "src/crypto/aead.h": '#pragma once\n#include <openssl/evp.h>\n#include "base/bytes.h"\n',
    "src/crypto/aead.cc": '#include "crypto/aead.h"\n// not EVP_sha256(), which looks it up each time\nEVP_MD_fetch(a, b, c);\n',
    "src/net/tls_context.cc": "#include <openssl/ssl.h>\n",
    "src/dialects/aws/decode.cc": '#include "dialects/aws/decode.h"\n#include "engine/engine.h"\n',
    "src/dialects/aws/decode_test.cc": '#include "store/sqlite.h"\n',
    "fuzz/http_fuzz.cc": '#include "net/http.h"\n#include "crypto/aead.h"\n',
}

# (file, its text, part of the message)
FAULTS = [
    ("src/base/a.cc", '#include "crypto/aead.h"\n', "may include only nothing of the house"),
    ("src/policy/a.h", '#pragma once\n#include "engine/engine.h"\n', "src/policy may include only base, model"),
    ("src/store/a_test.cc", '#include "crypto/aead.h"\n', "src/store may include only base, model"),
    ("src/server/a.cc", '#include "client/client.h"\n', "src/server may include only"),
    ("src/dialects/aws/a.cc", '#include "dialects/kmip/ttlv.h"\n', "a dialect may not include another"),
    ("src/dialects/aws/a.cc", '#include "store/sqlite.h"\n', "src/dialects may include only"),
    ("src/engine/a.cc", "#include <openssl/evp.h>\n", "may be included only in src/crypto/ and src/net/tls"),
    ("src/net/http.cc", "  #  include <openssl/ssl.h>\n", "may be included only in src/crypto/"),
    ("src/engine/a.cc", "#include <sqlite3.h>\n", "may be included only in src/store/"),
    ("src/crypto/a.cc", "auto md = EVP_sha256();\n", "EVP_sha256 looks its algorithm up"),
    ("src/crypto/a.cc", "f(EVP_aes_256_gcm());\n", "EVP_aes_256_gcm looks"),
    ("src/crypto/a.cc", "HMAC(md, key, n, d, m, out, &len);\n", "HMAC looks"),
    ("src/crypto/a.cc", "SHA256(data, size, out);\n", "SHA256 looks"),
    ("src/crypto/a.cc", 'EVP_get_digestbyname("x");\n', "EVP_get_digestbyname looks"),
    ("src/base/a.h", "int x;\n", "needs #pragma once"),
    ("src/base/a.cc", '#include "bytes.h"\n', "write the path from src/"),
    ("src/base/a.cc", '#include "sqlite3.h"\n', "may be included only in src/store/"),
    ("src/novel/a.cc", '#include "base/bytes.h"\n', "is not in the table"),
    ("tests/a.py", "x = 1  # TODO: more\n", "TODO: do it"),
    ("src/base/a.cc", "int x;\n" * 501, "501 lines"),
]


def messages(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return check_includes.check(Path(folder))


class CheckIncludes(unittest.TestCase):
    def test_a_tree_without_fault_passes(self):
        self.assertEqual(messages(GOOD), [])

    def test_each_fault_alone_is_found(self):
        for name, text, expected in FAULTS:
            with self.subTest(name=name, text=text[:60]):
                found = messages({**GOOD, name: text})
                self.assertTrue(any(m.startswith(name + ":") and expected in m for m in found), found)

    def test_the_table_has_no_circle(self):
        for folder in check_includes.ALLOWED:
            self.assertNotIn(folder, check_includes.reachable(folder))


if __name__ == "__main__":
    unittest.main()
