from __future__ import annotations

import gzip
import os
import subprocess
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.logs.query.day_reader import opened_day
from scheduler.logs.storage.gzip_members import member, members
from scheduler.logs.storage.scan import blocks

DAY = "2026-11-23"
LINES = [b"%d of the lines of a day\n" % number for number in range(9)]


def read(folder: Path, raw: bytes) -> tuple[list[str], list[bytes]]:
    """The forms of the stretches of a compressed day, and its lines."""
    (folder / f"{DAY}.jsonl.gz").write_bytes(raw)
    with opened_day(folder, DAY) as spans:
        lines = [line for span in spans for block in blocks(span) for line in block.splitlines(keepends=True)]
        return [span.form for span in spans], lines


@given(st.lists(st.binary(max_size=2_000), max_size=5))
def test_members_are_one_gzip_file(parts: list[bytes]) -> None:
    """Every reader of gzip reads them as one, and each says where it ends."""
    packed = [member(part) for part in parts]
    whole = b"".join(packed)
    assert gzip.decompress(whole) == b"".join(parts)
    fd = os.memfd_create("day")
    try:
        os.write(fd, whole)
        found = list(members(fd, len(whole)))
    finally:
        os.close(fd)
    assert [each.end - each.begin for each in found] == list(map(len, packed))
    assert all(each.known for each in found)


def test_the_programs_of_the_system_read_them(tmp_path: Path) -> None:
    """`gzip -dc` and `gzip -t` take a compressed day as it is."""
    path = tmp_path / "day.gz"
    path.write_bytes(b"".join(map(member, LINES)))
    subprocess.run(["gzip", "-t", path], check=True)
    assert subprocess.run(["gzip", "-dc", path], check=True, capture_output=True).stdout == b"".join(LINES)


def test_duckdb_reads_them(tmp_path: Path) -> None:
    """SQL over log entries reads the files as they are."""
    lines = [b'{"message":"%d"}\n' % number for number in range(1_000)]
    path = tmp_path / "day.jsonl.gz"
    path.write_bytes(b"".join(member(b"".join(lines[begin : begin + 99])) for begin in range(0, 1_000, 99)))
    with duckdb.connect() as con:
        query = "SELECT count(*), sum(message::INT) FROM read_json(?, format = 'newline_delimited')"
        assert con.execute(query, [str(path)]).fetchall() == [(1_000, 499_500)]


@pytest.mark.parametrize("old", [0, 1, 4, 9])
def test_what_an_earlier_version_compressed_is_read(tmp_path: Path, old: int) -> None:
    """One long member, two of them, and ours behind them: each line once, in its place."""
    half = old // 2
    earlier = [gzip.compress(b"".join(LINES[:half])), gzip.compress(b"".join(LINES[half:old]))]
    forms, lines = read(
        tmp_path, b"".join(earlier[: (old > 0) + (old > 4)]) + b"".join(map(member, LINES[old:]))
    )
    expected = LINES[:old] if old > 4 else LINES[:half]
    assert lines == [*expected, *LINES[old:]]
    assert forms[0] == ("stream" if old else "member")


@pytest.mark.parametrize("cut", [1, 7, 19, 25])
def test_a_damaged_member_costs_only_itself(tmp_path: Path, cut: int) -> None:
    """One that is cut at the end, and one with a wrong byte: the others are read."""
    packed = list(map(member, LINES))
    _, lines = read(tmp_path, b"".join(packed)[:-cut])
    assert lines[:8] == LINES[:8]
    wrong = bytearray(packed[3])
    wrong[-6] ^= 1  # of its CRC-32
    _, lines = read(tmp_path, b"".join([*packed[:3], bytes(wrong), *packed[4:]]))
    assert lines == [*LINES[:3], *LINES[4:]]
