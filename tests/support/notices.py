"""Messages as the follower makes them, for whoever delivers them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from scheduler.notifications.message import Message, Notice, message_id

AT = datetime(2026, 3, 1, 2, 0, 5, tzinfo=UTC)
LEDGER = "a" * 32


def notice(seq: int = 41, **members: Any) -> Notice:
    """That a backup failed, or what the members say."""
    said: dict[str, Any] = {
        "seq": seq,
        "kind": "failure",
        "time": AT,
        "job": "backup",
        "run": 41,
        "scheduled_for": datetime(2026, 3, 1, 2, tzinfo=UTC),
        "outcome": "failed",
        "summary": "backup failed with exit code 3",
        "output_end": "copying\nno space left\n",
        "command": "cronledger runs show 41",
    }
    return Notice(**{**said, **members})


def message(*notices: Notice, channel: str = "c", **members: Any) -> Message:
    """A message with these notices, or with that of a failure."""
    told = notices or (notice(),)
    said: dict[str, Any] = {
        "id": message_id(LEDGER, channel, told[0].seq, told[-1].seq, len(told)),
        "ledger": LEDGER,
        "host": "web1",
        "home": "/srv/cron",
        "channel": channel,
        "notices": told,
        "counts": dict(Counter(each.kind for each in told)),
    }
    return Message(**{**said, **members})
