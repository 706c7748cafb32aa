"""The plan of an edit: what taking a config up would record and bring about, and nothing of it done. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from msgspec import structs

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.rules.approvals.decisions import took_effect
from scheduler.rules.job_schedule import with_offsets
from scheduler.rules.pauses import pauses_ended
from scheduler.rules.planning.aftermath import aftermath, missed_without_edit
from scheduler.rules.planning.edits import CalendarEdit, JobEdit, calendar_edits, job_edits
from scheduler.rules.planning.instants import InstantChanges, Instants, instant_changes
from scheduler.rules.reconcile import CalendarDefinition, reconcile
from scheduler.rules.requests.preview import preview
from scheduler.rules.runs.waiting_runs import lapses_at
from scheduler.rules.state import Job, Run, State

Fate = Literal["goes_on", "is_stopped", "waits", "is_skipped", "gives_up", "ends"]
"""What becomes of a run in flight.

`goes_on`: its attempt is going, and ends as it began. `is_stopped`: it is asked to stop. `waits`: it waits on, and
starts by the definition that is in force then. `is_skipped`: it is not to start. `gives_up`: it waited too long by
the new definition. `ends`: it waits for another attempt, and makes none.
"""


class EditConfig(NamedTuple):
    """What of a config an edit consists of.

    Attributes:
        definitions: every job, by name.
        digest: of the config.
        calendars: by name.
        owner: who owns the config file.
    """

    definitions: Mapping[str, JobDefinition]
    digest: str
    calendars: Mapping[str, CalendarDefinition]
    owner: str = ""


class FatedRun(NamedTuple):
    """A run in flight of a job that is edited: as it is now, what becomes of it, and the event that says so."""

    run: Run
    fate: Fate
    event: Event | None = None


class JobPlan(NamedTuple):
    """What an edit means for one job.

    Attributes:
        edit: what changes.
        before: the job without it; None if there is none.
        after: the job with it, and where a second person has to approve it, once that is done.
        instants: how its instants change; where it has to be approved, if it were approved now.
        runs: those in flight, oldest first.
        recorded: what of the edit itself would be recorded; follows: what a scheduler would record right after it.
        missed_without: the misfires and ticks that would follow without the edit, where no scheduler serves the home.
        dependents: names of the jobs whose instants are those of this one, however far down.
    """

    edit: JobEdit
    before: Job | None
    after: Job | None
    instants: InstantChanges
    runs: list[FatedRun]
    recorded: list[Event]
    follows: list[Event]
    missed_without: list[Event]
    dependents: list[str]


class Plan(NamedTuple):
    """What taking a config up would bring about.

    Attributes:
        now: the moment for which it holds; until: how far instants were looked at.
        served: whether a scheduler serves the home, which takes the edit up by itself.
        jobs: the jobs that are edited.
        calendars: the calendars that are.
        recorded: all that would be recorded of the edit, in order; follows: what follows for these jobs.
        job_count: how many jobs the config has.
    """

    now: datetime
    until: datetime
    served: bool
    jobs: list[JobPlan]
    calendars: list[CalendarEdit]
    recorded: list[Event]
    follows: list[Event]
    job_count: int

    @property
    def changes_jobs(self) -> bool:
        """Whether anything but the name of the config would be recorded."""
        return any(each.edit.is_recorded for each in self.jobs) or bool(self.calendars)


def plan(
    state: State,
    config: EditConfig,
    now: datetime,
    until: datetime,
    started: v.SchedulerStarted | None = None,
) -> Plan:
    """Foresee what taking a config up brings about.

    Args:
        state: what is in force; it is folded further, and is of no other use afterwards.
        config: the edited config.
        now: the moment.
        until: up to when instants are looked at.
        started: what a scheduler that starts now would record of itself; None: one serves the home.
    """
    if started is not None:
        preview(state, [v.event(started, v.SCHEDULER)], now)
    preview(state, pauses_ended(state, now), now)
    definitions = with_offsets(config.definitions, state.ledger)
    edits = job_edits(state, definitions)
    calendars = calendar_edits(state, config.calendars, definitions)
    before = {edit.name: _copied(state.jobs[edit.name]) for edit in edits if edit.name in state.jobs}
    live = {
        name: [structs.replace(state.runs[number]) for number in job.live] for name, job in before.items()
    }
    recorded = reconcile(state, config.definitions, config.digest, now, config.calendars, config.owner)
    preview(state, recorded, now)
    effective = [edit.name for edit in edits if edit.takes_effect]
    follows = aftermath(state, effective, now, served=started is None)
    fates = {
        name: [_fated(run, state.jobs.get(name), follows, now) for run in runs]
        for name, runs in live.items()
        if runs
    }
    after = _after_approval(state, edits, now)
    instants = instant_changes(
        [
            (Instants.of(before.get(each.name), now, until), Instants.of(after.get(each.name), now, until))
            for each in edits
        ]
    )
    dependents = _dependents(definitions)
    by_job, following = _by_job(recorded), _by_job(follows)
    jobs = [
        JobPlan(
            edit,
            before.get(edit.name),
            after.get(edit.name),
            changes,
            fates.get(edit.name, []),
            by_job.get(edit.name, []),
            following.get(edit.name, []),
            _missed_without(before.get(edit.name), edit, started, now),
            _downstream(edit.name, dependents),
        )
        for edit, changes in zip(edits, instants, strict=True)
    ]
    return Plan(now, until, started is None, jobs, calendars, recorded, follows, len(definitions))


def _copied(job: Job) -> Job:
    """The job as it is now, whatever is folded later."""
    return structs.replace(
        job,
        unsettled=[structs.replace(span) for span in job.unsettled],
        catching_up=None if job.catching_up is None else structs.replace(job.catching_up),
        live=list(job.live),
    )


def _fated(run: Run, job: Job | None, follows: Sequence[Event], now: datetime) -> FatedRun:
    for event in follows:
        if event.run != run.number:
            continue
        if isinstance(event.data, v.RunSkipped):
            return FatedRun(run, "is_skipped", event)
        if isinstance(event.data, v.RunFinished):
            return FatedRun(run, "ends", event)
        if isinstance(event.data, v.RunCancelRequested):
            return FatedRun(run, "is_stopped", event)
    if run.begun:
        return FatedRun(run, "goes_on")
    at = lapses_at(run, job)
    return FatedRun(run, "waits" if at is None or at > now else "gives_up")


def _after_approval(state: State, edits: Iterable[JobEdit], now: datetime) -> dict[str, Job]:
    """The jobs as they are with the edit, and those that wait for a second person once that one approves."""
    for edit in edits:
        if edit.is_held_back:
            preview(state, took_effect(edit.old, edit.new, edit.name, ""), now)
    return {edit.name: state.jobs[edit.name] for edit in edits if edit.name in state.jobs}


def _by_job(events: Iterable[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in events:
        if event.job is not None:
            found.setdefault(event.job, []).append(event)
    return found


def _missed_without(
    job: Job | None, edit: JobEdit, started: v.SchedulerStarted | None, now: datetime
) -> list[Event]:
    if job is None or started is None or not edit.takes_effect:
        return []
    return missed_without_edit(job, now)


def _dependents(definitions: Mapping[str, JobDefinition]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for definition in definitions.values():
        for name in definition.follows:
            found.setdefault(name, []).append(definition.name)
    return found


def _downstream(name: str, dependents: Mapping[str, list[str]]) -> list[str]:
    found: dict[str, None] = {}
    left = list(dependents.get(name, ()))
    while left:
        each = left.pop(0)
        if each not in found and each != name:
            found[each] = None
            left += dependents.get(each, ())
    return list(found)
