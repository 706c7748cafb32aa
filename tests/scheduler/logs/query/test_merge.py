from __future__ import annotations

import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.logs import LogEntry
from scheduler.logs.query.day_reader import opened_day
from scheduler.logs.query.merge import in_order
from scheduler.logs.storage.entry import TIME_SLICE, encode_lines
from scheduler.logs.storage.gzip_members import member
from scheduler.logs.storage.scan import blocks
from tests.support.examples import examples

DAY = "2026-11-23"
TIMES = st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from([0, 1, 999_999])).map(
    lambda at: f"{DAY}T{at[0]:02}:00:{at[1]:02}.{at[2]:06}Z"
)
MESSAGES = st.text(alphabet="ab", max_size=200)


def lines_of(entries: list[tuple[str, str]]) -> list[bytes]:
    """The lines of entries with these times and messages, each of its own."""
    return [
        encode_lines([LogEntry(time=time, level="info", stream="stdout", message=f"{number} {message}")])
        for number, (time, message) in enumerate(entries)
    ]


def time_of(line: bytes) -> bytes:
    """The time that stands in a line."""
    return line[TIME_SLICE]


@settings(max_examples=examples(60))
@given(st.lists(st.tuples(TIMES, MESSAGES), max_size=40), st.integers(1, 2_000), st.integers(0, 40))
def test_lines_come_in_the_order_of_their_times(
    entries: list[tuple[str, str]], portion_bytes: int, packed: int
) -> None:
    """However they stand, in either form of file, however little is held at a time; equal ones as they stand."""
    lines = lines_of(entries)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"{DAY}.jsonl.gz").write_bytes(b"".join(map(member, lines[:packed])))
        (folder / f"{DAY}.jsonl").write_bytes(b"".join(lines[packed:]))
        with opened_day(folder, DAY) as spans:
            portions = list(in_order(spans, portion_bytes))
    expected: list[bytes] = sorted(lines, key=lambda line: time_of(bytes(line)))
    assert b"".join(portions) == b"".join(expected)
    for portion in portions:
        held = portion.splitlines()
        assert len(portion) - len(held) <= portion_bytes or len({line[TIME_SLICE] for line in held}) == 1


def test_what_stands_in_order_is_hardly_read_twice(tmp_path: Path) -> None:
    """Of a day that was collected in order, each portion reads only the stretches in which it stands."""
    times = [f"{DAY}T{hour:02}:{minute:02}:00.000000Z" for hour in range(24) for minute in range(60)]
    lines = lines_of([(time, "x" * 1_000) for time in times])
    (tmp_path / f"{DAY}.jsonl.gz").write_bytes(
        b"".join(member(b"".join(lines[begin : begin + 60])) for begin in range(0, len(lines), 60))
    )
    with (
        opened_day(tmp_path, DAY) as spans,
        mock.patch("scheduler.logs.query.merge.blocks", side_effect=blocks) as read,
    ):
        assert b"".join(in_order(spans, 130_000)) == b"".join(lines)
    assert read.call_count <= 24 + 2 * 24
