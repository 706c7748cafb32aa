"""A key behind a command: an agent, or a device, that signs for us and keeps the key to itself.

The command gets the text on its standard input and writes one line, the signature as it stands in a signed note. It
gets a limited time, and what it writes is verified before anything is done with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.notes.note import Signature, parse_note
from scheduler.evidence.keys.errors import KeyUnusable
from scheduler.evidence.program import ProgramFailed, run

_BYTES_MAX: Final = 8_192
PATIENCE_S: Final = 30.0


def signature_by_command(command: tuple[str, ...], text: str, patience_s: float = PATIENCE_S) -> Signature:
    """What the command signs a text with; not verified.

    Args:
        command: program and arguments; no shell reads them.
        text: what is to be signed, ended by LF.
        patience_s: how long the command may take.

    Raises:
        KeyUnusable: it cannot be started, fails, takes too long, or writes no signature.
    """
    place = f"the command {command[0]}"
    try:
        written = run(command, text.encode(), Path("/"), patience_s, _BYTES_MAX).out
    except ProgramFailed as problem:
        raise KeyUnusable(place, str(problem)) from None
    try:
        note = parse_note(f"{text}\n".encode() + written)
    except InvalidNote as problem:
        raise KeyUnusable(place, f"it wrote no signature line: {problem}") from None
    if note.text != text or len(note.signatures) != 1:
        raise KeyUnusable(place, "it wrote something else than one signature line")
    return note.signatures[0]
