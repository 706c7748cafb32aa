"""The check of a file that proves that one checkpoint's tree begins with another's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.evidence.proofs.checked import CheckedProof, Trusted, names_of
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Cell, Value
from eventstore.proofs.base64_text import in_base64

if TYPE_CHECKING:
    from eventstore.proofs.files.consistency_file import ConsistencyFile
    from eventstore.proofs.notes.checkpoint import Checkpoint
    from eventstore.proofs.notes.note import VerifierKey

_UNSEEN = "what the entries are: it shows that none of the older ones was changed, taken out or put in"
_UNSIGNED = (
    "whose the older root is: no checkpoint of it is in the file, so compare it with what was noted then"
)


def check_consistency(raw: bytes, trusted: Trusted) -> CheckedProof:
    """Check it.

    Raises:
        InvalidProof, InvalidNote: it proves nothing.
    """
    from eventstore.proofs.errors import InvalidNote
    from eventstore.proofs.files.consistency_file import parse_consistency_file

    proof = parse_consistency_file(raw)
    signers = trusted.signers(proof.note)
    try:
        old_signers = None if proof.old_note is None else trusted.signers(proof.old_note)
    except InvalidNote as problem:
        raise InvalidNote(f"as to the checkpoint of {proof.old.size:,} entries: {problem}") from None
    checkpoint = proof.verify()
    return CheckedProof(
        True,
        _facts(proof, checkpoint, signers, old_signers),
        _document(proof, checkpoint, signers, old_signers),
    )


def _facts(
    proof: ConsistencyFile,
    checkpoint: Checkpoint,
    signers: list[VerifierKey],
    old_signers: list[VerifierKey] | None,
) -> list[tuple[str, Value]]:
    size, root = checkpoint.head
    old = show_count(proof.old.size, "entry", "entries")
    return [
        ("log", printable(checkpoint.origin)),
        ("checkpoint", f"{show_count(size, 'entry', 'entries')}, root {in_base64(root)}"),
        ("signed by", names_of(signers)),
        ("begins with", f"{old}, root {in_base64(proof.old.root)}"),
        ("signed then by", names_of(old_signers) if old_signers else Cell("nobody, in this file", "warn")),
        ("verdict", Cell(f"proven: the first {old} of the log are the same in both", "good")),
        ("not checked", _not_checked(old_signers)),
    ]


def _not_checked(old_signers: list[VerifierKey] | None) -> str:
    return _UNSEEN if old_signers else f"{_UNSIGNED}; and {_UNSEEN}"


def _document(
    proof: ConsistencyFile,
    checkpoint: Checkpoint,
    signers: list[VerifierKey],
    old_signers: list[VerifierKey] | None,
) -> dict[str, Any]:
    return {
        "ok": True,
        "log": checkpoint.origin,
        "old_size": proof.old.size,
        "old_root": in_base64(proof.old.root),
        "old_signed_by": [key.text for key in old_signers or []],
        "size": checkpoint.head.size,
        "root": in_base64(checkpoint.head.root),
        "signed_by": [key.text for key in signers],
        "not_checked": _not_checked(old_signers),
    }
