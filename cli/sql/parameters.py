"""`--param NAME=VALUE`: values for the `$name`s of a query, with the type that their spelling suggests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import click

from cli.app.failures import Failure
from cli.terminal.printable import printable

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}\.[0-9]{1,18}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_SIGNS = "$?"
"""Each parameter of a query begins with one of them."""
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}

Parameters = dict[str, object]


def read_parameters(typed: Sequence[str]) -> Parameters:
    """The values by their names.

    Raises:
        click.BadParameter: a text is no `NAME=VALUE`, or a name comes twice.
    """
    parameters: Parameters = {}
    for text in typed:
        name, sign, value = text.partition("=")
        name = name.removeprefix("$")
        if not sign or not _NAME.fullmatch(name):
            raise _bad(f"{printable(text)!r} is not NAME=VALUE, as in job=nightly")
        if name in parameters:
            raise _bad(f"{name} is given twice")
        parameters[name] = value_of(value, name)
    return parameters


def value_of(text: str, name: str = "") -> object:
    """The value that a text stands for.

    Whole numbers, decimal numbers, `true`, `false`, `null`, dates and times (in UTC if they have no offset) become
    values of that type. Everything else is text, and so is everything between single quotes.

    Raises:
        click.BadParameter: the text looks like a date or a time, but no such date or time exists.
    """
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if _TIME.fullmatch(text):
            instant = datetime.fromisoformat(text)
            return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as problem:
        raise _bad(f"{name}={text} is no time: {problem}; in single quotes it is text") from None
    return text


def check_parameters(query: str, parameters: Parameters) -> None:
    """Check that the query has exactly these parameters; a query that is no SQL passes, and is refused later.

    Raises:
        Failure: the query has other parameters, or there are several statements.
    """
    if not parameters and not any(sign in query for sign in _SIGNS):
        return  # the engine is not started twice, only to find that there are none

    import duckdb

    try:
        statements = duckdb.extract_statements(query)
    except (duckdb.Error, UnicodeEncodeError):
        return
    wanted: set[str] = set().union(*(statement.named_parameters for statement in statements))
    if any(name.isdigit() for name in wanted):
        raise Failure(
            "the query has a parameter without a name", "Write $name for it, and --param name=VALUE."
        )
    for name in sorted(parameters.keys() - wanted):
        from difflib import get_close_matches

        near = get_close_matches(name, wanted, n=1)
        meant = f"did you mean ${near[0]}?" if near else ""
        raise Failure(f"the query has no ${name}", meant or f"Its parameters: {_listed(wanted)}.")
    missing = wanted - parameters.keys()
    if missing:
        first = min(missing)
        raise Failure(
            f"the query needs a value for {_listed(missing)}", f"Give it with --param {first}=VALUE."
        )
    if parameters and len(statements) > 1:
        raise Failure("with --param the query is one statement", "Ask one question after another.")


def _listed(names: set[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names)) or "none"


def _bad(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="'--param'")
