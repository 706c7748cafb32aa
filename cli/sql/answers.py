"""Answering one query: the answer goes to standard output, or into a file that a person named."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from cli.app.failures import ExitCode, Failure
from cli.app.options import Choice
from cli.app.output_file import check_place, written_aside
from cli.sql.formats import FORMATS, Columns, show
from cli.sql.interrupt import TimeIsOver, stopped_by_ctrl_c, within
from cli.sql.parameters import Parameters
from cli.terminal.console import is_terminal, out, writing_output
from cli.terminal.progress import progress
from scheduler.home import Home

if TYPE_CHECKING:
    from cli.sql.formats import Row
    from projections import Sql
    from projections.sql.statements import ReadStatement

ANSWER_FORMATS = (*FORMATS, "parquet")
FORMAT = Choice(ANSWER_FORMATS, "format")
_SEVERAL = ("table", "vertical", "markdown")
"""The formats that allow several answers in a row: a person who reads them sees where one ends."""
_MORE = "Ask for less at once, or let it take more: `cronledger sql --memory-limit 4GB`, say."
_LONGER = "Ask for less at once, or give it more time."
_LIMIT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([KMGT]i?B)", re.IGNORECASE)


class Destination(NamedTuple):
    """Where an answer goes.

    Attributes:
        form: one of `ANSWER_FORMATS`.
        file: the file; None for standard output.
        force: whether a file that exists is replaced.
    """

    form: str
    file: Path | None = None
    force: bool = False

    def check(self, home: Home) -> None:
        """Refuse an impossible destination, before any work is done.

        Raises:
            Failure: the file may not be written, or the format is not for a terminal.
        """
        if self.file is not None:
            check_place(self.file, home, force=self.force)
        elif self.force:
            raise Failure("--force replaces a file: name it with --output")
        elif self.form == "parquet" and is_terminal():
            raise Failure("Parquet is not for a terminal", "Name a file with --output FILE.")


class MemoryLimit(click.ParamType[str]):
    """A size as DuckDB writes it: `512MB`, `2GiB`."""

    name = "size"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The size; a text that is no size is refused."""
        found = _LIMIT.fullmatch(value.strip())
        if found is None or float(found[1]) == 0:
            self.fail(f"{value!r} is not a size: write 512MB or 2GB", param, ctx)
        return f"{found[1]}{found[2]}"


def answer(
    sql: Sql,
    home: Home,
    query: str,
    parameters: Parameters,
    destination: Destination,
    *,
    limit_s: float | None = None,
    shown: bool = True,
) -> None:
    """Answer a query.

    Args:
        sql: an open connection.
        home: its home.
        query: one or several statements; all are judged first, then each is answered.
        parameters: a value for each of its `$name`s.
        destination: where the answer goes.
        limit_s: how long it may take; None: for ever.
        shown: whether a person who watches may be shown progress.

    Raises:
        Failure: the query is refused, wrong or takes too long, or the file cannot be written.
        KeyboardInterrupt: a person stopped it.
        OutputLost, BrokenPipeError: see `cli.terminal.console.out`.
        Corrupt: the ledger is damaged.
    """
    with query_failures():
        shown = shown and (destination.file is not None or not is_terminal())
        with stopped_by_ctrl_c(sql), within(sql, limit_s), progress("asking", shown=shown):
            judged = sql.judged(query)
            if len(judged) == 1:
                result = sql.answer(judged[0], parameters or None)
                deliver(destination, home, result.columns, result.rows)
            else:
                _deliver_several(destination, home, sql, judged)


def deliver(destination: Destination, home: Home, columns: Columns, rows: Iterable[Row]) -> None:
    """Write rows to the destination.

    Raises:
        Failure: the file cannot be written; no part of it is left.
        OutputLost, BrokenPipeError: see `cli.terminal.console.out`.
    """
    if destination.form != "parquet":
        if destination.file is None:
            show(destination.form, columns, rows)
        else:
            deliver_texts(destination, home, FORMATS[destination.form](columns, rows, str))
    elif destination.file is None:
        _parquet_to_standard_output(columns, rows)
    else:
        from cli.sql.parquet import write_parquet

        with written_aside(destination.file, home, force=destination.force) as aside:
            write_parquet(aside.path, columns, rows)


def _deliver_several(destination: Destination, home: Home, sql: Sql, judged: Sequence[ReadStatement]) -> None:
    """Answer the statements in order, with a blank line between the answers."""
    form = destination.form
    if form not in _SEVERAL:
        raise Failure(
            f"these are {len(judged)} statements, and {form} has room for one answer",
            f"Ask one after another, or with --format {', '.join(_SEVERAL[:-1])} or {_SEVERAL[-1]}.",
        )
    if destination.file is not None:
        deliver_texts(destination, home, _texts_of(form, sql, judged))
        return
    for number, reading in enumerate(judged):
        if number:
            out("")
        answer = sql.answer(reading)
        show(form, answer.columns, answer.rows)


def _texts_of(form: str, sql: Sql, judged: Sequence[ReadStatement]) -> Iterator[str]:
    for number, reading in enumerate(judged):
        if number:
            yield ""
        answer = sql.answer(reading)
        yield from FORMATS[form](answer.columns, answer.rows, str)


def deliver_texts(destination: Destination, home: Home, texts: Iterable[str]) -> None:
    """Write texts to the destination; each is one or several lines, without the last line end.

    Raises:
        Failure: the file cannot be written; no part of it is left.
        OutputLost, BrokenPipeError: see `cli.terminal.console.out`.
    """
    if destination.file is None:
        for text in texts:
            out(text)
        return
    with written_aside(destination.file, home, force=destination.force) as aside:
        for text in texts:
            aside.file.write(text.encode("utf-8", "backslashreplace") + b"\n")


@contextmanager
def query_failures() -> Iterator[None]:
    """Turn the errors of a query into failures with words for people, and an interrupted query into a Ctrl-C.

    Raises:
        Failure: the query is refused or wrong, or took too long.
        KeyboardInterrupt: a person stopped it.
    """
    from projections import QueryFailed, QueryRefused
    from projections.errors import MemoryExceeded, QueryInterrupted

    try:
        yield
    except QueryRefused as refused:
        raise Failure(str(refused)) from None
    except MemoryExceeded as failed:
        raise Failure(f"the query needs more memory than it may take: {failed.message}", _MORE) from None
    except QueryInterrupted:
        raise KeyboardInterrupt from None
    except QueryFailed as failed:
        raise Failure(failed.message.replace("\t", " "), failed.hint) from None
    except TimeIsOver:
        raise Failure(
            "the query took longer than its --timeout", _LONGER, exit_code=ExitCode.FAILED
        ) from None
    except RuntimeError as stopped:
        # This is how DuckDB reports a Ctrl-C while it works.
        if "interrupted" in str(stopped).lower():
            raise KeyboardInterrupt from None
        raise


def _parquet_to_standard_output(columns: Columns, rows: Iterable[Row]) -> None:
    from cli.sql.parquet import write_parquet

    with tempfile.TemporaryDirectory(prefix="cronledger-") as folder:
        made = Path(folder) / "answer.parquet"
        write_parquet(made, columns, rows)
        with writing_output(), open(made, "rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
