"""`ledger publish`: the ledger as a static log that any client of tiled logs reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import Failure
from cli.app.json_output import json_option, show_json
from cli.evidence.chosen_checkpoint import checkpoint_option, chosen_checkpoint, other_ledger
from cli.ledger.opened_tree import opened_tree
from cli.ledger.options import ledger_option
from cli.ledger.outside_place import check_outside
from cli.terminal.printable import printable, show_count
from cli.terminal.progress import progress
from cli.terminal.tables import Value, details
from eventstore.proofs.base64_text import in_base64
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.proofs.kept_checkpoints import Kept
    from eventstore.proofs.tiles.published_log import Published


@click.command(epilog="Example: cronledger ledger publish /srv/www/ledger")
@click.argument("target", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@checkpoint_option
@click.option("--anew", is_flag=True, help="Write all files again, whatever is there.")
@ledger_option
@json_option
@click.pass_obj
def publish(
    home: Home, target: Path, checkpoint_file: Path | None, anew: bool, folder: Path | None, as_json: bool
) -> None:
    """Write the ledger into DIR as a static tiled log, as C2SP tlog-tiles has it, or bring it up to date.

    What a signed checkpoint covers is written and nothing else: tiles of the tree, bundles of entries, and last the
    checkpoint. Files that are there already are not written again. A web server that serves DIR is a log that any
    client of such logs reads and checks; a copy of DIR serves as well.

    DIR holds the entries themselves: whoever may read it may read all that is in the ledger.

    Exit code 2 if another log is in DIR, or more of this one; 3 if the ledger is not the one that was signed.
    """
    check_outside(target, home)
    ledger = home.ledger if folder is None else folder
    checkpoint = chosen_checkpoint(ledger, checkpoint_file)
    made = _published(home, folder, target, checkpoint, anew=anew, shown=not as_json)
    if as_json:
        show_json({**made._asdict(), "root": in_base64(checkpoint.checkpoint.head.root)})
    else:
        details(_facts(made, checkpoint, target))


def _published(
    home: Home, folder: Path | None, target: Path, checkpoint: Kept, *, anew: bool, shown: bool
) -> Published:
    from eventstore.proofs.errors import DamagedTiles
    from eventstore.proofs.tiles.published_log import OtherLog, PublishedLog

    with (
        opened_tree(home, folder, shown=shown) as tree,
        progress("publishing", checkpoint.size, shown=shown) as seen,
    ):

        def told(size: int) -> None:
            seen.update(size, label=f"publishing, {size:,} entries")

        try:
            return tree.ask(
                lambda tiled: PublishedLog(target).publish(
                    checkpoint, tiled, tree.leaves, anew=anew, progress=told
                )
            )[1]
        except OtherLog as problem:
            raise Failure(
                f"{printable(str(target))} is not this ledger as it was before: {printable(str(problem))}",
                "Name an empty folder, or look whether this ledger is an older copy: `cronledger ledger verify`.",
            ) from None
        except DamagedTiles as problem:
            raise other_ledger(problem) from None


def _facts(made: Published, checkpoint: Kept, target: Path) -> list[tuple[str, Value]]:
    new = f"{show_count(made.tiles, 'tile')} and {show_count(made.bundles, 'bundle')} of entries"
    return [
        ("log", printable(checkpoint.checkpoint.origin)),
        ("folder", printable(str(target))),
        ("published", f"{show_count(made.size, 'entry', 'entries')}, {made.before:,} of them before"),
        ("written", new if made.tiles else "nothing new"),
        ("root", in_base64(checkpoint.checkpoint.head.root)),
    ]
