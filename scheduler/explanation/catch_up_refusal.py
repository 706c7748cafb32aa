"""Why catch-up did not run an instant that was missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.explanation.facts import CatchUpRefusal
from scheduler.rules.state import Job

_SHOWN_INSTEAD_MAX = 5


def catch_up_refusal(
    misfire: Entry, job: Job, instant: datetime, ticks: Sequence[tuple[Entry, v.ScheduleTicked]]
) -> CatchUpRefusal:
    """The fact: which rule of the job's policy left it out.

    Args:
        misfire: the entry that recorded the instant as missed.
        job: the job right before it.
        instant: the instant.
        ticks: the ticks of what was caught up instead.
    """
    definition = job.definition
    rule: Literal["none", "one", "limit", "window"] = "limit"
    window_ms = definition.catch_up_window_ms
    if definition.catch_up == "none":
        rule = "none"
    elif window_ms is not None and instant <= misfire.time - timedelta(milliseconds=window_ms):
        rule = "window"
    elif definition.catch_up == "one":
        rule = "one"
    shown = ticks[-_SHOWN_INSTEAD_MAX:]
    return CatchUpRefusal(
        entries=[job.defined_seq, *(tick.seq for tick, _ in shown)],
        policy=definition.catch_up,
        rule=rule,
        limit=definition.catch_up_limit if rule == "limit" else None,
        window_ms=window_ms if rule == "window" else None,
        ran_instead=[payload.scheduled_for for _, payload in shown],
        runs=[tick.seq for tick, _ in shown],
    )
