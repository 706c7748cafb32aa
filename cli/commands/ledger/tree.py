"""`ledger tree`: the Merkle tree over all entries, whose tiles proofs are made from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.json_output import json_option, show_json
from cli.ledger.opened_tree import opened_tree
from cli.ledger.options import ledger_option
from cli.terminal.console import note
from cli.terminal.printable import show_count
from cli.terminal.tables import Value, details
from eventstore.proofs.base64_text import in_base64
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.proofs.ledger_tree import MadeTree


@click.command(epilog="Example: cronledger ledger tree --anew")
@click.option("--anew", is_flag=True, help="Make all tiles from the entries, whatever is there.")
@ledger_option
@json_option
@click.pass_obj
def tree(home: Home, anew: bool, folder: Path | None, as_json: bool) -> None:
    """Make the tiles of the Merkle tree up to the last entry, and show the tree's size and root.

    The root stands for every byte of all entries. It is that of RFC 6962; `docs/ledger-format.md` says how it is
    computed. The tiles are kept in `var/tree`: what was recorded since the last time is read from the ledger, the
    rest is not read again. They may be deleted: the next command that needs them makes them. For a copy, and for a
    home that is another user's, they are made in a temporary folder.

    Whoever can write `var/tree` can forge tiles that fit together, and so the root: with --anew it comes from the
    entries alone. Whether these are sound, `cronledger ledger verify` tells.

    Exit code 3 if an entry cannot be found in the ledger.
    """
    with opened_tree(home, folder, shown=not as_json) as asked:
        made = asked.make(anew=anew)
    if made.damage:
        note(f"The tiles did not fit, and all were made anew: {made.damage}")
    if as_json:
        show_json(
            {
                "size": made.head.size,
                "root": in_base64(made.head.root),
                "made": made.made,
                "damage": made.damage or None,
            }
        )
    else:
        details(_facts(made))


def _facts(made: MadeTree) -> list[tuple[str, Value]]:
    new = f"made of {show_count(made.made, 'entry', 'entries')} now" if made.made else "as they were"
    return [
        ("size", show_count(made.head.size, "entry", "entries")),
        ("root", in_base64(made.head.root)),
        ("tiles", new),
    ]
