"""A mirror's entries as they stand in its files, read without any of the code that keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path


def mirrored(folder: Path) -> list[bytes]:
    """The whole lines that stand in the files of a mirror, in the order of the files' names."""
    if not folder.is_dir():
        return []
    block = b"".join(path.read_bytes() for path in sorted(folder.glob("*.jsonl")))
    return [line for line in block.splitlines(keepends=True) if line.endswith(b"\n")]


def check_prefix(found: Sequence[bytes], committed: Iterable[Sequence[bytes]], whose: str) -> None:
    """A mirror holds the first of the entries that were committed, byte for byte.

    Args:
        found: what is in the mirror.
        committed: the entries of the database now, and each time before it lost some.
        whose: mirror it is.

    Raises:
        AssertionError: it holds something else.
    """
    for lines in committed:
        if list(lines[: len(found)]) == list(found):
            return
    raise AssertionError(f"{whose}: its {len(found)} entries are not the first that were committed")
