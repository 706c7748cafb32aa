"""What goes wrong where the ledger is in a database, or was moved to one: in words, with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.app.failures import ExitCode, Failure
from cli.terminal.printable import printable
from eventstore import errors as ledger
from eventstore.moved import Moved, says_moved
from scheduler.database.agreement import PlaceDisagrees
from scheduler.database.connection import DriverMissing
from scheduler.database.origin import ORIGIN_NAME, OriginUnusable

if TYPE_CHECKING:
    from eventstore.postgresql.refusal import Reason


def database_failure(problem: ledger.LedgerError) -> Failure | None:
    """The words for a problem of this kind; None for any other."""
    if isinstance(problem, ledger.Halted) and says_moved(str(problem)):
        return Failure(
            f"nothing is appended in this database any more: {printable(str(problem))}",
            "Go on in the home there. If the move was interrupted, it is gone on with there: `cronledger ledger "
            "move --to var/ledger`. If it is to be given up instead, `cronledger database refill` lets everybody go "
            "on, unless it is on record already.",
            ExitCode.LEDGER,
        )
    if isinstance(problem, ledger.Halted):
        return Failure(
            f"nothing is appended any more: {printable(str(problem))}",
            "Nothing was recorded. `cronledger ledger verify --database` shows where database and mirror differ; "
            "`cronledger database refill`, on the machine whose mirror is the longest, puts back what is missing.",
            ExitCode.LEDGER,
        )
    if isinstance(problem, ledger.DamagedTail) and (problem.segment.parent / ORIGIN_NAME).exists():
        return Failure(
            f"the mirror of the database is damaged: {printable(str(problem))}",
            f"The entries are in the database. Move {printable(str(problem.segment))} away, and do not delete it "
            "before `cronledger ledger verify --database` finds both the same: what is missing is fetched again.",
            ExitCode.LEDGER,
        )
    if isinstance(problem, ledger.InDoubt | ledger.NoAnswer):
        return Failure(
            f"whether this was recorded is unknown: {printable(str(problem))}",
            "Look before you ask again: `cronledger ledger tail` shows what was recorded, once the database answers.",
            ExitCode.LEDGER,
        )
    if isinstance(problem, ledger.OtherLedger):
        return Failure(
            f"{printable(str(problem.place))} holds ledger {problem.found}, not {problem.expected}",
            "Nothing was written. One of the two is not what it is taken for: `ledger: store:` in the config names "
            "another database than this home was on, or the home's `var/mirror` was copied from elsewhere.",
            ExitCode.LEDGER,
        )
    if isinstance(problem, Moved):
        return Failure(
            f"the ledger in {printable(str(problem.folder))} was moved to {printable(problem.where)}: nothing is "
            "appended here any more",
            f"Write `ledger: {{store: {printable(problem.where)}}}` into the config of this home to go on there.",
            ExitCode.LEDGER,
        )
    if isinstance(problem, PlaceDisagrees):
        return _disagreement(problem)
    if isinstance(problem, OriginUnusable):
        return Failure(
            f"nobody can say which database this home is on: {printable(str(problem))}",
            "Move var/mirror away; with `ledger: store:` in the config the home fetches its entries again.",
            ExitCode.LEDGER,
        )
    if isinstance(problem, DriverMissing):
        return Failure(
            f"{printable(str(problem))}", "Install it: pip install 'cronledger[postgresql]'.", ExitCode.USAGE
        )
    return _of_postgresql(problem)


def _disagreement(problem: PlaceDisagrees) -> Failure:
    address, there = printable(problem.address), printable(problem.home_address or "")
    if problem.problem == "names_none":
        return Failure(
            f"this home's ledger is in {address}, and the config does not say so any more",
            f"Write `ledger: {{store: {address}}}` into it again. `cronledger ledger move --to var/ledger` takes the "
            "ledger back out of the database.",
        )
    if problem.problem == "own_ledger":
        return Failure(
            f"the config says that the ledger is in {address}, and this home has a ledger of its own",
            f"`cronledger ledger move --to {address} --as ROLE` takes it there, with its history; ROLE owns the "
            "tables. If this home is to begin anew there, move var/ledger away.",
        )
    return Failure(
        f"the config names {address}, which holds another ledger than {there}, the database that this home is on",
        "Write the one that is meant into the config. To have this home join the other ledger, move var/mirror away.",
    )


def _of_postgresql(problem: ledger.LedgerError) -> Failure | None:
    from eventstore.postgresql.address import BadAddress
    from eventstore.postgresql.refusal import DatabaseUnavailable

    if isinstance(problem, BadAddress):
        return Failure(
            f"this is no address of a database: {printable(problem.what)}",
            "It looks like postgresql://USER@HOST/NAME; a password stands in ~/.pgpass or in PGPASSWORD.",
            ExitCode.USAGE,
        )
    if not isinstance(problem, DatabaseUnavailable):
        return None
    return Failure(
        f"the database {printable(problem.address)} cannot be used: {printable(problem.detail.strip())}",
        _HINTS.get(problem.reason, "Nothing was recorded. Try again once it answers."),
        ExitCode.LEDGER,
    )


_HINTS: dict[Reason, str] = {
    "unknown_host": "Nothing was recorded. Is the host's name right, and does this machine know it?",
    "no_database": "`createdb` makes one, and `cronledger database create` the tables in it.",
    "wrong_password": "The password stands in ~/.pgpass (or PGPASSFILE), or in PGPASSWORD.",
    "not_allowed": "The server's pg_hba.conf says who may connect, from where, and how.",
    "without_tables": "`cronledger database create` makes them.",
    "unfinished": "A `cronledger ledger move` to it was interrupted: run it again, it goes on.",
    "without_rights": "`cronledger database create` gives the nodes' role what it needs.",
    "read_only": "Nothing was recorded. Make it writable, or name the primary.",
    "replica": "Nothing was recorded. Name the primary: entries are read and written there alone.",
    "full": "Nothing was recorded. Make room on the database's disk.",
    "newer_schema": "A later version of cronledger made its tables: use that one.",
    "older_schema": "`cronledger database create` upgrades its tables.",
    "too_old": "PostgreSQL 14 or later is needed.",
    "entry_in_the_way": "Somebody altered it by hand: `cronledger ledger verify --database` shows where.",
}
