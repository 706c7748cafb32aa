"""`Hints`: one descriptor for as long as a process lives, readable when entries may have come."""

from __future__ import annotations

import contextlib
import os
import select


class Hints:
    """Joins the socket of the present connection and a mark of our own.

    The mark is for notifications that came in beside the answer of a statement: the socket shows them no more.
    """

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._mark = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll.register(self._mark, select.EPOLLIN)
        self._socket: int | None = None

    @property
    def fd(self) -> int:
        """The descriptor."""
        return self._poll.fileno()

    def watch(self, socket: int) -> None:
        """Watch the socket of a connection, in place of the one before."""
        self.forget()
        self._poll.register(socket, select.EPOLLIN)
        self._socket = socket

    def forget(self) -> None:
        """Watch no socket any more; to be called before it is closed."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._poll.unregister(self._socket)
            self._socket = None

    def mark(self) -> None:
        """Make the descriptor readable."""
        os.eventfd_write(self._mark, 1)

    def clear(self) -> None:
        """Take the mark away."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._mark)

    def close(self) -> None:
        """Give up the descriptors."""
        self._poll.close()
        os.close(self._mark)
