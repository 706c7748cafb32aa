"""`ledger move`: take a home's ledger into a database that several machines share."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import click

from cli.app.failures import ExitCode, Failure
from cli.app.json_output import json_option, show_json
from cli.app.ledger_wait import patience_explained
from cli.terminal.console import note
from cli.terminal.printable import printable
from cli.terminal.progress import progress
from cli.terminal.tables import details
from scheduler.database.move import MovedLedger, MoveRefused, move_to_database
from scheduler.home import Home
from scheduler.scheduler_lock import AlreadyRunning, Holder, SchedulerLock


@click.command(
    epilog="Example: cronledger ledger move --to postgresql://ledger@db.example/cronledger --as postgres"
)
@click.option(
    "--to",
    "place",
    required=True,
    metavar="URL",
    help="The database, with the role that the nodes connect as: postgresql://ledger@db.example/cronledger.",
)
@click.option(
    "--as",
    "owner",
    required=True,
    metavar="ROLE",
    help="The role that owns the tables there, or is to own them; another one than the nodes'.",
)
@json_option
@click.pass_obj
def move(home: Home, place: str, owner: str, as_json: bool) -> None:
    """Take the ledger of this home into a PostgreSQL database: its bytes, its history, its chain.

    No scheduler may serve the home meanwhile, and no run may be in flight. Every line is copied and compared, byte
    for byte. The last entry here is ledger.moved, and nothing is appended here after it; the next one follows it in
    the database. The home keeps its entries as files in var/mirror; var/ledger stays as it is. Then write
    `ledger: store:` into the config, and run `cronledger config apply`.

    After an interruption run it again: it goes on. docs/ledger-move.md tells more.

    Exit code 1 if a scheduler serves the home or runs are in flight; 2 if it cannot be done as asked; 3 if the ledger
    or the database cannot be used.
    """
    from eventstore.postgresql.address import parse_address
    from scheduler.database.owned_database import OwnedDatabase
    from scheduler.ownership.actor import person
    from scheduler.service.executor import this_process

    address = parse_address(place)
    if address.user is None or address.user == owner:
        raise Failure(
            "the URL names the role as which the nodes connect, and --as another one, which owns the tables",
            "Whoever owns them can alter entries; nodes only insert and read.",
        )
    me = this_process()
    try:
        lock = SchedulerLock.take(
            home.scheduler_lock, Holder(me.pid, me.host, datetime.now(UTC), me.pid_namespace)
        )
    except AlreadyRunning:
        raise Failure(
            "a scheduler serves this home", "Stop it first: a ledger is moved at rest.", ExitCode.FAILED
        ) from None
    with (
        closing(OwnedDatabase(address.shown, owner, address.user)) as target,
        patience_explained(home.ledger),
        progress("moving the ledger", shown=not as_json) as seen,
    ):
        try:
            moved = move_to_database(
                home,
                target,
                address.shown,
                person(),
                lambda step, done, total: seen.update(done, total=total, label=f"{step} entries"),
            )
        except MoveRefused as refused:
            raise _refusal(refused, address.shown) from None
        finally:
            lock.release()
    _tell(moved, address.shown, as_json=as_json)


def _tell(moved: MovedLedger, address: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"database": address, "ledger": moved.ledger_id, "entries": moved.entries})
        return
    details(
        [
            ("database", printable(address)),
            ("ledger", moved.ledger_id),
            ("entries", f"{moved.entries:,}, each compared byte for byte"),
        ]
    )
    note(
        f"Now write `ledger: {{store: {printable(address)}}}` into the config, then run `cronledger config apply` "
        "and `cronledger serve`. Keep var/ledger: it is the ledger as it was."
    )


def _refusal(refused: MoveRefused, address: str) -> Failure:
    where = printable(refused.where)
    if refused.problem == "runs":
        numbers = ", ".join(map(str, refused.runs[:5])) + (" …" if len(refused.runs) > 5 else "")
        return Failure(
            f"runs are in flight: {numbers}",
            "Nothing was moved. Let them end: `cronledger serve`, then stop it with `shutdown: wait`; or "
            "`cronledger jobs cancel`.",
            ExitCode.FAILED,
        )
    if refused.problem == "done":
        return Failure(f"the ledger of this home is in {where} already", "Nothing is left to be done.")
    if refused.problem == "on_database":
        return Failure(
            f"the ledger of this home is in {where}", f"It is not moved from there to {printable(address)}."
        )
    if refused.problem == "elsewhere":
        return Failure(
            f"this ledger was moved to {where}, or is about to be",
            "A move that was interrupted is gone on with by moving there again.",
            ExitCode.LEDGER,
        )
    return Failure(
        f"{printable(address)} has another line of entry {where} than the ledger here",
        "Nothing is in force there. Look who writes into that database; its schema `cronledger` can be dropped, then "
        "move again.",
        ExitCode.LEDGER,
    )
