"""What is told of the jobs that must succeed before a job runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from cli.words.words import skip_words
from scheduler.explanation import facts as f
from scheduler.schedule.duration import format_duration
from scheduler.wording.outcomes import OUTCOME_WORDINGS

Shown = Callable[[datetime], str]


def jobs_before(fact: f.JobsBefore, _: Shown) -> str:
    """After which jobs a job runs."""
    names = " and ".join(fact.names)
    if fact.within_ms is not None:
        within = format_duration(timedelta(milliseconds=fact.within_ms))
        return f"It starts once {names} succeeded at most {within} before (revision {fact.revision})."
    return f"It runs once {names} succeeded for the same time (revision {fact.revision})."


def upstream_result(fact: f.UpstreamResult, shown: Shown) -> str:
    """What became of an instant in a job before."""
    at = f" at {shown(fact.time)}" if fact.time is not None else ""
    how = OUTCOME_WORDINGS[fact.outcome].clause if fact.outcome else ""
    why = skip_words(fact.reason) if fact.reason else "as it was due"
    return {
        "succeeded": f"{fact.job} succeeded{at}, as run {fact.run}.",
        "failed": f"{fact.job} did not succeed: run {fact.run} {how}{at}.",
        "skipped": f"{fact.job} was not run: run {fact.run} was skipped{at}, for {why}.",
        "missed": f"{fact.job} was not run: its time passed unwatched, as was recorded{at}.",
        "crowded": f"More times of {fact.job} were waiting for the other jobs than are kept.",
        "late": f"It waits for {fact.job}, whose last success is too old: that was{at}."
        if fact.time
        else f"It waits for {fact.job}, which has not succeeded yet.",
        "running": f"{fact.job} is not done: run {fact.run} is going.",
        "waiting": f"{fact.job} is not done: run {fact.run} waits.",
        "upcoming": f"{fact.job} is to run for this time yet.",
        "not_due": f"{fact.job} is not due then, so this job is not either.",
        "excluded": f"{fact.job} is not due then, on a day that its calendars exclude.",
        "disabled": f"{fact.job} was disabled then.",
        "absent": f"The config did not have {fact.job} then.",
    }[fact.state]
