from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventstore.memory import MemoryStore
from eventstore.proofs.files.proof_file import ProofFile
from eventstore.proofs.frontier import Frontier
from eventstore.proofs.inclusion import prove_inclusion
from eventstore.proofs.merkle_tree import HASH_BYTES, leaf_hash, leaf_hashes
from eventstore.proofs.notes.checkpoint import Checkpoint
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Signer
from eventstore.proofs.tiles.tile_builder import TileBuilder
from eventstore.proofs.tiles.tiled_tree import TiledTree
from eventstore.store import Event
from tests.support.command import call

SIGNER = Signer("cronledger/test", bytes(32))
KEY = SIGNER.verifier_key.text
VECTORS = Path(__file__).parents[3] / "eventstore" / "proofs" / "vectors"


def lines(count: int) -> list[bytes]:
    """The lines of a ledger, without LF."""
    store = MemoryStore(clock=lambda: datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    for number in range(count - 1):
        store.append([Event(type="note.made", actor="scheduler", data={"n": number}, job="nightly")])
    return [line.removesuffix(b"\n") for line in store.lines()]


LINES = lines(20)


def proof_of(position: int, leaves: list[bytes] = LINES, signer: Signer = SIGNER) -> ProofFile:
    """The proof of one of the leaves, with a checkpoint that was signed."""
    builder = TileBuilder(lambda *_: None)
    builder.add(leaf_hashes(leaves))
    tree = TiledTree(builder.partial().__getitem__, builder.size)
    hashes = prove_inclusion(position, builder.size, tree.subtree_hash)
    text = Checkpoint("cronledger/test", builder.head()).text
    return ProofFile(position, tuple(hashes), Note(text, (signer.sign(text),)), leaves[position])


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    """The file of the proof of entry 7."""
    path = tmp_path / "7.tlog-proof"
    path.write_bytes(proof_of(7).raw)
    return path


def test_an_entry_is_proven_without_its_ledger(proof: Path, tmp_path: Path) -> None:
    """Where there is no home, with nothing but the file and a key: what the entry says, and who has signed."""
    answer = call("ledger", "check-proof", str(proof), "--key", KEY, "--utc", home=tmp_path / "nowhere")
    assert (answer.code, answer.err) == (0, "")
    frontier = Frontier()
    for line in LINES:
        frontier.add(leaf_hash(line))
    told = dict(line.split(":", 1) for line in answer.out.splitlines())
    assert told["log"].strip() == "cronledger/test"
    assert told["entry"].strip() == "7"
    assert "note.made" in told["says"]
    assert told["hash"].strip() == json.loads(LINES[7])["hash"]
    assert told["checkpoint"].strip().startswith("20 entries, root ")
    assert told["signed by"].strip() == KEY.rpartition("+")[0].rpartition("+")[0] + "+" + KEY.split("+")[1]
    assert told["verdict"].strip() == "proven: it is entry 7 of the log, to the byte"
    assert "none was left out" in told["not checked"]
    document = call(
        "ledger", "check-proof", str(proof), "--key", KEY, "--json", home=tmp_path / "nowhere"
    ).document
    assert (document["ok"], document["log"], document["index"]) == (True, "cronledger/test", 7)
    assert (document["size"], b64decode(document["root"])) == (20, frontier.root())
    assert document["signed_by"] == [KEY]
    assert document["entry"]["seq"] == 7
    assert not (tmp_path / "nowhere").exists()


def test_a_published_log_is_checked_too(tmp_path: Path) -> None:
    """The leaf of another kind of log is as good: its bytes are what is proven."""
    log = json.loads((VECTORS / "tlog-tiles-log.json").read_text(encoding="utf-8"))
    hashes = b64decode(log["files"]["tile/0/000.p/2"])
    path = tmp_path / "1.tlog-proof"
    note = b64decode(log["files"]["checkpoint.2"])
    path.write_bytes(b"c2sp.org/tlog-proof@v1\nindex 1\n%b\n\n%b" % (b64(hashes[:HASH_BYTES]), note))
    (tmp_path / "two").write_bytes(b"two")
    arguments = ("ledger", "check-proof", str(path), "--key", log["public_key"])
    answer = call(*arguments, "--entry", str(tmp_path / "two"), home=tmp_path)
    assert answer.code == 0
    assert "3 bytes of another kind of log" in answer.out
    missing = call(*arguments, home=tmp_path)
    assert (missing.code, missing.out) == (2, "")
    assert "give its line with --entry FILE" in missing.err
    (tmp_path / "two").write_bytes(b"too")
    assert call(*arguments, "--entry", str(tmp_path / "two"), home=tmp_path).code == 1


def b64(raw: bytes) -> bytes:
    """In base64."""
    from eventstore.proofs.base64_text import in_base64

    return in_base64(raw).encode()


OTHER = Signer("cronledger/test", bytes(31) + b"\1")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (proof_of(7)._replace(position=8).raw, "does not lead from leaf 8"),
        (proof_of(7)._replace(extra=LINES[8]).raw, "does not lead from leaf 7"),
        (proof_of(7)._replace(extra=LINES[7] + b"\n").raw, "does not lead from leaf 7"),
        (proof_of(7)._replace(hashes=proof_of(8).hashes).raw, "does not lead from leaf 7"),
        (proof_of(7)._replace(hashes=proof_of(7).hashes[:-1]).raw, "too few hashes"),
        (proof_of(7, signer=OTHER).raw, "none of the keys has signed it"),
        (proof_of(7).raw.replace(b"\n20\n", b"\n21\n"), "the signature of cronledger/test is wrong"),
        (proof_of(6, [*LINES[:6], LINES[7]]).raw, "says that it is entry 7, and stands at 6"),
        (b"\x1b]0;title\x07", "no checkpoint"),
        (b"", "no checkpoint"),
    ],
)
def test_what_proves_nothing_is_said(proof: Path, raw: bytes, why: str) -> None:
    """Exit code 1 and the reason; never a word of what the entry would have said."""
    proof.write_bytes(raw)
    answer = call("ledger", "check-proof", str(proof), "--key", KEY, home=proof.parent)
    assert (answer.code, answer.err) == (1, "")
    assert answer.out.startswith("verdict:  NOT PROVEN: ")
    assert why in " ".join(answer.out.split())
    assert "\x1b" not in answer.out
    document = call("ledger", "check-proof", str(proof), "--key", KEY, "--json", home=proof.parent).document
    assert document.keys() == {"ok", "why"}
    assert (document["ok"], why in document["why"]) == (False, True)


def test_a_file_of_any_length_is_refused(proof: Path) -> None:
    """A file with a hole of terabytes is not read whole."""
    with proof.open("r+b") as file:
        file.truncate(1 << 40)
    answer = call("ledger", "check-proof", str(proof), "--key", KEY, home=proof.parent)
    assert (answer.code, "longer than" in answer.out) == (1, True)


def test_keys_are_needed_and_read_strictly(proof: Path) -> None:
    """Without a key from elsewhere nothing is proven; one with a slip is told: exit code 2."""
    assert call("ledger", "check-proof", str(proof), home=proof.parent).code == 2
    wrong = call("ledger", "check-proof", str(proof), "--key", KEY[:-2] + "AA", home=proof.parent)
    assert (wrong.code, wrong.out) == (2, "")
    assert "--key" in wrong.err
    both = call(
        "ledger", "check-proof", str(proof), "--key", OTHER.verifier_key.text, "--key", KEY, home=proof.parent
    )
    assert both.code == 0
