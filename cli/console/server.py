"""The console's server: its bounds, and who is at the other end of a Unix socket."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp

from cli.console.access.peer import PeerProtocol
from cli.http.server import Bounds, listen, obey_signals

_BOUNDS: Final = Bounds(connections_max=500, headers_bytes_max=32 * 1024, idle_s=30, stop_s=3)


def serve_console(
    application: ASGIApp,
    listening: socket.socket,
    ending: Callable[[], None],
    stopping: Callable[[Callable[[], None]], None] = obey_signals,
) -> None:
    """Answer what comes in until the process is told to stop.

    Args:
        application: what answers.
        listening: a socket that is bound; it is closed in the end.
        ending: ends the answers that have no end, when the server stops.
        stopping: given what ends the server, from any thread.
    """
    listen(application, listening, _BOUNDS, stopping=stopping, ending=ending, protocol=PeerProtocol)
