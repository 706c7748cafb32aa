"""`database create`: the tables of a ledger in PostgreSQL, with the rights of the role that nodes use."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure, complain
from cli.app.json_output import json_option, show_json
from cli.terminal.console import note, out
from cli.terminal.printable import printable
from cli.terminal.tables import details
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.postgresql.address import DatabaseAddress
    from eventstore.postgresql.creation import DatabaseOwner
    from eventstore.postgresql.genesis import Genesis
    from eventstore.postgresql.refusal import DatabaseUnavailable

_DONE = {
    "created": "the tables, and a ledger that holds its entry 0",
    "upgraded": "the tables are of the present version now; no entry was touched",
    "granted": "all is well: the tables are there in the present version, and the role has its rights",
    "checked": "all is well: the tables are there in the present version, and the role can use them",
}


@click.command(
    epilog="Example: cronledger database create postgresql://ledger@db.example/cronledger --as postgres"
)
@click.argument("url", metavar="[URL]", required=False)
@click.option("--as", "owner_name", metavar="ROLE", help="The role that owns the tables, or is to own them.")
@click.option(
    "--print", "only_shown", is_flag=True, help="Only show the SQL, for somebody else to run; ask nothing."
)
@json_option
@click.pass_obj
def create(home: Home, url: str | None, owner_name: str | None, only_shown: bool, as_json: bool) -> None:
    """Make the tables of a ledger in a PostgreSQL database (14 or later), and let nodes use them.

    URL is what the nodes' config says under `ledger: store:`, which is taken where it is not given, with the role
    that they connect as, such as postgresql://ledger@db.example/cronledger. That role may insert and read entries,
    never alter one; it is made if it is not there, without a password. The tables belong to another role, given by
    --as. Passwords stand in ~/.pgpass (or PGPASSFILE) or in PGPASSWORD.

    Run it again at any time: tables of an older version are brought to the present one, which touches no entry, and
    the role is given the rights that it lacks. Without --as it only looks whether the nodes' role can use what is
    there.

    Exit code 2 if the URL is none, or --as is missing; 3 if the database cannot be used.
    """
    from eventstore.postgresql.address import parse_address

    url = url or _configured(home)
    address = parse_address(url)
    writer = address.user
    if writer is None:
        raise Failure(
            "the URL does not say as which role the nodes connect",
            "It looks like postgresql://ROLE@HOST/NAME.",
        )
    if writer == owner_name:
        raise Failure(
            f"the tables cannot belong to {printable(writer)}, as which the nodes connect",
            "Whoever owns them can alter entries. Name another role with --as.",
        )
    if only_shown:
        _show(writer)
        return
    if owner_name is None:
        ledger_id, done = _checked(url), "checked"
    else:
        ledger_id, done = _created(url, owner_name, writer)
    if as_json:
        show_json({"database": address.shown, "ledger": ledger_id, "role": writer, "done": done})
        return
    details(
        [
            ("database", printable(address.shown)),
            ("ledger", ledger_id),
            ("nodes connect as", printable(writer)),
            ("done", _DONE[done]),
        ]
    )


def _configured(home: Home) -> str:
    """The database that the home's config names."""
    from scheduler.configuration.reading.current_config import read_config

    config, problem = read_config(home)
    if config is None:
        assert problem is not None, "there is a config, or why there is none"
        raise problem
    if config.ledger.store is None:
        raise Failure(
            "the config names no database",
            "Give its URL, or write it into the config: `ledger: {store: URL}`.",
        )
    return config.ledger.store


def _show(writer: str) -> None:
    """Print the SQL."""
    from eventstore.postgresql.genesis import creation_script
    from eventstore.postgresql.schema import role

    genesis = _genesis()
    lines = [
        "-- To be run once, in one transaction, by the role that is to own the tables (not the nodes' role).",
        f"-- If the nodes' role is not there yet: {role(writer).strip()}",
        f"-- Entry 0: {genesis.line.decode('ascii').strip()}",
        "BEGIN;",
        f"{creation_script(genesis, writer)}COMMIT;",
    ]
    out("\n".join(lines) + "\n")


def _checked(url: str) -> str:
    """Look whether the nodes' role can use what is there; the ledger's identity."""
    from eventstore.postgresql.refusal import DatabaseUnavailable
    from scheduler.database.connection import connect

    with closing(connect(url)) as database:
        try:
            return database.ledger_id
        except DatabaseUnavailable as refusal:
            if refusal.reason not in ("without_tables", "without_rights", "older_schema"):
                raise
            raise Failure(
                f"{printable(refusal.address)} is not ready: {printable(refusal.detail)}",
                "Say with --as ROLE which role owns the tables, or is to own them.",
            ) from None


def _created(url: str, owner_name: str, writer: str) -> tuple[str, str]:
    """Do what is missing, as the owner; the ledger's identity, and what was done."""
    from eventstore.postgresql.address import parse_address
    from eventstore.postgresql.refusal import DatabaseUnavailable
    from scheduler.database.connection import connect_as_owner

    address = parse_address(url).as_user(owner_name)
    with closing(connect_as_owner(url, owner_name)) as owner:
        try:
            return _completed(owner, address, writer)
        except DatabaseUnavailable as refusal:
            if refusal.reason != "without_rights":
                raise
            raise _may_not(address, refusal) from None


def _completed(owner: DatabaseOwner, address: DatabaseAddress, writer: str) -> tuple[str, str]:
    from eventstore.postgresql.schema import VERSION

    found = owner.found()
    if found is None and owner.is_prepared():
        raise Failure(
            f"{printable(address.shown)} holds the beginning of a move that was not finished",
            "Run `cronledger ledger move` again: it goes on.",
            ExitCode.LEDGER,
        )
    if found is not None and found.version > VERSION:
        raise Failure(
            f"the tables in {printable(address.shown)} have version {found.version}, this software knows {VERSION}",
            "Nothing was changed. A later version of cronledger made them: use that one.",
            ExitCode.LEDGER,
        )
    if not owner.has_role(writer):
        owner.create_role(writer)
        note(f"The role {printable(writer)} was made, without a password: set one, or let it in without.")
    if not owner.flushes():
        complain(
            "this server does not flush what it acknowledges (fsync, full_page_writes): a power cut may take it"
        )
    if found is None:
        genesis = _genesis()
        owner.create(genesis, writer)
        return genesis.ledger_id, "created"
    if found.version < VERSION:
        owner.upgrade(found.version)
    owner.grant(writer)
    return found.ledger_id, "upgraded" if found.version < VERSION else "granted"


def _may_not(address: DatabaseAddress, refusal: DatabaseUnavailable) -> Failure:
    return Failure(
        f"{printable(address.user or '')} may not do this in {printable(address.shown)}: {printable(refusal.detail)}",
        "Nothing was changed. It needs CREATE on the database, and CREATEROLE if the nodes' role is not there; "
        "--print shows the SQL for whoever has that.",
        ExitCode.LEDGER,
    )


def _genesis() -> Genesis:
    from eventstore.postgresql.genesis import new_genesis
    from scheduler.ownership.actor import person
    from scheduler.version import VERSION

    return new_genesis(f"cronledger {VERSION}", person(), datetime.now(UTC))
