"""The processes of an attempt that parents and sessions tell, where the environment tells nothing.

`su`, `sudo`, `runuser` and `env -i setsid` start processes without our environment, in a session of their own.
Their parents still tell where they come from, until those end. So what was found once is remembered.
"""

from __future__ import annotations

import os

from scheduler.processes.recognition.identity import ProcessStat, process_stat
from scheduler.processes.spawner import FileIdentity


class Lineage:
    """What is known of one attempt: its processes by number and start, and the files that their output goes to.

    Args:
        outputs: the attempt's own output files; an orphan that writes there is of the attempt.
    """

    def __init__(self, outputs: tuple[FileIdentity | None, ...] = ()) -> None:
        self._outputs = {output for output in outputs if output is not None}
        self._known: dict[int, int] = {}
        self._sessions: dict[int, set[int]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def add(self, pid: int, stat: ProcessStat) -> None:
        """Remember a process of the attempt."""
        if self._known.get(pid) != stat.start_ticks:
            self._known[pid] = stat.start_ticks
            self._sessions.setdefault(stat.session, set()).add(pid)

    def claims(self, pid: int, stat: ProcessStat) -> bool:
        """Whether a live process is of the attempt: known, child of a known one, in its session, or an orphan.

        Raises:
            OSError: there is no descriptor left to look with.
        """
        if self._known.get(pid) == stat.start_ticks or self._lives(stat.parent):
            return True
        # Nobody joins a session; and while one member lives, its number means the same session.
        if any(self._lives(member, stat.session) for member in self._sessions.get(stat.session, ())):
            return True
        return stat.parent == os.getpid() and self._writes_output(pid)

    def _lives(self, pid: int, session: int | None = None) -> bool:
        began = self._known.get(pid)
        if began is None:
            return False
        stat = process_stat(pid)
        return (
            stat is not None and stat.alive and stat.start_ticks == began and session in (None, stat.session)
        )

    def _writes_output(self, pid: int) -> bool:
        if not self._outputs:
            return False
        for stream in (1, 2):
            try:
                found = os.stat(f"/proc/{pid}/fd/{stream}")
            except OSError:
                continue
            if FileIdentity(found.st_dev, found.st_ino) in self._outputs:
                return True
        return False
