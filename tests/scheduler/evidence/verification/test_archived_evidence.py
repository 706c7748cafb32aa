"""What was signed of a ledger with archived segments: what fits is never called wrong, and what is wrong is found."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstore.archive.retrieval import release
from eventstore.errors import Archived
from eventstore.kept_sizes import checkpoint_path, sizes
from eventstore.proofs import kept_checkpoints
from eventstore.proofs.errors import OtherTree
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.ledger_tree import LedgerTree
from eventstore.segment import list_segments
from eventstore.verify_report import VerifyReport
from scheduler.evidence.verification.evidence_report import EvidenceReport
from scheduler.evidence.verification.key_history import KeyPeriod, key_history
from scheduler.evidence.verification.since_checkpoint import beginning_of
from scheduler.evidence.verification.trust import Trust
from scheduler.evidence.verification.verification import Start, verify_with_evidence
from tests.support.archived_ledger import archive, remark
from tests.support.examples import examples
from tests.support.signed_ledger import ORIGIN, SignedLedger, head_of, lines_of, signed_note, signer

SEGMENT_ENTRIES = 8
OTHER = signer(99)
_AT_ENTRY_0 = Start()

_STEPS = st.lists(
    st.sampled_from(["grow", "grow", "sign", "sign", "only kept", "only recorded", "rotate", "continue"]),
    min_size=5,
    max_size=14,
)


def _past(folder: Path, steps: Sequence[str]) -> SignedLedger:
    """A ledger in which this happened, and then enough that the last segments hold none of it."""
    ledger = SignedLedger(folder)
    last = ledger.sign()
    for number, step in enumerate(steps):
        if step == "grow":
            ledger.grow(7)
        elif step == "rotate":
            ledger.rotate(signer(number + 2, ledger.key.verifier_key.name))
        elif step == "continue":
            base, _, round_ = ledger.key.verifier_key.name.removeprefix(f"{ORIGIN}").partition("/")
            assert not base
            ledger.continue_after(last, signer(number + 2, f"{ORIGIN}/{int(round_ or 1) + 1}"))
        else:
            last = ledger.sign(keep=step != "only recorded", record=step != "only kept")
    ledger.grow(2 * SEGMENT_ENTRIES)
    ledger.sign()
    return ledger


@contextmanager
def _archived(steps: Sequence[str], which: Sequence[bool]) -> Iterator[tuple[SignedLedger, Path, Path]]:
    """The ledger with these of its segments archived; its tiles; a copy of it that is whole."""
    root = Path(
        tempfile.mkdtemp(prefix="archived-evidence-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    )
    try:
        ledger = _past(root / "ledger", steps)
        firsts = [
            first for first, chosen in zip(list_segments(ledger.folder)[1:-2], which, strict=False) if chosen
        ]
        if firsts:
            whole = {first: (ledger.folder / f"{first:020d}.jsonl").read_bytes() for first in firsts}
            archive(ledger.folder, root / "volume", firsts)
            shutil.copytree(ledger.folder, root / "whole")
            for first, raw in whole.items():
                (root / "whole" / f"{first:020d}.jsonl").write_bytes(raw)
        else:
            shutil.copytree(ledger.folder, root / "whole")
        count = len(lines_of(root / "whole"))
        LedgerTree(LedgerLeaves(root / "whole", SEGMENT_ENTRIES), root / "tree", lambda: count).make()
        yield ledger, root / "tree", root / "whole"
    finally:
        release()
        shutil.rmtree(root)


def _verified(folder: Path, start: Start = _AT_ENTRY_0) -> tuple[VerifyReport, EvidenceReport]:
    return verify_with_evidence(folder, Trust(), start=start)


def _wrong(evidence: EvidenceReport) -> str:
    return "\n".join(f"{each.where}: {each.why}" for each in evidence.contradictions)


def _key_at(whole: Path, seq: int) -> KeyPeriod | None:
    """What a state that is kept after an entry would say."""
    collected = [entry for entry in _verified(whole)[0].collected if entry.seq <= seq]
    return key_history(collected, []).at(seq + 1)


@settings(max_examples=examples(8))
@given(steps=_STEPS, which=st.lists(st.booleans(), min_size=12, max_size=12), with_tiles=st.booleans())
def test_what_fits_is_never_called_wrong(steps: list[str], which: list[bool], with_tiles: bool) -> None:
    """Whatever was signed, by whatever keys, whichever segments are archived, with a kept state or without."""
    with _archived(steps, which) as (ledger, tree, whole):
        report, full = _verified(whole)
        assert report.ok
        assert _wrong(full) == ""
        tiles = tree if with_tiles else None
        seen, evidence = _verified(ledger.folder, Start(tiles=tiles))
        assert seen.ok
        assert _wrong(evidence) == ""
        assert evidence.kept <= full.kept
        assert evidence.covered <= full.covered
        assert evidence.kept + evidence.unread >= full.kept
        end = max((each.last for each in seen.unread), default=-1)
        known = Start(tiles=tiles, archive_end=end, archive_key=_key_at(whole, end) if end >= 0 else None)
        _, told = _verified(ledger.folder, known)
        assert _wrong(told) == ""
        assert told.covered == full.covered
        assert told.kept >= evidence.kept
        read, all_of_it = _verified(ledger.folder, Start(archives=True))
        assert read.unread == []
        assert all_of_it == full


@settings(max_examples=examples(6))
@given(steps=_STEPS, which=st.lists(st.booleans(), min_size=12, max_size=12), data=st.data())
def test_what_is_wrong_is_found(steps: list[str], which: list[bool], data: st.DataObject) -> None:
    """A checkpoint of another tree, or by a key that the ledger does not have, behind what is archived."""
    with _archived(steps, which) as (ledger, tree, whole):
        report, _ = _verified(ledger.folder, Start(tiles=tree))
        behind = max((each.last + 1 for each in report.unread), default=1)
        size = data.draw(st.integers(max(1, behind), report.entries))
        kept = set(sizes(ledger.folder))
        key = data.draw(st.sampled_from([ledger.key, OTHER]))
        head = head_of(whole, size)._replace(root=bytes(32))
        if size in kept:
            checkpoint_path(ledger.folder, size).unlink()
        kept_checkpoints.keep(ledger.folder, signed_note(head, key).raw)
        end = behind - 1 if report.unread else -1
        known = Start(tiles=tree, archive_end=end, archive_key=_key_at(whole, end) if report.unread else None)
        _, evidence = _verified(ledger.folder, known)
        assert evidence.contradictions


def test_keys_that_only_archived_entries_name_are_counted_as_not_read(tmp_path: Path) -> None:
    """The key is rotated in an archived segment: with the state behind it, what the new one signed is known again."""
    ledger = SignedLedger(tmp_path / "ledger")
    ledger.grow(7)
    ledger.rotate(signer(2))
    ledger.grow(8)
    ledger.sign()
    ledger.grow(20)
    shutil.copytree(ledger.folder, tmp_path / "whole")
    archive(ledger.folder, tmp_path / "volume", [8])
    _, blind = _verified(ledger.folder)
    assert (blind.kept, blind.recorded, blind.unread, _wrong(blind)) == (0, 0, 2, "")
    start = Start(archive_end=15, archive_key=_key_at(tmp_path / "whole", 15))
    _, told = _verified(ledger.folder, start)
    assert (told.kept, told.recorded, told.unread, _wrong(told)) == (1, 1, 0, "")


@pytest.mark.parametrize("root", [bytes(32), None])
def test_a_checkpoint_within_an_archived_segment_is_compared_by_the_tiles(
    tmp_path: Path, root: bytes | None
) -> None:
    """If these lead to the root that is recorded of the segment; without them it is not judged."""
    ledger = SignedLedger(tmp_path / "ledger")
    ledger.grow(30)
    head = head_of(ledger.folder, 13)
    LedgerTree(LedgerLeaves(ledger.folder, 8), tmp_path / "tree", lambda: 32).make()
    kept_checkpoints.keep(ledger.folder, signed_note(head._replace(root=root or head.root), ledger.key).raw)
    archive(ledger.folder, tmp_path / "volume", [8])
    _, without = _verified(ledger.folder)
    assert (without.kept, without.unread, _wrong(without)) == (0, 1, "")
    _, told = _verified(ledger.folder, Start(tiles=tmp_path / "tree"))
    assert (told.kept, told.unread) == (int(root is None), 0)
    assert ("have another root" in _wrong(told)) == (root is not None)


def test_a_verification_goes_on_from_a_checkpoint_over_archived_segments(tmp_path: Path) -> None:
    """What it covers is not read, and the archive is not needed; a forged marker leads to no beginning."""
    ledger = SignedLedger(tmp_path / "ledger")
    ledger.grow(31)
    head = head_of(ledger.folder, 33)
    ledger.grow(20)
    tree = LedgerTree(LedgerLeaves(ledger.folder, 8), tmp_path / "tree", lambda: len(lines_of(ledger.folder)))
    before = beginning_of(head, ledger.folder, tree, 8)
    archive(ledger.folder, tmp_path / "volume", [16, 24])
    shutil.rmtree(tmp_path / "volume")
    whole = LedgerTree(LedgerLeaves(ledger.folder, 8), tmp_path / "tree", lambda: 53)
    assert beginning_of(head, ledger.folder, whole, 8) == before
    report, _ = _verified(ledger.folder, Start(beginning=before))
    assert (report.ok, report.first, report.entries) == (True, 32, 54)
    remark(ledger.folder, 24, root="0" * 64)
    with pytest.raises((OtherTree, Archived)):
        beginning_of(head, ledger.folder, whole, 8)
