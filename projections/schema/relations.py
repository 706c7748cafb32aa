"""What can be asked about, and what each of it stands on, so that no more is made than a question needs.

The SQL of the views says it itself: a view stands on what it reads `FROM` or `JOIN`s. At the bottom stand

- `ENTRIES`, the entries: their projections, and the table of those after them;
- `RUNS`, what they mean for runs, which is worked out of them;
- `LOGS`, what was logged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from projections.schema.tables import PARTS_SQL, VIEWS_SQL

_CREATION = re.compile(r"CREATE VIEW (?P<name>[a-z_.]+) AS\b.*?;\s*$", re.DOTALL | re.MULTILINE)
_READ = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_.]+)")


def _creations(sql: str) -> dict[str, str]:
    found = {match["name"]: match[0] for match in _CREATION.finditer(sql)}
    assert len(found) == sql.count("CREATE ")
    return found


PARTS = _creations(PARTS_SQL)
"""The views in which the meaning of entries for runs is worked out, each with its SQL; they build on those before."""
VIEWS = _creations(VIEWS_SQL)
"""The views that people query, and those below them, each with its SQL; they build on those before."""
ENTRIES = frozenset({"parts.recent_events", "parts.sealed_events", "parts.sealed_notes"})
RUNS = frozenset(
    {"parts.carried", "parts.fresh", "parts.open_entries", "parts.open_runs", "parts.recent_runs",
     "parts.sealed_runs", *PARTS}
)  # fmt: skip
LOGS = "parts.log_entries"
_CLOCK = "parts.clock"
"""Every connection has it."""
EVERYTHING = frozenset({*VIEWS, *ENTRIES, *RUNS, LOGS})


def standing_on(names: Iterable[str]) -> frozenset[str]:
    """What has to be made so that these can be asked: they themselves, and all that they stand on.

    Args:
        names: as in a question, without a schema. One that is none of ours may be that of a list of what there is,
            or a mistake, of which is said what is near: then it is everything.
    """
    todo: list[str] = []
    for name in names:
        ours = [each for each in (name, f"parts.{name}") if each in EVERYTHING]
        if not ours and name != _CLOCK.partition(".")[2]:
            return EVERYTHING
        todo += ours
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += read_by(name)
    return frozenset(found)


@cache
def read_by(name: str) -> frozenset[str]:
    """What a view reads itself; nothing of what is a table."""
    return EVERYTHING.intersection(_READ.findall(VIEWS.get(name) or PARTS.get(name, "")))
