"""What stands behind the `?` of an address, read as the options of commands are, and written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import urlencode

import click

from cli.console.asked import Asked
from cli.terminal.printable import printable
from cli.times.parse import DURATION, parse_time

_DIGITS_MAX: Final = 18
_Choice = TypeVar("_Choice", bound=str)


def number_argument(asked: Asked, name: str) -> int | None:
    """A whole number from 0 on; None if none is given.

    Raises:
        click.BadParameter: something else stands there.
    """
    text = asked.argument(name).strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        raise click.BadParameter(f"{printable(text)!r} is no number from 0 on", param_hint=name)
    return int(text)


def time_argument(asked: Asked, name: str, *, end: bool = False) -> datetime | None:
    """A moment, as `--since` and `--until` take it; None if none is given.

    It counts from the moment looked at, so `1h` of a page of the past is the hour before that moment, and a date or
    a time without an offset is one of the zone in which the page shows times.

    Args:
        asked: the request.
        name: of the argument.
        end: a date means the end of that day.

    Raises:
        click.BadParameter: it is no time.
        LedgerError: the ledger cannot be trusted or read.
    """
    text = asked.argument(name).strip()
    if not text:
        return None
    with asked.look() as view:
        now = view.now
    return parse_time(text, name, now, zone=asked.zone, end=end)


def duration_argument(asked: Asked, name: str) -> timedelta | None:
    """A length of time, as the config and `--for` have it: `90s`, `15m`, `1h30m`; None if none is given.

    Raises:
        click.BadParameter: it is none.
    """
    text = asked.argument(name).strip()
    if not text:
        return None
    try:
        return DURATION.convert(text, None, None)
    except click.BadParameter as problem:
        raise click.BadParameter(printable(problem.message), param_hint=name) from None


def choice_argument(asked: Asked, name: str, choices: tuple[_Choice, ...]) -> _Choice | None:
    """One of several words; None if none is given.

    Raises:
        click.BadParameter: it is another one.
    """
    text = asked.argument(name).strip()
    chosen = next((each for each in choices if each == text), None)
    if text and chosen is None:
        raise click.BadParameter(f"{printable(text)!r} is none of {', '.join(choices)}", param_hint=name)
    return chosen


def query_text(given: Mapping[str, str | int | None]) -> str:
    """What an address has behind its `?`; what is empty or None is left out."""
    return urlencode({name: value for name, value in given.items() if value not in ("", None)})
