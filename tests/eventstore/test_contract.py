"""The contract of `EventStore`, kept by every implementation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eventstore.errors import Conflict, EventTooLarge
from eventstore.ledger_reader import LedgerReader
from eventstore.memory import MemoryStore
from eventstore.replicated.replicated_store import ReplicatedStore
from eventstore.store import EMPTY, OWN_SEQ, Event, EventStore, Head
from tests.support.journal import StepClock, event, open_journal
from tests.support.ledger_check import check_ledger
from tests.support.postgresql_fixtures import TestDatabase
from tests.support.replicated import mirrored
from tests.support.simulated_database import SimulatedDatabase
from tests.support.simulated_server import BEGIN, DatabaseServer, created

Stores = tuple[EventStore, Callable[[], EventStore]]


@pytest.fixture(
    params=[
        "memory",
        "journal",
        "journal with small segments",
        "replicated, on two machines",
        "replicated, in one home with small segments",
        "PostgreSQL, on two machines",
    ]
)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """A store, and a way to open the same ledger as another process would."""
    if request.param == "memory":
        memory = MemoryStore(clock=StepClock())
        yield memory, memory.peer
        return
    count = 3 if "small" in request.param else 65_536
    if "replicated" in request.param:
        yield from _replicated(tmp_path, count, one_home="one home" in request.param)
        return
    if "PostgreSQL" in request.param:
        yield from _postgresql(tmp_path, request.getfixturevalue("pg_ledger"))
        return
    folder = tmp_path / "ledger"
    opened = [open_journal(folder, segment_entries=count)]

    def peer() -> EventStore:
        opened.append(open_journal(folder))
        return opened[-1]

    yield opened[0], peer
    for journal in opened:
        journal.close()
    check_ledger(folder)


def _postgresql(tmp_path: Path, database: TestDatabase) -> Iterator[Stores]:
    from eventstore.postgresql.database import PostgresqlDatabase

    opened: list[EventStore] = []

    def peer() -> EventStore:
        way = PostgresqlDatabase(database.address)
        opened.append(ReplicatedStore.open(way, tmp_path / str(len(opened)), StepClock()))
        return opened[-1]

    yield peer(), peer
    for store in opened:
        store.close()
    check_ledger(tmp_path / "0")


def _replicated(tmp_path: Path, segment_entries: int, *, one_home: bool) -> Iterator[Stores]:
    server = DatabaseServer(lines=created(BEGIN, segment_entries))
    opened: list[EventStore] = []

    def peer() -> EventStore:
        name = str(len(opened))
        folder = tmp_path / ("mirror" if one_home else name)
        opened.append(ReplicatedStore.open(SimulatedDatabase(server, name), folder, StepClock()))
        return opened[-1]

    yield peer(), peer
    for store in opened:
        store.close()
    for folder in tmp_path.iterdir():
        check_ledger(folder)
        assert b"".join(server.lines()).startswith(mirrored(folder))


def test_who_reads_the_files_reads_the_same(stores: Stores) -> None:
    """A reader of the folder sees what the store says, forwards and backwards, and what is appended meanwhile."""
    store, _ = stores
    store.append([event(number) for number in range(4)])
    if store.files is None:
        return
    with LedgerReader.open(store.files.folder) as reader:
        assert (reader.ledger_id, reader.segment_entries) == (store.ledger_id, store.files.segment_entries)
        assert list(reader.follow(0)) == list(store.read(0))
        store.append([event(4), event(5)])
        assert reader.head().seq == 4
        assert reader.refresh() == store.head()
        assert list(reader.read(2, 5)) == list(store.read(2, 5))
        assert list(reader.read_backwards(6)) == list(store.read_backwards(6))


def test_a_new_ledger_begins_with_ledger_created(stores: Stores) -> None:
    """Entry 0 of every ledger says which ledger it is and in which format."""
    store, _ = stores
    (created,) = store.read(0)
    assert (created.seq, created.type) == (0, "ledger.created")
    assert msgspec.json.decode(created.data)["format"] == 1
    assert store.head() == Head(0, created.hash)


def test_append_returns_the_entries_as_they_are_read(stores: Stores) -> None:
    """What append returns is what read yields, here and in another process."""
    store, peer = stores
    entries = store.append([event(1), event(2), event(3), event(4)])
    assert [entry.seq for entry in entries] == [1, 2, 3, 4]
    assert list(store.read(1)) == entries
    assert list(peer().read(1)) == entries
    assert store.head() == Head(4, entries[-1].hash)


@pytest.mark.parametrize("before", [None, 0, 1, 3, 6, 8, 9, 40])
def test_reading_backwards_is_reading_forwards_reversed(stores: Stores, before: int | None) -> None:
    """The newest entry comes first, or the one before the entry that is named; entry 0 comes last."""
    store, peer = stores
    for number in range(7):
        store.append([event(number)])
    forwards = list(store.read(0, None if before is None else before - 1))
    assert list(store.read_backwards(before)) == forwards[::-1]
    assert list(peer().read_backwards(before)) == forwards[::-1]


def test_reading_backwards_begins_at_the_head_as_of_the_call(stores: Stores) -> None:
    """What is appended after the call, by anyone, is not given."""
    store, peer = stores
    other = peer()
    store.append([event(1)])
    behind, known = other.read_backwards(), store.read_backwards()
    store.append([event(2)])
    assert [entry.seq for entry in behind] == [0]
    assert [entry.seq for entry in known] == [1, 0]


def test_all_who_open_a_ledger_see_the_same_one(stores: Stores) -> None:
    """A ledger is known by what its entry 0 calls it."""
    store, peer = stores
    created = msgspec.json.decode(next(store.read(0)).data)
    assert store.ledger_id == peer().ledger_id == created["ledger"]


def test_what_only_files_need_is_found_where_there_are_files(stores: Stores, tmp_path: Path) -> None:
    """A ledger in a folder says where it is, and is kept in order; others have nothing of that kind."""
    store, _ = stores
    files = store.files
    if isinstance(store, MemoryStore):
        assert files is None
        return
    assert files is not None
    assert files.folder.parent == tmp_path
    assert (files.folder / "lock").exists()
    assert files.segment_entries in (3, 65_536)
    store.append([event(number) for number in range(4)])
    files.tick()
    files.release_reserve()
    assert files.restore_reserve()


def test_entries_are_chained(stores: Stores) -> None:
    """Each entry names the hash of the one before it, the first of all none."""
    store, _ = stores
    for number in range(7):
        store.append([event(number)])
    entries = list(store.read(0))
    assert [entry.prev for entry in entries] == [EMPTY.hash, *[entry.hash for entry in entries[:-1]]]


def test_all_entries_of_one_append_carry_one_time(stores: Stores) -> None:
    """One append is one moment."""
    store, _ = stores
    first = store.append([event(1), event(2)])
    second = store.append([event(3)])
    assert first[0].time == first[1].time < second[0].time
    assert second[0].time.tzinfo is not None
    assert second[0].time.utcoffset() == timedelta(0)


def test_own_seq_becomes_the_entry_s_own_number(stores: Stores) -> None:
    """An event can ask for its own seq as the number of its run."""
    store, _ = stores
    started = Event(type="schedule.ticked", actor="scheduler", job="j", run=OWN_SEQ, data={})
    entries = store.append([event(0), started, started])
    assert [entry.run for entry in entries] == [0, 2, 3]


def test_job_and_run_are_absent_where_there_is_none(stores: Stores) -> None:
    """An event without subject becomes an entry without subject."""
    store, _ = stores
    (entry,) = store.append([Event(type="scheduler.started", actor="scheduler", data={})])
    assert (entry.job, entry.run) == (None, None)


def test_append_with_the_expected_head_succeeds(stores: Stores) -> None:
    """An append that names the last entry goes through."""
    store, _ = stores
    head = store.head()
    (entry,) = store.append([event(1)], expected=head)
    assert entry.prev == head.hash


def test_append_behind_the_back_of_another_is_a_conflict(stores: Stores) -> None:
    """An append that names an entry which is no longer the last writes nothing."""
    store, peer = stores
    other = peer()
    stale = store.head()
    (first,) = other.append([event(1)])
    with pytest.raises(Conflict, match=rf"{first.seq}\b.*\b{stale.seq}\b"):
        store.append([event(2)], expected=stale)
    assert store.refresh() == Head(1, first.hash)
    store.append([event(3)], expected=store.head())


def test_an_entry_says_what_is_durable_whoever_wrote_it(stores: Stores) -> None:
    """An entry speaks of all entries before it as durable, those that another process appended included."""
    store, peer = stores
    other = peer()
    other.append([event(1), event(2)])
    store.refresh()
    (entry,) = store.append([event(3)])
    assert entry.durable == entry.seq


def test_head_costs_no_look_and_refresh_looks(stores: Stores) -> None:
    """`head` is what this process knows; `refresh` learns what others did."""
    store, peer = stores
    other = peer()
    known = other.head()
    (entry,) = store.append([event(1)])
    assert other.head() == known
    assert other.refresh() == Head(entry.seq, entry.hash) == other.head()


def test_appends_of_two_processes_interleave(stores: Stores) -> None:
    """Two processes that take turns write one chain."""
    store, peer = stores
    other = peer()
    for number in range(10):
        (store if number % 2 else other).append([event(number)])
    runs = [entry.run for entry in store.read(1)]
    other.refresh()
    assert runs == list(range(10)) == [entry.run for entry in other.read(1)]


def test_read_yields_exactly_what_is_asked_for(stores: Stores) -> None:
    """Any range of entries can be read; what lies beyond the ends is left out."""
    store, _ = stores
    store.append([event(number) for number in range(9)])
    for first in range(-1, 12):
        for last in range(-1, 12):
            wanted = [seq for seq in range(max(first, 0), last + 1) if seq <= 9]
            assert [entry.seq for entry in store.read(first, last)] == wanted


def test_read_stops_at_the_end_as_of_the_call(stores: Stores) -> None:
    """What is appended while a reader reads is not part of that reading."""
    store, _ = stores
    store.append([event(1)])
    reading = store.read(0)
    store.append([event(2)])
    assert [entry.seq for entry in reading] == [0, 1]


def test_follow_yields_what_others_append_and_ends(stores: Stores) -> None:
    """Following catches up with other processes and then stops, ready to be called again."""
    store, peer = stores
    other = peer()
    other.append([event(number) for number in range(5)])
    assert [entry.seq for entry in store.follow(0)] == [0, 1, 2, 3, 4, 5]
    assert list(store.follow(6)) == []
    other.append([event(9)])
    assert [entry.run for entry in store.follow(6)] == [9]


def test_follow_sees_what_is_appended_on_the_way(stores: Stores) -> None:
    """Entries that appear while someone follows are followed too."""
    store, peer = stores
    other = peer()
    seen = []
    for entry in store.follow(0):
        seen.append(entry.seq)
        if entry.seq < 4:
            other.append([event(entry.seq)])
    assert seen == [0, 1, 2, 3, 4]


def test_an_event_that_is_too_large_is_refused_and_nothing_written(stores: Stores) -> None:
    """One event that does not fit takes the whole append with it; the next one goes through."""
    store, _ = stores
    head = store.head()
    with pytest.raises(EventTooLarge, match="65535"):
        store.append([event(1), event(2, text="x" * 65_535)])
    assert store.refresh() == head
    store.append([event(3)])


def test_the_largest_line_is_exactly_65535_bytes(stores: Stores) -> None:
    """A line may fill the limit to the last byte, and no more."""
    store, _ = stores
    low, high = 60_000, 65_535
    while high - low > 1:
        middle = (low + high) // 2
        try:
            store.append([Event(type="a.b", actor="x", data={"t": "x" * middle})])
            low = middle
        except EventTooLarge:
            high = middle
    with pytest.raises(EventTooLarge, match="65536 bytes"):
        store.append([Event(type="a.b", actor="x", data={"t": "x" * high})])
    (longest,) = store.append([Event(type="a.b", actor="x", data={"t": "x" * low})])
    assert next(store.read(longest.seq)) == longest


def test_an_empty_append_is_a_mistake(stores: Stores) -> None:
    """There is no append of nothing."""
    store, _ = stores
    with pytest.raises(ValueError, match="nothing"):
        store.append([])


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("wrap", [lambda x: {"v": x}, lambda x: {"v": [None, {"w": x}]}])
def test_numbers_that_json_does_not_have_are_refused(
    stores: Stores, number: float, wrap: Callable[[float], dict[str, Any]]
) -> None:
    """A NaN or an infinity is refused loudly, wherever it hides, and never becomes null."""
    store, _ = stores
    head = store.head()
    with pytest.raises(ValueError, match="JSON"):
        store.append([Event(type="a.b", actor="x", data=wrap(number))])
    assert store.refresh() == head


@pytest.mark.parametrize(
    "text", ["é", "日本", "😀", "\x00\x1f\x7f", "\u2028", '"\\/', "a\nb\r", "\u00ff" * 300], ids=ascii
)
def test_any_text_comes_back_as_it_went_in(stores: Stores, text: str) -> None:
    """Names and payloads may hold any character."""
    store, _ = stores
    (entry,) = store.append([Event(type="a.b", actor=text, job=text, data={text: text})])
    (again,) = store.read(entry.seq)
    assert again == entry
    assert (again.actor, again.job) == (text, text)
    assert msgspec.json.decode(again.data) == {text: text}


def test_lone_surrogates_are_written_visibly(stores: Stores) -> None:
    """A file name that is no UTF-8 does not stop the ledger: its bytes become visible escapes."""
    store, _ = stores
    text = "a\udcff"
    (entry,) = store.append([Event(type="a.b", actor=text, job=text, data={"name": text, "more": [text]})])
    assert entry.job == entry.actor == r"a\udcff"
    assert msgspec.json.decode(entry.data) == {"name": r"a\udcff", "more": [r"a\udcff"]}


@pytest.mark.parametrize(
    "data",
    [
        [1],
        "text",
        1,
        None,
        msgspec.UNSET,
        msgspec.Raw(b'{"a":\n1}'),
        msgspec.Raw(b"{"),
        msgspec.Raw(b'{"a" 1}'),
        {"a": msgspec.Raw(b"1 2")},
        {"a": msgspec.Raw(b'1},"durable":{"b":2')},
    ],
)
def test_a_payload_is_one_json_object(stores: Stores, data: Any) -> None:
    """Whatever is no JSON object on one line is refused, and nothing is written."""
    store, _ = stores
    head = store.head()
    with pytest.raises((TypeError, ValueError)):
        store.append([Event(type="a.b", actor="x", data=data)])
    assert store.refresh() == head


@pytest.mark.parametrize("name", ["", "word", "Upper.case", "a b.c", "a.", ".b", "a.b\n"])
def test_a_type_is_spelled_noun_verb(stores: Stores, name: str) -> None:
    """An entry's type is refused when it is written if it is not spelled as types are."""
    store, _ = stores
    with pytest.raises(ValueError, match=r"noun\.verb"):
        store.append([Event(type=name, actor="x", data={})])


def test_a_clock_without_a_zone_is_refused() -> None:
    """A time that says nothing about its zone never reaches the ledger."""
    with pytest.raises(ValueError, match="zone"):
        MemoryStore(clock=lambda: datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_times_of_any_zone_are_written_in_utc() -> None:
    """A clock may run in any zone; entries say UTC."""
    zone = timezone(timedelta(hours=5, minutes=30))
    store = MemoryStore(clock=lambda: datetime(2026, 1, 1, 5, 30, tzinfo=zone))
    assert b'"time":"2026-01-01T00:00:00.000000Z"' in store.lines()[0]
    assert next(store.read(0)).time == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_simulated_crash_before_or_after_the_commit() -> None:
    """The two hooks of the store in memory stand for a crash before and after the entries are durable."""
    store = MemoryStore(clock=StepClock())

    def die(_: object) -> None:
        raise RuntimeError("crash")

    store.before_commit = die
    with pytest.raises(RuntimeError):
        store.append([event(1)])
    assert store.peer().head().seq == 0
    store.before_commit, store.after_commit = None, die
    with pytest.raises(RuntimeError):
        store.append([event(1)])
    assert store.peer().head().seq == 1
