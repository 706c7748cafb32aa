"""The socket on which a service manager listens. What names it is data: nothing waits or fails because of it."""

from __future__ import annotations

import contextlib
import socket
import unicodedata
from typing import Final

_PATH_BYTES_MAX: Final = 107
"""Of the address of a Unix socket (unix(7)), the NUL in front of an abstract one or behind a path not counted."""
_VALUE_CHARS_MAX: Final = 300


class NotifySocket:
    """Sends datagrams of `NAME=value` lines.

    Args:
        address: what `NOTIFY_SOCKET` says: a path, or `@` and an abstract name. At anything else nobody listens.
    """

    def __init__(self, address: str) -> None:
        self._address: bytes | None = None
        with contextlib.suppress(UnicodeEncodeError):
            raw = address.encode("utf-8", "surrogateescape")
            if raw[:1] in (b"/", b"@") and 1 < len(raw) <= _PATH_BYTES_MAX and b"\0" not in raw:
                self._address = b"\0" + raw[1:] if raw[:1] == b"@" else raw

    @property
    def is_there(self) -> bool:
        """Whether there is an address at all."""
        return self._address is not None

    def send(self, told: dict[str, str]) -> bool:
        """Send what is to be told in one datagram; False if its queue is full, and another try may do.

        Args:
            told: variables and their values, of which each becomes one line.
        """
        if self._address is None or not told:
            return True
        lines = "\n".join(f"{name}={one_line(value)}" for name, value in told.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.setblocking(False)
                manager.sendto(lines.encode("utf-8", "replace"), self._address)
        except BlockingIOError:
            return False
        except OSError:  # nobody is there, or it is no such socket
            return True
        return True


def one_line(text: str) -> str:
    """A text as one short line without control characters: a line break in it would begin another message."""
    plain = "".join(" " if unicodedata.category(char) in _NOT_SHOWN else char for char in text)
    return plain if len(plain) <= _VALUE_CHARS_MAX else plain[: _VALUE_CHARS_MAX - 1] + "…"


_NOT_SHOWN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
