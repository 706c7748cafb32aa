"""What `status` tells of OpenTelemetry: how far the ledger was sent, and what has been waiting for too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cli.terminal.printable import show_count
from cli.terminal.tables import Cell
from cli.times.show import show_moment

if TYPE_CHECKING:
    from datetime import datetime

    from scheduler.ledger.view import View

LATE_S: Final = 120.0
"""So long an entry may wait: a try that fails is made again after a minute at most."""


class _Standing(NamedTuple):
    """The last entry that was sent, None if none is known; how many wait, and since when the first of them does."""

    sent: int | None
    waiting: int
    since: datetime | None


def telemetry_lines(view: View, zone: str) -> list[Cell | str]:
    """How far it is; nothing where nothing is to be sent from here."""
    standing = _standing(view)
    if standing is None:
        return []
    if standing.sent is None:
        return ["nothing was sent yet"]
    if standing.since is None or (view.now - standing.since).total_seconds() <= LATE_S:
        return [f"sent up to entry {standing.sent:,}"]
    waiting = show_count(standing.waiting, "entry", "entries")
    since = show_moment(standing.since, zone, view.now)
    if view.holder is None:
        return [f"sent up to entry {standing.sent:,}; {waiting} behind it will be when a scheduler serves"]
    return [
        Cell(f"sent up to entry {standing.sent:,}: {waiting} behind it not yet, the first of {since}", "bad")
    ]


def telemetry_document(view: View) -> dict[str, Any] | None:
    """The same as JSON has it; None where nothing is to be sent from here."""
    standing = _standing(view)
    return (
        None
        if standing is None
        else {"sent": standing.sent, "waiting": standing.waiting, "waiting_since": standing.since}
    )


def _standing(view: View) -> _Standing | None:
    """How it is on one machine; where several share a ledger, the leader alone sends, and only it knows how far."""
    blocks = view.blocks
    if blocks is None or not blocks.sends_telemetry or view.ledger is None or view.on_database:
        return None
    from scheduler.telemetry.sent_state import read_sent

    store = view.ledger.store
    head = store.head().seq
    sent = read_sent(view.home.telemetry, store.ledger_id)
    if sent is None:
        return _Standing(None, head + 1, None)
    first = next(store.read(sent.cursor + 1, sent.cursor + 1), None) if sent.cursor < head else None
    return _Standing(sent.cursor, max(0, head - sent.cursor), None if first is None else first.time)
