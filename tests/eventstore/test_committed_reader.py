"""The end of a ledger as it is read without the lock: what `HEAD` names, and what has stood for a while."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.committed_reader import SETTLED_S, CommittedReader
from tests.support.journal import event, open_journal


def test_entries_behind_the_head_are_committed_when_they_have_stood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer takes a failed write back at once: what is seen again after `SETTLED_S` was no such write."""
    now_s = 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    head_file = tmp_path / "ledger" / "HEAD"
    with open_journal(tmp_path / "ledger") as journal:
        journal.append([event(1)])
        older = head_file.read_bytes()
        journal.append([event(2)])
    head_file.write_bytes(older)
    with closing(CommittedReader(tmp_path / "ledger")) as reader:
        assert (reader.refresh(), reader.pending) == (1, True)
        now_s += SETTLED_S / 2
        assert (reader.refresh(), reader.pending) == (1, True), "it was seen, but not for long enough"
        for _ in range(2):
            now_s += SETTLED_S
            seen = reader.refresh()
        assert (seen, reader.pending) == (2, False)
        assert [entry.seq for entry in reader.read(0)] == [0, 1, 2]
