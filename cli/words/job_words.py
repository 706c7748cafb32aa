"""A job in words and as JSON, for the list of all and for one in full."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cli.terminal.console import Tone, is_terminal, speaks_unicode
from cli.terminal.printable import show_count
from cli.terminal.tables import Cell
from cli.times.show import show_clock, show_duration, show_moment, show_time
from cli.words.late_words import late_of, late_words
from cli.words.words import actor_words, outcome_symbol, outcome_words, skip_words
from scheduler.rules.requests.upcoming import settled_by_hand
from scheduler.rules.state import Job, LastRun, Run, SchedulerStatus, State

if TYPE_CHECKING:
    from scheduler.rules.instants_state import Backfill
    from scheduler.rules.runs.waiting_reasons import WaitingReasons

PAUSE_ENDS = "It goes on by itself when the ledger can be written again: make room, or mend the permissions."
"""What to do about a scheduler that is paused."""


def enabled_words(job: Job, zone: str, *, beside: datetime | None = None, labelled: bool = True) -> str:
    """`enabled`, or since when, until when, by whom and because of what it is disabled.

    Args:
        job: the job.
        zone: for the times.
        beside: shorten them to the time of day where it is on the same date as this.
        labelled: when they are shortened, keep the offset.
    """
    if job.on_schedule:
        return "enabled"

    def shown(instant: datetime) -> str:
        if beside is None:
            return show_time(instant, zone)
        return show_clock(instant, zone, beside=beside, labelled=labelled)

    enablement = job.enablement
    words = f"disabled since {shown(enablement.time)}"
    if enablement.until is not None:
        words += f" until {shown(enablement.until)}"
    words += f" by {actor_words(enablement.actor)}"
    return words + (f" because {enablement.reason}" if enablement.reason else "")


def enabled_cell(
    state: State,
    job: Job,
    zone: str,
    now: datetime,
    waits: WaitingReasons,
    *,
    beside: datetime | None = None,
    labelled: bool = True,
    with_settled: bool = True,
    with_late: bool = True,
) -> Cell:
    """The same for a table, whether it is running, or for what runs of it wait, and up to when it is settled."""
    words = enabled_words(job, zone, beside=beside, labelled=labelled)
    if with_settled and (settled := settled_by_hand(job, now)) is not None:
        words += f", settled until {show_time(settled.until, zone)}"
    if (change := state.changes.get(job.name)) is not None and change.waits:
        words += ", a change waits for approval"
    if with_late and (late := late_words(late_of(state, job), zone, beside=beside)):
        words += f", {late}"
    tone: Tone = "plain" if words == "enabled" else "warn"
    if job.live:
        from cli.words.wait_words import waiting_runs_words

        words += f", {waiting_runs_words(state, job, waits, now, zone, beside=beside)}"
    elif job.awaited:
        from cli.words.wait_words import awaited_words

        awaited = awaited_words(job, zone, beside=beside)
        words += f", {awaited}" if awaited else ""
    return Cell(words, tone)


def _going(state: State, job: Job) -> list[Run]:
    """Its runs that have started and not ended, oldest first."""
    return [run for number in job.live if (run := state.runs[number]).started is not None]


def _begun(state: State, job: Job) -> bool:
    """Whether a run of it has made an attempt and not ended."""
    return any(state.runs[number].attempt for number in job.live)


def paused_words(watch: SchedulerStatus, now: datetime, zone: str) -> str:
    """Since when a scheduler starts nothing, and why: it is `paused since …`."""
    assert watch.paused is not None, "only of one that is paused"
    since = show_moment(watch.paused, zone, now)
    return f"paused since {since}, nothing new is started: {watch.pause_reason}"


def backfill_words(backfill: Backfill) -> str:
    """What of a backfill is still to come: `5 times still to come, asked for by entry 7`."""
    return f"{show_count(backfill.left, 'time')} still to come, asked for by entry {backfill.seq}"


def last_result(state: State, job: Job, *, unicode: bool) -> tuple[Tone, str, str]:
    """How its newest run came out: the tone, the symbol's characters (none if nothing came out), and the words.

    None has, of a job on its first run: it says so.
    """
    last = job.last
    if last is None:
        if job.live:
            return "dim", "", "first run is going" if _begun(state, job) else "first run is waiting"
        return "dim", "", "never ran"
    if last.outcome is None:
        return "dim", "", "-"
    words = outcome_words(last.outcome, exit_code=last.exit_code, signal_number=last.signal)
    return *outcome_symbol(last.outcome, unicode), words


def last_cell(state: State, job: Job) -> Cell:
    """How its newest run came out; at a terminal with a symbol."""
    tone, symbol, words = last_result(state, job, unicode=speaks_unicode())
    return Cell(f"{symbol} {words}" if symbol and is_terminal() else words, tone)


def last_started(state: State, job: Job) -> datetime | None:
    """When the run began that `last_cell` is about; None if none has begun."""
    if job.last is not None:
        return job.last.started or job.last.time
    _q = _going(state, job)
    return _q[0].started if _q else None


def last_words(last: LastRun, now: datetime, zone: str) -> str:
    """The newest run in full: when, how it came out, how long it took, by which number."""
    if last.outcome is None:
        return "-"
    error = last.error or ""
    words = outcome_words(last.outcome, exit_code=last.exit_code, signal_number=last.signal, error=error)
    if last.duration_ms is not None:
        words += f" in {show_duration(last.duration_ms)}"
    begun = last.started or last.time
    return f"{show_moment(begun, zone, now)}, {words}, run {last.run}"


def skipped_words(last: LastRun, now: datetime, zone: str) -> str:
    """The newest run that was skipped: when and why."""
    why = skip_words(last.skipped) if last.skipped else "skipped"
    return f"{show_moment(last.time, zone, now)}: {why}, run {last.run}"
