"""`cronledger nodes resume`: let a node that was drained take runs again."""

from __future__ import annotations

import click

from cli.app.options import reason_option
from cli.home.node_names import NODE, check_on_database, find_node
from cli.home.open import to_write
from cli.terminal.console import tell
from cli.terminal.printable import printable
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ownership.actor import claims, person
from scheduler.rules.state import State


@click.command(epilog="Example: cronledger nodes resume db2")
@click.argument("name", metavar="NAME", type=NODE)
@reason_option
@click.pass_obj
def resume(home: Home, name: str, reason: str) -> None:
    """Let node NAME, which was drained, take runs again."""
    check_on_database(home)
    with to_write(home) as ledger:

        def decide(state: State) -> list[Event]:
            node = find_node(state, name)
            if node.drained_seq is None:
                return []
            return [v.event(v.NodeResumed(node=name, reason=reason, claims=claims(state.mark)), person())]

        entries = ledger.decide(decide)
        serves = ledger.state.nodes[name].serves
    shown = printable(name)
    if not entries:
        tell(f"{shown} is not drained: nothing was recorded.")
    elif serves:
        tell(f"{shown} takes runs again (entry {entries[0].seq})")
    else:
        tell(f"{shown} takes runs again once it serves (entry {entries[0].seq})")
