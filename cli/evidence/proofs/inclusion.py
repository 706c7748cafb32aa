"""The check of a file that proves that an entry is in a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.evidence.proofs.checked import CheckedProof, Trusted, names_of
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell, Value
from cli.times.show import show_time

if TYPE_CHECKING:
    from eventstore.proofs.files.proof_file import ProofFile
    from eventstore.proofs.notes.checkpoint import Checkpoint
    from eventstore.proofs.notes.note import VerifierKey
    from eventstore.store import Entry

_UNSEEN = "what else is in the ledger: a proof of one entry does not show that none was left out"


def check_inclusion(raw: bytes, given: bytes | None, trusted: Trusted, zone: str) -> CheckedProof:
    """Check it.

    Args:
        raw: the file.
        given: the line of the entry, in place of what the proof holds.
        trusted: the keys.
        zone: in which times are told.

    Raises:
        InvalidProof, InvalidNote: it proves nothing.
        click.UsageError: there is no entry to check.
    """
    from eventstore.proofs.files.proof_file import parse_proof_file

    proof = parse_proof_file(raw)
    leaf = proof.extra if given is None else given
    if leaf is None:
        raise click.UsageError("the proof does not hold its entry: give its line with --entry FILE")
    signers = trusted.signers(proof.note)
    checkpoint = proof.verify(leaf)
    entry = _entry(leaf, proof.position)
    return CheckedProof(
        True,
        _facts(proof, checkpoint, signers, leaf, entry, zone),
        _document(proof, checkpoint, signers, leaf, entry),
    )


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
        ("signed by", names_of(signers)),
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
