"""`logs search`: the log entries in which something stands."""

from __future__ import annotations

import re
import sys
from typing import Any

import click

from cli.app.failures import ExitCode
from cli.app.json_output import json_option
from cli.logs.newest import show_newest
from cli.logs.options import filter_options, lines_option, log_filter, utc_option
from scheduler.home import Home


@click.command(epilog="Example: cronledger logs search 'job failed' --since 7d")
@click.argument("pattern")
@click.option("--regex", is_flag=True, help="PATTERN is a regular expression (Python's).")
@click.option("--case-sensitive", is_flag=True, help="Upper and lower case differ.")
@filter_options
@lines_option
@json_option
@utc_option
@click.pass_obj
def search(
    home: Home,
    /,
    pattern: str,
    regex: bool,
    case_sensitive: bool,
    count: int,
    as_json: bool,
    utc: bool,
    **filters: Any,
) -> None:
    """Show the log entries in which PATTERN stands, whatever its case, the newest last.

    It is looked for in the message and in the fields. "job failed" finds runs that failed. Exit code 1 if there is
    none.
    """
    from scheduler.logs import Pattern

    if not pattern:
        raise click.BadParameter("it is empty", param_hint="'PATTERN'")
    try:
        wanted = Pattern(pattern, regex=regex, case_sensitive=case_sensitive)
    except (re.error, OverflowError) as problem:
        raise click.BadParameter(f"it is no regular expression: {problem}", param_hint="'PATTERN'") from None
    found = show_newest(home, log_filter(**filters, pattern=wanted), count, as_json=as_json, utc=utc)
    if not found:
        sys.exit(ExitCode.FAILED)
