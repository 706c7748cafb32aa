"""A ledger is moved into a database whole, whatever interrupts the move, and nothing is appended behind it."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.errors import OtherLedger
from eventstore.moved import Moved
from eventstore.store import Event
from scheduler.database.move import MovedLedger, MoveRefused
from scheduler.home import Home
from scheduler.store import database_address, is_on_database, open_store, open_store_to_append
from tests.support.ledger import Writer
from tests.support.ledger_check import check_ledger
from tests.support.moved_ledger import ADDRESS, ANN, Killed, KilledTarget, Tables, moved, written
from tests.support.replicated import mirrored

OTHER = "postgresql://ledger@127.0.0.1:1/another"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose ledger has seven entries in small segments."""
    return written(tmp_path)


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


@pytest.mark.parametrize("looks_first", [False, True])
def test_whoever_had_the_ledger_open_appends_nothing_behind_a_move(home: Home, looks_first: bool) -> None:
    """Also where it has read that entry before it was asked to append."""
    with closing(open_store_to_append(home, ANN)) as store:
        moved(home, KilledTarget(Tables()))
        head = store.refresh() if looks_first else None
        with pytest.raises(Moved):
            store.append([Event(type="note.made", actor=ANN, data={})], head)
    assert mirrored(home.own_ledger).count(b"\n") == 8


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
