"""A service manager for tests: a socket on which it hears what a scheduler tells it."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.command import DEADLINE_S

_BYTES_MAX = 8_192


class NotifyReceiver:
    """Listens at a path, or with `@` in front at an abstract name; hears datagrams in their order.

    Attributes:
        address: what `NOTIFY_SOCKET` says.
        heard: the lines of all datagrams so far.
    """

    def __init__(self, address: str | Path) -> None:
        self.address = str(address)
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = self.address
        self._socket.bind("\0" + name[1:] if name.startswith("@") else name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def datagrams(self) -> list[str]:
        """Those that are there, and no other."""
        self._socket.setblocking(False)
        found = []
        try:
            while True:
                found.append(self._socket.recv(_BYTES_MAX).decode())
        except BlockingIOError:
            self.heard += [line for datagram in found for line in datagram.split("\n")]
            return found

    def wait_for(self, beginning: str) -> str:
        """The first line that begins so, of what has been heard or will be."""
        give_up_s = time.monotonic() + DEADLINE_S
        while True:
            for line in self.heard:
                if line.startswith(beginning):
                    return line
            self._socket.settimeout(max(0.01, give_up_s - time.monotonic()))
            self.heard += self._socket.recv(_BYTES_MAX).decode().split("\n")
