"""The scheduler in words: what `status` and `serve` both say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cli.terminal.printable import printable, show_count
from cli.times.show import show_past, show_time
from scheduler.rules.state import Run
from scheduler.version import ReplacedPart

if TYPE_CHECKING:
    from scheduler.rules.runs.slots import FullSlots

_HOLDERS_SHOWN_MAX = 5


def upgraded_words(replaced: Iterable[ReplacedPart]) -> str:
    """That other versions are installed than those a scheduler uses."""
    used = ", ".join(f"{part.name} {part.used}" for part in replaced)
    installed = ", ".join(f"{part.name} {part.installed}" for part in replaced)
    return f"installed is now {installed}: until it is started again, the scheduler uses {used}"


def clock_was_ahead_words(ahead: Mapping[str, datetime], zone: str) -> str:
    """That nothing of some jobs is due for long: see `jobs_settled_ahead`, whose answer is given; there are some."""
    until = max(ahead.values())
    who = printable(next(iter(ahead))) if len(ahead) == 1 else show_count(len(ahead), "job")
    return f"the times of {who} up to {show_time(until, zone)} were settled while the clock was ahead"


def full_slots_words(full: FullSlots, now: datetime) -> str:
    """That all slots are taken, by what, since when, and how many runs wait for one."""
    holders = [
        f"run {run.number} of {printable(run.job)}"
        + (f", started {show_past(run.started, now)}" if run.started is not None else "")
        for run in full.holders
    ]
    shown = "; ".join(holders[:_HOLDERS_SHOWN_MAX])
    if len(holders) > _HOLDERS_SHOWN_MAX:
        shown += f"; and {len(holders) - _HOLDERS_SHOWN_MAX:,} more"
    slots = "the only slot is taken" if len(holders) == 1 else f"all {len(holders):,} slots are taken"
    waiting = show_count(len(full.waiting), "run")
    return f"{slots}, and {waiting} {'waits' if len(full.waiting) == 1 else 'wait'} for one: {shown}"


def left_going_words(runs: Sequence[Run]) -> str:
    """That runs go on which no process watches, and what becomes of them."""
    if len(runs) == 1:
        return "1 run was left going: the next scheduler takes it over, or records that it is lost"
    return (
        f"{len(runs):,} runs were left going: the next scheduler takes them over, or records which are lost"
    )
