"""What became of a run, as facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from msgspec import structs

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import SKIPPED_FOR_A_RUN
from scheduler.explanation.facts import (
    AttemptEnd,
    BlockingRun,
    Fact,
    LateRun,
    ManualRun,
    ReplacingRun,
    RunEnd,
    RunOwed,
    RunSkip,
    RunStart,
    UnfinishedRun,
    UpstreamResult,
    Verdict,
    WaitEnd,
)
from scheduler.explanation.facts.upstream_facts import UpstreamState
from scheduler.explanation.waits.holders import lock_in_the_way, taken_slots
from scheduler.explanation.waits.node_waits import entries_of_wait, no_node
from scheduler.ledger.past import NEAR_ENTRIES, Past
from scheduler.rules.after import late_successes
from scheduler.rules.expectations.expected import Breach
from scheduler.rules.runs.attempts import settles
from scheduler.rules.runs.dispatch import SLOTS_SHOWN_MAX
from scheduler.rules.runs.waiting_reasons import WaitingReason, WaitingReasons
from scheduler.rules.state import Run, State

RunFacts = Callable[[int], tuple[Verdict, list[Fact]]]
"""Tells what became of the run of a number."""


def run_facts(past: Past, waits: WaitingReasons, number: int) -> tuple[Verdict, list[Fact]]:
    """What became of a run after the entry that caused it; `waits` tells why runs wait now."""
    own = _RunEntries(past, number)
    facts = [*own.start_facts(), *_lateness(past, number)]
    if own.end is None:
        run = past.state_at(past.head_seq).runs[number]
        if run.started is not None:
            going = UnfinishedRun(run=number, started=run.started, attempt=run.attempt, node=run.node)
            return "running", [*facts, going]
        reason = waits.of(number)
        unfinished = UnfinishedRun(
            entries=entries_of_wait(run, reason),
            run=number,
            behind=reason.run,
            attempt=run.attempt + 1,
            retry_at=run.retry_at,
            needs=reason.kind if reason.kind in ("paused", "scheduler") else None,
            gives_up_at=reason.gives_up_at,
            node=reason.node,
        )
        return "waiting", [*facts, unfinished, *_what_it_waits_for(past, run, reason)]
    data = v.payload(own.end)
    if isinstance(data, v.RunFinished):
        replaced = _replaced(past, own.end, number) if data.outcome == "cancelled" else []
        told = _ended if data.closes is None else partial(_closed, past)
        return "ran", [*facts, told(own.end, number, data), *replaced]
    return "skipped", [*facts, *_skipped(past, own.end, number, data)]


def _lateness(past: Past, number: int) -> list[Fact]:
    """What is expected of a run and does not hold, or did not; what has ended is looked for among near entries."""
    known = past.state_at(past.head_seq).expectations
    if known is None:
        return []
    found = {
        each.seq: _late(number, each.seq, each)
        for each in known.open.values()
        if each.run == number and each.seq is not None
    }
    for entry in past.entries(number + 1, min(past.head_seq, number + NEAR_ENTRIES)):
        data = v.payload(entry) if entry.run == number and entry.type in v.EXPECTED else None
        if isinstance(data, v.ExpectationBreached):
            found[entry.seq] = _late(number, entry.seq, data)
        elif isinstance(data, v.ExpectationMet) and data.breach in found:
            late = found[data.breach]
            found[data.breach] = structs.replace(
                late, entries=[data.breach, entry.seq], until=data.until, by=data.by
            )
    return list(found.values())


def _late(run: int, seq: int, breach: Breach | v.ExpectationBreached) -> LateRun:
    return LateRun(run, breach.expectation, breach.limit_ms, breach.since, entries=[seq])


def _what_it_waits_for(past: Past, run: Run, reason: WaitingReason) -> list[Fact]:
    """The jobs, the lock or the slots for which a run waits now."""
    if reason.lock is not None:
        return [lock_in_the_way(past, reason.lock, run.number, past.head_seq, waits=True)]
    if reason.kind == "node" or reason.refusals:
        return [no_node(past, reason)]
    if reason.holders:
        return [taken_slots(past, reason.holders[:SLOTS_SHOWN_MAX], past.head_seq)]
    return _late_upstreams(past, run, reason.jobs)


def requests_between(past: Past, name: str, begin: datetime, end: datetime) -> Iterator[Entry]:
    """The entries with begin <= time < end by which a person asked for a run of a job."""
    first, last = past.seq_at(begin - timedelta(seconds=1)), past.seq_at(end)
    for entry in () if last is None else past.entries(0 if first is None else first + 1, last):
        if entry.job == name and entry.type == v.RunRequested.TYPE and begin <= entry.time < end:
            yield entry


def run_owed(entry: Entry, data: v.ScheduleTicked) -> RunOwed:
    """The fact that a tick records."""
    return RunOwed(
        entries=[entry.seq],
        run=entry.seq,
        trigger=data.trigger,
        time=entry.time,
        lateness_ms=data.lateness_ms,
    )


def manual_run(entry: Entry) -> ManualRun:
    """The fact that a request records."""
    data: v.RunRequested = v.payload(entry)
    return ManualRun(
        entries=[entry.seq], run=entry.seq, actor=entry.actor, time=entry.time, reason=data.reason
    )


class _RunEntries:
    """The entries of one run; `end` is the entry that ended it, or None."""

    def __init__(self, past: Past, number: int) -> None:
        self._past, self._number = past, number
        self.end = _end_of(past, number)

    def start_facts(self) -> list[Fact]:
        """When the run was started and whether it was adopted; nothing if it was never started."""
        last = self._past.head_seq if self.end is None else self.end.seq
        near = min(last, self._number + NEAR_ENTRIES)
        own = [entry for entry in self._past.entries(self._number + 1, near) if entry.run == self._number]
        started = next((entry for entry in own if entry.type == v.RunStarted.TYPE), None)
        if started is None and near < last:
            found = self._past.first_where(self._has_begun, after=self._number)
            started = found if found is not None and found.type == v.RunStarted.TYPE else None
        if started is None:
            return []
        data: v.RunStarted = v.payload(started)
        adopted = [entry.seq for entry in own if entry.type == v.RunAdopted.TYPE]
        entries = [started.seq, *adopted]
        job = self._past.state_at(started.seq).jobs.get(started.job or "")
        definition = None if job is None else job.definition
        start = RunStart(
            entries=entries,
            run=self._number,
            time=started.time,
            adopted=bool(adopted),
            params=data.params,
            secret=[] if definition is None else _secret_names(definition),
            run_as=None if definition is None else definition.run_as,
            node=data.node,
        )
        waits = _waits(self._past, self._number, started.seq, data)
        return [*waits, start, *self._ended_attempts(own or [started], near, last)]

    def _ended_attempts(self, own: Sequence[Entry], near: int, last: int) -> list[Fact]:
        """The attempts that others were to follow, each with the start of the next one."""
        entries = list(own)
        while near < last:
            found = self._past.first_where(
                partial(self._has_gone_on, _stage(entries)), after=max(near, entries[-1].seq)
            )
            if found is None or found.run != self._number or settles(found):
                break
            entries.append(found)
        starts = {v.payload(entry).attempt: entry for entry in entries if entry.type == v.RunStarted.TYPE}
        ends = [entry for entry in entries if entry.type == v.RunFinished.TYPE and not settles(entry)]
        return [_ended_attempt(self._number, entry, starts) for entry in ends]

    def _has_gone_on(self, stage: tuple[int, bool], state: State) -> bool:
        run = state.runs.get(self._number)
        return run is None or (run.attempt, run.started is None) > stage

    def _has_begun(self, state: State) -> bool:
        run = state.runs.get(self._number)
        return run is None or run.attempt > 0


def _stage(entries: Sequence[Entry]) -> tuple[int, bool]:
    """How far a run has come with these entries: its attempt, and whether that has ended."""
    told = [(v.payload(entry).attempt, entry.type == v.RunFinished.TYPE) for entry in entries]
    return max(told, default=(0, True))


def _ended_attempt(number: int, entry: Entry, starts: dict[int, Entry]) -> AttemptEnd:
    data: v.RunFinished = v.payload(entry)
    assert data.retry_at is not None, "another attempt was to follow"
    following = starts.get(data.attempt + 1)
    return AttemptEnd(
        entries=[entry.seq] if following is None else [entry.seq, following.seq],
        run=number,
        attempt=data.attempt,
        time=entry.time,
        retry_at=data.retry_at,
        outcome=data.outcome,
        duration_ms=data.duration_ms,
        exit_code=data.exit_code,
        signal=data.signal,
        error=data.error,
        next_started=None if following is None else following.time,
    )


def _closed(past: Past, entry: Entry, number: int, data: v.RunFinished) -> WaitEnd:
    said = None if data.because_of is None else past.entry(data.because_of)
    why: Literal["within", "cancelled", "disabled", "removed"] = "within"
    if data.outcome == "cancelled":
        why = "cancelled"
    elif said is not None:
        why = "removed" if said.type == v.JobRemoved.TYPE else "disabled"
    by = said or (entry if why == "cancelled" else None)
    return WaitEnd(
        entries=[entry.seq] if said is None else [entry.seq, said.seq],
        run=number,
        attempt=data.attempt,
        time=entry.time,
        outcome=data.outcome,
        why=why,
        actor=None if by is None else by.actor,
        actor_reason="" if said is None else getattr(v.payload(said), "reason", ""),
    )


def _end_of(past: Past, number: int) -> Entry | None:
    """The entry that ended a run; None if it has not ended."""
    for entry in past.entries(number + 1, number + NEAR_ENTRIES):
        if entry.run == number and settles(entry):
            return entry
    return past.first_where(lambda state: number not in state.runs, after=number)


def _ended(entry: Entry, number: int, data: v.RunFinished) -> RunEnd:
    return RunEnd(
        entries=[entry.seq],
        run=number,
        time=entry.time,
        outcome=data.outcome,
        duration_ms=data.duration_ms,
        exit_code=data.exit_code,
        signal=data.signal,
        error=data.error,
        attempt=data.attempt,
        message=data.message,
        items_processed=data.items_processed,
        items_failed=data.items_failed,
        metrics=data.metrics,
    )


def _skipped(past: Past, entry: Entry, number: int, data: v.RunSkipped) -> list[Fact]:
    cause = data.because_of
    taken: list[Fact] = [taken_slots(past, data.slots, entry.seq)] if data.slots else []
    if data.lock is not None:
        whose = number if data.reason == "deadline" else cause or number
        taken.append(lock_in_the_way(past, data.lock, whose, entry.seq - 1))
    skipped = RunSkip(entries=[entry.seq], run=number, time=entry.time, reason=data.reason)
    if cause is None:
        return [skipped, *taken]
    if data.reason in SKIPPED_FOR_A_RUN:
        return [skipped, _in_the_way(past, cause, entry.seq), *taken]
    if data.reason == "upstream":
        return [skipped, upstream_end(past, cause)]
    if data.reason == "superseded":
        return [skipped, _replacing(past, [cause], cause)]
    said = past.entry(cause)
    reason = getattr(v.payload(said), "reason", "")
    return [structs.replace(skipped, entries=[entry.seq, cause], actor=said.actor, actor_reason=reason)]


def upstream_end(past: Past, seq: int) -> UpstreamResult:
    """What became of a job before another, by the entry that says so."""
    entry = past.entry(seq)
    data, job = v.payload(entry), entry.job or ""
    match data:
        case v.RunFinished():
            state: UpstreamState = "succeeded" if data.outcome == "succeeded" else "failed"
            return UpstreamResult(
                entries=[seq], job=job, state=state, run=entry.run, time=entry.time, outcome=data.outcome
            )
        case v.RunSkipped():
            return UpstreamResult(
                entries=[seq], job=job, state="skipped", run=entry.run, time=entry.time, reason=data.reason
            )
        case v.ScheduleMisfired():
            return UpstreamResult(entries=[seq], job=job, state="missed", time=entry.time)
        case _:
            return UpstreamResult(entries=[seq], job=job, state="crowded", run=entry.run, time=entry.time)


def _late_upstreams(past: Past, run: Run, names: Sequence[str]) -> list[Fact]:
    """The jobs for whose success a run waits: these, or where it waits for something else first, those too."""
    state = past.state_at(past.head_seq)
    job = state.jobs.get(run.job)
    found: list[Fact] = []
    for name in names or late_successes(state, run, job, state.time):
        other = state.jobs.get(name)
        last = None if other is None else other.success
        seqs, time = ([], None) if last is None else ([last.seq], last.time)
        found.append(UpstreamResult(entries=seqs, job=name, state="late", time=time))
    return found


def _replaced(past: Past, end: Entry, number: int) -> list[Fact]:
    """Which run took the place of one that was cancelled, if one did."""
    request = past.state_at(end.seq - 1).runs[number].cancel_seq
    new = None if request is None else v.payload(past.entry(request)).replaced_by
    return [] if request is None or new is None else [_replacing(past, [request, new], new)]


def _replacing(past: Past, entries: list[int], new: int) -> ReplacingRun:
    return ReplacingRun(entries=entries, run=new, scheduled_for=v.payload(past.entry(new)).scheduled_for)


def _waits(past: Past, number: int, start_seq: int, data: v.RunStarted) -> list[Fact]:
    """For what a run had waited that started with entry `start_seq`."""
    found: list[Fact] = [upstream_end(past, seq) for seq in data.successes]
    if data.waited_behind is not None:
        found.append(_in_the_way(past, data.waited_behind, start_seq))
    if data.waited_for is not None:
        found.append(lock_in_the_way(past, data.waited_for, number, start_seq - 1))
    return [*found, taken_slots(past, data.slots, start_seq)] if data.slots else found


def _in_the_way(past: Past, number: int, at_seq: int) -> BlockingRun:
    """What is said of a run of the same job that was in the way until entry `at_seq` or its own end."""
    end = _end_of(past, number)
    run = (
        past.state_at((at_seq if end is None else min(at_seq, end.seq)) - 1).runs.get(number)
        or past.state_at(number).runs[number]
    )
    data = None if end is None else v.payload(end)
    return BlockingRun(
        entries=[number] if end is None else [number, end.seq],
        run=number,
        trigger=run.trigger,
        scheduled_for=run.scheduled_for,
        started=run.first_started,
        ended=None if end is None else end.time,
        outcome=data.outcome if isinstance(data, v.RunFinished) else None,
    )


def _secret_names(definition: JobDefinition) -> list[str]:
    """What of a start nobody recorded: secret parameters, and secrets by their variables."""
    return [*(name for name, parameter in definition.params.items() if parameter.secret), *definition.secrets]
