"""Entries and nodes for the tests of the database."""

from __future__ import annotations

from datetime import UTC, datetime

from eventstore.encoder import compose
from eventstore.replicated.database import NodeIdentity
from eventstore.store import Event, Head
from tests.support.simulated_server import head_of

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ONE = NodeIdentity("db1", "1" * 32, "db1.example")
OTHER = NodeIdentity("db1", "2" * 32, "copy.example")


def after(head: Head, count: int, size: int = 10, who: str = "a") -> tuple[list[bytes], Head]:
    """Some entries more, and the head that they make."""
    events = [Event(type="test.event", actor=f"user:{who}@b", data={"n": "x" * size}) for _ in range(count)]
    lines = compose(events, head, head.seq + 1, NOW)
    return lines, head_of(lines[-1])
