"""Torn or corrupt: each sentence of the decision, and what is kept of a tail that was cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from eventstore.entry import LINE_BYTES_MAX, BadLine, LineTail
from eventstore.errors import Corrupt, TornTail
from eventstore.recovery import (
    LedgerRecovered,
    has_arrived,
    judge,
    later_lines,
    mark_recorded,
    set_aside,
    unrecorded,
)
from eventstore.store import Event
from tests.support.disks import CountingDisk, FastDisk
from tests.support.journal import SEGMENT_0, event, open_journal

BAD = BadLine(7, 700, "a whole line", "rubbish")
END = b',"hash":"' + b"0123456789abcdef" * 4 + b'"}'


def _later(*durables: int) -> list[LineTail]:
    return [LineTail(8 + number, durable, "p", "h") for number, durable in enumerate(durables)]


@pytest.mark.parametrize(
    ("reached", "arrived", "open_segment", "durables", "kind"),
    [
        (-1, False, True, (), TornTail),
        (6, False, True, (), TornTail),
        (7, False, True, (), Corrupt),
        (8, False, True, (), Corrupt),
        (6, True, True, (), Corrupt),
        (6, False, False, (), Corrupt),
        (6, False, True, (7, 0), TornTail),
        (6, False, True, (8,), Corrupt),
        (6, False, True, (0, 7, 9), Corrupt),
    ],
)
def test_what_a_bad_line_is(
    reached: int, arrived: bool, open_segment: bool, durables: tuple[int, ...], kind: type
) -> None:
    """Torn, unless anything shows that the entry there was on disk once; either way the facts are told."""
    found = judge(
        Path("segment"), BAD, _later(*durables), reached, arrived=arrived, open_segment=open_segment
    )
    assert type(found) is kind
    assert (found.segment, found.seq, found.offset) == (Path("segment"), 7, 700)
    assert (found.expected, found.found) == ("a whole line", "rubbish")


@contextmanager
def _file(path: Path, *parts: bytes | int) -> Iterator[int]:
    """A file of these bytes, and of holes of these lengths."""
    with path.open("wb") as file:
        for part in parts:
            if isinstance(part, int):
                file.truncate(file.seek(part, os.SEEK_CUR))
            else:
                file.write(part)
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


@pytest.mark.parametrize(
    ("line", "arrived"),
    [
        (b'{"seq":7,"time"', True),
        (b'{"seq":7,"ti\0me"', True),
        (b"rubbish" + END, True),
        (b'{"seq":7,"time":' + END, True),
        (b"rubbish", False),
        (b'rubbish {"seq":7', False),
        (END + b"rubbish", False),
        (b'{"seq":7,"ti\0\0me"', False),
        (b"\0" + END, False),
        (b'{"seq":7\0', False),
        (b"", False),
        (b'{"seq":7' + b"x" * LINE_BYTES_MAX, False),
    ],
)
def test_a_line_has_arrived_if_it_begins_or_ends_as_a_line_and_has_no_holes(
    tmp_path: Path, line: bytes, arrived: bool
) -> None:
    """Zeros inside or at an edge are blocks that did not arrive; without an LF within reach nothing arrived."""
    with _file(tmp_path / "segment", b"before\n", line, b"\n", b'{"seq":8') as fd:
        size = os.fstat(fd).st_size
        assert has_arrived(fd, 7, size) is arrived
        assert not has_arrived(fd, 7, 7 + len(line))
        assert not has_arrived(fd, size - 8, size)


@pytest.fixture
def lines(ram: Path) -> list[bytes]:
    """Three lines that speak for themselves, each with its LF."""
    with open_journal(ram / "ledger", disk=FastDisk()) as journal:
        journal.append([event(1), event(2)])
    return (ram / "ledger" / SEGMENT_0).read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize("rubbish", [0, 5, 70_000, 2**20 - 300, 2**20 - 1, 2**20])
def test_later_lines_are_found_wherever_they_begin(tmp_path: Path, lines: list[bytes], rubbish: int) -> None:
    """Behind rubbish of any length, within a line of rubbish, behind holes; not behind the end, nor without an LF."""
    parts: list[bytes | int] = [b"x" * rubbish, lines[0], b"x", lines[1], b'{"seq":', 2**21, lines[2]]
    with _file(tmp_path / "segment", *parts) as fd:
        size = os.fstat(fd).st_size
        assert [line.seq for line in later_lines(fd, 0, size)] == [0, 1, 2]
        assert [line.seq for line in later_lines(fd, rubbish, size)] == [0, 1, 2]
        assert [line.seq for line in later_lines(fd, rubbish + 1, size)] == [1, 2]
        assert [line.seq for line in later_lines(fd, 0, size - 1)] == [0, 1]
        assert list(later_lines(fd, size, size)) == []


def test_a_line_that_was_changed_does_not_speak_for_itself(tmp_path: Path, lines: list[bytes]) -> None:
    """Nor does the part of a line behind another beginning."""
    spoilt = lines[1].replace(b"thing", b"thong")
    with _file(tmp_path / "segment", lines[0][:40], lines[0], spoilt, lines[2]) as fd:
        found = list(later_lines(fd, 0, os.fstat(fd).st_size))
        assert [(line.seq, line.durable) for line in found] == [(0, 0), (2, 1)]


def test_a_line_is_found_that_has_the_beginning_of_a_line_in_it(ram: Path) -> None:
    """A payload may look as a line does, and rubbish before a line too."""
    with open_journal(ram / "ledger", disk=FastDisk()) as journal:
        journal.append([Event(type="a.b", actor="x", data={"seq": 5, "in": {"seq": 6}})])
    line = (ram / "ledger" / SEGMENT_0).read_bytes().splitlines(keepends=True)[1]
    assert line.count(b'{"seq":') == 3
    with _file(ram / "segment", line, b'{"seq":{"seq":', line) as fd:
        assert [found.seq for found in later_lines(fd, 0, os.fstat(fd).st_size)] == [1, 1]


def _set_aside(folder: Path, *names: str) -> list[Path]:
    (folder / "quarantine").mkdir(exist_ok=True)
    paths = [folder / "quarantine" / name for name in names]
    for path in paths:
        path.write_bytes(path.name.encode())
    return paths


def test_only_what_follows_the_last_entry_is_set_aside(tmp_path: Path) -> None:
    """However much of the segment stands before it, and byte for byte."""
    begin, rest = 200 * 1024**2, b"x" * 1_500_000 + b"end"
    with _file(tmp_path / "segment", begin, rest) as fd:
        set_aside(FastDisk(), tmp_path, TornTail(tmp_path / "segment", begin, 7, "", ""), fd)
    (path,) = (tmp_path / "quarantine").iterdir()
    assert path.name == f"00000000000000000007-{begin}.torn.unrecorded"
    assert path.read_bytes() == rest


def test_what_was_set_aside_is_told_in_the_order_of_the_ledger(tmp_path: Path) -> None:
    """With its length, its digest and its place; what has another name is somebody else's."""
    assert unrecorded(tmp_path, 5) == []
    later, earlier, *_ = _set_aside(
        tmp_path,
        "00000000000000000013-90.torn.unrecorded",
        "00000000000000000007-1200.torn.unrecorded",
        "00000000000000000003-90.torn",
        "3-90.torn.unrecorded",
        "00000000000000000003-90.torn.unrecorded.bak",
    )
    found = unrecorded(tmp_path, 5)
    assert [aside.path for aside in found] == [earlier, later]
    raw = earlier.name.encode()
    assert found[0].payload == LedgerRecovered(
        bytes=len(raw),
        sha256=sha256(raw).hexdigest(),
        seq=7,
        segment="00000000000000000005.jsonl",
        offset=1200,
    )
    assert (found[1].payload.seq, found[1].payload.segment) == (13, "00000000000000000010.jsonl")


def test_what_was_set_aside_long_ago_is_never_replaced(tmp_path: Path) -> None:
    """Each recovery at one place has a file of its own, and the new name is on disk before anything goes on."""
    disk, names = CountingDisk(), []
    for _ in range(3):
        _set_aside(tmp_path, "00000000000000000007-90.torn.unrecorded")
        (aside,) = unrecorded(tmp_path, 5)
        names.append(mark_recorded(disk, aside).name)
        assert not aside.path.exists()
    stem = "00000000000000000007-90"
    assert names == [f"{stem}.torn", f"{stem}-2.torn", f"{stem}-3.torn"]
    assert sorted(path.name for path in (tmp_path / "quarantine").iterdir()) == sorted(names)
    assert (disk.calls["rename"], disk.calls["fsync"]) == (3, 3)
