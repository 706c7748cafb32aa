"""`ledger verify`: does everything in the ledger fit together, and to what was signed and is remembered of it?"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.error_boundary import failure_of
from cli.app.failures import ExitCode, Failure
from cli.app.json_output import json_option, show_json
from cli.app.options import WholeNumber
from cli.evidence.trusted_keys import key_option, trusted_keys, trusted_witnesses, witness_option
from cli.terminal.console import exit_code_counts
from cli.terminal.tables import details
from eventstore.errors import Archived
from eventstore.store import Head
from scheduler.home import Home
from scheduler.store import look_for_entries

if TYPE_CHECKING:
    from cli.ledger.verification.verified import Verified

_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


class _HeadType(click.ParamType[Head]):
    """An entry's number and hash, as `ledger verify` prints the head."""

    name = "SEQ:HASH"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Head:
        if isinstance(value, Head):
            return value
        match = _HEAD.fullmatch(str(value).strip().lower())
        if match is None:
            self.fail("give an entry's number, a colon, and the 64 hex digits of its hash", param, ctx)
        return Head(int(match[1]), match[2])


@click.command(epilog="Example: cronledger ledger verify --ledger /mnt/copy/ledger --anchor /mnt/worm/ledger")
@click.option(
    "--ledger",
    "folder",
    type=click.Path(exists=True, file_okay=False, readable=False, path_type=Path),
    metavar="DIR",
    help="A ledger's own folder, such as a copy that an auditor has; nothing is written there.",
)
@click.option(
    "--expect",
    "expected",
    type=_HeadType(),
    multiple=True,
    metavar="SEQ:HASH",
    help="A head that was written down: entry SEQ must be there with this hash. May be given again.",
)
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="FILE|DIR|URL",
    help="Where checkpoints are remembered: those of this ledger must fit. May be given again.",
)
@key_option(required=False)
@witness_option
@click.option(
    "--continued",
    type=WholeNumber(least=0),
    multiple=True,
    metavar="SEQ",
    help="An entry by which the ledger went on after a restore: what it says was lost is known to you.",
)
@click.option(
    "--since-checkpoint",
    "incremental",
    is_flag=True,
    help="Go on from the newest signed checkpoint: what it covers is not read again.",
)
@click.option(
    "--projections",
    is_flag=True,
    help="Also derive the Parquet files and kept states anew, and compare. Those that are wrong are removed.",
)
@click.option(
    "--no-laws", is_flag=True, help="Leave out the laws: on long ledgers they take most of the time."
)
@click.option(
    "--archives",
    is_flag=True,
    help="Also read the segments that are archived, where they are. Without it their seals stand for them.",
)
@click.option(
    "--database",
    is_flag=True,
    help="Instead, compare this machine's mirror with the database that the ledger is in, byte for byte.",
)
@click.option("--digests", is_flag=True, help="Also compare the digest in each seal with its file.")
@json_option
@click.pass_obj
@exit_code_counts()
def verify(
    home: Home,
    folder: Path | None,
    expected: tuple[Head, ...],
    anchors: tuple[str, ...],
    keys: tuple[str, ...],
    witnesses: tuple[str, ...],
    continued: tuple[int, ...],
    incremental: bool,
    projections: bool,
    no_laws: bool,
    archives: bool,
    database: bool,
    digests: bool,
    as_json: bool,
) -> None:
    """Check every byte of every entry, the chain of hashes through all of them, HEAD, the seals and the tree.

    Nothing is written but, for `cronledger metrics`, when all was in order. The scheduler may go on appending: the
    ledger as it was at the beginning is checked. An unfinished write that a crash left at its very end is no damage.

    Each checkpoint that is kept or recorded must have the root that the entries have, and be signed by the key that
    was in force. The ledger names its keys itself: with --key from elsewhere, what it signed is what its holder
    signed, whoever can write here.

    Then each entry is held against the laws: a run was owed before it started and ended once, no instant was settled
    twice, a disabled job had nothing fall due. An entry that breaks one is illegal, and not damaged.

    Archived segments are not read, unless --archives is given: their seals must be those that an entry records, and
    fit to the chain and the tree. A head of --expect in one of them is looked up in the archive.

    A ledger can be consistent and yet be short of its last entries, or be written anew as a whole, by somebody who
    can write all its files. What is remembered elsewhere shows that: the checkpoints at an anchor (--anchor), or the
    head that is printed, if it is written down where such a person cannot reach it (--expect).

    With --database every entry of this machine's mirror is compared with the database's, and the first difference is
    named. Nothing else is checked then.

    Exit code 1 if something is damaged, or is not what was signed; the entry, the segment and the byte offset are
    shown, and what it means. Exit code 1 also if entries are illegal.
    Exit code 3 if the ledger is not the one that is remembered, or no checkpoint is signed by a key that was given;
    if it cannot be read, or is in a newer format.
    """
    _refuse_what_only_homes_have(folder, database=database, projections=projections)
    if database:
        sys.exit(_compared(home, as_json=as_json))
    if folder is None:
        look_for_entries(home)
    from cli.ledger.verification.asked import AskedLedger, place
    from scheduler.evidence.verification.trust import Trust

    places = [place(anchor, folder or home.ledger) for anchor in anchors]
    trust = Trust(expected, places, trusted_keys(keys), trusted_witnesses(witnesses), continued)
    asked = AskedLedger(home, folder, archives=archives, shown=not as_json)
    with _archives_judged():
        found = asked.verified(trust, incremental=incremental, laws=not no_laws, digests=digests)
    if projections and found.report.ok:
        found = found._replace(derived=asked.derived())
    sys.exit(_told(found, as_json=as_json))


def _refuse_what_only_homes_have(folder: Path | None, *, database: bool, projections: bool) -> None:
    if folder is not None and (database or projections):
        named = "--database" if database else "--projections"
        raise click.UsageError(f"{named} is of a home: a ledger's own folder has none")


@contextmanager
def _archives_judged() -> Iterator[None]:
    """An archive in which something else stands than was archived is what a verification is to find.

    Raises:
        Failure: there is one.
    """
    try:
        yield
    except Archived as problem:
        failure = failure_of(problem)
        if not problem.damaged or failure is None:
            raise
        raise Failure(failure.message, failure.hint, ExitCode.FAILED) from None


def _told(found: Verified, *, as_json: bool) -> ExitCode:
    """Tell what was found; the exit code."""
    from cli.ledger.verification.document import document
    from cli.ledger.verification.facts import facts

    if as_json:
        show_json(document(found))
    else:
        details(facts(found))
    if not found.as_remembered:
        return ExitCode.LEDGER
    return ExitCode.DONE if found.ok else ExitCode.FAILED


def _compared(home: Home, *, as_json: bool) -> ExitCode:
    """Compare mirror and database; the exit code."""
    from cli.ledger.database.comparing import compared
    from cli.ledger.database.words import comparison_document, comparison_facts

    with compared(home, shown=not as_json) as both:
        if as_json:
            show_json(comparison_document(both.database.address, both.found))
        else:
            details(comparison_facts(both.database.address, both.found))
        sound = both.found.relation in ("equal", "database_longer") and both.found.halted is None
        return ExitCode.DONE if sound else ExitCode.FAILED
