"""Pages of log entries by time: together they are all entries once, whatever the order of collection, however cut."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.logs import LogEntry, LogFilter
from scheduler.logs.query.newest_page import PageKey, newest_page
from scheduler.logs.storage import scan
from scheduler.logs.storage.entry import encode_lines, time_text

_LONG = "x" * 1_500
_DAY = datetime(2026, 11, 23, 22, tzinfo=UTC)


@pytest.fixture
def entries(tmp_path: Path) -> list[LogEntry]:
    """Entries of two days, in the order of collection: some late by hours, many of the same time."""
    chance = random.Random(11)
    made = []
    for number in range(600):
        late = timedelta(minutes=chance.randrange(200)) if chance.random() < 0.1 else timedelta()
        time = _DAY + timedelta(seconds=number // 7 * 60) - late
        made.append(
            LogEntry(
                time=time_text(time),
                level="info",
                job="a",
                run=1,
                attempt=1,
                stream="stdout",
                message=f"{number} {_LONG}",
            )
        )
    for day in {entry.time[:10] for entry in made}:
        (tmp_path / f"{day}.jsonl").write_bytes(
            encode_lines([each for each in made if each.time[:10] == day])
        )
    return made


@pytest.mark.parametrize(("count", "limit_s"), [(7, 60.0), (100, 60.0), (7, 0.0), (1_000, 0.0)])
def test_pages_are_all_entries_once(
    entries: list[LogEntry], tmp_path: Path, count: int, limit_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of time, the newest first; with no time at all, what is in order is still reached, and the end."""
    monkeypatch.setattr(scan, "BLOCK_BYTES", 20_000)
    found: list[LogEntry] = []
    key: PageKey | None = None
    while True:
        page = newest_page(tmp_path, LogFilter(), count, key, limit_s=limit_s)
        assert len(page.entries) <= count
        found += page.entries
        if page.older is None:
            break
        assert key is None or (page.older.time, -page.older.shown) < (key.time, -key.shown)
        key = page.older
    assert len({entry.message for entry in found}) == len(found)
    if limit_s:
        expected = sorted(enumerate(entries), key=lambda each: (each[1].time, each[0]), reverse=True)
        assert found == [entry for _, entry in expected]
    else:
        assert len(found) > len(entries) // 2
