"""What is late of a job, in words and as JSON: what is expected of it and does not hold."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from cli.times.show import show_clock, show_moment, show_time
from scheduler.rules.state import Job, State

if TYPE_CHECKING:
    from scheduler.rules.expectations.expected import Breach


def late_of(state: State, job: Job) -> list[Breach]:
    """What of one job is late, as far as that is on record."""
    known = state.expectations
    return [] if known is None or not known.open else known.open_of(job.name, job.live)


def late_words(breaches: list[Breach], zone: str, *, beside: datetime | None = None) -> str:
    """What is late, shortly: `late: run 7 has not started within 10 min, since 02:10:00`; empty if nothing is.

    Args:
        breaches: of one job.
        zone: for the time; beside: shorten it to the time of day where it is on the same date as this.
    """
    if not breaches:
        return ""
    from scheduler.wording.expectation_entries import breach_clause

    first = breaches[0]
    since = show_time(first.since, zone) if beside is None else show_clock(first.since, zone, beside=beside)
    more = f", and {len(breaches) - 1:,} more" if len(breaches) > 1 else ""
    return f"late: {breach_clause(first.expectation, first.limit_ms, first.run)}, since {since}{more}"


def late_sentence(breach: Breach, zone: str, now: datetime) -> str:
    """One breach in full, of a job that is named before: what is late, and since when."""
    from scheduler.wording.expectation_entries import breach_clause

    due = "" if breach.scheduled_for is None else f" of {show_time(breach.scheduled_for, zone)}"
    what = breach_clause(breach.expectation, breach.limit_ms, breach.run)
    return f"{what}{due}, late since {show_moment(breach.since, zone, now)}"


def late_document(breach: Breach) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "expectation": breach.expectation,
        "run": breach.run,
        "scheduled_for": breach.scheduled_for,
        "limit_ms": breach.limit_ms,
        "since": breach.since,
        "entry": breach.seq,
    }
