"""`cronledger nodes why`: why a node takes nothing, or what it may take."""

from __future__ import annotations

import click

from cli.app.json_output import json_option, show_json
from cli.home.heard import heard
from cli.home.node_names import NODE, check_on_database, find_node
from cli.home.open import to_read
from cli.terminal.tables import details
from cli.times.show import MACHINES_ZONE, local_zone, utc_option
from cli.words.node_facts_words import node_document, why_facts
from scheduler.home import Home
from scheduler.nodes.node_facts import facts_of


@click.command(epilog="Example: cronledger nodes why db2")
@click.argument("name", metavar="NAME", type=NODE)
@utc_option(MACHINES_ZONE)
@json_option
@click.pass_obj
def why(home: Home, name: str, utc: bool, as_json: bool) -> None:
    """Tell whether node NAME takes runs, and if not, why; which jobs it cannot run, and what goes on there.

    Each fact names the entry that says so. Whether the database hears of the node is looked at for one and a half
    seconds.
    """
    check_on_database(home)
    with to_read(home, quiet=True) as view:
        node = find_node(view.state, name)
        facts = facts_of(view.state, node, heard(home, view.state))
        if as_json:
            show_json(node_document(facts, view.state))
            return
        details(why_facts(facts, view.state, "UTC" if utc else local_zone(), view.now))
