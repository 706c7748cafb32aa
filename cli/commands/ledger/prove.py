"""`ledger prove`: a file that proves to somebody without the ledger that an entry is in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure
from cli.app.options import WholeNumber
from cli.app.output_file import check_place, written_aside
from cli.ledger.opened_tree import opened_tree
from cli.ledger.options import ledger_option
from cli.terminal.console import note
from cli.terminal.printable import printable, show_count
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.proofs.notes.note import Note


@click.command(epilog="Example: cronledger ledger prove 41 --checkpoint signed -o 41.tlog-proof")
@click.argument("seq", metavar="SEQ", type=WholeNumber(least=0))
@click.option(
    "--checkpoint",
    "checkpoint_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="A checkpoint of this ledger, signed: a note as C2SP tlog-checkpoint has it.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@click.option("--force", is_flag=True, help="Let --output replace a file.")
@ledger_option
@click.pass_obj
def prove(
    home: Home, seq: int, checkpoint_file: Path, output: Path | None, force: bool, folder: Path | None
) -> None:
    """Write a proof that entry SEQ is in the ledger, as C2SP tlog-proof has it: to standard output, or a file.

    The number of a run is that of the entry that caused it. The proof holds the line of the entry, the hashes that
    lead from it to the root of the tree, and the checkpoint. `cronledger ledger check-proof` checks it, with neither
    the ledger nor its home.

    A proof shows as much as its checkpoint: that is signed elsewhere, over the size and the root that
    `cronledger ledger tree` shows, and may be an old one. The ledger is compared with it; whose the signatures are is
    for those to check who have the key.

    Exit code 2 if the entry is newer than the checkpoint, 3 if the ledger is not the one that was signed.
    """
    from eventstore.proofs.errors import InvalidNote, OtherTree
    from eventstore.proofs.notes.checkpoint import parse_checkpoint
    from eventstore.proofs.proof_file import ProofFile

    if output is not None:
        check_place(output, home, force=force)
    elif force:
        raise Failure("--force replaces a file: name it with --output")
    signed = _read(checkpoint_file)
    try:
        checkpoint = parse_checkpoint(signed.text)
    except InvalidNote as problem:
        raise _no_checkpoint(checkpoint_file, problem) from None
    if seq >= checkpoint.head.size:
        covered = show_count(checkpoint.head.size, "entry", "entries")
        raise Failure(
            f"entry {seq} is newer than the checkpoint, which is of the first {covered}",
            "Have a newer one signed.",
        )
    with opened_tree(home, folder, shown=True) as tree:
        try:
            proven = tree.prove(seq, checkpoint.head)
        except OtherTree as problem:
            raise Failure(
                f"the ledger is not the one whose checkpoint this is: {problem}",
                "It was altered, or cut off at its end, or it is another one. `cronledger ledger verify` checks it.",
                ExitCode.LEDGER,
            ) from None
    raw = ProofFile(seq, proven.hashes, signed, proven.leaf).raw
    if output is None:
        sys.stdout.buffer.write(raw)
        sys.stdout.buffer.flush()
    else:
        with written_aside(output, home, force=force) as unfinished:
            unfinished.file.write(raw)
    note(
        "The signatures of the checkpoint were not checked: `cronledger ledger check-proof` does, with a key."
    )


def _read(path: Path) -> Note:
    """The note in a file that a person named."""
    from eventstore.proofs.errors import InvalidNote
    from eventstore.proofs.notes.note import NOTE_BYTES_MAX, parse_note

    with path.open("rb") as file:
        raw = file.read(NOTE_BYTES_MAX + 1)
    try:
        return parse_note(raw)
    except InvalidNote as problem:
        raise _no_checkpoint(path, problem) from None


def _no_checkpoint(path: Path, problem: Exception) -> Failure:
    return Failure(f"{printable(str(path))} is no signed checkpoint: {problem}")
