"""Which kind of damage it is that was found: what the bytes there say for themselves.

The first damage is where a ledger stops being what was recorded. What kind it is tells apart what could have
happened: bytes that were changed, entries that were moved or taken out, files that are gone.
"""

from __future__ import annotations

import os
from typing import Literal

from eventstore.entry import LINE_BYTES_MAX, LINE_START, tail_of
from eventstore.errors import Archived, Corrupt, DamagedTail
from eventstore.segment import MARKER_SUFFIX, SEAL_SUFFIX, STRAY
from eventstore.segment_access import open_segment_file

DamageKind = Literal[
    "altered", "unfinished", "other_place", "other_past", "gone", "stray", "head", "seal", "marker"
]
"""What was found in place of the entry that should be there.

    ===============  ============================================================================================
    `altered`        bytes that are not those of any entry: changed after they were written, or lost by a disk
    `unfinished`     bytes that begin an entry, and the file ends before it does: its end is cut off, or was changed
    `other_place`    a whole entry of another number: entries were taken out, put in, doubled or changed over
    `other_past`     a whole entry of this number that names another one before it, or of another end
    `gone`           nothing: the segment, or its end, is missing
    `stray`          a file that has the name of a segment, where none begins
    `head`           the entries fit together, and `HEAD` names another one than they have
    `seal`           the segment is sound, and its seal says something else
    `marker`         what says that a segment is archived does not fit to the ledger: the segment may just be gone
    ===============  ============================================================================================
"""


NOTHING_THERE = "nothing"
"""What is found in place of an entry that `HEAD` names, if the entries end before it."""


def damage_kind(damage: DamagedTail) -> DamageKind:
    """Which kind of damage this is.

    Raises:
        OSError: the segment cannot be read.
    """
    if damage.segment.suffix == SEAL_SUFFIX:
        return "seal"
    if damage.segment.suffix == MARKER_SUFFIX:
        return "marker"
    if damage.expected.startswith(STRAY):
        return "stray"
    if "HEAD" in damage.expected and damage.found != NOTHING_THERE:
        return "head"
    try:
        fd = open_segment_file(damage.segment)
    except (FileNotFoundError, Archived):
        return "gone"
    except Corrupt:
        return "marker"
    try:
        raw = os.pread(fd, LINE_BYTES_MAX, damage.offset)
    finally:
        os.close(fd)
    if not raw:
        return "gone"
    first, lf, _ = raw.partition(b"\n")
    if not lf and first.startswith(LINE_START) and len(raw) < LINE_BYTES_MAX:
        return "unfinished"
    line = tail_of(first)
    if line is None:
        return "altered"
    expected_here = line.seq == damage.seq and not damage.expected.startswith("the end of")
    return "other_past" if expected_here else "other_place"
