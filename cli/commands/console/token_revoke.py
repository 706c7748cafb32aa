"""`console token revoke`: have a token be good no more."""

from __future__ import annotations

from difflib import get_close_matches

import click

from cli.app.failures import Failure
from cli.app.options import reason_option
from cli.home.open import to_write
from cli.terminal.console import tell
from cli.terminal.printable import printable
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ownership.actor import claims, person
from scheduler.rules.state import State


@click.command(epilog='Example: cronledger console token revoke ann-laptop --reason "the laptop is gone"')
@click.argument("name", metavar="NAME")
@reason_option
@click.pass_obj
def revoke(home: Home, name: str, reason: str) -> None:
    """Have the token NAME be good no more; a console that runs knows it within a second.

    Exit code 2 if there is none of that name.
    """

    def decide(state: State) -> list[Event]:
        if name not in state.tokens:
            near = get_close_matches(name, state.tokens, n=1)
            meant = f": did you mean {near[0]}?" if near else ""
            raise Failure(
                f'no token "{printable(name)}"{meant}', "`cronledger console token list` shows them."
            )
        revoked = v.TokenRevoked(name=name, reason=reason, claims=claims(state.mark))
        return [v.event(revoked, person())]

    with to_write(home) as ledger:
        entry = ledger.decide(decide)[0]
    tell(f"token {printable(name)} is good no more (entry {entry.seq})")
