"""Of which nodes the database hears, for commands; where it does not answer, nobody knows."""

from __future__ import annotations

from contextlib import closing

from cli.terminal.console import note
from eventstore.errors import LedgerError
from scheduler.home import Home
from scheduler.rules.state import State


def heard(home: Home, state: State) -> frozenset[str] | None:
    """Names of the nodes of which the database hears; None if it does not answer: that is said then.

    It takes one and a half seconds, unless no node serves by what is on record.
    """
    if not any(node.serves for node in state.nodes.values()):
        return frozenset()
    from scheduler.database.connection import open_database
    from scheduler.nodes.heard_nodes import heard_nodes

    try:
        with closing(open_database(home)) as database:
            return heard_nodes(database)
    except LedgerError as problem:
        note(f"Note: the database does not answer ({problem}): whether nodes are silent is not known.")
        return None
