"""HTTP as uvicorn speaks it, with what the kernel says of who is at the other end of a Unix socket."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final, NamedTuple

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PEER: Final = "peer"
"""Under this name it is in the `state` of each request."""
HEAD_PATIENCE_S: Final = 20.0
"""So long the head of a request may take to come, the first of a connection and every later one."""
_CREDENTIALS: Final = struct.Struct("3i")


class Peer(NamedTuple):
    """The process that connected: its pid, its user's uid, its gid (unix(7), SO_PEERCRED)."""

    pid: int
    uid: int
    gid: int


class PeerProtocol(H11Protocol):
    """Finds out once for each connection."""

    _impatience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection begins."""
        peer = peer_of(transport.get_extra_info("socket"))
        if peer is not None:
            self.app_state = {**self.app_state, PEER: peer}
        super().connection_made(transport)
        self._impatience = self.loop.call_later(HEAD_PATIENCE_S, self._close)

    def data_received(self, data: bytes) -> None:
        """A part of a request: uvicorn's own patience with an idle connection ends with the first byte."""
        super().data_received(data)
        has_begun = bool(self.conn.trailing_data[0]) and self.conn.their_state is h11.IDLE
        if not has_begun:
            self._be_patient()
        elif self._impatience is None:
            self._impatience = self.loop.call_later(HEAD_PATIENCE_S, self._close)

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection ends."""
        self._be_patient()
        super().connection_lost(exc)

    def _be_patient(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None

    def _close(self) -> None:
        """Let go of who asks for nothing, or so slowly that it holds the place of others."""
        self._impatience = None
        if not self.transport.is_closing():
            self.transport.close()


def peer_of(connection: socket.socket | None) -> Peer | None:
    """Who is at the other end; None if that is no Unix socket."""
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Peer(*_CREDENTIALS.unpack(raw))
