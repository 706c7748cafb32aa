"""The output of an attempt as it comes: server-sent events whose ids are byte offsets, so that none is missed."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncIterator
from functools import partial
from http import HTTPStatus
from typing import Final

import msgspec
from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from cli.console.asked import Asked
from cli.console.pages.runs.output import captured
from cli.logs.output_secrets import masking, output_secrets, secrets_environ
from cli.logs.run_output import open_output
from cli.terminal.job_output import shown_text
from scheduler.logs import DamagedOutput, RawOutput

_LOOK_S: Final = 0.5
_PIECE_BYTES: Final = 32 * 1024
_QUIET_LOOKS: Final = 30
"""After so many looks without a byte a comment is sent, so that a connection that is gone is noticed."""
_LONGEST_LOOKS: Final = 2 * 60 * 60 * 2
"""A view ends after two hours; the browser connects again."""


async def follow_output(asked: Asked) -> Response:
    """Events `output` with text as it is printed, and one `end` when the attempt has ended."""
    attempt, definition = await to_thread.run_sync(captured, asked)
    home, stream = asked.site.home, asked.request.path_params["stream"]
    if asked.as_of is not None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "nothing is printed in the past")
    output = await to_thread.run_sync(open_output, home, attempt, stream)
    if output is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "it is not here")
    secrets = None
    if definition is not None:
        secrets = await to_thread.run_sync(output_secrets, home, definition, partial(secrets_environ, home))
    follow = _Followed(asked, output, _offset(asked), masking(secrets))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(follow.events(), media_type="text/event-stream", headers=headers)


def _offset(asked: Asked) -> int:
    """From where on: what the browser has seen last, or what the page has."""
    given = asked.request.headers.get("last-event-id") or asked.argument("from", "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else 0


class _Followed:
    """One view of one stream."""

    def __init__(self, asked: Asked, output: RawOutput, offset: int, masked: object) -> None:
        from scheduler.logs.collection.masked_output import MaskedOutput

        assert masked is None or isinstance(masked, MaskedOutput), "what masks"
        self._asked, self._output, self._offset, self._masked = asked, output, offset, masked
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    async def events(self) -> AsyncIterator[bytes]:
        """The events, until the attempt has ended or the browser is gone."""
        quiet = 0
        try:
            for _ in range(_LONGEST_LOOKS):
                ended = await to_thread.run_sync(self._has_ended)
                chunk = await to_thread.run_sync(self._read)
                if chunk or ended:
                    quiet = 0
                    if text := self._shown(chunk, last=ended and not chunk):
                        yield self._event("output", text)
                if ended and not chunk:
                    yield self._event("end", "")
                    return
                if not chunk:
                    quiet += 1
                    if quiet % _QUIET_LOOKS == 0:
                        yield b": still here\n\n"
                    await asyncio.sleep(_LOOK_S)
        finally:
            self._output.close()

    def _read(self) -> bytes:
        try:
            chunk = self._output.read(self._offset, _PIECE_BYTES)
        except (OSError, DamagedOutput):
            return b""
        self._offset += len(chunk)
        return chunk

    def _has_ended(self) -> bool:
        parameters = self._asked.request.path_params
        with self._asked.look() as view:
            run = view.state.runs.get(parameters["run"])
            return run is None or run.attempt != parameters["attempt"] or run.started is None

    def _shown(self, chunk: bytes, *, last: bool) -> str:
        raw = chunk if self._masked is None else self._masked.masked(chunk, last=last)
        return shown_text(self._decoder.decode(raw, last))

    def _event(self, kind: str, text: str) -> bytes:
        data = msgspec.json.encode({"text": text}).decode()
        return f"id: {self._offset}\nevent: {kind}\ndata: {data}\n\n".encode()
