"""SoftHSM 2 as the HSM behind a cluster: a token of its own in a folder, and what a stranger sees of it (pkcs11-tool)."""

import datetime
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
CLUSTER = "cluster-abcdefghijk"
SISTER = "cluster-abcdefghijm"  # the same token under another id, as after a restored backup of a cluster
STRANGER = "cluster-abcdefghijn"  # another token with another trust anchor
PASSWORD = "correct-horse-battery"


def certificate(name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now)
            .not_valid_after(now + datetime.timedelta(days=3650)).sign(key, hashes.SHA256()))
    return made.public_bytes(serialization.Encoding.PEM).decode()


class SoftHsm:
    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "tokens").mkdir(parents=True)
        self.conf = self.folder / "softhsm2.conf"
        self.conf.write_text(f"directories.tokendir = {self.folder / 'tokens'}\n")
        self.anchor, self.other_anchor = certificate("cluster CA"), certificate("another CA")
        (self.folder / "anchor.pem").write_text(self.anchor)
        (self.folder / "other.pem").write_text(self.other_anchor)
        self.make_token("cellar")
        self.make_token("attic")

    def run(self, *command):
        return subprocess.run(command, env={**os.environ, "SOFTHSM2_CONF": str(self.conf)}, check=True, text=True,
                              capture_output=True, timeout=60).stdout

    def make_token(self, label):
        self.run("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", PASSWORD)

    def change_password(self, old, new):
        self.run("pkcs11-tool", "--module", MODULE, "--token-label", "cellar", "--login", "--pin", old, "--change-pin",
                 "--new-pin", new)

    def settings(self):
        """The server's options."""
        options = {}
        for number, (cluster, token, anchor) in enumerate(
                ((CLUSTER, "cellar", "anchor"), (SISTER, "cellar", "anchor"), (STRANGER, "attic", "other")), 1):
            options |= {f"hsm_clusters.{number}.{name}": value for name, value in {
                "id": cluster, "module": MODULE, "token_label": token, "environment": f"SOFTHSM2_CONF={self.conf}",
                "trust_anchor": self.folder / f"{anchor}.pem", "seconds": 3}.items()}
        return options

    def members(self, **changes):
        """Of CreateCustomKeyStore."""
        good = {"CloudHsmClusterId": CLUSTER, "TrustAnchorCertificate": self.anchor, "KeyStorePassword": PASSWORD}
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def keys(self, password=PASSWORD):
        """The secret keys in the token, by label: id, and how they may be used and read."""
        listing = self.run("pkcs11-tool", "--module", MODULE, "--token-label", "cellar", "--login", "--pin", password,
                           "--list-objects", "--type", "secrkey")
        found = {}
        for block in listing.split("Secret Key Object")[1:]:
            fields = dict(re.findall(r"^\s+(\w+):\s+(.*)$", block, re.MULTILINE))
            found[fields["label"]] = fields | {"kind": block.splitlines()[0].strip("; ")}
        return found

    def hide(self):
        """Takes the token away, as when the last HSM of a cluster fails."""
        shutil.move(self.folder / "tokens", self.folder / "hidden")
        (self.folder / "tokens").mkdir()

    def show(self):
        if (self.folder / "hidden").exists():
            shutil.rmtree(self.folder / "tokens")
            shutil.move(self.folder / "hidden", self.folder / "tokens")


def session_hosts(server):
    """The processes that run the module's code for a server."""
    found, parents = [], {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        name, rest = stat[stat.index("(") + 1:stat.rindex(")")], stat[stat.rindex(")") + 2:].split()
        parents[int(entry.name)] = int(rest[1])
        if name == "kagimori-hsm" and rest[0] != "Z":
            found.append(int(entry.name))
    return [pid for pid in found if parents.get(parents[pid]) == server.process.pid]


def signal_hosts(server, what=signal.SIGKILL):
    for pid in session_hosts(server):
        os.kill(pid, what)
