"""`--as-of TIME|SEQ`: a moment of the past, as a person types it.

A number is an entry: the state right after it, at the moment at which it was made. Anything else is a time: the state
after the last entry made by then, at that time. Times without an offset are this machine's, as with `--since`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.terminal.printable import printable
from cli.terminal.progress import progress
from cli.times.show import parse_time, show_time
from cli.times.zones import local_zone
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.ledger.view import Moment, View

Command = TypeVar("Command", bound=Callable[..., Any])


def as_of_option(command: Command) -> Command:
    """Give a command `--as-of`; it arrives as the argument `as_of`, a string or None."""
    return click.option(
        "--as-of",
        metavar="TIME|SEQ",
        help="Answer as it would have been answered then: at a time, or right after an entry.",
    )(command)


def moment_as_of(home: Home, text: str) -> Moment:
    """What a person typed as `--as-of`: the last entry that counts, and the time typed or that of the entry.

    Raises:
        click.BadParameter: it is neither a time of the past nor an entry of the ledger.
        Corrupt, NewerFormat, Unavailable, NoLedger: the ledger cannot be trusted or read.
    """
    from scheduler.ledger.view import moment_at

    with _refused_in_words(text):
        return moment_at(home, _typed(home, text))


def view_as_of(home: Home, text: str) -> View:
    """The home as it was at the moment that a person typed as `--as-of`; see `scheduler.ledger.view.past_view`.

    Raises:
        click.BadParameter: it is neither a time of the past nor an entry of the ledger.
        Corrupt, NewerFormat, Unavailable, NoLedger: the ledger cannot be trusted or read.
    """
    from scheduler.ledger.view import past_view

    with _refused_in_words(text), progress("reading the past") as seen:
        return past_view(home, _typed(home, text), lambda done, total: seen.update(done, total=total))


def _typed(home: Home, text: str) -> int | datetime:
    """The number of an entry, or a time of the past."""
    from scheduler.ledger.view import moment_at

    try:
        return _read(text)
    except click.BadParameter:
        moment_at(home, 0)  # where no ledger can be read, that comes first
        raise


def _read(text: str) -> int | datetime:
    if re.fullmatch(r"[+-]?[0-9]{1,1000}", text.strip()):
        return int(text)
    now = datetime.now(UTC)
    time = parse_time(text, "--as-of", now)
    if time > now:
        raise _refused(f"{printable(text)} is still to come")
    return time


@contextmanager
def _refused_in_words(text: str) -> Iterator[None]:
    """Turn a moment that the ledger does not know into what is wrong with what was typed."""
    from scheduler.ledger.view import BeforeLedger, NoSuchEntry

    try:
        yield
    except NoSuchEntry as problem:
        if problem.seq < 0:
            why = f"{problem.seq} is no entry: they are numbered from 0 to {problem.last_seq}"
        else:
            why = f"there is no entry {problem.seq} yet: the last one is {problem.last_seq}"
        raise _refused(why) from None
    except BeforeLedger as problem:
        begin = show_time(problem.begin, local_zone())
        raise _refused(f"{printable(text)} is before the ledger: it begins at {begin}") from None


def _refused(why: str) -> click.BadParameter:
    return click.BadParameter(why, param_hint="'--as-of'")
