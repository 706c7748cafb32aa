"""Stories of nodes, on simulated parts: given a ledger, when this happens, then these entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from eventstore.errors import Halted, Unavailable
from eventstore.store import Head
from scheduler import vocabulary as v
from scheduler.definition import Retry
from scheduler.nodes.membership import NameTaken
from scheduler.nodes.node_loop import NodeLoop
from tests.support.node_world import NodeOfWorld, NodeWorld, runs_on, world_of
from tests.support.simulated_database import Trouble
from tests.support.world import Process, job


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where mirrors and outboxes are."""
    return tmp_path


def told(world: NodeWorld, name: str) -> list[str]:
    """What became of a job: each tick, assignment, start and end, with the node."""
    words = []
    for entry in world.entries():
        data = v.payload(entry)
        if entry.job == name and entry.type != v.JobDefined.TYPE:
            place = getattr(data, "node", None)
            what = getattr(data, "outcome", None) or getattr(data, "reason", None)
            words.append(" ".join(filter(None, [entry.type.split(".")[1], place, what])))
    return words


def turns(loop: NodeLoop, node: NodeOfWorld) -> None:
    """Some turns of one node alone."""
    for _ in range(60):
        loop.turn()
        node.machine.clock.pass_(0.05)


def has_no_room(call: str) -> None:
    """The disk of a node's mirror is full: what it asks is answered, and it can record nothing."""
    if call in ("append", "lines"):
        raise Unavailable("no room for the mirror")


def test_one_leads_and_all_execute(root: Path) -> None:
    """What falls due together goes to the node with the most free slots, and each run is told by its node."""
    jobs = [job(f"j{number}", "* * * * *") for number in range(6)]
    world = world_of(root, *jobs, seconds=5.0)
    world.run(70)
    started = [v.payload(entry).node for entry in world.entries(v.RunStarted)]
    assert sorted(started) == ["a", "a", "b", "b", "c", "c"]
    assert [v.payload(entry).node for entry in world.entries(v.RunFinished)] == started
    assert len(world.entries(v.LeaderElected)) == 1
    assert world.broken_laws() == []


def test_a_leader_that_is_killed_is_followed_within_five_seconds_and_nothing_is_missed(root: Path) -> None:
    """What fell due meanwhile is ticked and made once, late, without a misfire."""
    world = world_of(root, job("often", every="2s", overlap="allow"))
    world.run(10)
    old = world.leader
    old.kill()
    killed_at = world.server.now()
    world.run(10)
    elected = world.entries(v.LeaderElected)[-1]
    assert elected.time - killed_at <= timedelta(seconds=5)
    assert v.payload(elected).reason == "silent"
    assert world.entries(v.ScheduleMisfired) == []
    ticks = [v.payload(entry).scheduled_for for entry in world.entries(v.ScheduleTicked)]
    assert ticks == [ticks[0] + timedelta(seconds=2 * number) for number in range(len(ticks))]
    assert world.broken_laws() == []


def test_a_leader_that_was_stopped_does_nothing_with_what_it_believed(root: Path) -> None:
    """It wakes in front of instants that fell due long ago, and of a ledger that names another one."""
    world = world_of(root, job("often", every="5s", overlap="allow"))
    world.run(12)
    old = world.leader
    old.stopped = True
    world.run(20)
    old.stopped = False
    world.run(20)
    assert world.leader is not old
    assert old.loop is not None
    assert not old.loop.leads
    instants = [v.payload(entry).scheduled_for for entry in world.entries(v.ScheduleTicked)]
    assert len(instants) == len(set(instants))
    assert len(world.entries(v.LeaderElected)) == 2
    assert world.broken_laws() == []


def test_what_a_silent_node_had_not_started_goes_to_another_one(root: Path) -> None:
    """After three seconds; it was assigned before the leader could know that nobody is there."""
    world = world_of(root, job("asked", on_demand=True), nodes="ab", seconds=1.0)
    other = world.other
    world.leader.take(0)
    world.run(1.0)
    other.stopped = True
    world.ask("asked")
    world.run(1.0)
    assert told(world, "asked")[-1] == f"assigned {other.name}"
    world.leader.take(4)
    world.run(5.0)
    name = world.leader.name
    assert told(world, "asked")[-3:] == [f"assigned {name}", f"started {name}", f"finished {name} succeeded"]
    assert v.payload(world.entries(v.RunAssigned)[-1]).instead_of == other.name
    other.stopped = False
    world.run(2.0)
    assert other.machine.launches == set()
    assert world.broken_laws() == []


def test_what_a_dead_machine_had_started_is_lost_and_retried_only_where_the_job_says_so(root: Path) -> None:
    """After `lost_after`; the retry is made by another node."""
    retried = job("retried", on_demand=True, retry=Retry(attempts=2, delay_ms=1_000, outcomes=["lost"]))
    world = world_of(root, retried, job("once", on_demand=True), nodes="ab", seconds=500.0)
    other = world.other
    world.leader.take(0)
    world.run(1.0)
    world.ask("retried")
    world.ask("once")
    world.run(1.0)
    other.die()
    world.run(55.0)
    assert world.entries(v.NodeLost) == []
    world.leader.take(4)
    world.run(10.0)
    (gone,) = world.entries(v.NodeLost)
    assert v.payload(gone).node == other.name
    assert told(world, "once")[-1] == f"finished {other.name} lost"
    assert told(world, "retried")[-3:] == [
        f"finished {other.name} lost", f"assigned {world.leader.name}", f"started {world.leader.name}",
    ]  # fmt: skip
    assert world.broken_laws() == []


def test_a_node_that_was_cut_off_reports_what_it_finished(root: Path) -> None:
    """It starts nothing meanwhile, and what it tells changes no outcome."""
    world = world_of(root, job("long", on_demand=True), job("often", every="10s"), nodes="abc", seconds=90.0)
    run = world.ask("long")
    world.until(lambda: bool(world.entries(v.RunStarted)))
    node = runs_on(world)
    started = len(node.machine.launches)
    node.database.cut = True
    world.run(80)
    assert told(world, "long")[-1] == f"finished {node.name} lost"
    assert len(node.machine.launches) == started
    world.run(20)
    node.database.cut = False
    world.run(5)
    assert told(world, "long")[-1] == f"reported {node.name} succeeded"
    (reported,) = world.entries(v.RunReported)
    assert reported.run == run
    assert world.state.nodes[node.name].serves
    assert world.broken_laws() == []


def test_a_node_that_was_cut_off_stops_what_has_begun_anew_elsewhere(root: Path) -> None:
    """The retry after `lost` runs on another node; the first attempt is ended as soon as its node knows of it."""
    retried = job("long", on_demand=True, retry=Retry(attempts=2, delay_ms=1_000, outcomes=["lost"]))
    world = world_of(root, retried, seconds=600.0)
    world.ask("long")
    world.until(lambda: bool(world.entries(v.RunStarted)))
    node = runs_on(world)
    node.database.cut = True
    world.run(80)
    assert len(world.entries(v.RunStarted)) == 2
    assert node.processes
    node.database.cut = False
    world.run(3)
    assert not node.processes
    assert told(world, "long")[-1] == f"reported {node.name} cancelled"
    assert world.broken_laws() == []


def test_a_database_that_is_away_for_an_hour_makes_nobodys_run_lost(root: Path) -> None:
    """What runs goes on and is stopped when its time is up; results are kept, and recorded when it is back."""
    jobs = [
        job("short", on_demand=True),
        job("bounded", on_demand=True, timeout_ms=600_000),
        job("hourly", "0 * * * *"),
    ]
    world = world_of(root, *jobs, nodes="ab", seconds=7_200.0)
    for node in world.nodes.values():
        node.machine.behaviour = lambda launch: Process(30.0 if launch.run == short else 7_200.0, 0)
    short = world.state.head.seq + 1
    assert world.ask("short") == short
    world.ask("bounded")
    world.until(lambda: len(world.entries(v.RunStarted)) == 2)
    world.server.away = True
    world.run(700.0, 0.5)
    assert [node.processes for node in world.nodes.values()] == [[], []]
    assert sum(len(list((root / name / "outbox").glob("*.json"))) for name in "ab") == 2
    world.run(2_900.0, 2.0)
    world.server.away = False
    world.run(10.0)
    assert told(world, "short")[-1].endswith("succeeded")
    assert told(world, "bounded")[-1].endswith("timed_out")
    assert world.entries(v.NodeLost) == []
    assert told(world, "hourly")[0] == "ticked"
    assert world.entries(v.ScheduleMisfired) == []
    assert sum(len(list((root / name / "outbox").glob("*.json"))) for name in "ab") == 0
    assert world.broken_laws() == []


def test_results_outlive_the_process_that_could_not_record_them(root: Path) -> None:
    """Its `serve` is killed while the database is away, and the next one records what the first one learnt."""
    world = world_of(root, job("asked", on_demand=True), nodes="a", seconds=5.0)
    world.ask("asked")
    world.until(lambda: bool(world.entries(v.RunStarted)))
    world.server.away = True
    world.run(20.0)
    world.nodes["a"].kill()
    world.server.away = False
    world.nodes["a"].start()
    world.run(5.0)
    assert told(world, "asked")[-1] == "finished a succeeded"
    assert world.broken_laws() == []


@pytest.mark.parametrize("trouble", [Trouble.ANSWER_LOST, Trouble.IN_FLIGHT])
def test_a_start_that_was_in_doubt_is_made_once_it_is_certain(root: Path, trouble: Trouble) -> None:
    """The process that recorded it knows that it never made it; one attempt is made, and no other."""
    world = world_of(root, job("asked", on_demand=True), nodes="a", seconds=2.0)
    node = world.nodes["a"]
    world.ask("asked")

    def before(call: str) -> None:
        if call == "append" and world.state.runs and any(run.assigned for run in world.state.runs.values()):
            node.database.before = lambda call: None
            node.database.meet(trouble, "append")
            node.database.meet(Trouble.UNREACHABLE, times=3)

    node.database.before = before
    world.run(15.0)
    assert told(world, "asked")[-2:] == ["started a", "finished a succeeded"]
    assert len(node.machine.launches) == 1
    assert world.broken_laws() == []


def test_a_node_that_was_held_up_right_before_a_start_does_not_make_it(root: Path) -> None:
    """Its last renewal is too old by then to be sure that nobody else was given the run: that is recorded."""
    world = world_of(root, job("asked", on_demand=True), nodes="a", seconds=2.0)
    node = world.nodes["a"]

    def after(call: str) -> None:
        if call == "append" and world.entries(v.RunStarted):
            node.database.after = lambda call: None
            node.machine.clock.sleep(31.0)
            world.server.timeline.pass_(31.0)

    node.database.after = after
    world.ask("asked")
    world.run(5.0)
    assert told(world, "asked")[-1] == "finished a failed"
    assert node.machine.launches == set()
    assert world.broken_laws() == []


def test_a_node_that_is_restarted_in_time_takes_up_its_own_runs(root: Path) -> None:
    """Only the node itself judges by pid: what goes on is adopted, what is gone is lost, at once."""
    world = world_of(
        root, job("going", on_demand=True), job("gone", on_demand=True), nodes="ab", seconds=60.0
    )
    first, second = world.ask("going"), world.ask("gone")
    world.until(lambda: len(world.entries(v.RunStarted)) == 2)
    homes = {run: node for node in world.nodes.values() for run, _ in node.processes}
    for node in world.nodes.values():
        node.kill()
    del homes[second].machine.processes[second, 1]
    world.run(10.0)
    for node in world.nodes.values():
        node.start()
    world.run(2.0)
    assert told(world, "going")[-1] == f"adopted {homes[first].name}"
    assert told(world, "gone")[-1] == f"finished {homes[second].name} lost"
    world.run(60.0)
    assert told(world, "going")[-1].startswith(f"finished {homes[first].name}")
    assert world.entries(v.NodeLost) == []
    assert world.broken_laws() == []


def test_a_node_that_is_restarted_too_late_watches_what_still_goes_and_reports_it(root: Path) -> None:
    """Its runs are lost on record: of what is gone it tells that too."""
    world = world_of(
        root, job("going", on_demand=True), job("gone", on_demand=True), nodes="ab", seconds=120.0
    )
    other = world.other
    world.leader.take(0)
    world.run(1.0)
    world.ask("going")
    second = world.ask("gone")
    world.until(lambda: len(world.entries(v.RunStarted)) == 2)
    other.kill()
    del other.machine.processes[second, 1]
    world.run(70.0)
    assert len(world.entries(v.NodeLost)) == 1
    other.start()
    world.run(3.0)
    assert told(world, "gone")[-1] == f"reported {other.name} lost"
    world.run(60.0)
    assert told(world, "going")[-1].startswith(f"reported {other.name}")
    assert world.state.nodes[other.name].lost_attempts == []
    assert world.broken_laws() == []


def test_a_leader_that_leaves_hands_over_at_once(root: Path) -> None:
    """Its runs are ended first; whoever looks next leads, for it is on record that nobody does."""
    world = world_of(root, job("often", every="2s", overlap="allow"), seconds=1.0)
    old = world.leader
    assert old.loop is not None
    old.loop.begin_stop()
    world.run(5.0)
    assert world.state.nodes[old.name].max_parallel == 0
    assert old.loop.unfinished == 0
    assert old.loop.leads
    old.loop.leave("SIGTERM")
    old.kill()
    world.run(1.0)
    assert world.leader is not old
    assert v.payload(world.entries(v.LeaderElected)[-1]).reason == "left"
    assert world.broken_laws() == []


def test_everybody_stops_when_the_database_was_set_back(root: Path) -> None:
    """A node whose mirror is ahead says so in the database, and nobody records anything from then on."""
    world = world_of(root, job("often", every="2s"), nodes="ab")
    world.run(10.0)
    world.server.set_back(world.state.head.seq - 3)
    for node in world.nodes.values():
        loop = node.loop
        assert loop is not None
        node.loop = None
        with pytest.raises(Halted):
            turns(loop, node)


def test_a_leader_that_can_record_nothing_although_the_database_answers_lets_another_one_lead(
    root: Path,
) -> None:
    """Its mirror cannot be filled, say: it falls silent, and is not lost by that."""
    world = world_of(root, job("often", every="5s", overlap="allow"))
    old = world.leader
    old.database.before = has_no_room
    world.run(20.0)
    assert world.leader is not old
    assert world.entries(v.NodeLost) == []
    old.database.before = lambda call: None
    world.run(10.0)
    assert old.loop is not None
    assert not old.loop.leads
    assert not old.loop.is_paused
    assert world.entries(v.ScheduleMisfired) == []
    assert world.broken_laws() == []


def test_a_node_that_is_far_behind_stays_a_member_while_it_takes_in_what_it_lacks(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It renews its counter between the batches: after hours without the database there may be very many."""
    monkeypatch.setattr("eventstore.replicated.replicated_store.FETCHED_MAX", 5)
    world = world_of(root, job("often", every="1s"))
    node = world.other
    node.database.cut = True
    world.run(30.0)
    node.database.cut = False
    calls: list[str] = []

    def before(call: str) -> None:
        calls.append(call)
        if call == "lines":
            node.machine.clock.pass_(1.0)

    node.database.before = before
    world.run(1.0)
    asked = "".join(call[0] for call in calls if call in ("lines", "renew"))
    assert asked.count("l") > 15
    assert "lll" not in asked
    assert world.broken_laws() == []


def test_a_process_that_finds_another_one_under_its_name_stops(root: Path) -> None:
    """A clone of its machine, say. Both would take the other's runs for lost, and both would have itself elected."""
    world = world_of(root, job("often", every="5s"), nodes="ab")
    first = world.leader
    twin = NodeOfWorld(world, first.name, 4, number=first.number)
    world.root = root / "twin"
    twin.start()
    world.nodes["twin"] = twin
    with pytest.raises(NameTaken):
        world.run(10.0)
    first.loop = None
    world.run(20.0)
    assert len(world.entries(v.LeaderElected)) <= 3
    assert world.broken_laws() == []


def test_many_results_are_recorded_a_part_at_a_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the database was away, no statement gets so long that it cannot arrive in time."""
    monkeypatch.setattr("scheduler.nodes.execution.results.RECORDED_MAX", 2)
    world = NodeWorld(root, job("asked", on_demand=True, overlap="allow"))
    node = world.node("a", 7)
    node.machine.behaviour = lambda launch: Process(5.0, 0)
    for _ in range(7):
        world.ask("asked")
    world.until(lambda: len(node.processes) == 7)
    world.server.away = True
    world.run(10.0)
    world.server.away = False
    lengths: list[int] = []
    append = node.database.append

    def counted(expected: Head, lines: Sequence[bytes], new: Head) -> bool:
        lengths.append(len(lines))
        return append(expected, lines, new)

    monkeypatch.setattr(node.database, "append", counted)
    world.run(5.0)
    assert len(world.entries(v.RunFinished)) == 7
    assert max(lengths) <= 3
    assert world.broken_laws() == []


def test_what_a_node_was_assigned_that_can_record_nothing_goes_to_others(root: Path) -> None:
    """The disk of its mirror is full, say: it is alive, and neither starts what falls due nor keeps it for long."""
    world = world_of(
        root, job("often", every="5s", overlap="allow"), job("long", on_demand=True), seconds=1.0
    )
    stuck = world.node("z", 100)  # most slots are free there
    stuck.machine.behaviour = lambda launch: Process(200.0, 0)
    world.run(2.0)
    world.ask("long")
    world.until(lambda: bool(stuck.processes))
    stuck.database.before = has_no_room
    world.run(90.0, 0.1)
    assert world.entries(v.NodeLost) == []
    ticks = {entry.seq: entry.time for entry in world.entries(v.ScheduleTicked)}
    starts = {entry.run: entry.time for entry in world.entries(v.RunStarted)}
    late = [(starts[seq] - time).total_seconds() for seq, time in ticks.items() if seq in starts]
    assert len(late) >= len(ticks) - 2 >= 14
    assert max(late) < 12.0
    assert sum(each < 0.5 for each in late) > len(late) / 2
    stuck.database.before = lambda call: None
    world.run(3.0)
    launched = len(stuck.machine.launches)
    world.run(10.0)
    assert len(stuck.machine.launches) >= launched + 2  # it speaks again as soon as it can record something
    assert world.broken_laws() == []


def test_a_node_that_stops_while_the_database_is_away_need_not_wait_for_it(root: Path) -> None:
    """Its results are in the outbox, where the next process finds them."""
    world = world_of(root, job("asked", on_demand=True), nodes="a", seconds=5.0)
    world.ask("asked")
    world.until(lambda: bool(world.entries(v.RunStarted)))
    world.server.away = True
    world.run(2.0)
    loop = world.nodes["a"].loop
    assert loop is not None
    loop.begin_stop()
    assert loop.unfinished == 1
    world.run(6.0)
    assert loop.unfinished == 0
