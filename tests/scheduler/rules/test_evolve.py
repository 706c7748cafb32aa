from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.ledger import snapshot
from scheduler.rules.evolve import evolve, fold
from scheduler.rules.state import State
from tests.support.examples import examples
from tests.support.lives import live_through
from tests.support.world import BEGIN, World, job


def history() -> list[Entry]:
    """A short wild life: every type of entry that a scheduler folds is likely in it."""
    return live_through(seed=3, jobs=8, days=30).entries()


HISTORY = history()


def encoded(state: State) -> bytes:
    """A state as comparable bytes."""
    return msgspec.json.encode(state)


WHOLE = encoded(fold(State(), HISTORY))


@settings(max_examples=examples(20), deadline=None)
@given(cut=st.integers(0, len(HISTORY)))
def test_folding_a_prefix_and_then_the_rest_is_folding_all(cut: int) -> None:
    """A state that was stored at any entry and folded on is the state of the whole ledger."""
    first = fold(State(), HISTORY[:cut])
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(first), type=State)
    assert encoded(fold(stored, HISTORY[cut:])) == WHOLE


def test_an_entry_out_of_order_is_refused() -> None:
    """The fold takes entries only one after another."""
    with pytest.raises(ValueError, match="does not follow"):
        evolve(State(), HISTORY[1])


def test_unknown_types_and_members_are_ignored() -> None:
    """A reader of today survives what a writer of tomorrow adds."""
    world = World(job("hourly"))
    world.start()
    store = world.machine.store.peer()
    from eventstore.store import Event

    store.append([Event(type="job.renamed", actor="scheduler", job="hourly", data={"to": "x"})])
    store.append(
        [Event(type="job.disabled", actor="user:a@b", job="hourly", data={"reason": "r", "mood": "good"})]
    )
    state = fold(State(), store.read(0))
    assert not state.jobs["hourly"].enablement.enabled
    assert state.jobs["hourly"].enablement.reason == "r"


def test_a_run_ends_once_even_if_two_say_so() -> None:
    """The first `run.finished` of a run is its end; a second one changes nothing."""
    entries = HISTORY
    state = State()
    for entry in entries:
        if entry.type == v.RunFinished.TYPE and entry.run not in state.runs:
            pytest.fail("the history itself ends a run twice")
        fold(state, [entry])
    job_name = next(entry.job for entry in entries if entry.type == v.RunFinished.TYPE)
    finish = next(entry for entry in entries if entry.type == v.RunFinished.TYPE)
    before = encoded(state)
    again = msgspec.structs.replace(finish, seq=state.head.seq + 1)
    after = fold(state, [again])
    after.head, after.time = fold(State(), entries).head, fold(State(), entries).time
    assert job_name is not None
    assert encoded(after) == before


def test_a_tick_of_an_instant_that_is_settled_does_not_bring_it_back() -> None:
    """Instants that a misfire covers stay settled, whenever the tick of an earlier one of them is recorded."""
    world = World(job("hourly"))
    world.start()
    state = fold(State(), world.entries())
    first, last = BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=5)
    misfired = v.ScheduleMisfired(
        first=first, last=last, count=5, will_run=1, policy="one", reason="scheduler_down"
    )
    ticked = v.ScheduleTicked(
        scheduled_for=first, local_time="", timezone="UTC", lateness_ms=0, trigger="catch_up"
    )
    for payload in (misfired, ticked):
        world.person(payload, "hourly")
    fold(state, world.entries()[state.head.seq + 1 :])
    assert state.jobs["hourly"].cursor == last


def test_the_state_does_not_grow_with_history() -> None:
    """Twice the history of the same jobs leaves a state of about the same size."""
    world = World(*(job(f"job-{n}", f"{n} * * * *") for n in range(10)))
    world.start()
    world.until(BEGIN + timedelta(days=2))
    short = len(encoded(fold(State(), world.entries())))
    world.until(BEGIN + timedelta(days=4))
    assert len(encoded(fold(State(), world.entries()))) < short * 1.1


class TestSnapshot:
    """Snapshots save time and are never believed without a reason."""

    def test_a_snapshot_gives_the_state_back(self, tmp_path: Path) -> None:
        """What was written is what is read, while the entry it ends at stands in the ledger."""
        world = World(job("hourly"))
        world.start()
        world.run(7_300)
        state = fold(State(), world.entries())
        snapshot.write(tmp_path, state)
        store = world.machine.store.peer()
        assert encoded(snapshot.newest(tmp_path, store)) == encoded(state)

    def test_a_snapshot_of_another_ledger_is_not_believed(self, tmp_path: Path) -> None:
        """A snapshot whose last entry has another hash is passed over."""
        world, other = World(job("hourly")), World(job("daily"))
        for each in (world, other):
            each.start()
            each.run(7_300)
        snapshot.write(tmp_path, fold(State(), world.entries()[:6]))
        assert snapshot.newest(tmp_path, other.machine.store.peer()).head.seq == -1

    @pytest.mark.parametrize("damage", ["cut", "flip", "empty", "version"])
    def test_a_damaged_snapshot_is_passed_over_for_an_older_one(self, tmp_path: Path, damage: str) -> None:
        """Bytes that are not whole, or were written by other code, are not believed; the one before is."""
        world = World(job("hourly"))
        world.start()
        world.run(7_300)
        entries = world.entries()
        snapshot.write(tmp_path, fold(State(), entries[:5]))
        snapshot.write(tmp_path, fold(State(), entries))
        newest = max(tmp_path.glob("*.snapshot"))
        content = bytearray(newest.read_bytes())
        if damage == "cut":
            content = content[:-7]
        elif damage == "flip":
            content[random.Random(1).randrange(200, len(content))] ^= 4
        elif damage == "empty":
            content = bytearray()
        else:
            content[3] ^= 1
        newest.write_bytes(content)
        assert snapshot.newest(tmp_path, world.machine.store.peer()).head.seq == 4

    def test_only_the_newest_are_kept(self, tmp_path: Path) -> None:
        """Older snapshots make room for newer ones."""
        world = World(job("hourly"))
        world.start()
        world.run(7_300)
        entries = world.entries()
        for end in range(3, 8):
            snapshot.write(tmp_path, fold(State(), entries[:end]))
        assert len(list(tmp_path.iterdir())) == snapshot.KEPT
