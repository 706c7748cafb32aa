"""The program that listens: uvicorn, bounded."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

import uvicorn

from cli.http.patient_protocol import PatientProtocol
from cli.http.server_messages import ForPeople


class Bounds(NamedTuple):
    """How much a server takes on.

    Attributes:
        connections_max: fewer connections than this at once: a new one takes the place of one for which nothing is
            done; if there is none such, it is told to come again.
        headers_bytes_max: so long the head of a request may be.
        idle_s: so long a connection stays open on which nothing is asked.
        stop_s: so long answers may go on once the server is to stop.
    """

    connections_max: int
    headers_bytes_max: int
    idle_s: int
    stop_s: int


def obey_signals(stop: Callable[[], None]) -> None:
    """Both signals end the server, which gives them on to these handlers when it has ended."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop())


def listen(
    application: Callable[..., Any],
    listening: socket.socket,
    bounds: Bounds,
    *,
    stopping: Callable[[Callable[[], None]], None] = obey_signals,
    ending: Callable[[], None] | None = None,
    protocol: type[PatientProtocol] = PatientProtocol,
) -> None:
    """Answer what comes in until the process is told to stop.

    Args:
        application: what answers, as ASGI 3 has it.
        listening: a socket that is bound; it is closed in the end.
        bounds: how much is taken on.
        stopping: given what ends the server, from any thread.
        ending: called in the event loop when the server stops: answers that have no end are to end.
        protocol: speaks HTTP.
    """
    logging.getLogger("uvicorn.error").addFilter(ForPeople())
    with listening:
        config = uvicorn.Config(
            application,
            interface="asgi3",
            http=protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=bounds.connections_max,
            timeout_keep_alive=bounds.idle_s,
            timeout_graceful_shutdown=bounds.stop_s,
            h11_max_incomplete_event_size=bounds.headers_bytes_max,
        )
        server = _Server(config, ending)

        def stop() -> None:
            server.should_exit = True

        stopping(stop)
        server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """One that says when it stops, rather than wait for answers that have no end."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        if self._ending is not None:
            self._ending()
        await super().shutdown(sockets)
