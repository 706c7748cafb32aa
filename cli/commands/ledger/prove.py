"""`ledger prove`: files that prove to somebody without the ledger what is in it, and that it only grew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure
from cli.app.options import WholeNumber
from cli.app.output_file import check_place, written_aside
from cli.evidence.chosen_checkpoint import (
    checkpoint_of_size,
    checkpoint_option,
    chosen_checkpoint,
    kept_checkpoint,
    other_ledger,
)
from cli.evidence.inclusion_proofs import inclusion_proofs
from cli.ledger.opened_tree import opened_tree
from cli.ledger.options import ledger_option
from cli.terminal.console import note, out_bytes
from cli.terminal.printable import show_count
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.proofs.kept_checkpoints import Kept

_UNCHECKED = (
    "The signatures of the checkpoint were not checked: `cronledger ledger check-proof` does, with a key."
)


@click.command(epilog="Example: cronledger ledger prove 41 --run -o proofs-of-41")
@click.argument("seq", metavar="[SEQ|RUN]", required=False, type=WholeNumber(least=0))
@click.option("--run", "whole_run", is_flag=True, help="Prove all entries of run SEQ: -o names a new folder.")
@click.option(
    "--from",
    "from_size",
    type=WholeNumber(least=1),
    metavar="SIZE",
    help="Prove that the first SIZE entries are still those that the checkpoint begins with.",
)
@click.option(
    "--to",
    "to_size",
    type=WholeNumber(least=1),
    metavar="SIZE",
    help="With --from: the kept checkpoint of this size, instead of the newest.",
)
@checkpoint_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file, or folder.")
@click.option("--force", is_flag=True, help="Let --output replace a file.")
@ledger_option
@click.pass_obj
def prove(
    home: Home,
    seq: int | None,
    whole_run: bool,
    from_size: int | None,
    to_size: int | None,
    checkpoint_file: Path | None,
    output: Path | None,
    force: bool,
    folder: Path | None,
) -> None:
    """Write a proof that entry SEQ is in the ledger, as C2SP tlog-proof has it: to standard output, or a file.

    The number of a run is that of the entry that caused it. With --run there is a proof for each entry of the run, in
    a folder: what caused it, what was started, and how it ended. The proof holds the line of the entry, the hashes
    that lead from it to the root of the tree, and the checkpoint. `cronledger ledger check-proof` checks it, with
    neither the ledger nor its home.

    With --from SIZE it is a proof of consistency: that the checkpoint's tree begins with the tree of the first SIZE
    entries, so that nothing in these was changed, taken out or put in. It holds the checkpoint of that size too, if
    one is kept.

    A proof shows as much as its checkpoint, which may be an old one. The ledger is compared with it; whose the
    signatures are is for those to check who have the key.

    Exit code 2 if the entry is newer than the checkpoint, 3 if the ledger is not the one that was signed.
    """
    if (seq is None) == (from_size is None):
        raise click.UsageError("name an entry to prove it, or --from SIZE to prove that the ledger only grew")
    if whole_run and (seq is None or output is None):
        raise click.UsageError("--run writes several files: name the run, and a new folder with --output")
    if to_size is not None and (from_size is None or checkpoint_file is not None):
        raise click.UsageError("--to names a kept checkpoint for --from, in place of --checkpoint")
    if output is not None:
        check_place(output, home, force=force and not whole_run)
    elif force:
        raise Failure("--force replaces a file: name it with --output")
    ledger = home.ledger if folder is None else folder
    checkpoint = (
        chosen_checkpoint(ledger, checkpoint_file) if to_size is None else checkpoint_of_size(ledger, to_size)
    )
    if from_size is not None:
        _write(_consistency(home, folder, from_size, checkpoint), output, home, force=force)
    elif seq is not None and whole_run and output is not None:
        _write_all(inclusion_proofs(home, folder, _entries_of(ledger, seq), checkpoint), output)
    elif seq is not None:
        _write(inclusion_proofs(home, folder, [seq], checkpoint)[seq], output, home, force=force)
    note(_UNCHECKED)


def _consistency(home: Home, folder: Path | None, from_size: int, checkpoint: Kept) -> bytes:
    """The file of a consistency proof."""
    from eventstore.proofs.errors import OtherTree
    from eventstore.proofs.files.consistency_file import ConsistencyFile

    if from_size > checkpoint.size:
        covered = show_count(checkpoint.size, "entry", "entries")
        raise Failure(f"the checkpoint is of the first {covered}, which is less than {from_size:,}")
    old = kept_checkpoint(home.ledger if folder is None else folder, from_size)
    with opened_tree(home, folder, shown=True) as tree:
        try:
            proven = tree.prove_beginning(from_size, checkpoint.checkpoint.head)
        except OtherTree as problem:
            raise other_ledger(problem) from None
    if old is not None and old.checkpoint.head != proven.old:
        raise Failure(
            f"the first {from_size:,} entries are not those whose checkpoint is kept",
            "`cronledger ledger verify` shows the extent.",
            ExitCode.LEDGER,
        )
    return ConsistencyFile(proven.old, proven.hashes, checkpoint.note, None if old is None else old.note).raw


def _entries_of(ledger: Path, run: int) -> list[int]:
    """The entries of a run, by `seq`."""
    from contextlib import closing

    from cli.home.run_numbers import no_run
    from scheduler.ledger.run_record import run_record
    from scheduler.store import open_folder

    with closing(open_folder(ledger)) as store:
        record = run_record(store, run)
        if record is None:
            raise no_run(store, run)
        return [entry.seq for entry in record.entries]


def _write(raw: bytes, output: Path | None, home: Home, *, force: bool) -> None:
    if output is None:
        out_bytes(raw)
        return
    with written_aside(output, home, force=force) as unfinished:
        unfinished.file.write(raw)


def _write_all(proofs: dict[int, bytes], folder: Path) -> None:
    """A file for each proof, in a new folder."""
    from eventstore.durable import FOLDER_MODE, REAL, write_file
    from eventstore.proofs.files.proof_file import SUFFIX

    folder.mkdir(FOLDER_MODE)
    for seq, raw in proofs.items():
        write_file(REAL, folder / f"{seq}{SUFFIX}", raw)
    note(f"{show_count(len(proofs), 'proof')} in {folder}.")
