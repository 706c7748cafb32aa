from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from scheduler.logs.collection.record_splitter import LINE_BYTES_MAX, LineSplitter, bounded

PIECES = st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"a", b"\n")), max_size=30)


def split(chunks: list[bytes]) -> list[bytes]:
    """The lines of a stream that comes in chunks."""
    splitter = LineSplitter(0)
    lines: list[bytes] = []
    for chunk in chunks:
        found = splitter.feed(chunk)
        assert found.dropped_bytes == 0
        lines += found.lines
    return lines + splitter.finish().lines


@given(PIECES)
def test_where_chunks_begin_makes_no_difference(chunks: list[bytes]) -> None:
    """A stream has the same lines however it is cut into chunks: those between its LFs."""
    whole = b"".join(chunks)
    expected = whole.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    assert split(chunks) == expected
    assert split([whole]) == expected


@given(PIECES)
def test_the_offset_is_where_the_unfinished_line_begins(chunks: list[bytes]) -> None:
    """A splitter that begins at the offset of another one goes on as that would have."""
    first = LineSplitter(0)
    lines: list[bytes] = []
    for chunk in chunks:
        lines += first.feed(chunk).lines
    whole = b"".join(chunks)
    second = LineSplitter(first.offset)
    lines += second.feed(whole[first.offset :]).lines + second.finish().lines
    assert lines == split(chunks)


def test_a_line_without_end_takes_no_memory() -> None:
    """Of a line of 50 MB only the beginning is held, and the rest is counted."""
    splitter = LineSplitter(0)
    chunk = b"x" * 1_000_000
    tracemalloc.start()
    try:
        for _ in range(50):
            assert splitter.feed(chunk).lines == []
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held_bytes < 2 * LINE_BYTES_MAX
    found = splitter.feed(b"end\nnext\n")
    line, missing_bytes = bounded(found.lines[0], found.dropped_bytes)
    assert len(line) == LINE_BYTES_MAX
    assert missing_bytes == 50_000_003 - LINE_BYTES_MAX
    assert found.lines[1] == b"next"


def test_a_long_line_is_cut_between_characters() -> None:
    """No half character is left at the cut."""
    for shift in range(4):
        line, missing_bytes = bounded(b"x" * shift + "€".encode() * LINE_BYTES_MAX, 0)
        line.decode()
        assert len(line) + missing_bytes == shift + 3 * LINE_BYTES_MAX
        assert len(line) > LINE_BYTES_MAX - 4
