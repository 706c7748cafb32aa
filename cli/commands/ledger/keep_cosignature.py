"""`ledger keep-cosignature`: what a witness has cosigned comes back on a medium that is carried."""

from __future__ import annotations

from pathlib import Path

import click

from cli.app.failures import ExitCode, Failure
from cli.evidence.named_file import read_named
from cli.evidence.signing_failures import checkpoints_explained
from cli.evidence.trusted_keys import trusted_witnesses, witness_option
from cli.home.open import to_write
from cli.terminal.console import tell
from cli.terminal.printable import printable
from scheduler.home import Home


@click.command(epilog='Example: cronledger ledger keep-cosignature cosigned --witness "$(cat witness.vkey)"')
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@witness_option
@click.pass_obj
def keep_cosignature(home: Home, file: Path, witnesses: tuple[str, ...]) -> None:
    """Keep the cosignature of a witness that no network reaches, and record it.

    FILE is what `cronledger witness cosign` wrote: a checkpoint of this ledger with the cosignature. It is verified
    with the keys that are given, kept under the checkpoint in `var/ledger/checkpoints`, and recorded.

    Exit code 1 if it is no checkpoint of this ledger, or none of these witnesses has cosigned it.
    """
    from eventstore.errors import LockHeld
    from eventstore.proofs.errors import InvalidNote
    from eventstore.proofs.notes.note import NOTE_BYTES_MAX, parse_note
    from scheduler.evidence.anchors.carried import NotKept, keep_cosigned
    from scheduler.ownership.actor import person

    keys = trusted_witnesses(witnesses)
    if not keys:
        raise click.UsageError("give the key of the witness with --witness VKEY, as its owner told it")
    try:
        note = parse_note(read_named(file, NOTE_BYTES_MAX))
        with to_write(home) as ledger, checkpoints_explained():
            recorded = keep_cosigned(home, ledger, note, keys, person())
    except (InvalidNote, NotKept) as problem:
        raise Failure(
            f"{printable(str(file))} is not kept: {printable(str(problem))}", exit_code=ExitCode.FAILED
        ) from None
    except LockHeld as held:
        if held.folder != home.anchors:
            raise
        raise Failure(
            "another process gives checkpoints to the anchors, and goes on doing so",
            "Try again in a moment.",
            ExitCode.FAILED,
        ) from None
    if recorded:
        tell(f"Kept and recorded, entry {recorded[-1].seq}")
    else:
        tell("Kept: it was on record")
