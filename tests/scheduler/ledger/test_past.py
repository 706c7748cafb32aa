"""The past: the state after any entry, and when something came to hold."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstore.errors import Unavailable
from eventstore.journal import Journal
from eventstore.store import Entry, EventStore
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ledger import segment_states
from scheduler.ledger.ledger_prefix import LedgerPrefix
from scheduler.ledger.past import Past
from scheduler.ledger.state_file import draft
from scheduler.rules.evolve import fold
from scheduler.rules.state import State
from tests.support.command import DEADLINE_S
from tests.support.lives import live_through
from tests.support.world import World

SEGMENT_ENTRIES = 64
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    """A life with crashes and people in it, a few hundred entries long."""
    return live_through(seed=5, jobs=4, days=40)


def past_of(world: World, folder: Path) -> Past:
    """Its past."""
    return Past(world.machine.store.peer(), folder, SEGMENT_ENTRIES)


def folded(world: World, seq: int) -> State:
    """The state after an entry, folded from the very first."""
    return fold(State(), world.entries()[: seq + 1])


def kept(folder: Path) -> list[Path]:
    """The states that are kept."""
    return sorted(folder.glob("*.snapshot.z"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1))
def test_any_state_is_the_fold_of_all_entries_up_to_it(world: World, tmp_path: Path, share: float) -> None:
    """Whatever is kept and whatever is asked in which order, the state is the one that the fold yields."""
    past = past_of(world, tmp_path)
    seq = round(share * past.head_seq)
    assert past.state_at(seq) == folded(world, seq)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1), after=st.floats(0, 1))
def test_the_first_entry_at_which_something_holds(
    world: World, tmp_path: Path, share: float, after: float
) -> None:
    """What is found by halving is what is found by looking at each state in turn."""
    past = past_of(world, tmp_path)
    begin = round(after * past.head_seq) - 1
    instant = BEGIN + share * timedelta(days=41)

    def come(state: State) -> bool:
        job = state.jobs.get("job-1")
        return job is not None and job.cursor >= instant

    expected = next((entry for entry in world.entries()[begin + 1 :] if come(folded_on(world, entry))), None)
    if begin < 0 or not come(folded(world, begin)):
        assert past.first_where(come, after=begin) == expected


_FOLDED: dict[int, State] = {}


def folded_on(world: World, entry: Entry) -> State:
    """The state after an entry, remembered."""
    if not _FOLDED:
        state = State()
        for each in world.entries():
            fold(state, [each])
            _FOLDED[each.seq] = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State)
    return _FOLDED[entry.seq]


def keep_all(world: World, folder: Path) -> Past:
    """Its past, with a state at the end of each full segment that is kept and recorded; nothing is folded yet."""
    past, store = past_of(world, folder), world.machine.store.peer()
    for end in past.segment_ends:
        segment_states.keep(folder, store, past.state_at(end))
    return past_of(world, folder)


def test_states_are_kept_at_the_end_of_each_full_segment(tmp_path: Path) -> None:
    """As many as there are full segments, each private; and what is kept is not folded again."""
    world = live_through(seed=5, jobs=4, days=40)
    past = keep_all(world, tmp_path / "states")
    assert len(kept(tmp_path / "states")) == (past.head_seq + 1) // SEGMENT_ENTRIES > 3
    assert {path.stat().st_mode & 0o777 for path in kept(tmp_path / "states")} == {0o600}
    read: list[int] = []
    store = past.store
    store_read = store.read

    def reading(first: int, last: int | None = None) -> object:
        read.append(first)
        return store_read(first, last)

    store.read = reading  # type: ignore[method-assign, assignment]
    ends = past.segment_ends
    assert all(past.is_kept(end) for end in ends)
    read.clear()
    past.state_at(ends[-1] + 3)
    assert {first for first in read if first % SEGMENT_ENTRIES == 0} <= {ends[-1] + 1}


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes().replace(b" ", b"0 ", 1)),
    ],
    ids=["missing", "cut", "empty", "of another version"],
)
def test_kept_states_are_disposable(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    """One that is missing, cut or of another version is not used, and is made again."""
    world = live_through(seed=5, jobs=4, days=25)
    end = keep_all(world, tmp_path).segment_ends[-1]
    damage(kept(tmp_path)[-1])
    past = past_of(world, tmp_path)
    assert not past.is_kept(end)
    assert past.state_at(end + 3) == folded(world, end + 3)
    segment_states.keep(tmp_path, world.machine.store.peer(), past.state_at(end))
    assert past_of(world, tmp_path).is_kept(end)
    assert [int(path.name[:20]) for path in kept(tmp_path)] == past.segment_ends


def test_a_state_of_another_ledger_is_not_used(world: World, tmp_path: Path) -> None:
    """A state counts only if an entry of this ledger records it."""
    keep_all(live_through(seed=6, jobs=4, days=20), tmp_path)
    seq = SEGMENT_ENTRIES + 3
    assert past_of(world, tmp_path).state_at(seq) == folded(world, seq)


def test_a_forged_state_changes_no_answer(tmp_path: Path) -> None:
    """Whoever renews every stamp of a kept state cannot renew the entry that records it."""
    world = live_through(seed=5, jobs=4, days=25)
    end = keep_all(world, tmp_path).segment_ends[-1]
    (path,) = (path for path in kept(tmp_path) if int(path.name[:20]) == end)
    forged = folded(world, end)
    forged.jobs.clear()
    made = draft(tmp_path / "forged", forged, packed=True)
    for name in (path.name, f"{end:020d}-{end + 1:020d}.snapshot.z", f"{end:020d}.snapshot.z"):
        path.unlink(missing_ok=True)
        (tmp_path / name).write_bytes(made.path.read_bytes())
        past = past_of(world, tmp_path)
        assert not past.is_kept(end)
        assert past.state_at(end + 3) == folded(world, end + 3)
        (tmp_path / name).unlink()


def test_what_is_not_kept_is_folded_once(world: World, tmp_path: Path) -> None:
    """Without any kept state, halving a long past reads each segment a handful of times, however often it asks."""
    store = world.machine.store.peer()
    read: list[int] = []
    store_read = store.read

    def reading(first: int, last: int | None = None) -> object:
        read.append(first)
        return store_read(first, last)

    store.read = reading  # type: ignore[method-assign, assignment]
    past = Past(store, tmp_path, SEGMENT_ENTRIES)
    ends = past.segment_ends
    past.state_at(past.head_seq)
    read.clear()
    for end in ends:
        past.state_at(end)
    assert read == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_only_costs_time(world: World, tmp_path: Path) -> None:
    """The answer is the same where nothing can be kept."""
    (tmp_path / "file").write_text("")
    past = past_of(world, tmp_path / "file" / "states")
    assert past.state_at(past.head_seq) == folded(world, past.head_seq)


def test_the_last_entry_that_had_been_made_at_a_moment(tmp_path: Path) -> None:
    """A moment stands for the last entry made by then; before the first entry there is none."""
    world = World()
    for hour in range(200):
        world.person(v.RunRequested(executor="scheduler", reason=str(hour)), "job", run=-1)
        world.clock.pass_(3_600)
    past = past_of(world, tmp_path)
    entries = world.entries()
    for entry in entries[1:]:
        assert past.seq_at(entry.time) == max(e.seq for e in entries if e.time <= entry.time)
        assert past.seq_at(entry.time + timedelta(minutes=59)) == entry.seq
    assert past.seq_at(entries[0].time - timedelta(microseconds=1)) is None
    assert past.seq_at(entries[-1].time + timedelta(days=9)) == past.head_seq


def test_a_clock_that_was_set_back_makes_the_later_entries_count(tmp_path: Path) -> None:
    """Where two stretches of entries bear the same times, the moment stands for the later stretch."""
    world = World()
    for _ in range(2):
        for _ in range(20):
            world.person(v.RunRequested(executor="scheduler"), "job", run=-1)
            world.clock.pass_(60)
        world.clock.step(-20 * 60)
    second = world.entries()[21:]
    assert past_of(world, tmp_path).seq_at(second[9].time) == second[9].seq


def test_the_past_cannot_be_written(world: World) -> None:
    """A ledger as it was ends where it ended, and takes nothing."""
    real = world.machine.store.peer()
    head = folded(world, 100).head
    store: EventStore = LedgerPrefix(real, head)
    assert store.head() == store.refresh() == head
    assert [entry.seq for entry in store.read(98)] == [98, 99, 100]
    assert [entry.seq for entry in store.read(98, 400)] == [98, 99, 100]
    assert list(store.follow(101)) == []
    assert [entry.seq for entry in store.read_backwards()] == list(range(101))[::-1]
    assert [entry.seq for entry in store.read_backwards(400)] == list(range(101))[::-1]
    assert [entry.seq for entry in store.read_backwards(2)] == [1, 0]
    assert store.ledger_id == real.ledger_id
    assert store.files is None
    with pytest.raises(Unavailable):
        store.append([v.event(v.JobEnabled(), v.SCHEDULER, job="x")])


@pytest.mark.real
def test_a_process_keeps_the_states_of_a_home(tmp_path: Path) -> None:
    """`python -m scheduler.ledger.segment_states HOME` keeps what is missing; it says where there is no ledger."""
    home = Home(tmp_path / "home")
    with Journal.open(home.ledger, software="test", segment_entries=8, fsync="never") as journal:
        for _ in range(30):
            journal.append([v.event(v.RunRequested(executor="scheduler"), v.SCHEDULER, job="x", run=-1)])
    command = [sys.executable, "-I", "-m", segment_states.__name__]
    subprocess.run([*command, str(home.root)], check=True, timeout=DEADLINE_S)
    assert [int(path.name[:20]) for path in kept(home.snapshots / "segments")] == [7, 15, 23]
    done = subprocess.run(
        [*command, str(tmp_path / "none")], check=False, capture_output=True, text=True, timeout=DEADLINE_S
    )
    assert done.returncode == 1
    assert "there is no ledger here" in done.stderr
    assert "Traceback" not in done.stderr
