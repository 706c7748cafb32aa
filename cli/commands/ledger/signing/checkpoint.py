"""`ledger checkpoint`: sign the ledger now."""

from __future__ import annotations

import click

from cli.app.json_output import json_option, show_json
from cli.evidence.settings import ledger_settings
from cli.evidence.signing_failures import no_key, signing_explained
from cli.home.open import to_read
from cli.terminal.console import note, out_bytes
from cli.terminal.printable import show_count
from cli.terminal.tables import details
from scheduler.home import Home


@click.command(epilog="Example: cronledger ledger checkpoint --raw > checkpoint")
@click.option("--raw", is_flag=True, help="Print the signed checkpoint itself, byte for byte.")
@json_option
@click.pass_obj
def checkpoint(home: Home, raw: bool, as_json: bool) -> None:
    """Sign the ledger up to its last entry now, and show the newest checkpoint.

    A scheduler that serves does that by itself: every thousand entries, every hour in which something was recorded,
    and when it stops; `ledger: checkpoint:` in the config says otherwise. If nothing was recorded since the last
    checkpoint, that one is shown.

    What was recorded since is read back from disk, and its hashes are computed again. A ledger that does not go on
    from what was signed before, as far as the signer, the kept checkpoints and the anchors remember, is not signed.

    Exit code 2 if the key cannot be used, 3 if the ledger does not go on from what was signed.
    """
    from eventstore.proofs.base64_text import in_base64
    from scheduler.evidence.outside import sign_now

    with to_read(home, quiet=True) as view:
        if view.state.evidence is None:
            raise no_key()
    settings = ledger_settings(home)
    with signing_explained():
        signed = sign_now(home, settings)
    assert signed is not None, "a ledger with a key has something to sign"
    kept = signed.kept
    if raw:
        out_bytes(kept.note.raw)
    elif as_json:
        show_json(
            {
                "origin": kept.checkpoint.origin,
                "size": kept.size,
                "root": in_base64(kept.checkpoint.head.root),
                "note": kept.note.raw.decode(),
                "is_new": signed.is_new,
            }
        )
    else:
        details(
            [
                ("entries", show_count(kept.size, "entry", "entries")),
                ("root", in_base64(kept.checkpoint.head.root)),
                ("signed by", f"{kept.checkpoint.origin}, key {kept.note.signatures[0].key_id.hex()}"),
            ]
        )
    if not signed.is_new:
        note("Nothing was recorded since: this is the checkpoint of before.")
