"""`playbooks list`: which playbooks there are."""

from __future__ import annotations

import click

from cli.app.json_output import json_option, show_json
from cli.playbooks.pages import names, playbook
from cli.terminal.tables import Column, table


@click.command("list", epilog="Example: cronledger playbooks list")
@json_option
def list_(as_json: bool) -> None:
    """Show all playbooks."""
    pages = [playbook(name) for name in names()]
    if as_json:
        show_json([{"name": page.name, "title": page.title, "summary": page.summary} for page in pages])
        return
    table(
        [Column("NAME", keep=True), Column("TITLE"), Column("WHAT IT IS ABOUT", under=True)],
        [[page.name, page.title, page.summary] for page in pages],
    )
