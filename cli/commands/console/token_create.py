"""`console token create`: make a token, and show it once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from cli.app.failures import Failure
from cli.home.open import to_write
from cli.terminal.console import note, out
from cli.terminal.printable import printable
from cli.times.show import DURATION
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.entry_members import TOKEN_ROLES, TokenRole
from scheduler.home import Home
from scheduler.ownership.actor import claims, person
from scheduler.rules.access.token import TOKENS_MAX, is_token_name
from scheduler.rules.state import State


@click.command(epilog="Example: cronledger console token create ann-laptop --scope operate --expires 90d")
@click.argument("name", metavar="NAME")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(TOKEN_ROLES),
    multiple=True,
    default=("view",),
    show_default=True,
    help="What it is good for. May be given again.",
)
@click.option("--expires", "duration", type=DURATION, help="After so long it is good no more: 36h, 90d.")
@click.pass_obj
def create(home: Home, name: str, scopes: tuple[TokenRole, ...], duration: timedelta | None) -> None:
    """Make a token by which NAME may use the console on a network, and show it, this once.

    `view` reads everything; `operate` also runs, cancels, retries, enables, disables and backfills; `approve`
    approves changes of others; `admin` may all. The ledger keeps its digest alone, and who made it. Whoever has the
    token is NAME to the ledger: `token:NAME` stands in what is recorded. Give each person one of their own.

    Exit code 2 if there is one of that name already: revoke it first.
    """
    from cli.console.access.new_token import new_token, token_digest

    if not is_token_name(name):
        raise click.BadParameter(
            f"{printable(name)!r} is no name for a token: letters, digits, and _ . @ - between them, at most 64",
            param_hint="NAME",
        )
    secret = new_token()
    digest = token_digest(secret)
    assert digest is not None, "of a token that was just made"

    def decide(state: State) -> list[Event]:
        if name in state.tokens:
            raise Failure(
                f"there is a token {name} already", f"`cronledger console token revoke {name}` ends it."
            )
        if len(state.tokens) >= TOKENS_MAX:
            raise Failure(f"there are {TOKENS_MAX:,} tokens", "Revoke those that nobody needs any more.")
        expires = None if duration is None else datetime.now(UTC).replace(microsecond=0) + duration
        ordered = [role for role in TOKEN_ROLES if role in scopes]
        created = v.TokenCreated(
            name=name, scopes=ordered, sha256=digest, expires=expires, claims=claims(state.mark)
        )
        return [v.event(created, person())]

    with to_write(home) as ledger:
        entry = ledger.decide(decide)[0]
    out(secret)
    note(f"This is the token of {name}, shown this once (entry {entry.seq}). It is kept nowhere.")
