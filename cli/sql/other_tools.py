"""`sql --shell`: the same views in other tools, with the commands to copy."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

from cli.app.failures import ExitCode, Failure
from cli.terminal.console import out, paint, wants_colour
from cli.terminal.printable import printable
from scheduler.home import Home

_NOTES = """\
The file holds views and no data: they read the ledger as it is at each query. It
is replaced and never changed, so keeping it open blocks nobody. These tools show
times in the zone of your session, and do not check the newest entries against
the hash chain; `cronledger sql` does."""


def show_other_tools(home: Home) -> None:
    """Make sure that the file with the views exists, and print how to open it.

    Raises:
        Failure: the file cannot be written here, or there is no ledger yet.
        Corrupt: the ledger is damaged.
    """
    from projections import open_sql
    from projections.files.database import DATABASE_NAME

    with open_sql(home):
        path = home.projections.resolve() / DATABASE_NAME
        if not path.exists():
            raise Failure(
                f"{printable(str(path))} is not there and cannot be made",
                "It needs a ledger, and a home that may be written to.",
                ExitCode.FAILED,
            )
    colour = wants_colour()
    for title, lines in _doors(path):
        out(paint(title, "strong", colour))
        out("\n".join(f"  {printable(line)}" for line in lines) + "\n")
    out(_NOTES)


def _doors(path: Path) -> list[tuple[str, list[str]]]:
    return [
        (
            "DuckDB's own shell, 1.4 or later",
            [f"duckdb -readonly {shlex.quote(str(path))}"],
        ),
        (
            "A notebook, or any Python that has duckdb",
            [
                "import duckdb",
                f"ledger = duckdb.connect({json.dumps(str(path), ensure_ascii=False)}, read_only=True)",
                'ledger.sql("FROM runs LIMIT 10")',
            ],
        ),
        (
            "DBeaver, and all else that speaks JDBC",
            [
                "Database > New Database Connection > DuckDB, with the URL",
                f"jdbc:duckdb:{path}",
                "and the driver property duckdb.read_only = true",
            ],
        ),
        (
            "The Python that cronledger runs on",
            [f"{shlex.quote(sys.executable)} -c {shlex.quote(_one_liner(path))}"],
        ),
    ]


def _one_liner(path: Path) -> str:
    return f"import duckdb; duckdb.connect({str(path)!r}, read_only=True).sql('FROM jobs').show()"
