"""One job in full: each thing that there is to tell of it beside its settings, and the entries that show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from cli.terminal.tables import Cell, Value
from cli.times.show import show_relative, show_time
from cli.words.job_words import backfill_words, enabled_cell, last_result, last_words, skipped_words
from cli.words.late_words import late_of, late_sentence
from cli.words.words import timing_words
from scheduler.rules.requests.upcoming import next_run, settled_by_hand

if TYPE_CHECKING:
    from scheduler.ledger.view import View
    from scheduler.rules.approvals.pending_change import PendingChange
    from scheduler.rules.runs.waiting_reasons import WaitingReasons
    from scheduler.rules.state import Job


class JobFact(msgspec.Struct, frozen=True):
    """One thing: its title, what there is to tell, and the entries that show it."""

    title: str
    value: Value
    entries: tuple[int, ...] = ()


def job_facts(view: View, job: Job, zone: str) -> Iterator[JobFact]:
    """All of them; times are those of `zone`."""
    waits = view.waiting_reasons
    words, source = timing_words(job.definition)
    if job.definition.description:
        yield JobFact("description", job.definition.description)
    yield JobFact("schedule", f"{words} ({source})", (job.defined_seq,))
    yield JobFact("zone", job.definition.timezone)
    enabled = enabled_cell(view.state, job, zone, view.now, waits, with_settled=False, with_late=False)
    yield JobFact("enabled", enabled, (job.enablement.seq,))
    if (change := view.state.changes.get(job.name)) is not None:
        yield from _pending(view, job, change, zone)
    limits = job.definition.limits
    if limits is not None and limits.memory_bytes is not None:
        yield _memory_limit(view, limits.memory_bytes)
    yield from _in_flight(view, job, waits, zone)
    if late := late_of(view.state, job):
        told = [Cell(late_sentence(each, zone, view.now), "bad") for each in late]
        yield JobFact("late", told, tuple(each.seq for each in late if each.seq is not None))
    if (settled := settled_by_hand(job, view.now)) is not None:
        up_to = show_time(settled.until, zone)
        yield JobFact("settled", f"up to {up_to}, by entry {settled.seq}", (settled.seq,))
    yield from _backfill(view, job)
    yield from _last(view, job, zone)
    yield JobFact("next run", _next(view, job, zone, words))


def _pending(view: View, job: Job, change: PendingChange, zone: str) -> Iterator[JobFact]:
    from cli.words.approval_words import change_rows, change_sentence

    seqs = (change.seq,) if change.rejected_seq is None else (change.seq, change.rejected_seq)
    yield JobFact("pending", Cell(change_sentence(change, view.now, zone), "warn"), seqs)
    for key, old, new in change_rows(job.definition, change.definition):
        yield JobFact(f"  {key}", f"{old or 'none'} -> {new or 'none'}")


def _memory_limit(view: View, memory_bytes: int) -> JobFact:
    from cli.words.limit_words import memory_means, memory_means_words
    from scheduler.wording.quantities import size_words

    return JobFact("memory limit", f"{size_words(memory_bytes)} {memory_means_words(memory_means(view))}")


def _backfill(view: View, job: Job) -> Iterator[JobFact]:
    if job.name not in view.state.backfills:
        return
    from scheduler.rules.requests.backfill import under_way

    if (backfill := under_way(view.state, job.name)) is not None:
        yield JobFact("backfill", backfill_words(backfill), (backfill.seq,))


def _in_flight(view: View, job: Job, waits: WaitingReasons, zone: str) -> Iterator[JobFact]:
    if not job.live:
        return
    from cli.words.wait_words import going_words

    for number in job.live:
        run = view.state.runs[number]
        told = f"run {number}, {going_words(view.state, run, waits, view.now, zone)}"
        yield JobFact("running" if run.started else "waiting", told, (run.started_seq or number,))


def _last(view: View, job: Job, zone: str) -> Iterator[JobFact]:
    last, skipped = job.last, job.last_skipped
    if last is None:
        tone, _, never = last_result(view.state, job, unicode=False)
        yield JobFact("last run", Cell(never, tone))
    else:
        yield JobFact("last run", last_words(last, view.now, zone), _shown_by(last.seq))
    if skipped is not None and (last is None or skipped.time > last.time):
        yield JobFact("last skipped", skipped_words(skipped, view.now, zone), _shown_by(skipped.seq))


def _shown_by(seq: int | None) -> tuple[int, ...]:
    return () if seq is None else (seq,)


def _next(view: View, job: Job, zone: str, words: str) -> Value:
    upcoming = next_run(job, view.now)
    if upcoming is None and job.on_schedule and job.definition.at_reboot:
        return "at the next boot of the machine"
    if job.definition.follows and job.on_schedule:
        return words
    if upcoming is None:
        return Cell("none", "dim")
    when = f"{show_time(upcoming, zone)} ({show_relative(upcoming, view.now)})"
    return when if view.is_served else f"{when}, if a scheduler is running then"
