"""Types of entries as SQL. They stand in the query itself, for the engine skips whole files by a constant alone."""

from __future__ import annotations

from collections.abc import Iterable

from projections.schema.tables import quoted


def type_list(types: Iterable[str]) -> str:
    """A list to stand behind `type IN`."""
    return f"({', '.join(quoted(kind) for kind in types)})"
