"""Verifying a ledger with all that was signed and remembered of it: first the entries, then what stands for them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from eventstore.verification_plan import NOTHING, Beginning
from eventstore.verify import Progress, verify
from eventstore.verify_report import VerifyReport
from scheduler import vocabulary as v
from scheduler.evidence.verification.evidence_check import check_evidence
from scheduler.evidence.verification.evidence_report import EvidenceReport
from scheduler.evidence.verification.found_notes import kept_note, kept_notes
from scheduler.evidence.verification.key_history import (
    KEY_ENTRIES,
    KeyHistory,
    KeyPeriod,
    Unread,
    key_history,
)
from scheduler.evidence.verification.trust import Trust
from scheduler.vocabulary.payload import UnfitPayload

EVIDENCE_ENTRIES = (
    *KEY_ENTRIES,
    v.CheckpointSigned.TYPE,
    v.CheckpointCosigned.TYPE,
    v.CheckpointAnchored.TYPE,
)
"""The types of the entries that are held against the tree."""


class Start(NamedTuple):
    """Where a verification begins.

    Attributes:
        beginning: the segments that are not read.
        key: the key that was in force at their end.
        archives: whether archived segments are read where they are.
        tiles: the folder of the tree, which tells its roots within archived segments that are not read.
        archive_end: the last archived entry at which the key is known; -1 if there is none.
        archive_key: the key that was in force there.
    """

    beginning: Beginning = NOTHING
    key: KeyPeriod | None = None
    archives: bool = False
    tiles: Path | None = None
    archive_end: int = -1
    archive_key: KeyPeriod | None = None


_FROM_ENTRY_0 = Start()


def verify_with_evidence(
    folder: Path,
    trust: Trust,
    *,
    start: Start = _FROM_ENTRY_0,
    digests: bool = False,
    progress: Progress | None = None,
    workers: int | None = None,
) -> tuple[VerifyReport, EvidenceReport]:
    """Verify the entries of a ledger, and then the checkpoints against the tree that they have.

    Raises:
        NoLedger, NewerFormat, Unavailable, Archived: see `eventstore.verify`.
        OSError: the kept checkpoints cannot be read.
    """
    # Before the entries: what a checkpoint covers is in the ledger before the checkpoint is kept.
    kept = kept_notes(folder)
    notes = [*kept.values(), *(note for place in trust.places for note in place.notes)]
    sizes = {note.checkpoint.head.size for note in notes if note.checkpoint is not None}

    def verified(sizes: Collection[int]) -> VerifyReport:
        return verify(
            folder,
            workers=workers,
            progress=progress,
            digests=digests,
            expected=trust.heads,
            sizes=sizes,
            types=EVIDENCE_ENTRIES,
            since=start.beginning,
            archives=start.archives,
            tiles=start.tiles,
        )

    report = verified(sizes)
    reached = range(start.beginning.size + 1, report.entries + 1)
    more = {size for size in _recorded(report) if size in reached} - set(report.roots) - sizes
    if more:
        # Entries tell of checkpoints that are not kept, as in a copy of the segments alone.
        report = verified(sizes | more)
    # A checkpoint that was signed since is recorded in what was read, and was kept before that.
    since = [kept_note(folder, size) for size in sorted(_recorded(report) - set(kept))]
    all_kept = [*kept.values(), *(note for note in since if note is not None)]
    return report, check_evidence(report, all_kept, trust, _history(report, trust, start))


def _history(report: VerifyReport, trust: Trust, start: Start) -> KeyHistory:
    """The keys, as far as the entries that were read and the states that are kept tell them."""
    in_force = -1 if start.archive_key is None else start.archive_key.seq
    unread = [
        Unread(each.first, each.last, start.archive_end == each.last, in_force) for each in report.unread
    ]
    known = any(each.is_known for each in unread)
    return key_history(report.collected, trust.keys, start.key, unread, start.archive_key if known else None)


def _recorded(report: VerifyReport) -> set[int]:
    """The sizes of the checkpoints that entries tell of."""
    found = set()
    for entry in report.collected:
        if entry.type == v.CheckpointSigned.TYPE:
            try:
                found.add(v.payload(entry).size)
            except UnfitPayload:
                continue
    return found
