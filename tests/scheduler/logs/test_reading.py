from __future__ import annotations

import gzip
import random
import re
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.logs import LEVELS, STREAMS, LogEntry, LogFilter, Pattern, newest, oldest_first
from scheduler.logs.day_files import day_files
from scheduler.logs.entry import encode_lines, time_text
from scheduler.logs.scanning import BLOCK_BYTES, lines_backwards

DAYS = ("2026-11-21", "2026-11-22", "2026-11-23")
WORDS = (
    "job failed",
    "JOB Failed: x",
    'a "quoted" word',
    "back\\slash",
    "naïve Ünïcode",
    "tab\there",
    "",
    "K\u212a\u0130",
)
TIMES = st.integers(0, 3 * 86_400 * 1_000_000 - 1).map(
    lambda micros: datetime(2026, 11, 21, tzinfo=UTC) + timedelta(microseconds=micros)
)
ENTRIES = st.lists(
    st.builds(
        LogEntry,
        time=TIMES.map(time_text),
        level=st.sampled_from(LEVELS),
        job=st.sampled_from([None, "nightly", 'odd "name"']),
        run=st.sampled_from([None, 4, 41]),
        attempt=st.sampled_from([None, 1, 2]),
        stream=st.sampled_from(STREAMS),
        message=st.sampled_from(WORDS) | st.text(max_size=12),
        fields=st.sampled_from(
            [None, {"job": "nightly", "run": 41, "stream": "stderr"}, {"note": "job failed"}]
        ),
    ),
    max_size=25,
)
SOUGHT = [*filter(None, WORDS), "failed", "note", "ÜN", "k", '"note":"job']
FILTERS = st.builds(
    LogFilter,
    level=st.sampled_from([None, *LEVELS]),
    since=st.none() | TIMES,
    until=st.none() | TIMES,
    job=st.sampled_from([None, "nightly", 'odd "name"', "other"]),
    run=st.sampled_from([None, 4, 41]),
    attempt=st.sampled_from([None, 1]),
    stream=st.sampled_from([None, *STREAMS]),
    pattern=st.none()
    | st.builds(
        Pattern, st.sampled_from(SOUGHT), case_sensitive=st.booleans()
    )
    | st.builds(Pattern, st.sampled_from(["fail.d", "^job", "x$", r"\bword", "ü"]), regex=st.just(True)),
)  # fmt: skip


def write(folder: Path, entries: list[LogEntry], compressed: int = 0) -> None:
    """Write entries into the files of their days, `compressed` of the days compressed."""
    for number, day in enumerate(DAYS):
        raw = encode_lines([entry for entry in entries if entry.time.startswith(day)])
        if number < compressed:
            (folder / f"{day}.jsonl.gz").write_bytes(
                gzip.compress(raw[: len(raw) // 2]) + gzip.compress(raw[len(raw) // 2 :])
            )
        else:
            (folder / f"{day}.jsonl").write_bytes(raw)


@settings(max_examples=300)
@given(ENTRIES, FILTERS, st.integers(0, 3), st.integers(0, 6))
def test_filters_find_what_a_look_at_each_entry_finds(
    entries: list[LogEntry], wanted: LogFilter, compressed: int, count: int
) -> None:
    """The quick way through raw lines admits exactly what `admits` does, in either direction and form of file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, entries, compressed)
        by_day = [entry for day in DAYS for entry in entries if entry.time.startswith(day)]
        expected = [entry for entry in by_day if wanted.admits(entry)]
        assert list(oldest_first(folder, wanted)) == expected
        last = expected[len(expected) - count :] if count <= len(expected) else expected
        assert newest(folder, wanted, count) == sorted(last, key=lambda entry: entry.time)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("job failed", "JOB FAILED: x", True),
        ("ÜBER", "über", True),
        ('say "hi"', 'they say "hi" there', True),
        ("a\\b", "xa\\by", True),
        ("absent", "present", False),
    ],
)
def test_a_search_is_for_the_text_as_it_reads(pattern: str, text: str, found: bool) -> None:
    """Case does not count unless asked for, and what JSON escapes is found by how it looks to people."""
    entry = LogEntry(
        time=time_text(datetime(2026, 11, 23, tzinfo=UTC)), level="info", stream="stdout", message=text
    )
    assert Pattern(pattern).matches(entry) is found
    assert (Pattern(pattern).candidates(encode_lines([entry])) != b"") is found
    assert Pattern(pattern, case_sensitive=True).matches(entry) is (pattern in text)


def test_a_level_means_that_level_and_those_above(tmp_path: Path) -> None:
    """`warning` admits warning, error and critical."""
    start = datetime(2026, 11, 23, tzinfo=UTC)
    entries = [
        LogEntry(
            time=time_text(start + timedelta(seconds=number)), level=level, stream="stdout", message=level
        )
        for number, level in enumerate(LEVELS)
    ]
    write(tmp_path, entries)
    assert [entry.level for entry in newest(tmp_path, LogFilter(level="warning"), 10)] == [
        "warning",
        "error",
        "critical",
    ]


def test_what_is_not_whole_or_no_entry_is_left_out(tmp_path: Path) -> None:
    """A torn last line, foreign lines and a damaged compressed file spoil nothing else."""
    entry = LogEntry(time="2026-11-23T00:00:00.000000Z", level="info", stream="stdout", message="good")
    line = encode_lines([entry])
    (tmp_path / "2026-11-23.jsonl").write_bytes(line + b"rubbish\n{}\n" + line + line[:-20])
    (tmp_path / "2026-11-22.jsonl.gz").write_bytes(gzip.compress(line * 1000)[:-9])
    (tmp_path / "2026-11-21.jsonl.gz").write_bytes(b"no gzip")
    (tmp_path / "2026-11-20.jsonl").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(line)
    found = list(oldest_first(tmp_path, LogFilter()))
    assert found.count(entry) == len(found)
    assert len(found) >= 2
    assert newest(tmp_path, LogFilter(), 2) == [entry, entry]
    assert newest(tmp_path / "nowhere", LogFilter(), 2) == []


def test_lines_longer_than_a_block_are_read_backwards_too(tmp_path: Path) -> None:
    """Reading from the end finds the same lines whatever their lengths."""
    chance = random.Random(7)
    lines = [
        b"%d %s" % (number, b"x" * chance.choice([0, 10, 300_000, BLOCK_BYTES + 5])) for number in range(30)
    ]
    (tmp_path / "2026-11-23.jsonl").write_bytes(b"\n".join(lines) + b"\n" + b"torn" * 100_000)
    (file,) = day_files(tmp_path)
    assert list(lines_backwards(file)) == lines[::-1]


def test_a_search_in_a_million_entries_takes_a_second(tmp_path: Path) -> None:
    """A rare text in a million entries, 170 MB, is found in a second of this process's time."""
    line = encode_lines(
        [
            LogEntry(
                time="2026-11-23T00:00:00.000000Z", level="info", job="nightly", run=41, attempt=1, stream="stdout",
                message="GET /index.html HTTP/1.1 200 from 192.0.2.17 in 12 ms",
            )
        ]
    )  # fmt: skip
    needle = line.replace(b"12 ms", b"12 ms: Needle")
    with (tmp_path / "2026-11-23.jsonl").open("wb") as file:
        file.write(needle)
        for _ in range(100):
            file.write(line * 10_000)
    began_s = time.process_time()
    found = newest(tmp_path, LogFilter(pattern=Pattern("needle")), 100)
    took_s = time.process_time() - began_s
    assert [re.search("Needle", entry.message) is not None for entry in found] == [True]
    assert took_s < 1.0
