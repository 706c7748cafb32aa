"""What the engine says about a mistake, for people: where it is, and what was probably meant."""

from __future__ import annotations

import re
from difflib import get_close_matches

from projections.columns import VIEWS
from projections.errors import QueryFailed, QueryRefused

_UNKNOWN_TABLE = re.compile(r"Table with name \"?([^\s\"]+)\"? does not exist")
_UNKNOWN_COLUMN = re.compile(r"column \"?([^\s\"]+)\"? not found|does not have a column named \"([^\"]+)\"")
_PLACE = re.compile(r"\n+LINE (\d+): (.*)\n( *)\^", re.DOTALL)
_ELSEWHERE = {
    "failed to allocate": "it needs more memory than it may take: ask for less at once, or raise the limit",
    "Out of Memory": "it needs more memory than it may take: ask for less at once, or raise the limit",
    "Required module 'pytz'": "a time inside a VARIANT cannot be shown: cast it to VARCHAR",
}
_COLUMNS_SHOWN = 12


def failed(error: Exception, lines_before: int = 0) -> QueryFailed | QueryRefused:
    """The engine's error as one of ours.

    Args:
        error: as the engine raised it.
        lines_before: how many lines stood before the query in what the engine was given.
    """
    import duckdb

    message = plain(error)
    if isinstance(error, duckdb.PermissionException):
        return QueryRefused(f"only the views can be read: {message.partition(chr(10))[0]}")
    if isinstance(error, duckdb.InterruptException) or "interrupted" in message.lower():
        return QueryFailed("interrupted")
    message, place = _parted(message, lines_before)
    hint = hint_for(message)
    said = message.split("\n")[0] if hint else message
    return QueryFailed(f"{said}\n{place}" if place else said, hint, place)


def may_be_damage(error: Exception) -> bool:
    """Whether a projection that was damaged or removed can be behind it, rather than the query itself.

    Damage has many faces: the engine may complain of a column, of a number, or of itself. So only what it says
    without having read anything is taken at its word.
    """
    import duckdb

    mistakes = (
        duckdb.CatalogException,
        duckdb.ParserException,
        duckdb.SyntaxException,
        duckdb.PermissionException,
        duckdb.InterruptException,
        duckdb.OutOfMemoryException,
    )
    return isinstance(error, duckdb.Error) and not isinstance(error, mistakes)


def plain(error: Exception) -> str:
    """What the engine says, without the name of its exception.

    Of a mistake of its own it also tells the calls that led to it: those are for its makers.
    """
    text = str(error).strip().split("\n\nStack Trace:")[0].strip()
    kind, _, rest = text.partition(": ")
    return rest if kind.endswith("Error") else text


def hint_for(message: str) -> str:
    """A sentence that helps with what the engine says; empty if there is none."""
    table = _UNKNOWN_TABLE.search(message)
    if table:
        near = get_close_matches(table[1].lower(), VIEWS, n=1)
        views = ", ".join(VIEWS)
        return f"did you mean the view {near[0]}?" if near else f"the views are {views}"
    column = _UNKNOWN_COLUMN.search(message)
    if column:
        return _nearest_column((column[1] or column[2]).rpartition(".")[2].lower(), message)
    return next((hint for sign, hint in _ELSEWHERE.items() if sign in message), "")


def _parted(message: str, lines_before: int) -> tuple[str, str]:
    """The message, and the place in the query as its author wrote it."""
    found = _PLACE.search(message)
    if found is None:
        return message, ""
    rest = message[: found.start()].strip()
    number = int(found[1]) - lines_before
    if number < 1:
        return rest, ""
    label = f"LINE {number}: "
    shift = len(label) - len(f"LINE {found[1]}: ")
    return rest, f"{label}{found[2]}\n{' ' * (len(found[3]) + shift)}^"


def _nearest_column(name: str, message: str) -> str:
    """The column that was meant, of a view that the engine had at hand if it says which."""
    views: dict[str, list[str]] = {}
    for view, columns in VIEWS.items():
        for column in columns:
            views.setdefault(column.name, []).append(view)
    bindings = re.search(r"Candidate bindings: (.*)", message)
    candidates = re.findall(r"\"([^\"]+)\"", bindings[1]) if bindings else []
    near = get_close_matches(name, views, n=1)
    if not near:
        columns_at_hand = ", ".join(candidates[:_COLUMNS_SHOWN])
        return f"the nearest columns are {columns_at_hand}" if candidates else ""
    return f"did you mean the column {near[0]} of {_listed(views[near[0]])}?"


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
