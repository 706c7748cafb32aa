"""From what cron reads in five fields to an expression that means the same here."""

from __future__ import annotations

from scheduler.importing.crontab.fields import Field, Times
from scheduler.importing.expressions import ranges_of
from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.cron.vocabulary import CronField
from scheduler.schedule.errors import ScheduleError

_LOWS = (0, 0, 1, 1, 0)
_HIGHS = (59, 23, 31, 12, 6)


def expression_of(times: Times) -> str:
    """The expression: as it was written, where that is read alike here; else spelled out.

    Every field has a value, and none is drawn.
    """
    if times.written.startswith("@"):
        return times.written
    words = times.written.split()
    try:
        ours = parse_cron(times.written).fields
    except ScheduleError:
        return " ".join(_spelled(at, field) for at, field in enumerate(times.fields))
    return " ".join(
        word if _alike(at, field, read) else _spelled(at, field)
        for at, (word, field, read) in enumerate(zip(words, times.fields, ours, strict=True))
    )


def _alike(at: int, field: Field, ours: CronField) -> bool:
    """Whether a field is read here as cron reads it."""
    values = set(field.values) - {7} if at == 4 else set(field.values)
    return not ours.forms and set(ours.values()) == values and ours.starred is field.starred


def _spelled(at: int, field: Field) -> str:
    """A field, as ranges of its values; in front of it a * where it has one."""
    values = sorted(field.values - {7} if at == 4 else field.values)
    low, high = _LOWS[at], _HIGHS[at]
    if not field.starred:
        return ",".join(_ranges(values))
    if values == list(range(low, high + 1)):
        return "*"
    # The lowest value alone, with the * that cron's rules for days and for changes of clocks ask for.
    rest = _ranges(values[1:]) or [str(low)]
    return ",".join([f"*/{high - low + 1}", *rest])


def _ranges(values: list[int]) -> list[str]:
    return [str(first) if first == last else f"{first}-{last}" for first, last in ranges_of(values)]
