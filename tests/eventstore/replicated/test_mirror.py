"""A mirror holds what was committed, byte for byte, and nothing else; what a crash takes from it comes again."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventstore.errors import Corrupt, Unavailable
from eventstore.head import HEAD_NAME
from eventstore.ledger_reader import LedgerReader
from eventstore.replicated.mirror import Mirror, NotTheSame
from eventstore.segment import seal_name, segment_name
from eventstore.store import EMPTY
from tests.support.journal import crash, edit
from tests.support.ledger_check import check_ledger
from tests.support.replicated import after, head_after_lines, lines_of, mirrored
from tests.support.simulated_server import head_of


def test_a_mirror_is_a_ledger_of_the_same_bytes(tmp_path: Path) -> None:
    """Whoever reads a ledger's folder reads a mirror: segments, seals, HEAD, the same bytes as were taken."""
    lines = lines_of(11, segment_entries=4)
    with Mirror.open(tmp_path) as mirror:
        assert mirror.head() == EMPTY
        assert mirror.take(lines[:3]) == head_of(lines[2])
        assert mirror.take(lines[3:]) == head_of(lines[10])
    assert mirrored(tmp_path) == b"".join(lines)
    assert (tmp_path / seal_name(4)).exists()
    check_ledger(tmp_path)
    with LedgerReader.open(tmp_path) as reader:
        assert [entry.seq for entry in reader.read(0)] == list(range(11))


def test_two_processes_fill_one_mirror(tmp_path: Path) -> None:
    """What another process took already is passed over; what it took meanwhile is seen."""
    lines = lines_of(9, segment_entries=4)
    with Mirror.open(tmp_path) as one, Mirror.open(tmp_path) as two:
        one.take(lines[:6])
        assert two.take(lines[2:8]) == head_of(lines[7])
        assert two.take(lines[2:5]) == head_of(lines[7])
        assert one.refresh() == head_of(lines[7])
        assert one.take(lines[7:]) == head_of(lines[8])
    assert mirrored(tmp_path) == b"".join(lines)


def test_lines_that_leave_a_gap_are_not_taken(tmp_path: Path) -> None:
    """The head says which are missing."""
    lines = lines_of(6)
    with Mirror.open(tmp_path) as mirror:
        mirror.take(lines[:2])
        assert mirror.take(lines[4:]) == head_of(lines[1])
    assert mirrored(tmp_path) == b"".join(lines[:2])


@pytest.mark.parametrize(
    ("given", "seq"),
    [
        pytest.param(lambda lines: after(head_of(lines[1]), 2, "other"), 3, id="another entry"),
        pytest.param(lambda lines: lines[2:4] + after(head_of(lines[1]), 3, "x")[2:], 4, id="another past"),
        pytest.param(lambda lines: [lines[4].replace(b'"n":3', b'"n":4')], 4, id="altered"),
        pytest.param(lambda lines: [b"nonsense\n"], 4, id="no line"),
        pytest.param(lambda lines: [lines[4] + lines[5]], 4, id="two lines as one"),
    ],
)
def test_what_does_not_follow_is_refused(tmp_path: Path, given: object, seq: int) -> None:
    """Lines that contradict what is here, or the chain, change nothing."""
    lines = lines_of(6)
    with Mirror.open(tmp_path) as mirror:
        mirror.take(lines[:4])
        with pytest.raises(NotTheSame) as refused:
            mirror.take(given(lines))  # type: ignore[operator]
        assert refused.value.seq == seq
        assert mirror.head() == head_of(lines[3])
    assert mirrored(tmp_path) == b"".join(lines[:4])


def test_a_mirror_begins_with_entry_0(tmp_path: Path) -> None:
    """Before anything is there, only the beginning of a ledger is taken."""
    with Mirror.open(tmp_path) as mirror:
        assert mirror.take(lines_of(3)[1:]) == EMPTY
        with pytest.raises(NotTheSame):
            mirror.take(after(EMPTY, 1))
        assert mirror.is_empty


def test_a_torn_tail_is_set_aside_without_an_entry(tmp_path: Path) -> None:
    """What a crash left of a line is kept in quarantine; its line is taken again."""
    lines = lines_of(5)
    mirror = Mirror.open(tmp_path)
    mirror.take(lines[:3])
    crash(mirror)
    with (tmp_path / segment_name(0)).open("ab") as segment:
        segment.write(lines[3][:40])
    with Mirror.open(tmp_path) as mirror:
        assert mirror.head() == head_of(lines[2])
        mirror.take(lines[3:])
    assert mirrored(tmp_path) == b"".join(lines)
    (aside,) = (tmp_path / "quarantine").iterdir()
    assert (aside.suffix, aside.read_bytes()) == (".torn", lines[3][:40])


@pytest.mark.parametrize("segment", [0, 4, 8])
def test_a_damaged_segment_and_what_follows_is_set_aside(tmp_path: Path, segment: int) -> None:
    """Damage is raised to whoever may not repair it; otherwise the sound segments before it stay."""
    lines = lines_of(11, segment_entries=4)
    with Mirror.open(tmp_path) as mirror:
        mirror.take(lines)
    edit(tmp_path / segment_name(segment), lambda raw: raw.__delitem__(slice(len(raw) // 2, None)))
    with pytest.raises(Corrupt):
        Mirror.open(tmp_path)
    asked: list[int] = []
    with Mirror.open(tmp_path, may_repair=lambda mirror: asked.append(mirror.known_seq)) as mirror:
        assert asked == [10]
        assert mirror.head() == head_after_lines(lines[:segment])
        mirror.take(lines)
    assert mirrored(tmp_path) == b"".join(lines)
    (aside,) = (tmp_path / "quarantine").iterdir()
    assert {HEAD_NAME, segment_name(segment)} <= {path.name for path in aside.iterdir()}
    check_ledger(tmp_path)


def test_a_repair_by_another_process_is_noticed(tmp_path: Path) -> None:
    """Whoever has the mirror open writes nothing into a file that was set aside meanwhile."""
    lines = lines_of(7, segment_entries=4)
    with Mirror.open(tmp_path) as early:
        early.take(lines[:6])
        damage = Corrupt(tmp_path / segment_name(4), 0, 4, "something", "damage")
        with Mirror.open(tmp_path) as other:
            other.repair(damage)
        assert early.take(lines[6:]) == head_of(lines[3])
        assert early.take(lines[4:]) == head_of(lines[6])
    assert mirrored(tmp_path) == b"".join(lines)
    check_ledger(tmp_path)


def test_a_repair_that_is_not_allowed_changes_nothing(tmp_path: Path) -> None:
    """Whoever knows that the lines cannot be had again says so, and everything stays where it is."""
    lines = lines_of(4)
    with Mirror.open(tmp_path) as mirror:
        mirror.take(lines)
    edit(tmp_path / segment_name(0), lambda raw: raw.__setitem__(-5, 0))
    before = mirrored(tmp_path)

    def refuse(mirror: Mirror) -> None:
        raise Unavailable(f"{mirror.known_seq}")

    with pytest.raises(Unavailable):
        Mirror.open(tmp_path, may_repair=refuse)
    assert mirrored(tmp_path) == before
