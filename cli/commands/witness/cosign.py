"""`witness cosign`: a witness over files, for a medium that is carried."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure
from cli.app.output_file import check_place, written_aside
from cli.evidence.named_file import read_named
from cli.terminal.console import note, out_bytes
from cli.terminal.printable import printable
from cli.witness.folder import opened_witness, state_option, witness_folder
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.proofs.witnessing.request import AddCheckpoint


@click.command(
    epilog="Example: cronledger witness cosign grown.consistency-proof --state /srv/witness -o cosigned"
)
@click.argument("note_file", metavar="NOTE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--proof",
    "proof_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What `ledger prove --from SIZE` wrote; not needed for the first checkpoint of a log.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@click.option("--force", is_flag=True, help="Let --output replace a file.")
@state_option
@click.pass_obj
def cosign(
    home: Home, note_file: Path, proof_file: Path | None, output: Path | None, force: bool, state: Path
) -> None:
    """Cosign a checkpoint that came as a file, and write the checkpoint with the cosignature.

    NOTE is a signed checkpoint, or what holds one with its proof: the file that `cronledger ledger prove --from SIZE`
    writes, or a request as C2SP tlog-witness has it. The rules are those of `cronledger witness serve`, and both may
    use one folder at the same time.

    Exit code 1 if it is not cosigned: it is not signed by a key that is trusted, or does not extend what was cosigned
    last; 2 if there is no key; 3 if what the witness keeps is damaged.
    """
    from eventstore.proofs.witnessing.rules import OtherSize, Refused

    if output is not None:
        check_place(output, home, force=force)
    elif force:
        raise Failure("--force replaces a file: name it with --output")
    with witness_folder(state) as folder:
        witness = opened_witness(folder)
        try:
            cosigned = witness.cosign(_request(note_file, proof_file))
        except OtherSize as refused:
            raise Failure(
                f"not cosigned: {refused}",
                f"The proof must begin there: `cronledger ledger prove --from {refused.size}` where the ledger is."
                if refused.size
                else "It is the first checkpoint of this log: leave the proof out.",
                ExitCode.FAILED,
            ) from None
        except Refused as refused:
            raise Failure(f"not cosigned: {printable(str(refused))}", exit_code=ExitCode.FAILED) from None
    if output is None:
        out_bytes(cosigned.raw)
    else:
        with written_aside(output, home, force=force) as unfinished:
            unfinished.file.write(cosigned.raw)
        note(f"Cosigned: {printable(str(output))} goes back to where the ledger is")


def _request(note_file: Path, proof_file: Path | None) -> AddCheckpoint:
    """What is asked of the witness.

    Raises:
        Failure: the files do not hold it.
    """
    from eventstore.proofs.errors import InvalidNote, InvalidProof
    from eventstore.proofs.files.consistency_file import (
        CONSISTENCY_BYTES_MAX,
        is_consistency_file,
        parse_consistency_file,
    )
    from eventstore.proofs.notes.note import parse_note
    from eventstore.proofs.witnessing.request import AddCheckpoint, parse_request

    written = read_named(note_file, CONSISTENCY_BYTES_MAX)
    try:
        if proof_file is not None:
            proof, note = (
                parse_consistency_file(read_named(proof_file, CONSISTENCY_BYTES_MAX)),
                parse_note(written),
            )
            return AddCheckpoint(proof.old.size, proof.hashes, note)
        if is_consistency_file(written):
            proof = parse_consistency_file(written)
            return AddCheckpoint(proof.old.size, proof.hashes, proof.note)
        if written.startswith(b"old "):
            return parse_request(written)
        return AddCheckpoint(0, (), parse_note(written))
    except (InvalidNote, InvalidProof) as problem:
        named = note_file if proof_file is None else proof_file
        raise Failure(
            f"{printable(str(named))} cannot be cosigned: {problem}", exit_code=ExitCode.FAILED
        ) from None
