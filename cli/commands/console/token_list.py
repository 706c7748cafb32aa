"""`console token list`: who may use the console over a network."""

from __future__ import annotations

import click

from cli.app.json_output import json_option, show_json
from cli.home.as_of import as_of_option
from cli.home.open import to_read
from cli.terminal.tables import Cell, Column, table
from cli.times.show import MACHINES_ZONE, local_zone, show_time, utc_option
from scheduler.home import Home

_COLUMNS = [
    Column("NAME", keep=True),
    Column("SCOPES"),
    Column("CREATED"),
    Column("BY"),
    Column("GOOD UNTIL"),
]


@click.command("list", epilog="Example: cronledger console token list")
@as_of_option
@utc_option(MACHINES_ZONE)
@json_option
@click.pass_obj
def list_(home: Home, as_of: str | None, utc: bool, as_json: bool) -> None:
    """Show the tokens that were not revoked, what each is good for, and by which entry it was made."""
    with to_read(home, as_of=as_of, quiet=as_json) as view:
        tokens = sorted(view.state.tokens.values(), key=lambda each: each.name)
        if as_json:
            show_json(
                [
                    {
                        "name": each.name, "scopes": each.scopes, "created": each.time, "by": each.actor,
                        "expires": each.expires, "good": each.is_good(view.now), "entry": each.seq,
                    }
                    for each in tokens
                ]
            )  # fmt: skip
            return
        zone = "UTC" if utc else local_zone()
        rows: list[list[Cell | str]] = []
        for each in tokens:
            until: Cell | str = "" if each.expires is None else show_time(each.expires, zone)
            if not each.is_good(view.now):
                until = Cell(f"expired {until}", "warn")
            rows.append([each.name, ", ".join(each.scopes), show_time(each.time, zone), each.actor, until])
        table(_COLUMNS, rows, empty="there are no tokens")
