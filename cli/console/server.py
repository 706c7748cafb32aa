"""The program that listens for the console: uvicorn, bounded."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

import uvicorn
from starlette.types import ASGIApp

_CONNECTIONS_MAX: Final = 500
_IDLE_S: Final = 30
_HEADERS_BYTES_MAX: Final = 32 * 1024
_STOP_S: Final = 3


def listen(
    application: ASGIApp, listening: socket.socket, stopping: Callable[[Callable[[], None]], None]
) -> None:
    """Answer what comes in until the process is told to stop.

    Args:
        application: what answers.
        listening: a socket that is bound; it is closed in the end.
        stopping: given what ends the server, from any thread.
    """
    with listening:
        config = uvicorn.Config(
            application,
            interface="asgi3",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS_MAX,
            timeout_keep_alive=_IDLE_S,
            timeout_graceful_shutdown=_STOP_S,
            h11_max_incomplete_event_size=_HEADERS_BYTES_MAX,
        )
        server = uvicorn.Server(config)

        def stop() -> None:
            server.should_exit = True

        stopping(stop)
        server.run(sockets=[listening])
