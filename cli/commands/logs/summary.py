"""`logs summary`: log entries, counted."""

from __future__ import annotations

from typing import Any

import click

from cli.app.json_output import json_option, show_json
from cli.logs.options import filter_options, log_filter
from cli.terminal.console import note
from scheduler.home import Home


@click.command(epilog="Example: cronledger logs summary --since 7d")
@filter_options
@json_option
@click.pass_obj
def summary(home: Home, /, as_json: bool, **filters: Any) -> None:
    """Count log entries by level, job and day: which jobs are the noisiest, and which fail."""
    from cli.logs.newest import none_words
    from cli.logs.subject import check_subject
    from cli.logs.summary import LogSummary
    from cli.logs.up_to_date import bring_up_to_date
    from cli.terminal.progress import progress
    from scheduler.logs import as_collected, entries_folder

    wanted = log_filter(**filters)
    bring_up_to_date(home, shown=not as_json)
    with progress("counting log entries", shown=not as_json):
        counted = LogSummary(as_collected(entries_folder(home), wanted))
    if not counted.total:
        check_subject(home, wanted)
    if as_json:
        show_json(counted.document())
    elif counted.total:
        counted.show()
    else:
        note(none_words(wanted))
