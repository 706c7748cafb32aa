"""Where a collector begins, and how it first finishes what an interrupted collector left."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from eventstore.regular_file import open_regular
from scheduler.logs.storage.checkpoint import Checkpoint
from scheduler.logs.storage.day_files import day_files
from scheduler.logs.storage.entry import LogEntry, decode
from scheduler.logs.storage.scan import blocks, lines_with, packed_spans, plain_spans

LOOK_BACK_ENTRIES: Final = 100_000
"""If nothing of a ledger was collected yet, only this many of its newest entries are."""
_LINES_MAX: Final = 200_000
Holds = Callable[[LogEntry, int], bool]
"""Whether the ledger has the entry, of this number, that a log entry tells of."""
TEMPORARY_SUFFIX: Final = ".new"


def earliest_seq(last: int) -> int:
    """The entry to begin with in a ledger that ends with entry `last`, if nothing of it was collected yet."""
    return max(0, last + 1 - LOOK_BACK_ENTRIES)


def seq_by_entries(folder: Path, last: int, holds: Holds, otherwise: int) -> int:
    """The entry to begin with, by the log entries alone: the one after the last that is a log entry already.

    Args:
        folder: of the log entries; last: the ledger's newest entry.
        holds: whether the ledger has the entry that a log entry tells of: in one that was restored, what came after
            the backup is another entry now, or none.
        otherwise: what it is if no such log entry is near.
    """
    seen = 0
    for file in reversed(day_files(folder)):
        with open(open_regular(file.path), "rb") as opened:
            fd, size_bytes = opened.fileno(), os.fstat(opened.fileno()).st_size
            spans = packed_spans(fd, size_bytes) if file.compressed else plain_spans(fd, size_bytes)
            for span in reversed(spans):
                found = None
                for block in blocks(span):
                    seq = _last_seq(block, holds)
                    found = found if seq is None else seq
                    seen += block.count(b"\n")
                if found is not None:
                    return max(earliest_seq(last), min(found, last) + 1)
                if seen > _LINES_MAX:
                    return otherwise
    return otherwise


def _last_seq(block: bytes, holds: Holds) -> int | None:
    """The number of the newest entry among some lines of log entries that the ledger has; None if it has none."""
    lines = lines_with(block, [b'"stream":"scheduler"']).split(b"\n")
    for line in reversed(lines):
        entry = decode(line)
        # A line that a job prints may contain the same text, in its fields.
        if entry is not None and entry.stream == "scheduler" and entry.fields is not None:
            seq = entry.fields.get("seq")
            if isinstance(seq, int) and holds(entry, seq):
                return seq
    return None


def settle_move(folder: Path, position: Checkpoint) -> None:
    """Finish the replacement of a file by its compressed form, if it had begun.

    The caller writes the position afterwards.
    """
    if not position.moving:
        return
    plain = folder / position.moving
    compressed = plain.with_name(f"{plain.name}.gz")
    with contextlib.suppress(FileNotFoundError):
        os.rename(compressed.with_name(f"{compressed.name}{TEMPORARY_SUFFIX}"), compressed)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(plain)
    position.days.pop(position.moving, None)
    position.moving = ""
