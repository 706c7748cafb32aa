"""`cronledger nodes forget`: give up a node that stopped and does not come back."""

from __future__ import annotations

from contextlib import closing

import click

from cli.app.failures import ExitCode, Failure
from cli.app.options import reason_option
from cli.home.node_names import NODE, check_on_database, find_node
from cli.home.open import to_write
from cli.terminal.console import tell
from cli.terminal.printable import printable, show_count
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.database.connection import ClockOfDatabase, open_database
from scheduler.home import Home
from scheduler.ownership.actor import claims, person
from scheduler.rules.nodes.losses import given_up
from scheduler.rules.state import State


@click.command(epilog='Example: cronledger nodes forget web1 --reason "the machine is gone"')
@click.argument("name", metavar="NAME", type=NODE)
@reason_option
@click.pass_obj
def forget(home: Home, name: str, reason: str) -> None:
    """Give up node NAME, which stopped with runs left going and will not come back: they are recorded as lost.

    Until then they count as going, with their locks, however long the node is away: only its own scheduler could tell
    how they ended. A run that its job retries after `lost` is made again elsewhere; make sure that it is over. A node
    that serves cannot be forgotten; one that falls silent is lost by itself. Should it come back, it joins as before.

    Exit code 1 if it serves, as far as is recorded.
    """
    check_on_database(home)
    with to_write(home) as ledger, closing(open_database(home)) as database:
        clock = ClockOfDatabase(database)

        def decide(state: State) -> list[Event]:
            node = find_node(state, name)
            if node.lost_seq is not None and not any(run.node == name for run in state.runs.values()):
                return []
            if node.serves:
                raise Failure(
                    f"node {printable(name)} serves, as far as is recorded: only one that stopped can be forgotten",
                    "Stop it there. If it is gone, it is lost by itself after `lost_after`. Nothing was recorded.",
                    ExitCode.FAILED,
                )
            return given_up(state, name, reason, clock(), person(), claims(state.mark))

        entries = ledger.decide(decide)
        if not entries:
            seq = ledger.state.nodes[name].lost_seq or 0
            tell(f"{printable(name)} is lost already, by entry {seq:,}: nothing was recorded.")
            return
    lost = [str(entry.run) for entry in entries if entry.type == v.RunFinished.TYPE]
    runs = (
        f"; {show_count(len(lost), 'run')} lost: {', '.join(lost)}" if lost else "; it had left nothing going"
    )
    tell(f"{printable(name)} is given up (entry {entries[0].seq}){runs}")
