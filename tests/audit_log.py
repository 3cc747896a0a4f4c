"""Reads, checks and writes audit logs: from RFC 6962 and the formats of C2SP alone, and from docs/formats/audit-log.md.
Shares no code with the server, and holds the whole log in memory: the plainest way to do it."""

import base64
import hashlib
import json
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

WIDTH = 256
SEGMENT = re.compile(r"[0-9]{20}\.jsonl")


# --- The Merkle tree (RFC 6962, section 2.1) ---


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(entry):
    return sha256(b"\0" + entry)


def node_hash(left, right):
    return sha256(b"\1" + left + right)


def split(size):
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def root_of(leaves, peaks=(), first=0):
    """The definition's recursion, without copying: whole subtrees from the left, as many as the size has bits. `peaks` are
    those of the leaves before the `first` one."""
    if not leaves:
        return sha256(b"")
    peaks = list(peaks)
    for number, leaf in enumerate(leaves, first):
        while number & 1:
            leaf = node_hash(peaks.pop(), leaf)
            number >>= 1
        peaks.append(leaf)
    root = peaks.pop()
    while peaks:
        root = node_hash(peaks.pop(), root)
    return root


def inclusion_proof(index, leaves):
    if len(leaves) <= 1:
        return []
    k = split(len(leaves))
    if index < k:
        return inclusion_proof(index, leaves[:k]) + [root_of(leaves[k:])]
    return inclusion_proof(index - k, leaves[k:]) + [root_of(leaves[:k])]


def root_from_inclusion(index, size, leaf, proof):
    """Follows the definition down and the proof up."""
    if size == 1:
        assert not proof
        return leaf
    k = split(size)
    if index < k:
        return node_hash(root_from_inclusion(index, k, leaf, proof[:-1]), proof[-1])
    return node_hash(proof[-1], root_from_inclusion(index - k, size - k, leaf, proof[:-1]))


def consistency_proof(old, leaves, whole=True):
    size = len(leaves)
    if old in (0, size):
        return [] if whole else [root_of(leaves)]
    k = split(size)
    if old <= k:
        return consistency_proof(old, leaves[:k], whole) + [root_of(leaves[k:])]
    return consistency_proof(old - k, leaves[k:], False) + [root_of(leaves[:k])]


def roots_from_consistency(old, size, proof, old_root, whole=True):
    """Both roots; takes its hashes from the end of the proof."""
    if old == size:
        root = old_root if whole else proof.pop()
        return root, root
    k, sibling = split(size), proof.pop()
    if old <= k:
        before, after = roots_from_consistency(old, k, proof, old_root, whole)
        return before, node_hash(after, sibling)
    before, after = roots_from_consistency(old - k, size - k, proof, old_root, False)
    return node_hash(sibling, before), node_hash(sibling, after)


# --- Notes and checkpoints (C2SP signed-note, tlog-checkpoint) ---


@dataclass(frozen=True)
class VerifierKey:
    name: str
    key_id: bytes
    public: bytes

    @staticmethod
    def parse(line):
        name, key_id, encoded = line.strip().split("+", 2)
        typed = base64.b64decode(encoded, validate=True)
        assert typed[0] == 1 and len(typed) == 33
        assert key_id == sha256(name.encode() + b"\n" + typed)[:4].hex()
        return VerifierKey(name, bytes.fromhex(key_id), typed[1:])

    def line(self):
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([1]) + self.public).decode()}"


@dataclass(frozen=True)
class SigningKey:
    name: str
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def verifier(self):
        public = self.private.public_key().public_bytes_raw()
        return VerifierKey(self.name, sha256(self.name.encode() + b"\n\1" + public)[:4], public)

    def sign(self, text):
        signature = self.verifier().key_id + self.private.sign(text.encode())
        return f"{text}\n\N{EM DASH} {self.name} {base64.b64encode(signature).decode()}\n"


class Refused(Exception):
    pass


def open_note(note, keys):
    """The text and the key that signed it."""
    text, found, lines = note.rpartition("\n\n")
    if not found or not lines.endswith("\n"):
        raise Refused("no signed note")
    text += "\n"
    signer = None
    for line in lines.splitlines():
        dash, name, encoded = line.split(" ")
        signature = base64.b64decode(encoded, validate=True)
        if dash != "\N{EM DASH}":
            raise Refused("no signature line")
        for key in keys:
            if (key.name, key.key_id) != (name, signature[:4]):
                continue
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(signature[4:], text.encode())
            except InvalidSignature:
                raise Refused("forged") from None
            signer = key
    if signer is None:
        raise Refused("not signed by a known key")
    return text, signer


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes

    def text(self):
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @staticmethod
    def open(note, keys):
        text, signer = open_note(note, keys)
        origin, size, root = text.split("\n")[:3]
        if not re.fullmatch("0|[1-9][0-9]*", size) or origin != signer.name:
            raise Refused("no checkpoint")
        return Checkpoint(origin, int(size), base64.b64decode(root, validate=True))


def follow_keys(given, changes):
    keys = [VerifierKey.parse(line) for line in given.splitlines() if line]
    for note in re.findall(r"(?s)(.+?\n\n.+?\n)(?:\n|$)", changes):
        try:
            text, signer = open_note(note, keys)
        except Refused:
            continue
        head, _, verifier = text.rstrip("\n").split("\n")
        if head == signer.name + "/key-change":
            keys.append(VerifierKey.parse(verifier))
    return keys


# --- The folder ---


def segments(folder):
    return sorted(file for file in (Path(folder) / "segments").iterdir() if SEGMENT.fullmatch(file.name))


def read_lines(folder):
    """The index of the first line, and all whole lines."""
    files = segments(folder)
    content = b""
    for file in files:
        text = file.read_bytes()
        content += text[: text.rfind(b"\n") + 1]
    return int(files[0].name[:20]), content.split(b"\n")[:-1]


def events_in(folder):
    return [json.loads(line) for line in read_lines(folder)[1]]


def audit_text(server):
    """The lines of a server's log, as they lie there."""
    return "".join(file.read_text() for file in segments(server.data / "audit"))


def tile_path(level, index, width=WIDTH):
    parts = [f"{index % 1000:03}"]
    while index := index // 1000:
        parts.insert(0, f"x{index % 1000:03}")
    return f"tile/{level}/{'/'.join(parts)}" + ("" if width == WIDTH else f".p/{width}")


def tiles_of(leaves):
    """Every tile of the tree: path -> bytes."""
    tiles = {}
    level, hashes = 0, leaves
    while hashes:
        for begin in range(0, len(hashes), WIDTH):
            tile = hashes[begin : begin + WIDTH]
            tiles[tile_path(level, begin // WIDTH, len(tile))] = b"".join(tile)
        whole = range(0, len(hashes) - WIDTH + 1, WIDTH)
        level, hashes = level + 1, [root_of(hashes[begin : begin + WIDTH]) for begin in whole]
    return tiles


def read_tile(folder, level, index, width):
    full = Path(folder) / tile_path(level, index)
    wider = sorted((f for f in full.with_name(full.name + ".p").glob("*") if f.name.isdigit()), key=lambda f: int(f.name))
    for file in ([] if width == WIDTH else [f for f in wider if int(f.name) >= width]) + [full]:
        if file.exists() and file.stat().st_size >= width * 32:
            return file.read_bytes()[: width * 32]
    return None


@dataclass
class Verdict:
    ok: bool
    event: int | None = None
    what: str = ""


def verify(folder, public_key=None, older=None):
    """What the command should find. `event` is the first one that can't be right."""
    folder = Path(folder)
    given = public_key or (folder / "log.vkey").read_text()
    changes = folder / "key-changes"
    keys = follow_keys(given, changes.read_text() if changes.exists() else "")
    try:
        newest = Checkpoint.open((folder / "checkpoint").read_text(), keys)
        old = Checkpoint.open(older, keys) if older else None
    except (Refused, ValueError, AssertionError) as refused:
        return Verdict(False, None, str(refused))
    if old and (old.origin != newest.origin or old.size > newest.size):
        return Verdict(False, newest.size if old.origin == newest.origin else None, "cut short")
    first, lines = read_lines(folder)
    pruned = 0
    if (folder / "pruned").exists():
        try:
            text, signer = open_note((folder / "pruned").read_text(), keys)
            pruned = int(text.split("\n")[1]) if text.split("\n")[0] == signer.name + "/pruned" else 0
        except (Refused, ValueError):
            pruned = 0
    if first > pruned:
        return Verdict(False, 0, "the beginning is missing")
    before = []
    for index in range(min(first, newest.size) // WIDTH):
        tile = read_tile(folder, 0, index, WIDTH)
        if tile is None:
            return Verdict(False, None, "tile")
        before += [tile[at : at + 32] for at in range(0, len(tile), 32)]
    leaves = (before + [leaf_hash(line) for line in lines])[: newest.size]
    if len(leaves) == newest.size and root_of(leaves) == newest.root:
        if old and root_of(leaves[: old.size]) != old.root:
            return Verdict(False, None, "another history")
        for path, content in tiles_of(leaves).items():
            level, width = int(path.split("/")[1]), len(content) // 32
            digits = "".join(part.lstrip("x") for part in re.sub(r"\.p/.*", "", path).split("/")[2:])
            if read_tile(folder, level, int(digits), width) != content:
                return Verdict(False, None, "tile")
        return Verdict(True)
    return Verdict(False, first_difference(folder, newest, leaves), "events")


def first_difference(folder, newest, leaves):
    """Only hashes that lead to the signed root count; what leads nowhere proves nothing."""
    expected = []
    for index in range(0, newest.size, WIDTH):
        tile = read_tile(folder, 0, index // WIDTH, min(WIDTH, newest.size - index))
        expected += [tile[at : at + 32] for at in range(0, len(tile), 32)] if tile else [b""] * min(WIDTH, newest.size - index)
    if root_of(expected) == newest.root:
        both = zip(expected, leaves)
        return next((at for at, (one, other) in enumerate(both) if one != other), min(len(expected), len(leaves)))
    return -1  # somewhere: the hashes were changed too


# --- A log made here, by whoever has the key ---


def write_log(folder, key, lines, *, size=None, per_segment=512, changes=""):
    """A folder as a server leaves it; the checkpoint covers `size` lines."""
    folder = Path(folder)
    (folder / "segments").mkdir(parents=True)
    for begin in range(0, max(len(lines), 1), per_segment):
        text = b"".join(line + b"\n" for line in lines[begin : begin + per_segment])
        (folder / "segments" / f"{begin:020}.jsonl").write_bytes(text)
    leaves = [leaf_hash(line) for line in lines[:size]]
    for path, content in tiles_of(leaves).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (folder / "checkpoint").write_text(key.sign(Checkpoint(key.name, len(leaves), root_of(leaves)).text()))
    (folder / "log.vkey").write_text(key.verifier().line() + "\n")
    if changes:
        (folder / "key-changes").write_text(changes)


def entry_bundles(lines):
    """What tools that read C2SP tlog-tiles expect under tile/entries: path -> bytes."""
    return {
        tile_path("entries", begin // WIDTH, len(lines[begin : begin + WIDTH])): b"".join(
            struct.pack(">H", len(line)) + line for line in lines[begin : begin + WIDTH]
        )
        for begin in range(0, len(lines), WIDTH)
    }


def check_range(lines, proof, key):
    """Whether an export holds the events that its proof (docs/formats/audit-log.md, "Proofs") is of."""
    try:
        head, _, note = proof.partition("\n\n")
        kind, first, events, *hashes = head.split("\n")
        first, events = int(first.removeprefix("first ")), int(events.removeprefix("events "))
        hashes = [base64.b64decode(line, validate=True) for line in hashes]
        checkpoint = Checkpoint.open(note, [key])
        before, after = hashes[:first.bit_count()], hashes[first.bit_count():]
        root = root_of([leaf_hash(line) for line in lines], before, first)
        old_root, new_root = roots_from_consistency(first + events, checkpoint.size, after, root)
    except (Refused, ValueError, IndexError):
        return False
    return kind == "kagimori/range-proof@v1" and len(lines) == events and not after and (old_root, new_root) == (root, checkpoint.root)
