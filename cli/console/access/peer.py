"""HTTP as uvicorn speaks it, with what the kernel says of who is at the other end of a Unix socket."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final, NamedTuple

from uvicorn.protocols.http.h11_impl import H11Protocol

PEER: Final = "peer"
"""Under this name it is in the `state` of each request."""
HEAD_PATIENCE_S: Final = 20.0
"""So long a new connection may take to ask for something."""
_CREDENTIALS: Final = struct.Struct("3i")


class Peer(NamedTuple):
    """The process that connected: its pid, its user's uid, its gid (unix(7), SO_PEERCRED)."""

    pid: int
    uid: int
    gid: int


class PeerProtocol(H11Protocol):
    """Finds out once for each connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection begins."""
        peer = peer_of(transport.get_extra_info("socket"))
        if peer is not None:
            self.app_state = {**self.app_state, PEER: peer}
        super().connection_made(transport)
        self.loop.call_later(HEAD_PATIENCE_S, self._close_if_nothing_came)

    def _close_if_nothing_came(self) -> None:
        """Let go of who connects and asks for nothing, or so slowly that it holds the place of others."""
        cycle: object = (
            self.cycle
        )  # None until the first request is whole, whatever uvicorn's annotation says
        if cycle is None and not self.transport.is_closing():
            self.transport.close()


def peer_of(connection: socket.socket | None) -> Peer | None:
    """Who is at the other end; None if that is no Unix socket."""
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Peer(*_CREDENTIALS.unpack(raw))
