"""One round: which runs begin now and which never will, once the results and ticks of a turn are known."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.entry_members import LockWait
from scheduler.rules.falling_due import deadline_skip
from scheduler.rules.nodes.placement import Places, Unplaced
from scheduler.rules.nodes.reassignment import reassignments
from scheduler.rules.runs.dispatch import (
    Dispatcher,
    SecretDigest,
    arrivals,
    may_start,
    slots_taken,
    unwanted_runs,
)
from scheduler.rules.runs.locks import Holders, LockQueue, locks_of
from scheduler.rules.runs.passed_runs import PassedRuns
from scheduler.rules.runs.replacement import replacements
from scheduler.rules.runs.waiting_runs import WaitingRuns
from scheduler.rules.state import Executor, Run, State


class Room(NamedTuple):
    """What the process that starts runs has to offer.

    Attributes:
        capacity: how many runs may start.
        running: numbers of the runs that hold a slot, oldest first.
        executor: the process itself.
        secret_sha256: the digest of an attempt's secret, by run and attempt.
        holders: who holds which lock; capacities: how many runs may, where it is not one.
        places: where several nodes share the ledger, their slots: runs are assigned to them, and `capacity`,
            `running`, `executor` and `secret_sha256` say nothing. They are of one round, which takes from them.
    """

    capacity: int
    running: Sequence[int]
    executor: Executor
    secret_sha256: SecretDigest
    holders: Holders
    capacities: Mapping[str, int]
    places: Places | None = None


def round_events(
    state: State,
    now: datetime,
    settled: Sequence[Event],
    requested: Iterable[int],
    edited: Collection[str],
    waiting: WaitingRuns,
    room: Room,
) -> list[Event]:
    """The starts, or the assignments to nodes, and the skips that follow.

    Args:
        state: as it stands; now: the moment; settled: the results and ticks that are about to be recorded.
        requested: numbers of runs that were requested and are not judged yet.
        edited: names of jobs that were edited, or of whose waiting runs one was cancelled.
        waiting: the index of what waits, which is brought up to date here.
        room: what there is to start them with.
    """
    ended = {event.run for event in settled if event.run is not None and is_over(event)}
    new = [*_unjudged(state, requested), *arrivals(settled, state.head.seq + 1, now)]
    between = {event.run for event in settled if event.run is not None and is_an_attempts_end(event)}
    for number in ended | between:
        waiting.notice_job(state.runs[number].job, whole=False)
    waiting.refresh(state, ended, now, between)
    over = {event.run for event in settled if isinstance(event.data, v.RunFinished)}
    if room.places is not None:
        _give_back(state, room.places, over)
    could_start = LockQueue(room.holders, room.capacities, over)
    waiting.await_slots(state, could_start, now, over)
    locks, before = LockQueue(room.holders, room.capacities, over), frozenset(ended)
    ends = _ends_of_waits(state, now, edited, waiting, room, (locks, could_start))
    ended |= ends.keys()
    replaced, superseded = replacements(state, [*(run.job for run in new), *edited], new, ended)
    ended |= superseded
    # What stood in the way of others and ends in this round does so no longer: they may start at once.
    gone = [state.runs[number].job for number in ended - before if number in state.runs]
    for name in gone:
        waiting.notice_job(name, whole=False)
    if gone:
        waiting.refresh(state, ended, now, between)
    # What was just asked to stop makes no further attempt.
    without = ended | {event.run for event in replaced if event.run is not None}
    elsewhere, not_now = _on_nodes(state, room.places, settled, ended, without)
    dispatcher = Dispatcher(
        state,
        waiting.startable(locks, not_now, [name for run in new for name in locks_of(state, run)]),
        new,
        ended,
        room.capacity,
        room.executor,
        room.secret_sha256,
        locks,
        room.running,
        waiting,
        PassedRuns(state, [*settled, *ends.values(), *replaced]),
        now,
        between,
        room.places,
    )
    return [*ends.values(), *replaced, *elsewhere, *dispatcher.decide()]


def _unjudged(state: State, requested: Iterable[int]) -> list[Run]:
    """The runs that were requested and wait; another scheduler may have started some of them meanwhile."""
    found = (state.runs.get(number) for number in requested)
    return [run for run in found if run is not None and run.attempt == 0 and not run.begun]


def _on_nodes(
    state: State, places: Places | None, settled: Sequence[Event], ended: Collection[int], without: set[int]
) -> tuple[list[Event], Container[int]]:
    """Where several nodes share the ledger: what goes elsewhere, and which runs are not to be asked about now.

    Args:
        state: as it stands; places: the slots that are left; settled: what is about to be recorded.
        ended: numbers of runs whose end is about to be recorded; without: of those that are not to start.
    """
    if places is None:
        return [], without
    _give_back(state, places, ended)
    lost = {event.data.node for event in settled if isinstance(event.data, v.NodeLost)}
    return reassignments(state, places, without, lost), Unplaced(state, places, without)


def _give_back(state: State, places: Places, over: Iterable[int | None]) -> None:
    """The slots of runs whose end, or whose attempt's end, is about to be recorded."""
    for number in over:
        run = state.runs.get(-1 if number is None else number)
        if run is not None and run.place is not None:
            places.give_back(run.number, run.place)


def _ends_of_waits(
    state: State,
    now: datetime,
    edited: Iterable[str],
    waiting: WaitingRuns,
    room: Room,
    queues: tuple[LockQueue, LockQueue],
) -> dict[int, Event]:
    """The ends of runs that have waited too long, or that an edit or a person no longer wants, by their numbers."""
    ends: dict[int, Event] = {}
    for number in waiting.lapsed(state, now):
        lock = None if waiting.awaits_slot(number) else _lock_in_the_way(state, number, waiting, queues)
        job = state.jobs.get(state.runs[number].job)
        slots = [] if lock is not None else slots_taken(job, room.capacity, room.running, room.places)
        ends[number] = deadline_skip(state, number, slots, lock)
    for event in (event for name in edited for event in unwanted_runs(state, name)):
        ends.setdefault(event.run or 0, event)
    return ends


def _lock_in_the_way(
    state: State, number: int, waiting: WaitingRuns, queues: tuple[LockQueue, LockQueue]
) -> LockWait | None:
    """The lock that keeps a waiting run from its start, as far as nothing but a lock does.

    Args:
        state: the present state; number: of the run; waiting: the index of what waits.
        queues: one in which nobody has asked yet, and that of `await_slots`.
    """
    run = state.runs[number]
    job = state.jobs.get(run.job)
    if job is None or not job.definition.locks or run.attempt > 0:
        return None
    if not may_start(run, job, [state.runs[each] for each in job.live]):
        return None
    names = job.definition.locks
    locks, could_start = queues
    return locks.obstacle(number, names) or waiting.lock_in_the_way(could_start, number, names)


def is_over(event: Event) -> bool:
    """Whether the event ends its run, and not only an attempt of it."""
    return isinstance(event.data, v.RunFinished) and event.data.retry_at is None


def is_an_attempts_end(event: Event) -> bool:
    """Whether the event ends an attempt of a run that goes on."""
    return isinstance(event.data, v.RunFinished) and event.data.retry_at is not None
