"""What checking a proof has found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.terminal.printable import printable
from cli.terminal.tables import Cell, Value

if TYPE_CHECKING:
    from eventstore.proofs.notes.note import Note, VerifierKey


class Trusted(NamedTuple):
    """The keys that came from elsewhere: of those who sign, and of witnesses, one of which must have cosigned."""

    keys: Sequence[VerifierKey]
    witnesses: Sequence[VerifierKey] = ()

    def signers(self, note: Note) -> list[VerifierKey]:
        """Who of them has signed a checkpoint.

        Raises:
            InvalidNote: no key, or no witness where witnesses were named; or a signature is wrong.
        """
        from eventstore.proofs.errors import InvalidNote
        from eventstore.proofs.notes.signing import verify_note

        found = verify_note(note, self.keys)
        if not self.witnesses:
            return found
        try:
            return [*found, *verify_note(note, self.witnesses)]
        except InvalidNote as problem:
            raise InvalidNote(f"as to the witnesses: {problem}") from None


def names_of(keys: Sequence[VerifierKey]) -> list[str]:
    """Keys by their names and ids, for people."""
    return [printable(f"{key.name}+{key.key_id.hex()}") for key in keys]


class CheckedProof(NamedTuple):
    """A proof that was checked, as people and programs are told of it.

    Attributes:
        ok: whether it proves what it says.
        facts: for people.
        document: for programs.
    """

    ok: bool
    facts: list[tuple[str, Value]]
    document: dict[str, Any]


def unproven(why: str) -> CheckedProof:
    """A proof that proves nothing, and why not, in words that may be shown."""
    return CheckedProof(False, [("verdict", Cell(f"NOT PROVEN: {why}", "bad"))], {"ok": False, "why": why})
