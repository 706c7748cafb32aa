"""Of which sizes a ledger's signed checkpoints are kept: a look at names, which imports nothing of what signs."""

from __future__ import annotations

import os
import re
from pathlib import Path

CHECKPOINTS_NAME = "checkpoints"
"""The folder of the checkpoints, in that of the ledger."""
_NAME = re.compile(r"[0-9]{20}")


def checkpoint_name(size: int) -> str:
    """The name of the file of a checkpoint."""
    return f"{size:020d}"


def sizes(ledger: Path) -> list[int]:
    """The sizes of the checkpoints that are kept, in order; none if there is no such folder.

    Args:
        ledger: the folder of the ledger.

    Raises:
        OSError: the folder cannot be read.
    """
    return sorted(_sizes(ledger))


def largest_size(ledger: Path) -> int:
    """The largest of them; 0 if there is none.

    Raises:
        OSError: see `sizes`.
    """
    return max(_sizes(ledger), default=0)


def _sizes(ledger: Path) -> list[int]:
    try:
        names = os.listdir(ledger / CHECKPOINTS_NAME)
    except FileNotFoundError:
        return []
    return [int(name) for name in names if _NAME.fullmatch(name)]
