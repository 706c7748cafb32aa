"""What a process says that may hang, print without end or start others: within bounds, or not at all."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


def bounded_answer(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | str,
    limit_s: float,
    bytes_max: int,
    stdin: int = subprocess.DEVNULL,
) -> bytes | None:
    """What a process prints up to its first line end at a write's end; None if that does not come in time.

    It stands in a session of its own, and is killed with all that it has started once it has answered.

    Args:
        command: argument 0 is the program.
        env: its whole environment.
        cwd: where it stands.
        limit_s: how long it may take.
        bytes_max: at most about so much is read.
        stdin: a descriptor for its standard input.

    Raises:
        OSError: it cannot be started.
    """
    process = subprocess.Popen(
        list(command),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(env),
        cwd=cwd,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout:
        raw = _read(process.stdout.fileno(), limit_s, bytes_max)
    # What it has started goes too, whether it answered or not.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return raw


def _read(descriptor: int, limit_s: float, bytes_max: int) -> bytes | None:
    """All that is written there, within bounds; None if it does not end in time."""
    deadline_s = time.monotonic() + limit_s
    chunks: list[bytes] = []
    size_bytes = 0
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while size_bytes <= bytes_max:
            if not selector.select(max(0.0, deadline_s - time.monotonic())):
                return None
            chunk = os.read(descriptor, 65_536)
            chunks.append(chunk)
            size_bytes += len(chunk)
            if not chunk or chunk.endswith(b"\n"):
                break
    return b"".join(chunks)
