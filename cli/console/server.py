"""The program that listens for the console: uvicorn, bounded."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from cli.console.access.peer import PeerProtocol

_CONNECTIONS_MAX: Final = 500
_IDLE_S: Final = 30
_HEADERS_BYTES_MAX: Final = 32 * 1024
_STOP_S: Final = 3


class _Server(uvicorn.Server):
    """One that lets go of open pages when it stops, rather than wait for them."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        self._ending()
        await super().shutdown(sockets)


def listen(
    application: ASGIApp,
    listening: socket.socket,
    stopping: Callable[[Callable[[], None]], None],
    ending: Callable[[], None] = lambda: None,
) -> None:
    """Answer what comes in until the process is told to stop.

    Args:
        application: what answers.
        listening: a socket that is bound; it is closed in the end.
        stopping: given what ends the server, from any thread.
        ending: called in the event loop when the server stops: answers that have no end are to end.
    """
    with listening:
        config = uvicorn.Config(
            application,
            interface="asgi3",
            http=PeerProtocol,
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
        server = _Server(config, ending)
        logging.getLogger("uvicorn.error").addFilter(_is_no_slow_reader)

        def stop() -> None:
            server.should_exit = True

        stopping(stop)
        server.run(sockets=[listening])


def _is_no_slow_reader(record: logging.LogRecord) -> bool:
    """Whether a message of the server is for people; that a page which took nothing was let go of is not."""
    return record.msg != "ASGI callable returned without completing response."
