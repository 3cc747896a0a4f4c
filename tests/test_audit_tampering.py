"""What somebody with access to a log's folder can do to it, and what the verifiers make of that: the command, and the
independent one."""

import json
import shutil
from pathlib import Path

import pytest
from audit_case import check, command
from audit_log import Checkpoint, SigningKey, read_lines, segments, tile_path, write_log


# --- What was written once is read for ever ---

GOLDEN = Path(__file__).parent / "data" / "audit-log.v1"


def test_the_golden_log(tmp_path):
    folder = tmp_path / "log"
    shutil.copytree(GOLDEN, folder)
    first = (GOLDEN / "log.vkey").read_text()
    found = check(folder, first)
    assert found["ok"] and found["events"] == 520 and found["key"] != first.strip()
    (tmp_path / "both").write_text(command("audit", "public-key", folder).stdout)
    (tmp_path / "event").write_bytes(read_lines(folder)[1][300] + b"\n")
    command("audit", "verify-event", "--event", tmp_path / "event", "--proof", folder / "event-300.tlog-proof",
            "--public-key", tmp_path / "both")
    command("audit", "prove", folder, "--index", 300, "--to", tmp_path / "mine")
    assert (tmp_path / "mine.tlog-proof").read_text() == (folder / "event-300.tlog-proof").read_text()


# --- A corpus of tampered logs ---

LINES = [json.dumps({"event": number, "who": f"user {number % 7}"}).encode() for number in range(1500)]


class Corpus:
    """A sound log of 1,500 events in segments of 512, and its key."""

    def __init__(self, folder):
        self.key = SigningKey("log.example/corpus")
        self.public_key = self.key.verifier().line()
        self.folder = folder
        write_log(folder, self.key, LINES)
        self.older = folder.with_name("older")
        write_log(self.older, self.key, LINES[:700])

    def rewrite(self, lines):
        """The segments, under names that fit; hashes and checkpoint stay."""
        for file in segments(self.folder):
            file.unlink()
        for begin in range(0, len(lines), 512):
            file = self.folder / "segments" / f"{begin:020}.jsonl"
            file.write_bytes(b"".join(line + b"\n" for line in lines[begin : begin + 512]))

    def forge(self, lines, key=None):
        """All of it anew, as who has a key can."""
        shutil.rmtree(self.folder)
        write_log(self.folder, key or self.key, lines)

    def tile(self, path):
        return self.folder / path


@pytest.fixture
def corpus(tmp_path):
    return Corpus(tmp_path / "log")


def changed(number):
    return LINES[:number] + [LINES[number].replace(b"user", b"USER")] + LINES[number + 1 :]


def test_the_corpus_is_sound(corpus):
    found = check(corpus.folder, corpus.public_key, (corpus.older / "checkpoint").read_text())
    assert found["ok"] and found["events"] == 1500


EVENTS = {
    "one flipped bit": (changed(0), "changed", 0),
    "a flip at a tile's end": (changed(255), "changed", 255),
    "a flip at a tile's beginning": (changed(256), "changed", 256),
    "a flip in the partial tile": (changed(1499), "changed", 1499),
    "two flips": (changed(900)[:300] + changed(300)[300:], "changed", 300),
    "an event dropped": (LINES[:600] + LINES[601:], "removed", 600),
    "the first dropped": (LINES[1:], "removed", 0),
    "many dropped": (LINES[:100] + LINES[400:], "removed", 100),
    "the end cut off": (LINES[:1400], "removed", 1400),
    "the last one cut off": (LINES[:-1], "removed", 1499),
    "an event made up": (LINES[:700] + [b'{"forged":1}'] + LINES[700:], "inserted", 700),
    "an event replayed": (LINES[:1000] + [LINES[3]] + LINES[1000:], "inserted", 1000),
    "two swapped": (LINES[:50] + [LINES[51], LINES[50]] + LINES[52:], "reordered", 50),
    "two far apart swapped": (LINES[:50] + [LINES[800]] + LINES[51:800] + [LINES[50]] + LINES[801:], "reordered", 50),
    "white space": (LINES[:9] + [LINES[9] + b" "] + LINES[10:], "changed", 9),
    "all of them": ([line + b" " for line in LINES], "changed", 0),
}


@pytest.mark.parametrize("name", EVENTS)
def test_tampered_events_are_named(corpus, name):
    lines, defect, event = EVENTS[name]
    corpus.rewrite(lines)
    found = check(corpus.folder, corpus.public_key)
    assert (found["defect"], found["event"]) == (defect, event), found
    done = command("audit", "verify", corpus.folder, check=False)
    assert done.returncode == 1 and str(event) in done.stderr


@pytest.mark.parametrize("name", EVENTS)
def test_tampered_events_are_narrowed_down_though_their_hashes_were_changed_too(corpus, name):
    """A lowest tile that does not lead to the checkpoint is not believed; the one above it still tells which 256 it was."""
    lines, _, event = EVENTS[name]
    corpus.rewrite(lines)
    for index in (0, 2, 4):
        corpus.tile(tile_path(0, index)).write_bytes(bytes(8192))
    found = json.loads(command("audit", "verify", corpus.folder, "--json", check=False).stdout)
    assert not found["ok"] and found["event"] is not None and found["event"] <= event
    assert found["event"] // 256 == event // 256


def test_what_was_tampered_with_can_not_be_proved(corpus, tmp_path):
    corpus.rewrite(changed(700))
    done = command("audit", "prove", corpus.folder, "--index", 700, "--to", tmp_path / "event", check=False)
    assert done.returncode == 1 and "audit verify" in done.stderr and not (tmp_path / "event.json").exists()
    command("audit", "prove", corpus.folder, "--index", 701, "--to", tmp_path / "event")


def test_a_segment_taken_away(corpus):
    (corpus.folder / "segments" / f"{512:020}.jsonl").unlink()
    found = check(corpus.folder, corpus.public_key)
    assert (found["defect"], found["event"]) == ("removed", 512) and "512 events removed" in found["sentence"]


def test_the_first_segment_taken_away(corpus):
    segments(corpus.folder)[0].unlink()
    assert check(corpus.folder, corpus.public_key)["defect"] == "pruning"
    note = corpus.key.sign("log.example/corpus/pruned\n512\n")
    (corpus.folder / "pruned").write_text(note)
    found = check(corpus.folder, corpus.public_key)
    assert found["ok"] and (found["pruned"], found["events"]) == (512, 988)
    (corpus.folder / "pruned").write_text(note.replace("512", "513"))
    assert check(corpus.folder, corpus.public_key)["defect"] == "pruning"


def test_a_segment_without_its_last_line_feed(corpus):
    last = segments(corpus.folder)[-1]
    last.write_bytes(last.read_bytes()[:-1])
    found = check(corpus.folder, corpus.public_key)
    assert (found["defect"], found["event"]) == ("removed", 1499)


@pytest.mark.parametrize("path", [tile_path(0, 0), tile_path(0, 4), tile_path(0, 5, 220), tile_path(1, 0, 5)])
@pytest.mark.parametrize("how", ["flip", "cut", "gone"])
def test_a_damaged_tile_is_no_damaged_event(corpus, path, how):
    file = corpus.tile(path)
    content = bytearray(file.read_bytes())
    content[40] ^= 4
    file.unlink() if how == "gone" else file.write_bytes(content if how == "flip" else content[:-1])
    found = check(corpus.folder, corpus.public_key)
    assert found["defect"] == "tile" and path in found["sentence"]


def test_signed_anew_with_another_key(corpus):
    corpus.forge(changed(3), SigningKey("log.example/corpus"))
    assert check(corpus.folder)["ok"], "against its own key it is sound, of course"
    assert check(corpus.folder, corpus.public_key)["defect"] == "key"


def test_a_history_signed_anew_by_the_key_itself(corpus):
    """Only who kept an older checkpoint can tell: what witnesses are for."""
    older = (corpus.older / "checkpoint").read_text()
    corpus.forge(changed(3))
    assert check(corpus.folder, corpus.public_key)["ok"]
    assert check(corpus.folder, corpus.public_key, older)["defect"] == "history"
    corpus.forge(changed(900))
    assert check(corpus.folder, corpus.public_key, older)["ok"], "what came after the older checkpoint it does not know"


def test_an_older_state_of_the_whole_log(corpus):
    newest = (corpus.folder / "checkpoint").read_text()
    found = check(corpus.older, corpus.public_key, newest)
    assert (found["defect"], found["event"]) == ("history", 700)


def test_a_checkpoint_put_back(corpus):
    newest = (corpus.folder / "checkpoint").read_text()
    shutil.copy(corpus.older / "checkpoint", corpus.folder / "checkpoint")
    found = check(corpus.folder, corpus.public_key)
    assert found["ok"] and found["unsigned"] == 800
    assert check(corpus.folder, corpus.public_key, newest)["defect"] == "history"


@pytest.mark.parametrize("change", [
    lambda note: note.replace("1500", "1499"), lambda note: note.replace("\n\n", "\n"), lambda note: note[:-1],
    lambda note: note.replace("log.example", "log.example2"), lambda note: "", lambda note: note + note,
    lambda note: note[: note.index("\n\n") + 2],
])
def test_a_tampered_checkpoint(corpus, change):
    file = corpus.folder / "checkpoint"
    file.write_text(change(file.read_text()))
    assert check(corpus.folder, corpus.public_key)["defect"] in ("checkpoint", "key")


def test_a_checkpoint_of_another_log_of_the_same_key(corpus):
    other = Checkpoint("log.example/other", 1500, bytes(32))
    (corpus.folder / "checkpoint").write_text(corpus.key.sign(other.text()))
    assert check(corpus.folder, corpus.public_key)["defect"] == "checkpoint"


@pytest.mark.parametrize("missing", ["segments", "checkpoint", "log.vkey"])
def test_where_there_is_nothing_to_check(corpus, missing):
    file = corpus.folder / missing
    shutil.rmtree(file) if file.is_dir() else file.unlink()
    done = command("audit", "verify", corpus.folder, "--json", check=False)
    assert done.returncode == 1 and missing in done.stderr and not done.stdout


@pytest.mark.parametrize("text", ["", "nonsense", "a+b+c", "log.example/corpus+00000000+AQID"])
def test_what_is_no_public_key(corpus, tmp_path, text):
    (tmp_path / "key").write_text(text)
    done = command("audit", "verify", corpus.folder, "--public-key", tmp_path / "key", check=False)
    assert done.returncode == 1 and "public key" in done.stderr


def test_logs_of_every_awkward_size(tmp_path):
    key = SigningKey("log.example/sizes")
    for size in (0, 1, 2, 255, 256, 257, 511, 512, 513, 1024):
        folder = tmp_path / str(size)
        write_log(folder, key, LINES[:size])
        assert check(folder, key.verifier().line())["ok"], size


def test_a_log_of_more_than_one_tile_of_tiles(tmp_path):
    """65,536 events fill a tile of the second level."""
    key = SigningKey("log.example/many")
    lines = [b"%d" % number for number in range(66_000)]
    write_log(tmp_path / "log", key, lines, per_segment=25_600)
    assert check(tmp_path / "log", key.verifier().line())["ok"]
    for number in (0, 40_000, 65_536, 65_999):
        shutil.rmtree(tmp_path / "log" / "segments")
        copy = tmp_path / f"copy{number}"
        write_log(copy, key, lines[:number] + [b"x"] + lines[number + 1 :], per_segment=25_600)
        shutil.copytree(copy / "segments", tmp_path / "log" / "segments")
        found = check(tmp_path / "log", key.verifier().line())
        assert (found["defect"], found["event"]) == ("changed", number)
