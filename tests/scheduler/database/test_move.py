"""A ledger is moved into a database whole, whatever interrupts the move, and nothing is appended behind it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.errors import OtherLedger
from eventstore.moved import Moved
from eventstore.store import Head
from scheduler.database.move import MovedLedger, MoveRefused, move_to_database
from scheduler.home import Home
from scheduler.store import database_address, is_on_database, open_store, open_store_to_append
from tests.support.home import make_home
from tests.support.ledger import Writer
from tests.support.ledger_check import check_ledger
from tests.support.replicated import mirrored

ADDRESS = "postgresql://ledger@127.0.0.1:1/cronledger"
OTHER = "postgresql://ledger@127.0.0.1:1/another"
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


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose ledger has seven entries in small segments."""
    return written(tmp_path)


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


def check_moved(home: Home, tables: Tables) -> None:
    """All is there, and the home is on the database."""
    assert b"".join(tables.lines) == mirrored(home.own_ledger) == mirrored(home.mirror)
    with closing(open_store(home)) as store:
        assert store.head() == tables.head
        assert store.ledger_id == tables.ledger_id
        types = [entry.type for entry in store.read(0)]
    assert (types.count("ledger.moved"), types[-1]) == (1, "ledger.moved")
    assert (database_address(home), home.ledger) == (ADDRESS, home.mirror)
    check_ledger(home.mirror)
    check_ledger(home.own_ledger)


def test_a_ledger_is_moved_byte_for_byte(home: Home) -> None:
    """The lines are the same on both sides and in the mirror; the last one says where the ledger is."""
    tables = Tables()
    result = moved(home, KilledTarget(tables))
    assert result == MovedLedger(tables.ledger_id or "", 8)
    check_moved(home, tables)
    with pytest.raises(MoveRefused) as again:
        moved(home, KilledTarget(tables))
    assert again.value.problem == "done"


@pytest.mark.parametrize("after", [False, True])
def test_a_move_that_is_killed_is_gone_on_with(tmp_path: Path, after: bool) -> None:
    """At whichever call it is killed, moving again ends as if nothing had happened."""
    kill_at = 1
    while True:
        home, tables = written(tmp_path / f"{kill_at}"), Tables()
        target = KilledTarget(tables, kill_at, after=after)
        try:
            moved(home, target)
        except Killed:
            assert not is_on_database(home)
            moved(home, KilledTarget(tables))
            check_moved(home, tables)
        else:
            break
        kill_at += 1
    assert kill_at > 8


@pytest.mark.parametrize("call", ["sync", "rename"])
def test_a_mirror_that_was_begun_is_made_anew(home: Home, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """Until it has its name it is none."""
    tables = Tables()

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as killed:
        killed.setattr(os, call, kill)
        with pytest.raises(Killed):
            moved(home, KilledTarget(tables))
    assert not is_on_database(home)
    moved(home, KilledTarget(tables))
    check_moved(home, tables)


def test_nothing_is_appended_while_a_move_waits_to_be_gone_on_with(home: Home) -> None:
    """From `ledger.moved` on, the old place is closed, and other places are refused."""
    tables = Tables()
    with pytest.raises(Killed):
        moved(home, KilledTarget(tables, kill_at=5))
    with pytest.raises(Moved):
        open_store_to_append(home, ANN)
    with pytest.raises(MoveRefused) as refused:
        moved(home, KilledTarget(Tables()), OTHER)
    assert (refused.value.problem, refused.value.where) == ("elsewhere", ADDRESS)


def test_a_run_in_flight_is_not_moved(home: Home) -> None:
    """Nothing is recorded, nothing copied."""
    tables, writer = Tables(), Writer(home.root)
    run = writer.tick("nightly")
    writer.start("nightly", run)
    writer.journal.close()
    with pytest.raises(MoveRefused) as refused:
        moved(home, KilledTarget(tables))
    assert (refused.value.problem, refused.value.runs) == ("runs", (run,))
    with closing(open_store(home)) as store:
        assert store.head().seq == run + 1
    assert (tables.lines, tables.prepared) == ([], False)


def test_another_ledger_in_the_database_is_left_alone(home: Home) -> None:
    """It is not this one."""
    tables = Tables()
    tables.ledger_id = "0" * 32
    with pytest.raises(OtherLedger):
        moved(home, KilledTarget(tables))
    with closing(open_store_to_append(home, ANN)) as store:
        assert store.head().seq == 6


def test_a_line_that_differs_ends_the_move(home: Home) -> None:
    """Whoever wrote into the tables meanwhile is found by the comparison; no ledger comes of it."""
    tables = Tables()
    with pytest.raises(Killed):
        moved(home, KilledTarget(tables, kill_at=5))
    tables.lines[2] = tables.lines[2].replace(b"nightly", b"nightlx")
    with pytest.raises(MoveRefused) as refused:
        moved(home, KilledTarget(tables))
    assert (refused.value.problem, refused.value.where) == ("differs", "2")
    assert (tables.ledger_id, is_on_database(home)) == (None, False)
