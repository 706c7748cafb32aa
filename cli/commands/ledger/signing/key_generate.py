"""`ledger key generate`: the first key of a ledger."""

from __future__ import annotations

import click

from cli.app.failures import Failure
from cli.evidence.key_words import tell_new_key
from cli.evidence.settings import ledger_settings
from cli.evidence.signing_failures import signing_explained
from cli.home.open import to_write
from cli.terminal.printable import printable
from scheduler.home import Home


@click.command("generate", epilog="Example: cronledger ledger key generate")
@click.option(
    "--existing", is_flag=True, help="Take the private key that is in the file, in place of a new one."
)
@click.option(
    "--vkey", default="", metavar="VKEY", help="The public key of a command that signs, as NAME+ID+KEY."
)
@click.pass_obj
def key_generate(home: Home, existing: bool, vkey: str) -> None:
    """Give the ledger its first key, and record that: from then on it is signed.

    The private key is written to a file, which `ledger: key:` in the config names; `keys/signing-key` in the home if
    it names none. Nothing is ever overwritten. If the config names a command that signs, give its public key with
    --vkey: the command is asked for a signature as a test.

    The public key is what others check signatures with. Give it to them on a way that those who can write this
    ledger have no hand in. Keep a copy of the private key: without it nobody can sign the ledger under its name.

    The name of the key is that of the ledger in all its checkpoints, `cronledger/` and its id, or `origin` in the
    config. It is fixed from here on.
    """
    from scheduler.evidence.keys.creation import create_key
    from scheduler.evidence.keys.key_place import key_place
    from scheduler.ownership.actor import claims, person

    settings = ledger_settings(home)
    place = key_place(home, settings)
    if place.file is None and not vkey:
        raise Failure("a command signs: give its public key with --vkey")
    if place.file is not None and vkey:
        raise Failure("--vkey is for a command that signs, and the config names none: see `ledger: key:`")
    with to_write(home) as ledger, signing_explained():
        try:
            key = create_key(
                ledger, place, settings, person(), claims(ledger.state.mark), vkey=vkey, existing=existing
            )
        except FileExistsError:
            raise Failure(
                f"there is a file {printable(str(place.file))}: nothing was written",
                "If it is the private key for this ledger, --existing takes it; else name another in the config.",
            ) from None
    tell_new_key(key.text, place)
