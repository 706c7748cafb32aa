"""Names of nodes that people type, with the nearest for a mistyped one and completion for the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.app.failures import Failure
from cli.home.home_name import HomeName
from cli.home.job_names import nearest_names
from cli.terminal.printable import printable
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.rules.nodes.nodes_state import Node
    from scheduler.rules.state import State

_NONE_YET = "no node has served this ledger yet"
_ON_ONE_MACHINE = "this home is on one machine: there are no nodes"


def find_node(state: State, name: str) -> Node:
    """The node of that name.

    Raises:
        Failure: there is none, or none ever served the ledger; the message names the nearest.
    """
    if not state.nodes:
        raise Failure(_NONE_YET, "`cronledger serve` on a machine makes it one.")
    if (node := state.nodes.get(name)) is not None:
        return node
    shown = printable(name)
    if meant := nearest_names(name, state.nodes):
        raise Failure(f'no node "{shown}": did you mean {meant}?')
    raise Failure(f'no node "{shown}"', f"There are {', '.join(map(printable, sorted(state.nodes)))}.")


def check_on_database(home: Home) -> None:
    """Refuse what only makes sense where several machines share a ledger.

    Raises:
        Failure: this home is on one machine.
    """
    from scheduler.store import is_on_database

    if not is_on_database(home):
        if (store := _named_store(home)) is not None:
            raise Failure(_not_joined(store))
        raise Failure(_ON_ONE_MACHINE, "docs/several-machines.md tells how to have more than one.")


def nobody_words(home: Home) -> str:
    """Why there are no nodes to list."""
    from scheduler.store import is_on_database

    if is_on_database(home):
        return _NONE_YET
    return _ON_ONE_MACHINE if (store := _named_store(home)) is None else _not_joined(store)


def _named_store(home: Home) -> str | None:
    """The database that the config names; None if it names none, or cannot be used."""
    from scheduler.configuration.reading.current_config import read_config

    config, _ = read_config(home)
    return None if config is None else config.ledger.store


def _not_joined(store: str) -> str:
    return f"this home has not joined {printable(store)} yet, which its config names: `cronledger serve` does"


def _known(home: Home) -> list[str]:
    from cli.home.open import to_read

    with to_read(home, quiet=True) as view:
        return sorted(view.state.nodes)


NODE = HomeName("node", _known)
