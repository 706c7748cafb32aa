"""A real HTTP server of this test's own: what it does is chosen by the test, what it got is kept."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self


class Request(NamedTuple):
    """What came in; names of headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Reply(NamedTuple):
    """What goes out. `raw` goes out as it is, and the connection is closed; `wait` is waited for first.

    With `drip_s`, the body goes out a byte at a time.
    """

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None
    wait: threading.Event | None = None
    drip_s: float = 0.0


Behaviour = Callable[[Request], Reply]


class Receiver:
    """The server, listening while the context lasts.

    Args:
        behaviour: see below.
        tls: what it shows of itself; None: it speaks without TLS.

    Attributes:
        behaviour: gives the reply to a request; may be replaced at any time.
        received: all requests, in the order in which they came.
    """

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour
        self.received: list[Request] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                request = Request(
                    self.command,
                    self.path,
                    {name.lower(): value for name, value in self.headers.items()},
                    body,
                )
                receiver.received.append(request)
                reply = receiver.behaviour(request)
                if reply.wait is not None:
                    reply.wait.wait()
                try:
                    self._send(reply)
                except OSError:
                    self.close_connection = True  # the client has left

            def _send(self, reply: Reply) -> None:
                if reply.raw is not None:
                    self.wfile.write(reply.raw)
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                pieces = (
                    [reply.body[at : at + 1] for at in range(len(reply.body))]
                    if reply.drip_s
                    else [reply.body]
                )
                for piece in pieces:
                    self.wfile.write(piece)
                    time.sleep(reply.drip_s)

            def do_POST(self) -> None:
                self._answer()

            def do_GET(self) -> None:
                self._answer()

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def always(status: int = 200, body: bytes = b"", **more: object) -> Behaviour:
    """The same reply to all."""
    reply = Reply(status, body, **more)  # type: ignore[arg-type]
    return lambda _: reply
