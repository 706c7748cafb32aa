"""`Mirror`: the committed entries of a database as files of format 1, on one machine.

Nothing is ever composed into a mirror: it takes lines that were committed, as they are, in their order, each checked
against the chain. So it may lag behind the database, and is never ahead of it. Any process of a home may fill it.
Its files are flushed about once a second, which is enough: what a crash takes from it is fetched again, and no entry
says so. Every reader of a ledger's folder reads it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from eventstore.durable import REAL, Disk, create_folders
from eventstore.entry import BadLine, block_of, parse_lines, seq_of, shown, tail_of
from eventstore.entry_files import opening
from eventstore.errors import Corrupt, LedgerError, OtherLedger, Unavailable
from eventstore.genesis import creation_of, new_creation, read_creation
from eventstore.head import HeadFile
from eventstore.kept_sizes import largest_size
from eventstore.recovery import mark_recorded, unrecorded
from eventstore.replicated.quarantine import move_aside
from eventstore.segment import segment_of
from eventstore.store import Entry, Head
from eventstore.writable_files import WritableFiles

MIRROR_PATIENCE_S = 5.0
"""Others hold a mirror's lock for milliseconds; whoever cannot have it in this time goes on without."""
_TICK_S = 1.0


class NotTheSame(LedgerError):
    """Lines that were given to a mirror are not the entries that follow what it holds.

    Attributes:
        seq: the first entry that differs.
        expected: what would have been right, in words.
        found: what was given, in words.
    """

    def __init__(self, seq: int, expected: str, found: str) -> None:
        self.seq, self.expected, self.found = seq, expected, found
        super().__init__(f"entry {seq}: expected {expected}, found {found}")


class Mirror(WritableFiles):
    """The committed entries of a database, in a folder."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        """Not called directly: use `open`."""
        super().__init__(folder, "everysec", disk)
        self._lock.patience_s = MIRROR_PATIENCE_S
        self._known = False
        self._ticked_s = time.monotonic()

    @classmethod
    def open(
        cls, folder: Path, *, may_repair: Callable[[Mirror], None] | None = None, disk: Disk = REAL
    ) -> Mirror:
        """Open the mirror in a folder, which is created; a torn tail is set aside.

        Args:
            folder: where it is.
            may_repair: asked before damaged files are set aside; it raises if what was there once (`known_seq`)
                cannot be had again. None: damage is raised.
            disk: the system calls.

        Raises:
            Corrupt: its files are damaged.
            NewerFormat: it is in a format that this version does not know.
            Unavailable: it cannot be read, or created, or repaired now.
        """
        with opening(folder) as opened:
            create_folders(disk, folder)
            mirror = cls(folder, disk)
            opened.callback(mirror._close_files)
            try:
                mirror._open()
            except Corrupt as damage:
                if may_repair is None:
                    raise
                may_repair(mirror)
                mirror.repair(damage)
        return mirror

    @property
    def is_empty(self) -> bool:
        """Whether not even entry 0 is here, so that this may become the mirror of any ledger."""
        return not self._known

    @property
    def known_seq(self) -> int:
        """The last entry that is here or was once, as `HEAD` and the checkpoints say; -1 if none was."""
        slot = self._head_file.read()
        here = self._tail.head.seq if hasattr(self, "_tail") else -1
        return max(here, largest_size(self.folder) - 1, -1 if slot is None else slot.seq)

    def require_ledger(self, ledger_id: str) -> None:
        """Check that this mirror, which is not empty, is one of a ledger.

        Raises:
            OtherLedger: it is of another one.
        """
        if self.ledger_id != ledger_id:
            raise OtherLedger(self.folder, self.ledger_id, ledger_id)

    def take(self, lines: Sequence[bytes]) -> Head:
        """Add committed lines, each with its LF, in their order, to what is here.

        Those that are here already, because another process took them, are passed over. Lines that do not reach to
        the end of what is here are left: then the head shows which are missing.

        Returns:
            The last entry that is here now.

        Raises:
            NotTheSame: they are not what follows the entries here, or not the entries that are here.
            Corrupt: the files are damaged; nothing was added.
            Unavailable: they cannot be written now; nothing was added.
            Poisoned: a flush failed.
        """
        self._check_writable()
        with self._locked("written"):
            self._settle()
            fresh = self._fresh(lines)
            if fresh:
                self._add(fresh)
        return self.head()

    def put_own(self, expected: Head, lines: list[bytes], entries: list[Entry]) -> bool:
        """Add lines that this process has composed after `expected`, without checking them again.

        Returns:
            False if the mirror does not end with `expected`: then nothing was done.

        Raises:
            Corrupt, Unavailable, Poisoned: see `take`.
        """
        self._check_writable()
        with self._locked("written"):
            self._settle()
            if self._tail.head != expected or not self._known:
                return False
            self._writer.put(lines, b"".join(lines), entries)
        return True

    def hash_of(self, seq: int) -> str:
        """The hash of an entry that is here.

        Raises:
            Corrupt: it does not stand where the chain says.
        """
        head = self._tail.head
        return head.hash if seq == head.seq else next(self.read(seq, seq)).hash

    def upkeep(self) -> None:
        """Do what is due about once a second: flush, seal a segment that is full.

        Raises:
            Poisoned: a flush failed.
            Unavailable: the folder was moved or replaced.
        """
        now_s = time.monotonic()
        if now_s - self._ticked_s < _TICK_S:
            return
        self._ticked_s = now_s
        try:
            if self._was_set_aside():
                with self._lock:
                    self._settle()
            self.tick()
        except OSError as error:
            raise Unavailable(f"{self.folder} cannot be kept: {error.strerror or error}") from error

    def release_reserve(self) -> None:
        """Do nothing: a mirror reserves no room, since nothing is lost that cannot be written here."""

    def restore_reserve(self) -> bool:
        """See `release_reserve`."""
        return True

    def repair(self, damage: Corrupt) -> list[Path]:
        """Set aside the damaged segment, and all after it, so that their lines can be fetched again.

        Returns:
            The files that were set aside, where they are now.

        Raises:
            Unavailable: they cannot be moved now.
        """
        with self._locked("repaired"):
            moved = move_aside(self._disk, self.folder, damage)
            self._restart()
            self._tail.grow(settled=True)
            self._settle()
        return moved

    @contextmanager
    def _locked(self, refused: str) -> Iterator[None]:
        """The lock, while the context lasts.

        Args:
            refused: what cannot be done with the folder if the system refuses something meanwhile, such as `written`.

        Raises:
            Unavailable: it did, or another process holds the lock.
        """
        try:
            with self._lock:
                yield
        except OSError as error:
            raise Unavailable(f"{self.folder} cannot be {refused}: {error.strerror or error}") from error

    def _open(self) -> None:
        with self._lock:
            self._start()
            self._tail.grow(settled=True)
            self._settle()

    def _start(self) -> None:
        """Find the end of what is here; before there is an entry 0, the length of segments is not known."""
        created = read_creation(self.folder)
        self._known = created is not None
        self._begin(created or new_creation(""), 0)

    def _restart(self) -> None:
        self._tail.close()
        self._sealer.close()
        self._head_file.close()
        self._head_file = HeadFile(self.folder, self._disk, writable=True)
        self._start()

    def _was_set_aside(self) -> bool:
        """Whether another process has repaired the mirror, so that the open segment is in quarantine."""
        if self._tail.fd is None:
            return False
        try:
            found = os.stat(self._tail.path(self._tail.first))
        except FileNotFoundError:
            return True
        return not os.path.samestat(found, os.fstat(self._tail.fd))

    def _look(self) -> None:
        if self._known:
            super()._look()
            return
        with self._locked("read"):
            self._settle()

    def _settle(self) -> None:
        """Under the lock, read what other processes took, then set aside what a crash left behind that."""
        if self._was_set_aside() or (not self._known and read_creation(self.folder) is not None):
            self._restart()
        tail = self._tail
        if tail.changed():
            tail.grow(settled=True)
        if tail.torn is None:
            return
        self._cut(tail.torn)
        for aside in unrecorded(self.folder, self.segment_entries):
            mark_recorded(self._disk, aside)

    def _fresh(self, lines: Sequence[bytes]) -> Sequence[bytes]:
        """The lines that follow what is here; none if they do not reach to it.

        Raises:
            NotTheSame: a line of an entry that is here says something else.
        """
        head = self._tail.head
        first = _place(lines[0], head.seq + 1)
        known = min(head.seq + 1 - first, len(lines))
        if known < 0:
            return []
        if known:
            seq = first + known - 1
            line = tail_of(lines[known - 1][:-1])
            here = self.hash_of(seq)
            if line is None or (line.seq, line.hash) != (seq, here):
                found = "no whole line" if line is None else f"entry {line.seq}, {line.hash}"
                raise NotTheSame(seq, f"entry {seq}, {here}", found)
        return lines[known:]

    def _add(self, lines: Sequence[bytes]) -> None:
        if not self._known:
            self._begin_with(lines[0])
        head = self._tail.head
        try:
            block = block_of(lines, head.seq + 1)
            entries = parse_lines(block, head.seq + 1, head.hash)
        except BadLine as bad:
            raise NotTheSame(bad.seq, bad.expected, bad.found) from None
        self._writer.put(list(lines), block, entries)

    def _begin_with(self, line: bytes) -> None:
        """Take over from entry 0 which ledger it is, and how long its segments are."""
        try:
            created = creation_of(line[:-1], segment_of(self.folder, 0))
        except Corrupt as bad:
            raise NotTheSame(0, bad.expected, bad.found) from None
        self._tail.close()
        self._sealer.close()
        self._begin(created, 0)
        self._known = True


def _place(line: bytes, seq: int) -> int:
    found = seq_of(line)
    if found is None:
        raise NotTheSame(seq, "a line of format 1", shown(line))
    return found
