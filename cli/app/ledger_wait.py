"""A word to the person who waits because another process holds the ledger, and which process that is.

Processes write one at a time, for milliseconds. One that was stopped in the middle of it, or a disk that hangs, makes
all others wait; a silent terminal would look like a fault of theirs.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cli.terminal.console import note
from eventstore.lock import LOCK_NAME

_LOOK_S = 0.5
"""Who is found waiting at two looks in a row has waited for about a second."""
_LOCKS = Path("/proc/locks")
_LINE = re.compile(
    r"(?P<number>[0-9]+): (?P<waits>-> )?FLOCK +ADVISORY +(?P<mode>[A-Z]+) +(?P<pid>-?[0-9]+) "
    r"[0-9a-f]+:[0-9a-f]+:(?P<inode>[0-9]+) "
)
"""A lock, or below it a process that waits for it, as proc_locks(5) has them."""
_COMMAND_SHOWN = 60


class _Holder(NamedTuple):
    pid: int
    writes: bool


@contextmanager
def patience_explained(ledger: Path) -> Iterator[None]:
    """Say so on standard error, once, if what is done meanwhile waits for another process to let go of the ledger.

    Args:
        ledger: its folder.
    """
    done = threading.Event()
    watch = threading.Thread(target=_watch, args=(ledger / LOCK_NAME, done), daemon=True)
    try:
        watch.start()
    except RuntimeError:  # no thread can be started: only the word is missing
        yield
        return
    try:
        yield
    finally:
        done.set()
        watch.join()


def _watch(lock: Path, done: threading.Event) -> None:
    waited = False
    while not done.wait(_LOOK_S):
        holder = _waited_for(lock)
        if holder is not None and waited:
            doing = "being written" if holder.writes else "held"
            note(
                f"The ledger is {doing} by another process{_who(holder.pid)}: waiting for it. Ctrl-C gives up."
            )
            return
        waited = holder is not None


def _waited_for(lock: Path) -> _Holder | None:
    """The process whose lock this process waits for; None if it does not wait, or the system does not tell."""
    try:
        inode = lock.stat().st_ino
        found = [match for line in _LOCKS.read_text().splitlines() if (match := _LINE.match(line))]
    except OSError:
        return None
    ours = [match for match in found if int(match["inode"]) == inode]
    waits = {match["number"] for match in ours if match["waits"] and int(match["pid"]) == os.getpid()}
    holders = [match for match in ours if not match["waits"] and match["number"] in waits]
    return _Holder(int(holders[0]["pid"]), holders[0]["mode"] == "WRITE") if holders else None


def _who(pid: int) -> str:
    """`, pid 812 (cronledger serve)`, as far as it can be told: it may be of another container or user."""
    if pid <= 0:
        return ""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return f", pid {pid}"
    command = " ".join(word for word in words if word)
    cut = command if len(command) <= _COMMAND_SHOWN else f"{command[:_COMMAND_SHOWN]}..."
    return f", pid {pid} ({cut})" if cut else f", pid {pid}"
