"""A program that appends to a ledger and says what was acknowledged: for tests that run many, and kill them.

    python -m tests.eventstore.appender FOLDER FIRST COUNT BATCH_MAX BYTES_MAX FSYNC

It appends events whose runs are FIRST, FIRST + 1, … until there were COUNT (for ever if that is 0), in batches of
random size, and prints the run of the last event of each batch when `append` has returned.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from eventstore.errors import Conflict
from eventstore.journal import Journal
from eventstore.store import Event


def main() -> None:
    """Append."""
    folder, first, count, batch_max, bytes_max = Path(sys.argv[1]), *map(int, sys.argv[2:6])
    chance = random.Random(first)
    journal = Journal.open(folder, software="appender", segment_entries=50, fsync=sys.argv[6])  # type: ignore[arg-type]
    run, end = first, first + count if count else sys.maxsize
    while run < end:
        size = min(chance.randint(1, batch_max), end - run)
        events = [
            Event(
                type="thing.happened",
                actor=f"user:{first}@test",
                run=run + number,
                data={"text": "x" * chance.randrange(bytes_max)},
            )
            for number in range(size)
        ]
        try:
            journal.append(events, expected=journal.refresh() if chance.random() < 0.5 else None)
        except Conflict:
            continue
        run += size
        os.write(1, b"%d\n" % (run - 1))
    journal.close()


if __name__ == "__main__":
    main()
