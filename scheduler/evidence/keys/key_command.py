"""A key behind a command: an agent, or a device, that signs for us and keeps the key to itself.

The command gets the text on its standard input and writes one line, the signature as it stands in a signed note. It
gets a limited time, and what it writes is verified before anything is done with it.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from typing import Final

from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.notes.note import Signature, parse_note
from scheduler.evidence.keys.errors import KeyUnusable

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
    written = _output(command, text.encode(), place, patience_s)
    try:
        note = parse_note(f"{text}\n".encode() + written)
    except InvalidNote as problem:
        raise KeyUnusable(place, f"it wrote no signature line: {problem}") from None
    if note.text != text or len(note.signatures) != 1:
        raise KeyUnusable(place, "it wrote something else than one signature line")
    return note.signatures[0]


def _output(command: tuple[str, ...], text: bytes, place: str, patience_s: float) -> bytes:
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/", start_new_session=True
        )
    except OSError as problem:
        raise KeyUnusable(place, f"it cannot be started: {problem.strerror or problem}") from None
    with process:
        try:
            written = _exchanged(process, text, time.monotonic() + patience_s, place)
            code = process.wait(max(0.1, patience_s))
        except subprocess.TimeoutExpired:
            raise KeyUnusable(place, f"it did not end within {patience_s:g} s") from None
        finally:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    if code:
        raise KeyUnusable(place, f"it failed: {_ending(code)}")
    return written


def _exchanged(process: subprocess.Popen[bytes], text: bytes, until_s: float, place: str) -> bytes:
    """Give the command the text, which is shorter than what a pipe holds, and read what it writes to its end."""
    assert process.stdin is not None, "it was asked for"
    assert process.stdout is not None, "it was asked for"
    with contextlib.suppress(BrokenPipeError):  # it does not want it: what it writes tells
        os.write(process.stdin.fileno(), text)
    process.stdin.close()
    found = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while (left_s := until_s - time.monotonic()) > 0:
            if not selector.select(left_s):
                continue
            chunk = os.read(process.stdout.fileno(), _BYTES_MAX)
            found += chunk
            if not chunk:
                return found
            if len(found) > _BYTES_MAX:
                raise KeyUnusable(place, f"it wrote more than {_BYTES_MAX:,} bytes")
    raise KeyUnusable(place, "it did not write its signature in time")


def _ending(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"exit code {code}"
