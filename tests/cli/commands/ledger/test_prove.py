from __future__ import annotations

import shutil
from base64 import b64decode
from pathlib import Path

import pytest

from eventstore.journal import Journal
from eventstore.kept_sizes import checkpoint_path
from eventstore.proofs.files.proof_file import parse_proof_file
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.notes.checkpoint import Checkpoint
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Signer
from eventstore.store import Event
from tests.support import merkle_oracle as oracle
from tests.support.command import call
from tests.support.home import LiveHome, entries_of, make_home
from tests.support.journal import snapshot
from tests.support.signed_ledger import SignedLedger, head_of, signed_note

ENTRIES = 300
SIGNER = Signer("cronledger/test", bytes(32))
KEY = SIGNER.verifier_key.text


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A home with a ledger of some segments."""
    home = LiveHome(tmp_path / "home")
    record(home, ENTRIES - 1)
    return home


def record(home: LiveHome, count: int, text: str = "") -> None:
    """Append so many entries."""
    with Journal.open(home.ledger, software="test", segment_entries=64) as journal:
        journal.append(
            [Event(type="note.made", actor="scheduler", data={"n": n, "text": text}) for n in range(count)]
        )


def lines(home: LiveHome) -> list[bytes]:
    """The lines of its ledger, without LF."""
    segments = sorted(home.ledger.glob("*.jsonl"))
    return [line for path in segments for line in path.read_bytes().splitlines()]


def signed(home: LiveHome) -> Path:
    """A checkpoint of the ledger as it is, signed by somebody who asked it for its size and root."""
    told = home.ask("ledger", "tree", "--json").document
    text = Checkpoint("cronledger/test", TreeHead(told["size"], b64decode(told["root"]))).text
    path = home.root.parent / f"checkpoint-{told['size']}"
    path.write_bytes(Note(text, (SIGNER.sign(text),)).raw)
    return path


@pytest.mark.parametrize("seq", [0, 63, 64, 255, 256, ENTRIES - 1])
def test_an_entry_is_proven_to_somebody_without_the_ledger(home: LiveHome, tmp_path: Path, seq: int) -> None:
    """What is written is the path of RFC 6962 to what was signed, though the ledger has grown; it can be checked."""
    checkpoint = signed(home)
    before = lines(home)
    record(home, 100)
    file = tmp_path / "proof.tlog-proof"
    answer = home.ask("ledger", "prove", str(seq), "--checkpoint", str(checkpoint), "-o", str(file))
    assert (answer.code, answer.out) == (0, "")
    assert "signatures of the checkpoint were not checked" in answer.err
    proof = parse_proof_file(file.read_bytes())
    assert (proof.position, proof.extra) == (seq, before[seq])
    assert list(proof.hashes) == oracle.path(seq, before)
    assert proof.note.raw == checkpoint.read_bytes()
    assert oct(file.stat().st_mode)[-3:] == "600"
    shutil.rmtree(home.root)
    checked = LiveHome(tmp_path / "elsewhere").ask("ledger", "check-proof", str(file), "--key", KEY, "--json")
    assert (checked.code, checked.document["entry"]["seq"], checked.document["size"]) == (0, seq, ENTRIES)


def test_a_proof_goes_to_standard_output(home: LiveHome) -> None:
    """Without a file, byte for byte, and remarks to standard error."""
    checkpoint = signed(home)
    answer = home.ask("ledger", "prove", "7", "--checkpoint", str(checkpoint))
    assert parse_proof_file(answer.raw_out).extra == lines(home)[7]
    refused = home.ask("ledger", "prove", "7", "--checkpoint", str(checkpoint), "--force")
    assert (refused.code, refused.out) == (2, "")


def test_a_ledger_that_is_not_the_one_that_was_signed_proves_nothing(home: LiveHome, tmp_path: Path) -> None:
    """An altered ledger, one that was cut off, another one: exit code 3, whatever tiles there are, and no file."""
    backup = shutil.copytree(home.ledger, tmp_path / "backup")
    record(home, 50)
    checkpoint, file = signed(home), tmp_path / "proof"
    arguments = ("ledger", "prove", "7", "--checkpoint", str(checkpoint), "-o", str(file))
    cut = home.ask(*arguments, "--ledger", str(backup))
    assert (cut.code, "the ledger has 300 entries, 350 were said" in cut.err) == (3, True)
    with Journal.open(backup, software="test") as journal:
        journal.append([Event(type="note.made", actor="scheduler", data={"n": n}) for n in range(60)])
    other = home.ask(*arguments, "--ledger", str(backup))
    assert (other.code, "the first 350 entries of the ledger have another root" in other.err) == (3, True)
    shutil.rmtree(home.ledger)
    backup.rename(home.ledger)
    assert home.ask(*arguments).code == 3
    assert not file.exists()


def test_forged_tiles_prove_nothing_else(home: LiveHome, tmp_path: Path) -> None:
    """Tiles of another ledger that fit together are found out by what was signed, and made again."""
    checkpoint = signed(home)
    forged = LiveHome(tmp_path / "forged")
    record(forged, ENTRIES - 1, "forged")
    forged.ask("ledger", "tree")
    shutil.rmtree(home.root / "var" / "tree")
    shutil.copytree(forged.root / "var" / "tree", home.root / "var" / "tree")
    answer = home.ask("ledger", "prove", "7", "--checkpoint", str(checkpoint))
    assert answer.code == 0
    assert list(parse_proof_file(answer.raw_out).hashes) == oracle.path(7, lines(home))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no signatures"),
        (b"text\n", "no signatures"),
        (b"a\nb\n\n\xe2\x80\x94 n AAAAAAA=\n", "three lines"),
    ],
)
def test_what_is_no_checkpoint_is_refused(home: LiveHome, tmp_path: Path, raw: bytes, why: str) -> None:
    """Exit code 2 and what is wrong with it; nothing is written."""
    before = snapshot(home.root)
    (tmp_path / "checkpoint").write_bytes(raw)
    answer = home.ask("ledger", "prove", "7", "--checkpoint", str(tmp_path / "checkpoint"))
    assert (answer.code, answer.out) == (2, "")
    assert "is no signed checkpoint" in answer.err
    assert why in " ".join(answer.err.split())
    assert snapshot(home.root) == before


def test_what_is_newer_than_the_checkpoint_is_not_proven(home: LiveHome) -> None:
    """The first entry behind it is refused, as is one that there is not; without a checkpoint nothing is proven."""
    checkpoint = signed(home)
    record(home, 10)
    for seq, why, helps in (
        (
            ENTRIES,
            "is newer than the checkpoint, which is of the first 300 entries",
            "ledger checkpoint` signs",
        ),
        (ENTRIES + 100, f"there is no entry {ENTRIES + 100}", "The last one is "),
    ):
        answer = home.ask("ledger", "prove", str(seq), "--checkpoint", str(checkpoint))
        assert (answer.code, answer.out) == (2, "")
        assert why in answer.err
        assert helps in answer.err
    unsigned = home.ask("ledger", "prove", "7")
    assert (unsigned.code, unsigned.out) == (2, "")
    assert "no checkpoint of this ledger is kept" in unsigned.err
    assert home.ask("ledger", "prove", "-1", "--checkpoint", str(checkpoint)).code == 2


def test_a_proof_is_written_beside_nothing_of_the_home(home: LiveHome) -> None:
    """Not into `var`, and over no file without being told so."""
    checkpoint = signed(home)
    arguments = ("ledger", "prove", "7", "--checkpoint", str(checkpoint), "-o")
    assert home.ask(*arguments, str(home.root / "var" / "x")).code == 2
    there = home.root / "there"
    there.write_text("mine")
    assert (home.ask(*arguments, str(there)).code, there.read_text()) == (2, "mine")
    assert home.ask(*arguments, str(there), "--force").code == 0
    assert parse_proof_file(there.read_bytes()).position == 7


# -- with the checkpoints that the ledger keeps ---------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path: Path) -> SignedLedger:
    """The signed ledger of a home of its own: checkpoints of 11, 21 and 31 entries, 35 entries."""
    ledger = SignedLedger(LiveHome(tmp_path / "signed").ledger, key=SIGNER)
    for _ in range(3):
        ledger.grow(9)
        ledger.sign()
    ledger.grow(3)
    return ledger


@pytest.fixture
def signed_home(ledger: SignedLedger, tmp_path: Path) -> LiveHome:
    """That home."""
    return LiveHome(tmp_path / "signed")


def test_the_newest_checkpoint_that_is_kept_is_proven_to(signed_home: LiveHome, tmp_path: Path) -> None:
    """Without --checkpoint; what it does not cover is not proven."""
    answer = signed_home.ask("ledger", "prove", "30")
    proof = parse_proof_file(answer.raw_out)
    assert (answer.code, proof.verify(proof.extra or b"").head.size) == (0, 31)
    assert signed_home.ask("ledger", "prove", "31").code == 2


def test_that_the_ledger_only_grew_is_proven(signed_home: LiveHome, tmp_path: Path) -> None:
    """From any size to the newest checkpoint, or to one that is named; both are checked without the ledger."""
    for arguments, sizes, signed_then in (
        (("--from", "11"), (11, 31), 1),
        (("--from", "11", "--to", "21"), (11, 21), 1),
        (("--from", "7", "--to", "31"), (7, 31), 0),
        (("--from", "31"), (31, 31), 1),
    ):
        file = tmp_path / f"{sizes[0]}-{sizes[1]}"
        assert signed_home.ask("ledger", "prove", *arguments, "-o", str(file)).code == 0
        checked = call(
            "ledger", "check-proof", str(file), "--key", KEY, "--json", home=tmp_path / "elsewhere"
        )
        assert checked.code == 0
        assert (checked.document["old_size"], checked.document["size"]) == sizes
        assert len(checked.document["old_signed_by"]) == signed_then
        assert ("whose the older root is" in checked.document["not_checked"]) is not bool(signed_then)
        lied = file.read_bytes().replace(b"old %d " % sizes[0], b"old %d " % (sizes[0] + 1))
        file.write_bytes(lied)
        refused = call("ledger", "check-proof", str(file), "--key", KEY, home=tmp_path / "elsewhere")
        assert (refused.code, refused.out.startswith("verdict:  NOT PROVEN: ")) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "name an entry"),
        (("7", "--from", "11"), "name an entry"),
        (("7", "--to", "11"), "--to names a kept checkpoint for --from"),
        (("--from", "11", "--to", "20"), "The nearest are of 11, 21, 31 entries"),
        (("--from", "32"), "which is less than 32"),
        (("--from", "0"), "0 is not 1 or more"),
        (("7", "--run"), "a new folder with --output"),
        (("7", "--run", "-o", "there"), "there is no run 7"),
    ],
)
def test_what_cannot_be_proven_is_said(signed_home: LiveHome, arguments: tuple[str, ...], why: str) -> None:
    """Exit code 2, the reason, and nothing on standard output."""
    answer = signed_home.ask("ledger", "prove", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert why in " ".join(answer.err.split())


def test_a_ledger_that_is_not_what_was_signed_only_grew_for_nobody(
    signed_home: LiveHome, ledger: SignedLedger
) -> None:
    """Exit code 3: for the newer checkpoint, and for the older one that is kept."""
    path = checkpoint_path(ledger.folder, 21)
    path.write_bytes(signed_note(head_of(ledger.folder, 21)._replace(root=bytes(32)), SIGNER).raw)
    assert signed_home.ask("ledger", "prove", "--from", "11", "--to", "21").code == 3
    older = signed_home.ask("ledger", "prove", "--from", "21")
    assert (older.code, "are not those whose checkpoint is kept" in older.err) == (3, True)
    path.write_bytes(b"")
    assert signed_home.ask("ledger", "prove", "--from", "21").code == 3


def test_a_run_is_proven_by_each_of_its_entries(tmp_path: Path) -> None:
    """A file for what caused it, for each start and for how it ended; all are checked at once."""
    home = LiveHome(make_home(tmp_path / "home").root)
    assert home.ask("jobs", "run", "nightly").code == 0
    runs = [entry.seq for entry in entries_of(home.root) if entry.run is not None]
    text = Checkpoint(KEY.split("+")[0], head_of(home.ledger)).text
    (tmp_path / "checkpoint").write_bytes(Note(text, (SIGNER.sign(text),)).raw)
    folder = tmp_path / "proofs"
    arguments = ("ledger", "prove", str(runs[0]), "--run", "--checkpoint", str(tmp_path / "checkpoint"))
    assert home.ask(*arguments, "-o", str(folder)).code == 0
    files = sorted(folder.iterdir(), key=lambda path: int(path.stem))
    assert [path.name for path in files] == [f"{seq}.tlog-proof" for seq in runs]
    checked = call(
        "ledger", "check-proof", *map(str, files), "--key", KEY, "--json", home=tmp_path / "elsewhere"
    )
    assert checked.code == 0
    assert [each["entry"]["type"] for each in checked.document] == [
        "run.requested",
        "run.started",
        "run.finished",
    ]
    shown = call("ledger", "check-proof", *map(str, files), "--key", KEY, home=tmp_path / "elsewhere").out
    assert shown.count("verdict:") == len(files)
    files[0].write_bytes(files[1].read_bytes().replace(b"index %d" % runs[1], b"index 0"))
    assert (
        call("ledger", "check-proof", *map(str, files), "--key", KEY, home=tmp_path / "elsewhere").code == 1
    )
    assert home.ask(*arguments, "-o", str(folder)).code == 2
