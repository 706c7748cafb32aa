"""`projections rebuild`: make the files that SQL answers come from anew; they can be deleted, and come back."""

from __future__ import annotations

import click

from cli.app.json_output import json_option, show_json
from cli.home.views import check_home
from cli.projections.build_progress import build_progress
from cli.terminal.console import tell
from cli.terminal.printable import show_count
from scheduler.home import Home


@click.command(epilog="Example: cronledger projections rebuild")
@json_option
@click.pass_obj
def rebuild(home: Home, as_json: bool) -> None:
    """Make all projections anew from the ledger, whose every line is checked on the way.

    Nobody has to do this: what is missing or damaged is noticed and made anew by the next question. It may be
    done at any time; whoever asks meanwhile waits. A damaged ledger is reported: exit code 3.
    """
    from projections.build.maintenance import rebuild as rebuild_all

    check_home(home)
    with build_progress(shown=not as_json) as steps:
        made = rebuild_all(home, steps=steps)
    if as_json:
        show_json(made)
    else:
        segments = show_count(made.segments, "full segment")
        tell(
            f"Projected {segments} of {show_count(made.entries, 'entry', 'entries')} into "
            f"{show_count(made.parts, 'file')} of each kind"
        )
