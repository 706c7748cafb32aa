"""`ledger continue`: after a restore the ledger goes on under another name."""

from __future__ import annotations

from pathlib import Path

import click

from cli.app.failures import Failure
from cli.app.options import reason_option
from cli.evidence.named_file import read_named
from cli.evidence.settings import ledger_settings
from cli.evidence.signing_failures import no_key, signing_explained
from cli.home.open import to_read, to_write
from cli.terminal.console import note
from cli.terminal.printable import printable
from cli.terminal.tables import details
from scheduler.home import Home


@click.command(
    "continue",
    epilog='Example: cronledger ledger continue --reason "disk of db1 failed, restored from the 22nd"',
)
@reason_option
@click.option(
    "--checkpoint",
    "witnessed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The last checkpoint that others have of this ledger: it stands in the entry.",
)
@click.pass_obj
def continue_(home: Home, reason: str, witnessed: Path | None) -> None:
    """Let a ledger that was restored from a backup be signed again, under another name.

    The signer refuses a ledger that lacks entries which were signed once. If they are lost for good, this is the way
    on: an entry says so, with the reason and the last signed checkpoint of before, and from there on the ledger is
    signed as `NAME/2`, then `NAME/3`. The key stays the same; its public half gets the new name, so give it to those
    who verify. Nobody is deceived: whoever remembers the checkpoint of before sees that entries are missing.

    Without --checkpoint the newest one stands there that an anchor has, or that was restored with the ledger.
    """
    from eventstore.proofs.errors import InvalidNote
    from eventstore.proofs.notes.note import NOTE_BYTES_MAX
    from scheduler.evidence.keys.key_place import key_place
    from scheduler.evidence.outside import notes
    from scheduler.evidence.signing.restore import continue_ledger
    from scheduler.ownership.actor import claims, person

    if not reason:
        raise Failure("say why with --reason TEXT: it stands in the ledger for those who verify")
    with to_read(home, quiet=True) as view:
        evidence = view.state.evidence
        if evidence is None:
            raise no_key()
    settings = ledger_settings(home)
    raw = notes(home, settings, evidence) if witnessed is None else [read_named(witnessed, NOTE_BYTES_MAX)]
    place = key_place(home, settings)
    with to_write(home) as ledger, signing_explained():
        try:
            key = continue_ledger(home, ledger, place, reason, person(), claims(ledger.state.mark), raw)
        except InvalidNote as problem:
            raise Failure(f"{printable(str(witnessed))} is no checkpoint of this ledger: {problem}") from None
    details([("goes on as", key.name), ("public key", key.text)])
    note("Give the public key to those who verify. `cronledger ledger checkpoint` signs the ledger now.")
