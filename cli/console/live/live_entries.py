"""The one who follows the ledger for all open pages, for as long as there are any.

It looks at the files of the ledger ten times a second, which is two calls of the system, and reads what is new in a
thread. What it found is kept for a while, encoded, so that two hundred open pages cost two hundred writes and one
read. The scheduler does not notice any of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.concurrency import run_in_threadpool

from cli.console.kept.ledger_stamp import LedgerStamp, Stamp
from cli.console.live.live_events import event, events_of
from cli.console.live.open_views import OpenViews
from eventstore.errors import LedgerError, NoLedger

if TYPE_CHECKING:
    from eventstore.store import EventStore
    from scheduler.home import Home

VIEWS_MAX: Final = 300
VIEWS_PER_VISITOR_MAX: Final = 32
BEHIND_MAX: Final = 1_000
"""A page that is further behind is told to load itself again."""

_LOOK_S: Final = 0.1
_AFTER_TROUBLE_S: Final = 2.0
_CHUNKS_MAX: Final = 500


class Chunk(NamedTuple):
    """Events that were found together: entries `first` to `last`, as they are sent."""

    first: int
    last: int
    content: bytes


class LiveEntries:
    """New entries, for whoever has a page open; used in one event loop.

    Args:
        home: whose entries.
        zone: IANA name of the zone in which sentences show times.

    Attributes:
        head_seq: the newest entry that was found; -1 before any.
        pages: that are open.
    """

    def __init__(self, home: Home, zone: str) -> None:
        self._home, self._zone = home, zone
        self.head_seq = -1
        self.pages = OpenViews(VIEWS_MAX, VIEWS_PER_VISITOR_MAX)
        self._kept: deque[Chunk] = deque(maxlen=_CHUNKS_MAX)
        self._store: EventStore | None = None
        self._follower: asyncio.Task[None] | None = None
        self._reading = asyncio.Lock()
        self._news = asyncio.Event()
        self._ended = False

    @property
    def views(self) -> int:
        """How many pages are open."""
        return self.pages.total

    @property
    def trouble(self) -> bool:
        """Whether there is nothing to look at: the console ends, or the ledger cannot be read."""
        return self._ended or self._follower is None or self._follower.done()

    @asynccontextmanager
    async def view(self, visitor: str) -> AsyncIterator[None]:
        """One more page of a visitor, open for as long as the context lasts.

        Raises:
            LedgerError: the ledger cannot be trusted or read.
        """
        with self.pages.one(visitor):
            async with self._reading:
                if self._follower is None or self._follower.done():
                    await self._begin()
            yield

    async def missed(self, after: int) -> Chunk | None:
        """What a page needs before `since` can go on.

        That is what was found before anybody looked, or together with entries that the page knows.

        Args:
            after: the last entry that the page knows.

        Returns:
            None where there is nothing of that. A chunk without content says that the page is too far behind.

        Raises:
            LedgerError: the ledger cannot be trusted or read.
        """
        if after == self.head_seq or any(chunk.first == after + 1 for chunk in self._kept):
            return None
        if after > self.head_seq or self.head_seq - after > BEHIND_MAX:
            return Chunk(after + 1, self.head_seq, b"")
        last = next((chunk.first - 1 for chunk in self._kept if chunk.first > after), self.head_seq)
        async with self._reading:
            return await run_in_threadpool(self._read, after + 1, last)

    async def since(self, after: int, patience_s: float) -> list[Chunk]:
        """What has been found behind an entry; nothing, if nothing comes in time or there is nothing to wait for."""
        if after >= self.head_seq and not self.trouble:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), patience_s)
        if not self._kept or self._kept[-1].last <= after:
            return []
        return [chunk for chunk in self._kept if chunk.last > after]

    def end(self) -> None:
        """Let go of all open pages; the console ends."""
        self._ended = True
        self._tell()

    async def _begin(self) -> None:
        self._kept.clear()
        self.head_seq = await run_in_threadpool(self._refreshed)
        self._follower = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        """Look until nobody does any more, or the ledger cannot be read."""
        stamps, seen = LedgerStamp(), Stamp()
        try:
            while self.pages.total and not self._ended:
                stamp = stamps.of(self._home.ledger)
                if stamp != seen:
                    async with self._reading:
                        found = await run_in_threadpool(self._read_new)
                    seen = stamp
                    if found is not None:
                        self._kept.append(found)
                        self.head_seq = found.last
                        self._tell()
                await asyncio.sleep(_LOOK_S)
        except (LedgerError, OSError):
            # The pages are let go of; they come back in a while. An ordinary page tells what the trouble is.
            await asyncio.sleep(_AFTER_TROUBLE_S)
        finally:
            self._close()
            self._follower = None
            self._tell()

    def _tell(self) -> None:
        """Wake up everybody who waits now."""
        self._news.set()
        self._news = asyncio.Event()

    def _refreshed(self) -> int:
        from scheduler.store import open_store

        if self._store is None:
            try:
                self._store = open_store(self._home)
            except (NoLedger, FileNotFoundError):
                return -1
        return self._store.refresh().seq

    def _read_new(self) -> Chunk | None:
        last = self._refreshed()
        return None if last <= self.head_seq else self._read(self.head_seq + 1, last)

    def _read(self, first: int, last: int) -> Chunk:
        if last - first >= BEHIND_MAX:
            return Chunk(first, last, event("entries", last, {"seq": last, "count": last - first + 1}))
        assert self._store is not None, "there are entries"
        return Chunk(first, last, events_of(list(self._store.read(first, last)), self._zone))

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
