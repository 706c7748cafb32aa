"""Pages of log entries by time: together they are all entries once, whatever the order of collection, however cut."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.logs import LogEntry, LogFilter
from scheduler.logs.query import newest_page as newest_module
from scheduler.logs.query.newest_page import PageKey, newest_page
from scheduler.logs.query.range_times import KnownTimes
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


def test_what_is_known_of_ranges_alters_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file grows, by lines that are late too, and another one takes its place; each page is as if read anew."""
    monkeypatch.setattr(scan, "BLOCK_BYTES", 20_000)
    monkeypatch.setattr(scan, "LAST_BLOCK_BYTES", 10_000)
    chance, known = random.Random(4), KnownTimes()
    day = datetime(2026, 11, 23, tzinfo=UTC)
    file = tmp_path / f"{day:%Y-%m-%d}.jsonl"
    skipped = 0
    for number in range(40):
        if number == 30:
            file.unlink()
        lot = []
        for minute in range(40):
            at = day + timedelta(minutes=number * 20 + minute // 2 - chance.choice((0, 0, 0, 0, 300)))
            lot.append(_entry(max(at, day), f"{number}.{minute} {_LONG}"))
        raw = encode_lines(lot)
        cut = chance.randrange(len(raw))
        for part in (raw[:cut], raw[cut:]):
            with file.open("ab") as growing:
                growing.write(part)
            wanted = LogFilter(until=chance.choice((None, day + timedelta(minutes=number * 10 + 1))))
            read: list[int] = []
            with monkeypatch.context() as watched:
                watched.setattr(
                    newest_module, "blocks", lambda span, to=read: to.append(1) or scan.blocks(span)
                )
                pages = []
                for times in (None, known):
                    read.clear()
                    pages.append(newest_page(tmp_path, wanted, 9, limit_s=60, times=times))
                    skipped -= len(read) * (-1 if times is None else 1)
            assert pages[0] == pages[1]
    assert skipped > 100, "most ranges are not read again"


def _entry(time: datetime, message: str) -> LogEntry:
    return LogEntry(
        time=time_text(time), level="info", job="a", run=1, attempt=1, stream="stdout", message=message
    )
