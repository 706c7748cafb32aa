"""What is not known to be on disk is written once more: exactly those bytes, and only if they are what was read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from eventstore.errors import Corrupt
from eventstore.head import HeadFile
from eventstore.rewrite import rewrite
from eventstore.tail import Tail
from tests.support.disks import FastDisk
from tests.support.journal import edit, event, open_journal, snapshot

ENTRIES = 10


class _Recorder(FastDisk):
    """Remembers what is written, and where."""

    def __init__(self) -> None:
        self.written: list[tuple[str, int, bytes]] = []

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        """Write."""
        self.written.append((Path(os.readlink(f"/proc/self/fd/{fd}")).name, offset, bytes(data)))
        return super().pwrite(fd, data, offset)


def _name(first: int) -> str:
    return f"{first:020d}.jsonl"


@pytest.fixture
def folder(ram: Path) -> Path:
    """Twenty-five entries in segments of ten: 0-9, 10-19, 20-24."""
    with open_journal(ram / "ledger", disk=FastDisk(), segment_entries=ENTRIES) as journal:
        for number in range(1, 25):
            journal.append([event(number)])
    return ram / "ledger"


def _tail(folder: Path, durable: int, segment_entries: int = ENTRIES) -> Tail:
    """The end of the ledger, of which only so many entries are known to be on disk."""
    head_file = HeadFile(folder, FastDisk(), writable=False)
    tail = Tail(folder, segment_entries, FastDisk(), head_file, writable=False)
    tail.start(0)
    tail.grow(settled=True)
    tail.close()
    head_file.close()
    tail.durable = durable
    return tail


def _offset(folder: Path, seq: int) -> int:
    """Where the line of an entry begins in its segment."""
    raw = (folder / _name(seq - seq % ENTRIES)).read_bytes()
    return raw.index(b'{"seq":%d,' % seq)


@pytest.mark.parametrize("durable", [0, 1, 9, 10, 13, 19, 20, 24])
def test_exactly_what_is_not_known_to_be_on_disk_is_written(folder: Path, durable: int) -> None:
    """From the first such entry to the head, in each segment, byte for byte in its place."""
    before, disk, files = snapshot(folder), _Recorder(), len(os.listdir("/proc/self/fd"))
    rewrite(disk, folder, ENTRIES, _tail(folder, durable))
    assert snapshot(folder) == before
    assert len(os.listdir("/proc/self/fd")) == files
    wanted = []
    for first in range(durable - durable % ENTRIES, 25, ENTRIES):
        offset = 0 if first >= durable else _offset(folder, durable)
        wanted.append((_name(first), offset, before[_name(first)][offset:]))
    assert disk.written == wanted


def _without_lines(count: int) -> Callable[[bytearray], None]:
    """Cut off the last so many lines."""
    return lambda raw: raw.__setitem__(slice(None), b"".join(bytes(raw).splitlines(keepends=True)[:-count]))


def _altered(number: int) -> Callable[[bytearray], None]:
    """Change the payload of an entry."""
    return lambda raw: raw.__setitem__(raw.index(b'{"n":%d}' % number) + 5, ord("9"))


CASES: dict[str, tuple[int, int, Callable[[bytearray], None], str, int, str]] = {
    "no line says its position": (
        13, 10, lambda raw: raw.__setitem__(slice(None), raw.replace(b"seq", b"set")), _name(10), 13, "position"
    ),
    "a payload is another": (13, 10, _altered(15), _name(10), 15, "hash"),
    "the first payload is another": (10, 10, _altered(10), _name(10), 10, "hash"),
    "the last hash is another": (20, 20, lambda raw: raw.__setitem__(-5, ord("x")), _name(20), 24, ""),
    "the end is gone": (20, 20, lambda raw: raw.__delitem__(slice(-5, None)), _name(20), 24, "bytes"),
    "the last line is gone": (20, 20, _without_lines(1), _name(20), 24, "entry 23, "),
    "the line before the next segment is gone": (12, 10, _without_lines(1), _name(20), 19, "seq 20"),
    "all is gone": (20, 20, lambda raw: raw.clear(), _name(20), 24, "nothing"),
}  # fmt: skip


@pytest.mark.parametrize(("durable", "first", "change", "segment", "seq", "found"), CASES.values(), ids=CASES)
def test_what_is_not_what_was_read_is_not_made_durable(
    folder: Path,
    durable: int,
    first: int,
    change: Callable[[bytearray], None],
    segment: str,
    seq: int,
    found: str,
) -> None:
    """The first entry that is another, or gone, is named with its segment; no byte of the ledger is changed."""
    tail = _tail(folder, durable)
    edit(folder / _name(first), change)
    before, files = snapshot(folder), len(os.listdir("/proc/self/fd"))
    with pytest.raises(Corrupt) as caught:
        rewrite(FastDisk(), folder, ENTRIES, tail)
    assert (caught.value.segment.name, caught.value.seq) == (segment, seq)
    assert found in caught.value.found
    if found == "hash":
        assert caught.value.offset == _offset(folder, seq)
    assert snapshot(folder) == before
    assert len(os.listdir("/proc/self/fd")) == files


def test_what_is_on_disk_is_not_looked_at(folder: Path) -> None:
    """Nor is it written: only what follows is."""
    tail = _tail(folder, 22)
    edit(folder / _name(10), _without_lines(1))
    rewrite(FastDisk(), folder, ENTRIES, tail)


def test_a_segment_may_hold_a_single_entry(ram: Path) -> None:
    """Then each entry is written in a file of its own, and no file beyond the last one is looked for."""
    folder, disk = ram / "single", _Recorder()
    with open_journal(folder, disk=FastDisk(), segment_entries=1) as journal:
        journal.append([event(1), event(2), event(3)])
    rewrite(disk, folder, 1, _tail(folder, 2, 1))
    assert [name for name, _, _ in disk.written] == [_name(2), _name(3)]
