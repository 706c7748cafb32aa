"""How entries about a run are worded, from its cause to its end."""

# ruff: noqa: ARG001 - every type is worded by functions of the same arguments

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.entry_members import FAILURES
from scheduler.wording.causes import (
    TRIGGER_WORDS,
    actor_words,
    because,
    claimed_actor_words,
    lateness_words,
    parameter_words,
    skip_words,
    spelled,
    waits_clause,
)
from scheduler.wording.instants import show_clock, show_time
from scheduler.wording.outcomes import OUTCOME_WORDINGS, ending_words, error_words, outcome_signs, said_words
from scheduler.wording.quantities import show_duration
from scheduler.wording.signs import EntryWording, Signs


def _run(entry: Entry) -> str:
    """The run as the subject of a sentence."""
    return f"run {_number(entry)} of {entry.job or '?'}"


def _named(entry: Entry) -> str:
    """The run as the logs name it, the job first."""
    return f"{entry.job or '?'}, run {_number(entry)}"


def _number(entry: Entry) -> int:
    return entry.seq if entry.run is None else entry.run


def _late_ms(entry: Entry, due: datetime) -> int:
    return max(0, round((entry.time - due).total_seconds() * 1000))


def _ticked(entry: Entry, data: v.ScheduleTicked, zone: str) -> str:
    if data.trigger == "catch_up":
        return f"{_run(entry)} is owed: catching up on {show_time(data.scheduled_for, zone)}"
    if data.trigger == "backfill":
        replaces = "" if data.replaces is None else f", in place of entry {data.replaces}"
        told = f"{_run(entry)} is owed: backfilling {show_time(data.scheduled_for, zone)}"
        return f"{told}{replaces} (entry {data.because_of})"
    due = show_clock(data.scheduled_for, zone, beside=entry.time)
    if data.trigger == "after" and data.because_of is not None:
        return f"{_run(entry)} is not to start: for {due} a job before it did not succeed (entry {data.because_of})"
    if data.trigger == "after":
        return (
            f"{_run(entry)} is owed: for {due} the jobs before it have succeeded ({_entries(data.successes)})"
        )
    return f"{_run(entry)} is owed: due {due}, {lateness_words(data.lateness_ms)}"


def _entries(seqs: Sequence[int]) -> str:
    return f"{'entry' if len(seqs) == 1 else 'entries'} {', '.join(map(str, seqs))}"


def _ticked_message(entry: Entry, data: v.ScheduleTicked) -> str:
    due = f"{data.scheduled_for:%Y-%m-%dT%H:%M:%SZ}"
    if data.trigger == "after":
        how = "after others that succeeded" if data.because_of is None else "after one that did not succeed"
        return f"job due: {_named(entry)}, for {due}, {how}"
    return f"job due: {_named(entry)}, at {due}, {data.lateness_ms} ms late"


def _started(entry: Entry, data: v.RunStarted, zone: str) -> str:
    facts = [TRIGGER_WORDS[data.trigger]]
    if data.scheduled_for is not None:
        facts.append(f"due {show_clock(data.scheduled_for, zone, beside=entry.time)}")
        if data.trigger != "after":
            facts.append(lateness_words(_late_ms(entry, data.scheduled_for), data.trigger))
    if data.attempt > 1:
        facts.append(f"attempt {data.attempt}")
    waits, where = waits_clause(data), f" on {data.node}" if data.node else ""
    return f"{_run(entry)} started{where} ({', '.join(facts)})" + (
        f", after a wait: {waits}" if waits else ""
    )


def _attempt(entry: Entry, attempt: int) -> str:
    """An attempt as the subject of a sentence."""
    return f"attempt {attempt} of {_run(entry)}"


def _started_message(entry: Entry, data: v.RunStarted) -> str:
    due = f", due {data.scheduled_for:%Y-%m-%dT%H:%M:%SZ}" if data.scheduled_for is not None else ""
    attempt = f", attempt {data.attempt}" if data.attempt > 1 else ""
    where = f" on {data.node}" if data.node else ""
    return f"job started: {_named(entry)}{where} ({spelled(data.trigger, '-')}{due}{attempt})"


def _finished(entry: Entry, data: v.RunFinished, zone: str) -> str:
    if data.closes is not None:
        return _closed(entry, data)
    subject = _run(entry) if data.retry_at is None else _attempt(entry, data.attempt)
    text = f"{subject} {OUTCOME_WORDINGS[data.outcome].clause}"
    text += ending_words(data.outcome, data.exit_code, data.signal)
    if data.duration_ms is not None and not (data.outcome == "failed" and data.duration_ms == 0):
        word = "in" if data.outcome == "succeeded" else "after"
        text += f" {word} {show_duration(data.duration_ms)}"
    if data.attempt > 1 and data.retry_at is None:
        text += f" in attempt {data.attempt}"
    text += error_words(data.outcome, data.error, guessed=True)
    text += said_words(data.outcome, data.message, data.items_processed, data.items_failed)
    if data.retry_at is not None:
        at = show_clock(data.retry_at, zone, beside=entry.time)
        text += f"; attempt {data.attempt + 1} follows at {at}"
    return text


def _closed(entry: Entry, data: v.RunFinished) -> str:
    """The wait for another attempt ended without one."""
    ended = f"{_run(entry)} {OUTCOME_WORDINGS[data.outcome].clause}"
    if data.outcome == "cancelled":
        by = f" by {actor_words(entry.actor)}" if entry.actor != v.SCHEDULER else ""
        return f"{ended}{by} before attempt {data.attempt + 1}{_shown_by(data)}"
    return f"{ended}: attempt {data.attempt} was the last one, {_no_more(data)}{_shown_by(data)}"


def _no_more(data: v.RunFinished) -> str:
    return "for the time for attempts was over" if data.because_of is None else "for no other one is wanted"


def _shown_by(data: v.RunFinished) -> str:
    return "" if data.because_of is None else f" (entry {data.because_of})"


def _finished_message(entry: Entry, data: v.RunFinished) -> str:
    wording = OUTCOME_WORDINGS[data.outcome]
    if data.closes is not None:
        why = "cancelled" if data.outcome == "cancelled" else _no_more(data)
        return f"{wording.message}: {_named(entry)}, after attempt {data.attempt}, {why}{_shown_by(data)}"
    how = ""
    if data.outcome == "succeeded":
        how = ending_words(data.outcome, data.exit_code, data.signal)
    elif data.outcome != "failed":
        how = f" {wording.clause}" if data.outcome in FAILURES else ""
    elif data.signal is not None:
        how = f", ended by signal {data.signal}"
    elif data.exit_code is not None:
        how = f", exit code {data.exit_code}"
    took = "" if data.duration_ms is None else f" after {data.duration_ms / 1000:g} s"
    took = "" if data.outcome == "unknown" else took
    why = "" if data.outcome == "succeeded" else because(data.error)
    why += said_words(data.outcome, data.message, data.items_processed, data.items_failed)
    if data.retry_at is not None:
        then = f"; attempt {data.attempt + 1} at {data.retry_at:%Y-%m-%dT%H:%M:%SZ}"
        return f"attempt failed: {_named(entry)}, attempt {data.attempt}{how}{took}{why}{then}"
    attempt = f", attempt {data.attempt}" if data.attempt > 1 else ""
    return f"{wording.message}: {_named(entry)}{attempt}{how}{took}{why}"


def _skipped(entry: Entry, data: v.RunSkipped, zone: str) -> str:
    told = f"{_run(entry)} skipped: {skip_words(data.reason, data.because_of, data.slots, data.lock)}"
    if data.because_of is None:
        return told + _wish(entry, data)
    if data.reason in ("overlap", "superseded"):
        return told
    return f"{told}{_wish(entry, data)} (entry {data.because_of})"


def _again(data: v.RunRequested) -> str:
    again = "" if data.retry_of is None else f", to make run {data.retry_of} again"
    return f"{again}, with the jobs after it" if data.with_dependents else again


def _cancel_requested(entry: Entry, data: v.RunCancelRequested, zone: str) -> str:
    if data.replaced_by is not None:
        return f"{_run(entry)} asked to stop{_replaced_by(data)}"
    who = claimed_actor_words(entry.actor, data.claims)
    return f"{_run(entry)} asked to stop by {who}{because(data.reason)}"


def _replaced_by(data: v.RunCancelRequested) -> str:
    return "" if data.replaced_by is None else f": run {data.replaced_by} takes its place"


def _wish(entry: Entry, data: v.RunSkipped) -> str:
    if data.reason != "cancelled" or entry.actor == v.SCHEDULER:
        return ""
    return f" by {actor_words(entry.actor)}"


def _skipped_message(entry: Entry, data: v.RunSkipped) -> str:
    shown = f" (entry {data.because_of})" if data.because_of is not None else ""
    return f"job skipped: {_named(entry)}: {spelled(data.reason)}{shown}"


_RETRIED: Final = Signs("warn", "warning", "warning")
RUN_WORDINGS: Final[dict[str, EntryWording]] = {
    v.ScheduleTicked.TYPE: EntryWording(
        Signs("dim", "note", "debug"), _ticked, _ticked_message, is_quiet=True
    ),
    v.RunRequested.TYPE: EntryWording(
        Signs("dim", "note"),
        lambda entry, data, zone: (
            f"{_run(entry)} requested by {claimed_actor_words(entry.actor, data.claims)}"
            f"{_again(data)}{parameter_words(data.params)}{because(data.reason)}"
        ),
        lambda entry, data: (
            f"job requested: {_named(entry)}, by {entry.actor}{_again(data)}{parameter_words(data.params)}"
            f"{because(data.reason)}"
        ),
    ),
    v.RunCancelRequested.TYPE: EntryWording(
        Signs("warn", "warning"),
        _cancel_requested,
        lambda entry, data: (
            f"job to be stopped: {_named(entry)}, says {entry.actor}{because(data.reason)}{_replaced_by(data)}"
        ),
    ),
    v.RunStarted.TYPE: EntryWording(Signs("plain", "start"), _started, _started_message),
    v.RunAdopted.TYPE: EntryWording(
        Signs("warn", "warning", "warning"),
        lambda entry, data, zone: f"{_run(entry)} outlived the process that watched it and is watched again",
        lambda entry, data: (
            f"job goes on: {_named(entry)} outlived the process that watched it and is watched again"
        ),
    ),
    v.RunFinished.TYPE: EntryWording(
        Signs("plain", "note"),
        _finished,
        _finished_message,
        lambda data: outcome_signs(data.outcome) if data.retry_at is None else _RETRIED,
    ),
    v.RunSkipped.TYPE: EntryWording(Signs("warn", "omission", "warning"), _skipped, _skipped_message),
}
"""Types of entries about a run."""
