"""The program that listens for a witness: uvicorn."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from scheduler.evidence.witness.application import WitnessApplication

if TYPE_CHECKING:
    import uvicorn

_CONNECTIONS_MAX = 200
_IDLE_S = 30
_HEADERS_BYTES_MAX = 16 * 1024
_STOP_S = 5


def listen(
    application: WitnessApplication, listening: socket.socket, stopping: Callable[[Callable[[], None]], None]
) -> None:
    """Answer what comes in until the process is told to stop.

    Args:
        application: what answers.
        listening: a socket that is bound; it is closed in the end.
        stopping: given what ends the server, from any thread.
    """
    with listening:
        server = _server(application)

        def stop() -> None:
            server.should_exit = True

        stopping(stop)
        server.run(sockets=[listening])


def _server(application: WitnessApplication) -> uvicorn.Server:
    import uvicorn

    config = uvicorn.Config(
        application,
        interface="asgi3",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS_MAX,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_STOP_S,
        h11_max_incomplete_event_size=_HEADERS_BYTES_MAX,
    )
    return uvicorn.Server(config)
