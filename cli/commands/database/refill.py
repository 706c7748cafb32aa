"""`database refill`: put back what a database lost, byte for byte, from this machine's mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from cli.app.failures import ExitCode, Failure
from cli.app.json_output import json_option, show_json
from cli.ledger.database.comparing import Compared, compared
from cli.ledger.database.words import comparison_document, comparison_facts
from cli.terminal.console import note, out
from cli.terminal.printable import printable, show_count
from cli.terminal.progress import progress
from cli.terminal.tables import details
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.replicated.refill import Refilled, RefillRefused

Side = Literal["database", "mirror"]


@click.command(epilog="Example: cronledger database refill --dry-run")
@click.option("--dry-run", is_flag=True, help="Only show what both sides have, and what would be put back.")
@click.option(
    "--keep",
    type=click.Choice(["database", "mirror"]),
    help="Where both went on: which branch stays. The other one is kept as evidence.",
)
@json_option
@click.pass_obj
def refill(home: Home, dry_run: bool, keep: Side | None, as_json: bool) -> None:
    """Put back what the database lost, from the mirror of this machine.

    A database that was set back to an old backup, or whose fail-over lost something, lacks entries that were
    committed; a node whose mirror has them finds that, and everybody halts. Run this on the machine whose mirror is
    the longest (`ledger verify --database` says how long each is). All entries are compared; what is missing is
    put back byte for byte, and then everybody goes on. Nothing that the database has is changed.

    Where both sides went on, neither is put over the other by itself. --keep database sets this machine's mirror
    aside and fetches the database's entries. --keep mirror writes the database's branch into a file, and shows the
    SQL by which the owner of its tables takes it away; then refill again. After a fork of a ledger that is signed,
    `cronledger ledger continue` goes on under another name.

    After an interruption run it again.

    Exit code 1 if nothing was put back since a person has to look; 2 if the home is on no database; 3 if one side
    cannot be used.
    """
    from eventstore.replicated.refill import RefillRefused, require_here
    from eventstore.replicated.refill import refill as put_back

    with compared(home, shown=not as_json) as both:
        database, mirror, found = both
        if dry_run:
            _show(both, as_json=as_json)
            return
        try:
            if found.relation == "differ" and keep is not None:
                require_here(database, found)
                _keep(home, both, keep)
                return
            with progress("putting entries back", shown=not as_json) as seen:
                done = put_back(database, mirror, found, lambda count, total: seen.update(count, total=total))
        except RefillRefused as refused:
            raise _refusal(refused) from None
        _tell(both, done, as_json=as_json)


def _show(both: Compared, *, as_json: bool) -> None:
    if as_json:
        show_json(comparison_document(both.database.address, both.found))
        return
    details(comparison_facts(both.database.address, both.found))
    if both.found.relation == "mirror_longer":
        first = next(both.mirror.read(both.found.same, both.found.same))
        last = next(both.mirror.read_backwards())
        note(
            f"Entries {first.seq:,} to {last.seq:,} would be put back, of {first.time:%Y-%m-%d %H:%M:%S} to "
            f"{last.time:%Y-%m-%d %H:%M:%S} UTC."
        )


def _tell(both: Compared, done: Refilled, *, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "database": both.database.address,
                "first": done.first if done.entries else None,
                "entries": done.entries,
                "resumed": done.resumed,
            }
        )
        return
    put = show_count(done.entries, "entry", "entries")
    details(
        [
            ("database", printable(both.database.address)),
            ("put back", f"{put}, from entry {done.first:,} on" if done.entries else "nothing was missing"),
            ("appending", "everybody goes on" if done.resumed else "nobody was halted"),
        ]
    )
    if done.resumed:
        note("Each `cronledger serve` had ended for it: start it again on every machine where nothing does.")


def _refusal(refused: RefillRefused) -> Failure:
    found = refused.comparison
    if refused.problem == "moved":
        return Failure(
            f"this database is not appended to again: {printable(found.halted or 'the ledger was moved away')}",
            "Nothing was put back. Go on in the home there; `cronledger ledger move --to URL` there takes the ledger "
            "into a database again.",
            ExitCode.FAILED,
        )
    if refused.problem == "not_longest":
        return Failure(
            f"another machine's mirror reaches to entry {refused.longest:,}, this one to {found.mirror.seq:,}",
            f"Nothing was put back. Refill there, or what it has is lost: {printable(found.halted or '')}.",
            ExitCode.FAILED,
        )
    if refused.problem == "moving":
        return Failure(
            "the database changed meanwhile, or is not as this mirror: nothing more was put back",
            "`cronledger ledger verify --database` shows how both are now; then refill again.",
            ExitCode.FAILED,
        )
    return Failure(
        f"database and mirror went on differently: {printable(found.words)}",
        "Nothing was put back. Look at both: `cronledger ledger show` has the mirror's. If the database's branch is "
        "right, `--keep database`; if the mirror's is, `--keep mirror`.",
        ExitCode.FAILED,
    )


def _keep(home: Home, both: Compared, side: Side) -> None:
    from cli.ledger.database.fork import fork_folder, keep_branch_of_database, setting_back
    from scheduler.database.fork import begin_anew

    database, mirror, found = both
    folder = fork_folder(home, found.same)
    if side == "database":
        mirror.close()
        begin_anew(home, database, folder, found)
        note(
            f"The mirror's branch is in {printable(str(folder))}. This machine has the database's entries now."
        )
        return
    if not found.same:
        raise Failure(
            "even entry 0 differs: that is another ledger",
            "Nothing was kept or taken away. Write the database that is meant into the config: `ledger: store:`.",
        )
    last_hash = mirror.hash_of(found.same - 1)
    path = keep_branch_of_database(both, folder)
    note(
        f"The database's branch is in {printable(str(path))}. The owner of the tables takes it away by this; then "
        "run `cronledger database refill` again:"
    )
    out(setting_back(found.same, last_hash))
