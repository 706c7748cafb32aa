"""Where a run goes: by free slots, then by name, among the nodes that serve, have the label and can run the job."""

from __future__ import annotations

from collections.abc import Container
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.rules.nodes.placement import Places, Refusal
from scheduler.rules.runs.locks import HeldLocks
from scheduler.rules.runs.round import Room, round_events
from scheduler.rules.runs.slots import full_slots, lock_waits
from scheduler.rules.runs.waiting_reasons import WaitingReasons
from scheduler.rules.runs.waiting_runs import WaitingRuns
from scheduler.rules.state import Executor
from tests.support.node_ledger import USER, NodeLedger
from tests.support.world import job

ME = Executor("a.example", "boot-a", 7, 70)


def decided(ledger: NodeLedger, silent: Container[str] = (), *, end: Event | None = None) -> list[Event]:
    """What the leader records in the next round; `end` is about to be recorded with it."""
    state = ledger.state
    waiting = WaitingRuns()
    for number, run in state.runs.items():
        waiting.notice(number, run.job, run, state.jobs[run.job])
    places = Places.of(state, silent)
    holders = HeldLocks.of(state.runs.values()).holders
    room = Room(places.free, (), ME, lambda run, attempt: None, holders, {}, places)
    return round_events(state, ledger.now, [] if end is None else [end], (), (), waiting, room)


def went(events: list[Event]) -> list[tuple[str | None, str]]:
    """Which job went where."""
    return [(event.job, event.data.node) for event in events if isinstance(event.data, v.RunAssigned)]


def jobs(count: int, **members: Any) -> list[Any]:
    """Hourly jobs: job0, job1, and so on."""
    return [job(f"job{number}", **members) for number in range(count)]


def test_runs_go_to_the_node_with_the_most_free_slots_then_by_name() -> None:
    """What is assigned counts at once; when all is taken the others wait."""
    ledger = NodeLedger(*jobs(6), nodes={"b": 2, "a": 2, "c": 1}, leader="a")
    for number in range(6):
        ledger.tick(f"job{number}")
    events = decided(ledger)
    assert went(events) == [("job0", "a"), ("job1", "b"), ("job2", "a"), ("job3", "b"), ("job4", "c")]
    ledger.append(*events)
    assert decided(ledger) == []


def test_a_result_that_is_about_to_be_recorded_frees_its_slot_and_locks() -> None:
    """The next run goes there in the same append."""
    ledger = NodeLedger(*jobs(2, locks=("disk",)), nodes={"a": 1}, leader="a")
    first = ledger.tick("job0")
    ledger.start(first, "a")
    ledger.tick("job1")
    assert decided(ledger) == []
    end = ledger.ending(first)
    ledger.append(end, *decided(ledger, end=end))
    assert [run.place for run in ledger.state.runs.values()] == ["a"]


def test_only_a_node_that_has_the_label_or_the_name_takes_a_run() -> None:
    """A job that fits nowhere waits, and holds up no other, not even one that needs the same lock."""
    ledger = NodeLedger(
        job("nowhere", runs_on="gpu", locks=("disk",)), job("named", runs_on="b"), job("labelled", runs_on="db"),
        job("anywhere", locks=("disk",)), nodes={"a": 8, "b": 1}, leader="a",
    )  # fmt: skip
    ledger.join("c", 1, labels=["db"])
    for name in ("nowhere", "named", "labelled", "anywhere"):
        ledger.tick(name)
    ledger.append(*decided(ledger))
    placed = {run.job: run.place for run in ledger.state.runs.values()}
    assert placed == {"nowhere": None, "named": "b", "labelled": "c", "anywhere": "a"}


def test_why_no_node_takes_a_run_is_told_of_each() -> None:
    """Drained, lost, left, silent, unfit, full, each with what is on record; what lacks the label is named so."""
    ledger = NodeLedger(job("load", runs_on="db"), job("other"), nodes={"a": 1}, leader="a")
    for name in ("drained", "lost", "left", "silent", "unfit", "full", "broken"):
        ledger.join(name, 1, labels=["db"])
    ledger.join("unfit", 1, labels=["db"], unfit={"load": "it has no PGHOST"})
    ledger.join("broken", 1, labels=["db"], unfit={"*": "its salt is another one"})
    ledger.say(v.NodeDrained(node="drained", reason="a new disk"), USER)
    ledger.lose("lost")
    ledger.say(v.NodeLeft(node="left", reason="SIGTERM"))
    holder = ledger.tick("other")
    ledger.assign(holder, "full")
    run = ledger.tick("load")
    waits = WaitingReasons(ledger.state, silent=("silent",))
    why = waits.of(run.number)
    assert (why.kind, why.label, list(why.holders)) == ("capacity", "db", [holder.number])
    assert list(why.refusals) == [
        Refusal("a", "label"), Refusal("broken", "unfit", "its salt is another one"),
        Refusal("drained", "drained", "a new disk"), Refusal("full", "full", "", (holder.number,)),
        Refusal("left", "left"), Refusal("lost", "lost"), Refusal("silent", "silent"),
        Refusal("unfit", "unfit", "it has no PGHOST"),
    ]  # fmt: skip
    assert waits.of(holder.number).kind == "assigned"
    assert waits.of(holder.number).node == "full"
    ledger.start(holder)
    ledger.finish(holder)
    assert WaitingReasons(ledger.state, silent=("silent", "full")).of(run.number).kind == "node"
    assert went(decided(ledger, ("silent", "full"))) == []
    assert went(decided(ledger)) == [("load", "full")]


def test_what_a_silent_node_had_not_started_goes_elsewhere() -> None:
    """The entry names it; what nobody can take stays there, and what a person no longer wants is left."""
    ledger = NodeLedger(*jobs(4), nodes={"a": 2, "b": 4}, leader="a")
    runs = [ledger.tick(f"job{number}") for number in range(4)]
    for run in runs:
        ledger.assign(run, "b")
    ledger.start(runs[0])
    ledger.say(v.RunCancelRequested(), USER, job="job1", run=runs[1].number)
    assert decided(ledger) == []
    events = decided(ledger, ("b",))
    assert [(event.run, event.data.node, event.data.instead_of) for event in events] == [
        (runs[2].number, "a", "b"),
        (runs[3].number, "a", "b"),
    ]
    ledger.append(*events)
    other = ledger.tick("job0", ledger.now.replace(hour=23))
    assert other.number
    assert decided(ledger, ("b", "a")) == []


def test_what_it_had_waited_for_is_told_again() -> None:
    """An assignment elsewhere says it as the first one did."""
    ledger = NodeLedger(*jobs(1, overlap="queue", locks=("disk",)), nodes={"a": 2, "b": 2}, leader="a")
    first, second = ledger.tick("job0"), ledger.tick("job0")
    ledger.start(first, "b")
    ledger.finish(first)
    ledger.assign(second, "b", waited_behind=first.number, slots=[first.number])
    (event,) = decided(ledger, ("b",))
    assert (event.data.waited_behind, event.data.slots) == (first.number, [first.number])
    assert (event.data.locks, event.data.instead_of) == ({"disk": 1}, "b")
    ledger.append(event)


def test_a_wait_for_a_slot_is_told_of_the_nodes_that_could_have_had_it() -> None:
    """A skip for overlap names the runs that hold the slots of the nodes with the label, and no others."""
    ledger = NodeLedger(job("load", "* * * * *", runs_on="db"), job("other"), nodes={"a": 8}, leader="a")
    ledger.join("d", 1, labels=["db"])
    ledger.start(holder := ledger.request("other"), "d")
    ledger.start(ledger.request("other"), "a")
    waiting = ledger.tick("load")
    due = ledger.tick("load")
    state = ledger.state
    index = WaitingRuns()
    index.notice(waiting.number, "load", waiting, state.jobs["load"])
    places = Places.of(state)
    room = Room(0, (), ME, lambda run, attempt: None, {}, {}, places)
    (skip,) = round_events(state, ledger.now, [], [due.number], (), index, room)
    assert (skip.data.reason, skip.data.because_of, skip.data.slots) == (
        "overlap",
        waiting.number,
        [holder.number],
    )


def test_slots_are_full_when_no_node_has_one_left() -> None:
    """Then what holds them is told, and which runs wait for one; what no node could take is not among them."""
    ledger = NodeLedger(*jobs(3), job("nowhere", runs_on="gpu"), nodes={"a": 1, "b": 1}, leader="a")
    first, second, third = (ledger.tick(f"job{number}") for number in range(3))
    ledger.tick("nowhere")
    ledger.start(first, "a")
    assert full_slots(ledger.state) is None
    ledger.assign(second, "b")
    full = full_slots(ledger.state)
    assert full is not None
    assert ([run.number for run in full.holders], full.waiting) == (
        [first.number, second.number],
        [third.number],
    )


def test_what_no_node_can_take_waits_for_no_lock() -> None:
    """Others that wait for it are told who holds it."""
    ledger = NodeLedger(
        job("first", locks=("disk",)), job("nowhere", runs_on="gpu", locks=("disk",)), job("later", locks=("disk",)),
        nodes={"a": 4}, leader="a",
    )  # fmt: skip
    ledger.start(first := ledger.tick("first"), "a")
    nowhere, later = ledger.tick("nowhere"), ledger.tick("later")
    waits = lock_waits(ledger.state)
    assert waits[later.number].holders == [first.number]
    assert nowhere.number not in waits


def test_a_run_that_waited_too_long_names_the_runs_on_the_nodes_that_could_have_had_it() -> None:
    """Not those elsewhere; and none, if no node could have had it."""
    ledger = NodeLedger(
        job("load", runs_on="db"), job("nowhere", runs_on="gpu"), job("other"), nodes={"a": 8}, leader="a"
    )
    ledger.join("d", 1, labels=["db"])
    ledger.start(holder := ledger.request("other"), "d")
    ledger.start(ledger.request("other"), "a")
    load, nowhere = ledger.tick("load"), ledger.tick("nowhere")
    state, index = ledger.state, WaitingRuns()
    for run in (load, nowhere):
        index.notice(run.number, run.job, run, state.jobs[run.job])
    index.refresh(state, (), ledger.now)
    later = ledger.now + timedelta(hours=1, seconds=1)
    room = Room(0, (), ME, lambda run, attempt: None, {}, {}, Places.of(state))
    skips = {event.job: event.data for event in round_events(state, later, [], (), (), index, room)}
    assert {name: data.reason for name, data in skips.items()} == {"load": "deadline", "nowhere": "deadline"}
    assert (skips["load"].slots, skips["nowhere"].slots) == ([holder.number], [])


@given(
    slots=st.lists(st.integers(0, 4), min_size=1, max_size=4),
    labels=st.lists(st.sampled_from(["", "db", "web"]), min_size=4, max_size=4),
    wants=st.lists(st.sampled_from([None, "db", "web", "n0", "gone"]), max_size=12),
    silent=st.sets(st.sampled_from(["n0", "n1"])),
)
def test_no_node_has_more_than_it_takes_and_the_same_state_places_the_same(
    slots: list[int], labels: list[str], wants: list[str | None], silent: set[str]
) -> None:
    """Whatever nodes and jobs there are: the laws hold, and nothing waits that a free slot would suit."""
    ledger = NodeLedger(*(job(f"job{number}", runs_on=want) for number, want in enumerate(wants)))
    for number, (count, label) in enumerate(zip(slots, labels, strict=False)):
        ledger.join(f"n{number}", count, labels=[label] if label else [])
    ledger.elect("n0")
    for number in range(len(wants)):
        ledger.tick(f"job{number}")
    events = decided(ledger, silent)
    assert went(events) == went(decided(ledger, silent))
    ledger.append(*events)
    for name, node in ledger.state.nodes.items():
        assert sum(run.place == name for run in ledger.state.runs.values()) <= node.max_parallel
    left = Places.of(ledger.state, silent)
    for run in ledger.state.runs.values():
        assert run.begun or left.choose(ledger.state.jobs[run.job].definition) is None
