"""What becomes of a job's instants in the jobs that run after it alone: which of them succeeded, and which did not.

An instant of such a job begins with the first tick of a job before it (an upstream), and is one that all of them
have. It is awaited until all have succeeded or one has not. One that some upstream has not, and cannot have any more,
is no instant of the job, and is forgotten. What is decided stays until it is on record (`rules.after`), so that it
outlives whoever was to record it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import ASKED_FOR
from scheduler.rules.awaited import AwaitedInstant
from scheduler.rules.instants_state import RESOLUTION
from scheduler.rules.job_schedule import offset_of, schedule_of
from scheduler.rules.state import Job, Run, State
from scheduler.schedule.schedule import Schedule

AWAITED_MAX = 1_000
"""So many instants of a job are awaited; of more, the earliest count as failed by the tick that was one too many."""
SKIPPED_MAX = 100
"""So many instants whose run was skipped are kept, so that a success that comes later has it made again."""
_STEPS_MAX = 100
"""So often a time that several schedules share is looked for further back."""


class Missed(msgspec.Struct, frozen=True):
    """Instants that an upstream missed: those of `schedule` from `first` to `last`, of which `run` get a run.

    All are nominal but `first` and `last`, which come later by `offset`. `last_not_run`: the last that gets none.
    """

    schedule: Schedule
    offset: timedelta
    first: datetime
    last: datetime
    run: frozenset[datetime]
    last_not_run: datetime | None

    def has(self, instant: datetime) -> bool:
        """Whether a nominal instant is one that was missed, and gets no run."""
        at = instant + self.offset
        if not self.first <= at <= self.last or instant in self.run:
            return False
        return self.schedule.has(at)

    def last_shared(self, others: Iterable[JobDefinition]) -> datetime | None:
        """The last nominal instant that gets no run and is one of all these schedules too, as far as that is near."""
        schedules = [(self.schedule, self.offset), *((schedule_of(each), offset_of(each)) for each in others)]
        first, last = self.first - self.offset - RESOLUTION, self.last_not_run
        for _ in range(_STEPS_MAX):
            if last is None:
                return None
            found = [
                at - moved
                for schedule, moved in schedules
                if (at := schedule.latest_between(first + moved, last + moved)) is not None
            ]
            if len(found) < len(schedules):
                return None
            earlier = min(found)
            if earlier == last:
                return last
            last = earlier
        return None


# -- the jobs themselves -----------------------------------------------------------------------------------------


def defined(state: State, new: JobDefinition, at: datetime) -> None:
    """A job has this definition from `at` on, which is not in the state yet."""
    job = state.jobs.get(new.name)
    present = job is not None and job.present
    before = job.definition.after if job is not None and present else None
    if before != new.after:
        _unlink(state, new.name, [] if before is None else before.jobs)
        for name in [] if new.after is None else new.after.jobs:
            state.dependents.setdefault(name, []).append(new.name)
    if job is not None and (before != new.after or not present):
        # What was awaited by the old list is not owed by the new one: an edit never fires retroactively.
        job.awaited = []
        if new.follows and job.definition.follows:
            # What an earlier schedule still has is open; it is closed, and the cursor moved, with that schedule.
            job.advance(at)
    elif job is not None and not new.enabled:
        _forget(state, job, _decided(job))


def removed(state: State, job: Job) -> None:
    """The config no longer has a job."""
    job.awaited = []
    if job.definition.after is not None:
        _unlink(state, job.name, job.definition.after.jobs)


def disabled(state: State, job: Job) -> None:
    """A job was disabled: what was owed to it and is not on record is owed no more."""
    _forget(state, job, _decided(job))


def changed(state: State, name: str) -> None:
    """A job is another one, or awaits less: it may have no run any more for what is awaited of it.

    Who awaits less for that is awaited in turn; however long the chain is, this goes no deeper.
    """
    names = [name]
    while names:
        name = names.pop()
        names += [job.name for job in _dependents(state, name) if _drop(job, _impossible(state, job, name))]


def _unlink(state: State, name: str, upstreams: list[str]) -> None:
    for each in upstreams:
        others = [other for other in state.dependents.get(each, ()) if other != name]
        if others:
            state.dependents[each] = others
        else:
            state.dependents.pop(each, None)


def _decided(job: Job) -> list[AwaitedInstant]:
    return [each for each in job.awaited if is_decided(job, each)]


def _forget(state: State, job: Job, forgotten: list[AwaitedInstant]) -> None:
    """A job awaits these instants no more, and so the jobs after it await them of it no more, unless it ran."""
    if _drop(job, forgotten):
        changed(state, job.name)


def _drop(job: Job, forgotten: list[AwaitedInstant]) -> bool:
    """A job awaits these instants no more; whether there are any."""
    gone = {each.instant for each in forgotten}
    if gone:
        job.awaited = [each for each in job.awaited if each.instant not in gone]
    return bool(gone)


# -- what upstreams do -------------------------------------------------------------------------------------------


def owed(state: State, run: Run) -> None:
    """A run joined those in flight: its instant begins in the jobs after its own."""
    begins = run.trigger not in ASKED_FOR or run.with_dependents
    instant = instant_of(state, run) if begins else None
    jobs = _dependents(state, run.job)
    if instant is not None:
        _begin(state, run, instant, [job for job in jobs if _is_new(job, instant)])
    for job in jobs:
        _forget_impossible(state, job, run.job)


def _is_new(job: Job, instant: datetime) -> bool:
    """Whether a job would begin to await an instant, if it is one of its own."""
    return job.on_schedule and not job.is_settled(instant) and _find(job, instant) is None


def _begin(state: State, run: Run, instant: datetime, jobs: list[Job]) -> None:
    """An instant begins with a run, in those of these jobs of which it may be one.

    One of them may run after another one too: it may have the instant since that one may, whichever comes first.
    """
    while jobs:
        left, begun = [], False
        for job in jobs:
            new = AwaitedInstant(instant, run.owed_at)
            if _is_impossible(state, job, new, run.job):
                left.append(job)
            else:
                begun = True
                _insert(job, new)
                _bound(job, run)
        jobs = left if begun else []


def ended(state: State, run: Run, entry: Entry, *, succeeded: bool) -> None:
    """A run ended for good, or was skipped."""
    instant = instant_of(state, run) if run.passes_on else None
    for job in _dependents(state, run.job):
        found = None if instant is None else _find(job, instant)
        if found is not None and run.job not in found.succeeded:
            if succeeded:
                found.failed.pop(run.job, None)
                found.succeeded[run.job] = entry.seq
                found.since = entry.time
            else:
                _fail(state, job, found, run.job, entry)
        _forget_impossible(state, job, run.job)
        if found is not None and not job.on_schedule and is_decided(job, found):
            _forget(state, job, [found])


def _fail(state: State, job: Job, awaited: AwaitedInstant, name: str, entry: Entry) -> None:
    """An upstream did not succeed: that decides an instant, if the other upstreams have it or may have it."""
    if name not in awaited.failed and not _is_impossible(state, job, awaited, name):
        awaited.failed[name] = entry.seq
        awaited.since = entry.time


def missed_by(state: State, entry: Entry, data: v.ScheduleMisfired) -> Missed | None:
    """The instants of a misfire that is not folded yet; None if no job runs after its own."""
    job = state.jobs.get(entry.job or "")
    if job is None or not _dependents(state, job.name):
        return None
    around = job.closed_around(data.first, data.last)
    definition = around[0].definition if around else job.definition
    schedule, offset = schedule_of(definition), offset_of(definition)
    latest = schedule.latest(data.first - RESOLUTION, data.last, data.will_run + 1)
    run = latest[-data.will_run :] if data.will_run else []
    left = [each - offset for each in latest[: len(latest) - len(run)]]
    run_nominal = frozenset(each - offset for each in run)
    return Missed(schedule, offset, data.first, data.last, run_nominal, left[-1] if left else None)


def misfired(state: State, entry: Entry, missed: Missed) -> None:
    """Instants of an upstream passed unwatched: the last one that is not run stands for all that nobody awaits."""
    name = entry.job or ""
    jobs = _dependents(state, name)
    # In all of them first: one may run after another one, which has what that one has.
    for job in jobs:
        others = (state.jobs.get(each) for each in job.definition.follows if each != name)
        last = missed.last_shared(
            each.definition for each in others if each is not None and each.definition.has_times
        )
        if last is not None and _is_new(job, last):
            _insert(job, AwaitedInstant(last, entry.time))
    for job in jobs:
        for each in job.awaited:
            lives = name in each.succeeded or _is_live(state, name, each.instant)
            if not lives and missed.has(each.instant):
                _fail(state, job, each, name, entry)
        _forget_impossible(state, job, name)
        if not job.on_schedule:
            _forget(state, job, _decided(job))


# -- what is recorded of the job itself --------------------------------------------------------------------------


def settled(state: State, run: Run) -> None:
    """A tick of a job that runs after others alone is recorded."""
    job = state.jobs.get(run.job)
    found = None if job is None or run.scheduled_for is None else _find(job, run.scheduled_for)
    if job is None or found is None:
        return
    if run.failed_upstream is None:
        job.awaited = [each for each in job.awaited if each is not found]
        return
    found.run = run.number
    skipped = [each for each in job.awaited if each.run is not None]
    if len(skipped) > SKIPPED_MAX:
        job.awaited = [each for each in job.awaited if each is not skipped[0]]
        job.advance(skipped[0].instant)


def settled_by_hand(state: State, job: Job, until: datetime) -> None:
    """A person settled the instants of a job up to this one: it awaits none of them, and no job awaits them of it."""
    if job.awaited:
        job.awaited = [each for each in job.awaited if each.instant > until]
    changed(state, job.name)


def made_again(state: State, run: Run) -> None:
    """A run is made again: if it was skipped for a job before it, a success of that asks for it no more."""
    job = state.jobs.get(run.job)
    if job is not None and job.awaited:
        job.awaited = [each for each in job.awaited if each.run != run.retry_of]


# -- looking -----------------------------------------------------------------------------------------------------


def is_decided(job: Job, awaited: AwaitedInstant) -> bool:
    """Whether something is to be recorded about an instant: a run is owed, or skipped, or made again."""
    if len(awaited.succeeded) == len(job.definition.follows):
        return True
    return awaited.run is None and bool(awaited.failed)


def instant_of(state: State, run: Run) -> datetime | None:
    """The nominal instant for which a run that passes on counts in the jobs after its own."""
    if run.trigger != "manual":
        return run.nominal or run.scheduled_for
    if run.original_scheduled_for is not None:
        job = state.jobs.get(run.job)
        moved = timedelta(0) if job is None else offset_of(job.definition)
        return run.original_scheduled_for - moved
    return requested_instant(run.owed_at)


def requested_instant(requested: datetime) -> datetime:
    """The instant for which a run counts that was requested then: no whole second, as those of schedules are."""
    return requested if requested.microsecond else requested + RESOLUTION


def _forget_impossible(state: State, job: Job, name: str) -> None:
    """Forget the instants that an upstream has not, and cannot have any more; what is decided stays so."""
    _forget(state, job, _impossible(state, job, name))


def _impossible(state: State, job: Job, name: str) -> list[AwaitedInstant]:
    undecided = [each for each in job.awaited if _is_open(each, name) and not is_decided(job, each)]
    return [each for each in undecided if not _may_have(state, name, each.instant)]


def _is_open(awaited: AwaitedInstant, name: str) -> bool:
    return awaited.run is None and name not in awaited.succeeded and name not in awaited.failed


def _is_impossible(state: State, job: Job, awaited: AwaitedInstant, but: str) -> bool:
    """Whether some upstream, another one than `but`, has not the instant, and cannot have it any more."""
    return any(
        name not in awaited.succeeded
        and name not in awaited.failed
        and name != but
        and not _may_have(state, name, awaited.instant)
        for name in job.definition.follows
    )


def _may_have(state: State, name: str, instant: datetime) -> bool:
    """Whether a job has a run for an instant that has not ended, or may yet get one."""
    return _is_live(state, name, instant) or _may_tick(state, name, instant, {})


def _may_tick(state: State, name: str, instant: datetime, known: dict[str, bool]) -> bool:
    """Whether a job may yet get a tick for an instant; `known`: of which jobs that is known."""
    if name not in known:
        known[name] = False
        job = state.jobs.get(name)
        if job is not None and job.present:
            known[name] = (
                _may_follow(state, job, instant, known)
                if job.definition.follows
                else _may_fall_due(state, job, instant)
            )
    return known[name]


def _may_follow(state: State, job: Job, instant: datetime, known: dict[str, bool]) -> bool:
    found = _find(job, instant)
    if found is not None:
        return found.run is None
    if not job.on_schedule or job.is_settled(instant):
        return False
    return all(_may_tick(state, each, instant, known) for each in job.definition.follows)


def _may_fall_due(state: State, job: Job, instant: datetime) -> bool:
    definition, at = job.definition, instant + offset_of(job.definition)
    if at in state.at_reboot.get(job.name, ()):
        return True
    if any(span.has(at) and schedule_of(span.definition).has(at) for span in job.unsettled):
        return True
    promised = job.catching_up
    is_promised = promised is not None and promised.has(at)
    is_open = job.on_schedule and definition.has_times and not job.is_settled(at)
    return (is_promised or is_open) and schedule_of(definition).has(at)


def _is_live(state: State, name: str, instant: datetime) -> bool:
    job = state.jobs.get(name)
    runs = () if job is None else (state.runs[number] for number in job.live if number in state.runs)
    return any(run.passes_on and instant_of(state, run) == instant for run in runs)


def _dependents(state: State, name: str) -> list[Job]:
    """The jobs that run after another alone."""
    names = state.dependents.get(name, ())
    return [job for each in names if (job := state.jobs.get(each)) is not None and job.definition.follows]


def _find(job: Job, instant: datetime) -> AwaitedInstant | None:
    at = bisect_left(job.awaited, instant, key=lambda each: each.instant)
    found = job.awaited[at] if at < len(job.awaited) else None
    return found if found is not None and found.instant == instant else None


def _insert(job: Job, awaited: AwaitedInstant) -> None:
    at = bisect_left(job.awaited, awaited.instant, key=lambda each: each.instant)
    job.awaited.insert(at, awaited)


def _bound(job: Job, run: Run) -> None:
    """Of too many instants the earliest that is awaited counts as failed."""
    if len(job.awaited) <= AWAITED_MAX:
        return
    waiting = [each for each in job.awaited if not is_decided(job, each) and each.run is None]
    if len(waiting) > AWAITED_MAX:
        waiting[0].failed[run.job] = run.number
        waiting[0].since = run.owed_at
