"""A command of the operator's that is given a text and answers one: bounded in bytes and in time."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

PROGRAM_S: Final = 20.0
OUTPUT_BYTES_MAX: Final = 2 * 1024 * 1024


class ProgramFailed(Exception):
    """It could not be run to a good end; the message says why, in words."""


class ProgramCutOff(ProgramFailed):
    """It did not end in time, or wrote too much, and was killed: what it has done is not known."""


class Output(NamedTuple):
    """What a command wrote."""

    out: bytes
    err: bytes


def run(
    arguments: Sequence[str],
    given: bytes,
    folder: Path,
    patience_s: float = PROGRAM_S,
    bytes_max: int = OUTPUT_BYTES_MAX,
    env: Mapping[str, str] | None = None,
) -> Output:
    """Run a command to its end.

    It has a session of its own; what is left of it when its time is over is killed.

    Args:
        arguments: the program and its arguments; no shell reads them.
        given: its standard input.
        folder: where it stands.
        patience_s: how long it may take.
        bytes_max: how much it may write, on each of its streams.
        env: its whole environment; None: that of this process.

    Raises:
        ProgramCutOff: it took too long or wrote too much.
        ProgramFailed: it cannot be started, or failed.
    """
    with tempfile.TemporaryFile() as stdin:
        stdin.write(given)
        stdin.seek(0)
        try:
            process = subprocess.Popen(
                list(arguments),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=env,
                start_new_session=True,
            )
        except (OSError, ValueError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "it is no command"
            raise ProgramFailed(f"it cannot be started: {reason}") from None
    with process:
        try:
            output = _read(process, patience_s, bytes_max)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        raise ProgramFailed(f"{_ended(process.returncode)}{_said(output.err)}")
    return output


def _read(process: subprocess.Popen[bytes], patience_s: float, bytes_max: int) -> Output:
    """What it writes until it has ended; what its own children write after that is not waited for."""
    give_up_s = time.monotonic() + patience_s
    assert process.stdout is not None
    assert process.stderr is not None
    written = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    pidfd = os.pidfd_open(process.pid)
    try:
        with selectors.DefaultSelector() as selector:
            for fd in (*written, pidfd):
                selector.register(fd, selectors.EVENT_READ)
            while True:
                left_s = give_up_s - time.monotonic()
                if left_s <= 0:
                    raise ProgramCutOff(f"it did not end within {patience_s:g} s")
                ready = [key.fd for key, _ in selector.select(left_s)]
                for fd in (each for each in ready if each != pidfd):
                    chunk = os.read(fd, 65_536)
                    written[fd] += chunk
                    if not chunk:
                        selector.unregister(fd)
                    if len(written[fd]) > bytes_max:
                        raise ProgramCutOff(f"it wrote more than {bytes_max:,} bytes")
                if ready == [pidfd]:
                    process.wait()
                    return Output(*(bytes(each) for each in written.values()))
    finally:
        os.close(pidfd)


def _ended(code: int) -> str:
    return f"it was ended by signal {-code}" if code < 0 else f"it failed with exit code {code}"


def _said(err: bytes) -> str:
    """The last line of what it complained about."""
    lines = err[-2_000:].decode(errors="replace").strip().split("\n")
    shown = "".join(char if char.isprintable() else "?" for char in lines[-1].strip()[:200])
    return f": {shown}" if shown else ""
