"""The prompt of `sql`: one query after another over one connection, until Ctrl-D.

A statement ends with a semicolon and may take several lines. Ctrl-C discards the text that is being typed, or stops
the running query. After an error, its message is shown and the prompt returns.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click

from cli.app.error_boundary import failures_for_people
from cli.app.failures import ExitCode
from cli.app.invocation import invocation
from cli.sql.answers import query_failures
from cli.sql.completion import typing_session
from cli.sql.dot_commands import DotCommands
from cli.sql.formats import show
from cli.sql.interrupt import stopped_by_ctrl_c, within
from cli.terminal.console import note, out
from cli.terminal.printable import printable, show_count
from cli.times.show import show_duration
from scheduler.home import Home

if TYPE_CHECKING:
    from cli.sql.formats import Row
    from projections import Answer, Sql

_ROWS_SHOWN_MAX = 1_000
"""In the formats for people, the prompt shows at most this many rows; --output writes all of them."""
_FOR_EYES = frozenset({"table", "vertical"})


def run_prompt(sql: Sql, home: Home, form: str, limit_s: float | None = None) -> None:
    """Read statements from the terminal and answer them, until the person leaves.

    Args:
        sql: an open connection.
        home: the home whose ledger is queried.
        form: the format in which answers are shown at first.
        limit_s: how long each query may take; None: for ever.

    Raises:
        Failure: the format is not for a terminal.
        OutputLost, BrokenPipeError: see `cli.terminal.console.out`.
    """
    dots = DotCommands(form)
    session = typing_session(home)
    note(f"SQL over {printable(str(home.root))}. Statements end with ; and .help tells the rest.")
    while not dots.left:
        try:
            typed = session.prompt().strip()
        except KeyboardInterrupt:
            continue
        except EOFError:
            break
        if typed:
            _hear(sql, home, typed, dots, limit_s)


def _hear(sql: Sql, home: Home, typed: str, dots: DotCommands, limit_s: float | None) -> None:
    """One thing that was typed; only standard output that is gone ends the conversation."""
    try:
        with failures_for_people():
            if dots.understands(typed):
                dots.execute(typed)
            else:
                _answer(sql, typed, dots.form, limit_s)
    except KeyboardInterrupt:
        # The terminal has shown ^C: begin a new line.
        click.echo(err=True)
        note("stopped")
    except SystemExit as left:
        if left.code == ExitCode.LEDGER:
            note(f"Nothing is answered from a ledger that is damaged: `{invocation(home)} ledger verify`.")
        elif left.code not in (ExitCode.USAGE, ExitCode.FAILED):
            raise


def _answer(sql: Sql, query: str, form: str, limit_s: float | None) -> None:
    began_s = time.monotonic()
    with query_failures(), stopped_by_ctrl_c(sql), within(sql, limit_s):
        for number, reading in enumerate(sql.judged(query)):
            if number:
                out("")
            _show(sql.answer(reading), form, began_s)
            began_s = time.monotonic()


def _show(answer: Answer, form: str, began_s: float) -> None:
    counted = _RowCounter(answer.rows)
    rows = iter(counted)
    show(form, answer.columns, islice(rows, _ROWS_SHOWN_MAX) if form in _FOR_EYES else rows)
    more = next(rows, None) is not None
    took = show_duration(int((time.monotonic() - began_s) * 1_000))
    if more:
        note(f"{took} for the first {_ROWS_SHOWN_MAX:,} rows; LIMIT and OFFSET ask for others")
    elif counted.count:
        note(f"{show_count(counted.count, 'row')} in {took}")
    sys.stdout.flush()


class _RowCounter:
    """Rows that are counted as they are read."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows, self.count = rows, 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row
