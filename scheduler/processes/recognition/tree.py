"""Which processes belong to an attempt: by environment, session and group, parents, and control group.

Those that carry it in their environment belong to it. Descendants inherit that, so those that made a session of
their own are found too. Those that threw the environment away are found as long as they stayed in the session or in
the group, or have a parent that is of the attempt, or had one at an earlier look (`Lineage`).

Whatever looks at processes here raises OSError where there is no descriptor left to look with.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

from scheduler.entry_members import Survivor
from scheduler.processes.descriptors import is_exhaustion
from scheduler.processes.leader import Leader
from scheduler.processes.recognition.claims import pids, proves
from scheduler.processes.recognition.control_groups import ControlGroup
from scheduler.processes.recognition.identity import ProcessStat, process_stat
from scheduler.processes.recognition.lineage import Lineage

_RANGE_MAX: Final = 4096


class Tree(NamedTuple):
    """The processes of one attempt.

    Attributes:
        ledger_id: the ledger it belongs to.
        attempt: (run, attempt).
        leader: its main process, where that is known: then its session and group count too.
        secret_sha256: digest of the secret that its processes carry, where it is known.
        lineage: what is known of it from earlier looks, and what each look adds.
        control_group: which holds its processes, where one could be made.
    """

    ledger_id: str
    attempt: tuple[int, int]
    leader: Leader | None
    secret_sha256: str | None
    lineage: Lineage
    control_group: ControlGroup | None = None

    def has(self, pid: int) -> bool:
        """Whether this process lives and certainly belongs to the attempt; False for ourselves."""
        if pid == os.getpid():
            return False
        stat = process_stat(pid)
        if (
            stat is None or not stat.alive or stat.session == 0
        ):  # 0: of the kernel, or from outside our container
            return False
        if not (
            self._in_session(stat)
            or (self.control_group is not None and self.control_group.has(pid))
            or self.lineage.claims(pid, stat)
            or proves(pid, self.ledger_id, self.attempt, self.secret_sha256)
        ):
            return False
        self.lineage.add(pid, stat)
        return True

    def _in_session(self, stat: ProcessStat) -> bool:
        """Whether a process is in the leader's session or group.

        The leader's hold on its number is looked at last: if it holds now, it did when the number was read.
        """
        leader = self.leader
        return leader is not None and leader.pid in (stat.session, stat.group) and leader.holds_number()

    def members(self) -> Iterator[int]:
        """The live processes of the attempt that a look at `/proc` finds, each once.

        Looks go on until one adds nothing: a child may have a lower number than the parent that tells of it. A
        process that forks and ends while a look goes on hands its place to one that the look may miss: see
        `newcomers`.
        """
        found: set[int] = set()
        known = -1
        while known != len(self.lineage):
            known = len(self.lineage)
            for pid in pids():
                if pid not in found and self.has(pid):
                    found.add(pid)
                    yield pid
            if self._all_in_session(found):
                return

    def _all_in_session(self, found: set[int]) -> bool:
        """Whether nobody left the leader's session, so that parents tell nothing more."""
        return self.leader is not None and all(self._in_session_now(pid) for pid in found)

    def _in_session_now(self, pid: int) -> bool:
        try:
            return self.leader is not None and os.getsid(pid) == self.leader.pid
        except ProcessLookupError:
            return True

    def newcomers(self, newest: int, chase_ms: float) -> Generator[int, None, bool]:
        """The live processes of the attempt among all that were made since `newest_pid` was `newest`.

        Whoever a look misses was made during that look, and so has one of the numbers that were given out
        meanwhile. Those are looked at, then those given out during that, until either none was, or each of
        them is still there and a stranger.

        Returns:
            Whether it came to that. False after `chase_ms`, on a machine that never rests or that gives this
            process no time: then one may have escaped.
        """
        deadline_s = time.monotonic() + chase_ms / 1000
        while (last := newest_pid()) != newest:
            if time.monotonic() >= deadline_s:
                return False
            settled = True
            in_order = newest < last <= newest + _RANGE_MAX
            for pid in range(newest + 1, last + 1) if in_order else pids():
                if self.has(pid):
                    settled = False
                    yield pid
                elif not _lives(pid):
                    settled = False
            if settled and in_order:
                return True
            newest = last
        return True


def survivor(pid: int) -> Survivor | None:
    """What is told of a process that could not be stopped; None if it is gone."""
    try:
        uid = os.stat(f"/proc/{pid}").st_uid
        with open(f"/proc/{pid}/comm", "rb", buffering=0) as source:
            name = source.read(64).decode("utf-8", "replace").strip()
    except OSError as error:
        if is_exhaustion(error):
            raise
        return None
    stat = process_stat(pid)
    return None if stat is None else Survivor(pid=pid, start_ticks=stat.start_ticks, uid=uid, program=name)


def newest_pid() -> int:
    """The number that was given out last; they are given out in order (`/proc/loadavg`, last field)."""
    with open("/proc/loadavg", "rb", buffering=0) as source:
        return int(source.read(256).split()[-1])


def _lives(pid: int) -> bool:
    stat = process_stat(pid)
    return stat is not None and stat.alive
