from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import get_args

import pytest

from eventstore.commit import Fsync
from eventstore.committed_reader import CommittedReader
from eventstore.errors import Corrupt
from eventstore.journal import Journal
from eventstore.lock import LOCK_NAME
from scheduler import vocabulary as v
from tests.support.command import await_fact

NOTE = v.event(v.SchedulerResumed(paused_ms=1), v.SCHEDULER)


@pytest.mark.parametrize("policy", get_args(Fsync))
def test_what_is_committed_is_seen_whatever_the_policy(tmp_path: Path, policy: Fsync) -> None:
    """Entries are seen at once where HEAD tells of them, and in a moment where it is written later."""
    with Journal.open(tmp_path / "ledger", software="test", fsync=policy) as journal:
        tail = CommittedReader(tmp_path / "ledger")
        for count in range(3):
            journal.append([NOTE])
            await_fact(lambda: tail.refresh() == journal.head().seq)
            assert not tail.pending
            assert [entry.seq for entry in tail.read(count)] == list(range(count, count + 2))
        tail.close()


def test_the_lock_is_neither_waited_for_nor_held(tmp_path: Path) -> None:
    """While a writer holds the lock the tail can be read."""
    folder = tmp_path / "ledger"
    with Journal.open(folder, software="test") as journal:
        journal.append([NOTE])
        lock = os.open(folder / LOCK_NAME, os.O_RDWR)
        fcntl.flock(lock, fcntl.LOCK_EX)
        tail = CommittedReader(folder)
        assert tail.refresh() == 1
        assert len(list(tail.read(0))) == 2
        tail.close()
        os.close(lock)


def test_a_write_that_is_taken_back_was_never_there(tmp_path: Path) -> None:
    """Bytes behind what HEAD names are not taken, and their disappearance is no damage."""
    folder = tmp_path / "ledger"
    with Journal.open(folder, software="test") as journal:
        journal.append([NOTE])
        shutil.copytree(folder, tmp_path / "ahead")
        with Journal.open(tmp_path / "ahead", software="test") as ahead:
            ahead.append([NOTE, NOTE])
        (segment,) = folder.glob("*.jsonl")
        size = segment.stat().st_size
        raw = (tmp_path / "ahead" / segment.name).read_bytes()
        tail = CommittedReader(folder)
        for cut in (len(raw), size + 10):
            segment.write_bytes(raw[:cut])  # a batch that is being written, and fails
            assert tail.refresh() == 1
            os.truncate(segment, size)
            assert tail.refresh() == 1
            assert not tail.pending
        journal.append([NOTE])
        assert tail.refresh() == 2
        tail.close()


def test_damage_is_damage(tmp_path: Path) -> None:
    """A ledger that has lost what was committed is refused, with or without the lock."""
    folder = tmp_path / "ledger"
    with Journal.open(folder, software="test") as journal:
        journal.append([NOTE, NOTE])
        tail = CommittedReader(folder)
    (segment,) = folder.glob("*.jsonl")
    os.truncate(segment, segment.stat().st_size - 10)
    with pytest.raises(Corrupt):
        tail.refresh()
    with pytest.raises(Corrupt):
        CommittedReader(folder)
