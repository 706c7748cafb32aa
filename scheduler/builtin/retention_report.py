"""Counting what retention did: everything in numbers, the first few failures and folders in words.

The result becomes one entry of the ledger, which has room for 65,535 bytes, so each list and each text is
bounded.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal

from scheduler.entry_members import RetentionFailure, RetentionTarget
from scheduler.vocabulary import RetentionApplied

FAILURES_MAX: Final = 20
TARGETS_MAX: Final = 40
TEXT_BYTES_MAX: Final = 400


def recordable(text: str) -> str:
    r"""A path or message as JSON can carry it, cut in its middle if it is too long.

    Bytes of a file's name that are no UTF-8 are shown as `\xff`.
    """
    text = os.fsencode(text).decode("utf-8", "backslashreplace")
    if len(json.dumps(text)) <= TEXT_BYTES_MAX:
        return text
    kept = len(text)
    while len(json.dumps(shortened := f"{text[: kept // 2]}…{text[-(kept // 2) :]}")) > TEXT_BYTES_MAX:
        kept = kept * 3 // 4
    return shortened


class FolderTally:
    """What was done in one folder; `examined` are the regular files whose name matches."""

    def __init__(self, path: str, pattern: str) -> None:
        self.path, self.pattern = path, pattern
        self.examined = self.deleted = self.deleted_bytes = 0


class RetentionTally:
    """What was done in all folders of one maintenance job.

    Args:
        stopped: asked before each file; once it says True, the rest is left alone.
    """

    def __init__(self, stopped: Callable[[], bool] = lambda: False) -> None:
        self.stopped = stopped
        self.folders: list[FolderTally] = []
        self.failure_count = 0
        self.failures: list[RetentionFailure] = []

    def folder(self, path: str, pattern: str) -> FolderTally:
        """Begin another folder."""
        self.folders.append(FolderTally(path, pattern))
        return self.folders[-1]

    def failed(self, path: str, error: str) -> None:
        """Count something that could not be dealt with."""
        self.failure_count += 1
        if len(self.failures) < FAILURES_MAX:
            self.failures.append(RetentionFailure(path=recordable(path), error=recordable(error)))

    def applied(
        self,
        kind: Literal["logs", "sessions"],
        cutoff: datetime,
        *,
        dry_run: bool,
        refused: str | None = None,
    ) -> RetentionApplied:
        """The result, as the ledger records it."""
        return RetentionApplied(
            kind=kind,
            cutoff=cutoff,
            dry_run=dry_run,
            deleted=sum(folder.deleted for folder in self.folders),
            deleted_bytes=sum(folder.deleted_bytes for folder in self.folders),
            failed=self.failure_count,
            targets=[_target(folder) for folder in self._listed()],
            failures=self.failures,
            refused=refused,
        )

    def _listed(self) -> list[FolderTally]:
        """All folders, or the first ones and the sum of the others."""
        if len(self.folders) <= TARGETS_MAX:
            return self.folders
        others = self.folders[TARGETS_MAX - 1 :]
        rest = FolderTally(f"({len(others)} more folders)", "")
        rest.examined = sum(folder.examined for folder in others)
        rest.deleted = sum(folder.deleted for folder in others)
        rest.deleted_bytes = sum(folder.deleted_bytes for folder in others)
        return [*self.folders[: TARGETS_MAX - 1], rest]


def _target(folder: FolderTally) -> RetentionTarget:
    return RetentionTarget(
        path=recordable(folder.path),
        pattern=recordable(folder.pattern),
        examined=folder.examined,
        deleted=folder.deleted,
        deleted_bytes=folder.deleted_bytes,
    )
