"""Membership: the row of a node in the database, by which the others know that it is alive.

The row belongs to one home. Whoever finds it in the hands of another one watches it for a while: if it is renewed,
another machine has this name; if not, that one is gone and its row is taken.
"""

from __future__ import annotations

from collections.abc import Callable

from eventstore.errors import NoAnswer, Unavailable
from eventstore.replicated.database import Database, DatabaseHead, NodeIdentity, NodePulse, Pulse
from scheduler.clock import Reading
from scheduler.nodes.database_clock import DatabaseClock
from scheduler.nodes.liveness import Liveness
from scheduler.nodes.renewal import Renewal

RENEW_S = 1.0
"""How often a node raises its counter."""
READ_S = 0.5
"""How often it reads those of the others, and the head of the ledger."""
READ_FADING_S = 0.1
"""How often while it seems that one of them is gone."""
SPEAK_S = 1.0
"""So long at least a node renews between two silences: once is enough to be alive."""
STRANGE_MAX = 5
"""So often in a row this node's own counter is found raised by somebody else, before that counts."""
RETRY_S = 1.0
"""How long it waits to try again after the database could not be reached."""


class NameTaken(Exception):
    """Another home has the name of this node, and its row in the database.

    Attributes:
        node: the name.
        host: of the machine that has it; None if that is not known.
    """

    def __init__(self, node: str, host: str | None) -> None:
        self.node, self.host = node, host
        where = "another home" if host is None else f"another home, on {host},"
        super().__init__(f"{where} serves this ledger as node {node!r}")


class Membership:
    """The membership of one node, as its process keeps it up.

    Args:
        database: that of the ledger.
        identity: the node, and the home that it is.
        clock: is set by what is read; its own clocks say when something is due.
        is_sure: whether a row that this home has can be in nobody else's hands. After a start of the machine it can:
            the machine may be a clone of one that is alive, down to its disks.

    Attributes:
        identity: the node, and the home that it is.
        liveness: what was heard of the nodes; renewal: what was acknowledged of this one.
        head: of the ledger, as it was read last; None before that.
        holds: whether the row is known to be this node's.
        is_away: whether the database could not be reached when it was last tried.
    """

    def __init__(
        self, database: Database, identity: NodeIdentity, clock: DatabaseClock, *, is_sure: bool = True
    ) -> None:
        self._database, self.identity, self._clock = database, identity, clock
        self._is_sure = is_sure
        self._counter: int | None = None
        self._strange = 0
        self.liveness, self.renewal = Liveness(), Renewal()
        self.head: DatabaseHead | None = None
        self.holds = self.is_away = False
        self._rival: NodePulse | None = None
        self._read_at_s = self._renew_at_s = self._silent_until_s = float("-inf")

    @property
    def node(self) -> str:
        """The name of the node."""
        return self.identity.node

    def due_s(self) -> float:
        """In how many seconds there is something to do."""
        due_at_s = self._read_at_s
        if self.holds:  # whoever does not reads, whether the row is free now
            due_at_s = min(due_at_s, max(self._renew_at_s, self._silent_until_s))
        return max(0.0, due_at_s - self._clock.own.read().boottime_s)

    def turn(self) -> None:
        """Renew, read or claim, if that is due.

        Raises:
            Unavailable, NoAnswer: the database cannot be reached; it is tried again after `RETRY_S`.
            NameTaken: another home has the name, and is alive.
        """
        now_s = self._clock.own.read().boottime_s
        if self.due_s() > 0.0:
            return
        try:
            if not self.holds:
                self._claim()
            elif now_s >= self._renew_at_s and now_s >= self._silent_until_s:
                self._renew()
            else:
                self._read(self._database.pulse)
        except (Unavailable, NoAnswer):
            self.liveness.failed()
            self.is_away = True
            self._counter = None  # a renewal without an answer may have raised it
            self._read_at_s = self._renew_at_s = self._clock.own.read().boottime_s + RETRY_S
            raise
        self.is_away = False

    def fall_silent(self, seconds: float) -> None:
        """Renew nothing for a while, so that others do what this node cannot; in between it renews at least once."""
        now_s = self._clock.own.read().boottime_s
        if now_s >= self._silent_until_s + SPEAK_S:
            self._silent_until_s = now_s + seconds

    def speak(self) -> None:
        """Renew again as always."""
        self._silent_until_s = min(self._silent_until_s, self._clock.own.read().boottime_s)

    def _claim(self) -> None:
        """Take the row if it is nobody's, or its holder has been silent for long enough; else watch that one."""
        rival = self._rival
        gone = rival is not None and self.liveness.is_silent(self.node)
        may_claim = self._is_sure or gone
        if may_claim and self._database.claim(self.identity, rival.identity if rival and gone else None):
            self.holds = True
            self._renew()
            return
        self._read(self._database.pulse)
        found = self.liveness.pulse(self.node)
        if found is None and not self._is_sure:
            self._is_sure = True
            self._claim()
        elif found and self._is_sure and found.identity.incarnation == self.identity.incarnation:
            # This home has it, under another name of its machine.
            self.holds = self._database.claim(self.identity, found.identity)
        elif rival is not None and found is not None and found != rival:
            raise NameTaken(self.node, found.identity.host)
        else:
            self._rival = found

    def _renew(self) -> None:
        sent = self._clock.own.read()
        if self._read(lambda: self._database.renew(self.identity)):
            self.renewal.acknowledged(sent.boottime_s)
            self._renew_at_s = sent.boottime_s + RENEW_S
            self._look_at_counter()
            return
        self._read(self._database.pulse)
        found = self.liveness.pulse(self.node)
        if found is not None:
            raise NameTaken(self.node, found.identity.host)
        self.holds = False  # the row is gone, with what else the database may have lost: it is claimed anew

    def _look_at_counter(self) -> None:
        """See whether somebody else raises the counter too: a clone of this machine, with all that ran on it.

        Raises:
            NameTaken: so it is.
        """
        found = self.liveness.pulse(self.node)
        counter = None if found is None else found.counter
        is_strange = None not in (counter, self._counter) and counter != (self._counter or 0) + 1
        self._strange = self._strange + 1 if is_strange else 0
        self._counter = counter
        if found is not None and self._strange >= STRANGE_MAX:
            raise NameTaken(self.node, found.identity.host)

    def _read(self, ask: Callable[[], Pulse | None]) -> bool:
        """Take in an answer; whether there was one."""
        sent = self._clock.own.read()
        pulse = ask()
        if pulse is None:
            return False
        answered = self._clock.own.read()
        self._take_in(pulse, sent, answered)
        return True

    def _take_in(self, pulse: Pulse, sent: Reading, answered: Reading) -> None:
        self._clock.set(sent, answered, pulse.now)
        self.liveness.read(pulse.nodes, answered.boottime_s)
        self.head = pulse.head
        again_s = READ_FADING_S if self.liveness.any_fading() else READ_S
        self._read_at_s = answered.boottime_s + again_s
