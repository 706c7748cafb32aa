"""smtplib's client with three bounds more: all of it ends in time, replies are bounded, and TLS is as configured."""

from __future__ import annotations

import smtplib
import socket
from typing import IO, Any, Final

from scheduler.notifications.channels import tls
from scheduler.notifications.channels.deadline import Deadline
from scheduler.notifications.settings import Smtp

REPLIES_BYTES_MAX: Final = 256 * 1024
"""So much may a server say in one conversation: smtplib itself reads a reply however many lines it has."""


class TooMuchSaid(Exception):
    """The server's replies are longer than any server's are."""


class Client(smtplib.SMTP):
    """A conversation with a server; it is connected when it is made.

    Args:
        server: how the server is reached.
        deadline: when all of it has to be over.
        own_name: how this host calls itself.

    Raises:
        OSError, smtplib.SMTPException, TooMuchSaid: there is no conversation.
    """

    def __init__(self, server: Smtp, deadline: Deadline, own_name: str) -> None:
        self._server, self._deadline = server, deadline
        port = server.effective_port
        try:
            super().__init__(server.host, port, local_hostname=own_name, timeout=deadline.patience_s)
        except BaseException:
            self.close()
            raise

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 - smtplib's own
        line = self._deadline.connect(host, port)
        if self._server.effective_tls == "implicit":
            return tls.wrapped(line, host)
        return line

    def getreply(self) -> tuple[int, bytes]:
        """A reply of the server; see smtplib."""
        if self.file is None and self.sock is not None:
            self.file = _BoundedFile(self.sock.makefile("rb"))
        return super().getreply()


class _BoundedFile:
    """What a server says, line by line, up to a bound."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._left_bytes = file, REPLIES_BYTES_MAX

    def readline(self, limit: int) -> bytes:
        line = self._file.readline(limit)
        self._left_bytes -= len(line)
        if self._left_bytes < 0 or len(line) >= limit:
            raise TooMuchSaid
        return line

    def close(self) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
