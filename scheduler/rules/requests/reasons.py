"""Which jobs ask for a reason of whoever decides about them. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable

from scheduler.definition import JobDefinition


def without_reason(definitions: Iterable[JobDefinition], reason: str) -> list[str]:
    """Names of those of the jobs that ask for a reason (`require_reason`), where none is given; blanks are none."""
    if reason.strip():
        return []
    return [definition.name for definition in definitions if definition.require_reason]
