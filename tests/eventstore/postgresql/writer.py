"""A process that appends to a ledger in PostgreSQL until it is told to end, and prints what was acknowledged.

    python -m tests.eventstore.postgresql.writer URL MIRROR NAME

Each line that it prints is the `seq` and the hash of an entry that `append` returned; it ends when its input does.
"""

from __future__ import annotations

import random
import select
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from eventstore.errors import Conflict, InDoubt, Unavailable
from eventstore.postgresql.address import parse_address
from eventstore.postgresql.database import PostgresqlDatabase
from eventstore.replicated.mirror import Mirror
from eventstore.replicated.replicated_store import ReplicatedStore
from eventstore.store import Event

CALL_S = 1.0


def main(url: str, mirror: str, name: str) -> None:
    """Append one to three entries at a time, now and then none for a moment."""
    chance = random.Random(name)
    database = PostgresqlDatabase(parse_address(url), call_s=CALL_S)
    store = ReplicatedStore(database, Mirror.open(Path(mirror)), lambda: datetime.now(UTC), patience_s=CALL_S)
    number = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        number += 1
        events = [
            Event(type="test.event", actor=f"user:{name}@here", data={"n": f"{name}-{number}-{part}"})
            for part in range(chance.randint(1, 3))
        ]
        try:
            expected = store.refresh() if chance.random() < 0.5 else None
            entries = store.append(events, expected)
        except Conflict:
            continue
        except (Unavailable, InDoubt):
            time.sleep(0.01)
            continue
        print("".join(f"{entry.seq} {entry.hash}\n" for entry in entries), end="", flush=True)
        time.sleep(0.002)


if __name__ == "__main__":
    main(*sys.argv[1:])
