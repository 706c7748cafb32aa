"""What is wrong with a volume, as a type that holds facts."""

from __future__ import annotations

from pathlib import Path


class BadVolume(Exception):
    """A volume is damaged, is none, or is not of this ledger.

    Attributes:
        path: the file or folder.
        why: what is wrong with it, as a clause.
    """

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}")

    def __reduce__(self) -> tuple[type[BadVolume], tuple[Path, str]]:
        """How it is passed from one process to another."""
        return type(self), (self.path, self.why)
