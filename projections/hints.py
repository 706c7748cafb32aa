"""What was probably meant by a name that is none."""

from __future__ import annotations

import re
from difflib import get_close_matches

from projections.schema import VIEWS

_UNKNOWN_TABLE = re.compile(r"Table with name \"?([^\s\"]+)\"? does not exist")
_UNKNOWN_COLUMN = re.compile(r"column \"?([^\s\"]+)\"? not found|does not have a column named \"([^\"]+)\"")
_ELSEWHERE = {
    "failed to allocate": "it needs more memory than it may take",
    "Required module 'pytz'": "a time inside a VARIANT cannot be shown: cast it to VARCHAR",
}


def hint_for(message: str) -> str:
    """A sentence that helps with what the engine says; empty if there is none."""
    table = _UNKNOWN_TABLE.search(message)
    if table:
        near = get_close_matches(table[1].lower(), VIEWS, n=1)
        views = ", ".join(VIEWS)
        return f"did you mean the view {near[0]}?" if near else f"the views are {views}"
    column = _UNKNOWN_COLUMN.search(message)
    if column:
        return _nearest_column((column[1] or column[2]).rpartition(".")[2].lower())
    return next((hint for sign, hint in _ELSEWHERE.items() if sign in message), "")


def _nearest_column(name: str) -> str:
    views: dict[str, list[str]] = {}
    for view, columns in VIEWS.items():
        for column in columns:
            views.setdefault(column.name, []).append(view)
    near = get_close_matches(name, views, n=1)
    return f"did you mean the column {near[0]} of {' and '.join(views[near[0]])}?" if near else ""
