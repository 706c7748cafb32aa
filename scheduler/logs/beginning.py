"""Where a collector begins: what an interrupted one left is settled first."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Final

from scheduler.logs.day_files import day_files
from scheduler.logs.position import Position
from scheduler.logs.scanning import lines_backwards

LOOK_BACK_ENTRIES: Final = 100_000
"""A ledger that is older than its log entries is collected from so many entries before its end on."""
_LINES_MAX: Final = 200_000
_SEQ: Final = re.compile(rb'"stream":"scheduler".*"fields":\{"seq":([0-9]{1,18}),"type":')

BESIDE: Final = ".new"


def earliest_seq(last: int) -> int:
    """Where to begin in a ledger that ends with entry `last` and of which nothing was collected yet."""
    return max(0, last + 1 - LOOK_BACK_ENTRIES)


def seq_without_position(folder: Path, last: int) -> int:
    """Where to begin without a position: after the last entry of the ledger that is a log entry already."""
    earliest = earliest_seq(last)
    seen = 0
    for file in reversed(day_files(folder)):
        for line in lines_backwards(file):
            found = _SEQ.search(line)
            if found is not None:
                return max(earliest, min(int(found[1]), last) + 1)
            seen += 1
            if seen > _LINES_MAX:
                return earliest
    return earliest


def settle_move(folder: Path, position: Position) -> None:
    """Bring the replacement of a file by its compressed form to its end, if it had begun.

    The caller writes the position afterwards.
    """
    if not position.moving:
        return
    plain = folder / position.moving
    compressed = plain.with_name(f"{plain.name}.gz")
    with contextlib.suppress(FileNotFoundError):
        os.rename(compressed.with_name(f"{compressed.name}{BESIDE}"), compressed)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(plain)
    position.days.pop(position.moving, None)
    position.moving = ""
