"""The content of a file that a person named: a checkpoint, a proof, an entry."""

from __future__ import annotations

from pathlib import Path


def read_named(path: Path, bytes_max: int) -> bytes:
    """What it holds; of one that is too long, a byte more than is allowed, so that whoever parses it refuses it.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(bytes_max + 1)
