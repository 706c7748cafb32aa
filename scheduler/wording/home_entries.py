"""How entries about the whole home are worded: ledger, scheduler, clock, config, what is deleted, tokens."""

# ruff: noqa: ARG001 - every type is worded by functions of the same arguments

from __future__ import annotations

from typing import Final

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.wording.causes import because, claimed_actor_words
from scheduler.wording.config_places import line_words, place_words
from scheduler.wording.instants import show_time
from scheduler.wording.quantities import show_count, show_duration, show_size
from scheduler.wording.signs import EntryWording, Signs

_IN_FORCE: Final = "the last good one stays in force"
_NOTHING_NEW: Final = "scheduler paused, nothing new is started"


def _ledger_created(entry: Entry, data: v.LedgerCreated, zone: str) -> str:
    return f"ledger {data.ledger[:8]} created, format {data.format}"


def _recovered(size: str) -> str:
    return f"an unfinished write of {size} was found after a crash and set aside"


def _home_adopted(entry: Entry, data: v.HomeAdopted, zone: str) -> str:
    who = claimed_actor_words(entry.actor, data.claims)
    return f"the home in {data.path}, a copy of another one, adopted by {who}"


def _home_adopted_message(entry: Entry, data: v.HomeAdopted) -> str:
    return f"the home in {data.path} is a copy of another one, and goes on by itself: {entry.actor} said so"


def _scheduler_started(entry: Entry, data: v.SchedulerStarted, zone: str) -> str:
    version = data.versions.get("cronledger", "")
    return _scheduler_started_message(entry, data) + (f", version {version}" if version else "")


def _scheduler_started_message(entry: Entry, data: v.SchedulerStarted) -> str:
    return f"scheduler started on {data.host}, pid {data.pid}"


def _scheduler_stopped(entry: Entry, data: v.SchedulerStopped, zone: str) -> str:
    stopped = f", {show_count(data.runs_stopped, 'run')} stopped with it" if data.runs_stopped else ""
    left = f", {show_count(data.runs_left, 'run')} left going" if data.runs_left else ""
    return f"scheduler stopped: {data.reason}{stopped}{left}"


def _clock_stepped(entry: Entry, data: v.ClockStepped, zone: str) -> str:
    if data.kind == "suspend":
        return f"the machine slept for {show_duration(abs(data.by_ms))}"
    way = "ahead" if data.by_ms >= 0 else "back"
    span = f"from {show_time(data.before, zone)} to {show_time(data.after, zone)}"
    return f"the clock was set {way} by {show_duration(abs(data.by_ms))}, {span}"


def _clock_stepped_message(entry: Entry, data: v.ClockStepped) -> str:
    if data.kind == "suspend":
        return f"the machine slept for {data.by_ms / 1000:g} s"
    return f"the clock was set by {data.by_ms / 1000:+g} s"


def _config_rejected(entry: Entry, data: v.ConfigRejected, zone: str) -> str:
    # Without a digest there was no file, so the mistake is in no line.
    if not data.config and data.errors:
        return f"config cannot be used; {_IN_FORCE}: {data.errors[0].message}"
    text = f"config rejected, {show_count(data.error_count, 'mistake')}; {_IN_FORCE}"
    if data.errors:
        first = data.errors[0]
        text += f": {place_words(first)}: {first.message}"
    return text


def _config_rejected_message(entry: Entry, data: v.ConfigRejected) -> str:
    # Without a digest there was no file, or it could not be read.
    if not data.config:
        return f"config cannot be used, {_IN_FORCE}: {data.errors[0].message if data.errors else ''}"
    first = f": {line_words(data.errors[0])}: {data.errors[0].message}" if data.errors else ""
    mistakes = "1 mistake" if data.error_count == 1 else f"{data.error_count} mistakes"
    return f"config rejected, {mistakes}; {_IN_FORCE}{first}"


def _retention_applied(entry: Entry, data: v.RetentionApplied, zone: str) -> str:
    what = {"logs": ("log file", ""), "sessions": ("session", "")}[data.kind]
    text = f"{entry.job or data.kind}: {_deleted(data)} {show_count(data.deleted, *what)}, "
    text += f"{show_size(data.deleted_bytes)}, older than {show_time(data.cutoff, zone)}"
    return text + (f"; {data.failed:,} could not be deleted" if data.failed else "")


def _retention_applied_message(entry: Entry, data: v.RetentionApplied) -> str:
    text = f"{data.kind}: {_deleted(data)} {data.deleted} files, {data.deleted_bytes} bytes, "
    text += f"older than {data.cutoff:%Y-%m-%d}"
    return text + (f"; {data.failed} could not be deleted" if data.failed else "")


def _deleted(data: v.RetentionApplied) -> str:
    if data.refused is not None:
        return f"deleted nothing, for {data.refused}; it would have deleted"
    return "would delete" if data.dry_run else "deleted"


def _retention_signs(data: v.RetentionApplied) -> Signs:
    return Signs("dim", "note", "warning" if data.failed else "info")


def _calendar(data: v.CalendarDefined) -> str:
    parts = [", ".join(data.weekdays)] if data.weekdays else []
    if data.dates:
        parts.append(f"{len(data.dates):,} {'stretch' if len(data.dates) == 1 else 'stretches'} of dates")
    return f"calendar {data.name} has {' and '.join(parts) or 'no days'}"


def _token_created(entry: Entry, data: v.TokenCreated, zone: str) -> str:
    until = "" if data.expires is None else f", good until {show_time(data.expires, zone)}"
    who = claimed_actor_words(entry.actor, data.claims)
    return f"token {data.name} to {', '.join(data.scopes)} created by {who}{until}"


def _token_revoked(entry: Entry, data: v.TokenRevoked) -> str:
    return (
        f"token {data.name} revoked by {claimed_actor_words(entry.actor, data.claims)}{because(data.reason)}"
    )


HOME_WORDINGS: Final[dict[str, EntryWording]] = {
    v.LedgerCreated.TYPE: EntryWording(
        Signs("dim", "note"), _ledger_created, lambda entry, data: f"ledger {data.ledger} created"
    ),
    v.LedgerRecovered.TYPE: EntryWording(
        Signs("warn", "warning", "warning"),
        lambda entry, data, zone: _recovered(show_size(data.bytes)),
        lambda entry, data: _recovered(f"{data.bytes} bytes"),
    ),
    v.HomeAdopted.TYPE: EntryWording(
        Signs("warn", "warning", "warning"), _home_adopted, _home_adopted_message
    ),
    v.SnapshotWritten.TYPE: EntryWording(
        Signs("dim", "note", "debug"),
        lambda entry, data, zone: f"the state up to entry {data.entry} was kept in a snapshot",
        lambda entry, data: f"state up to entry {data.entry} kept in a snapshot",
    ),
    v.SchedulerStarted.TYPE: EntryWording(
        Signs("strong", "note"), _scheduler_started, _scheduler_started_message
    ),
    v.SchedulerStopped.TYPE: EntryWording(
        Signs("strong", "note"),
        _scheduler_stopped,
        lambda entry, data: f"scheduler stopped: {data.reason}",
    ),
    v.SchedulerPaused.TYPE: EntryWording(
        Signs("bad", "warning", "error"),
        lambda entry, data, zone: f"{_NOTHING_NEW}: {data.reason}",
        lambda entry, data: f"{_NOTHING_NEW}: {data.reason}",
    ),
    v.SchedulerResumed.TYPE: EntryWording(
        Signs("good", "note"),
        lambda entry, data, zone: f"scheduler goes on after a pause of {show_duration(data.paused_ms)}",
        lambda entry, data: "scheduler goes on: the ledger can be written again",
    ),
    v.ClockStepped.TYPE: EntryWording(
        Signs("warn", "warning", "warning"), _clock_stepped, _clock_stepped_message
    ),
    v.ConfigAccepted.TYPE: EntryWording(
        Signs("dim", "note"),
        lambda entry, data, zone: f"config in force, {show_count(data.jobs, 'job')} ({data.config[:12]})",
        lambda entry, data: f"config in force, {data.jobs} jobs",
        is_quiet=True,
    ),
    v.ConfigRejected.TYPE: EntryWording(
        Signs("bad", "warning", "warning"), _config_rejected, _config_rejected_message
    ),
    v.CalendarDefined.TYPE: EntryWording(
        Signs("dim", "note"),
        lambda entry, data, zone: _calendar(data),
        lambda entry, data: _calendar(data),
    ),
    v.RetentionApplied.TYPE: EntryWording(
        Signs("dim", "note"), _retention_applied, _retention_applied_message, _retention_signs
    ),
    v.TokenCreated.TYPE: EntryWording(
        Signs("plain", "note"), _token_created, lambda entry, data: _token_created(entry, data, "UTC")
    ),
    v.TokenRevoked.TYPE: EntryWording(
        Signs("plain", "note"), lambda entry, data, zone: _token_revoked(entry, data), _token_revoked
    ),
}
"""Types of entries about the home as a whole."""
