"""`ledger archive`: old segments go into a volume elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import Failure
from cli.app.json_output import json_option, show_json
from cli.home.open import to_write
from cli.ledger.archive.failures import archive_explained
from cli.ledger.archive.place import place_of_volumes
from cli.ledger.archive.words import (
    candidates_document,
    show_step,
    stays_words,
    volume_document,
    volume_facts,
)
from cli.terminal.console import note, tell
from cli.terminal.printable import printable, show_count
from cli.terminal.progress import progress
from cli.terminal.tables import details
from cli.times.show import show_size
from scheduler.home import Home
from scheduler.store import is_on_database

if TYPE_CHECKING:
    from scheduler.archive.archiving import Archived
    from scheduler.archive.candidates import Candidates


@click.command(epilog="Example: cronledger ledger archive --before 2026-01-01 --to /mnt/worm --remove-local")
@click.option(
    "--before",
    "before_text",
    required=True,
    metavar="TIME",
    help="Archive segments whose last entry is older: 2026-01-01, 90d, 2026-01-01T18:00:00Z.",
)
@click.option(
    "--to",
    "place",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder in which volumes are kept, such as a mounted disk; it must exist.",
)
@click.option(
    "--remove-local",
    is_flag=True,
    help="Then remove the segments beside the ledger, and those of earlier volumes that are there still.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be archived; nothing is written.")
@json_option
@click.pass_obj
def archive(
    home: Home, before_text: str, place: Path, remove_local: bool, dry_run: bool, as_json: bool
) -> None:
    """Write the oldest segments of the ledger into a volume below DIR, and verify it.

    A volume is a folder: the segments, compressed, a manifest with their digests, the checkpoint that covers them,
    and the same entries as Parquet.

    Whole segments of 65,536 entries are archived, from where the last volume ends. The last full segment and the
    one that grows stay, and so does every segment to which something refers that is not settled: a run that has not
    ended, a backfill, a change that nobody has approved.

    The volume is verified as a whole and held against the ledger, its seals and its tree; then that is recorded as
    an entry, ledger.archived. Only with --remove-local, and behind that entry, local files are removed. All
    commands go on working: what is not beside the ledger is read from its volume while that can be reached. The
    first segment always stays.

    After an interruption run it again: what is begun is finished. `ledger reattach` tells the ledger where a volume
    is now. docs/archive.md tells more.

    Exit code 0 also if nothing is old enough; 1 if a volume is damaged or another process archives; 2 if it cannot be
    done as asked; 3 if the ledger is damaged or cannot be read or written.
    """
    from cli.times.parse import parse_time
    from eventstore.genesis import require_ledger

    if is_on_database(home):
        raise Failure(
            "the ledger of this home is in a database, which keeps all its lines",
            "Nothing was archived. A ledger is archived in a home: before it is moved, or once it is back.",
        )
    before = parse_time(before_text, "--before", datetime.now(UTC))
    target = place_of_volumes(place, home)
    require_ledger(home.ledger)
    if dry_run:
        _tell_candidates(_candidates(home, before), remove_local=remove_local, as_json=as_json)
        return
    done, why_unsigned = _archived(home, target, before, remove_local=remove_local, shown=not as_json)
    if as_json:
        show_json(
            {
                "volumes": [volume_document(volume) for volume in done.volumes],
                **candidates_document(done.candidates),
            }
        )
        return
    for number, volume in enumerate(done.volumes):
        if number:
            tell("")
        details(volume_facts(volume, why_unsigned))
    if not done.volumes:
        tell("Nothing to archive.")
    note(f"{stays_words(done.candidates)}.")


def _candidates(home: Home, before: datetime) -> Candidates:
    from scheduler.archive.candidates import candidates
    from scheduler.ledger.open import open_ledger_to_read

    ledger = open_ledger_to_read(home)
    with closing(ledger.store), archive_explained():
        return candidates(ledger, before)


def _tell_candidates(found: Candidates, *, remove_local: bool, as_json: bool) -> None:
    if as_json:
        show_json({"volumes": [], **candidates_document(found)})
        return
    if found.firsts:
        segments = show_count(len(found.firsts), "segment")
        entries = f"entries {found.firsts[0]:,} to {found.held_at - 1:,}"
        tell(f"Would archive {segments}, {entries}, {show_size(found.bytes)}.")
    else:
        tell("Nothing would be archived.")
    if remove_local:
        removed = len(found.older) + sum(first > 0 for first in found.firsts)
        tell(f"Would then remove {show_count(removed, 'local segment')}.")
    note(f"{stays_words(found)}.")


def _archived(
    home: Home, target: Path, before: datetime, *, remove_local: bool, shown: bool
) -> tuple[Archived, str]:
    from cli.ledger.archive.signature import CoveringSignature
    from projections.build.archived_tables import project_before_removal, write_archived_tables
    from scheduler.archive.archiving import Plan, archive
    from scheduler.archive.records import Archivist
    from scheduler.ownership.actor import claims, person

    with (
        to_write(home) as ledger,
        archive_explained(),
        progress(f"archiving to {printable(target.name)}", shown=shown) as seen,
    ):

        def tables(folder: Path, firsts: Sequence[int]) -> None:
            write_archived_tables(
                home,
                ledger.store,
                folder,
                firsts,
                lambda done, total: seen.update(done, total=total, label="making Parquet, segments"),
            )

        def derive() -> None:
            project_before_removal(
                home,
                ledger.store,
                lambda done, total: seen.update(done, total=total, label="projecting, segments"),
            )

        signature = CoveringSignature(home, ledger)
        plan = Plan(
            place=target,
            before=before,
            remove_local=remove_local,
            archivist=Archivist(person(), claims(ledger.state.mark)),
            tables=tables,
            signature=signature,
            told=lambda step: show_step(seen, step),
            derive=derive,
        )
        return archive(home, ledger, plan), signature.why_none
