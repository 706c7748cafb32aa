"""`ledger key rotate`: another key signs from here on."""

from __future__ import annotations

import click

from cli.app.failures import Failure
from cli.evidence.key_words import tell_new_key
from cli.evidence.settings import ledger_settings
from cli.evidence.signing_failures import signing_explained
from cli.home.open import to_write
from cli.terminal.console import note
from cli.terminal.tables import details
from scheduler.home import Home


@click.command("rotate", epilog="Example: cronledger ledger key rotate")
@click.option(
    "--vkey",
    default="",
    metavar="VKEY",
    help="The public key that signs from here on, as NAME+ID+KEY, if it is kept elsewhere.",
)
@click.pass_obj
def key_rotate(home: Home, vkey: str) -> None:
    """Have another key sign the ledger from here on. The key before says so, by its signature, in an entry.

    A new private key takes the place of the one in the file. If the new key is to be kept elsewhere, behind a command
    or in another file, give its public key with --vkey, and name its place in the config right afterwards: until then
    nothing is signed.

    Who has the public key of before can tell from the entry that the new one is the ledger's. If the key of before
    is in the hands of somebody else, they can say so of a key of their own too: then tell those who verify.
    """
    from scheduler.evidence.keys.key_place import key_place
    from scheduler.evidence.signing.rotation import rotate_key
    from scheduler.ownership.actor import claims, person

    place = key_place(home, ledger_settings(home))
    if place.file is None and not vkey:
        raise Failure("a command signs: give the public key that it is to sign with from here on with --vkey")
    with to_write(home) as ledger, signing_explained():
        key = rotate_key(home, ledger, place, person(), claims(ledger.state.mark), vkey=vkey)
    if vkey:
        details([("public key", key.text)])
        note(
            "Name the place of the new private key in the config, `ledger: key:`: nothing is signed until then."
        )
        return
    tell_new_key(key.text, place)
