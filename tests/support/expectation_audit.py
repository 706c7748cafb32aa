"""An auditor of expectations: which breaches there were, by a ledger's other entries, and what was told of them.

It keeps no state of the scheduler's rules: it gathers what happened, and asks afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import Expect, JobDefinition

_FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


class Told(NamedTuple):
    """A breach: of what, since when, until when and by what; None while it goes on."""

    expectation: str
    job: str
    run: int | None
    limit_ms: int
    since: datetime
    until: datetime | None
    by: str | None


def told(entries: Iterable[Entry]) -> list[Told]:
    """What entries tell of breaches.

    Raises:
        AssertionError: one is told of twice, or ended without being told of, or twice.
    """
    found: dict[int, Told] = {}
    going: dict[tuple[str, str, int | None], int] = {}
    for entry in entries:
        data = v.payload(entry)
        if isinstance(data, v.ExpectationBreached):
            about = (data.expectation, entry.job or "", entry.run)
            assert about not in going, f"{about} was told of and goes on"
            going[about] = entry.seq
            found[entry.seq] = Told(*about, data.limit_ms, data.since, None, None)
        elif isinstance(data, v.ExpectationMet):
            about = (data.expectation, entry.job or "", entry.run)
            assert going.pop(about) == data.breach
            assert found[data.breach].since == data.since
            found[data.breach] = found[data.breach]._replace(until=data.until, by=data.by)
    return list(found.values())


_Event = tuple[datetime, str, object, int]
"""What happened to a job: when, what, what came with it, and the entry that says so."""


class _Job:
    """What happened to one job, and what its runs are judged by."""

    def __init__(self) -> None:
        self.life: list[_Event] = []
        self.appeared: datetime | None = None
        self.written: dict[str, tuple[int, datetime]] = {}

    def look(self, entry: Entry, data: v.Payload) -> None:
        """Take in an entry about the job itself."""
        match data:
            case v.JobDefined():
                self.life.append((entry.time, "defined", data.definition, entry.seq))
                self.appeared = self.appeared or entry.time
                self.written = _written(self.written, data.definition.expect, entry.time)
            case v.JobRemoved():
                self.life.append((entry.time, "removed", None, entry.seq))
                self.appeared, self.written = None, {}
            case v.JobEnabled():
                self.life.append((data.effective_at or entry.time, "enabled", None, entry.seq))
            case v.JobDisabled():
                self.life.append((entry.time, "disabled", data.until, entry.seq))
            case _:
                pass

    def due(self, entry: Entry, tick: v.ScheduleTicked) -> datetime:
        """From when on a run is judged."""
        counts = [self.appeared or entry.time, *(at for _, at in self.written.values())]
        counts += [end for _, end in _disabled(self.life) if end <= entry.time]
        at_once = tick.trigger == "after" or (
            tick.trigger == "catch_up" and tick.scheduled_for <= max(counts)
        )
        return entry.time if at_once else tick.scheduled_for


def breaches(entries: Iterable[Entry], now: datetime) -> list[Told]:
    """The breaches that there were up to now, from what else the entries tell."""
    jobs: dict[str, _Job] = defaultdict(_Job)
    runs: dict[int, dict[str, object]] = {}
    for entry in entries:
        data, job = v.payload(entry), jobs[entry.job or ""]
        job.look(entry, data)
        match data:
            case v.ScheduleTicked(trigger="schedule" | "catch_up" | "after"):
                runs[entry.seq] = {"job": entry.job, "due": job.due(entry, data), "owed": entry.seq}
            case v.RunStarted(attempt=1):
                _note(runs, entry, "started", "started")
            case v.RunSkipped():
                _note(runs, entry, "started", "skipped")
                _note(runs, entry, "ended", "skipped")
            case v.RunFinished(retry_at=None):
                _note(runs, entry, "ended", "finished")
                if data.outcome == "succeeded" and data.trigger != "backfill":
                    job.life.append((entry.time, "succeeded", None, entry.seq))
            case _:
                pass
    found = [each for name, job in jobs.items() for each in _without_success(name, job.life, now)]
    for number, run in runs.items():
        for expectation, end in (("start_within", "started"), ("finish_within", "ended")):
            found += _of_run(expectation, number, run, jobs[str(run["job"])].life, run.get(end), now)
    return found


def _note(runs: dict[int, dict[str, object]], entry: Entry, what: str, by: str) -> None:
    if entry.run in runs:
        runs[entry.run].setdefault(what, (by, entry.time, entry.seq))


def _written(
    before: dict[str, tuple[int, datetime]], expect: Expect | None, at: datetime
) -> dict[str, tuple[int, datetime]]:
    """Each limit of a job, and since when it is so."""
    limits = {} if expect is None else {name: getattr(expect, name) for name in expect.__struct_fields__}
    return {
        name: before[name] if name in before and before[name][0] == limit else (limit, at)
        for name, limit in limits.items()
        if limit is not None
    }


class _Stretch(NamedTuple):
    """From when to when a limit was in force, which one, and what ended it."""

    begin: datetime
    begin_seq: int
    limit_ms: int
    end: datetime | None = None
    end_seq: int = 10**12
    by: str | None = None


def _stretches(expectation: str, life: list[_Event]) -> list[_Stretch]:
    found: list[_Stretch] = []
    going: _Stretch | None = None
    for at, what, value, seq in life:
        if what not in ("defined", "removed"):
            continue
        expect = getattr(value, "expect", None)
        new = None if expect is None else getattr(expect, f"{expectation}_ms")
        if going is not None and what == "defined" and new == going.limit_ms:
            continue
        if going is not None:
            found.append(going._replace(end=at, end_seq=seq, by="changed" if what == "defined" else what))
        going = None if new is None else _Stretch(at, seq, new)
    return [*found, *([] if going is None else [going])]


def _of_run(
    expectation: str,
    number: int,
    run: dict[str, object],
    life: list[_Event],
    end: object,
    now: datetime,
) -> list[Told]:
    name, due, owed = str(run["job"]), run["due"], run["owed"]
    assert isinstance(due, datetime)
    assert isinstance(owed, int)
    by, ended, ended_seq = end if isinstance(end, tuple) else (None, None, 10**13)
    found = []
    for each in _stretches(expectation, life):
        if each.end_seq <= owed or ended_seq <= each.begin_seq:
            continue
        since = max(due + timedelta(milliseconds=each.limit_ms), each.begin)
        until, how = (ended, by) if ended_seq < each.end_seq else (each.end, each.by)
        if since < (until or now + timedelta(microseconds=1)):
            found.append(Told(expectation, name, number, each.limit_ms, since, until, how))
    return found


def _without_success(name: str, life: list[_Event], now: datetime) -> list[Told]:
    """The stretches in which a job was expected to succeed, and did not, though it was enabled for long enough."""
    off = _disabled(life)
    resumed = [(end, "resumed", None, 0) for _, end in off if end != _FOR_EVER]
    found: list[Told] = []
    limit: int | None = None
    origin = begin = now
    on, present = True, False
    for at, what, value, _ in [
        *sorted([*life, *resumed], key=lambda event: event[0]),
        (now + timedelta(microseconds=1), "", None, 0),
    ]:
        expect = value.expect if isinstance(value, JobDefinition) else None
        new = None if expect is None else expect.success_every_ms
        changes = what == "defined" and (not present or new != limit)
        is_on = _is_on(off, at)
        ends = what in ("succeeded", "removed", "") or changes or (on and not is_on)
        if ends and limit is not None and on and (since := _after(origin, limit, off)) is not None:
            since = max(since, begin)
            if since < at:
                by = "changed" if changes else what if what != "defined" else "disabled"
                found.append(Told("success_every", name, None, limit, since, at if by else None, by or None))
        if what == "removed":
            limit, present = None, False
        elif what == "defined":
            if changes:
                origin, begin = (at if limit is None or not present else origin), at
            limit, present = new, True
        elif what == "succeeded":
            origin = at
        if is_on and not on:
            begin = at
        on = is_on
    return found


def _disabled(life: list[_Event]) -> list[tuple[datetime, datetime]]:
    """The stretches in which a job was disabled."""
    found: list[tuple[datetime, datetime]] = []
    since: datetime | None = None
    config_says: bool | None = None
    until: datetime | None = None
    for at, what, value, _ in life:
        if since is not None and until is not None and until <= at:
            found.append((since, until))
            since = until = None
        says = config_says
        if isinstance(value, JobDefinition):
            config_says, says = value.enabled, config_says
        off = what == "disabled" or (
            isinstance(value, JobDefinition) and not value.enabled and says is not False
        )
        back = what == "enabled" or (isinstance(value, JobDefinition) and value.enabled and says is not True)
        if what == "removed":
            config_says = None
            back = True
        if back and since is not None:
            found.append((since, at))
            since = until = None
        if off:
            since = at if since is None else since
            until = value if isinstance(value, datetime) else None
    return [*found, *([(since, until or _FOR_EVER)] if since is not None else [])]


def _is_on(off: list[tuple[datetime, datetime]], at: datetime) -> bool:
    return not any(begin <= at < end for begin, end in off)


def _after(origin: datetime, limit_ms: int, off: list[tuple[datetime, datetime]]) -> datetime | None:
    """When this much time had passed since then, without that in which the job was disabled."""
    at, left = origin, timedelta(milliseconds=limit_ms)
    for begin, end in off:
        if end <= at:
            continue
        if begin > at:
            if begin - at > left:
                return at + left
            left -= begin - at
        if end == _FOR_EVER:
            return None
        at = end
    return at + left
