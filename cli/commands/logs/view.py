"""`logs view`: what jobs printed and the scheduler noted, line by line."""

from __future__ import annotations

from typing import Any

import click

from cli.app.json_output import json_option
from cli.logs.newest import show_newest
from cli.logs.options import filter_options, lines_option, log_filter, utc_option
from scheduler.home import Home


@click.command(epilog="Example: cronledger logs view --level warning --since 1h --job nightly")
@filter_options
@lines_option
@click.option("-f", "--follow", is_flag=True, help="Go on with each entry as it comes, until Ctrl-C.")
@json_option
@utc_option
@click.pass_obj
def view(home: Home, /, count: int, follow: bool, as_json: bool, utc: bool, **filters: Any) -> None:
    """Show log entries: what jobs printed and what the scheduler noted, the newest last.

    A level means that level and those above; without --level all but debug is shown. With -f and --json each entry
    is one line of JSON. Secrets are masked; `cronledger logs show RUN` has the raw output.
    """
    filters["level"] = filters["level"] or "info"
    show_newest(home, log_filter(**filters), count, follow=follow, as_json=as_json, utc=utc)
