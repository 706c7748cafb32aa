"""Waiting for the ends of main processes, whatever the system refuses."""

from __future__ import annotations

import select
import selectors
import time
from collections import deque
from collections.abc import Iterator
from typing import Final

from scheduler.processes.leader import Leader
from scheduler.processes.reaping import Watched

ASK_S: Final = 0.1
"""How often `wait` asks a process for its end that cannot announce it."""


class ExitWatch:
    """Waits for the ends of many processes behind one descriptor.

    The pidfds are in an epoll of their own, and that epoll is one descriptor in the owner's selector, which
    becomes readable when any process has ended. So the owner's selector never grows with the runs, and a
    launch costs one system call here.

    A process that runs is watched, whatever limit is reached: one that has no pidfd, or that the epoll does not
    take, is asked at each look whether it has ended, until it can be watched like the others.
    """

    def __init__(self, selector: selectors.BaseSelector | None, data: object) -> None:
        self._epoll = select.epoll()
        self._selector = selector
        self._by_pidfd: dict[int, Watched] = {}
        self._asked: list[Watched] = []
        self._found: deque[Watched] = deque()
        if selector is not None:
            selector.register(self._epoll.fileno(), selectors.EVENT_READ, data)

    def add(self, watched: Watched) -> None:
        """Watch a process until `ended` names it."""
        if not self._announces(watched):
            self._asked.append(watched)

    def watches(self, leader: Leader) -> bool:
        """Whether its end has not been named yet."""
        waiting = (*self._asked, *self._found)
        return leader.pidfd in self._by_pidfd or any(one.leader is leader for one in waiting)

    def ended(self) -> Iterator[Watched]:
        """Those that have ended, each once, those included that an earlier call was not asked for; never waits."""
        self._found += [self._by_pidfd.pop(pidfd) for pidfd, _ in self._epoll.poll(0)]
        if self._asked:
            self._found += self._ask()
        while self._found:
            yield self._found.popleft()

    def wait(self, timeout_s: float) -> bool:
        """Wait until some process has ended, at most `timeout_s`; for owners without a selector."""
        poll = select.poll()  # asking the epoll itself would take the news away from `ended`
        poll.register(self._epoll.fileno(), select.POLLIN)
        give_up_s = time.monotonic() + timeout_s
        while True:
            left_s = max(0.0, give_up_s - time.monotonic())
            if any(watched.leader.has_ended() for watched in self._asked):
                return True
            wait_s = min(left_s, ASK_S) if self._asked else left_s
            if poll.poll(wait_s * 1000):
                return True
            if wait_s == left_s:
                return False

    def close(self) -> None:
        """Leave the owner's selector, which may have been closed before, and free the descriptor."""
        if self._selector is not None and self._selector.get_map():
            self._selector.unregister(self._epoll.fileno())
        self._epoll.close()
        self._by_pidfd.clear()
        self._asked.clear()

    def _announces(self, watched: Watched) -> bool:
        """Have the epoll announce the end of a process; False where a limit of the system forbids that."""
        descriptor = watched.leader.pidfd
        if descriptor is None:
            return False
        try:
            self._epoll.register(descriptor, select.EPOLLIN | select.EPOLLONESHOT)
        except OSError:
            return False
        self._by_pidfd[descriptor] = watched
        return True

    def _ask(self) -> list[Watched]:
        asked, self._asked = self._asked, []
        ended = []
        for watched in asked:
            if watched.leader.has_ended():
                ended.append(watched)
                continue
            watched.leader.hold()
            self.add(watched)
        return ended
