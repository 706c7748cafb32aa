"""A home at a glance, for people: a line or some for each thing that `status` tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.status.findings import (
    any_memory_limit,
    approvals_awaited,
    backfills_going,
    edits_rejected,
    job_counts,
    jobs_awaiting,
    late,
    settled_ahead_by_hand,
)
from cli.status.health import keeping_facts, left_running_lines, more_lines, watching_facts
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell, Value
from cli.times.show import show_moment, show_time

if TYPE_CHECKING:
    from scheduler.ledger.view import View

_SHOWN_MAX = 10
"""So many runs and jobs are shown; of the others, how many there are."""


def status_facts(view: View, zone: str) -> list[tuple[str, Value]]:
    """What there is to tell of a home, each with its title."""
    facts: list[tuple[str, Value]] = [
        *watching_facts(view, zone),
        ("jobs", _jobs(view, zone)),
        ("runs going", _runs(view)),
    ]
    if overdue := _late(view, zone):
        facts.append(("late", overdue))
    if awaiting := _awaiting(view, zone):
        facts.append(("jobs waiting", awaiting))
    if backfills := _backfills(view):
        facts.append(("backfills", backfills))
    if approvals := _approvals(view, zone):
        facts.append(("approvals", approvals))
    if left := left_running_lines(view):
        facts.append(("not stopped", left))
    if any_memory_limit(view):
        from cli.words.limit_words import memory_means, memory_means_words

        facts.append(("memory limits", memory_means_words(memory_means(view))))
    return [*facts, *keeping_facts(view, zone)]


def _jobs(view: View, zone: str) -> list[Cell | str]:
    counts = job_counts(view)
    lines: list[Cell | str] = [f"{counts['enabled']:,} enabled, {counts['disabled']:,} disabled"]
    settled = settled_ahead_by_hand(view)
    for name, each in settled[:_SHOWN_MAX]:
        told = f"{printable(name)}: settled up to {show_time(each.until, zone)}, by entry {each.seq}"
        lines.append(Cell(told, "warn"))
    lines += more_lines(len(settled))
    if counts["failed_last"]:
        failed = counts["failed_last"]
        lines.append(Cell(f"{show_count(failed, 'job')} failed the last time: see `jobs list`", "bad"))
    return lines


def _runs(view: View) -> list[Cell | str]:
    runs = list(view.state.runs.values())
    if not runs:
        return ["none"]
    from cli.words.lock_words import lock_waits_words
    from cli.words.scheduler_words import full_slots_words
    from cli.words.wait_words import going_words

    waits = view.waiting_reasons
    lines: list[Cell | str] = [
        f"run {run.number} of {run.job}, {going_words(view.state, run, waits, view.now)}"
        for run in runs[:_SHOWN_MAX]
    ]
    lines += more_lines(len(runs))
    lines[:0] = [Cell(told, "warn") for told in lock_waits_words(view.lock_waits, view.state, view.now)]
    if (full := view.full_slots) is not None:
        lines.insert(0, Cell(full_slots_words(full, view.now), "bad"))
    return lines


def _late(view: View, zone: str) -> list[Cell | str]:
    """What is expected of jobs and does not hold, the longest first."""
    if not (found := late(view)):
        return []
    from cli.words.late_words import late_sentence

    lines: list[Cell | str] = [
        Cell(f"{printable(each.job)}: {late_sentence(each, zone, view.now)}", "bad")
        for each in found[:_SHOWN_MAX]
    ]
    lines += more_lines(len(found))
    return lines


def _awaiting(view: View, zone: str) -> list[Cell | str]:
    """The jobs that run after others alone and wait for them, the longest first."""
    if not (awaiting := jobs_awaiting(view)):
        return []
    from cli.words.wait_words import awaited_words

    lines: list[Cell | str] = [
        f"{printable(job.name)}, {awaited_words(job, zone)}, since {show_moment(since, zone, view.now)}"
        for job, since in awaiting[:_SHOWN_MAX]
    ]
    lines += more_lines(len(awaiting))
    return lines


def _backfills(view: View) -> list[Cell | str]:
    if not (going := backfills_going(view)):
        return []
    from cli.words.job_words import backfill_words

    lines: list[Cell | str] = [
        f"{printable(name)}, {backfill_words(each)}" for name, each in going[:_SHOWN_MAX]
    ]
    lines += more_lines(len(going))
    return lines


def _approvals(view: View, zone: str) -> list[Cell | str]:
    """What waits for a second person, and what the config still says although it was rejected."""
    waiting = approvals_awaited(view)
    found = [*waiting, *edits_rejected(view)]
    if not found:
        return []
    from cli.words.approval_words import change_sentence

    lines: list[Cell | str] = [
        Cell(f"{printable(name)}: {change_sentence(change, view.now, zone)}", "warn")
        for name, change in found[:_SHOWN_MAX]
    ]
    hint = ["`jobs approve NAME` shows a change and approves it"] if waiting else []
    return [*lines, *more_lines(len(found)), *hint]
