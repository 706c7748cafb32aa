"""Opening whatever may be found in a folder: each case is decided, none is guessed at."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from eventstore.errors import Corrupt, LedgerError, NewerFormat, NoLedger, Poisoned, Unavailable
from eventstore.head import SLOT_BYTES, Slot, pack, unpack
from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from eventstore.store import Event
from eventstore.verify import verify
from tests.support.disks import CountingDisk, FastDisk
from tests.support.journal import SEGMENT_0, StepClock, crash, cut, edit, event, open_journal, snapshot
from tests.support.ledger_check import check_ledger


def _name(first: int) -> str:
    return f"{first:020d}.jsonl"


@pytest.fixture
def ledger(ram: Path) -> Path:
    """Eight entries in segments of three: 0-2, 3-5, 6-7."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk(), segment_entries=3) as journal:
        for number in range(1, 8):
            journal.append([event(number)])
    return folder


def _opens(folder: Path) -> list[int | None]:
    with open_journal(folder, disk=FastDisk()) as journal:
        journal.append([event(99)])
        runs = [entry.run for entry in journal.read(1)]
    check_ledger(folder)
    return runs


def _is_corrupt(folder: Path) -> Corrupt:
    before = snapshot(folder)
    with pytest.raises(Corrupt) as caught:
        open_journal(folder, disk=FastDisk())
    report = verify(folder)
    assert not report.ok
    assert snapshot(folder) == before, "something was written to a corrupt ledger"
    return caught.value


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A ledger is created with all folders above it, or refused, as asked; refusing creates nothing."""
    folder = tmp_path / "var" / "ledger"
    with pytest.raises(NoLedger, match="no ledger"):
        open_journal(folder, create=False)
    with pytest.raises(NoLedger, match="no ledger"):
        LedgerReader.open(folder)
    with pytest.raises(NoLedger):
        verify(folder)
    assert not (tmp_path / "var").exists()
    open_journal(folder).close()
    assert len(check_ledger(folder)) == 1


def test_an_empty_folder_and_one_with_other_files(tmp_path: Path) -> None:
    """A folder without a ledger stays as it is unless one is to be created; other files are left alone."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(NoLedger):
        open_journal(tmp_path, create=False)
    with pytest.raises(NoLedger):
        LedgerReader.open(tmp_path)
    assert snapshot(tmp_path) == {"notes.txt": b"mine"}
    open_journal(tmp_path).close()
    (tmp_path / "1.jsonl").write_text("garbage")
    (tmp_path / "00000000000000000000.jsonl.bak").write_text("garbage")
    assert _opens(tmp_path) == [99]
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_only_the_owner_can_read_a_ledger(tmp_path: Path) -> None:
    """Folders are created 0700 and files 0600, whatever the umask."""
    before = os.umask(0)
    try:
        with open_journal(tmp_path / "a" / "ledger", segment_entries=2) as journal:
            journal.append([event(number) for number in range(4)])
    finally:
        os.umask(before)
    edit(tmp_path / "a" / "ledger" / _name(4), lambda raw: raw.extend(b"torn"))
    open_journal(tmp_path / "a" / "ledger").close()
    for path in [tmp_path / "a", *(tmp_path / "a").rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_head_is_missing_or_unreadable(ledger: Path) -> None:
    """Without a usable HEAD the last segment is read instead."""
    for change in ((ledger / "HEAD").unlink, lambda: (ledger / "HEAD").write_bytes(b"x" * 1024)):
        change()
        runs = _opens(ledger)
        assert runs[:7] == list(range(1, 8))


def test_head_is_older_than_the_ledger(ledger: Path) -> None:
    """A HEAD that was not flushed before a power failure costs only a longer scan, over segments too."""
    first = json.loads((ledger / _name(0)).read_bytes().split(b"\n")[0])
    length = (ledger / _name(0)).read_bytes().index(b"\n") + 1
    (ledger / "HEAD").write_bytes(pack(Slot(0, first["hash"], length)))
    assert _opens(ledger) == [*range(1, 8), 99]


def test_head_is_beyond_the_file(ledger: Path) -> None:
    """Acknowledged entries that are cut off are corruption, and it says which entry is gone."""
    cut(ledger / _name(6), 10)
    damage = _is_corrupt(ledger)
    assert damage.seq == 7
    assert "HEAD" in damage.expected


def test_the_last_segment_is_gone(ledger: Path) -> None:
    """A removed last segment is found by HEAD."""
    (ledger / _name(6)).unlink()
    assert _is_corrupt(ledger).seq == 7


def test_all_segments_are_gone(ledger: Path) -> None:
    """A HEAD without any segment is corruption, not a new ledger."""
    for path in ledger.glob("*.jsonl"):
        path.unlink()
    _is_corrupt(ledger)


@pytest.mark.parametrize("first", [0, 3])
def test_a_segment_in_the_middle_is_gone(ledger: Path, first: int) -> None:
    """A gap between segments is found when the ledger is opened, with and without HEAD."""
    (ledger / _name(first)).unlink()
    assert _is_corrupt(ledger).segment.name == _name(first)
    (ledger / "HEAD").unlink()
    _is_corrupt(ledger)


def test_a_segment_where_none_can_be(ledger: Path) -> None:
    """A file that is named as a segment but begins inside another is not passed over."""
    (ledger / _name(7)).write_bytes(b"")
    _is_corrupt(ledger)


def test_a_crash_after_the_last_entry_of_a_segment(ledger: Path) -> None:
    """A full last segment without a successor is whole; the next entry begins a new one."""
    with open_journal(ledger, disk=FastDisk()) as journal:
        journal.append([event(8)])
    assert not (ledger / _name(9)).exists()
    assert _opens(ledger) == [*range(1, 9), 99]
    assert (ledger / _name(9)).exists()


def test_a_crash_after_creating_an_empty_segment(ledger: Path) -> None:
    """An empty segment behind a full one is where the next entry goes."""
    with open_journal(ledger, disk=FastDisk()) as journal:
        journal.append([event(8)])
    (ledger / _name(9)).touch()
    assert _opens(ledger) == [*range(1, 9), 99]
    (ledger / "HEAD").unlink()
    assert _opens(ledger) == [*range(1, 9), 99, 99]


def test_an_empty_segment_behind_one_that_is_not_full(ledger: Path) -> None:
    """A later segment proves that the one before it was whole once."""
    (ledger / _name(9)).touch()
    _is_corrupt(ledger)


@pytest.mark.parametrize("length", [1, 100, 4096, 300_000])
def test_a_tail_of_zeros(ledger: Path, length: int) -> None:
    """A file that a power failure left longer, with nothing in it, has a torn tail."""
    edit(ledger / _name(6), lambda raw: raw.extend(bytes(length)))
    assert verify(ledger).torn is not None
    with open_journal(ledger, disk=FastDisk()) as journal:
        assert journal.recovered is not None
        assert (journal.recovered.bytes, journal.recovered.seq) == (length, 8)
    assert _opens(ledger) == [*range(1, 8), None, 99]


def test_zeros_in_the_place_of_a_durable_entry(ledger: Path) -> None:
    """Zeros where a later entry knows that there was one are corruption, even without HEAD."""
    raw = (ledger / _name(6)).read_bytes()
    end = raw.index(b"\n") + 1
    (ledger / _name(6)).write_bytes(bytes(end) + raw[end:])
    (ledger / "HEAD").unlink()
    assert _is_corrupt(ledger).seq == 6


def test_a_torn_batch_whose_end_arrived_before_its_beginning(ram: Path) -> None:
    """Of an unfinished batch the disk may keep any part: none of it was durable, so it is torn."""
    with open_journal(ram / "ledger", disk=FastDisk()) as journal:
        journal.append([event(1)])
        size = (ram / "ledger" / SEGMENT_0).stat().st_size
        head = (ram / "ledger" / "HEAD").read_bytes()
        journal.append([event(number) for number in range(2, 40)])
        crash(journal)
    (ram / "ledger" / "HEAD").write_bytes(head)
    edit(ram / "ledger" / SEGMENT_0, lambda raw: raw.__setitem__(slice(size, size + 4096), bytes(4096)))
    with open_journal(ram / "ledger", disk=FastDisk()) as journal:
        assert journal.recovered is not None
        assert journal.recovered.seq == 2
        assert journal.recovered.bytes > 4096


def test_bytes_behind_a_full_segment(ram: Path) -> None:
    """What stands behind the last entry of a full segment is torn while nothing follows it."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk(), segment_entries=2) as journal:
        journal.append([event(1)])
    raw = (folder / SEGMENT_0).read_bytes()
    (folder / "HEAD").unlink()
    edit(folder / SEGMENT_0, lambda old: old.extend(raw[-300:].split(b"\n")[-2][:50] + b"\n"))
    (folder / "00000000000000000000.seal").unlink(missing_ok=True)
    assert verify(folder).torn is not None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw.__delitem__(slice(-100, None)),
        lambda raw: raw.__delitem__(slice(raw.index(b"\n") + 1, None)),
        lambda raw: raw.clear(),
        lambda raw: raw.extend(b'{"seq":3'),
    ],
    ids=["cut in a line", "cut between lines", "emptied", "grown"],
)
@pytest.mark.parametrize("first", [0, 3, 6])
@pytest.mark.parametrize("with_head", [True, False])
def test_a_sealed_segment_of_another_length_is_corrupt(
    ram: Path, spoil: Callable[[bytearray], None], first: int, with_head: bool
) -> None:
    """No reader and no writer opens a ledger of which a sealed segment was cut or has grown, wherever it stands."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk(), segment_entries=3) as journal:
        journal.append([event(number) for number in range(1, 9)])
    if not with_head:
        (folder / "HEAD").unlink()
    whole = (folder / _name(first)).read_bytes()
    edit(folder / _name(first), spoil)
    damage = _is_corrupt(folder)
    with pytest.raises(Corrupt) as caught:
        LedgerReader.open(folder)
    there = (folder / _name(first)).read_bytes()
    if first == 0 and not there:
        return  # without entry 0 not even the length of segments is known
    sound = min(there.rfind(b"\n") + 1, len(whole))
    for found in (damage, caught.value):
        assert (found.segment.name, found.offset) == (_name(first), sound)
        assert found.seq == first + whole[:sound].count(b"\n")
        assert (found.expected, found.found) == (
            f"{len(whole):,} bytes, as its seal says",
            f"{len(there):,} bytes",
        )


def test_a_seal_that_is_not_as_it_was_written_is_corrupt(ram: Path) -> None:
    """A length that cannot be believed is not compared; without any seal there is nothing to compare."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk(), segment_entries=3) as journal:
        journal.append([event(number) for number in range(1, 9)])
    seal = folder / "00000000000000000003.seal"
    edit(seal, lambda raw: raw.__setitem__(raw.index(b"1"), ord("2")))
    assert _is_corrupt(folder).segment == seal
    seal.unlink()
    assert _opens(folder)[-1] == 99


def test_a_crash_while_a_segment_is_sealed_leaves_a_sound_ledger(ram: Path) -> None:
    """Whichever step of sealing a crash prevents, the ledger opens again, and the seal is written then."""
    folder = ram / "ledger"
    journal = open_journal(folder, disk=FastDisk(), segment_entries=3)
    journal.append([event(1), event(2)])
    crash(journal)
    beside = folder / ".00000000000000000000.seal.4711"
    beside.write_bytes(b'{"first":0,')
    assert _opens(folder) == [1, 2, 99]
    assert (folder / "00000000000000000000.seal").exists()


def test_a_second_recovery_at_the_same_place_keeps_both(ram: Path) -> None:
    """The record of a recovery may itself be torn; the quarantine keeps what was cut each time."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk()) as journal:
        journal.append([event(1)])
    head = (folder / "HEAD").read_bytes()
    size = (folder / SEGMENT_0).stat().st_size
    for torn in (b'{"seq":2', b'{"seq":2,"ti'):
        cut(folder / SEGMENT_0, size)
        (folder / "HEAD").write_bytes(head)
        edit(folder / SEGMENT_0, lambda raw: raw.extend(torn))  # noqa: B023 - used at once
        open_journal(folder, disk=FastDisk()).close()
    kept = sorted(path.read_bytes() for path in (folder / "quarantine").iterdir())
    assert kept == [b'{"seq":2', b'{"seq":2,"ti']


def test_an_overlong_line_is_torn_without_reading_it_all(ledger: Path) -> None:
    """Megabytes without an LF are no line."""
    edit(ledger / _name(6), lambda raw: raw.extend(b"x" * 3_000_000))
    with open_journal(ledger, disk=FastDisk()) as journal:
        assert journal.recovered is not None
        assert journal.recovered.bytes == 3_000_000


def test_a_live_process_finds_what_a_killed_one_left(ledger: Path) -> None:
    """A writer that died in the middle of a line is cleaned up after by the next append of any other."""
    with open_journal(ledger, disk=FastDisk()) as journal:
        edit(ledger / _name(6), lambda raw: raw.extend(b'{"seq":8,"ti'))
        assert journal.refresh().seq == 7
        seen = [journal.torn]
        entries = journal.append([event(8)])
        assert [entry.seq for entry in entries] == [9]
        seen.append(journal.torn)
        assert [torn is None for torn in seen] == [False, True]
        assert [entry.type for entry in journal.read(8)] == ["ledger.recovered", "thing.happened"]
    check_ledger(ledger)


def test_entries_cut_off_under_a_live_process(ledger: Path) -> None:
    """A process that sees the ledger shrink trusts it no more and writes nothing."""
    journal = open_journal(ledger, disk=FastDisk())
    cut(ledger / _name(6), 10)
    before = snapshot(ledger)
    with pytest.raises(Corrupt):
        journal.refresh()
    with pytest.raises(Corrupt):
        journal.append([event(8)])
    crash(journal)
    assert snapshot(ledger) == before


def test_a_segment_removed_under_a_live_process(ledger: Path) -> None:
    """A process does not go on writing into a file that has no name any more."""
    journal = open_journal(ledger, disk=FastDisk())
    (ledger / _name(6)).unlink()
    with pytest.raises(Corrupt):
        journal.append([event(8)])
    crash(journal)


def _rewrite_entry_0(folder: Path, change: dict[str, object], structure: bytes = b"") -> None:
    line = (folder / SEGMENT_0).read_bytes().split(b"\n")[0]
    entry = json.loads(line)
    entry["data"].update(change)
    body = json.dumps(entry, separators=(",", ":")).encode().rpartition(b',"hash":')[0] + structure
    digest = sha256(body).hexdigest().encode()
    (folder / SEGMENT_0).write_bytes(body + b',"hash":"' + digest + b'"}\n')
    (folder / "HEAD").unlink(missing_ok=True)


@pytest.mark.parametrize("structure", [b"", b',"tree":"abc"'])
def test_a_newer_format_is_refused(ram: Path, structure: bytes) -> None:
    """A ledger of a later format is neither read nor written, and the message says what to do."""
    folder = ram / "ledger"
    open_journal(folder, disk=FastDisk()).close()
    _rewrite_entry_0(folder, {"format": 2}, structure)
    before = snapshot(folder)
    for opened in (open_journal, LedgerReader.open):
        with pytest.raises(NewerFormat, match=r"format 2.*up to 1.*later"):
            opened(folder, disk=FastDisk())
    with pytest.raises(NewerFormat):
        verify(folder)
    after = snapshot(folder)
    after.pop("HEAD", None)
    before.pop("HEAD", None)
    assert after == before


@pytest.mark.parametrize("change", [{"format": "one"}, {"ledger": 5}, {"segment_entries": 0}])
def test_an_entry_0_that_says_nothing_sensible(ram: Path, change: dict[str, object]) -> None:
    """A chain that is sound around a meaningless entry 0 is still no ledger to trust."""
    folder = ram / "ledger"
    open_journal(folder, disk=FastDisk()).close()
    _rewrite_entry_0(folder, change)
    with pytest.raises(Corrupt):
        open_journal(folder, disk=FastDisk())


def test_unknown_types_and_members_are_read(ram: Path) -> None:
    """Readers accept types and payload members that they do not know."""
    folder = ram / "ledger"
    open_journal(folder, disk=FastDisk()).close()
    _rewrite_entry_0(folder, {"colour": "red"})
    with open_journal(folder, disk=FastDisk()) as journal:
        journal.append([Event(type="planet.aligned", actor="x", data={"never": "seen"})])
    assert [entry["type"] for entry in check_ledger(folder)] == ["ledger.created", "planet.aligned"]


def test_opening_reads_nothing_of_the_history(ram: Path) -> None:
    """A sound history behind HEAD is not looked at: damage in it is found by reading and verifying."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk()) as journal:
        journal.append([event(number) for number in range(1, 3000)])
    edit(folder / SEGMENT_0, lambda raw: raw.__setitem__(300_000, raw[300_000] ^ 1))
    with open_journal(folder, disk=FastDisk()) as journal:
        with pytest.raises(Corrupt) as caught:
            list(journal.read(0))
        damage = verify(folder).first_damage
        assert damage is not None
        assert (caught.value.seq, caught.value.offset) == (damage.seq, damage.offset)
        assert list(journal.read(2999)) != []


def test_a_reader_needs_no_permission_to_write(ledger: Path) -> None:
    """An auditor reads a copy that only its owner may write, without leaving a trace."""
    if os.geteuid() != 0:
        pytest.skip("needs another user to read as")
    ledger.parent.chmod(0o755)
    ledger.chmod(0o555)
    for path in ledger.iterdir():
        path.chmod(0o444)
    program = (
        "import os, sys; from pathlib import Path\n"
        "from eventstore.journal import Journal; from eventstore.ledger_reader import LedgerReader\n"
        "from eventstore.verify import verify\n"
        "from eventstore.errors import Unavailable; from eventstore.store import Event\n"
        "os.setgid(65534); os.setuid(65534); folder = Path(sys.argv[1])\n"
        "reader = LedgerReader.open(folder)\n"
        "assert [entry.seq for entry in reader.follow(0)] == list(range(8))\n"
        "assert verify(folder).ok\n"
        "try: reader.append([Event(type='a.b', actor='x', data={})])\n"
        "except Unavailable as error: print(error)\n"
        "try: Journal.open(folder, software='')\n"
        "except Unavailable as error: print(error)\n"
    )
    before = snapshot(ledger)
    ran = subprocess.run(
        [sys.executable, "-c", program, str(ledger)], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "read only" in ran.stdout
    assert "Permission denied" in ran.stdout
    assert snapshot(ledger) == before


def test_a_copy_without_lock_and_head_can_be_read(ledger: Path) -> None:
    """The segments alone are a ledger."""
    for name in ("lock", "HEAD", "reserve"):
        (ledger / name).unlink()
    with LedgerReader.open(ledger) as journal:
        assert [entry.seq for entry in journal.follow(0)] == list(range(8))
    assert verify(ledger).ok


def test_a_reader_follows_a_live_ledger(ledger: Path) -> None:
    """A reader sees what a writer commits, over segments, and never writes."""
    with LedgerReader.open(ledger) as reader, open_journal(ledger, disk=FastDisk()) as journal:
        journal.append([event(number) for number in range(8, 20)])
        assert [entry.seq for entry in reader.follow(8)] == list(range(8, 20))
        with pytest.raises(Unavailable, match="read only"):
            reader.append([event(1)])
        before = snapshot(ledger)
        reader.tick()
        reader.release_reserve()
        assert not reader.restore_reserve()
        assert snapshot(ledger) == before
    reader.close()
    with pytest.raises(LedgerError, match="closed"):
        reader.append([event(1)])


def test_who_only_reads_loads_nothing_that_writes(ledger: Path) -> None:
    """A command that shows something waits for no module that composes, commits, recovers or seals."""
    program = (
        "import sys; from pathlib import Path; from eventstore.ledger_reader import LedgerReader\n"
        "with LedgerReader.open(Path(sys.argv[1])) as reader: assert len(list(reader.follow(0))) == 8\n"
        "print(*sorted(name for name in sys.modules if name.startswith('eventstore.')))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(ledger)], capture_output=True, text=True, check=True
    )
    assert not {"encoder", "commit", "recovery", "reserve", "rewrite", "sealing", "journal", "archive"} & {
        name.removeprefix("eventstore.") for name in ran.stdout.split()
    }


def test_a_closed_ledger_is_not_written(ledger: Path) -> None:
    """Closing twice is harmless; appending afterwards is refused."""
    journal = open_journal(ledger, disk=FastDisk())
    journal.close()
    journal.close()
    with pytest.raises(LedgerError, match="closed"):
        journal.append([event(1)])


def test_a_forked_process_must_open_the_ledger_for_itself(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock is shared with a forked child, so the child may not append through it."""
    journal = open_journal(ledger, disk=FastDisk())
    child = os.getpid() + 1
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: child)
        with pytest.raises(LedgerError, match="forked"):
            journal.append([event(1)])
    crash(journal)


def test_a_torn_slot_of_head_leaves_the_other(ledger: Path) -> None:
    """Slots are written in turn, so a write that a power failure tears leaves an older, valid one."""
    raw = (ledger / "HEAD").read_bytes()
    slots = [unpack(raw[:SLOT_BYTES]), unpack(raw[SLOT_BYTES:])]
    assert sorted(slot.seq for slot in slots if slot) == [6, 7]
    newest = 0 if slots[0] and slots[0].seq == 7 else 1
    edit(
        ledger / "HEAD",
        lambda head: head.__setitem__(slice(newest * 512 + 20, newest * 512 + 512), bytes(492)),
    )
    assert _opens(ledger) == [*range(1, 8), 99]


def test_opening_costs_the_same_however_long_the_ledger_is(ram: Path) -> None:
    """The same system calls open a ledger of one segment and one of many."""
    counts = []
    for entries in (5, 400):
        folder = ram / f"{entries}"
        with open_journal(folder, disk=FastDisk(), segment_entries=10) as journal:
            journal.append([event(number) for number in range(entries)])
        disk = CountingDisk()
        open_journal(folder, disk=disk).close()
        counts.append(disk.calls)
    assert counts[0] == counts[1]


def test_a_read_only_file_system_is_unavailable_not_poisoned(ledger: Path) -> None:
    """A writer that cannot open its files says so, and which."""

    class ReadOnly(FastDisk):
        def open(self, path: Path, flags: int) -> int:
            if flags & (os.O_RDWR | os.O_WRONLY):
                raise OSError(30, "Read-only file system", str(path))
            return super().open(path, flags)

    with pytest.raises(Unavailable, match="Read-only file system") as caught:
        Journal.open(ledger, software="", clock=StepClock(), disk=ReadOnly())
    assert not isinstance(caught.value, Poisoned)


def _full_and_unsealed(folder: Path) -> None:
    """Three segments of three entries; the last one is full and has no seal."""
    with open_journal(folder, disk=FastDisk(), segment_entries=3) as journal:
        journal.append([event(number) for number in range(1, 9)])
    (folder / "00000000000000000006.seal").unlink()


_GARBAGE = [b"x", b"x\n", b"garbage\n" * 40, bytes(700), b'{"seq":9,"ti', b'{"seq":9,"ti\n']


@pytest.mark.parametrize("garbage", _GARBAGE, ids=range(len(_GARBAGE)))
@pytest.mark.parametrize("with_head", [True, False])
def test_garbage_behind_a_full_unsealed_segment_is_set_aside(
    ram: Path, garbage: bytes, with_head: bool
) -> None:
    """What stands behind the last entry of a full last segment is set aside and recorded before anything follows."""
    folder = ram / "ledger"
    _full_and_unsealed(folder)
    if not with_head:
        (folder / "HEAD").unlink()
    edit(folder / _name(6), lambda raw: raw.extend(garbage))
    assert verify(folder).torn is not None
    with LedgerReader.open(folder) as journal:
        assert journal.torn is not None
    with open_journal(folder, disk=FastDisk()) as journal:
        assert journal.recovered is not None
        assert (journal.recovered.bytes, journal.recovered.seq) == (len(garbage), 9)
    check_ledger(folder)
    assert _opens(folder) == [*range(1, 9), None, 99]


def test_garbage_behind_a_full_segment_is_found_by_a_live_process(ram: Path) -> None:
    """A process that has left a full segment looks at its end before it begins the next one."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk(), segment_entries=3) as journal:
        journal.append([event(1), event(2)])
        edit(folder / SEGMENT_0, lambda raw: raw.extend(b"x"))
        assert journal.refresh().seq == 2
        seen = [journal.torn]
        journal.append([event(3)])
        seen.append(journal.torn)
        assert [torn is None for torn in seen] == [False, True]
        assert [entry.type for entry in journal.read(3)] == ["ledger.recovered", "thing.happened"]
    check_ledger(folder)


def test_a_full_segment_that_was_cut_or_removed_under_a_live_process(ram: Path) -> None:
    """Nothing is appended behind a full segment that is not whole any more."""
    spoils: list[Callable[[Path], None]] = [lambda path: cut(path, 10), Path.unlink]
    for number, spoil in enumerate(spoils):
        folder = ram / f"{number}"
        journal = open_journal(folder, disk=FastDisk(), segment_entries=3)
        journal.append([event(1), event(2)])
        spoil(folder / SEGMENT_0)
        with pytest.raises(Corrupt):
            journal.append([event(3)])
        assert not (folder / _name(3)).exists()
        crash(journal)


@pytest.mark.parametrize("with_head", [True, False])
def test_a_last_segment_that_is_gone_while_its_seal_is_there_is_corrupt(ram: Path, with_head: bool) -> None:
    """The seal says that there was such a segment, whether or not HEAD does."""
    folder = ram / "ledger"
    with open_journal(folder, disk=FastDisk(), segment_entries=3) as journal:
        journal.append([event(number) for number in range(1, 9)])
    if not with_head:
        (folder / "HEAD").unlink()
    for first in (6, 3, 0):
        (folder / _name(first)).unlink()
        assert _is_corrupt(folder).segment.name in {_name(first), _name(0)}
        with pytest.raises(Corrupt):
            LedgerReader.open(folder)
