"""`cronledger jobs why`: whether a job ran at an instant, and if not, why."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import Any

import click
import msgspec

from cli.asked_time import SECOND, Asked, read_asked
from cli.failures import Failure
from cli.json_output import json_option, show_json
from cli.names import JOB, find_job
from cli.opened import View, to_read
from cli.printable import printable
from cli.progress import progress
from cli.terminal import note, out, paint, wants_colour
from cli.times import show_count, show_relative, show_time, utc_option
from cli.why_words import headline, sentence_of
from eventstore import Journal
from scheduler.explanation import Explainer, Explanation, Shown
from scheduler.home import Home
from scheduler.past import Past, Told


@click.command(epilog="Example: cronledger jobs why nightly --at '2026-11-23 02:30'")
@click.argument("name", metavar="NAME", type=JOB)
@click.option(
    "--at",
    "at",
    metavar="TIME",
    help="The moment to ask about, on the clocks of the job's zone.  [default: when it was last due]",
)
@utc_option
@json_option
@click.pass_obj
def why(home: Home, name: str, at: str | None, utc: bool, as_json: bool) -> None:
    """Tell whether a job ran at an instant, and if not, why, with the entries that prove it.

    Without --at it is about the latest instant at which the job was due. A time without seconds stands for its whole
    minute. Everything is from the ledger: what was in force then, not what is now.
    """
    with to_read(home, quiet=True) as view:
        with progress("reading the past") as seen:
            explainer = _explainer(view, name, lambda done, total: seen.update(done, total=total))
            asked = _asked(explainer, view, name, at)
            answers, more = _answers(explainer, asked)
        upcoming = explainer.next_due()
        if as_json:
            show_json(_document(view, (name, at, asked), answers, more, upcoming))
            return
        zone = "UTC" if utc else None
        _say_how_shown(asked, answers[0].timezone, zone)
        for answer in answers:
            _show(answer, zone or answer.timezone, view.now)
        if more:
            out(
                f"And {show_count(more, 'instant')} more in that minute: ask with seconds, such as 02:30:45.\n"
            )
        _show_next(view, name, upcoming, zone or answers[-1].timezone)


def _answers(explainer: Explainer, asked: Asked) -> tuple[list[Explanation], int]:
    """The answers about what was asked, and how many more instants there are in it."""
    answers, more = [], 0
    for instant in asked.shown.instants:
        until = instant + asked.tolerance
        told, untold = explainer.about(instant, until)
        answers += [*told, *explainer.requests(instant, until)]
        more += untold
    return answers, more


def _explainer(view: View, name: str, told: Told) -> Explainer:
    find_job(view.state, name, removed=True)
    try:
        if view.book is not None and isinstance(view.book.store, Journal):
            past = Past.of(view.home, view.book.store, told)
            return Explainer(past, name, view.now, serving=view.holder is not None)
    except KeyError:
        pass
    raise Failure(
        f"nothing is on record about job {printable(name)} yet",
        "It is in the config; the ledger knows of it from the next start of `cronledger serve` on.",
    )


def _asked(explainer: Explainer, view: View, name: str, at: str | None) -> Asked:
    if at is not None:
        return read_asked(at, view.state.jobs[name].definition.timezone, view.now)
    instant = explainer.latest_due() or view.now
    return Asked(Shown("once", [instant]), SECOND, None)


def _say_how_shown(asked: Asked, timezone: str, zone: str | None) -> None:
    if asked.shown.how == "once" or asked.local is None:
        return
    typed = f"{asked.local:%Y-%m-%d %H:%M:%S}"
    moments = " and ".join(show_time(instant, zone or timezone) for instant in asked.shown.instants)
    if asked.shown.how == "twice":
        out(f"Clocks in {timezone} show {typed} twice: {moments}.")
    else:
        out(f"Clocks in {timezone} never show {typed}: they were set ahead over it, to {moments}.")
    out("")


def _show(answer: Explanation, zone: str, now: datetime) -> None:
    tone, text = headline(answer, now)
    colour = wants_colour()
    title = f"{printable(answer.job)} at {show_time(answer.instant, zone)}"
    out(paint(title, "strong", colour))
    out(paint(text, tone, colour))
    for fact in answer.facts:
        out(f"  - {sentence_of(fact, zone)}{paint(_proof(fact.entries), 'dim', colour)}")
    out("")


def _proof(entries: list[int]) -> str:
    if not entries:
        return ""
    noun = "entry" if len(entries) == 1 else "entries"
    return f" [{noun} {', '.join(map(str, entries))}]"


def _show_next(view: View, name: str, upcoming: datetime | None, zone: str) -> None:
    if upcoming is None:
        out("What comes next: nothing; it is not due again by itself as things stand.")
    else:
        serving = "" if view.holder else ", if a scheduler is running then"
        out(f"What comes next: {show_time(upcoming, zone)} ({show_relative(upcoming, view.now)}){serving}.")
    note(
        f"`cronledger ledger show SEQ` has an entry in full; all its runs: jobs history --job {shlex.quote(name)}"
    )


def _document(
    view: View,
    question: tuple[str, str | None, Asked],
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
        "scheduler_running": view.holder is not None,
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
