"""Verification of whole ledgers: what is sound is called sound, and the first damage is named where it is."""

from __future__ import annotations

import concurrent.futures
import json
import os
import random
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from eventstore.damage import damage_kind
from eventstore.errors import Corrupt
from eventstore.head import Slot, pack
from eventstore.segment import SEGMENT_ENTRIES, seal_name
from eventstore.store import Head
from eventstore.verify import verify
from tests.support.disks import FastDisk
from tests.support.journal import SEGMENT_0, edit, event, open_journal, snapshot
from tests.support.ledger_check import check_ledger


@pytest.fixture
def ledger(ram: Path) -> Path:
    """A hundred entries in segments of ten."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk(), segment_entries=10) as journal:
        for number in range(33):
            journal.append(
                [event(3 * number + more) for number, more in ((number, 0), (number, 1), (number, 2))]
            )
    return folder


def _damage(folder: Path, workers: int | None = None) -> Corrupt:
    before = snapshot(folder)
    report = verify(folder, workers=workers)
    assert snapshot(folder) == before, "verification wrote something"
    assert report.first_damage is not None
    assert not report.ok
    assert report.entries <= report.first_damage.seq
    assert report.first_damage.expected
    assert report.first_damage.found
    return report.first_damage


def test_a_sound_ledger(ledger: Path) -> None:
    """The report counts what there is, and progress is told on the way."""
    told: list[tuple[int, int]] = []
    report = verify(ledger, progress=lambda entries, done: told.append((entries, done)))
    size = sum(path.stat().st_size for path in ledger.glob("*.jsonl"))
    assert (report.ok, report.torn, report.entries, report.segments) == (True, None, 100, 10)
    assert (report.bytes, report.head.seq, report.recoveries) == (size, 99, [])
    assert told[-1] == (100, size)
    assert told == sorted(told)
    assert len(report.ledger_id) == 32


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_find_what_one_finds(ledger: Path, workers: int) -> None:
    """However many processes share the work, the report is the same, damaged or not."""
    report = verify(ledger, workers=workers)
    assert (report.ok, report.entries, report.sealed) == (True, 100, 10)
    edit(ledger / "00000000000000000040.jsonl", lambda raw: raw.__setitem__(700, raw[700] ^ 1))
    edit(ledger / "00000000000000000070.jsonl", lambda raw: raw.__setitem__(700, raw[700] ^ 1))
    damage = _damage(ledger, workers)
    assert (damage.segment.name, damage.seq) == ("00000000000000000040.jsonl", 42)


def _swap(raw: bytearray) -> None:
    lines = bytes(raw).split(b"\n")
    lines[3], lines[4] = lines[4], lines[3]
    raw[:] = b"\n".join(lines)


def _remove(raw: bytearray) -> None:
    lines = bytes(raw).split(b"\n")
    raw[:] = b"\n".join(lines[:3] + lines[4:])


def _double(raw: bytearray) -> None:
    lines = bytes(raw).split(b"\n")
    raw[:] = b"\n".join(lines[:3] + lines[2:])


@pytest.mark.parametrize(
    ("change", "seq"),
    [
        (_swap, 53),
        (_remove, 53),
        (_double, 53),
        (lambda raw: raw.clear(), 50),
        (lambda raw: raw.__delitem__(slice(1000, None)), 53),
        (lambda raw: raw.extend(b"\n"), 60),
        (lambda raw: raw.extend(b"x"), 60),
        (lambda raw: raw.insert(0, 0x20), 50),
        (lambda raw: raw.__delitem__(slice(len(raw) - 1, None)), 59),
    ],
    ids=[
        "swapped",
        "removed",
        "doubled",
        "emptied",
        "cut",
        "LF added",
        "byte added",
        "blank first",
        "LF gone",
    ],
)
def test_lines_moved_or_missing(ledger: Path, change: Callable[[bytearray], None], seq: int) -> None:
    """Any rearrangement is found at its first line."""
    edit(ledger / "00000000000000000050.jsonl", change)
    damage = _damage(ledger)
    assert (damage.segment.name, damage.seq) == ("00000000000000000050.jsonl", seq)


def test_a_segment_of_another_ledger(ledger: Path, ram: Path) -> None:
    """A segment that is sound in itself but belongs to another chain is found at its first line."""
    with open_journal(ram / "other", disk=FastDisk(), segment_entries=10) as journal:
        journal.append([event(number) for number in range(99)])
    name = "00000000000000000050.jsonl"
    (ledger / name).write_bytes((ram / "other" / name).read_bytes())
    damage = _damage(ledger)
    assert (damage.seq, damage.offset) == (50, 0)
    assert "prev" in damage.expected


def test_a_rewritten_end(ledger: Path) -> None:
    """Entries written anew behind the writer's back contradict HEAD."""
    last = ledger / "00000000000000000090.jsonl"
    (ledger / "00000000000000000090.seal").unlink()
    head = (ledger / "HEAD").read_bytes()
    (ledger / "HEAD").unlink()
    raw = last.read_bytes()
    last.write_bytes(raw[: raw.rindex(b'{"seq":99')])
    with open_journal(ledger, disk=FastDisk()) as journal:
        journal.append([event(1234)])
    assert verify(ledger).ok
    (ledger / "HEAD").write_bytes(head)
    damage = verify(ledger).first_damage
    assert damage is not None
    assert damage.seq == 99
    assert "HEAD" in damage.expected


def test_a_head_in_the_wrong_place(ledger: Path) -> None:
    """A HEAD that names a hash that is not there is damage."""
    (ledger / "HEAD").write_bytes(pack(Slot(42, "a" * 64, 700)))
    report = verify(ledger)
    assert report.first_damage is not None
    assert report.first_damage.seq == 42


def test_an_end_that_was_cut_off_is_damage_from_the_first_entry_that_is_gone(ledger: Path) -> None:
    """Not only at the one that HEAD names, which stood somewhere behind it."""
    path = ledger / "00000000000000000090.jsonl"
    path.with_suffix(".seal").unlink()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]))
    damage = verify(ledger).first_damage
    assert damage is not None
    assert (damage.seq, damage.offset, damage.segment) == (92, path.stat().st_size, path)
    assert f"HEAD names entry {89 + len(lines)}" in damage.expected
    path.unlink()
    damage = verify(ledger).first_damage
    assert damage is not None
    assert (damage.seq, damage.offset, damage.segment) == (90, 0, path)


def test_a_torn_tail_does_not_hide_a_head_that_contradicts_the_entries(ledger: Path) -> None:
    """Where HEAD names an entry that is not there as it says, opening refuses, and verification says the same."""
    (ledger / "00000000000000000100.jsonl").write_bytes(b'{"seq":100,"ti')
    slots = [
        Slot(99, "a" * 64, (ledger / "00000000000000000090.jsonl").stat().st_size),
        Slot(42, "a" * 64, 700),
    ]
    for slot in slots:
        (ledger / "HEAD").write_bytes(pack(slot))
        damage = verify(ledger).first_damage
        assert damage is not None
        assert damage.seq == slot.seq
        with pytest.raises(Corrupt):
            open_journal(ledger, disk=FastDisk())


def test_a_head_with_another_offset(ledger: Path) -> None:
    """HEAD's offset is where its entry's line ends; another one is damage, to verify as to open."""
    lines = (ledger / "00000000000000000090.jsonl").read_bytes().splitlines(keepends=True)
    end = sum(map(len, lines[:5]))
    slot = Slot(94, json.loads(lines[4])["hash"], end)
    (ledger / "HEAD").write_bytes(pack(slot))
    assert verify(ledger).ok
    for offset in (end - 1, end + 1, end + len(lines[5]), 1, end * 10):
        (ledger / "HEAD").write_bytes(pack(replace(slot, offset=offset)))
        damage = verify(ledger).first_damage
        assert damage is not None
        assert (damage.seq, damage.offset) == (94, end)
        assert "HEAD" in damage.expected
        with pytest.raises(Corrupt):
            open_journal(ledger, disk=FastDisk())


def test_a_missing_head_and_missing_seals_are_findings(ledger: Path) -> None:
    """Neither is damage, for a crash and a live writer leave both; neither is passed over in silence."""
    assert (verify(ledger).head_missing, verify(ledger).unsealed) == (False, [])
    (ledger / "HEAD").write_bytes(b"x" * 1024)
    (ledger / "00000000000000000030.seal").unlink()
    report = verify(ledger, workers=2)
    assert (report.ok, report.head_missing, report.unsealed) == (True, True, [30])


def test_a_head_that_was_written_down(ledger: Path) -> None:
    """What a cut or rewritten ledger cannot show of itself, a head that was written down elsewhere shows."""
    middle, last = Head(41, json.loads(_line(ledger, 41))["hash"]), verify(ledger).head
    report = verify(ledger, expected=[middle, last], workers=2)
    assert (report.as_expected, [each.found for each in report.expectations]) == (
        True,
        [middle.hash, last.hash],
    )
    assert not verify(ledger, expected=[Head(41, "a" * 64)]).as_expected
    for path in ledger.glob("000000000000000000[6-9]*"):
        path.unlink()
    (ledger / "HEAD").unlink()
    report = verify(ledger, expected=[middle, last])
    assert (report.ok, report.as_expected) == (True, False)
    assert [(each.met, each.found) for each in report.expectations] == [(True, middle.hash), (False, None)]


def _line(folder: Path, seq: int) -> bytes:
    return (folder / f"{seq - seq % 10:020d}.jsonl").read_bytes().split(b"\n")[seq % 10]


def test_damage_beyond_the_first_is_not_hidden_by_a_torn_tail(ledger: Path) -> None:
    """A torn tail is reported as such only if everything before it is sound."""
    last = ledger / "00000000000000000100.jsonl"
    last.write_bytes(b'{"seq":100,"ti')
    report = verify(ledger)
    assert report.ok
    assert report.torn is not None
    assert (report.torn.seq, report.torn.offset, report.entries) == (100, 0, 100)
    edit(ledger / SEGMENT_0, lambda raw: raw.__setitem__(500, raw[500] ^ 1))
    report = verify(ledger)
    assert report.torn is None
    assert report.first_damage is not None
    assert report.first_damage.seq == 1


def test_what_stands_before_a_gap_is_checked(ledger: Path) -> None:
    """A segment that is missing does not hide a damage before it; without one, all before it is sound."""
    (ledger / "00000000000000000050.jsonl").unlink()
    report = verify(ledger, workers=2)
    assert report.first_damage is not None
    assert (report.entries, report.first_damage.seq, report.first_damage.expected) == (50, 50, "this segment")
    assert damage_kind(report.first_damage) == "gone"
    edit(ledger / "00000000000000000020.jsonl", lambda raw: raw.__setitem__(700, raw[700] ^ 1))
    report = verify(ledger)
    assert report.first_damage is not None
    assert (report.entries, report.first_damage.seq) == (22, 22)
    assert damage_kind(report.first_damage) == "altered"


@pytest.mark.parametrize("cut", [0, 1])
def test_a_segment_that_is_cut_before_a_gap_is_the_first_damage(ledger: Path, cut: int) -> None:
    """Behind it, one was to follow."""
    (ledger / "00000000000000000050.jsonl").unlink()
    last = ledger / "00000000000000000040.jsonl"
    last.with_suffix(".seal").unlink()
    lines = last.read_bytes().splitlines(keepends=True)
    last.write_bytes(b"".join(lines[:7])[: -cut or None])
    damage = _damage(ledger)
    assert (damage.seq, damage.segment) == (47 - cut, last)


def test_a_file_that_no_segment_is_named_like_is_told_as_that(ledger: Path) -> None:
    """All entries are sound: it is what somebody put there. No process appends beside it."""
    stray = ledger / "00000000000000000005.jsonl"
    stray.write_text("x")
    report = verify(ledger)
    assert report.first_damage is not None
    assert (report.entries, report.first_damage.segment) == (100, stray)
    assert damage_kind(report.first_damage) == "stray"
    with pytest.raises(Corrupt, match="segments begin at multiples of 10"):
        open_journal(ledger, disk=FastDisk())
    edit(ledger / "00000000000000000070.jsonl", lambda raw: raw.__setitem__(700, raw[700] ^ 1))
    assert _damage(ledger).seq == 72
    (ledger / "00000000000000000090.jsonl").rename(stray)
    assert _damage(ledger).seq == 72


def test_a_marker_that_no_segment_is_named_like_hides_nothing(ledger: Path) -> None:
    """It is told behind all that is sound, as a segment of such a name is."""
    marker = ledger / "00000000000000000005.archived"
    marker.write_text("x")
    report = verify(ledger)
    assert report.first_damage is not None
    assert (report.entries, report.first_damage.segment) == (100, marker)
    edit(ledger / "00000000000000000030.jsonl", lambda raw: raw.__setitem__(700, raw[700] ^ 1))
    assert _damage(ledger).seq == 32


def test_a_seal_of_no_segment_hides_nothing(ledger: Path) -> None:
    """Wherever its name says that it belongs."""
    (ledger / "00000000000000000070.seal").rename(ledger / "00000000000000000123.seal")
    report = verify(ledger)
    assert report.first_damage is not None
    assert (report.entries, report.first_damage.seq) == (100, 123)
    edit(ledger / "00000000000000000030.jsonl", lambda raw: raw.__setitem__(700, raw[700] ^ 1))
    assert _damage(ledger).seq == 32


def test_an_end_that_is_cut_within_an_entry_is_told_as_that(ledger: Path) -> None:
    """With HEAD behind it; the entry that is left in part may have been changed as well."""
    last = ledger / "00000000000000000090.jsonl"
    last.with_suffix(".seal").unlink()
    raw = last.read_bytes()
    for length in (len(raw) - 1, len(raw) - 30):
        last.write_bytes(raw[:length])
        assert damage_kind(_damage(ledger)) == "unfinished"
    last.write_bytes(raw[: raw.rindex(b'{"seq":99')])
    assert damage_kind(_damage(ledger)) == "gone"


def test_random_damage_is_always_found(ledger: Path, seeds: range) -> None:
    """Any change of any bytes of any segment is found, and never after the place where it is."""
    for seed in seeds:
        chance = random.Random(seed)
        for _ in range(20):
            first = 10 * chance.randrange(10)
            path = ledger / f"{first:020d}.jsonl"
            good = path.read_bytes()
            at = chance.randrange(len(good))
            raw = bytearray(good)
            raw[at : at + chance.randrange(1, 5)] = chance.randbytes(chance.randrange(5))
            if raw == good:
                continue
            path.write_bytes(raw)
            report = verify(ledger)
            found = report.first_damage or report.torn
            assert found is not None
            assert found.seq <= first + good[:at].count(b"\n")
            path.write_bytes(good)
    check_ledger(ledger)


def test_a_reading_of_a_live_ledger_is_of_one_moment(ledger: Path) -> None:
    """What is appended while it is verified is left for the next time."""
    with open_journal(ledger, disk=FastDisk()) as journal:
        counts: list[int] = []

        def progress(entries: int, _: int) -> None:
            counts.append(entries)
            journal.append([event(1)])

        report = verify(ledger, progress=progress)
    assert (report.ok, report.entries) == (True, 100)
    assert counts[-1] == 100


def test_a_seal_that_is_made_meanwhile_is_about_entries_that_are_not_looked_at(ram: Path) -> None:
    """The segment that grew was read up to where it was: that its seal counts more is no damage."""
    with open_journal(ram / "ledger", disk=FastDisk(), segment_entries=8) as journal:
        journal.append([event(number) for number in range(12)])
        journal.tick()

        def progress(entries: int, _: int) -> None:
            if entries == 8:
                journal.append([event(number) for number in range(5)])
                journal.tick()
                assert (ram / "ledger" / seal_name(8)).exists()

        report = verify(ram / "ledger", progress=progress)
    assert (report.ok, report.first_damage, report.entries, report.sealed) == (True, None, 13, 1)


def test_segments_hold_65536_entries_unless_entry_0_says_otherwise(ledger: Path) -> None:
    """The size of segments is the format's, and a ledger's own if it is a test ledger."""
    assert SEGMENT_ENTRIES == 65_536
    with open_journal(ledger) as journal:
        assert journal.segment_entries == 10


def _killed_at_the_second(check: Callable[[Any], Any], task: Any) -> Any:
    if task.first == 8:
        os.kill(os.getpid(), signal.SIGKILL)
    return check(task)


class _FragilePool(ProcessPoolExecutor):
    """Its process is killed when it is given the segment that begins with entry 8."""

    def submit(self, check: Any, /, *tasks: Any, **options: Any) -> Any:
        """Have a task done, or die of it."""
        return super().submit(_killed_at_the_second, check, *tasks, **options)


def test_a_worker_that_is_killed_costs_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process was to check is checked in this one."""
    folder = tmp_path / "ledger"
    with open_journal(folder, segment_entries=8) as journal:
        journal.append([event(number) for number in range(30)])
    monkeypatch.setattr(concurrent.futures, "ProcessPoolExecutor", _FragilePool)
    report = verify(folder, workers=2)
    assert (report.ok, report.entries) == (True, 31)
