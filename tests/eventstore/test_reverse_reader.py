from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventstore.errors import Corrupt
from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from eventstore.segment import seal_name, segment_name
from eventstore.store import Entry, Event

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
SEGMENT = 16


def filled(folder: Path, entries: int, payload_bytes: int = 10) -> Journal:
    """A ledger of so many entries in small segments."""
    journal = Journal.open(folder, software="test", clock=lambda: NOW, fsync="never", segment_entries=SEGMENT)
    events = [
        Event(type="note.made", actor="scheduler", data={"n": number, "text": "x" * payload_bytes})
        for number in range(1, entries)
    ]
    for first in range(0, len(events), 7):
        journal.append(events[first : first + 7])
    return journal


def backwards(folder: Path) -> Iterator[Entry]:
    """The entries of a ledger that is opened to be read only, the newest one first."""
    with LedgerReader.open(folder) as journal:
        yield from journal.read_backwards()


@pytest.mark.parametrize("entries", [1, 2, 15, 16, 17, 32, 33, 100])
def test_backwards_is_forwards_reversed(tmp_path: Path, entries: int) -> None:
    """Whatever the position of the head in its segment, the same entries come as on the way forward."""
    with filled(tmp_path / "ledger", entries) as journal:
        forwards = list(journal.read(0))
        assert list(journal.read_backwards()) == forwards[::-1]
    assert list(backwards(tmp_path / "ledger")) == forwards[::-1]


@pytest.mark.parametrize("excluded", [0, 1, 15, 16, 17, 32, 39, 40, 41])
def test_it_starts_before_the_entry_that_is_excluded(tmp_path: Path, excluded: int) -> None:
    """`before` and everything after it is left out, also where a segment begins there."""
    with filled(tmp_path / "ledger", 40) as journal:
        found = [entry.seq for entry in journal.read_backwards(excluded)]
    assert found == list(range(min(excluded, 40)))[::-1]


def test_lines_of_any_length_are_read(tmp_path: Path) -> None:
    """Lines near the longest that there can be are read across many pieces."""
    with filled(tmp_path / "ledger", 60, payload_bytes=64_000) as journal:
        assert [entry.seq for entry in journal.read_backwards()] == list(range(60))[::-1]


def test_what_is_appended_later_is_not_looked_at(tmp_path: Path) -> None:
    """Reading starts at the head that the open ledger knows, whatever another process appends behind it."""
    with filled(tmp_path / "ledger", 20) as journal, Journal.open(tmp_path / "ledger", software="t") as other:
        other.append([Event(type="note.made", actor="scheduler", data={})])
        assert next(journal.read_backwards()).seq == 19


@pytest.mark.parametrize("torn", [b"{", b'{"seq":20,"time":"2026', b"\x00" * 5000, b"rubble\n" * 9])
def test_a_torn_tail_is_ignored(tmp_path: Path, torn: bytes) -> None:
    """What a crash left behind the last entry is neither read nor a reason to stop."""
    filled(tmp_path / "ledger", 20).close()
    with open(tmp_path / "ledger" / segment_name(16), "ab") as file:
        file.write(torn)
    assert [entry.seq for entry in backwards(tmp_path / "ledger")] == list(range(20))[::-1]


def test_an_altered_byte_is_found_where_it_stands(tmp_path: Path) -> None:
    """Entries after the damage are delivered; then segment, entry and offset of the damage are said."""
    filled(tmp_path / "ledger", 100, payload_bytes=3000).close()
    path = tmp_path / "ledger" / segment_name(48)
    raw = bytearray(path.read_bytes())
    begin = raw.index(b'{"seq":55,')
    raw[begin + 200] ^= 1
    path.write_bytes(raw)
    seen: list[int] = []
    with pytest.raises(Corrupt) as caught:
        seen.extend(entry.seq for entry in backwards(tmp_path / "ledger"))
    assert caught.value.seq == 55
    assert caught.value.offset == begin
    assert caught.value.segment == path
    assert seen == list(range(56, 100))[::-1]


@pytest.mark.parametrize("by_bytes", [3, 60, 150, -3])
def test_all_that_is_newer_than_a_damage_is_given(tmp_path: Path, by_bytes: int) -> None:
    """Whichever entry is damaged, in whichever member, and whatever is wrong before it: all newer ones come first."""
    filled(tmp_path / "ledger", 15).close()
    path = tmp_path / "ledger" / segment_name(0)
    sound = path.read_bytes()
    for damaged in range(1, 13):  # both ends of a ledger are checked when it is opened
        raw = bytearray(sound)
        for seq in {damaged, max(1, damaged // 2)}:
            begin = raw.index(b'{"seq":%d,' % seq)
            raw[(begin if by_bytes > 0 else raw.index(b"\n", begin)) + by_bytes] ^= 1
        path.write_bytes(raw)
        seen: list[int] = []
        with pytest.raises(Corrupt) as caught:
            seen.extend(entry.seq for entry in backwards(tmp_path / "ledger"))
        assert (caught.value.seq, seen) == (damaged, list(range(damaged + 1, 15))[::-1])


def test_a_rewritten_entry_breaks_the_chain(tmp_path: Path) -> None:
    """An entry with a right hash of its own is still refused when its successor names another one."""
    filled(tmp_path / "ledger", 40).close()
    filled(tmp_path / "other", 40, payload_bytes=11).close()
    name = segment_name(0)
    (tmp_path / "ledger" / name).write_bytes((tmp_path / "other" / name).read_bytes())
    (tmp_path / "ledger" / seal_name(0)).unlink()
    with pytest.raises(Corrupt) as caught:
        list(backwards(tmp_path / "ledger"))
    assert caught.value.seq == 15
    assert "prev of entry 16" in caught.value.expected


def test_a_missing_line_is_found(tmp_path: Path) -> None:
    """A line that was taken out of a sealed segment is missed."""
    filled(tmp_path / "ledger", 40).close()
    path = tmp_path / "ledger" / segment_name(0)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:5] + lines[6:]))
    with pytest.raises(Corrupt) as caught:
        list(backwards(tmp_path / "ledger"))
    assert caught.value.segment == path


def test_the_newest_entries_of_a_large_ledger_cost_no_more(tmp_path: Path) -> None:
    """The first entries are delivered after reading at most two pieces of the last segments."""
    filled(tmp_path / "ledger", 200, payload_bytes=30_000).close()
    for first in range(SEGMENT, 160, SEGMENT):
        path = tmp_path / "ledger" / segment_name(first)
        path.write_bytes(bytes(path.stat().st_size))  # whoever reads these stumbles
    newest = backwards(tmp_path / "ledger")
    assert [next(newest).seq for _ in range(10)] == list(range(190, 200))[::-1]


def test_a_head_that_is_gone_is_said(tmp_path: Path) -> None:
    """Who cuts the ledger under a reader is told of: segment, entry and what stands there."""
    path = tmp_path / "ledger" / segment_name(0)
    with filled(tmp_path / "ledger", 10) as journal:
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:7]))
        with pytest.raises(Corrupt) as caught:
            list(journal.read_backwards())
    assert (caught.value.segment, caught.value.seq) == (path, 9)
