"""Stopping a whole process tree: nothing that is not of the tree is ever signalled, and no fork escapes.

Where there is no descriptor left to look with, OSError is raised: then the main process's group was signalled, and
of the others nothing is known.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterator
from typing import Final

from scheduler.processes import pidfd
from scheduler.processes.descriptors import is_exhaustion
from scheduler.processes.recognition.tree import Tree, newest_pid

LOOKS_MS: Final = 1000
"""So long `kill` goes on to look for others; who is missed is found by the next call."""
CHASE_MS: Final = 300
ALIVE_CHASE_MS: Final = 50
"""`any_alive` is asked again and again while a run is being stopped."""
DEATH_WAIT_MS: Final = 500


class Look:
    """One look at the processes of a tree, and at all that were made during it.

    Attributes:
        settled: whether it missed nobody; False until it is at its end.
    """

    def __init__(self, tree: Tree, chase_ms: float) -> None:
        self._tree, self._chase_ms = tree, chase_ms
        self.settled = False

    def __iter__(self) -> Iterator[int]:
        newest = newest_pid()
        yield from self._tree.members()
        self.settled = yield from self._tree.newcomers(newest, self._chase_ms)


def terminate(tree: Tree) -> None:
    """SIGTERM, once, to every process of the tree.

    All are looked for before the first one is signalled: where a parent ends, its children are no longer told by it.
    """
    members: list[int] = []
    try:
        members += tree.members()
    finally:
        leader = tree.leader
        group = leader.pid if leader is not None and leader.signal_group(signal.SIGTERM) else None
    for pid in members:
        if group is None or _group(pid) != group:
            held = _hold(tree, pid)
            if held is not None:
                pidfd.send(held, signal.SIGTERM)
                os.close(held)


def kill(tree: Tree) -> bool:
    """SIGKILL to every process of the tree, until a look finds none; whether that was reached.

    Each is stopped (SIGSTOP) as soon as it is found, and all are killed together in the end: a parent that stands
    still tells of its children for as long as they are looked for. A process may fork between a look and its
    signal, but not once it was signalled: so a look that missed nobody and finds nothing new ends the race, and
    what remains is to wait for their deaths. All of it is bounded: a process in uninterruptible sleep may outlive
    this call, and so may one that forks faster than this process, on a busy machine, gets to look.
    """
    if tree.leader is not None:
        tree.leader.signal_group(signal.SIGSTOP)
    held: dict[int, int] = {}
    complete = False
    try:
        complete = _stop_all(tree, held)
    finally:
        if tree.leader is not None:
            tree.leader.signal_group(signal.SIGKILL)
        for descriptor in held.values():
            pidfd.send(descriptor, signal.SIGKILL)
        if tree.control_group is not None:
            tree.control_group.kill()
        gone = _await_deaths(held) and complete
        for descriptor in held.values():
            os.close(descriptor)
    return gone


def _stop_all(tree: Tree, held: dict[int, int]) -> bool:
    """SIGSTOP to every process of the tree until a look finds no other; whether that was reached."""
    deadline_s = time.monotonic() + LOOKS_MS / 1000
    while True:
        look = Look(tree, CHASE_MS)
        fresh = 0
        for pid in look:
            fresh += _stop_once(tree, pid, held)
        if look.settled and not fresh:
            return True
        if time.monotonic() >= deadline_s:
            return False


def any_alive(tree: Tree) -> bool:
    """Whether any process of the tree is left, or may be: one may have escaped a look that was not settled."""
    look = Look(tree, ALIVE_CHASE_MS)
    return any(True for _ in look) or not look.settled


def _stop_once(tree: Tree, pid: int, stopped: dict[int, int]) -> bool:
    """Send SIGSTOP unless it was sent to this process before; whether it was sent now. `stopped` holds pidfds."""
    before = stopped.get(pid)
    if before is not None and not pidfd.has_ended(before):
        return False
    held = _hold(tree, pid)
    if held is None:
        return False
    if before is not None:
        os.close(before)
    stopped[pid] = held
    pidfd.send(held, signal.SIGSTOP)
    return True


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _hold(tree: Tree, pid: int) -> int | None:
    """A pidfd of a process of the tree, or None if it is gone.

    It is looked at again after it was opened: a number that was reused since the first look is not signalled.

    Raises:
        OSError: there is no descriptor left to look with.
    """
    try:
        held = os.pidfd_open(pid)
    except OSError as error:
        if is_exhaustion(error):
            raise
        return None
    is_of_tree = False
    try:
        is_of_tree = tree.has(pid)
    finally:
        if not is_of_tree:
            os.close(held)
    return held if is_of_tree else None


def _await_deaths(held: dict[int, int]) -> bool:
    """Wait for the end of all, at most `DEATH_WAIT_MS` together; whether all have ended."""
    deadline = time.monotonic() + DEATH_WAIT_MS / 1000
    for descriptor in held.values():
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            return False
    return True
