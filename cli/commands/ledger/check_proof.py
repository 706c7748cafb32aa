"""`ledger check-proof`: whether a file proves what it says of a ledger, without that ledger."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode
from cli.app.json_output import json_option, show_json
from cli.evidence.named_file import read_named
from cli.evidence.trusted_keys import key_option, trusted_keys, trusted_witnesses, witness_option
from cli.ledger.options import machine_utc_option
from cli.terminal.console import exit_code_counts, out
from cli.terminal.printable import printable
from cli.terminal.tables import details

if TYPE_CHECKING:
    from cli.evidence.proofs.checked import CheckedProof, Trusted

_ENTRY_BYTES_MAX = 1024 * 1024


@click.command(epilog='Example: cronledger ledger check-proof 41.tlog-proof --key "$(cat log.vkey)"')
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@key_option(required=True)
@witness_option
@click.option(
    "--entry",
    "entry_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The entry's line, where the proof does not hold it, or to compare it with what the proof holds.",
)
@json_option
@machine_utc_option
@exit_code_counts()
def check_proof(
    files: tuple[Path, ...],
    keys: tuple[str, ...],
    witnesses: tuple[str, ...],
    entry_file: Path | None,
    as_json: bool,
    utc: bool,
) -> None:
    """Check proofs that `cronledger ledger prove` wrote: neither the ledger nor its home is needed.

    A proof that an entry is in a ledger is written as C2SP tlog-proof has it. Three things must hold: a key that is
    trusted has signed the checkpoint in it; the hashes lead from the entry to the root that the checkpoint names;
    they do so at the place that the proof names. Then the entry, to the byte, was in the ledger when the checkpoint
    was signed.

    A proof of consistency has two roots: the hashes must lead to both, and what it holds of checkpoints must be
    signed by a key that is trusted. Then the later ledger begins with all of the earlier one.

    With --witness, a witness whose key is given must have cosigned as well.

    A proof is worth as much as the way by which the key came: take it from somebody whom you trust, and never from
    where the proof came from.

    Exit code 1 if one proves nothing; 2 if a key is not written as keys are, or there is no entry to check.
    """
    from cli.evidence.proofs.checked import Trusted
    from cli.times.zones import local_zone

    if entry_file is not None and len(files) > 1:
        raise click.UsageError("--entry is the line of one entry: give one proof with it")
    trusted = Trusted(trusted_keys(keys), trusted_witnesses(witnesses))
    zone = "UTC" if utc else local_zone()
    checked = [_checked(file, trusted, entry_file, zone) for file in files]
    if as_json:
        documents = [each.document for each in checked]
        show_json(documents[0] if len(files) == 1 else documents)
    else:
        for number, (file, each) in enumerate(zip(files, checked, strict=True)):
            if number:
                out("")
            details(each.facts, title=printable(str(file)) if len(files) > 1 else "")
    if not all(each.ok for each in checked):
        sys.exit(ExitCode.FAILED)


def _checked(file: Path, trusted: Trusted, entry_file: Path | None, zone: str) -> CheckedProof:
    """What one file proves."""
    from cli.evidence.proofs.checked import unproven
    from cli.evidence.proofs.consistency import check_consistency
    from cli.evidence.proofs.inclusion import check_inclusion
    from eventstore.proofs.errors import InvalidNote, InvalidProof
    from eventstore.proofs.files.consistency_file import CONSISTENCY_BYTES_MAX, is_consistency_file
    from eventstore.proofs.files.proof_file import PROOF_BYTES_MAX

    raw = read_named(file, max(PROOF_BYTES_MAX, CONSISTENCY_BYTES_MAX))
    given = None if entry_file is None else read_named(entry_file, _ENTRY_BYTES_MAX).removesuffix(b"\n")
    try:
        if is_consistency_file(raw):
            return check_consistency(raw, trusted)
        return check_inclusion(raw, given, trusted, zone)
    except (InvalidProof, InvalidNote) as problem:
        return unproven(printable(str(problem)))
