"""HTTP with what the kernel says of who is at the other end of a Unix socket."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final, NamedTuple

from cli.http.patient_protocol import PatientProtocol

PEER: Final = "peer"
"""Under this name it is in the `state` of each request."""
_CREDENTIALS: Final = struct.Struct("3i")


class Peer(NamedTuple):
    """The process that connected: its pid, its user's uid, its gid (unix(7), SO_PEERCRED)."""

    pid: int
    uid: int
    gid: int


class PeerProtocol(PatientProtocol):
    """Finds out once for each connection."""

    _peer: Peer | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection begins."""
        self._peer = peer_of(transport.get_extra_info("socket"))
        if self._peer is not None:
            self.app_state = {**self.app_state, PEER: self._peer}
        super().connection_made(transport)

    def _whose(self) -> str:
        return super()._whose() if self._peer is None else f"uid {self._peer.uid}"


def peer_of(connection: socket.socket | None) -> Peer | None:
    """Who is at the other end; None if that is no Unix socket."""
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Peer(*_CREDENTIALS.unpack(raw))
