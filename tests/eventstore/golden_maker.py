"""Writes the golden ledger of format 1, the same bytes each time.

    python -m tests.eventstore.golden_maker FOLDER

The files under `golden/format-1/` were written by it once. They stay as they are for ever: every later version must
verify and read them.
"""

from __future__ import annotations

import shutil
import sys
import uuid
from pathlib import Path
from unittest.mock import patch

from eventstore.journal import Journal
from eventstore.store import OWN_SEQ, Event
from tests.support.disks import FastDisk
from tests.support.journal import StepClock, edit

_KEPT = ("*.jsonl", "*.seal", "HEAD", "quarantine/*.torn")


def make(folder: Path) -> None:
    """Write the golden ledger into a folder that is not there yet."""
    clock = StepClock()
    with (
        patch("uuid.uuid4", lambda: uuid.UUID(int=0xC0FFEE)),
        Journal.open(
            folder, software="cronledger 0.1.0", clock=clock, disk=FastDisk(), segment_entries=4
        ) as journal,
    ):
        journal.append([Event(type="scheduler.started", actor="scheduler", data={"pid": 1, "host": "h"})])
        journal.append(
            [Event(type="job.defined", actor="config", job="naïve 日本 😀", data={"every": "90s"})]
        )
        tick = Event(type="schedule.ticked", actor="scheduler", job="nightly", run=OWN_SEQ, data={})
        journal.append([tick, tick, tick])
        journal.append(
            [
                Event(
                    type="run.finished",
                    actor="user:ann@example",
                    job="nightly",
                    run=3,
                    data={
                        "error": None,
                        "ratio": 0.1,
                        "big": 2**53,
                        "text": 'q"\\/\n\t\x00\x7f\u2028é',
                        "list": [[], {}],
                    },
                )
            ]
        )
    edit(folder / "00000000000000000004.jsonl", lambda raw: raw.extend(b'{"seq":7,"time":"2026-'))
    with Journal.open(folder, software="cronledger 0.1.0", clock=clock, disk=FastDisk()) as journal:
        journal.append([Event(type="scheduler.stopped", actor="scheduler", data={"reason": "SIGTERM"})])


def kept_files(folder: Path) -> dict[str, bytes]:
    """The files of a ledger that are worth keeping, by name."""
    paths = sorted(path for pattern in _KEPT for path in folder.glob(pattern))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def main() -> None:
    """Write it."""
    target, scratch = Path(sys.argv[1]), Path(sys.argv[1] + ".scratch")
    make(scratch)
    for name, raw in kept_files(scratch).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(raw)
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
