"""One round: which runs begin now and which never will, once the results and ticks of a turn are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.rules.falling_due import deadline_skip
from scheduler.rules.runs.dispatch import Dispatcher, SecretDigest, arrivals
from scheduler.rules.runs.replacement import replacements
from scheduler.rules.runs.waiting_runs import WaitingRuns
from scheduler.rules.state import Executor, State


class Room(NamedTuple):
    """What the process that starts runs has to offer.

    Attributes:
        capacity: how many runs may start.
        running: numbers of the runs that hold a slot, oldest first.
        executor: the process itself.
        secret_sha256: the digest of an attempt's secret, by run and attempt.
    """

    capacity: int
    running: Sequence[int]
    executor: Executor
    secret_sha256: SecretDigest


def round_events(
    state: State,
    now: datetime,
    settled: Sequence[Event],
    requested: Iterable[int],
    edited: Iterable[str],
    waiting: WaitingRuns,
    room: Room,
) -> list[Event]:
    """The starts and skips that follow.

    Args:
        state: as it stands; now: the moment.
        settled: the results and ticks that are about to be recorded.
        requested: numbers of runs that were requested and are not judged yet.
        edited: names of jobs that were edited, or of whose waiting runs one was cancelled.
        waiting: the index of what waits, which is brought up to date here.
        room: what there is to start them with.
    """
    ended = {event.run for event in settled if event.run is not None and is_over(event)}
    # Another scheduler may have started some of them meanwhile.
    new = [run for number in requested if (run := state.runs.get(number)) and run.attempt == 0]
    new += arrivals(settled, state.head.seq + 1, now)
    for number in ended:
        waiting.notice_job(state.runs[number].job, whole=False)
    waiting.refresh(state, ended, now)
    lapsed = waiting.lapsed(state, now)
    events = [deadline_skip(state, number, room.capacity, room.running) for number in lapsed]
    ended |= set(lapsed)
    replaced, superseded = replacements(state, [*(run.job for run in new), *edited], new, ended)
    events += replaced
    ended |= superseded
    asked = {event.run for event in replaced}  # what was just asked to stop makes no further attempt
    owed = (number for number in waiting if number not in asked)
    dispatcher = Dispatcher(
        state, owed, new, ended, room.capacity, room.executor, room.secret_sha256, room.running
    )
    return events + dispatcher.decide()


def is_over(event: Event) -> bool:
    """Whether the event ends its run, and not only an attempt of it."""
    return isinstance(event.data, v.RunFinished) and event.data.retry_at is None
