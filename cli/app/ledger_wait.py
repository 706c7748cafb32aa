"""A word to the person who waits because another process holds the ledger, and which process that is.

Processes write one at a time, for milliseconds. One that was stopped in the middle of it, or a disk that hangs, makes
all others wait; a silent terminal would look like a fault of theirs. Each wait is bounded: see `LOCK_PATIENCE_S`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from cli.terminal.console import note
from eventstore.lock import LOCK_NAME, LOCK_PATIENCE_S, wait_told

_COMMAND_SHOWN = 60


def patience_explained(ledger: Path) -> AbstractContextManager[None]:
    """Say so on standard error, once, if what is done meanwhile waits for another process to let go of the ledger.

    Args:
        ledger: its folder.
    """
    lock = ledger / LOCK_NAME
    return wait_told(lock, partial(_tell, lock))


def _tell(lock: Path) -> None:
    from eventstore.lock_holder import lock_holder

    holder = lock_holder(lock)
    doing = "held" if holder is not None and not holder.writes else "being written"
    who = process_named(None if holder is None else holder.pid)
    patience = f"waiting for it, {LOCK_PATIENCE_S:g} s at most"
    note(f"The ledger is {doing} by another process{who}: {patience}. Ctrl-C gives up.")


def process_named(pid: int | None) -> str:
    """`, pid 812 (cronledger serve)`, as far as it can be told: it may be of another container or user."""
    if pid is None:
        return ""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return f", pid {pid}"
    command = " ".join(word for word in words if word)
    cut = command if len(command) <= _COMMAND_SHOWN else f"{command[:_COMMAND_SHOWN]}..."
    return f", pid {pid} ({cut})" if cut else f", pid {pid}"
