"""`ledger move`: take a home's ledger into a database that several machines share, or out of it again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import click

from cli.app.failures import ExitCode, Failure
from cli.app.json_output import json_option, show_json
from cli.app.ledger_wait import patience_explained
from cli.ledger.database.moving import back_facts, refusal, refusal_back
from cli.terminal.console import note
from cli.terminal.printable import printable
from cli.terminal.progress import progress
from cli.terminal.tables import details
from scheduler.database.move import MovedLedger, MoveRefused, OnStep, move_to_database
from scheduler.home import Home
from scheduler.scheduler_lock import AlreadyRunning, Holder, SchedulerLock
from scheduler.store import database_address, is_on_database


@click.command(
    epilog="Example: cronledger ledger move --to postgresql://ledger@db.example/cronledger --as postgres"
)
@click.option(
    "--to",
    "place",
    required=True,
    metavar="URL|DIR",
    help="A database, with the role that the nodes connect as: postgresql://ledger@db.example/cronledger. Or "
    "var/ledger, out of a database.",
)
@click.option(
    "--as",
    "owner",
    metavar="ROLE",
    help="Into a database: the role that owns the tables there, or is to own them; another one than the nodes'.",
)
@json_option
@click.pass_obj
def move(home: Home, place: str, owner: str | None, as_json: bool) -> None:
    """Take the ledger of this home into a PostgreSQL database, or out of it: its bytes, its history, its chain.

    No scheduler may serve the home meanwhile, and no run may be in flight. Every line is copied and compared, byte
    for byte. The last entry in the old place is ledger.moved, and nothing is appended there after it; the next one
    follows it in the new place. The home keeps the entries of a database as files in var/mirror; var/ledger stays as
    it is. Then write `ledger: store:` into the config, and run `cronledger config apply`.

    --to var/ledger takes the ledger out of its database again, into this home, which goes on alone. No node may serve
    it then, on any machine. The database keeps its lines, and takes no more. Then take `ledger: store:` out of the
    config.

    After an interruption run it again: it goes on. docs/ledger-move.md tells more.

    Exit code 1 if a scheduler serves the home, a node serves the ledger or runs are in flight; 2 if it cannot be done
    as asked; 3 if the ledger or the database cannot be used.
    """
    if "://" in place:
        _into_database(home, place, owner, as_json=as_json)
    else:
        _into_home(home, place, owner, as_json=as_json)


def _into_database(home: Home, place: str, owner: str | None, *, as_json: bool) -> None:
    from eventstore.postgresql.address import parse_address
    from scheduler.database.owned_database import OwnedDatabase
    from scheduler.ownership.actor import person

    if owner is None:
        raise click.UsageError("--as names the role that owns the tables of a database, or is to own them")
    address = parse_address(place)
    if address.user is None or address.user == owner:
        raise Failure(
            "the URL names the role as which the nodes connect, and --as another one, which owns the tables",
            "Whoever owns them can alter entries; nodes only insert and read.",
        )
    with (
        _at_rest(home),
        closing(OwnedDatabase(address.shown, owner, address.user)) as target,
        _moving(home, shown=not as_json) as told,
    ):
        try:
            moved = move_to_database(home, target, address.shown, person(), told)
        except MoveRefused as refused:
            raise refusal(refused, address.shown) from None
    _tell(moved, address.shown, as_json=as_json)


def _into_home(home: Home, place: str, owner: str | None, *, as_json: bool) -> None:
    from scheduler.database.connection import open_database
    from scheduler.database.move_back import MoveBackRefused, move_back
    from scheduler.ownership.actor import person

    if owner is not None:
        raise click.UsageError("--as is of a database: into a folder nobody's role is needed")
    folder = home.own_ledger
    if os.path.realpath(folder) not in (os.path.realpath(place), os.path.realpath(home.root / place)):
        raise Failure(
            f"a ledger goes into the home that goes on with it, and nowhere else: {printable(str(folder))}",
            "Run it in the home that is to go on, with `--to var/ledger`.",
        )
    if not is_on_database(home):
        raise Failure(
            f"this home is on no database: its ledger is in {printable(str(folder))}",
            "Nothing is left to be done.",
        )
    address = database_address(home) or ""
    with (
        _at_rest(home),
        closing(open_database(home)) as database,
        _moving(home, shown=not as_json) as told,
    ):
        try:
            moved = move_back(home, database, person(), told)
        except MoveBackRefused as refused:
            raise refusal_back(refused) from None
    kept = [str(path) for path in (moved.mirror, moved.before) if path is not None]
    if as_json:
        show_json({"ledger": str(folder), "database": address, "entries": moved.entries, "kept": kept})
        return
    details(back_facts(folder, moved.entries, kept))
    note(
        "Now take `ledger: store:` out of the config, then run `cronledger serve`. The database keeps its lines and "
        f"takes no more: drop {printable(address)} when you like. What is kept here is not read any more either."
    )


@contextmanager
def _at_rest(home: Home) -> Iterator[None]:
    """The scheduler's lock, while the context lasts: no scheduler serves the home, and none begins to."""
    from scheduler.service.executor import this_process

    me = this_process()
    try:
        lock = SchedulerLock.take(home.scheduler_lock, Holder.of(me, datetime.now(UTC)))
    except AlreadyRunning:
        raise Failure(
            "a scheduler serves this home", "Stop it first: a ledger is moved at rest.", ExitCode.FAILED
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _moving(home: Home, *, shown: bool) -> Iterator[OnStep]:
    """What is told of a move while it proceeds."""
    with patience_explained(home.ledger), progress("moving the ledger", shown=shown) as seen:
        yield lambda step, done, total: seen.update(done, total=total, label=f"{step} entries")


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
