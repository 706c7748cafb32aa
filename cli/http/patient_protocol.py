"""HTTP as uvicorn speaks it, for a server that anybody may reach.

A connection is let go of whose other side leaves it waiting, for a question or for taking the answer.
"""

from __future__ import annotations

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from cli.http.places import given_up, person_at

HEAD_PATIENCE_S: Final = 20.0
"""So long the head of a request may take to come, the first of a connection and every later one."""
TAKING_LOOK_S: Final = 20.0
_TAKEN_BYTES_MIN: Final = 4 * 1024
"""So much of an answer that lies here must be taken from one such look to the next."""


class PatientProtocol(H11Protocol):
    """One connection.

    Attributes:
        whose: whose place it takes, and
        heard_s: when something came from there last: see `places.Place`.
    """

    whose = ""
    heard_s = 0.0
    _impatience: asyncio.TimerHandle | None = None
    _untaken: asyncio.TimerHandle | None = None
    _untaken_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection begins; if all places are taken, in that of another one."""
        super().connection_made(transport)
        self.whose = self._whose()
        self.heard_s = self.loop.time()
        self._impatience = self.loop.call_later(HEAD_PATIENCE_S, self.let_go)
        # uvicorn refuses what is asked from its limit on.
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            others = (
                each for each in self.connections if isinstance(each, PatientProtocol) and each is not self
            )
            # If all are in use, this one is told so when it asks, unless it gives up its place to the next one.
            if (one := given_up(others)) is not None:
                one.let_go()

    def _whose(self) -> str:
        return person_at(self.client[0] if self.client else "")

    @property
    def waits(self) -> bool:
        """Whether it is the other side's turn."""
        return (
            not self._is_asked
            or self.cycle.response_complete
            or self.cycle.more_body
            or self.flow.write_paused
        )

    @property
    def _is_asked(self) -> bool:
        # uvicorn begins with none, whatever the type says.
        return bool(self.cycle)

    def data_received(self, data: bytes) -> None:
        """A part of a request: uvicorn's own patience with an idle connection ends with the first byte."""
        self.heard_s = self.loop.time()
        super().data_received(data)
        has_begun = bool(self.conn.trailing_data[0]) and self.conn.their_state is h11.IDLE
        if not has_begun:
            _cancel(self._impatience)
            self._impatience = None
        elif self._impatience is None:
            self._impatience = self.loop.call_later(HEAD_PATIENCE_S, self.let_go)

    def pause_writing(self) -> None:
        """The other side has not taken enough of what it was sent."""
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        """It has; what is left of a whole answer is watched on."""
        _cancel(self._untaken)
        if self._is_asked and self.cycle.response_complete:
            self._await_taking()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """All of an answer was handed to the system, or lies here until the other side takes it."""
        super().on_response_complete()
        self._await_taking()

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection ends."""
        _cancel(self._impatience)
        _cancel(self._untaken)
        super().connection_lost(exc)

    def _await_taking(self) -> None:
        _cancel(self._untaken)
        self._untaken_bytes = self.transport.get_write_buffer_size()
        if self._untaken_bytes:
            self._untaken = self.loop.call_later(TAKING_LOOK_S, self._look_whether_taken)

    def _look_whether_taken(self) -> None:
        untaken_bytes = self.transport.get_write_buffer_size()
        if untaken_bytes and self._untaken_bytes - untaken_bytes < _TAKEN_BYTES_MIN:
            self.let_go()
        else:
            self._await_taking()

    def let_go(self) -> None:
        """End the connection of who asks for nothing or takes nothing, or so slowly that it keeps out others."""
        self.connections.discard(self)
        # What was not taken by now is not waited for: that could be for ever.
        self.transport.abort()


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
