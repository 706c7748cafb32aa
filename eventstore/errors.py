"""The errors of a ledger, as types that hold facts.

The exit codes and the wording for people are in `cli`.
"""

from __future__ import annotations

from pathlib import Path


class LedgerError(Exception):
    """Anything that the event store refuses or cannot do."""


class Conflict(LedgerError):
    """Another process appended first, and nothing was written; the caller folds what is new and decides again."""


class Unavailable(LedgerError):
    """The ledger cannot be read or written now (full disk, no permission): nothing was written; try again later."""


class LedgerGone(Unavailable):
    """There are no entries where a ledger was kept: its disk is not mounted, or its files were taken away.

    Attributes:
        folder: where it was.
        witness: the file that says so.
    """

    def __init__(self, folder: Path, witness: Path) -> None:
        self.folder, self.witness = folder, witness
        super().__init__(f"{folder} holds no entries, but {witness} says that a ledger was kept there")


class LockHeld(Unavailable):
    """Another process has held the ledger's lock for longer than was to be waited: nothing was written.

    Attributes:
        folder: in which the lock is.
        pid: of that process; None if the system does not tell.
        waited_s: for how long.
    """

    def __init__(self, folder: Path, pid: int | None, waited_s: float) -> None:
        self.folder, self.pid, self.waited_s = folder, pid, waited_s
        who = "" if pid is None else f", pid {pid}"
        super().__init__(f"{folder}: another process holds its lock{who}: gave up after {waited_s:g} s")


class Archived(Unavailable):
    """Entries are wanted that are in an archive, and the archive cannot be read; what is in the ledger is sound.

    Attributes:
        first: the first entry of the segment.
        last: its last one.
        place: the folder where it was archived.
        why: what keeps it from being read, in words.
        damaged: whether something else stands there than was archived.
    """

    def __init__(self, first: int, last: int, place: str, why: str, damaged: bool = False) -> None:
        self.first, self.last, self.place, self.why, self.damaged = first, last, place, why, damaged
        super().__init__(f"entries {first} to {last} are archived in {place}, which cannot be read: {why}")

    def __reduce__(self) -> tuple[type[Archived], tuple[int, int, str, str, bool]]:
        """How it is passed from one process to another."""
        return type(self), (self.first, self.last, self.place, self.why, self.damaged)


class NoAnswer(LedgerError):
    """A database was asked to change something, and whether it did is unknown: no answer came, or no firm one."""


class InDoubt(LedgerError):
    """Whether the last append was recorded is unknown; the store resolves that before anything else is composed."""


class Halted(LedgerError):
    """The database lost or altered entries that were committed, a node found out, and nobody appends any more."""


class OtherLedger(LedgerError):
    """A database, or a folder, holds another ledger than it should.

    Attributes:
        place: the folder, or the address of the database.
        found: the identity of the ledger there.
        expected: the identity of the one that should be there.
    """

    def __init__(self, place: Path | str, found: str, expected: str) -> None:
        self.place, self.found, self.expected = place, found, expected
        super().__init__(f"{place}: here is ledger {found}, not {expected}")


class Poisoned(LedgerError):
    """A flush to disk failed, so it is unknown what is durable; the process must acknowledge nothing and stop."""


class EventTooLarge(LedgerError):
    """An entry would not fit into one line: nothing was written."""


class EventTooDeep(LedgerError):
    """A payload nests deeper than an entry's payload may: nothing was written."""


class NewerFormat(LedgerError):
    """The ledger was written by a later version of the software, in a format this one does not know."""


class NoLedger(LedgerError):
    """There is no ledger in this folder, and none was to be created."""


class DamagedTail(LedgerError):
    """Bytes at the ledger's end, or in its middle, that are no entry; base of `TornTail` and `Corrupt`.

    Attributes:
        segment: the file.
        offset: position of the first bad byte in that file, in bytes.
        seq: the position in the ledger at which an entry was expected.
        expected: what should have stood there, in words.
        found: what stands there instead, in words.
    """

    def __init__(self, segment: Path, offset: int, seq: int, expected: str, found: str) -> None:
        self.segment, self.offset, self.seq = segment, offset, seq
        self.expected, self.found = expected, found
        super().__init__(f"{segment.name} at byte {offset}, entry {seq}: expected {expected}, found {found}")

    def __reduce__(self) -> tuple[type[DamagedTail], tuple[Path, int, int, str, str]]:
        """How it is passed from one process to another."""
        return type(self), (self.segment, self.offset, self.seq, self.expected, self.found)


class TornTail(DamagedTail):
    """What a crash leaves: an unfinished write that was never acknowledged."""


class Corrupt(DamagedTail):
    """Any other damage: acknowledged entries are gone or altered, and nothing is written to such a ledger."""
