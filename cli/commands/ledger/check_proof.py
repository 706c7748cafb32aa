"""`ledger check-proof`: whether a file proves that an entry is in a ledger, without that ledger."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.app.failures import ExitCode
from cli.app.json_output import json_option, show_json
from cli.ledger.options import machine_utc_option
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell, Value, details
from cli.times.show import show_time

if TYPE_CHECKING:
    from eventstore.proofs.notes.checkpoint import Checkpoint
    from eventstore.proofs.notes.note import VerifierKey
    from eventstore.proofs.proof_file import ProofFile
    from eventstore.store import Entry

_UNSEEN = "what else is in the ledger: a proof of one entry does not show that none was left out"
_ENTRY_BYTES_MAX = 1024 * 1024


@click.command(epilog='Example: cronledger ledger check-proof 41.tlog-proof --key "$(cat log.vkey)"')
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key",
    "keys",
    multiple=True,
    required=True,
    metavar="VKEY",
    help="A key that is trusted, as NAME+ID+KEY, got from elsewhere than the proof. May be given again.",
)
@click.option(
    "--entry",
    "entry_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The entry's line, where the proof does not hold it, or to compare it with what the proof holds.",
)
@json_option
@machine_utc_option
def check_proof(file: Path, keys: tuple[str, ...], entry_file: Path | None, as_json: bool, utc: bool) -> None:
    """Check a proof that an entry is in a ledger: neither the ledger nor its home is needed.

    FILE is a proof as C2SP tlog-proof has it. Three things must hold: a key that is trusted has signed the
    checkpoint in it; the hashes lead from the entry to the root that the checkpoint names; they do so at the place
    that the proof names. Then the entry, to the byte, was in the ledger when the checkpoint was signed.

    A proof is worth as much as the way by which the key came: take it from somebody whom you trust, and never from
    where the proof came from.

    Exit code 1 if it proves nothing; 2 if a key is not written as keys are, or there is no entry to check.
    """
    from cli.times.zones import local_zone
    from eventstore.proofs.errors import InvalidNote, InvalidProof
    from eventstore.proofs.notes.signing import verify_note
    from eventstore.proofs.proof_file import PROOF_BYTES_MAX, parse_proof_file

    trusted = _trusted(keys)
    try:
        proof = parse_proof_file(_read(file, PROOF_BYTES_MAX))
        leaf = _leaf(proof, entry_file)
        signers = verify_note(proof.note, trusted)
        checkpoint = proof.verify(leaf)
        entry = _entry(leaf, proof.position)
    except (InvalidProof, InvalidNote) as problem:
        if as_json:
            show_json({"ok": False, "why": str(problem)})
        else:
            details([("verdict", Cell(f"NOT PROVEN: {printable(str(problem))}", "bad"))])
        sys.exit(ExitCode.FAILED)
    if as_json:
        show_json(_document(proof, checkpoint, signers, leaf, entry))
    else:
        details(_facts(proof, checkpoint, signers, leaf, entry, "UTC" if utc else local_zone()))


def _trusted(keys: tuple[str, ...]) -> list[VerifierKey]:
    from eventstore.proofs.errors import InvalidKey
    from eventstore.proofs.notes.note import parse_verifier_key

    found = []
    for text in keys:
        try:
            found.append(parse_verifier_key(text.strip()))
        except InvalidKey as problem:
            raise click.BadParameter(str(problem), param_hint="--key") from None
    return found


def _read(path: Path, bytes_max: int) -> bytes:
    """The content of a file that a person named; of one that is too long, a byte more than is allowed."""
    with path.open("rb") as file:
        return file.read(bytes_max + 1)


def _leaf(proof: ProofFile, entry_file: Path | None) -> bytes:
    """The bytes of the entry that is to be checked."""
    if entry_file is not None:
        return _read(entry_file, _ENTRY_BYTES_MAX).removesuffix(b"\n")
    if proof.extra is None:
        raise click.UsageError("the proof does not hold its entry: give its line with --entry FILE")
    return proof.extra


def _entry(leaf: bytes, position: int) -> Entry | None:
    """The entry that a leaf is; None if it is the leaf of another kind of log.

    Raises:
        InvalidProof: it says that it is another entry than that which stands there.
    """
    import msgspec

    from eventstore.entry import tail_of
    from eventstore.nesting import decode
    from eventstore.proofs.errors import InvalidProof
    from eventstore.store import Entry

    if tail_of(leaf) is None:
        return None
    try:
        entry = decode(leaf, Entry)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if entry.seq != position:
        raise InvalidProof(f"the entry says that it is entry {entry.seq}, and stands at {position}")
    return entry


def _facts(
    proof: ProofFile,
    checkpoint: Checkpoint,
    signers: list[VerifierKey],
    leaf: bytes,
    entry: Entry | None,
    zone: str,
) -> list[tuple[str, Value]]:
    from cli.words.entry_lines import sentence
    from eventstore.proofs.base64_text import in_base64

    size = checkpoint.head.size
    facts: list[tuple[str, Value]] = [("log", printable(checkpoint.origin))]
    if entry is not None:
        facts += [
            ("entry", str(entry.seq)),
            ("says", sentence(entry, zone)),
            ("time", show_time(entry.time, zone)),
            ("hash", entry.hash),
        ]
    else:
        facts.append(("entry", f"{proof.position}: {show_count(len(leaf), 'byte')} of another kind of log"))
    return [
        *facts,
        ("checkpoint", f"{show_count(size, 'entry', 'entries')}, root {in_base64(checkpoint.head.root)}"),
        ("signed by", [printable(f"{key.name}+{key.key_id.hex()}") for key in signers]),
        ("verdict", Cell(f"proven: it is entry {proof.position} of the log, to the byte", "good")),
        ("not checked", _UNSEEN),
    ]


def _document(
    proof: ProofFile, checkpoint: Checkpoint, signers: list[VerifierKey], leaf: bytes, entry: Entry | None
) -> dict[str, Any]:
    from cli.ledger.entry_json import members
    from eventstore.proofs.base64_text import in_base64

    return {
        "ok": True,
        "log": checkpoint.origin,
        "index": proof.position,
        "size": checkpoint.head.size,
        "root": in_base64(checkpoint.head.root),
        "signed_by": [key.text for key in signers],
        "entry": None if entry is None else members(entry),
        "leaf_bytes": len(leaf),
        "not_checked": _UNSEEN,
    }
