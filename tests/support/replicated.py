"""What tests of the replicated store share: a server of a few entries, and stores of several processes on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eventstore.durable import REAL, Disk
from eventstore.encoder import compose
from eventstore.entry import head_after, parse_lines
from eventstore.replicated.mirror import Mirror
from eventstore.replicated.replicated_store import ReplicatedStore
from eventstore.store import EMPTY, Head
from tests.support.journal import StepClock, event
from tests.support.simulated_database import SimulatedDatabase
from tests.support.simulated_server import BEGIN, DatabaseServer, created, head_of

PATIENCE_S = 2.0


class RefillableDatabase(SimulatedDatabase):
    """A simulated database into which lines can be put back."""

    def __init__(self, server: DatabaseServer, name: str = "refill") -> None:
        super().__init__(server, name)

    def refill(self, expected: Head, lines: Sequence[bytes], new: Head) -> bool:
        """Put lines back, where the head is as expected and nobody may append."""
        self.calls += 1
        self.before("refill")
        row = self.server.row()
        if row.halted is None or row.head != expected:
            return False
        self.server.refill(lines)
        self.server.halt(row.halted)
        assert self.server.row().head == new
        self.after("refill")
        return True

    def resume(self, head: Head) -> bool:
        """Take the flag away."""
        self.before("resume")
        if self.server.row().head != head:
            return False
        self.server.refill([])
        self.after("resume")
        return True


def lines_of(count: int, segment_entries: int = 65_536) -> list[bytes]:
    """The first lines of a ledger."""
    lines = created(BEGIN, segment_entries)
    return lines + after(head_of(lines[0]), count - 1)


def after(head: Head, count: int, mark: str = "") -> list[bytes]:
    """Lines that may follow a head; `mark` tells them from others that may."""
    if count == 0:
        return []
    events = [event(number, mark=mark) for number in range(count)]
    return compose(events, head, head.seq + 1, BEGIN)


def head_after_lines(lines: list[bytes]) -> Head:
    """The head of a ledger that has these lines."""
    return head_after(parse_lines(b"".join(lines), 0, EMPTY.hash)) if lines else EMPTY


def open_on(
    server: DatabaseServer,
    folder: Path,
    name: str = "a",
    *,
    patience_s: float = PATIENCE_S,
    disk: Disk = REAL,
) -> tuple[ReplicatedStore, SimulatedDatabase]:
    """A store as a process of the machine that has this mirror, and its way to the server; waiting takes no time."""
    database = SimulatedDatabase(server, name)
    store = ReplicatedStore(
        database,
        Mirror.open(folder, disk=disk),
        StepClock(),
        patience_s=patience_s,
        pause=server.timeline.pass_,
        monotonic_s=lambda: server.timeline.now_s,
    )
    store.refresh()
    return store, database


def mirrored(folder: Path) -> bytes:
    """The bytes of all entries in a mirror."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("*.jsonl")))
