"""`sql`: any question about the ledger."""

from __future__ import annotations

import sys

import click

from cli.failures import Failure
from scheduler.home import Home

_QUERY_BYTES_MAX = 1024 * 1024


@click.command(
    epilog="Example: cronledger sql \"SELECT job, count(*) FROM runs WHERE outcome = 'failed' GROUP BY job\""
)
@click.argument("query")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "jsonl", "csv"]),
    help="How to print the answer.  [default: table]",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.pass_obj
def sql(home: Home, query: str, form: str | None, as_json: bool) -> None:
    """Answer an SQL query over what the ledger says; - reads it from standard input.

    The views are events (every entry), runs and jobs; `DESCRIBE runs` lists columns. The dialect is DuckDB's.
    Nothing that a query says can write or read a file: statements that do anything but read are refused with
    exit code 2. A damaged ledger is not answered from: exit code 3.
    """
    if as_json and form not in (None, "json"):
        raise click.UsageError("--json and --format exclude each other")
    text = _from_stdin() if query == "-" else query
    if not text.strip():
        raise click.UsageError("the query is empty")
    _answer(home, text, "json" if as_json else form or "table")


def _answer(home: Home, text: str, form: str) -> None:
    from cli.sql_output import FORMATS
    from projections import QueryFailed, QueryRefused, open_sql

    try:
        with open_sql(home) as connection:
            answer = connection.execute(text)
            FORMATS[form](answer.columns, answer.rows)
    except QueryRefused as refused:
        raise Failure(str(refused)) from None
    except QueryFailed as failed:
        raise Failure(failed.message, failed.hint) from None
    except RuntimeError as stopped:
        # This is how DuckDB reports a Ctrl-C while it works.
        if "interrupted" in str(stopped):
            raise KeyboardInterrupt from None
        raise


def _from_stdin() -> str:
    raw = sys.stdin.buffer.read(_QUERY_BYTES_MAX + 1)
    if len(raw) > _QUERY_BYTES_MAX:
        raise Failure(f"the query is longer than {_QUERY_BYTES_MAX:,} bytes")
    try:
        return raw.decode()
    except UnicodeDecodeError as mistake:
        raise Failure(f"the query is not UTF-8: {mistake}") from None
