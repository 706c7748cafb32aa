"""What can go wrong with a ledger, as types that carry facts.

The exit codes and the wording for people live in `cli`; here are the facts.
"""

from __future__ import annotations

from pathlib import Path


class LedgerError(Exception):
    """Anything that the event store refuses or cannot do."""


class Conflict(LedgerError):
    """Someone else appended first: nothing was written. Fold what is new, decide again."""


class Unavailable(LedgerError):
    """The ledger cannot be written now (disk full, read-only, no permission): nothing was written. Retry."""


class LockHeld(Unavailable):
    """Another process has held the ledger's lock for longer than was to be waited: nothing was written.

    Attributes:
        pid: of that process; None if the system does not tell.
        waited_s: for how long.
    """

    def __init__(self, folder: Path, pid: int | None, waited_s: float) -> None:
        self.pid, self.waited_s = pid, waited_s
        who = "" if pid is None else f", pid {pid}"
        super().__init__(f"{folder}: another process holds its lock{who}: gave up after {waited_s:g} s")


class Poisoned(LedgerError):
    """A flush to disk failed: what is durable is unknown. Acknowledge nothing more and stop."""


class EventTooLarge(LedgerError):
    """An entry would not fit into one line: nothing was written."""


class EventTooDeep(LedgerError):
    """A payload nests deeper than an entry's may: nothing was written."""


class NewerFormat(LedgerError):
    """The ledger was written by a later version of the software, in a format this one does not know."""


class NoLedger(LedgerError):
    """There is no ledger in this folder, and it was not asked to create one."""


class DamagedTail(LedgerError):
    """Bytes at the ledger's end, or in its middle, that are no entry; base of the two kinds.

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


class TornTail(DamagedTail):
    """What a crash leaves: an unfinished write that nobody was told had succeeded."""


class Corrupt(DamagedTail):
    """Anything else: acknowledged entries are gone or altered. Nothing is written to such a ledger."""
