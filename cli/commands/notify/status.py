"""`notify status`: what each channel was told last, and what it is still to be told."""

from __future__ import annotations

import click

from cli.app.json_output import json_option, show_json
from cli.home.open import to_read
from cli.terminal.tables import Cell, Value, details
from cli.times.show import MACHINES_ZONE, local_zone, utc_option
from scheduler.home import Home


@click.command(epilog="Example: cronledger notify status")
@utc_option(MACHINES_ZONE)
@json_option
@click.pass_obj
def status(home: Home, utc: bool, as_json: bool) -> None:
    """Show of each channel when it was told last, and what it is still to be told.

    A message that is not taken is tried again until it is, or for three days. What was told, and what was given up,
    is in the ledger: `cronledger sql` finds it in events, by the types notification.sent and notification.failed.
    """
    from cli.status.notifications import channel_document, channel_lines, known_channels

    with to_read(home, with_outline=True) as view:
        known, serves, now = known_channels(view), view.holder is not None, view.now
    if as_json:
        show_json({"serves": serves, "channels": [channel_document(each) for each in known]})
        return
    zone = "UTC" if utc else local_zone()
    facts: list[tuple[str, Value]] = [(each.name, channel_lines(each, zone, now)) for each in known]
    if not facts:
        facts.append(("channels", "none: `channels:` in the config names who is told"))
    elif not serves:
        facts.append(("delivery", Cell("stands still: no scheduler serves this home", "warn")))
    details(facts)
