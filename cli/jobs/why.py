"""Why a job ran or did not run at an instant, in sentences, each with the entries that prove it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from cli.app.failures import Failure
from cli.home.job_names import find_job
from cli.terminal.printable import printable
from cli.terminal.tables import Cell
from cli.times.instant import SECOND, TypedTime, read_typed_time
from cli.times.show import show_relative, show_time
from cli.words.approval_words import change_sentence
from cli.words.entry_lines import sentence
from cli.words.explanation_words import headline, in_force_sentence, sentence_of
from cli.words.words import timing_words
from scheduler.explanation import Explainer, Explanation, WallTimeInstants
from scheduler.explanation.facts import ScheduleInForce, UnfinishedRun, UpcomingInstant
from scheduler.explanation.last_due import last_due
from scheduler.ledger.past import OnProgress, Past
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.requests.upcoming import next_run, settled_by_hand

if TYPE_CHECKING:
    from datetime import datetime

    from eventstore.store import Entry
    from scheduler.ledger.view import View


_ASKED_FOR_MAX = 10
"""Of a job that was never due, at most so many runs that somebody asked for are told of."""


class ToldFact(NamedTuple):
    """A sentence, and the entries that prove it; none if it follows from a clock or a calendar."""

    sentence: str
    entries: list[int]


class Answered(NamedTuple):
    """A question about a job, answered.

    Attributes:
        explainer: which answered it.
        asked: the time that was asked about; of none, when the job was last due.
        answers: what became of each instant; none if the job never was due.
        more: how many further instants the time stands for.
    """

    explainer: Explainer
    asked: TypedTime
    answers: list[Explanation]
    more: int


def answered(
    view: View,
    name: str,
    at: str | None,
    on_progress: OnProgress | None = None,
    present: bytes | None = None,
) -> Answered:
    """The answer about a time as typed, or about the instant at which the job was due last.

    Args:
        view: the home; of the past, too.
        name: of the job, which may have been removed.
        at: the time; None: the last instant.
        on_progress, present: see `Past`.

    Raises:
        Failure: there is no such job, or nothing is on record about it.
        click.BadParameter: `at` is no time.
        Corrupt: the ledger cannot be trusted.
    """
    explainer = _explainer(view, name, on_progress, present)
    asked = _time_asked(explainer, view, name, at)
    answers, more = [], 0
    for instant in asked.shown.instants:
        until = instant + asked.tolerance
        told, untold = explainer.about(instant, until)
        asked_for = explainer.requests(instant, until)
        answers += [*([] if explainer.on_demand and asked_for else told), *asked_for]
        more += untold
    if not explainer.knows(view.state.jobs[name]):
        answers = [_of_what_comes(answer, caught_up=None, edited=True) for answer in answers]
    elif view.hindrance is not None:
        answers = [_of_what_comes(answer, held_up=True) for answer in answers]
    return Answered(explainer, asked, answers, more)


def how_shown(asked: TypedTime, timezone: str, zone: str | None) -> str:
    """That clocks show the typed time twice or never; empty if they show it once."""
    if asked.shown.how == "once" or asked.local is None:
        return ""
    typed = f"{asked.local:%Y-%m-%d %H:%M:%S}"
    moments = " and ".join(show_time(instant, zone or timezone) for instant in asked.shown.instants)
    if asked.shown.how == "twice":
        return f"Clocks in {timezone} show {typed} twice: {moments}."
    return f"Clocks in {timezone} never show {typed}: they were set ahead over it, to {moments}."


def verdict_cell(answer: Explanation, now: datetime) -> Cell:
    """The answer in a line."""
    tone, text = headline(answer, now)
    return Cell(text, tone)


def told_facts(view: View, answer: Explanation, zone: str) -> Iterator[ToldFact]:
    """The facts on which an answer rests, in their order."""
    for fact in answer.facts:
        yield ToldFact(sentence_of(fact, zone), fact.entries)
        if isinstance(fact, UnfinishedRun):
            yield from _cancellation(view, fact.run, zone)


def never_due(view: View, standing: Explanation, zone: str) -> tuple[str, list[ToldFact]]:
    """Of a job that no schedule has asked for yet: that, since when it is in force, and what somebody asked for."""
    told = f"{printable(standing.job)} has not been due yet."
    job = view.state.jobs[standing.job]
    if job.definition.on_demand:
        told = f"{printable(standing.job)} has not been asked for yet."
    elif job.definition.follows:
        told = f"{printable(standing.job)} has not been due yet: {timing_words(job.definition)[0]}."
    elif job.definition.has_times and schedule_of(job.definition).next_after(view.now) is None:
        told = f"{printable(standing.job)} has never been due, and its schedule has no time left."
    facts = []
    for fact in standing.facts:
        words = sentence_of(fact, zone)
        if isinstance(fact, ScheduleInForce) and (defined := _entry(view, fact.entries[0])) is not None:
            words = in_force_sentence(fact, defined.time, zone)
        facts.append(ToldFact(words, fact.entries))
    return told, [*facts, *_asked_for(view, standing.job)]


def _asked_for(view: View, name: str) -> Iterator[ToldFact]:
    """How far the runs are that somebody asked for and that have not ended."""
    from cli.words.wait_words import going_words

    for number in view.state.jobs[name].live[:_ASKED_FOR_MAX]:
        run = view.state.runs[number]
        how = printable(going_words(view.state, run, view.waiting_reasons, view.now))
        yield ToldFact(f"Run {number} was asked for: {how}.", [number])


def what_comes_next(view: View, name: str, explainer: Explainer, zone: str) -> Iterator[Cell]:
    """What stands in the way of what comes next, and when or how that is."""
    job = view.state.jobs[name]
    if (change := view.state.changes.get(name)) is not None:
        told = change_sentence(change, view.now, zone)
        yield Cell(f"In force is what entry {job.defined_seq} says: {told}.", "warn")
    settled = explainer.settled_ahead()
    if settled is not None:
        by_hand = settled_by_hand(job, view.now)
        why = "the clock was set back" if by_hand is None else f"by entry {by_hand.seq}"
        yield Cell(f"Instants up to {show_time(settled, zone)} have been settled already: {why}.", "warn")
    if not explainer.knows(job):
        yield Cell(
            "The config has an edit of it that is not on record yet: `cronledger plan` shows it.",
            "warn",
        )
    yield Cell(f"What comes next: {_next(view, name, zone)}.")


def next_due(view: View, name: str) -> datetime | None:
    """The next instant at which a job will run by itself, with what was edited."""
    return next_run(view.state.jobs[name], view.now)


def _next(view: View, name: str, zone: str) -> str:
    job, upcoming = view.state.jobs[name], next_due(view, name)
    if job.removed_seq is not None:
        removed = _entry(view, job.removed_seq)
        when = ", which is not on record yet" if removed is None else f" at {show_time(removed.time, zone)}"
        return f"nothing; it was removed from the config{when}"
    if job.definition.on_demand:
        return f"nothing by itself; `cronledger jobs run {shlex.quote(name)}` asks for it"
    if job.on_schedule and job.definition.at_reboot:
        return "a run at the next boot of the machine"
    if job.on_schedule and job.definition.follows:
        return f"it runs {timing_words(job.definition)[0]}"
    if upcoming is None:
        return "nothing; it is not due again by itself as things stand"
    serving = "" if view.is_served else ", if a scheduler is running then"
    return f"{show_time(upcoming, zone)} ({show_relative(upcoming, view.now)}){serving}"


def _explainer(view: View, name: str, on_progress: OnProgress | None, present: bytes | None) -> Explainer:
    find_job(view.state, name, removed=True)
    try:
        if view.ledger is not None:
            past = Past.of(view.home, view.ledger.store, on_progress, present)
            return Explainer(past, name, view.now, serving=view.is_served)
    except KeyError:
        pass
    raise Failure(
        f"nothing is on record about job {printable(name)} yet",
        "It is in the config; the ledger knows of it from the next start of `cronledger serve` on.",
    )


def _time_asked(explainer: Explainer, view: View, name: str, at: str | None) -> TypedTime:
    if at is not None:
        return read_typed_time(at, view.state.jobs[name].definition.timezone, view.now)
    instant = last_due(explainer, None if view.ledger is None else view.ledger.store, name)
    return TypedTime(WallTimeInstants("once", [] if instant is None else [instant]), SECOND, None)


def _cancellation(view: View, number: int, zone: str) -> Iterator[ToldFact]:
    """Who asked that a run be stopped which has not ended yet."""
    run = view.state.runs.get(number)
    if run is None or run.cancel_seq is None or (asked := _entry(view, run.cancel_seq)) is None:
        return
    told = sentence(asked, zone).replace("run", "Run", 1)
    yield ToldFact(f"{told}, at {show_time(asked.time, zone)}.", [asked.seq])


def _entry(view: View, seq: int) -> Entry | None:
    return None if view.ledger is None else next(view.ledger.store.read(seq, seq), None)


def _of_what_comes(answer: Explanation, **otherwise: object) -> Explanation:
    """The same, where something else decides what becomes of an instant that is to come, or has just passed."""
    facts = [
        structs.replace(fact, **otherwise) if isinstance(fact, UpcomingInstant) else fact
        for fact in answer.facts
    ]
    return structs.replace(answer, facts=facts)
