"""How entries about a job are worded: it is defined, changed, removed, enabled or disabled, or missed its times."""

# ruff: noqa: ARG001 - every type is worded by functions of the same arguments

from __future__ import annotations

from typing import Final

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.wording.causes import MISFIRE_WORDINGS, because, claimed_actor_words, spelled
from scheduler.wording.definitions import change_words, timing_words
from scheduler.wording.instants import show_time
from scheduler.wording.quantities import show_count
from scheduler.wording.signs import EntryWording, Signs

_Times = v.ScheduleMisfired | v.ScheduleExcluded | v.BackfillRequested
"""Payloads that tell of several times of a job."""


def _defined(entry: Entry, data: v.JobDefined, zone: str) -> str:
    if data.changed:
        changed = ", ".join(change_words(name, data.definition) for name in data.changed)
        return f"{data.definition.name} changed: {changed}"
    words, source = timing_words(data.definition)
    return f"{data.definition.name} defined: {words} ({source})"


def _defined_message(entry: Entry, data: v.JobDefined) -> str:
    return f"job {entry.job}" + (f" changed: {', '.join(data.changed)}" if data.changed else " defined")


def _enabled(entry: Entry, data: v.JobEnabled, zone: str) -> str:
    since = f", effective {show_time(data.effective_at, zone)}" if data.effective_at else ""
    who = claimed_actor_words(entry.actor, data.claims)
    back = ", to catch up on what it missed" if data.catch_up else ""
    return f"{entry.job} enabled by {who}{since}{back}{because(data.reason)}"


def _disabled(entry: Entry, data: v.JobDisabled, zone: str) -> str:
    until = f" until {show_time(data.until, zone)}" if data.until else ""
    who = claimed_actor_words(entry.actor, data.claims)
    return f"{entry.job} disabled by {who}{until}{because(data.reason)}"


def _span(data: _Times, zone: str) -> str:
    return show_time(data.first, zone) + (f" to {show_time(data.last, zone)}" if data.count > 1 else "")


def _span_message(data: _Times) -> str:
    return f"{data.first:%Y-%m-%dT%H:%M:%SZ} to {data.last:%Y-%m-%dT%H:%M:%SZ}"


def _misfired(entry: Entry, data: v.ScheduleMisfired, zone: str) -> str:
    span = _span(data, zone)
    run = f"{show_count(data.will_run, 'run')} will catch up" if data.will_run else "none will be run"
    missed = show_count(data.count, "time")
    return f"{entry.job} missed {missed}, {span}, {MISFIRE_WORDINGS[data.reason].when}; {run}"


def _misfired_message(entry: Entry, data: v.ScheduleMisfired) -> str:
    span = _span_message(data)
    missed = f"{data.count} of its times ({spelled(data.reason)}), {span}"
    return f"job missed: {entry.job}, {missed}; {data.will_run} will be run"


def _excluded(entry: Entry, data: v.ScheduleExcluded, zone: str) -> str:
    span = _span(data, zone)
    return f"{entry.job} left out {show_count(data.count, 'time')} by its calendars, {span}"


def _excluded_message(entry: Entry, data: v.ScheduleExcluded) -> str:
    span = _span_message(data)
    return f"job excluded by its calendars: {entry.job}, {data.count} of its times, {span}"


def _settled(entry: Entry, data: v.ScheduleSettled, zone: str) -> str:
    who = claimed_actor_words(entry.actor, data.claims)
    what = f"no run for its times up to {show_time(data.until, zone)}, {data.count:,} of them open then"
    return f"{entry.job} settled by {who}: {what}{because(data.reason)}"


def _reopened(entry: Entry, data: v.ScheduleReopened, zone: str) -> str:
    who = claimed_actor_words(entry.actor, data.claims)
    end = f"before {show_time(data.before, zone)}" if data.before else f"up to {show_time(data.until, zone)}"
    return f"{entry.job} reopened by {who}: its times from now on {end} are open again{because(data.reason)}"


def _backfill(entry: Entry, data: v.BackfillRequested, zone: str) -> str:
    who = claimed_actor_words(entry.actor, data.claims)
    what = show_count(data.count, "missed time" if data.missed_only else "time")
    span = _span(data, zone)
    return f"{entry.job} to be backfilled by {who}: {what}, {span}{because(data.reason)}"


def _backfill_message(entry: Entry, data: v.BackfillRequested) -> str:
    what = f"{data.count} of its times, {_span_message(data)}"
    return f"job to be backfilled: {entry.job}, {what}, by {entry.actor}{because(data.reason)}"


def _backfill_ended(entry: Entry, data: v.BackfillEnded, zone: str) -> str:
    who = claimed_actor_words(entry.actor, data.claims)
    left = f"{show_count(data.left, 'time')} left (entry {data.request})"
    return f"{entry.job}: its backfill ended by {who}, with {left}{because(data.reason)}"


JOB_WORDINGS: Final[dict[str, EntryWording]] = {
    v.JobDefined.TYPE: EntryWording(Signs("dim", "note"), _defined, _defined_message),
    v.JobRemoved.TYPE: EntryWording(
        Signs("dim", "note"),
        lambda entry, data, zone: f"{entry.job} removed from the config",
        lambda entry, data: f"job {entry.job} removed from the config",
    ),
    v.JobEnabled.TYPE: EntryWording(
        Signs("good", "note"),
        _enabled,
        lambda entry, data: f"job {entry.job} enabled by {entry.actor}{because(data.reason)}",
    ),
    v.JobDisabled.TYPE: EntryWording(
        Signs("warn", "omission"),
        _disabled,
        lambda entry, data: f"job {entry.job} disabled by {entry.actor}{because(data.reason)}",
    ),
    v.ScheduleMisfired.TYPE: EntryWording(Signs("warn", "warning", "warning"), _misfired, _misfired_message),
    v.ScheduleSettled.TYPE: EntryWording(
        Signs("warn", "omission", "warning"),
        _settled,
        lambda entry, data: (
            f"job settled: {entry.job}, up to {data.until:%Y-%m-%dT%H:%M:%SZ}, {data.count} of its times,"
            f" by {entry.actor}{because(data.reason)}"
        ),
    ),
    v.ScheduleReopened.TYPE: EntryWording(
        Signs("good", "note", "warning"),
        _reopened,
        lambda entry, data: (
            f"job reopened: {entry.job}, was settled up to {data.until:%Y-%m-%dT%H:%M:%SZ}, by {entry.actor}"
            f"{because(data.reason)}"
        ),
    ),
    v.BackfillRequested.TYPE: EntryWording(Signs("plain", "note"), _backfill, _backfill_message),
    v.BackfillEnded.TYPE: EntryWording(
        Signs("warn", "omission", "warning"),
        _backfill_ended,
        lambda entry, data: (
            f"backfill ended: {entry.job}, {data.left} of its times left, by {entry.actor}{because(data.reason)}"
        ),
    ),
    v.ScheduleExcluded.TYPE: EntryWording(Signs("dim", "omission"), _excluded, _excluded_message),
}
"""Types of entries about a job."""
