"""Pages that are kept: one is made for a visitor, a second and a state of the ledger, and served again until then.

A request takes the stamp of the ledger's files before anything is looked at. A page that was made from that stamp, in
the same second, has all that was recorded when the request came in. Otherwise it is made, in a thread, once for all
who wait for it: if one is being made that began too early for somebody, that one waits for the next. So at most one
thread is at work for a page, however many ask and however fast the ledger grows.
"""

from __future__ import annotations

import asyncio
import gzip
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.kept.ledger_stamp import LedgerStamp, Stamp

_PAGES_MAX: Final = 64
_LEVEL: Final = 6
_COMPRESSED_BYTES_MIN: Final = 1_000

Token = tuple[int, Stamp]
"""What a page is good for: a second, and what the ledger was."""


class KeptPage(NamedTuple):
    """A page as it goes over the wire, as it is and compressed (None where that is not worth it)."""

    content_type: str
    plain: bytes
    packed: bytes | None

    def response(self, *, packed: bool) -> Response:
        """An answer of its own, for one request."""
        headers = {"Content-Type": self.content_type, "Vary": "Accept-Encoding"}
        if packed and self.packed is not None:
            return Response(self.packed, headers={**headers, "Content-Encoding": "gzip"})
        return Response(self.plain, headers=headers)


class _Slot:
    """One address for one visitor.

    Attributes:
        page, token: the newest page and what it is good for.
        begun: how many makings have begun; made_from: which of them made the page.
        making: that which is at work.
    """

    def __init__(self) -> None:
        self.page: KeptPage | None = None
        self.token: Token | None = None
        self.begun = self.made_from = 0
        self.making: asyncio.Task[Response] | None = None


class KeptPages:
    """The pages that are kept, the last ones asked for; used in one event loop."""

    def __init__(self) -> None:
        self._stamp = LedgerStamp()
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()

    async def answer(self, asked: Asked, make: Callable[[Asked], Response]) -> Response:
        """The page that was asked for; what `make` raises is raised for everybody who waits for it.

        Args:
            asked: the request.
            make: makes the page, in a thread. It depends on nothing but the visitor, the address and the home.
        """
        slot = self._slot(asked)
        token = self._token(asked)
        came = slot.begun
        while True:
            if slot.page is not None and (slot.token == token or slot.made_from > came):
                return slot.page.response(packed=_takes_gzip(asked))
            if slot.making is None:
                slot.begun += 1
                slot.making = asyncio.create_task(self._make(slot, asked, make))
                # Whoever waited may have left by the time at which it fails.
                slot.making.add_done_callback(lambda made: made.cancelled() or made.exception())
            mine = slot.making if slot.begun > came else None
            done = await asyncio.shield(slot.making)
            if mine is not None and slot.made_from != slot.begun:
                return done  # it is none to be kept

    def _slot(self, asked: Asked) -> _Slot:
        request = asked.request
        key = (asked.as_of, asked.base, asked.visitor, request.url.path, request.url.query)
        slot = self._slots.pop(key, None) or _Slot()
        self._slots[key] = slot
        if len(self._slots) > _PAGES_MAX:
            self._slots.popitem(last=False)
        return slot

    def _token(self, asked: Asked) -> Token:
        return int(time.time()), self._stamp.of(asked.site.home.ledger)

    async def _make(self, slot: _Slot, asked: Asked, make: Callable[[Asked], Response]) -> Response:
        number, token = slot.begun, self._token(asked)
        try:
            response, page = await run_in_threadpool(_made, asked, make)
            if page is not None:
                slot.page, slot.token, slot.made_from = page, token, number
            return response
        finally:
            slot.making = None


def _made(asked: Asked, make: Callable[[Asked], Response]) -> tuple[Response, KeptPage | None]:
    response = make(asked)
    if response.status_code != 200 or "set-cookie" in response.headers:
        return response, None
    plain = bytes(response.body)
    packed = gzip.compress(plain, _LEVEL) if len(plain) >= _COMPRESSED_BYTES_MIN else None
    return response, KeptPage(response.headers["content-type"], plain, packed)


def _takes_gzip(asked: Asked) -> bool:
    return "gzip" in asked.request.headers.get("accept-encoding", "")
