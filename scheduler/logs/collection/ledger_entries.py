"""The ledger's entries as log entries: the scheduler's own messages.

`job failed: …` is what every run that came to a bad end reads, so that a search for "job failed" finds failed jobs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.logs.collection.secret_masking import Masker
from scheduler.logs.storage.checkpoint import OutputPosition
from scheduler.logs.storage.entry import Level, LogEntry, time_text

FAILED: Final = "job failed: "
"""What the message of a run that failed begins with."""

_MESSAGE_CHARACTERS_MAX: Final = 4_000

_PLAIN: Final[dict[str, tuple[Level, str]]] = {
    v.SchedulerResumed.TYPE: ("info", "scheduler goes on: the ledger can be written again"),
}


def fact_of(entry: Entry, masker: Masker) -> LogEntry:
    """What an entry of the ledger says, as a log entry; also of a type that this version does not know."""
    fields: dict[str, Any] = {"seq": entry.seq, "type": entry.type}
    level: Level = "info"
    message, attempt = entry.type, None
    try:
        data = v.payload(entry)
        attempt = getattr(data, "attempt", None)
        if entry.type in _PLAIN:
            level, message = _PLAIN[entry.type]
        elif data is not None and (word := _WORDS.get(entry.type)) is not None:
            level, message = word(entry, data)
        if isinstance(data, v.RunFinished):
            members = ("outcome", "exit_code", "signal", "duration_ms")
            fields |= {name: value for name in members if (value := getattr(data, name)) is not None}
    except msgspec.MsgspecError:
        pass  # an entry of a later version: its type says what there is to say
    if entry.actor != v.SCHEDULER:
        fields["actor"] = entry.actor
    return LogEntry(
        time=time_text(entry.time), level=level, job=entry.job, run=entry.run, attempt=attempt,
        stream="scheduler", message=masker.text(_one_line(message)), fields=fields,
    )  # fmt: skip


def _one_line(text: str) -> str:
    text = " ".join(text.split("\n")).replace("\0", "\\x00")
    return text if len(text) <= _MESSAGE_CHARACTERS_MAX else f"{text[:_MESSAGE_CHARACTERS_MAX]}…"


def _run(entry: Entry) -> str:
    return f"{entry.job or '?'}, run {entry.seq if entry.run is None else entry.run}"


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""


def _seconds(duration_ms: int | None) -> str:
    return "" if duration_ms is None else f" after {duration_ms / 1000:g} s"


def _finished(entry: Entry, data: v.RunFinished) -> tuple[Level, str]:
    took = _seconds(data.duration_ms)
    if data.outcome == "succeeded":
        return "info", f"job succeeded: {_run(entry)}{took}"
    if data.outcome == "cancelled":
        return "warning", f"job cancelled: {_run(entry)}{took}{_because(data.error)}"
    if data.outcome == "unknown":
        return "warning", f"job ended, nobody knows how: {_run(entry)}{_because(data.error)}"
    how = {"timed_out": " timed out", "lost": " was lost"}.get(data.outcome, "")
    if data.outcome == "failed" and data.signal is not None:
        how = f", ended by signal {data.signal}"
    elif data.outcome == "failed" and data.exit_code is not None:
        how = f", exit code {data.exit_code}"
    return "error", f"{FAILED}{_run(entry)}{how}{took}{_because(data.error)}"


def _started(entry: Entry, data: v.RunStarted) -> tuple[Level, str]:
    due = f", due {data.scheduled_for:%Y-%m-%dT%H:%M:%SZ}" if data.scheduled_for is not None else ""
    return "info", f"job started: {_run(entry)} ({data.trigger.replace('_', '-')}{due})"


def _misfired(entry: Entry, data: v.ScheduleMisfired) -> tuple[Level, str]:
    span = f"{data.first:%Y-%m-%dT%H:%M:%SZ} to {data.last:%Y-%m-%dT%H:%M:%SZ}"
    why = data.reason.replace("_", " ")
    return (
        "warning",
        f"job missed: {entry.job}, {data.count} of its times ({why}), {span}; {data.will_run} will be run",
    )


def _skipped(entry: Entry, data: v.RunSkipped) -> tuple[Level, str]:
    shown = f" (entry {data.because_of})" if data.because_of is not None else ""
    return "warning", f"job skipped: {_run(entry)}: {data.reason.replace('_', ' ')}{shown}"


def _rejected(_entry: Entry, data: v.ConfigRejected) -> tuple[Level, str]:
    in_force = "the last good one stays in force"
    if not data.config:  # there is no file to have mistakes, or none that can be read
        return (
            "warning",
            f"config cannot be used, {in_force}: {data.errors[0].message if data.errors else ''}",
        )
    first = f": line {data.errors[0].line}: {data.errors[0].message}" if data.errors else ""
    mistakes = "1 mistake" if data.error_count == 1 else f"{data.error_count} mistakes"
    return "warning", f"config rejected, {mistakes}; {in_force}{first}"


def _retention(_entry: Entry, data: v.RetentionApplied) -> tuple[Level, str]:
    verb = "would delete" if data.dry_run else "deleted"
    what = f"{data.kind}: {verb} {data.deleted} files, {data.deleted_bytes} bytes, older than {data.cutoff:%Y-%m-%d}"
    return ("warning" if data.failed else "info"), what + (
        f"; {data.failed} could not be deleted" if data.failed else ""
    )


def _defined(entry: Entry, data: v.JobDefined) -> tuple[Level, str]:
    changes = f" changed: {', '.join(data.changed)}" if data.changed else " defined"
    return "info", f"job {entry.job}{changes}"


_WORDS: Final[dict[str, Callable[[Entry, Any], tuple[Level, str]]]] = {
    v.LedgerCreated.TYPE: lambda _, data: ("info", f"ledger {data.ledger} created"),
    v.LedgerRecovered.TYPE: lambda _, data: (
        "warning", f"an unfinished write of {data.bytes} bytes was found after a crash and set aside"),
    v.HomeAdopted.TYPE: lambda entry, data: (
        "warning", f"the home in {data.path} is a copy of another one, and goes on by itself: {entry.actor} said so"),
    v.SchedulerStarted.TYPE: lambda _, data: ("info", f"scheduler started on {data.host}, pid {data.pid}"),
    v.SchedulerStopped.TYPE: lambda _, data: ("info", f"scheduler stopped: {data.reason}"),
    v.SchedulerPaused.TYPE: lambda _, data: ("error", f"scheduler paused, nothing new is started: {data.reason}"),
    v.ClockStepped.TYPE: lambda _, data: (
        "warning", f"the machine slept for {data.by_ms / 1000:g} s" if data.kind == "suspend"
        else f"the clock was set by {data.by_ms / 1000:+g} s"),
    v.ConfigAccepted.TYPE: lambda _, data: ("info", f"config in force, {data.jobs} jobs"),
    v.ConfigRejected.TYPE: _rejected,
    v.JobDefined.TYPE: _defined,
    v.JobRemoved.TYPE: lambda entry, _: ("info", f"job {entry.job} removed from the config"),
    v.RunAdopted.TYPE: lambda entry, _: (
        "warning", f"job goes on: {_run(entry)} outlived the scheduler that started it and is watched again"),
    v.JobEnabled.TYPE: lambda entry, data: (
        "info", f"job {entry.job} enabled by {entry.actor}{_because(data.reason)}"),
    v.JobDisabled.TYPE: lambda entry, data: (
        "info", f"job {entry.job} disabled by {entry.actor}{_because(data.reason)}"),
    v.ScheduleTicked.TYPE: lambda entry, data: (
        "debug", f"job due: {_run(entry)}, at {data.scheduled_for:%Y-%m-%dT%H:%M:%SZ}, {data.lateness_ms} ms late"),
    v.ScheduleMisfired.TYPE: _misfired,
    v.RunRequested.TYPE: lambda entry, data: (
        "info", f"job requested: {_run(entry)}, by {entry.actor}{_because(data.reason)}"),
    v.RunCancelRequested.TYPE: lambda entry, data: (
        "info", f"job to be stopped: {_run(entry)}, says {entry.actor}{_because(data.reason)}"),
    v.RunStarted.TYPE: _started,
    v.RunFinished.TYPE: _finished,
    v.RunSkipped.TYPE: _skipped,
    v.RetentionApplied.TYPE: _retention,
}  # fmt: skip


def missing_output(time: str, output: OutputPosition, missing_bytes: int, *, unreadable: bool) -> LogEntry:
    """The note that captured output was deleted or cut, or cannot be read, before it could be collected."""
    why = "cannot be read" if unreadable else "were deleted before they could be collected"
    return LogEntry(
        time=time, level="warning", job=output.job, run=output.run, attempt=output.attempt, stream="scheduler",
        message=f"output lost: {missing_bytes} bytes of {output.stream} {why}",
        fields={"missing_bytes": missing_bytes, "missing_stream": output.stream},
    )  # fmt: skip


__all__ = ["FAILED", "fact_of", "missing_output"]
