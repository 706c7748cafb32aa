"""Moving a small ledger: the home, the database that it goes to, and a process that is killed on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from eventstore.store import Head
from scheduler.database.move import MovedLedger, move_to_database
from scheduler.home import Home
from tests.support.home import make_home
from tests.support.ledger import Writer

ADDRESS = "postgresql://ledger@127.0.0.1:1/cronledger"
ANN = "user:ann@here"


class Killed(BaseException):
    """The process was killed."""


class Tables:
    """What a database holds of a ledger that is moved there."""

    def __init__(self) -> None:
        self.prepared = False
        self.lines: list[bytes] = []
        self.ledger_id: str | None = None
        self.head: Head | None = None


class KilledTarget:
    """`Target`: the process is killed at one of its calls, before it takes effect or after."""

    def __init__(self, tables: Tables, kill_at: int | None = None, *, after: bool = False) -> None:
        self.tables, self.calls, self._kill_at, self._after = tables, 0, kill_at, after

    def _do(self, effect: Callable[[], None]) -> None:
        self.calls += 1
        if self.calls == self._kill_at and not self._after:
            raise Killed
        effect()
        if self.calls == self._kill_at:
            raise Killed

    def ledger_there(self) -> str | None:
        """The identity of the ledger that is there."""
        self._do(lambda: None)
        return self.tables.ledger_id

    def prepare(self) -> None:
        """Have tables."""
        self._do(lambda: setattr(self.tables, "prepared", True))

    def copied(self) -> int:
        """How many lines are there."""
        self._do(lambda: None)
        return len(self.tables.lines)

    def copy(self, first: int, lines: Sequence[bytes]) -> None:
        """Put those there that are not."""
        assert self.tables.prepared
        assert self.tables.ledger_id is None
        assert first <= len(self.tables.lines)
        self._do(lambda: self.tables.lines.extend(lines[len(self.tables.lines) - first :]))

    def lines(self, first: int, count_max: int) -> list[bytes]:
        """The lines from one on, two at once."""
        self._do(lambda: None)
        return self.tables.lines[first : first + min(count_max, 2)]

    def finish(self, ledger_id: str, head: Head) -> None:
        """Make a ledger of them."""
        self._do(lambda: vars(self.tables).update(ledger_id=ledger_id, head=head))


def written(root: Path) -> Home:
    """A home with a ledger of seven entries, the last run of which is over."""
    make_home(root)
    writer = Writer(root, segment_entries=3)
    writer.serve()
    writer.define("nightly")
    run = writer.tick("nightly")
    writer.start("nightly", run)
    writer.finish("nightly", run)
    writer.tick("nightly")
    writer.journal.close()
    return writer.home


def moved(home: Home, target: KilledTarget, address: str = ADDRESS) -> MovedLedger:
    """Move the ledger."""
    return move_to_database(home, target, address, ANN, lambda step, done, total: None)
