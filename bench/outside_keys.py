"""What does it cost that a key is used outside, or that an answer is for an enclave?

Prints side by side, in ms of one Python client over TLS: Encrypt, Decrypt and CreateKey with a key of the server and with
one in an HSM (SoftHSM 2); then GenerateRandom without a Recipient, with a new attestation document each time, and with one
that was verified before. Last the rate of Encrypt by several clients with either key.
"""

import pathlib
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from many_keys import median_ms, seconds  # noqa: E402

from attestation import Enclave, Platform, recipient  # noqa: E402
from harness import Server, free_port  # noqa: E402
from hsm_case import new_hsm_key, new_store  # noqa: E402
from softhsm import SoftHsm  # noqa: E402
from xks_case import connect  # noqa: E402

CLIENTS = 8
CALLS = 1_000


def row_of(kms, key, make):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x" * 32)["CiphertextBlob"]
    row = {
        "ms Encrypt": median_ms([lambda: kms.encrypt(KeyId=key, Plaintext=b"x" * 32)] * CALLS),
        "ms Decrypt": median_ms([lambda: kms.decrypt(CiphertextBlob=blob)] * CALLS),
        "ms CreateKey": median_ms([make] * 50),
    }
    with ThreadPoolExecutor(CLIENTS) as pool:
        taken = seconds(lambda: list(pool.map(lambda _: kms.encrypt(KeyId=key, Plaintext=b"x" * 32), range(4 * CALLS))))
    return {**row, f"Encrypt a second, {CLIENTS} clients": round(4 * CALLS / taken)}


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kagimori-bench-"))
    hsm, platform, enclave = SoftHsm(folder / "softhsm"), Platform(), Enclave(folder)
    (folder / "roots.pem").write_text(platform.root.pem)
    settings = {**hsm.settings(), "attestation.trust_roots": folder / "roots.pem", "quotas.custom_key_stores": 10}
    server = Server(folder / "data", free_port(), settings=settings).init().start()
    try:
        kms = server.admin.client("kms")
        store = new_store(kms, hsm)
        connect(kms, store)
        rows = {
            "key of the server": row_of(kms, kms.create_key()["KeyMetadata"]["KeyId"], kms.create_key),
            "key in SoftHSM": row_of(kms, new_hsm_key(kms, store)["KeyId"], lambda: new_hsm_key(kms, store)),
        }
        for name, row in rows.items():
            print(name, row)
        documents = [platform.document(enclave) for _ in range(200)]

        def random(**members):
            return lambda: kms.generate_random(NumberOfBytes=32, **members)

        print("ms GenerateRandom", {
            "alone": median_ms([random()] * CALLS),
            "new document": median_ms([random(Recipient=recipient(document)) for document in documents]),
            "known document": median_ms([random(Recipient=recipient(documents[0]))] * CALLS),
        })
    finally:
        server.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
