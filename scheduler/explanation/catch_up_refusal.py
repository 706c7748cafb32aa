"""What catch-up ran of the instants that were missed, and why it did not run another one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.explanation.facts import CatchUpRefusal
from scheduler.ledger.past import Past
from scheduler.rules.state import Job

_SHOWN_INSTEAD_MAX = 5
_NEAR_ENTRIES = 20_000
"""So far behind a misfire its ticks are looked for: a crash may have come between it and them."""


def promised_ticks(
    past: Past, entry: Entry, misfire: v.ScheduleMisfired
) -> list[tuple[Entry, v.ScheduleTicked]]:
    """The ticks that a misfire promised: right behind it, or after the restart if a crash cut them off.

    There are fewer than promised where the job's schedule ceased to be in force in between.
    """
    found: list[tuple[Entry, v.ScheduleTicked]] = []
    for each in past.entries(entry.seq + 1, entry.seq + _NEAR_ENTRIES if misfire.will_run else entry.seq):
        if len(found) >= misfire.will_run:
            break
        if each.job != entry.job:
            continue
        data = v.payload(each)
        if isinstance(data, v.ScheduleTicked) and data.trigger == "catch_up":
            found.append((each, data))
        elif isinstance(data, v.ScheduleTicked | v.ScheduleMisfired | v.JobDisabled | v.JobRemoved):
            break
    return found


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
