"""The checkpoint to which a proof is to lead: one that a person named, or one that the ledger keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure
from cli.evidence.named_file import read_named
from cli.evidence.signing_failures import checkpoints_explained
from cli.terminal.printable import printable, show_count

if TYPE_CHECKING:
    from eventstore.proofs.kept_checkpoints import Kept

checkpoint_option = click.option(
    "--checkpoint",
    "checkpoint_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A checkpoint of this ledger, signed; by default the newest one that is kept.",
)


def chosen_checkpoint(ledger: Path, file: Path | None) -> Kept:
    """The checkpoint in a file, or the newest one that is kept.

    Raises:
        Failure: there is none.
        OSError: it cannot be read.
    """
    if file is not None:
        return _read(file)
    from eventstore.proofs.kept_checkpoints import newest

    with checkpoints_explained():
        found = newest(ledger)
    if found is None:
        raise Failure(
            "no checkpoint of this ledger is kept, and without one nothing is shown to others",
            "`cronledger ledger checkpoint` signs one; --checkpoint names one that is kept elsewhere.",
        )
    return found


def kept_checkpoint(ledger: Path, size: int) -> Kept | None:
    """The checkpoint of a size that is kept; None if there is none.

    Raises:
        Failure: what is kept is none.
        OSError: it cannot be read.
    """
    from eventstore.proofs.kept_checkpoints import read

    with checkpoints_explained():
        return read(ledger, size)


def checkpoint_of_size(ledger: Path, size: int) -> Kept:
    """The checkpoint of exactly this size.

    Raises:
        Failure: none is kept.
        OSError: it cannot be read.
    """
    from eventstore.kept_sizes import sizes

    found = kept_checkpoint(ledger, size)
    if found is None:
        known = sizes(ledger)
        near = sorted(sorted(known, key=lambda each: abs(each - size))[:3])
        listed = ", ".join(f"{each:,}" for each in near)
        hint = f"The nearest are of {listed} entries." if near else "None was signed yet."
        raise Failure(f"no checkpoint of {show_count(size, 'entry', 'entries')} is kept", hint)
    return found


def other_ledger(problem: Exception) -> Failure:
    """The ledger is another one than the checkpoint is of."""
    return Failure(
        f"the ledger is not the one whose checkpoint this is: {problem}",
        "It was altered, or cut off at its end, or it is another one. `cronledger ledger verify` checks it.",
        ExitCode.LEDGER,
    )


def _read(path: Path) -> Kept:
    """The note in a file that a person named."""
    from eventstore.proofs.errors import InvalidNote
    from eventstore.proofs.kept_checkpoints import parse_kept
    from eventstore.proofs.notes.note import NOTE_BYTES_MAX

    try:
        return parse_kept(read_named(path, NOTE_BYTES_MAX))
    except InvalidNote as problem:
        raise Failure(f"{printable(str(path))} is no signed checkpoint: {problem}") from None
