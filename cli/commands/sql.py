"""`sql`: any question about the ledger."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import Failure
from cli.app.input_file import STANDARD_INPUT, piped_bytes
from cli.home.as_of import as_of_option
from cli.home.views import check_home
from cli.sql.answers import FORMAT, Destination, MemoryLimit
from cli.terminal.console import is_terminal, note
from cli.terminal.printable import printable
from cli.times.parse import DURATION
from cli.times.show import local_zone, show_time
from scheduler.home import Home

if TYPE_CHECKING:
    from projections import Sql

_QUERY_BYTES_MAX = 1024 * 1024


@click.command(
    epilog="Example: cronledger sql \"SELECT job, count(*) FROM runs WHERE outcome = 'failed' GROUP BY job\""
)
@click.argument("query", required=False)
@click.option("-f", "--file", "source", type=click.Path(path_type=Path), help="Read the query from a file.")
@click.option(
    "--param",
    "typed",
    metavar="NAME=VALUE",
    multiple=True,
    help="A value for $NAME in the query; may be repeated. In single quotes it is text whatever it looks like.",
)
@click.option("--format", "form", type=FORMAT, help="How to give the answer.  [default: table]")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the answer to this file.")
@click.option("--force", is_flag=True, help="Let --output replace a file.")
@click.option(
    "--memory-limit",
    type=MemoryLimit(),
    help="At most so much memory for the query, such as 2GB.  [default: half of the machine's]",
)
@click.option(
    "--timeout", "limit", type=DURATION, help="At most so long for the query: 30s, 5m.  [default: for ever]"
)
@as_of_option
@click.option(
    "--derive",
    is_flag=True,
    help="Derive all anew from the entries first: the answer rests on no projection.",
)
@click.option("--shell", is_flag=True, help="Show how to open the same views with other tools.")
@click.pass_obj
def sql(
    home: Home,
    query: str | None,
    source: Path | None,
    typed: tuple[str, ...],
    form: str | None,
    as_json: bool,
    output: Path | None,
    force: bool,
    memory_limit: str | None,
    limit: timedelta | None,
    as_of: str | None,
    derive: bool,
    shell: bool,
) -> None:
    """Answer an SQL query over what the ledger says.

    The query comes from the command line, from a file, or from standard input (- or a pipe); at a terminal and
    without a query, a prompt opens. Several statements are answered one after another, as tables, records
    (--format vertical) or Markdown. The views are documented in docs/sql.md, and `.schema` at the prompt lists
    them. The dialect is DuckDB's. Nothing that a query says can write or read a file: statements that do
    anything but read are refused with exit code 2. A damaged ledger is not answered from: exit code 3. A query
    that takes longer than --timeout is stopped: exit code 1; Ctrl-C stops it too.
    """
    if as_json and form not in (None, "json"):
        raise click.UsageError("--json and --format exclude each other")
    destination = Destination("json" if as_json else form or "table", output, force)
    opened = _opener(home, memory_limit, as_of, derive)
    limit_s = None if limit is None else limit.total_seconds()
    if shell:
        if query or source or typed or output or as_of or derive:
            raise click.UsageError("--shell goes without a query, and shows the ledger as it is")
        check_home(home)
        _show_other_tools(home)
    elif query is None and source is None and sys.stdin is not None and is_terminal(sys.stdin):
        _prompt(home, destination, typed, opened, limit_s)
    else:
        _answer(home, _text(query, source), typed, destination, opened, limit_s)


def _opener(
    home: Home, memory_limit: str | None, as_of: str | None, derive: bool
) -> Callable[[str | None], Sql]:
    """What opens the connection, for a query, once all else is known to be right."""

    def opened(query: str | None) -> Sql:
        from cli.home.views import open_views

        check_home(home)
        if as_of is None:
            return open_views(home, query=query, memory_limit=memory_limit, derive=derive)
        from cli.home.as_of import moment_as_of

        moment = moment_as_of(home, as_of)
        note(f"As of {show_time(moment.time, local_zone())}, after entry {moment.seq}.")
        return open_views(home, query=query, memory_limit=memory_limit, past=moment, derive=derive)

    return opened


def _answer(
    home: Home,
    text: str,
    typed: tuple[str, ...],
    destination: Destination,
    opened: Callable[[str | None], Sql],
    limit_s: float | None,
) -> None:
    from cli.sql.answers import answer, query_failures
    from cli.sql.parameters import check_parameters, read_parameters

    parameters = read_parameters(typed)
    destination.check(home)
    check_parameters(text, parameters)
    with query_failures(), opened(text) as connection:
        answer(connection, home, text, parameters, destination, limit_s=limit_s)


def _prompt(
    home: Home,
    destination: Destination,
    typed: tuple[str, ...],
    opened: Callable[[str | None], Sql],
    limit_s: float | None,
) -> None:
    if typed or destination.file is not None:
        raise click.UsageError("--param and --output go with a query")
    if not is_terminal():
        raise click.UsageError("there is no query; the prompt needs a terminal to write to")
    from cli.sql.answers import query_failures
    from cli.sql.prompt import run_prompt

    with query_failures(), opened(None) as connection:
        run_prompt(connection, home, destination.form, limit_s)


def _show_other_tools(home: Home) -> None:
    from cli.sql.other_tools import show_other_tools

    show_other_tools(home)


def _text(query: str | None, source: Path | None) -> str:
    if query is not None and source is not None:
        raise click.UsageError("a query and --file exclude each other")
    if source is not None and str(source) != STANDARD_INPUT:
        text = _from_file(source)
    elif query is None or query == STANDARD_INPUT:
        text = _decoded(piped_bytes("a query", _QUERY_BYTES_MAX))
    else:
        text = query
    if not text.strip():
        raise click.UsageError("the query is empty")
    return text


def _from_file(source: Path) -> str:
    try:
        with open(source, "rb") as file:
            return _decoded(file.read(_QUERY_BYTES_MAX + 1))
    except OSError as problem:
        raise Failure(f"{printable(str(source))} cannot be read: {problem.strerror or problem}") from None


def _decoded(raw: bytes) -> str:
    if len(raw) > _QUERY_BYTES_MAX:
        raise Failure(f"the query is longer than {_QUERY_BYTES_MAX:,} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as mistake:
        raise Failure(f"the query is not UTF-8: {mistake}") from None
