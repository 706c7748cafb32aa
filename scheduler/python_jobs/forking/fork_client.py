"""The scheduler's side of the fork server: it is kept warm while some job is in Python, and asked within bounds.

It is never needed. Where it is not there, does not answer in time or refuses, the caller starts the process by
`posix_spawn`; that cannot start an attempt twice, for what a forked process waits on is closed first.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from scheduler.processes import pidfd
from scheduler.processes.forks import Forked, ForkOrder
from scheduler.processes.recognition.inherited import become_subreaper
from scheduler.processes.spawn import DEFAULT_SIGNALS, Command
from scheduler.python_jobs.forking.fork_messages import (
    PROTOCOL,
    REPLY_BYTES_MAX,
    REQUEST_BYTES_MAX,
    ROOM,
    ROOM_BYTES,
    ForkReply,
    ForkRequest,
    read_at_start,
    server_argv,
)
from scheduler.python_jobs.request import PROGRAM

ANSWER_S: Final = 2.0
"""A server that says nothing for so long, although something is asked of it, hangs."""
WARM_S: Final = 60.0
"""So long its imports may take."""
AGAIN_S: Final = 1.0
AGAIN_MAX_S: Final = 60.0
"""After how long a server that failed is started again: twice as long each time, at most so long."""
_ASKED_MAX: Final = 32
"""So many requests are under way at once: what a socket, and the limit of descriptors in it, takes everywhere."""


class _Server(NamedTuple):
    """A server: its process, and our end of its socket."""

    pidfd: int
    connection: socket.socket
    until_s: float

    def close(self) -> None:
        pidfd.send(self.pidfd, signal.SIGKILL)
        os.close(self.pidfd)
        self.connection.close()


class _Asked(NamedTuple):
    """What is under way: which order it is, and the pipe on which its process waits."""

    position: int
    waits_on: int


class _Lost(Exception):
    """The server cannot be used any more; the message says why, if it is a failure."""


class ForkClient:
    """A fork server that is started in the background, and again when it ends.

    Args:
        env: of the server; a command whose own is another one where a program reads it at its start does not fit.
        complain: told, once for each time, that Python jobs are started the ordinary way, and why.
        command: of the server, for tests.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        complain: Callable[[str], None] = lambda reason: None,
        command: Sequence[str] = (),
    ) -> None:
        self._env = {ROOM: "." * ROOM_BYTES, **env}
        self._at_start = read_at_start(self._env)
        self._complain, self._told = complain, False
        self._command = list(command or server_argv(sys.executable, os.getpid()))
        self._fits = [sys.executable, "-I", "-m", PROGRAM]
        self._server: _Server | None = None
        self._is_warm = self._wanted = False
        self._again_at_s, self._again_s = 0.0, AGAIN_S
        self._number = 0

    # -- the server --------------------------------------------------------------------------------------------

    def want(self, wanted: bool) -> None:
        """Whether there is to be a server from now on."""
        self._wanted = wanted
        if not wanted:
            self.close()
        self.tend()

    def tend(self) -> None:
        """Start the server if it is wanted and not there; notice that it is warm, or has ended. Never waits."""
        if self._server is not None:
            with self._losing():
                self._listen(self._server)
        if self._server is None and self._wanted and time.monotonic() >= self._again_at_s:
            with self._losing():
                self._start()

    def _listen(self, server: _Server) -> None:
        for reply in self._replies(server, 0.0):
            if reply.what == "stale":
                raise _Lost("")
            if reply.what == "warm":
                if reply.protocol != PROTOCOL:
                    raise _Lost("it is of another version")
                self._is_warm = True
        if not self._is_warm and time.monotonic() > server.until_s:
            raise _Lost(f"it was not ready after {WARM_S:g} s")

    def is_warm(self) -> bool:
        """Whether it answers, as far as is known."""
        self.tend()
        return self._is_warm

    def close(self) -> None:
        """End the server; the processes that it has forked go on."""
        if self._server is not None:
            self._server.close()
        self._server, self._is_warm = None, False

    def _start(self) -> None:
        if not become_subreaper():
            raise _Lost("what it forks does not become a child of the scheduler here")
        try:
            self._server = self._started()
        except OSError as error:
            raise _Lost(f"it cannot be started: {error.strerror or error}") from error

    def _started(self) -> _Server:
        """A new server, which is not warm yet.

        Raises:
            OSError: it cannot be started.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            pid = os.posix_spawn(
                self._command[0],
                self._command,
                self._env,
                file_actions=(
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ),
                setsid=True,
                setsigmask=(),
                setsigdef=DEFAULT_SIGNALS,
            )
            process = os.pidfd_open(pid)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        return _Server(process, ours, time.monotonic() + WARM_S)

    def _lose(self, reason: str) -> None:
        """Go on without the server; a reason that is empty is no failure, and another one is started at once."""
        self.close()
        if not reason:
            self._again_at_s = 0.0
            return
        self._again_at_s = time.monotonic() + self._again_s
        self._again_s = min(2 * self._again_s, AGAIN_MAX_S)
        if not self._told:
            self._told = True
            self._complain(reason)

    @contextlib.contextmanager
    def _losing(self) -> Iterator[None]:
        try:
            yield
        except _Lost as lost:
            self._lose(str(lost))
        except ConnectionError:
            self._lose("it ended")
        except OSError as error:
            self._lose(f"it does not answer: {error.strerror or error}")

    # -- asking it ---------------------------------------------------------------------------------------------

    def fits(self, command: Command) -> bool:
        """Whether the server is warm, and the command one that its processes can stand for."""
        return (
            self._is_python_job(command) and self.is_warm() and read_at_start(command.env) == self._at_start
        )

    def _is_python_job(self, command: Command) -> bool:
        return command.wrapped is None and len(command.argv) == 5 and command.argv[:4] == self._fits

    def fork(self, orders: Sequence[ForkOrder]) -> Iterator[tuple[int, Forked | None]]:
        """Fork them; see `Forks`."""
        unasked = deque(range(len(orders)))
        asked: dict[int, _Asked] = {}
        try:
            with self._losing():
                yield from self._forked(orders, unasked, asked)
        finally:
            for each in asked.values():
                os.close(each.waits_on)
        yield from ((each.position, None) for each in asked.values())
        yield from ((index, None) for index in unasked)

    def _forked(
        self, orders: Sequence[ForkOrder], unasked: deque[int], asked: dict[int, _Asked]
    ) -> Iterator[tuple[int, Forked | None]]:
        """Those that are forked and those that are refused; what is left in `unasked` and `asked` is neither.

        Raises:
            _Lost, OSError: the server cannot be used any more.
        """
        server = self._server
        if server is None:
            return
        while unasked or asked:
            while unasked and len(asked) < _ASKED_MAX:
                try:
                    is_asked = self._ask(server, orders[unasked[0]], unasked[0], asked)
                except BlockingIOError:  # the socket takes no more before some are answered
                    if asked:
                        break
                    raise
                position = unasked.popleft()
                if not is_asked:
                    yield position, None
            for reply in self._replies(server, ANSWER_S):
                if reply.what == "stale":
                    raise _Lost("")
                if reply.what == "refused" and reply.number in asked:
                    refused = asked.pop(reply.number)
                    os.close(refused.waits_on)
                    yield refused.position, None
                elif reply.what == "ready" and reply.number in asked:
                    self._told, self._again_s = False, AGAIN_S
                    ready = asked.pop(reply.number)
                    yield ready.position, Forked(reply.pid, ready.waits_on)

    def _ask(self, server: _Server, order: ForkOrder, index: int, asked: dict[int, _Asked]) -> bool:
        """Send a request; False if there can be none of it.

        Raises:
            OSError: the server is gone.
        """
        self._number += 1
        command = order.command
        request = ForkRequest(
            number=self._number,
            argv=command.argv,
            env=dict(command.env),
            working_directory=command.working_directory,
        )
        try:
            raw = msgspec.json.encode(request)
            theirs, ours = os.pipe2(os.O_CLOEXEC)
        except (OSError, UnicodeEncodeError):
            return False
        try:
            if len(raw) > REQUEST_BYTES_MAX:
                os.close(ours)
                return False
            socket.send_fds(server.connection, [raw], [*order.outputs, theirs])
        except OSError:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        asked[self._number] = _Asked(index, ours)
        return True

    def _replies(self, server: _Server, wait_s: float) -> Iterator[ForkReply]:
        """What it says, waiting for the first of it.

        Raises:
            _Lost: it has ended, or says nothing in time where that is waited for.
            OSError: it cannot be heard.
        """
        poll = select.poll()
        poll.register(server.connection, select.POLLIN)
        poll.register(server.pidfd, select.POLLIN)
        ready = dict(poll.poll(wait_s * 1000))
        if not ready and wait_s:
            raise _Lost(f"it did not answer within {wait_s:g} s")
        while True:
            try:
                raw = server.connection.recv(REPLY_BYTES_MAX)
            except BlockingIOError:
                break
            if not raw:
                raise _Lost("it ended")
            try:
                yield msgspec.json.decode(raw, type=ForkReply)
            except msgspec.DecodeError:
                raise _Lost("it says what is not understood") from None
        if server.pidfd in ready:
            raise _Lost("it ended")
