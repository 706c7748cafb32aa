"""`witness trust`: let a witness know a log by its key."""

from __future__ import annotations

from pathlib import Path

import click

from cli.terminal.console import tell
from cli.terminal.printable import printable
from cli.witness.folder import state_option, witness_folder


@click.command(epilog="Example: cronledger witness trust --state /srv/witness cronledger/3c9f7d20+5e1f…+AZ…")
@click.argument("vkey", metavar="VKEY")
@click.option(
    "--origin", metavar="ORIGIN", help="The origin of its checkpoints; the name of the key, if left out."
)
@state_option
def trust(vkey: str, origin: str | None, state: Path) -> None:
    """Let a witness cosign the checkpoints that this key of a log signs.

    VKEY is what `cronledger ledger key show` prints where the ledger is. Take it from its owner. After a rotation,
    add the new one too. The keys are lines of the file `logs` in the folder of the witness: whoever no longer trusts
    one takes its line out. A witness that is listening takes it up with the next request.

    Exit code 2 if it is no key.
    """
    from eventstore.proofs.errors import InvalidKey
    from eventstore.proofs.notes.note import check_key_name, parse_verifier_key

    try:
        key = parse_verifier_key(vkey.strip())
        check_key_name(origin if origin is not None else key.name)
    except InvalidKey as problem:
        raise click.BadParameter(str(problem)) from None
    named = key.name if origin is None else origin
    with witness_folder(state) as folder:
        is_new = folder.trust(named, key)
    tell(f"Key {key.key_id.hex()} {'is trusted' if is_new else 'was trusted already'} for {printable(named)}")
