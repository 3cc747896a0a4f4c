"""Does a key with very many grants serve as fast as one with a single grant?

Makes three keys: one with one grant, one with GRANTS (50,000) of which one is its user's, and one whose GRANTS are all of
one user, each for an encryption context of its own. Prints side by side the median times of Encrypt by a user whom
nothing but a grant allows (the first time, which reads them, and later), of CreateGrant and RevokeGrant, and of pages of
lists; then the rate of CreateGrant by several clients, and what the deletion of a key with so many grants takes.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from many_keys import median_ms, resident_mib, seconds  # noqa: E402

from harness import Server, User, free_port  # noqa: E402

CLIENTS = 16


def make_user(server, name):
    iam = server.admin.client("iam")
    user = iam.create_user(UserName=name)["User"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return User(server, key["AccessKeyId"], key["SecretAccessKey"], name, user["Arn"])


def context(i):
    return {"tenant": str(i)}


def fill(kms, key, count, grantee, constrained):
    def create(i):
        more = {"Constraints": {"EncryptionContextSubset": context(i)}} if constrained else {}
        kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Encrypt"], **more)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return seconds(lambda: list(pool.map(create, range(count))))


def measure(server, kms, user, key):
    one = user.client()

    def encrypt(i=0):
        one.encrypt(KeyId=key, Plaintext=b"x" * 32, EncryptionContext=context(i))

    row = {"ms first Encrypt": round(seconds(encrypt) * 1000, 2)}
    for _ in range(20):  # every worker has read them
        user.client().encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context(0))
    row["ms Encrypt"] = median_ms([encrypt] * 2_000)
    row["ms ListGrants of 100"] = median_ms([lambda: kms.list_grants(KeyId=key, Limit=100)] * 100)
    root = f"arn:aws:iam::{server.admin.client('sts').get_caller_identity()['Account']}:root"
    made = []
    row["ms CreateGrant"] = median_ms([lambda: made.append(kms.create_grant(
        KeyId=key, GranteePrincipal=root, Operations=["Decrypt"])["GrantId"])] * 200)
    ends = iter(made)
    row["ms RevokeGrant"] = median_ms([lambda: kms.revoke_grant(KeyId=key, GrantId=next(ends))] * 200)
    row["MiB resident"] = resident_mib(server.process.pid)
    return row


def delete(server, kms, key):
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    server.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=8 * 86_400)
    return seconds(lambda: server.admin.call("Kagimori.Sweep"))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--grants", type=int, default=50_000)
    options = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kagimori-bench-", dir=os.environ.get("TMPDIR")))
    server = Server(folder / "data", free_port(), settings={"quotas.grants_per_key": 1_000_000})
    try:
        server.init().start()
        kms, user, other = server.admin.client(), make_user(server, "user"), make_user(server, "other")
        keys = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(3)]
        for key in keys[:2]:
            fill(kms, key, 1, user.arn, False)
        took = fill(kms, keys[1], options.grants - 1, other.arn, False)
        fill(kms, keys[2], options.grants, user.arn, True)
        rows = [measure(server, kms, user, key) for key in keys]
        rows[1][f"CreateGrant a second, {CLIENTS} clients"] = round(options.grants / took)
        rows[1]["seconds to delete the key"] = round(delete(server, kms, keys[1]), 1)
        server.stop()
    finally:
        server.kill()
        shutil.rmtree(folder)
    for name in rows[1]:
        print(f"{name:36}" + "".join(f"{row.get(name, ''):>14}" for row in rows))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
