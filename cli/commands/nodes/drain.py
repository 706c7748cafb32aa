"""`cronledger nodes drain`: let a node take nothing new."""

from __future__ import annotations

import click

from cli.app.options import reason_option
from cli.home.node_names import NODE, check_on_database, find_node
from cli.home.open import to_write
from cli.terminal.console import tell
from cli.terminal.printable import printable, show_count
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.nodes.node_facts import facts_of
from scheduler.ownership.actor import claims, person
from scheduler.rules.state import State


@click.command(epilog='Example: cronledger nodes drain db2 --reason "new disks"')
@click.argument("name", metavar="NAME", type=NODE)
@reason_option
@click.pass_obj
def drain(home: Home, name: str, reason: str) -> None:
    """Let node NAME take nothing new; what has started there goes on, and it may still lead.

    What was assigned to it and has not started goes elsewhere. It stays so over restarts, until `nodes resume`.
    """
    check_on_database(home)
    with to_write(home) as ledger:

        def decide(state: State) -> list[Event]:
            node = find_node(state, name)
            if node.drained_seq is not None:
                return []
            return [v.event(v.NodeDrained(node=name, reason=reason, claims=claims(state.mark)), person())]

        entries = ledger.decide(decide)
        facts = facts_of(ledger.state, ledger.state.nodes[name])
    shown = printable(name)
    if not entries:
        tell(
            f"{shown} is drained already, by {printable(facts.node.drained_by or '')}: nothing was recorded."
        )
        return
    going = [str(run.number) for run in facts.runs]
    runs = f"; {show_count(len(going), 'run')} there {'goes' if len(going) == 1 else 'go'} on: {', '.join(going)}"
    tell(f"{shown} takes nothing new (entry {entries[0].seq}){runs if going else ''}")
