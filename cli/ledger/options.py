"""The options that commands about the entries themselves have in common."""

from __future__ import annotations

from pathlib import Path

import click

from cli.times.show import MACHINES_ZONE, utc_option

ledger_option = click.option(
    "--ledger",
    "folder",
    type=click.Path(exists=True, file_okay=False, readable=False, path_type=Path),
    metavar="DIR",
    help="A ledger's own folder, such as a copy; nothing is written there.",
)
raw_option = click.option(
    "--raw", is_flag=True, help="Print the bytes of the line as they stand in the ledger."
)
machine_utc_option = utc_option(MACHINES_ZONE)
