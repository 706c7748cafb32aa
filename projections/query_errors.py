"""What the engine says about a mistake, for people: where it is, and what was probably meant."""

from __future__ import annotations

import re

from projections.errors import MemoryExceeded, QueryFailed, QueryInterrupted, QueryRefused

_UNKNOWN_TABLE = re.compile(r"Table with name \"?([^\s\"]+)\"? does not exist")
_UNKNOWN_COLUMN = re.compile(r"column \"([^\"]+)\" not found|does not have a column named \"([^\"]+)\"")
_PLACE = re.compile(r"\n+LINE (\d+): (.*)\n( *)\^", re.DOTALL)
_ELSEWHERE = {
    "Required module 'pytz'": "a time inside a VARIANT cannot be shown: cast it to VARCHAR",
}
_TOO_MUCH = "it needs more memory than it may take: ask for less at once, or raise the limit"


def failed(error: Exception, lines_before: int = 0) -> QueryFailed | QueryRefused:
    """The engine's error as one of ours.

    Args:
        error: as the engine raised it.
        lines_before: how many lines stood before the query in what the engine was given, less those of the query
            that it was not given.
    """
    import duckdb

    message = plain(error)
    if isinstance(error, duckdb.PermissionException):
        return QueryRefused(f"only the views can be read: {message.partition(chr(10))[0]}")
    if isinstance(error, duckdb.InterruptException) or "interrupted" in message.lower():
        return QueryInterrupted("interrupted")
    if isinstance(error, duckdb.OutOfMemoryException):
        # Below its first line the engine gives advice that only its own shell can take.
        return MemoryExceeded(message.partition("\n")[0], _TOO_MUCH)
    message, place = _parted(message, lines_before)
    hint = hint_for(message, place)
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


def hint_for(message: str, place: str = "") -> str:
    """A sentence that helps with what the engine says; empty if there is none.

    Args:
        message: what it says.
        place: the line of the query and the caret below it, if known.
    """
    table = _UNKNOWN_TABLE.search(message)
    if table:
        from difflib import get_close_matches

        from projections.schema.columns import VIEWS

        near = get_close_matches(table[1].lower(), VIEWS, n=1)
        views = ", ".join(VIEWS)
        return f"did you mean the view {near[0]}?" if near else f"the views are {views}"
    column = _UNKNOWN_COLUMN.search(message)
    if column:
        from projections.unknown_columns import unknown_column

        return unknown_column(column[1] or column[2], message, place)
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
