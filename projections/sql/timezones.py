"""Times with a zone, which the engine hands over without one: all of them are UTC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

ZONED = "TIMESTAMP WITH TIME ZONE"


def all_aware(rows: Iterable[tuple[Any, ...]], kinds: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The rows with every time said to be UTC.

    Args:
        rows: as the engine hands them over.
        kinds: the SQL types of their columns, before times were cast to such without a zone.
    """
    plain = [number for number, kind in enumerate(kinds) if kind == ZONED]
    nested = [number for number, kind in enumerate(kinds) if ZONED in kind and kind != ZONED]
    for row in rows:
        cells = list(row)
        for number in plain:
            value = cells[number]
            if value is not None:
                # What is beyond the years of Python comes as text or a date.
                cells[number] = value.replace(tzinfo=UTC) if value.__class__ is datetime else value
        for number in nested:
            cells[number] = aware(cells[number])
        yield tuple(cells)


def aware(value: Any) -> Any:
    """The value with every time in it said to be UTC, which it is."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, list):
        return [aware(item) for item in value]
    if isinstance(value, tuple):
        return tuple(aware(item) for item in value)
    if isinstance(value, dict):
        return {aware(key): aware(item) for key, item in value.items()}
    return value
