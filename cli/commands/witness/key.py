"""`witness key`: make the key of a witness, and show its public half."""

from __future__ import annotations

from pathlib import Path

import click

from cli.app.failures import Failure
from cli.app.json_output import json_option, show_json
from cli.terminal.console import note, out
from cli.terminal.printable import printable
from cli.witness.folder import key_of, state_option, witness_folder


@click.command(
    epilog="Example: cronledger witness key generate --state /srv/witness --name witness.example/w1"
)
@click.option(
    "--name", required=True, metavar="NAME", help="Names the witness to others, as witness.example/w1 does."
)
@state_option
def generate(name: str, state: Path) -> None:
    """Make the key of a witness, and show its public half.

    The private half stays in the folder, and only its owner may read it. The public half is what those configure
    who ask this witness: `anchors: [{witness: URL, key: VKEY}]`. A key that exists is never replaced: another key is
    another witness.

    Exit code 2 if there is a key, or no key may have this name.
    """
    from eventstore.proofs.errors import InvalidKey
    from eventstore.proofs.notes.signing import Cosigner

    try:
        cosigner = Cosigner.generate(name)
    except InvalidKey as problem:
        raise click.BadParameter(str(problem), param_hint="--name") from None
    with witness_folder(state) as folder:
        try:
            folder.write_key(cosigner.secret_text)
        except FileExistsError:
            raise Failure(
                f"there is a key in {printable(str(folder.path))}, which is left as it is",
                "`cronledger witness key show` shows its public half.",
            ) from None
    out(cosigner.verifier_key.text)


@click.command(epilog="Example: cronledger witness key show --state /srv/witness")
@state_option
@json_option
def show(state: Path, as_json: bool) -> None:
    """Show the public half of the key of a witness, as NAME+ID+KEY.

    Exit code 2 if there is no key, 3 if it is damaged.
    """
    with witness_folder(state) as folder:
        key = key_of(folder).verifier_key
        is_open = folder.others_can_read_the_key()
    if is_open:
        note(f"Others can read the private half: chmod 600 {printable(str(folder.key_file))}")
    if as_json:
        show_json({"key": key.text, "name": key.name, "id": key.key_id.hex()})
    else:
        out(key.text)
