"""Of which sizes a ledger's signed checkpoints are kept: a look at names, which imports nothing of what signs.

Opening a ledger asks for the largest one. So they stand in folders, one for as many sizes as a segment has entries,
and what has to be listed for that does not grow with each checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from eventstore.segment import SEGMENT_ENTRIES, number_in

CHECKPOINTS_NAME = "checkpoints"
"""The folder of the checkpoints, in that of the ledger."""


def checkpoint_path(ledger: Path, size: int) -> Path:
    """Where the checkpoint of a size is kept; its folder is named by the first entry of a full segment.

    Args:
        ledger: the folder of the ledger.
        size: how many entries it covers, at least one.
    """
    first = (size - 1) // SEGMENT_ENTRIES * SEGMENT_ENTRIES
    return ledger / CHECKPOINTS_NAME / f"{first:020d}" / f"{size:020d}"


def sizes(ledger: Path) -> list[int]:
    """The sizes of the checkpoints that are kept, in order; none if there is no such folder.

    Args:
        ledger: the folder of the ledger.

    Raises:
        OSError: a folder cannot be read.
    """
    return [size for folder in reversed(_folders(ledger)) for size in sorted(_sizes(folder))]


def largest_size(ledger: Path) -> int:
    """The largest of them; 0 if there is none.

    Raises:
        OSError: see `sizes`.
    """
    return next((max(found) for folder in _folders(ledger) if (found := list(_sizes(folder)))), 0)


def _folders(ledger: Path) -> list[Path]:
    """Those that hold checkpoints, the one of the largest first."""
    folder = ledger / CHECKPOINTS_NAME
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return [folder / name for name in sorted(names, reverse=True) if number_in(name) is not None]


def _sizes(folder: Path) -> Iterator[int]:
    return (size for name in os.listdir(folder) if (size := number_in(name)) is not None)
