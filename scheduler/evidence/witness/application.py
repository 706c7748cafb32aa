"""The witness over HTTP: an ASGI application with the two calls of C2SP tlog-witness that a log or a monitor makes.

POST /add-checkpoint             200 with the cosignature; 400, 403, 404, 409 with the size, 422
GET  /<origin hash>/checkpoint   200 with what was cosigned last; 404
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, NamedTuple

from eventstore.errors import LockHeld
from eventstore.proofs.notes.checkpoint import parse_checkpoint
from eventstore.proofs.witnessing import rules
from eventstore.proofs.witnessing.request import REQUEST_BYTES_MAX
from scheduler.evidence.witness.folder import DamagedWitness, WitnessFolder
from scheduler.evidence.witness.witness import Witness

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]

BODY_PATIENCE_S = 20.0
"""So long may the body of a request take to arrive."""
_TEXT = "text/plain; charset=utf-8"
_SIZE = "text/x.tlog.size"
_STATUS: Final[dict[type[rules.Refused], int]] = {
    rules.Malformed: 400,
    rules.NotSigned: 403,
    rules.UnknownLog: 404,
    rules.OtherSize: 409,
    rules.NotConsistent: 422,
}
_CHECKPOINT = re.compile(r"/([0-9a-f]{64})/checkpoint")


class Response(NamedTuple):
    """What is answered."""

    status: int
    body: bytes
    content_type: str = _TEXT


class WitnessApplication:
    """The application.

    Args:
        witness: what cosigns.
        folder: what it keeps.
        told: called with a sentence for each request that was decided on.
    """

    def __init__(self, witness: Witness, folder: WitnessFolder, told: Callable[[str], None]) -> None:
        self._witness, self._folder, self._told = witness, folder, told

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        response = await self._response(scope["method"], scope["path"], receive)
        headers = [
            (b"content-type", response.content_type.encode()),
            (b"content-length", str(len(response.body)).encode()),
        ]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    async def _response(self, method: str, path: str, receive: _Receive) -> Response:
        match = _CHECKPOINT.fullmatch(path)
        if match is None and path != "/add-checkpoint":
            return _said(404, "there is no such page")
        if method != ("POST" if match is None else "GET"):
            return _said(405, "this page is not asked so")
        if match is not None:
            return await asyncio.to_thread(self._checkpoint, match[1])
        try:
            async with asyncio.timeout(BODY_PATIENCE_S):
                body = await _body(receive)
        except TimeoutError:
            return _said(408, "the request did not arrive in time")
        if body is None:
            return _said(413, f"it is longer than {REQUEST_BYTES_MAX:,} bytes")
        # Flushing takes its time; other requests are answered meanwhile.
        return await asyncio.to_thread(self.add_checkpoint, body)

    def add_checkpoint(self, body: bytes) -> Response:
        """Answer a checkpoint."""
        try:
            cosigned = self._witness.add_checkpoint(body)
        except rules.OtherSize as refused:
            return Response(409, f"{refused.size}\n".encode(), _SIZE)
        except rules.Refused as refused:
            self._told(f"refused: {refused}")
            return _said(_STATUS[type(refused)], str(refused))
        except (DamagedWitness, LockHeld, OSError) as problem:
            return self._failed(problem)
        checkpoint = parse_checkpoint(cosigned.text)
        self._told(f"cosigned {checkpoint.origin}, {checkpoint.head.size:,} leaves")
        return Response(200, cosigned.signatures[-1].line.encode())

    def _checkpoint(self, hashed_origin: str) -> Response:
        try:
            raw = self._folder.last_raw(hashed_origin)
        except OSError as problem:
            return self._failed(problem)
        return _said(404, "nothing was cosigned for this log") if raw is None else Response(200, raw)

    def _failed(self, problem: Exception) -> Response:
        self._told(f"nothing can be cosigned: {problem}")
        return _said(500, "the witness cannot use what it keeps")


def _said(status: int, words: str) -> Response:
    return Response(status, f"{words}\n".encode())


async def _body(receive: _Receive) -> bytes | None:
    """The body of a request; None if it is longer than any request."""
    body = b""
    while len(body) <= REQUEST_BYTES_MAX:
        message = await receive()
        if message["type"] != "http.request":
            return body  # the client has left
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body if len(body) <= REQUEST_BYTES_MAX else None
    return None
