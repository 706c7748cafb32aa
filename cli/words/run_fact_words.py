"""How facts about a run read in an explanation: a sentence for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from cli.times.show import show_duration
from cli.words.node_words import no_node_clause
from cli.words.words import (
    OUTCOME_WORDINGS,
    actor_words,
    because,
    ending_words,
    error_words,
    is_on_time,
    lateness_words,
    skip_words,
    trigger_words,
)
from scheduler.explanation import Fact
from scheduler.explanation import facts as f
from scheduler.rules.nodes.placement import Refusal
from scheduler.wording.causes import parameter_words
from scheduler.wording.expectation_entries import breach_clause, end_clause
from scheduler.wording.outcomes import said_words

_HOLDERS_SHOWN_MAX = 5
Shown = Callable[[datetime], str]


def _ticked(fact: f.RunOwed, shown: Shown) -> str:
    late = "" if is_on_time(fact.lateness_ms) else f", {lateness_words(fact.lateness_ms)}"
    if fact.trigger == "backfill":
        return f"Its turn came at {shown(fact.time)}{late}: run {fact.run}."
    how = "Catch-up asked for it" if fact.trigger == "catch_up" else "It fell due, and a run was owed"
    return f"{how} at {shown(fact.time)}{late}: run {fact.run}."


def _backfill(fact: f.Backfilling, shown: Shown) -> str:
    asked = (
        f"{actor_words(fact.actor)} asked at {shown(fact.time)} that it be backfilled{because(fact.reason)}"
    )
    if fact.turn == "to_come":
        return f"{asked}; its turn is still to come."
    if fact.ended is None:
        return f"{asked}."
    return f"{asked}; that was ended at {shown(fact.ended)}, before its turn, by {actor_words(fact.ended_by or '')}."


def _run_began(fact: f.RunStart, shown: Shown) -> str:
    adopted = (
        "; it outlived the process that watched it, and a scheduler took it over" if fact.adopted else ""
    )
    params = parameter_words({**fact.params, **dict.fromkeys(fact.secret, "(secret)")})
    user = f" as {fact.run_as}" if fact.run_as else ""
    node = f" on {fact.node}" if fact.node else ""
    return f"Run {fact.run} started{node} at {shown(fact.time)}{user}{params}{adopted}."


def _run_ended(fact: f.RunEnd, shown: Shown) -> str:
    attempt = f" in attempt {fact.attempt}" if fact.attempt > 1 else ""
    told = f"Run {fact.run} {_end(fact, shown)}{attempt}{error_words(fact.outcome, fact.error)}"
    said = said_words(fact.outcome, fact.message, fact.items_processed, fact.items_failed)
    metrics = ", ".join(f"{name}={value}" for name, value in fact.metrics.items())
    return f"{told}{said}." + (f" It measured {metrics}." if metrics else "")


def _end(fact: f.RunEnd | f.AttemptEnd, shown: Shown) -> str:
    """How and when it ended, and how long it took: `failed with exit code 3 at … after 2 s`."""
    how = OUTCOME_WORDINGS[fact.outcome].clause + ending_words(fact.outcome, fact.exit_code, fact.signal)
    took = f" after {show_duration(fact.duration_ms)}" if fact.duration_ms is not None else ""
    return f"{how} at {shown(fact.time)}{took}"


def _attempt_ended(fact: f.AttemptEnd, shown: Shown) -> str:
    told = f"Attempt {fact.attempt} {_end(fact, shown)}{error_words(fact.outcome, fact.error)}"
    told += f"; attempt {fact.attempt + 1} was to follow at {shown(fact.retry_at)}"
    return f"{told}, and started at {shown(fact.next_started)}." if fact.next_started else f"{told}."


def _wait_ended(fact: f.WaitEnd, shown: Shown) -> str:
    why = {
        "within": "the time within which its attempts are to start (`retry.within`) was over",
        "cancelled": "it was cancelled",
        "disabled": "its job was disabled",
        "removed": "its job was removed from the config",
    }[fact.why]
    by = f" by {actor_words(fact.actor)}{because(fact.actor_reason)}" if fact.actor else ""
    return f"It made no attempt {fact.attempt + 1}: at {shown(fact.time)} it was recorded that {why}{by}."


def _run_open(fact: f.UnfinishedRun, shown: Shown) -> str:
    if fact.started is not None:
        which = f"Attempt {fact.attempt} of run {fact.run}" if fact.attempt > 1 else f"Run {fact.run}"
        where = "" if fact.node is None else f" on {fact.node}"
        return f"{which} is going{where} since {shown(fact.started)}."
    if fact.node is not None:
        return f"Run {fact.run} is assigned to node {fact.node}, which has not started it yet."
    last = "" if fact.gives_up_at is None else f", until {shown(fact.gives_up_at)} at most"
    needs = {"scheduler": ": no scheduler is running", "paused": ": the scheduler is paused"}
    why = needs[fact.needs] if fact.needs else f" behind run {fact.behind}" if fact.behind is not None else ""
    if fact.retry_at is not None:
        told = f"Run {fact.run} waits for attempt {fact.attempt}, which is to start at {shown(fact.retry_at)}"
        return f"{told}{why}{last}."
    return f"Run {fact.run} waits{why}{last}."


def _run_skipped(fact: f.RunSkip, shown: Shown) -> str:
    told = f"Run {fact.run} was skipped at {shown(fact.time)}: {skip_words(fact.reason)}"
    if not fact.actor:
        return f"{told}."
    if fact.reason == "cancelled":
        return f"{told}, as {actor_words(fact.actor)} wished{because(fact.actor_reason)}."
    return f"{told} by {actor_words(fact.actor)}{because(fact.actor_reason)}."


def _late(fact: f.LateRun, shown: Shown) -> str:
    over = fact.until is not None
    what = breach_clause(fact.expectation, fact.limit_ms, fact.run, over=over)
    told = f"{what[:1].upper()}{what[1:]} (`{fact.expectation}`): late since {shown(fact.since)}"
    return f"{told}{_breach_end(fact, fact.run)}."


def _late_success(fact: f.LateSuccess, shown: Shown) -> str:
    what = breach_clause("success_every", fact.limit_ms, None)
    return f"The job was late then: {what} (`success_every`), since {shown(fact.since)}{_breach_end(fact, None)}."


def _breach_end(fact: f.LateRun | f.LateSuccess, run: int | None) -> str:
    """How it ended: `; run 7 started, 20 min too late`; empty if it goes on."""
    if fact.until is None or fact.by is None:
        return ""
    return f"; {end_clause(fact.by, run, fact.since, fact.until)}"


def _in_the_way(fact: f.BlockingRun, shown: Shown) -> str:
    due = f", due {shown(fact.scheduled_for)}" if fact.scheduled_for else ""
    begun = f"started at {shown(fact.started)}" if fact.started else "not started by then"
    told = f"In its way was run {fact.run} ({trigger_words(fact.trigger)}{due}), {begun}"
    if fact.ended is None:
        return f"{told} and not ended yet."
    how = OUTCOME_WORDINGS[fact.outcome].clause if fact.outcome else "was skipped"
    return f"{told}; it {how} at {shown(fact.ended)}."


def _replaced_by(fact: f.ReplacingRun, shown: Shown) -> str:
    due = f", due {shown(fact.scheduled_for)}," if fact.scheduled_for else ""
    return f"Run {fact.run}{due} took its place (`overlap: replace`)."


def _slots_taken(fact: f.TakenSlots, shown: Shown) -> str:
    by = _named(fact.runs, fact.jobs)
    since = f" since {shown(fact.since)}" if fact.since else ""
    return f"All slots (`max_parallel`) were taken{since}, by {by}."


def _named(runs: Sequence[int], jobs: Sequence[str]) -> str:
    """Runs with their jobs, the first few by name: `run 7 of etl, run 8 of load`."""
    pairs = list(zip(runs, jobs, strict=True))
    names = ", ".join(f"run {run} of {job}" for run, job in pairs[:_HOLDERS_SHOWN_MAX])
    more = len(pairs) - _HOLDERS_SHOWN_MAX
    return f"{names} and {more} more" if more > 0 else names


def _lock_in_the_way(fact: f.LockInTheWay, shown: Shown) -> str:
    by = _named(fact.runs, fact.jobs)
    waits = "waits" if fact.waits else "waited"
    told = f"Run {fact.whose} {waits} for the lock {fact.lock}"
    if fact.older:
        return f"{told}, for which {by} {waits}, which is older and comes first."
    since = f" since {shown(fact.since)}" if fact.since else ""
    return f"{told}, held by {by}{since}."


def _no_node(fact: f.NoNode, _: Shown) -> str:
    refusals = [Refusal(each.node, each.kind, each.why, tuple(each.runs)) for each in fact.nodes]
    return f"No node takes it: {no_node_clause(fact.label, refusals)}."


def _by_hand(fact: f.ManualRun, shown: Shown) -> str:
    return f"{actor_words(fact.actor)} asked for run {fact.run} at {shown(fact.time)}{because(fact.reason)}."


RUN_FACT_WORDS: dict[type[Fact], Callable[[Any, Shown], str]] = {
    f.RunOwed: _ticked,
    f.Backfilling: _backfill,
    f.RunStart: _run_began,
    f.RunEnd: _run_ended,
    f.AttemptEnd: _attempt_ended,
    f.WaitEnd: _wait_ended,
    f.UnfinishedRun: _run_open,
    f.RunSkip: _run_skipped,
    f.LateRun: _late,
    f.LateSuccess: _late_success,
    f.BlockingRun: _in_the_way,
    f.ReplacingRun: _replaced_by,
    f.TakenSlots: _slots_taken,
    f.LockInTheWay: _lock_in_the_way,
    f.NoNode: _no_node,
    f.ManualRun: _by_hand,
}
"""The sentence of each fact about a run."""
