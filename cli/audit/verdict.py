"""The verdict of a report in words, what the population came to, and what a report does not show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from projections.audit.population.tally import RAN, Disposition
from projections.audit.report import Report
from scheduler.wording.quantities import show_count
from scheduler.wording.signs import Tone

DISPOSITION_WORDS: Final[dict[Disposition, tuple[str, str]]] = {
    "succeeded": ("succeeded", "the run succeeded"),
    "failed": ("failed", "the run failed"),
    "timed_out": ("timed out", "the run took too long and was stopped"),
    "cancelled": ("cancelled", "the run was stopped by a person, or with the scheduler"),
    "lost": ("lost", "the run's process died with no one watching"),
    "unknown": ("ended unseen", "the run ended, and nobody knows how"),
    "in_flight": ("in flight", "the run is owed, is going, or waits"),
    "skipped": ("skipped", "a run was owed and deliberately not made"),
    "missed": ("missed", "nobody watched, and it was not caught up"),
    "excluded": ("excluded", "a calendar of the job left it out"),
    "disabled": ("disabled", "the job was disabled"),
    "settled": ("settled", "a person settled it without a run"),
    "undecided": ("not decided yet", "no scheduler has come to it, and none had to"),
    "not_due": ("not due yet", "it is to come"),
    "unexplained": ("unexplained", "nothing is on record, and something had to be"),
}
"""Of each disposition its name and its meaning."""

_NOT_RUN: Final[tuple[Disposition, ...]] = (
    "skipped", "missed", "excluded", "disabled", "settled", "in_flight", "undecided", "not_due", "unexplained",
)  # fmt: skip

UNSHOWN: Final = (
    "It rests on the entries of this ledger, each checked against the chain. It does not show that no entry was cut "
    "off at the end, or that not all were written anew: signed checkpoints that somebody else remembers do, and "
    "`cronledger ledger verify` holds the ledger against them. That each run followed the laws is checked there too."
)


class Verdict(NamedTuple):
    """The verdict: a word or two, a sentence, and how it sounds."""

    word: str
    sentence: str
    tone: Tone


def verdict(report: Report) -> Verdict:
    """Whether the population is complete."""
    totals = report.tally.totals
    implied = sum(totals.values())
    if report.unexplained:
        what = show_count(report.unexplained, "instant")
        are = "is" if report.unexplained == 1 else "are"
        return Verdict(
            "NOT COMPLETE", f"{what} {are} unexplained, of {implied:,} that schedules implied.", "bad"
        )
    if not implied:
        return Verdict("COMPLETE", "No schedule implied an instant in this range.", "good")
    said = f"Each of {show_count(implied, 'instant')} that schedules implied has exactly one disposition."
    if implied == 1:
        said = "The one instant that a schedule implied has exactly one disposition."
    if totals["undecided"]:
        said += f" {totals['undecided']:,} of them no scheduler has decided yet, and none had to."
    return Verdict("COMPLETE", said, "good")


def counts_words(counts: Mapping[Disposition, int]) -> str:
    """What became of some instants: `20 ran, 1 of these did not succeed, 8 excluded`."""
    ran = sum(counts.get(each, 0) for each in RAN)
    failed = ran - counts.get("succeeded", 0)
    told = [f"{ran:,} ran"] if ran else []
    if failed:
        told.append(f"{failed:,} of these did not succeed")
    told += [f"{counts[each]:,} {DISPOSITION_WORDS[each][0]}" for each in _NOT_RUN if counts.get(each)]
    return ", ".join(told)
