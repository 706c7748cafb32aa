"""The sentences: how each type of entry reads, without the time at which it was recorded.

A type that this version does not know, or a payload that it does not understand, gets a plain line of its own.
"""

# ruff: noqa: ARG001 - every type is worded by a function of the same three arguments

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from cli.terminal.printable import printable, show_count
from cli.times.show import show_clock, show_duration, show_size, show_time
from cli.words.words import (
    OUTCOME_WORDS,
    SKIP_WORDS,
    TRIGGER_WORDS,
    actor_words,
    claimed_actor_words,
    ending_words,
    lateness_words,
    timing_words,
)
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition

_MISFIRES: dict[v.MisfireReason, str] = {
    "scheduler_down": "while no scheduler was running",
    "suspend": "while the machine slept",
    "clock_step": "while the clock jumped",
    "stall": "while the scheduler was held up",
    "ledger_unavailable": "while the ledger could not be written",
    "replaced": "unwatched, before its schedule was changed",
    "disabled": "unwatched, before it was disabled",
    "removed": "unwatched, before it left the config",
}


def sentence(entry: Entry, zone: str = "UTC") -> str:
    """One readable line, without the time at which it was recorded; other times are shown in `zone`.

    Whatever the entry holds, the line is safe to print.
    """
    try:
        data = v.payload(entry)
        worder = _WORDS.get(entry.type)
        text = _generic(entry) if data is None or worder is None else worder(entry, data, zone)
    except (msgspec.MsgspecError, ValueError, OverflowError):
        text = _generic(entry)
    return printable(text)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _generic(entry: Entry) -> str:
    about = f" of {entry.job}" if entry.job else ""
    run = f" run {entry.run}" if entry.run is not None else ""
    return f"{entry.type}{run}{about} by {actor_words(entry.actor)}"


def _run(entry: Entry) -> str:
    return f"run {entry.seq if entry.run is None else entry.run} of {entry.job or '?'}"


def _late_ms(entry: Entry, due: datetime) -> int:
    return max(0, round((entry.time - due).total_seconds() * 1000))


# -- one function for each type ----------------------------------------------------------------------------------


def _ledger_created(entry: Entry, data: v.LedgerCreated, zone: str) -> str:
    return f"ledger {data.ledger[:8]} created, format {data.format}"


def _home_adopted(entry: Entry, data: v.HomeAdopted, zone: str) -> str:
    who = claimed_actor_words(entry.actor, data.claims)
    return f"the home in {printable(data.path)}, a copy of another one, adopted by {who}"


def _ledger_recovered(entry: Entry, data: v.LedgerRecovered, zone: str) -> str:
    return f"an unfinished write of {show_size(data.bytes)} was found after a crash and set aside"


def _scheduler_started(entry: Entry, data: v.SchedulerStarted, zone: str) -> str:
    version = data.versions.get("cronledger", "")
    return f"scheduler started on {data.host}, pid {data.pid}" + (f", version {version}" if version else "")


def _scheduler_stopped(entry: Entry, data: v.SchedulerStopped, zone: str) -> str:
    stopped = f", {show_count(data.runs_stopped, 'run')} stopped with it" if data.runs_stopped else ""
    return f"scheduler stopped: {data.reason}{stopped}"


def _scheduler_paused(entry: Entry, data: v.SchedulerPaused, zone: str) -> str:
    return f"scheduler paused, nothing new is started: {data.reason}"


def _scheduler_resumed(entry: Entry, data: v.SchedulerResumed, zone: str) -> str:
    return f"scheduler goes on after a pause of {show_duration(data.paused_ms)}"


def _clock_stepped(entry: Entry, data: v.ClockStepped, zone: str) -> str:
    if data.kind == "suspend":
        return f"the machine slept for {show_duration(abs(data.by_ms))}"
    way = "ahead" if data.by_ms >= 0 else "back"
    span = f"from {show_time(data.before, zone)} to {show_time(data.after, zone)}"
    return f"the clock was set {way} by {show_duration(abs(data.by_ms))}, {span}"


def _config_accepted(entry: Entry, data: v.ConfigAccepted, zone: str) -> str:
    return f"config in force, {show_count(data.jobs, 'job')} ({data.config[:12]})"


def _config_rejected(entry: Entry, data: v.ConfigRejected, zone: str) -> str:
    if (
        not data.config and data.errors
    ):  # there was no file to take the digest of, and so no line of it is to blame
        return f"config cannot be used; the last good one stays in force: {data.errors[0].message}"
    text = f"config rejected, {show_count(data.error_count, 'mistake')}; the last good one stays in force"
    if data.errors:
        first = data.errors[0]
        text += f": line {first.line}, column {first.column}: {first.message}"
    return text


def _job_defined(entry: Entry, data: v.JobDefined, zone: str) -> str:
    if data.changed:
        changed = ", ".join(_changed_words(name, data.definition) for name in data.changed)
        return f"{data.definition.name} changed: {changed}"
    words, source = timing_words(data.definition)
    return f"{data.definition.name} defined: {words} ({source})"


def _changed_words(name: str, definition: JobDefinition) -> str:
    """A setting that was changed; of a switch it matters which way."""
    value = getattr(definition, name, None)
    return f"{name} (now {str(value).lower()})" if isinstance(value, bool) else name


def _job_removed(entry: Entry, data: v.JobRemoved, zone: str) -> str:
    return f"{entry.job} removed from the config"


def _job_enabled(entry: Entry, data: v.JobEnabled, zone: str) -> str:
    since = f", effective {show_time(data.effective_at, zone)}" if data.effective_at else ""
    return f"{entry.job} enabled by {claimed_actor_words(entry.actor, data.claims)}{since}{_because(data.reason)}"


def _job_disabled(entry: Entry, data: v.JobDisabled, zone: str) -> str:
    until = f" until {show_time(data.until, zone)}" if data.until else ""
    return f"{entry.job} disabled by {claimed_actor_words(entry.actor, data.claims)}{until}{_because(data.reason)}"


def _schedule_ticked(entry: Entry, data: v.ScheduleTicked, zone: str) -> str:
    if data.trigger == "catch_up":
        return f"{_run(entry)} is owed: catching up on {show_time(data.scheduled_for, zone)}"
    due = show_clock(data.scheduled_for, zone, beside=entry.time)
    return f"{_run(entry)} is owed: due {due}, {lateness_words(data.lateness_ms)}"


def _schedule_misfired(entry: Entry, data: v.ScheduleMisfired, zone: str) -> str:
    span = show_time(data.first, zone)
    if data.count > 1:
        span += f" to {show_time(data.last, zone)}"
    run = f"{show_count(data.will_run, 'run')} will catch up" if data.will_run else "none will be run"
    missed = show_count(data.count, "time")
    return f"{entry.job} missed {missed}, {span}, {_MISFIRES[data.reason]}; {run}"


def _run_requested(entry: Entry, data: v.RunRequested, zone: str) -> str:
    return (
        f"{_run(entry)} requested by {claimed_actor_words(entry.actor, data.claims)}{_because(data.reason)}"
    )


def _run_cancel_requested(entry: Entry, data: v.RunCancelRequested, zone: str) -> str:
    return f"{_run(entry)} asked to stop by {claimed_actor_words(entry.actor, data.claims)}{_because(data.reason)}"


def _run_started(entry: Entry, data: v.RunStarted, zone: str) -> str:
    facts = [TRIGGER_WORDS[data.trigger]]
    if data.scheduled_for is not None:
        facts.append(f"due {show_clock(data.scheduled_for, zone, beside=entry.time)}")
        facts.append(lateness_words(_late_ms(entry, data.scheduled_for), data.trigger))
    if data.attempt > 1:
        facts.append(f"attempt {data.attempt}")
    return f"{_run(entry)} started ({', '.join(facts)})"


def _run_adopted(entry: Entry, data: v.RunAdopted, zone: str) -> str:
    return f"{_run(entry)} outlived the scheduler that started it and is watched again"


_CANCELLED = "cancelled"
_UNWATCHED = {"lost": "its process died with no one watching", "unknown": "no one was watching"}


def _run_finished(entry: Entry, data: v.RunFinished, zone: str) -> str:
    text = f"{_run(entry)} {OUTCOME_WORDS[data.outcome]}"
    if data.outcome == "failed":
        text += ending_words(data.exit_code, data.signal)
    if data.duration_ms is not None and not (data.outcome == "failed" and data.duration_ms == 0):
        word = "in" if data.outcome == "succeeded" else "after"
        text += f" {word} {show_duration(data.duration_ms)}"
    if data.outcome == "cancelled" and data.error and data.error.startswith(_CANCELLED):
        return text + data.error.removeprefix(_CANCELLED)  # `was cancelled after 3 s by user:ann@web1`
    return text + _because(data.error or _UNWATCHED.get(data.outcome, ""))


def _run_skipped(entry: Entry, data: v.RunSkipped, zone: str) -> str:
    shown = f" (entry {data.because_of})" if data.because_of is not None else ""
    if data.reason == "overlap" and data.because_of is not None:
        return f"{_run(entry)} skipped: run {data.because_of} was still going"
    by = (
        f" by {actor_words(entry.actor)}" if data.reason == "cancelled" and entry.actor != v.SCHEDULER else ""
    )
    return f"{_run(entry)} skipped: {SKIP_WORDS[data.reason]}{by}{shown}"


def _retention_applied(entry: Entry, data: v.RetentionApplied, zone: str) -> str:
    what = {"logs": ("log file", ""), "sessions": ("session", "")}[data.kind]
    verb = "would delete" if data.dry_run else "deleted"
    text = f"{entry.job or data.kind}: {verb} {show_count(data.deleted, *what)}, {show_size(data.deleted_bytes)},"
    text += f" older than {show_time(data.cutoff, zone)}"
    return text + (f"; {data.failed:,} could not be deleted" if data.failed else "")


_WORDS: dict[str, Callable[[Entry, Any, str], str]] = {
    v.LedgerCreated.TYPE: _ledger_created,
    v.LedgerRecovered.TYPE: _ledger_recovered,
    v.HomeAdopted.TYPE: _home_adopted,
    v.SchedulerStarted.TYPE: _scheduler_started,
    v.SchedulerStopped.TYPE: _scheduler_stopped,
    v.SchedulerPaused.TYPE: _scheduler_paused,
    v.SchedulerResumed.TYPE: _scheduler_resumed,
    v.ClockStepped.TYPE: _clock_stepped,
    v.ConfigAccepted.TYPE: _config_accepted,
    v.ConfigRejected.TYPE: _config_rejected,
    v.JobDefined.TYPE: _job_defined,
    v.JobRemoved.TYPE: _job_removed,
    v.JobEnabled.TYPE: _job_enabled,
    v.JobDisabled.TYPE: _job_disabled,
    v.ScheduleTicked.TYPE: _schedule_ticked,
    v.ScheduleMisfired.TYPE: _schedule_misfired,
    v.RunRequested.TYPE: _run_requested,
    v.RunCancelRequested.TYPE: _run_cancel_requested,
    v.RunStarted.TYPE: _run_started,
    v.RunAdopted.TYPE: _run_adopted,
    v.RunFinished.TYPE: _run_finished,
    v.RunSkipped.TYPE: _run_skipped,
    v.RetentionApplied.TYPE: _retention_applied,
}
