"""`cronledger jobs why`: whether a job ran at an instant, and if not, why."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from cli.app.failures import Failure
from cli.app.json_output import json_option, show_json
from cli.home.job_names import JOB, find_job
from cli.home.open import to_read
from cli.terminal.console import note, out, paint, tell, wants_colour
from cli.terminal.printable import printable, show_count
from cli.terminal.progress import progress
from cli.times.instant import SECOND, TypedTime, read_typed_time
from cli.times.show import JOBS_ZONE, show_relative, show_time, utc_option
from cli.words.approval_words import change_document, change_sentence
from cli.words.entry_lines import sentence
from cli.words.explanation_words import headline, in_force_sentence, sentence_of
from cli.words.words import timing_words
from scheduler.explanation import Explainer, Explanation, WallTimeInstants
from scheduler.explanation.facts import ScheduleInForce, UnfinishedRun
from scheduler.explanation.last_due import last_due
from scheduler.home import Home
from scheduler.ledger.past import OnProgress, Past
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.requests.upcoming import settled_by_hand

if TYPE_CHECKING:
    from scheduler.ledger.view import View

_ITEM = "  - "


@click.command(epilog="Example: cronledger jobs why nightly --at '2026-11-23 02:30'")
@click.argument("name", metavar="NAME", type=JOB)
@click.option(
    "--at",
    "at",
    metavar="TIME",
    help="The moment to ask about, on the clocks of the job's zone.  [default: when it was last due]",
)
@utc_option(JOBS_ZONE)
@json_option
@click.pass_obj
def why(home: Home, name: str, at: str | None, utc: bool, as_json: bool) -> None:
    """Tell whether a job ran at an instant, and if not, why, with the entries that prove it.

    Without --at it is about the latest instant at which the job was due (of a job that was removed, while the config
    had it); of a job that never was due, it says so. A time without seconds stands for its whole minute. Everything
    is from the ledger: what was in force then, not what is now.
    """
    with to_read(home, quiet=True) as view:
        with progress("reading the past") as seen:
            explainer = _explainer(view, name, lambda done, total: seen.update(done, total=total))
            asked = _time_asked(explainer, view, name, at)
            answers, more = _answers(explainer, asked)
        if as_json:
            show_json(_document(view, (name, at, asked), answers, more, explainer.next_due()))
            return
        zone = "UTC" if utc else None
        if not answers:
            standing = explainer.explain(view.now)
            _show_never_due(view, standing, zone or standing.timezone)
            _show_next(view, name, explainer, zone or standing.timezone)
            return
        _say_how_shown(asked, answers[0].timezone, zone)
        for answer in answers:
            _show(view, answer, zone or answer.timezone)
        if more:
            tell(
                f"And {show_count(more, 'instant')} more in that minute: ask with seconds, such as 02:30:45.\n"
            )
        _show_next(view, name, explainer, zone or answers[-1].timezone)


def _answers(explainer: Explainer, asked: TypedTime) -> tuple[list[Explanation], int]:
    """The answers about a time, and how many more instants it stands for."""
    answers, more = [], 0
    for instant in asked.shown.instants:
        until = instant + asked.tolerance
        told, untold = explainer.about(instant, until)
        asked_for = explainer.requests(instant, until)
        answers += [*([] if explainer.on_demand and asked_for else told), *asked_for]
        more += untold
    return answers, more


def _explainer(view: View, name: str, on_progress: OnProgress) -> Explainer:
    find_job(view.state, name, removed=True)
    try:
        if view.ledger is not None:
            past = Past.of(view.home, view.ledger.store, on_progress)
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


def _say_how_shown(asked: TypedTime, timezone: str, zone: str | None) -> None:
    if asked.shown.how == "once" or asked.local is None:
        return
    typed = f"{asked.local:%Y-%m-%d %H:%M:%S}"
    moments = " and ".join(show_time(instant, zone or timezone) for instant in asked.shown.instants)
    if asked.shown.how == "twice":
        tell(f"Clocks in {timezone} show {typed} twice: {moments}.")
    else:
        tell(f"Clocks in {timezone} never show {typed}: they were set ahead over it, to {moments}.")
    out("")


def _show(view: View, answer: Explanation, zone: str) -> None:
    tone, text = headline(answer, view.now)
    colour = wants_colour()
    title = f"{printable(answer.job)} at {show_time(answer.instant, zone)}"
    tell(paint(title, "strong", colour))
    tell(paint(text, tone, colour))
    for fact in answer.facts:
        _show_fact(sentence_of(fact, zone), fact.entries)
        if isinstance(fact, UnfinishedRun):
            _show_cancellation(view, fact.run, zone)
    out("")


def _show_cancellation(view: View, number: int, zone: str) -> None:
    """Who asked that a run be stopped which has not ended yet."""
    run = view.state.runs.get(number)
    if run is None or run.cancel_seq is None or view.ledger is None:
        return
    asked = next(view.ledger.store.read(run.cancel_seq, run.cancel_seq))
    told = sentence(asked, zone).replace("run", "Run", 1)
    _show_fact(f"{told}, at {show_time(asked.time, zone)}.", [asked.seq])


def _show_never_due(view: View, standing: Explanation, zone: str) -> None:
    """A job that no schedule has asked for yet: since when it stands in the config, and whether it is enabled."""
    told = f"{printable(standing.job)} has not been due yet."
    job = view.state.jobs[standing.job]
    if job.definition.on_demand:
        told = f"{printable(standing.job)} has not been asked for yet."
    elif job.definition.follows:
        told = f"{printable(standing.job)} has not been due yet: {timing_words(job.definition)[0]}."
    elif job.definition.has_times and schedule_of(job.definition).next_after(view.now) is None:
        told = f"{printable(standing.job)} has never been due, and its schedule has no time left."
    tell(paint(told, "strong", wants_colour()))
    for fact in standing.facts:
        told = sentence_of(fact, zone)
        if isinstance(fact, ScheduleInForce) and view.ledger is not None:
            defined = next(view.ledger.store.read(fact.entries[0], fact.entries[0]))
            told = in_force_sentence(fact, defined.time, zone)
        _show_fact(told, fact.entries)
    out("")


def _show_fact(sentence: str, entries: list[int]) -> None:
    tell(f"{_ITEM}{sentence}{paint(_proof(entries), 'dim', wants_colour())}", hang=len(_ITEM))


def _proof(entries: list[int]) -> str:
    if not entries:
        return ""
    noun = "entry" if len(entries) == 1 else "entries"
    return f" [{noun} {', '.join(map(str, entries))}]"


def _show_next(view: View, name: str, explainer: Explainer, zone: str) -> None:
    if (change := view.state.changes.get(name)) is not None:
        told = change_sentence(change, view.now, zone)
        tell(
            paint(
                f"In force is what entry {view.state.jobs[name].defined_seq} says: {told}.",
                "warn",
                wants_colour(),
            )
        )
    settled, upcoming = explainer.settled_ahead(), explainer.next_due()
    if settled is not None:
        by_hand = settled_by_hand(view.state.jobs[name], view.now)
        why = "the clock was set back" if by_hand is None else f"by entry {by_hand.seq}"
        told = f"Instants up to {show_time(settled, zone)} have been settled already: {why}."
        tell(paint(told, "warn", wants_colour()))
    job = view.state.jobs[name]
    if job.removed_seq is not None and view.ledger is not None:
        removed = next(view.ledger.store.read(job.removed_seq, job.removed_seq)).time
        tell(f"What comes next: nothing; it was removed from the config at {show_time(removed, zone)}.")
    elif job.definition.on_demand:
        asked = f"`cronledger jobs run {shlex.quote(name)}` asks for it"
        tell(f"What comes next: nothing by itself; {asked}.")
    elif job.on_schedule and job.definition.at_reboot:
        tell("What comes next: a run at the next boot of the machine.")
    elif job.on_schedule and job.definition.follows:
        tell(f"What comes next: it runs {timing_words(job.definition)[0]}.")
    elif upcoming is None:
        tell("What comes next: nothing; it is not due again by itself as things stand.")
    else:
        serving = "" if view.is_served else ", if a scheduler is running then"
        tell(f"What comes next: {show_time(upcoming, zone)} ({show_relative(upcoming, view.now)}){serving}.")
    runs = f"`cronledger jobs history --job {shlex.quote(name)}`"
    note(f"`cronledger ledger show SEQ` shows an entry in full, {runs} lists all its runs.")


def _document(
    view: View,
    question: tuple[str, str | None, TypedTime],
    answers: list[Explanation],
    more: int,
    upcoming: datetime | None,
) -> dict[str, Any]:
    name, at, asked = question
    return {
        "job": name,
        "asked": {"text": at, "shown": asked.shown.how, "instants": asked.shown.instants},
        "answers": [_answer_document(answer, view.now) for answer in answers],
        "more_instants": more,
        "next_run": upcoming,
        "scheduler_running": view.is_served,
        "pending_change": None
        if (change := view.state.changes.get(name)) is None
        else change_document(change),
    }


def _answer_document(answer: Explanation, now: datetime) -> dict[str, Any]:
    zone = answer.timezone
    return {
        "instant": answer.instant,
        "local_time": show_time(answer.instant, zone),
        "timezone": zone,
        "verdict": answer.verdict,
        "answer": headline(answer, now)[1],
        "facts": [
            {
                "kind": fact.__struct_config__.tag,
                "sentence": sentence_of(fact, zone),
                **msgspec.structs.asdict(fact),
            }
            for fact in answer.facts
        ],
        "entries": answer.entries,
    }
