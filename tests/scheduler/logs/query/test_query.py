from __future__ import annotations

import gzip
import os
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.logs import LEVELS, STREAMS, LogEntry, LogFilter, Pattern, newest, oldest_first
from scheduler.logs.query.day_reader import opened_day
from scheduler.logs.query.query import as_collected
from scheduler.logs.storage.entry import encode_lines, time_text
from scheduler.logs.storage.gzip_members import member
from scheduler.logs.storage.scan import BLOCK_BYTES, blocks
from tests.support.examples import examples

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
            half = raw.find(b"\n", len(raw) // 2) + 1
            pack = member if number else gzip.compress  # the first day as an earlier version left it
            (folder / f"{day}.jsonl.gz").write_bytes(pack(raw[:half]) + pack(raw[half:]))
        else:
            (folder / f"{day}.jsonl").write_bytes(raw)


@settings(max_examples=examples(100))
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
        assert list(as_collected(folder, wanted)) == expected
        assert list(oldest_first(folder, wanted)) == sorted(expected, key=lambda entry: entry.time)
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


def test_stretches_share_out_the_lines_whatever_their_lengths(tmp_path: Path) -> None:
    """Each line belongs to one stretch of its file, the torn last one to none."""
    chance = random.Random(7)
    lines = [
        b"%d %s" % (number, b"x" * chance.choice([0, 10, 300_000, BLOCK_BYTES, 3 * BLOCK_BYTES + 5]))
        for number in range(40)
    ]
    (tmp_path / "2026-11-23.jsonl").write_bytes(b"\n".join(lines) + b"\n" + b"torn" * 100_000)
    with opened_day(tmp_path, "2026-11-23") as spans:
        assert len(spans) > 10
        found = [block for span in reversed(spans) for block in blocks(span)]
    assert b"".join(reversed(found)) == b"\n".join(lines) + b"\n"


LINE = LogEntry(
    time="2026-11-23T00:00:00.000000Z", level="info", job="nightly", run=41, attempt=1, stream="stdout",
    message="GET /index.html HTTP/1.1 200 from 192.0.2.17 in 12 ms",
)  # fmt: skip
NEEDLE = msgspec.structs.replace(LINE, message="GET /index.html HTTP/1.1 500: Needle")


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("count", [1, 5, 700, 100_000])
def test_two_processes_find_what_one_finds(tmp_path: Path, compressed: bool, count: int) -> None:
    """A day that is shared with another process gives the same entries in the same order."""
    entries = [
        msgspec.structs.replace(
            LINE, level=LEVELS[number % 5], message=f"{number} {'Needle' * (number % 7 == 0)}"
        )
        for number in range(20_000)
    ]
    lines = encode_lines(entries)
    if compressed:
        parts = [encode_lines(entries[begin : begin + 900]) for begin in range(0, len(entries), 900)]
        (tmp_path / "2026-11-23.jsonl.gz").write_bytes(b"".join(map(member, parts)))
    else:
        (tmp_path / "2026-11-23.jsonl").write_bytes(lines)
    for wanted in (LogFilter(), LogFilter(level="error", pattern=Pattern("needle"))):
        expected = [entry for entry in entries if wanted.admits(entry)][-count:]
        with mock.patch("scheduler.logs.query.query.SHARED_BYTES", 1):
            assert newest(tmp_path, wanted, count) == expected
        assert newest(tmp_path, wanted, count) == expected


def test_what_came_after_the_question_does_not_count(tmp_path: Path) -> None:
    """Who goes on with what is appended sees each entry once: files are read as far as they were."""
    first, second = encode_lines([LINE]), encode_lines([NEEDLE])
    (tmp_path / "2026-11-23.jsonl").write_bytes(first + second)
    (tmp_path / "2026-11-24.jsonl").write_bytes(second)
    assert newest(tmp_path, LogFilter(), 9, {"2026-11-23.jsonl": len(first)}) == [LINE]
    assert newest(tmp_path, LogFilter(), 9, {}) == []


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A million entries, 170 MB, of which the first one is sought: as they are, and compressed."""
    folders = {form: tmp_path_factory.mktemp(form) for form in ("plain", "compressed")}
    line = encode_lines([LINE])
    with (folders["plain"] / "2026-11-23.jsonl").open("wb") as file:
        file.write(encode_lines([NEEDLE]))
        for _ in range(100):
            file.write(line * 10_000)
    with (folders["compressed"] / "2026-11-23.jsonl.gz").open("wb") as file:
        file.write(member(encode_lines([NEEDLE])) + member(line * 6_000) * 167)
    return folders


@pytest.mark.parametrize("form", ["plain", "compressed"])
@pytest.mark.parametrize("pattern", ["needle", "regex:needle$", r"regex:HTTP/1.1 5\d\d"])
def test_a_search_in_a_million_entries_takes_a_second(
    million: dict[str, Path], form: str, pattern: str
) -> None:
    """A rare text or expression in a million entries is found in a second of two processes' time each."""
    wanted = LogFilter(pattern=Pattern(pattern.removeprefix("regex:"), regex=pattern.startswith("regex:")))
    before = os.times()
    found = newest(million[form], wanted, 100)
    spent = os.times()
    assert found == [NEEDLE]
    assert sum(spent[:4]) - sum(before[:4]) < 2.0
