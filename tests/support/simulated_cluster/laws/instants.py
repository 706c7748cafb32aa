"""Every instant of every job is settled exactly once; read from the entries alone, with a reading of its own.

The jobs of these lives have schedules that anyone can read: `every: 20s`, and `*/5 * * * *` in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tests.support.simulated_cluster.laws.history import CommittedEntry, seconds

START_DEADLINE_S = 3_600.0
GAP_MAX_S = 60.0
"""If something was due for longer, nobody watched, and what is given up may be younger than its deadline."""
SETTLING_S = 10.0
"""So long a leader may take to settle a downtime."""
_EVERY = re.compile(r"(\d+)([smh])")
_MINUTES = re.compile(r"\*/(\d+) \* \* \* \*")
_UNIT_S = {"s": 1, "m": 60, "h": 3_600}
UNWATCHED = ("replaced", "disabled", "removed", "clock_step")
"""Reasons of misfires of instants that nobody could have run in time, however young: those of a schedule that
is no longer in force, and those over which the database's clock was set forward."""


def step_s(definition: dict[str, Any]) -> int | None:
    """How many seconds lie between the instants of a job, which are multiples of it; None: it has none."""
    every, schedule = definition.get("every"), definition.get("schedule")
    if every is not None:
        match = _EVERY.fullmatch(every)
        assert match is not None, every
        return int(match[1]) * _UNIT_S[match[2]]
    if schedule is not None:
        match = _MINUTES.fullmatch(schedule)
        assert match is not None, schedule
        assert 60 % int(match[1]) == 0, schedule
        return int(match[1]) * 60
    return None


def _between(step: int, after_s: float, until_s: float) -> range:
    first = int(after_s // step + 1) * step
    return range(first, int(until_s) + 1, step)


class JobInstants:
    """The instants of one job.

    Attributes:
        settled: each instant that is on record, and the entry.
        to_run: those of a misfire that are not caught up yet.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.definition: dict[str, Any] = {}
        self.disabled = False
        self._step: int | None = None
        self._since_s: float | None = None
        self._mark_s = 0.0
        self._due: set[int] = set()
        self.settled: dict[int, int] = {}
        self.to_run: set[int] = set()

    def define(self, definition: dict[str, Any], time_s: float) -> None:
        """A definition comes into force."""
        step = step_s(definition)
        if step != self._step or not self.definition:
            self.close(time_s)
            self._step = step
        self.definition = definition
        self.open(time_s)

    def open(self, time_s: float) -> None:
        """The schedule is in force from now on."""
        if self._since_s is None and not self.disabled:
            self._since_s = max(time_s, self._mark_s)

    def close(self, time_s: float) -> None:
        """It is not any more; if it was not before, nothing is passed over."""
        self.advance(time_s)
        if self._since_s is not None:
            self._mark_s = max(self._mark_s, self._since_s, time_s)
        self._since_s = None

    def advance(self, time_s: float) -> None:
        """What fell due up to a moment is owed."""
        if self._since_s is None or self._step is None or time_s <= self._since_s:
            return
        self._due.update(
            each for each in _between(self._step, self._since_s, time_s) if each not in self.settled
        )
        self._since_s = time_s

    def settle(self, instant: int, seq: int) -> None:
        """An instant is on record.

        Raises:
            AssertionError: it is there already, or was never due.
        """
        where = f"{self.name}: instant {instant} of entry {seq}"
        assert instant not in self.settled, f"{where} is settled by entry {self.settled[instant]} already"
        self.advance(instant)
        assert instant in self._due, f"{where} was not due"
        self._due.discard(instant)
        self.settled[instant] = seq
        self._mark_s = max(self._mark_s, instant)

    def misfire(self, entry: CommittedEntry, *, downtime: bool) -> None:
        """A stretch of instants is on record; whether nobody had watched for long."""
        data = entry.data
        first, last = round(seconds(data["first"])), round(seconds(data["last"]))
        self.advance(last)
        found = sorted(each for each in self._due if first <= each <= last)
        assert len(found) == data["count"], (
            f"{self.name}: entry {entry.seq} settles {data['count']} of {found}"
        )
        for instant in found:
            self.settle(instant, entry.seq)
        if data["will_run"]:
            self.to_run.update(found)
        deadline_ms = self.definition.get("start_deadline_ms")
        deadline_s = START_DEADLINE_S if deadline_ms is None else deadline_ms / 1000
        if not downtime and data.get("reason", "scheduler_down") not in UNWATCHED:
            age_s = entry.time_s - last
            assert age_s >= deadline_s, (
                f"{self.name}: entry {entry.seq} gives up what is only {age_s:.1f} s old"
            )

    def owed(self) -> list[int]:
        """The instants that are not on record, up to the last `advance`."""
        return sorted(self._due)


def check_instants(entries: Sequence[CommittedEntry], time_s: float) -> None:
    """Every instant up to a moment is on record exactly once.

    Raises:
        AssertionError: one is missing, or there twice, or was never due.
    """
    jobs: dict[str, JobInstants] = {}
    downtime_s = float("-inf")
    for entry in entries:
        if not entry.job:
            continue
        if entry.type == "schedule.misfired" and _oldest_owed(jobs, entry.time_s) < entry.time_s - GAP_MAX_S:
            downtime_s = entry.time_s
        downtime = entry.time_s - downtime_s < SETTLING_S
        _look(jobs.setdefault(entry.job, JobInstants(entry.job)), entry, downtime=downtime)
    for job in jobs.values():
        job.advance(time_s)
        assert not job.owed(), (
            f"{job.name}: {len(job.owed())} instants are not on record, the first is {job.owed()[0]}"
        )


def _oldest_owed(jobs: dict[str, JobInstants], time_s: float) -> float:
    """The oldest instant of any job that is not on record at a moment; infinite if all are."""
    for job in jobs.values():
        job.advance(time_s)
    return min((owed[0] for job in jobs.values() if (owed := job.owed())), default=float("inf"))


def _look(job: JobInstants, entry: CommittedEntry, *, downtime: bool) -> None:
    match entry.type:
        case "job.defined":
            job.define(entry.data["definition"], entry.time_s)
        case "job.removed":
            job.definition = {}
            job.close(entry.time_s)
        case "job.disabled":
            job.disabled = True
            job.close(entry.time_s)
        case "job.enabled":
            job.disabled = False
            job.open(entry.time_s)
        case "schedule.misfired":
            job.misfire(entry, downtime=downtime)
        case "schedule.ticked":
            instant = round(seconds(entry.data["scheduled_for"]))
            if entry.data.get("trigger", "schedule") == "schedule":
                job.settle(instant, entry.seq)
            else:
                assert instant in job.to_run, f"{job.name}: entry {entry.seq} catches up what was not missed"
                job.to_run.discard(instant)
        case _:
            pass
