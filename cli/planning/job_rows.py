"""What an edit means for one job, as rows of a block: its settings, its times, its runs, what follows."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from cli.home.job_names import approval_hint
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell, Value
from cli.times.show import show_past, show_time
from cli.words.approval_words import change_rows, change_sentence
from cli.words.job_words import enabled_words
from cli.words.wait_words import attempt_words
from cli.words.words import skip_words
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.planning.home_plan import HomePlan
from scheduler.rules.planning.edits import JobEdit
from scheduler.rules.planning.instants import InstantChanges
from scheduler.rules.planning.plan import FatedRun, JobPlan
from scheduler.wording.approval_entries import pending_words
from scheduler.wording.causes import MISFIRE_WORDINGS
from scheduler.wording.expectation_entries import breach_clause, end_clause

NAMES_MAX: Final = 10
"""So many names are listed; the others are counted."""
_RUNS_MAX: Final = 5
_TIMES_MAX: Final = 2
NO_DIGEST: Final = "set (no digest yet: nothing is recorded)"


class Setting(NamedTuple):
    """A key of a job with both of its values as they are shown; empty where there is none.

    `inherited`: the job has the new one from `defaults`.
    """

    key: str
    old: str
    new: str
    inherited: bool


def settings_of(found: HomePlan, edit: JobEdit) -> list[Setting]:
    """The keys in which two definitions differ; of a job that is removed, none: it is all in the ledger."""
    if edit.kind in ("removed", "taken_back"):
        return []
    rows, configured = [], found.config.jobs[edit.name]
    for key, old, new in change_rows(edit.old, edit.new):
        if key.startswith("env.") and not found.has_digests:
            old, new = NO_DIGEST if old else "", NO_DIGEST if new else ""
        if old == new and key == "calendars":
            new = f"{new}, with other days"
        inherited = key in configured.inherited and key not in configured.written
        rows.append(Setting(key, old, new, inherited))
    return rows


def setting_rows(edit: JobEdit, settings: Iterable[Setting]) -> Iterator[tuple[str, Value]]:
    """The keys, old and new side by side; of a job that is new, the values alone."""
    for key, old, new, inherited in settings:
        told = new if edit.old is None else f"{old or 'none'} -> {new or 'none'}"
        yield key, f"{told} (defaults)" if inherited else told


def following_rows(plan: JobPlan, now: datetime, zone: str, *, served: bool) -> Iterator[tuple[str, Value]]:
    """Who has to approve it, its times, its runs, what was missed, which jobs come after it.

    Args:
        plan: of the job.
        now: the moment; zone: for the times.
        served: whether a scheduler watches its runs.
    """
    if (told := _approval(plan.edit, now, zone)) is not None:
        yield "second person", told
    if is_switched_off(plan) and plan.after is not None:
        yield (
            "disabled",
            Cell(f"{enabled_words(plan.after, zone).removeprefix('disabled ')}: it stays so", "warn"),
        )
    yield from instant_rows(plan.instants, plan.edit, zone)
    yield from _run_rows(plan, now, zone, served=served)
    yield from _missed_rows(plan, zone)
    yield from _expectation_rows(plan)
    if plan.dependents and plan.instants.any:
        yield "after it", f"the same holds for {names_words(plan.dependents)}"


def is_switched_off(plan: JobPlan) -> bool:
    """Whether a job that was there before stays disabled although the config does not say so: a person did."""
    new, after = plan.edit.new, plan.after
    changed = plan.edit.kind == "changed" and new is not None and new.enabled
    return changed and after is not None and not after.on_schedule


def _approval(edit: JobEdit, now: datetime, zone: str) -> Cell | None:
    pending = edit.pending
    if edit.kind == "taken_back":
        assert pending is not None, "something was pending, or had been rejected"
        what = pending_words(pending.definition, pending.changed)
        return Cell(f"is not asked any more for {what} (entry {pending.seq})", "plain")
    if edit.approval == "requested":
        instead = "" if pending is None else f" in place of what entry {pending.seq} asked for"
        stays = "nothing changes until then" if edit.old is None else "what is in force stays until then"
        return Cell(f"has to approve it{instead}; {stays}", "warn")
    if edit.approval in ("waits", "rejected") and pending is not None:
        return Cell(f"{change_sentence(pending, now, zone)}. {approval_hint(edit.name)}", "warn")
    if edit.approval == "given" and pending is not None:
        return Cell(f"given by entry {pending.given_seq}: it comes into force", "plain")
    return None


def instant_rows(changes: InstantChanges, edit: JobEdit | None, zone: str) -> Iterator[tuple[str, Value]]:
    """Which times disappear and which appear; `edit`: of the one job that it is about, None for several."""
    once = ", once it is approved" if edit is not None and not edit.takes_effect else ""
    if (
        edit is not None
        and edit.kind == "added"
        and edit.new is not None
        and edit.new.has_times
        and not changes.after
    ):
        yield "times", Cell("none in this time", "warn")
    for word, count, first in (
        ("disappear", changes.disappear, changes.first_disappear),
        ("appear", changes.appear, changes.first_appear),
    ):
        if count:
            yield word, f"{show_count(count, 'time')}{once}{_times(first, count, zone)}"
    if changes.compared_until is not None:
        reached = show_time(changes.compared_until, zone)
        yield "times", f"compared up to {reached}; in all {changes.after:,} in place of {changes.before:,}"


def _times(first: Sequence[datetime], count: int, zone: str) -> str:
    """A few times, or the first of many, as the end of a sentence."""
    if count <= _TIMES_MAX:
        return f": {', '.join(show_time(instant, zone) for instant in first)}"
    return f", the first {show_time(first[0], zone)}"


def _run_rows(plan: JobPlan, now: datetime, zone: str, *, served: bool) -> Iterator[tuple[str, Value]]:
    for fated in plan.runs[:_RUNS_MAX]:
        told = run_words(fated, plan.edit, now, zone)
        unsure = not served and fated.run.started is not None
        yield f"run {fated.run.number}", f"{told}, if it is going still" if unsure else told
    if len(plan.runs) > _RUNS_MAX:
        yield "runs", f"{len(plan.runs) - _RUNS_MAX:,} more in flight: --json has all"


def run_words(fated: FatedRun, edit: JobEdit, now: datetime, zone: str) -> str:
    """How far a run in flight is, and what becomes of it."""
    run, event = fated.run, fated.event
    if run.started is not None:
        is_so = f"started {show_past(run.started, now)}"
    elif run.retry is not None:
        is_so = attempt_words(run, zone)
    else:
        is_so = "waiting"
    return f"{is_so}: {_fate_words(fated, edit, None if event is None else event.data)}"


def _fate_words(fated: FatedRun, edit: JobEdit, data: object) -> str:
    if isinstance(data, v.RunSkipped):
        return f"is skipped, because {skip_words(data.reason, data.because_of)}"
    if isinstance(data, v.RunCancelRequested):
        return f"is asked to stop, for run {data.replaced_by} takes its place"
    if fated.fate == "ends":
        return "makes no further attempt"
    if fated.fate == "gives_up":
        return "is given up, because it would start too late"
    if fated.fate == "goes_on":
        return "goes on as it began"
    return (
        "starts as the new definition says" if edit.takes_effect else "starts as the definition in force says"
    )


def _missed_rows(plan: JobPlan, zone: str) -> Iterator[tuple[str, Value]]:
    misfires = [event.data for event in plan.follows if isinstance(event.data, v.ScheduleMisfired)]
    ticks = [event.data for event in plan.follows if isinstance(event.data, v.ScheduleTicked)]
    if any(data.trigger == "schedule" for data in ticks):
        yield "boot", "a run is owed for this boot of the machine"
    for data in misfires:
        span = show_time(data.first, zone)
        if data.count > 1:
            span += f" to {show_time(data.last, zone)}"
        run = f"{show_count(data.will_run, 'run')} will catch up" if data.will_run else "none will be run"
        yield (
            "missed",
            f"{show_count(data.count, 'time')}, {span}, {MISFIRE_WORDINGS[data.reason].when}; {run}",
        )
    caught_up, otherwise = len(catch_ups_of(plan.follows)), len(catch_ups_of(plan.missed_without))
    if caught_up != otherwise:
        yield "", Cell(f"without the edit {show_count(otherwise, 'run')} would catch up", "warn")


def _expectation_rows(plan: JobPlan) -> Iterator[tuple[str, Value]]:
    """What is told of what is expected of it: breaches that begin and end, the first ones."""
    told: list[Value] = []
    for event in plan.follows:
        if isinstance(event.data, v.ExpectationBreached):
            told.append(Cell(breach_clause(event.data.expectation, event.data.limit_ms, event.run), "warn"))
        elif isinstance(event.data, v.ExpectationMet):
            ended = end_clause(event.data.by, event.run, event.data.since, event.data.until)
            told.append(f"not any more: {ended}")
    for value in told[:_RUNS_MAX]:
        yield "late", value
    if len(told) > _RUNS_MAX:
        yield "", f"and {len(told) - _RUNS_MAX:,} more of this"


def catch_ups_of(events: Iterable[Event]) -> list[datetime]:
    """The times that are caught up, of what is recorded."""
    return [
        event.data.scheduled_for
        for event in events
        if isinstance(event.data, v.ScheduleTicked) and event.data.trigger == "catch_up"
    ]


def names_words(names: Sequence[str]) -> str:
    """Names of jobs, the first ones, and how many more there are."""
    told = ", ".join(printable(name) for name in names[:NAMES_MAX])
    return told if len(names) <= NAMES_MAX else f"{told} and {len(names) - NAMES_MAX:,} more"


def job_option(names: Sequence[str]) -> str:
    """How the plan is asked for the first of some jobs: `cronledger plan --job nightly`."""
    return f"`cronledger plan --job {shlex.quote(printable(names[0]))}`"
