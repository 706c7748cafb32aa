"""The output of an attempt as it comes: server-sent events whose ids are byte offsets, so that none is missed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
from anyio import to_thread
from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.live.event_stream import EventStream, Put
from cli.console.live.open_views import OpenViews
from cli.console.page_route import NotFound
from cli.console.pages.runs.output import captured, is_kept, maskable
from cli.logs.output_secrets import masking
from cli.logs.run_output import open_output
from cli.terminal.job_output import shown_text
from scheduler.logs import DamagedOutput, RawOutput
from scheduler.logs.collection.masked_output import KnownSecrets

LOOK_S: Final = 0.5
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
        raise NotFound("nothing is printed in the past")
    if not await to_thread.run_sync(is_kept, home, attempt, stream):
        raise NotFound("it is not here")
    secrets = await to_thread.run_sync(maskable, home, definition)
    opened = partial(open_output, home, attempt, stream)
    asked.site.output_views.check_room(asked.visitor.name)
    return EventStream(_Followed(asked, opened, _offset(asked), secrets).send)


def _offset(asked: Asked) -> int:
    """From where on: what the browser has seen last, or what the page has."""
    given = asked.request.headers.get("last-event-id") or asked.argument("from", "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else 0


class _Followed:
    """One view of one stream. Whole lines are sent, so that no secret and no letter is ever cut in two."""

    def __init__(
        self,
        asked: Asked,
        opened: Callable[[], RawOutput | None],
        offset: int,
        secrets: KnownSecrets | None,
    ) -> None:
        self._asked, self._opened, self._offset, self._secrets = asked, opened, offset, secrets
        self._output: RawOutput | None = None

    async def send(self, put: Put) -> None:
        """Send until the attempt has ended, the console ends, or the visitor may look no more."""
        views, visitor = self._asked.site.output_views, self._asked.visitor.name
        if not views.has_room(visitor):
            return  # others were quicker; the browser asks again
        with views.one(visitor):
            try:
                await self._follow(put, views)
            finally:
                if self._output is not None:
                    self._output.close()

    async def _follow(self, put: Put, views: OpenViews) -> None:
        self._output = await to_thread.run_sync(self._opened)
        if self._output is not None:
            await to_thread.run_sync(self._align)
        quiet = 0
        for _ in range(_LONGEST_LOOKS):
            ended = await to_thread.run_sync(self._has_ended)
            chunk = await to_thread.run_sync(self._read, ended)
            if views.ended or not await self._asked.still_allowed():
                return
            if chunk:
                quiet = 0
                await put(self._event("output", self._shown(chunk)))
            elif ended:
                await put(self._event("end", ""))
                return
            else:
                quiet += 1
                if quiet % _QUIET_LOOKS == 0:
                    await put(b": still here\n\n")
                await asyncio.sleep(LOOK_S)

    def _align(self) -> None:
        """Begin with a line: whoever names an offset could name one in the middle of a secret."""
        assert self._output is not None, "it was opened"
        start = max(0, self._offset - _PIECE_BYTES)
        try:
            before = self._output.read(start, self._offset - start)
        except (OSError, DamagedOutput):
            before = b""
        if len(before) < self._offset - start or (start > 0 and b"\n" not in before):
            self._offset = 0  # it lies behind the end, or in a line without end
        else:
            self._offset = start + before.rfind(b"\n") + 1

    def _read(self, ended: bool) -> bytes:
        """The next whole lines; at the end what is left, and of a line without end a piece."""
        if self._output is None:
            return b""
        try:
            chunk = self._output.read(self._offset, _PIECE_BYTES)
        except (OSError, DamagedOutput):
            return b""
        if not ended or len(chunk) == _PIECE_BYTES:
            whole = chunk[: chunk.rfind(b"\n") + 1]
            chunk = chunk if not whole and len(chunk) == _PIECE_BYTES else whole
        self._offset += len(chunk)
        return chunk

    def _has_ended(self) -> bool:
        parameters = self._asked.request.path_params
        with self._asked.look() as view:
            run = view.state.runs.get(parameters["run"])
            return run is None or run.attempt != parameters["attempt"] or run.started is None

    def _shown(self, chunk: bytes) -> str:
        masked = masking(self._secrets)
        raw = chunk if masked is None else masked.masked(chunk, last=True)
        return shown_text(raw.decode("utf-8", "backslashreplace"))

    def _event(self, kind: str, text: str) -> bytes:
        data = msgspec.json.encode({"text": text}).decode()
        return f"id: {self._offset}\nevent: {kind}\ndata: {data}\n\n".encode()
