"""What a damage means, for somebody who has to decide what happened."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from cli.ledger.raw_lines import raw_line, working_folder
from cli.ledger.verification.verified import Verified
from eventstore.damage import DamageKind, damage_kind
from eventstore.errors import Archived, DamagedTail

_MEANING: dict[DamageKind, str] = {
    "altered": "these bytes are not those that were recorded: somebody changed them, or the disk did",
    "unfinished": "the file ends within an entry: its end was cut off, or these bytes were changed",
    "other_place": "a whole entry that belongs elsewhere: entries were taken out, put in, doubled or changed over",
    "other_past": "a whole entry, made after another one than stands before it: that one was exchanged, or this "
    "one comes from another ledger or an older copy",
    "gone": "entries that were recorded are gone: the end was cut off, or a file was removed",
    "stray": "a file that has the name of a segment and can be none: somebody put it there, or renamed one",
    "head": "the entries fit together, and are not those of which the last one was noted: the end was exchanged, "
    "or HEAD was",
    "seal": "the entries are sound, and what was noted of this segment when it was full is about others: the "
    "segment was exchanged as a whole, or the seal was",
    "marker": "a segment is not here, and what says that it was archived does not fit to the entries: it was "
    "removed, or the marker was written by somebody else",
}


CONTRADICTION_MEANS = (
    "these entries fit together, and are not those that were signed or remembered: they were written anew, or cut "
    "off, after that; or an older copy was put in their place"
)


class ContradictedFrom(NamedTuple):
    """The first entry that may be another one than was signed, and where its line begins."""

    seq: int
    segment: Path
    offset: int


def contradicted_from(found: Verified) -> ContradictedFrom | None:
    """Where the entries begin that are not what was signed or remembered; None if all are.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    wrong = [
        each
        for each in (*found.evidence.contradictions, *found.evidence.anchor_contradictions)
        if each.of_entries
    ]
    if not wrong or not found.report.entries:
        return None
    seq = min(each.from_entry for each in wrong)
    try:
        line = raw_line(found.folder, seq)
        segment, offset = (line.segment, line.offset) if line else working_folder(found.folder, seq)
    except Archived as archived:
        from eventstore.archive.compressed_segment import compressed_name

        segment, offset = Path(archived.place) / compressed_name(archived.first), 0
    return ContradictedFrom(seq, segment, offset)


def meaning(damage: DamagedTail) -> str:
    """What it means, in words."""
    return _MEANING[damage_kind(damage)]
