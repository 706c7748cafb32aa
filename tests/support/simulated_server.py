"""The server of a simulated database: what is committed, what of that outlives a fail-over, what is on its way to it.

It decides nothing by itself and has no thread: time passes by hand, and processes reach it by `SimulatedDatabase`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

import msgspec

from eventstore.encoder import compose
from eventstore.entry import decode_own, tail_of
from eventstore.genesis import LedgerCreated, new_creation
from eventstore.replicated.database import DatabaseHead, NodeIdentity, NodePulse, Pulse
from eventstore.segment import SEGMENT_ENTRIES
from eventstore.store import EMPTY, Event, Head

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LEDGER_ID = "5" * 32

_Answer = TypeVar("_Answer")


class Timeline:
    """The time that passes everywhere, in seconds, whatever the clocks show; it moves only when it is told to."""

    def __init__(self, now_s: float = 0.0) -> None:
        self.now_s = now_s

    def pass_(self, seconds: float) -> None:
        """Time passes."""
        self.now_s += seconds


class Commit(NamedTuple):
    """An append that moved the head, as the server knows of it: no client is asked."""

    at_s: float
    client: str
    lines: tuple[bytes, ...]


class _Saved(NamedTuple):
    length: int
    row: DatabaseHead
    configs: dict[str, bytes]


class _InFlight(NamedTuple):
    due_s: float
    number: int
    carry_out: Callable[[], object]


class DatabaseServer:
    """The server behind the simulated databases of several processes.

    Args:
        timeline: the time that passes.
        lines: the entries that it begins with, each with its LF; entry 0 alone, if not given.
        wall: what its clock shows at the timeline's 0; aware.

    Attributes:
        ledger_id: the identity of the ledger, from entry 0.
        away: whether nobody reaches it.
        hints: what tells each client that there are new entries.
        commits: every append that moved the head, in order, whatever became of it later.
        branches: all lines as they were, each time that some of them were lost.
        renewed_s: when the counter of each node was raised, by the timeline.
        page_bytes: so many bytes of lines, and at least one, are read at once.
    """

    def __init__(
        self, timeline: Timeline | None = None, lines: Sequence[bytes] = (), *, wall: datetime = BEGIN
    ) -> None:
        self.timeline = timeline or Timeline()
        self._wall = wall
        self._lines: list[bytes | None] = list(lines or created(wall))
        self._row = DatabaseHead(head_of(self._lines[-1]))
        self.ledger_id = ledger_of(self._lines[0] or b"")
        self._nodes: dict[str, NodePulse] = {}
        self._configs: dict[str, bytes] = {}
        self._unsafe: list[_Saved] = []
        self._in_flight: list[_InFlight] = []
        self._sent = 0
        self.away = False
        self.hints: dict[str, Callable[[], None]] = {}
        self.commits: list[Commit] = []
        self.branches: list[list[bytes]] = []
        self.renewed_s: dict[str, list[float]] = {}
        self.page_bytes = 1 << 20

    # -- what can be seen of it from outside the simulation ----------------------------------------------------

    def now(self) -> datetime:
        """What its clock shows."""
        return self._wall + timedelta(seconds=self.timeline.now_s)

    def row(self) -> DatabaseHead:
        """The row of its head now."""
        self.arrive()
        return self._row

    def lines(self) -> list[bytes]:
        """All lines that are there."""
        self.arrive()
        return [line for line in self._lines if line is not None]

    # -- what becomes of it ------------------------------------------------------------------------------------

    def arrive(self, *, all_: bool = False) -> int:
        """Carry out what is in flight and due, or all of it; how many statements that was."""
        due = sorted(each for each in self._in_flight if all_ or each.due_s <= self.timeline.now_s)
        self._in_flight = [each for each in self._in_flight if each not in due]
        for each in due:
            each.carry_out()
        return len(due)

    def restart(self) -> None:
        """Crash and come back: what was committed is there, what was in flight is gone."""
        self.arrive()
        self._in_flight.clear()

    def fail_over(self, kept: int = 0) -> int:
        """The standby takes over: it has all that was acknowledged, and of what was not safe the oldest `kept`.

        Returns:
            How many entries were lost.
        """
        self.restart()
        before = len(self._lines)
        if kept < len(self._unsafe):
            saved = self._unsafe[kept]
            self._lose(saved.length)
            self._row, self._configs = saved.row, dict(saved.configs)
        self._unsafe.clear()
        return before - len(self._lines)

    def set_back(self, seq: int) -> None:
        """An old backup is restored: what came after entry `seq` is gone, and so is a halt."""
        self.restart()
        self._lose(seq + 1)
        self._row = DatabaseHead(head_of(self._lines[-1]))
        self._unsafe.clear()
        for name, row in self._nodes.items():
            self._nodes[name] = row._replace(counter=row.counter // 2)

    def _lose(self, length: int) -> None:
        if length < len(self._lines):
            self.branches.append([line for line in self._lines if line is not None])
            del self._lines[length:]

    def alter(self, seq: int, line: bytes) -> None:
        """Somebody with the owner's rights puts another line in the place of one."""
        self._lines[seq] = line
        if seq == self._row.head.seq and (tail := tail_of(line[:-1])) is not None:
            self._row = self._row._replace(head=Head(seq, tail.hash))

    def remove(self, seq: int) -> None:
        """Somebody with the owner's rights removes a line."""
        self._lines[seq] = None

    def refill(self, lines: Sequence[bytes]) -> None:
        """Somebody with the owner's rights appends what is missing, and ends the halt and all connections."""
        self._in_flight.clear()
        self._lines.extend(lines)
        self._row = DatabaseHead(head_of(self._lines[-1]))

    def step_clock(self, seconds: float) -> None:
        """Somebody sets its clock."""
        self._wall += timedelta(seconds=seconds)

    # -- statements, as the server carries them out ------------------------------------------------------------

    def send_later(self, carry_out: Callable[[], object], delay_s: float) -> None:
        """Put a statement on its way, for the client that sends it."""
        self._sent += 1
        self._in_flight.append(_InFlight(self.timeline.now_s + delay_s, self._sent, carry_out))

    def commit(self, change: Callable[[], _Answer], *, safe: bool) -> _Answer:
        """Carry out a statement that is to change something, and wait for the standby if it did.

        Args:
            change: what it does; its answer is False if it changed nothing: then there is nothing to wait for.
            safe: whether its commit waits for the standby: then the standby has all that was committed before, too.
        """
        saved = _Saved(len(self._lines), self._row, dict(self._configs))
        answer = change()
        if answer is False:
            return answer
        if safe:
            self._unsafe.clear()
        elif saved != _Saved(len(self._lines), self._row, self._configs):
            self._unsafe.append(saved)
        return answer

    def append(self, client: str, expected: Head, lines: Sequence[bytes], new: Head) -> bool:
        """Move the head and insert the lines, or do nothing."""
        if self._row != DatabaseHead(expected):
            return False
        self.commits.append(Commit(self.timeline.now_s, client, tuple(lines)))
        self._lines.extend(lines)
        self._row = DatabaseHead(new)
        for name, hint in self.hints.items():
            if name != client:
                hint()
        return True

    def read(self, first: int, count_max: int) -> list[bytes]:
        """Lines from one on, up to the first that is missing."""
        found: list[bytes] = []
        size = 0
        for line in self._lines[first : first + count_max]:
            if line is None or (found and size + len(line) > self.page_bytes):
                break
            found.append(line)
            size += len(line)
        return found

    def halt(self, why: str) -> None:
        """Set the flag; the first reason stays."""
        self._row = self._row._replace(halted=self._row.halted or why)

    def claim(self, identity: NodeIdentity, instead_of: NodeIdentity | None) -> bool:
        """Give the row of a node to whoever claims it, if nobody else has it."""
        row = self._nodes.get(identity.node)
        if row is not None and row.identity != instead_of:
            return row.identity.incarnation == identity.incarnation
        self._nodes[identity.node] = NodePulse(identity, 0 if row is None else row.counter + 1)
        return True

    def renew(self, identity: NodeIdentity) -> Pulse | None:
        """Raise a counter."""
        row = self._nodes.get(identity.node)
        if row is None or row.identity.incarnation != identity.incarnation:
            return None
        self._nodes[identity.node] = row._replace(counter=row.counter + 1)
        self.renewed_s.setdefault(identity.node, []).append(self.timeline.now_s)
        return self.pulse()

    def pulse(self) -> Pulse:
        """All that a node looks at."""
        return Pulse(self.now(), self._row, tuple(self._nodes[name] for name in sorted(self._nodes)))

    def keep_config(self, digest: str, text: bytes) -> None:
        """Keep a text."""
        self._configs.setdefault(digest, text)

    def config(self, digest: str) -> bytes | None:
        """A text that is kept."""
        return self._configs.get(digest)


def created(now: datetime, segment_entries: int = SEGMENT_ENTRIES) -> list[bytes]:
    """Entry 0, as `database create` writes it."""
    creation = new_creation("simulated", segment_entries)
    creation = msgspec.structs.replace(creation, ledger=LEDGER_ID)
    return compose([Event(type="ledger.created", actor="user:ann@sim", data=creation)], EMPTY, 0, now)


def ledger_of(line: bytes) -> str:
    """The identity of the ledger whose entry 0 this line is."""
    return msgspec.json.decode(decode_own(line)[0].data, type=LedgerCreated).ledger


def head_of(line: bytes | None) -> Head:
    """The head of a ledger that ends with this line."""
    tail = None if line is None else tail_of(line[:-1])
    assert tail is not None, "the last line is no entry"
    return Head(tail.seq, tail.hash)
