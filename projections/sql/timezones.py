"""Times with a zone: the engine returns them as UTC without a zone, and here they become aware."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

ZONED = "TIMESTAMP WITH TIME ZONE"


def all_aware(rows: Iterable[tuple[Any, ...]], kinds: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The rows, in which every time becomes an aware UTC datetime.

    Args:
        rows: as the engine returns them.
        kinds: the SQL types of their columns, before times were cast to types without a zone.
    """
    plain = [number for number, kind in enumerate(kinds) if kind == ZONED]
    nested = [number for number, kind in enumerate(kinds) if ZONED in kind and kind != ZONED]
    for row in rows:
        cells = list(row)
        for number in plain:
            value = cells[number]
            if value is not None:
                # A time outside the years of Python is returned as a text or a date.
                cells[number] = value.replace(tzinfo=UTC) if value.__class__ is datetime else value
        for number in nested:
            cells[number] = aware(cells[number])
        yield tuple(cells)


def aware(value: Any) -> Any:
    """The value, in which every time (all are UTC) becomes an aware datetime."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, list):
        return [aware(item) for item in value]
    if isinstance(value, tuple):
        return tuple(aware(item) for item in value)
    if isinstance(value, dict):
        return {aware(key): aware(item) for key, item in value.items()}
    return value
