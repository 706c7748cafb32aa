"""A database that is simulated: several processes share its server, and whatever may go wrong on the way can be had.

What goes wrong is decided by `trouble`, which is asked at each call, or said beforehand for one call by `meet`. What
becomes of the server itself (a fail-over, an old backup, an altered line) is in `simulated_server`.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple, TypeVar

from eventstore.errors import NoAnswer, Unavailable
from eventstore.replicated.database import DatabaseHead, NodeIdentity, Pulse
from eventstore.store import Head
from tests.support.simulated_server import DatabaseServer

ADDRESS = "postgresql://ledger@db.example/cronledger"

_Answer = TypeVar("_Answer")


class Trouble(Enum):
    """What becomes of a call that does not simply succeed."""

    UNREACHABLE = "nothing was sent: Unavailable"
    NEVER_ARRIVED = "it was sent and never arrived: no answer, nothing changed"
    ANSWER_LOST = "it was carried out, and the answer was lost"
    IN_FLIGHT = "no answer, and it is carried out later, in between the statements of others"
    NOT_SAFE = "it was carried out, and the wait for the standby was cancelled: a fail-over may lose it"


class Met(NamedTuple):
    """What one call meets.

    Attributes:
        trouble: what goes wrong; None: nothing.
        delay_s: how long it takes to the server; of one that is in flight, until it is carried out.
        back_s: how long its answer takes.
    """

    trouble: Trouble | None = None
    delay_s: float = 0.0
    back_s: float = 0.0


class SimulatedDatabase:
    """`Database`, as one process reaches it.

    Args:
        server: the one that all share.
        name: who this is, in the commits of the server: each process has another.

    Attributes:
        server: as given.
        cut: whether nothing passes between this client and the server.
        trouble: asked at each call, by the name of the method, what it meets.
        before: called before each call with its name; what it raises ends the process, and nothing was sent.
        after: called with its name once the call is carried out; what it raises ends the process before the answer.
        wait: lets time pass while a call takes it; others may act meanwhile.
        hints_lost: whether hints do not reach this client.
        hinted: called when one does.
        calls: how many calls there were.
    """

    def __init__(self, server: DatabaseServer, name: str = "client") -> None:
        self.server = server
        server.hints[name] = self.hint
        self._meets: deque[tuple[str | None, Met]] = deque()
        self._hint_fd: int | None = None
        self._closed = False
        self.name = name
        self.cut = self.hints_lost = False
        self.trouble: Callable[[str], Met] = lambda call: Met()
        self.before: Callable[[str], None] = lambda call: None
        self.after: Callable[[str], None] = lambda call: None
        self.wait: Callable[[float], None] = server.timeline.pass_
        self.hinted: Callable[[], None] = lambda: None
        self.calls = 0

    def meet(self, met: Met | Trouble, call: str | None = None, *, times: int = 1) -> None:
        """Say what the next calls meet (of one method, if it is named): what is said is met once, in order."""
        self._meets.extend([(call, Met(met) if isinstance(met, Trouble) else met)] * times)

    @property
    def ledger_id(self) -> str:
        """The identity of the ledger."""
        return self.server.ledger_id

    @property
    def address(self) -> str:
        """Where it is."""
        return ADDRESS

    def head(self) -> DatabaseHead:
        """See `Database.head`."""
        return self._ask("head", self.server.row)

    def append(self, expected: Head, lines: Sequence[bytes], new: Head) -> bool:
        """See `Database.append`."""
        sent = tuple(lines)
        return self._change("append", lambda: self.server.append(self.name, expected, sent, new))

    def confirm(self) -> None:
        """See `Database.confirm`."""
        return self._change("confirm", lambda: None)

    def lines(self, first: int, count_max: int) -> list[bytes]:
        """See `Database.lines`."""
        return self._ask("lines", lambda: self.server.read(first, count_max))

    def halt(self, why: str) -> None:
        """See `Database.halt`."""
        return self._change("halt", lambda: self.server.halt(why))

    def claim(self, identity: NodeIdentity, instead_of: NodeIdentity | None) -> bool:
        """See `Database.claim`."""
        return self._change("claim", lambda: self.server.claim(identity, instead_of))

    def renew(self, identity: NodeIdentity) -> Pulse | None:
        """See `Database.renew`."""
        return self._change("renew", lambda: self.server.renew(identity))

    def pulse(self) -> Pulse:
        """See `Database.pulse`."""
        return self._ask("pulse", self.server.pulse)

    def keep_config(self, digest: str, text: bytes) -> None:
        """See `Database.keep_config`."""
        return self._change("keep_config", lambda: self.server.keep_config(digest, text))

    def config(self, digest: str) -> bytes | None:
        """See `Database.config`."""
        return self._ask("config", lambda: self.server.config(digest))

    def hint_fd(self) -> int | None:
        """See `Database.hint_fd`."""
        if self._hint_fd is None and not self._closed:
            self._hint_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        return self._hint_fd

    def drain_hints(self) -> None:
        """See `Database.drain_hints`."""
        if self._hint_fd is not None:
            try:
                os.eventfd_read(self._hint_fd)
            except BlockingIOError:
                return

    def hint(self) -> None:
        """Entries came, says the server."""
        if self.cut or self.hints_lost:
            return
        if self._hint_fd is not None:
            os.eventfd_write(self._hint_fd, 1)
        self.hinted()

    def close(self) -> None:
        """See `Database.close`."""
        self._closed = True
        if self.server.hints.get(self.name) == self.hint:
            del self.server.hints[self.name]
        if self._hint_fd is not None:
            os.close(self._hint_fd)
            self._hint_fd = None

    # -- the way to the server and back ------------------------------------------------------------------------

    def _ask(self, call: str, read: Callable[[], _Answer]) -> _Answer:
        """A statement that changes nothing: whatever goes wrong, it is `Unavailable`."""
        met = self._begin(call)
        if met.trouble not in (None, Trouble.NOT_SAFE):
            raise Unavailable(f"simulated: {met.trouble}")
        answer = read()
        if not self._answered(call, met):
            raise Unavailable("simulated: the connection broke")
        return answer

    def _change(self, call: str, change: Callable[[], _Answer]) -> _Answer:
        met = self._begin(call)
        # A renewal's own commit is taken for one that waits for no standby: so it makes nothing else safe.
        safe = met.trouble is not Trouble.NOT_SAFE and call != "renew"
        if met.trouble is Trouble.NEVER_ARRIVED:
            raise NoAnswer(f"simulated: {met.trouble}")
        if met.trouble is Trouble.IN_FLIGHT:
            self.server.send_later(lambda: self.server.commit(change, safe=True), met.delay_s)
            raise NoAnswer(f"simulated: {met.trouble}")
        answer = self.server.commit(change, safe=safe)
        if not self._answered(call, met) or met.trouble is not None:
            raise NoAnswer(f"simulated: {met.trouble or 'the connection broke'}")
        return answer

    def _answered(self, call: str, met: Met) -> bool:
        """Whether the answer comes back, which may take time."""
        self.after(call)
        if met.back_s:
            self.wait(met.back_s)
        return not (self.cut or self.server.away)

    def _begin(self, call: str) -> Met:
        """Go to the server, which may take time and may fail; what the call meets there."""
        assert not self._closed, f"{self.name} uses a connection that it closed"
        self.calls += 1
        self.before(call)
        met = self._met(call)
        if met.delay_s and met.trouble is not Trouble.IN_FLIGHT:
            self.wait(met.delay_s)
        if self.cut or self.server.away or met.trouble is Trouble.UNREACHABLE:
            raise Unavailable("simulated: the database cannot be reached")
        self.server.arrive()
        return met

    def _met(self, call: str) -> Met:
        for index, (wanted, met) in enumerate(self._meets):
            if wanted in (None, call):
                del self._meets[index]
                return met
        return self.trouble(call)
