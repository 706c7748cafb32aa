"""Views over a ledger that is not kept in files: they say what those over the same entries in files say."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eventstore.errors import NoLedger
from eventstore.memory import MemoryStore
from eventstore.store import Entry, Event, EventStore
from projections import VIEWS, QueryFailed, Sql, open_sql
from projections.build import maintenance
from scheduler.home import Home
from tests.projections.histories import JOBS, LongHistory

ASKED_AT = datetime(2027, 1, 1, tzinfo=UTC)
OF_THE_STORE = {"events": " EXCLUDE (prev, hash, durable)"}
"""What depends on how entries are kept; a ledger with small segments says so in its entry 0."""
ACTIONS = (
    "define", "tick", "tick", "request", "start", "start", "finish", "finish", "fail", "skip", "enable", "disable",
    "remove", "serve", "stop", "misfire", "step", "pause", "resume", "weeks",
)  # fmt: skip


class InMemory:
    """A ledger in memory that is given the entries of another one."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._time = datetime(2026, 1, 1, tzinfo=UTC)
        self.store: MemoryStore | None = None
        for entry in entries:
            self.take(entry)

    def take(self, entry: Entry) -> None:
        """Record the entry's fact at its time."""
        self._time = entry.time
        if self.store is None:
            created = msgspec.json.decode(entry.data)
            self.store = MemoryStore(
                clock=lambda: self._time, software=created["software"], ledger_id=created["ledger"]
            )
            return
        data = msgspec.json.decode(entry.data)
        self.store.append(
            [Event(type=entry.type, actor=entry.actor, data=data, job=entry.job, run=entry.run)]
        )

    def open(self, _: Home) -> EventStore:
        """The store, as another process opens it."""
        if self.store is None:
            raise NoLedger("nothing was recorded yet")
        return self.store.peer()


@pytest.fixture
def history(tmp_path: Path) -> LongHistory:
    """Months in which everything happens, in segments of eight entries."""
    chance = random.Random(8)
    history = LongHistory(tmp_path / "home")
    for _ in range(100):
        history.act(chance.choice(ACTIONS), chance.choice(JOBS), chance.randrange(4))
    return history


def rows(sql: Sql) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all views, without entry 0 and without what says how entries are kept."""
    found = {}
    for view in VIEWS:
        where = " WHERE seq > 0" if view == "events" else ""
        query = f"SELECT *{OF_THE_STORE.get(view, '')} FROM {view}{where} ORDER BY ALL"
        found[view] = sql.execute(query).all()
    return found


def test_every_view_says_the_same_whatever_the_store(history: LongHistory, tmp_path: Path) -> None:
    """Of the same entries, in files with full segments and in memory, each view says the same; nothing is made."""
    home = history.writer.home
    memory = InMemory(history.writer.journal.read(0))
    elsewhere = Home(tmp_path / "elsewhere")
    with (
        open_sql(home, asked_at=ASKED_AT) as files,
        open_sql(elsewhere, asked_at=ASKED_AT, opened=memory.open) as other,
    ):
        expected = rows(files)
        assert len(expected["events"]) > 50
        assert expected["runs"]
        assert rows(other) == expected
    assert not elsewhere.root.exists()


def test_a_connection_grows_with_any_store(history: LongHistory, tmp_path: Path) -> None:
    """What is appended while a connection is open, before the first entry even, is in its next answer."""
    entries = list(history.writer.journal.read(0))
    memory = InMemory([])
    count = "SELECT count(*), max(seq) FROM events"
    with open_sql(Home(tmp_path / "elsewhere"), asked_at=ASKED_AT, opened=memory.open) as sql:
        assert sql.execute(count).all() == [(0, None)]
        for entry in entries:
            memory.take(entry)
            if entry.seq % 30 == 0:
                assert sql.execute(count).all() == [(entry.seq + 1, entry.seq)]
        with open_sql(history.writer.home, asked_at=ASKED_AT) as files:
            assert rows(sql) == rows(files)


@pytest.mark.parametrize("part", [0, 0.6])
def test_the_past_of_any_store_can_be_asked(history: LongHistory, tmp_path: Path, part: float) -> None:
    """As of an entry, the views say what those over files say."""
    head = history.writer.journal.head().seq
    seq = int(head * part)
    memory = InMemory(history.writer.journal.read(0))
    elsewhere = Home(tmp_path / "elsewhere")
    with (
        open_sql(history.writer.home, as_of=seq) as files,
        open_sql(elsewhere, as_of=seq, opened=memory.open) as other,
    ):
        assert rows(other) == rows(files)
    with pytest.raises(QueryFailed, match=f"has no entry {head + 1}"):
        open_sql(elsewhere, as_of=head + 1, opened=memory.open)


def test_nothing_is_projected_of_a_ledger_that_is_not_in_files(
    history: LongHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are no segments there is nothing to make; whoever asks for it is told so."""
    memory = InMemory(history.writer.journal.read(0))
    monkeypatch.setattr(maintenance, "open_store", memory.open)
    home = Home(tmp_path / "elsewhere")
    for ask in (maintenance.maintain, maintenance.rebuild, maintenance.status):
        with pytest.raises(NoLedger, match="not kept in files"):
            ask(home)
    assert not home.root.exists()
