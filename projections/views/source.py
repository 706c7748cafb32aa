"""What a connection stands on: the ledger as it is now, and its projections, in the home or in a private folder."""

from __future__ import annotations

import errno
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path

from eventstore import Journal, NoLedger
from projections.build.builder import ensure_sealed, with_beginning
from projections.build.compaction import merge
from projections.errors import QueryFailed
from projections.files.database import refresh_database
from projections.files.manifest import Folder
from projections.files.segments import Sealed, Source
from projections.files.validation import unchanged
from scheduler.home import Home
from scheduler.home_owner import is_foreign

_UNMERGED_MAX = 32
"""With more files than this each answer takes longer than it has to."""


class ProjectionSource:
    """A home's ledger and projections; whoever has it closes it."""

    def __init__(self, home: Home) -> None:
        self._home, self._closing = home, ExitStack()
        self._journal: Journal | None = None
        self._folder = Folder(home.projections.resolve())
        self._private: Folder | None = None
        self._foreign = is_foreign(home)

    @property
    def place(self) -> Folder:
        """Where the projections are: in the home, or elsewhere if that is not ours to write to."""
        return self._folder if self._private is None else self._private

    def source(self) -> Source | None:
        """The ledger as it is now; None while there is none.

        Raises:
            Corrupt, NewerFormat, Unavailable: it cannot be trusted or read.
        """
        if self._journal is None:
            try:
                self._journal = Journal.open(self._home.ledger, software="", create=False, read_only=True)
            except NoLedger:
                return None
            self._closing.callback(self._journal.close)
        return Source(self._home.ledger.resolve(), self._journal.refresh(), self._journal.segment_entries)

    def time_of(self, seq: int) -> datetime | None:
        """When an entry was recorded; None for -1, which is before entry 0, of a ledger without entries.

        Raises:
            QueryFailed: there is no such entry.
        """
        source = self.source()
        last = -1 if source is None else source.head.seq
        if not -1 <= seq <= last:
            said = "it is empty" if last < 0 else f"its last one is {last}"
            raise QueryFailed(f"the ledger has no entry {seq}: {said}")
        if self._journal is None or last < 0:
            return None
        return next(self._journal.read(max(seq, 0), max(seq, 0))).time

    def seal(self) -> Sealed | None:
        """Make the projections that are missing; in a private folder if the home is not ours to write to.

        Raises:
            Corrupt: the ledger is damaged.
            OSError: not even a private folder can be written.
        """
        source = self.source()
        if source is None:
            return None
        copied: Sealed | None = None
        try:
            if self._foreign and self._private is None:
                raise PermissionError(errno.EPERM, "the home belongs to somebody else")
            sealed = with_beginning(self._merged(ensure_sealed(self.place, source), source), source)
        except OSError:
            if self._private is not None:
                raise
            with suppress(OSError):
                copied = unchanged(self._folder, source)
            if copied is not None:
                return copied
            self.move_out()
            return with_beginning(ensure_sealed(self.place, source), source)
        if sealed.folder == self._folder:
            refresh_database(sealed.full, source, self._home.logs.resolve())
        return sealed

    @property
    def is_writable(self) -> bool:
        """Whether what is damaged may be removed where the projections are."""
        return self._private is not None or not self._foreign

    def move_out(self) -> None:
        """Make the projections in a private folder from now on: those of the home cannot be mended.

        Raises:
            OSError: there is no room for one.
        """
        import tempfile

        made = self._closing.enter_context(tempfile.TemporaryDirectory(prefix="cronledger-"))
        self._private = Folder(Path(made).resolve())

    def close(self) -> None:
        """Let go of the ledger, and remove the private folder."""
        self._closing.close()

    def _merged(self, sealed: Sealed, source: Source) -> Sealed:
        """Merge where nobody else seems to: in a home that no scheduler serves, say, or one that was copied."""
        if sum(part.segments == 1 for part in sealed.parts) < _UNMERGED_MAX or self._private is not None:
            return sealed
        with suppress(OSError):
            merge(self._folder, source.segment_entries)
        return ensure_sealed(self._folder, source)
