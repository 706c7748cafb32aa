from __future__ import annotations

import hashlib
import random
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstore.store import Entry, Head
from scheduler import vocabulary as v
from scheduler.entry_members import ConfigError, Survivor
from scheduler.home import Home
from scheduler.ledger import snapshot
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.ledger_prefix import LedgerPrefix
from scheduler.ledger.open import open_ledger, open_ledger_to_read
from scheduler.ledger.state_file import draft, fold_version
from scheduler.rules.evolve import evolve, fold
from scheduler.rules.state import Enablement, LeftRunning, Rejection, State
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


def test_a_config_that_was_refused_is_known_until_one_is_accepted() -> None:
    """Which entry said so, when, of which config, and what was wrong with it."""
    world = World(job("hourly"))
    world.start()
    errors = [ConfigError(line=3, column=5, message="there is no minute 61")]
    refused = v.ConfigRejected(config="digest", errors=errors, error_count=7)
    (said,) = world.say(lambda _: [v.event(refused, v.CONFIG)])
    assert world.state.rejection == Rejection(said.seq, said.time, "digest", errors, 7)
    world.say(lambda _: [v.event(v.ConfigAccepted(config="mended", jobs=1), v.CONFIG)])
    assert world.state.rejection is None


def test_a_scheduler_that_resumed_is_not_paused() -> None:
    """Since when and why it paused is known while it does, and no longer."""
    world = World(job("hourly"))
    world.start()
    (paused,) = world.say(lambda _: [v.event(v.SchedulerPaused(reason="the disk is full"), v.SCHEDULER)])
    scheduler = world.state.scheduler
    assert scheduler is not None
    assert (scheduler.paused, scheduler.pause_reason) == (paused.time, "the disk is full")
    world.say(lambda _: [v.event(v.SchedulerResumed(paused_ms=5), v.SCHEDULER)])
    scheduler = world.state.scheduler
    assert scheduler is not None
    assert (scheduler.paused, scheduler.pause_reason) == (None, None)


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


def test_what_the_original_could_not_stop_is_not_the_adopted_copys() -> None:
    """Processes that withstood are those of the home that started them; a copy that was adopted knows of none."""
    store = World().machine.store.peer()
    survivor = Survivor(pid=7, start_ticks=1, uid=0, program="sudo")
    left = State(left_running=[LeftRunning(3, "nightly", "boot", [survivor])])
    store.append([v.event(v.HomeAdopted(home="00", path="/b"), "user:a@b")])
    adopted = fold(left, [msgspec.structs.replace(entry, seq=0) for entry in store.read(store.head().seq)])
    assert (adopted.home, adopted.left_running) == ("00", [])


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


def keep(folder: Path, world: World, state: State) -> None:
    """Write a snapshot of a state of this world."""
    snapshot.write(folder, Ledger(world.machine.store.peer(), state), v.SCHEDULER)


def living() -> World:
    """A world with a little history."""
    world = World(job("hourly"))
    world.start()
    world.run(7_300)
    return world


class TestSnapshot:
    """Snapshots save time and are never used without a reason."""

    def test_a_snapshot_gives_the_state_back(self, tmp_path: Path) -> None:
        """What was written is what is read, while the entry it ends at stands in the ledger and one records it."""
        world = living()
        entries = world.entries()
        keep(tmp_path, world, fold(State(), entries))
        store = world.machine.store.peer()
        assert encoded(snapshot.newest(tmp_path, store)) == encoded(fold(State(), entries))
        (written,) = world.entries(v.SnapshotWritten)
        (path,) = tmp_path.iterdir()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert v.payload(written) == v.SnapshotWritten(
            entry=entries[-1].seq, sha256=digest, code=fold_version()
        )
        assert path.name == f"{entries[-1].seq:020d}-{written.seq:020d}.snapshot"

    def test_a_snapshot_of_another_ledger_is_not_used(self, tmp_path: Path) -> None:
        """A snapshot that another ledger records is passed over."""
        world, other = living(), living()
        other.run(3_600)
        keep(tmp_path, world, fold(State(), world.entries()[:6]))
        assert snapshot.newest(tmp_path, other.machine.store.peer()).head.seq == -1

    @pytest.mark.parametrize("damage", ["cut", "flip", "empty", "version"])
    def test_a_damaged_snapshot_is_passed_over_for_an_older_one(self, tmp_path: Path, damage: str) -> None:
        """Bytes that are not whole, or were written by other code, are not used; the one before is."""
        world = living()
        entries = world.entries()
        keep(tmp_path, world, fold(State(), entries[:5]))
        keep(tmp_path, world, fold(State(), entries))
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

    def test_a_forged_snapshot_is_not_used(self, tmp_path: Path) -> None:
        """Whoever renews every stamp of a snapshot cannot renew the entry that records it."""
        world = living()
        keep(tmp_path, world, fold(State(), world.entries()))
        (path,) = tmp_path.iterdir()
        forged = fold(State(), world.entries()[: int(path.name[:20]) + 1])
        forged.jobs["hourly"].enablement = Enablement(False, "user:mallory@web1", 1, BEGIN)
        other = draft(tmp_path, forged)
        for name in (path.name, f"{path.name[:20]}-{3:020d}.snapshot", f"{path.name[:20]}.snapshot"):
            path.unlink(missing_ok=True)
            (tmp_path / name).write_bytes(other.path.read_bytes())
            assert snapshot.newest(tmp_path, world.machine.store.peer()).head.seq == -1
            (tmp_path / name).unlink()

    def test_a_snapshot_is_recorded_for_one_entry_only(self, tmp_path: Path) -> None:
        """A file that an entry records is not used where it says that it ends at another entry."""
        world = living()
        keep(tmp_path, world, fold(State(), world.entries()))
        (path,) = tmp_path.iterdir()
        store = world.machine.store.peer()
        state = fold(State(), world.entries()[:4])
        made = draft(tmp_path, state)
        lie = v.SnapshotWritten(entry=7, sha256=made.payload.sha256, code=made.payload.code)
        recorded = store.append([v.event(lie, v.SCHEDULER)])[0].seq
        path.unlink()
        made.path.rename(tmp_path / f"{7:020d}-{recorded:020d}.snapshot")
        assert snapshot.newest(tmp_path, store).head.seq == -1

    def test_only_the_newest_are_kept(self, tmp_path: Path) -> None:
        """Older snapshots make room for newer ones, and those that no entry records for any."""
        world = living()
        entries = world.entries()
        (tmp_path / f"{5:020d}.snapshot").write_bytes(b"of an earlier version")
        for end in range(3, 8):
            keep(tmp_path, world, fold(State(), entries[:end]))
        assert [int(path.name[:20]) for path in sorted(tmp_path.iterdir())] == [5, 6]

    def test_a_ledger_that_cannot_be_written_keeps_no_snapshot(self, tmp_path: Path) -> None:
        """Nothing is left behind, and nobody is kept from going on."""
        world = living()
        prefix = LedgerPrefix(
            world.machine.store.peer(), Head(world.entries()[-1].seq, world.entries()[-1].hash)
        )
        snapshot.write(tmp_path, Ledger(prefix, fold(State(), world.entries())), v.SCHEDULER)
        assert list(tmp_path.iterdir()) == []


def test_opening_again_and_again_records_no_snapshot_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot is recorded once there is enough to fold; what records it is not among what has to be folded."""
    monkeypatch.setattr(snapshot, "EVERY_ENTRIES", 5)
    home = Home(tmp_path)
    seen: list[tuple[int, int]] = []
    for number in range(9):
        ledger = open_ledger(home, v.SCHEDULER)
        written = sum(entry.type == v.SnapshotWritten.TYPE for entry in ledger.store.read(0))
        seen.append((written, ledger.kept_seq))
        if number == 0:
            ledger.record([v.event(v.SchedulerStopped(reason="test"), v.SCHEDULER)] * 4)
        ledger.store.close()
    assert seen == [(0, -1), *[(1, 4)] * 8]
    reader = open_ledger_to_read(home)
    assert (reader.kept_seq, reader.state.head.seq) == (4, 5)
    reader.store.close()
