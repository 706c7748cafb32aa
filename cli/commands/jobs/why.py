"""`cronledger jobs why`: whether a job ran at an instant, and if not, why."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from cli.app.json_output import json_option, show_json
from cli.home.job_names import JOB
from cli.home.open import to_read
from cli.jobs.why import (
    Answered,
    ToldFact,
    answered,
    how_shown,
    never_due,
    next_due,
    told_facts,
    verdict_cell,
    what_comes_next,
)
from cli.terminal.console import note, out, paint, tell, wants_colour
from cli.terminal.printable import printable, show_count
from cli.terminal.progress import progress
from cli.times.show import JOBS_ZONE, show_time, utc_option
from cli.words.approval_words import change_document
from cli.words.explanation_words import headline, sentence_of
from scheduler.explanation import Explainer, Explanation
from scheduler.home import Home

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
            found = answered(view, name, at, lambda done, total: seen.update(done, total=total))
        if as_json:
            show_json(_document(view, (name, at), found))
            return
        zone = "UTC" if utc else None
        if not found.answers:
            standing = found.explainer.explain(view.now)
            _show_never_due(view, standing, zone or standing.timezone)
            _show_next(view, name, found.explainer, zone or standing.timezone)
            return
        if told := how_shown(found.asked, found.answers[0].timezone, zone):
            tell(told)
            out("")
        for answer in found.answers:
            _show(view, answer, zone or answer.timezone)
        if found.more:
            instants = show_count(found.more, "instant")
            tell(f"And {instants} more in that minute: ask with seconds, such as 02:30:45.\n")
        _show_next(view, name, found.explainer, zone or found.answers[-1].timezone)


def _show(view: View, answer: Explanation, zone: str) -> None:
    verdict, colour = verdict_cell(answer, view.now), wants_colour()
    title = f"{printable(answer.job)} at {show_time(answer.instant, zone)}"
    tell(paint(title, "strong", colour))
    tell(paint(verdict.text, verdict.tone, colour))
    for fact in told_facts(view, answer, zone):
        _show_fact(fact)
    out("")


def _show_never_due(view: View, standing: Explanation, zone: str) -> None:
    """A job that no schedule has asked for yet: since when it stands in the config, and whether it is enabled."""
    told, facts = never_due(view, standing, zone)
    tell(paint(told, "strong", wants_colour()))
    for fact in facts:
        _show_fact(fact)
    out("")


def _show_fact(fact: ToldFact) -> None:
    tell(f"{_ITEM}{fact.sentence}{paint(_proof(fact.entries), 'dim', wants_colour())}", hang=len(_ITEM))


def _proof(entries: list[int]) -> str:
    if not entries:
        return ""
    noun = "entry" if len(entries) == 1 else "entries"
    return f" [{noun} {', '.join(map(str, entries))}]"


def _show_next(view: View, name: str, explainer: Explainer, zone: str) -> None:
    for told in what_comes_next(view, name, explainer, zone):
        tell(paint(told.text, told.tone, wants_colour()))
    runs = f"`cronledger jobs history --job {shlex.quote(name)}`"
    note(f"`cronledger ledger show SEQ` shows an entry in full, {runs} lists all its runs.")


def _document(view: View, question: tuple[str, str | None], found: Answered) -> dict[str, Any]:
    (name, at), asked = question, found.asked
    return {
        "job": name,
        "asked": {"text": at, "shown": asked.shown.how, "instants": asked.shown.instants},
        "answers": [_answer_document(answer, view.now) for answer in found.answers],
        "more_instants": found.more,
        "next_run": next_due(view, name),
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
