"""What a connection stands on: the ledger as it is now, and its projections, in the home or in a private folder.

Entries come from the home's store, whichever that is. Where it is kept in files, what is full has projections; of any
other store every connection reads the entries themselves.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from eventstore.errors import NoLedger
from eventstore.store import EventStore, Head
from projections.errors import QueryFailed
from projections.files.manifest import ProjectionFolder
from scheduler.home import Home
from scheduler.ownership.home_owner import is_foreign
from scheduler.store import open_store

if TYPE_CHECKING:
    from projections.files.ledger_lines import LineReader
    from projections.files.segments import LedgerSegments, ValidProjections
    from projections.files.validation import ProgressCallback

UNMERGED_MAX = 32
"""With more files than this each answer takes longer than it has to."""

OpenStore = Callable[[Home], EventStore]


class ProjectionSource:
    """A home's ledger and projections; its owner closes it.

    Args:
        home: the home.
        opened: opens the home's store.
        derived: told how many segments are derived, and of how many, where all are to be: the projections are made of
            the entries in a private folder then, and none that there are is used.

    Raises:
        OSError: there is no room for a private folder.
    """

    def __init__(
        self, home: Home, opened: OpenStore = open_store, derived: ProgressCallback | None = None
    ) -> None:
        self._home, self._open, self._closing = home, opened, ExitStack()
        self._store: EventStore | None = None
        self._folder = ProjectionFolder.of(home)
        self._private: ProjectionFolder | None = None
        self._foreign = is_foreign(home)
        self._derived = derived
        if derived is not None:
            self.use_private_folder()

    @property
    def folder(self) -> ProjectionFolder:
        """Where the projections are: in the home, or elsewhere if that is not ours to write to."""
        return self._folder if self._private is None else self._private

    def head(self) -> Head | None:
        """The ledger's last entry now; None while there is no ledger.

        Raises:
            Corrupt, NewerFormat, Unavailable: it is damaged, or cannot be read.
        """
        if self._store is None:
            try:
                self._store = self._open(self._home)
            except NoLedger:
                return None
            self._closing.callback(self._store.close)
        return self._store.refresh()

    def segments(self) -> LedgerSegments | None:
        """The ledger's files as they are now; None where there are none.

        Raises:
            Corrupt, NewerFormat, Unavailable: see `head`.
        """
        from projections.files.segments import LedgerSegments

        head = self.head()
        files = None if self._store is None else self._store.files
        if head is None or files is None:
            return None
        return LedgerSegments(files.folder.resolve(), head, files.segment_entries)

    def lines_after(self, valid: ValidProjections) -> LineReader:
        """What reads the entries that come after the projections; there is a ledger."""
        from projections.files.ledger_lines import SegmentLineReader, StoreLineReader

        assert self._store is not None, "there is a ledger"
        files = self._store.files
        if files is None:
            return StoreLineReader(self._store, valid.head)
        return SegmentLineReader(files.folder.resolve(), valid.head, files.segment_entries, valid.offset)

    def time_of(self, seq: int) -> datetime | None:
        """When an entry was recorded; None for -1, which is before entry 0, of a ledger without entries.

        Raises:
            QueryFailed: there is no such entry.
        """
        head = self.head()
        last = -1 if head is None else head.seq
        if not -1 <= seq <= last:
            said = "it is empty" if last < 0 else f"its last one is {last}"
            raise QueryFailed(f"the ledger has no entry {seq}: {said}")
        if self._store is None or last < 0:
            return None
        return next(self._store.read(max(seq, 0), max(seq, 0))).time

    def ensure(self) -> ValidProjections:
        """Make the projections that are missing; in a private folder if the home is not ours to write to.

        Returns:
            All that are valid: none where there is no ledger, or no file of it.

        Raises:
            Corrupt: the ledger is damaged.
            OSError: not even a private folder can be written.
        """
        from projections.build.builder import ensure_projected, with_active_segment
        from projections.files.database import refresh_database
        from projections.files.segments import ValidProjections
        from projections.files.validation import unchanged

        ledger = self.segments()
        if ledger is None:
            return ValidProjections(self.folder, [], [], 1)
        copied: ValidProjections | None = None
        try:
            if self._foreign and self._private is None:
                raise PermissionError(errno.EPERM, "the home belongs to somebody else")
            made = ensure_projected(self.folder, ledger, self._derived)
            valid = with_active_segment(self._merged(made, ledger), ledger)
        except OSError:
            if self._private is not None:
                raise
            with suppress(OSError):
                copied = unchanged(self._folder, ledger)
            if copied is not None:
                return copied
            self.use_private_folder()
            return with_active_segment(ensure_projected(self.folder, ledger), ledger)
        if valid.folder == self._folder:
            refresh_database(valid.full, ledger, self._home.logs.resolve())
        return valid

    @property
    def is_writable(self) -> bool:
        """Whether what is damaged may be removed where the projections are."""
        return self._private is not None or not self._foreign

    def use_private_folder(self) -> None:
        """Make the projections in a private folder from now on: those of the home cannot be replaced.

        Raises:
            OSError: there is no room for one.
        """
        import tempfile

        made = self._closing.enter_context(tempfile.TemporaryDirectory(prefix="cronledger-"))
        self._private = ProjectionFolder(Path(made).resolve())

    def close(self) -> None:
        """Let go of the ledger, and remove the private folder."""
        self._closing.close()

    def _merged(self, valid: ValidProjections, ledger: LedgerSegments) -> ValidProjections:
        """Merge where nobody else seems to: in a home that no scheduler serves, say, or one that was copied."""
        if sum(part.segments == 1 for part in valid.parts) < UNMERGED_MAX or self._private is not None:
            return valid
        from projections.build.builder import ensure_projected
        from projections.build.compaction import merge

        with suppress(OSError):
            merge(self._folder, ledger.segment_entries)
        return ensure_projected(self._folder, ledger)
