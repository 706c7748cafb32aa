"""Runs that go elsewhere: what a silent node had not started, and what an entry gave back. Pure rules."""

from __future__ import annotations

from collections.abc import Container

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.rules.after import successes_of_start
from scheduler.rules.nodes.nodes_state import Assignment
from scheduler.rules.nodes.placement import Places
from scheduler.rules.runs.attempts import end_of_wish
from scheduler.rules.runs.run_events import after_wait, assigned
from scheduler.rules.state import Job, Run, State

_OF_NODES = (v.NodeJoined.TYPE, v.NodeLeft.TYPE, v.NodeLost.TYPE, v.NodeDrained.TYPE)


def reassignments(
    state: State, places: Places, without: Container[int] = (), gone: Container[str] = ()
) -> list[Event]:
    """`run.assigned` for each run that a silent node has and has not started, and that another node can take.

    What none can take stays where it is: that node may come back, or is lost, which gives back what it had.

    Args:
        state: as it stands.
        places: the slots that are left; those that are taken here are taken in it.
        without: numbers of runs that end in this round.
        gone: names of nodes of which it is about to be recorded that they are lost: that gives back what they had.
    """
    events = []
    for run in state.runs.values():
        given = run.assigned
        if given is None or run.number in without or given.node in gone or not places.is_silent(given.node):
            continue
        job = state.jobs.get(run.job)
        if job is None or end_of_wish(run, job) is not None:
            continue
        if (node := places.choose(job.definition)) is not None:
            places.give_back(run.number, given.node)
            places.take(run.number, node)
            event = assigned(run, node, run.locks, successes_of_start(state, run, job), instead_of=given.node)
            events.append(_with_waits(event, given, job))
    return events


def _with_waits(event: Event, given: Assignment, job: Job) -> Event:
    """An assignment that says, as the one that it replaces did, for what the run had waited."""
    if given.waited is None:
        return event
    behind = given.waited.run if job.passed is not None and job.passed.run == given.waited.run else None
    return after_wait(event, behind, given.waited.lock, given.waited.slots)


def released(state: State, entry: Entry, waiting: Container[int]) -> list[Run]:
    """The runs that wait again since an entry was folded, which gave back what was assigned and had not started.

    Whoever keeps an index over the runs is to notice these as well, besides that which the entry is about.

    Args:
        state: with the entry; entry: the newest.
        waiting: numbers of the runs that are known to wait.
    """
    if not state.nodes:
        return []
    if entry.type == v.JobDefined.TYPE:
        job = state.jobs.get(entry.job or "")
        runs = [] if job is None else [state.runs[number] for number in job.live]
    else:
        runs = list(state.runs.values()) if entry.type in _OF_NODES else []
    return [run for run in runs if not run.begun and run.number not in waiting]
