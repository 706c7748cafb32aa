"""A ledger with archived segments answers what it did before, byte for byte; without the archive it says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstore.committed_reader import CommittedReader
from eventstore.errors import Archived as ArchivedError
from eventstore.errors import Corrupt
from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.ledger_tree import LedgerTree
from eventstore.proofs.merkle_tree import LeafRange
from eventstore.segment import marker_name, seal_name, segment_name
from eventstore.store import Entry
from tests.eventstore.archive.conftest import GONE, SEGMENT_ENTRIES, Archived
from tests.support.archived_ledger import archive, mark, remark
from tests.support.disks import FastDisk
from tests.support.journal import edit, event, open_journal

_SAME_LEDGER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)


def _opened(folder: Path) -> Journal:
    return open_journal(folder, disk=FastDisk(), segment_entries=SEGMENT_ENTRIES)


def _reader(folder: Path) -> LedgerReader:
    return LedgerReader.open(folder, disk=FastDisk())


def _is_gone(seq: int) -> bool:
    return seq - seq % SEGMENT_ENTRIES in GONE


@_SAME_LEDGER
@given(first=st.integers(-1, 66), last=st.none() | st.integers(-1, 66))
def test_any_entries_are_read_as_before(archived: Archived, first: int, last: int | None) -> None:
    """Forwards, from wherever, over archived segments and others."""
    with _reader(archived.whole) as before, _reader(archived.folder) as now:
        assert list(now.read(first, last)) == list(before.read(first, last))


@_SAME_LEDGER
@given(before=st.none() | st.integers(0, 66))
def test_entries_are_read_backwards_as_before(archived: Archived, before: int | None) -> None:
    """From the end, or from wherever."""
    with _reader(archived.whole) as whole, _reader(archived.folder) as now:
        assert list(now.read_backwards(before)) == list(whole.read_backwards(before))


@_SAME_LEDGER
@given(first=st.integers(0, 63), count=st.integers(1, 64))
def test_the_leaves_are_those_of_before(archived: Archived, first: int, count: int) -> None:
    """So the tree is the same, and proofs from it."""
    leaves = LeafRange(first, min(64, first + count))
    before, now = (LedgerLeaves(folder, SEGMENT_ENTRIES) for folder in (archived.whole, archived.folder))
    assert _joined(now.blocks(leaves)) == _joined(before.blocks(leaves))


def _joined(blocks: Iterator[list[bytes]]) -> list[bytes]:
    return [leaf for block in blocks for leaf in block]


def test_the_tree_is_made_as_before(archived: Archived, tmp_path: Path) -> None:
    """From nothing, out of archived segments too."""
    heads = [
        LedgerTree(LedgerLeaves(folder, SEGMENT_ENTRIES), tmp_path / folder.name, lambda: 64).make().head
        for folder in (archived.whole, archived.folder)
    ]
    assert heads[0] == heads[1]


def test_it_goes_on_recording(archived: Archived) -> None:
    """Opened, appended to, sealed and opened again, with the archive and without it."""
    shutil.rmtree(archived.volume)
    with _opened(archived.folder) as journal:
        head = journal.head()
        entries = journal.append([event(number) for number in range(20)])
        assert (entries[0].seq, entries[0].prev) == (head.seq + 1, head.hash)
    assert (archived.folder / seal_name(72)).exists()
    with _opened(archived.folder) as journal:
        assert journal.head().seq == 83
        assert list(journal.follow(64)) == entries


QUESTIONS: dict[str, Callable[[LedgerReader], object]] = {
    "forwards": lambda journal: list(journal.read(0)),
    "backwards": lambda journal: list(journal.read_backwards()),
    "one entry": lambda journal: list(journal.read(20, 20)),
    "following": lambda journal: list(journal.follow(9)),
    "leaves": lambda journal: LedgerLeaves(journal.folder, SEGMENT_ENTRIES).leaf(17),
}


def _moved_behind_a_link(path: Path) -> None:
    path.rename(f"{path}.moved")
    path.symlink_to(f"{path}.moved")


def _fifo_in_place_of(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder_in_place_of(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "away": (lambda file: shutil.rmtree(file.parent), "No such file"),
    "cut": (lambda file: os.truncate(file, file.stat().st_size // 2), "it ends too early"),
    "another": (
        lambda file: shutil.copy(file.with_name("00000000000000000040.jsonl.zst"), file),
        "its seal says",
    ),
    "a link": (_moved_behind_a_link, "symbolic link"),
    "a FIFO": (_fifo_in_place_of, "no regular file"),
    "a folder": (_folder_in_place_of, "no regular file"),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("case", DAMAGE)
def test_what_cannot_be_read_there_is_told(archived: Archived, question: str, case: str) -> None:
    """Which entries, where they are said to be, and why not; the ledger itself is not called damaged."""
    damage, why = DAMAGE[case]
    for first in (8, 16, 24):
        if archived.volume.exists():
            damage(archived.volume / f"{segment_name(first)}.zst")
    with _reader(archived.folder) as journal, pytest.raises(ArchivedError) as problem:
        QUESTIONS[question](journal)
    told = problem.value
    assert told.first in GONE
    assert (told.last, told.place) == (told.first + SEGMENT_ENTRIES - 1, str(archived.volume))
    assert why in told.why
    assert str(archived.volume) in str(told)


def test_what_is_here_is_read_without_the_archive(archived: Archived) -> None:
    """Each entry of a segment that is here, the first one after an archived segment too, checked as before."""
    shutil.rmtree(archived.volume)
    with _reader(archived.whole) as before, _reader(archived.folder) as now:
        for seq in range(64):
            if not _is_gone(seq):
                assert list(now.read(seq, seq)) == list(before.read(seq, seq))
        newest = list(islice(now.read_backwards(), 16))
        assert newest == list(islice(before.read_backwards(), 16))


def test_backwards_all_newer_entries_come_first(archived: Archived) -> None:
    """What is newer than the archived segment is given before it is told that the archive is away."""
    shutil.rmtree(archived.volume)
    got: list[Entry] = []
    with _reader(archived.folder) as journal, pytest.raises(ArchivedError):
        got.extend(journal.read_backwards())
    assert [entry.seq for entry in got] == list(range(63, 47, -1))


def test_the_last_ones_are_kept_and_no_more(archived: Archived) -> None:
    """A process keeps two segments decompressed, whatever it reads, and reads those again without the archive."""
    with _reader(archived.folder) as journal:
        before = len(os.listdir("/proc/self/fd"))
        list(journal.read(0))
        assert len(os.listdir("/proc/self/fd")) == before + 2
        shutil.rmtree(archived.volume)
        assert [entry.seq for entry in journal.read(24, 47)] == list(range(24, 48))
        with pytest.raises(ArchivedError):
            list(journal.read(16, 16))


def test_a_segment_that_is_here_counts_before_its_marker(archived: Archived) -> None:
    """As after it was put back, or when it was only copied to an archive."""
    for first in GONE:
        shutil.copy(archived.whole / segment_name(first), archived.folder)
    shutil.rmtree(archived.volume)
    with _reader(archived.whole) as before, _reader(archived.folder) as now:
        assert list(now.read(0)) == list(before.read(0))


def _removed(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).unlink()


def _removed_and_marked(folder: Path, first: int) -> None:
    mark(folder, folder, [first], 63)
    (folder / segment_name(first)).unlink()


MARKER, SEAL, SEGMENT = marker_name(16), seal_name(16), segment_name(16)
REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no marker": (lambda folder: _removed(folder, MARKER), SEGMENT),
    "no seal": (lambda folder: _removed(folder, SEAL), SEGMENT),
    "neither": (lambda folder: _removed(folder, MARKER, SEAL), SEGMENT),
    "a changed marker": (
        lambda folder: edit(folder / MARKER, lambda raw: raw.__setitem__(slice(1, 4), b"FIR")),
        MARKER,
    ),
    "an empty marker": (lambda folder: (folder / MARKER).write_bytes(b""), MARKER),
    "a very long marker": (lambda folder: os.truncate(folder / MARKER, 1 << 40), MARKER),
    "a marker of another": (lambda folder: shutil.copy(folder / marker_name(8), folder / MARKER), MARKER),
    "a seal of another": (lambda folder: shutil.copy(folder / seal_name(8), folder / SEAL), MARKER),
    "another past": (lambda folder: remark(folder, 16, prev="0" * 64), MARKER),
    "another past behind what is here": (lambda folder: remark(folder, 40, prev="0" * 64), marker_name(40)),
    "another count": (lambda folder: remark(folder, 16, count=16), MARKER),
    "a link": (lambda folder: _moved_behind_a_link(folder / MARKER), MARKER),
    "a FIFO": (lambda folder: _fifo_in_place_of(folder / MARKER), MARKER),
    "the first segment": (lambda folder: _removed(folder, segment_name(0)), segment_name(0)),
    "the last segment": (lambda folder: _removed(folder, segment_name(56)), segment_name(56)),
    "the first one, with a marker": (lambda folder: _removed_and_marked(folder, 0), segment_name(0)),
    "the last one, with a marker": (lambda folder: _removed_and_marked(folder, 56), segment_name(56)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_segment_that_is_neither_here_nor_archived_is_damage(archived: Archived, case: str) -> None:
    """The ledger is not opened, and it is said which file is missing or wrong."""
    damage, name = REFUSED[case]
    damage(archived.folder)
    with pytest.raises(Corrupt) as problem:
        _reader(archived.folder)
    assert problem.value.segment.name == name


def test_a_marker_names_only_an_absolute_folder(archived: Archived) -> None:
    """A marker counts in whatever folder a process works."""
    for folder in ("volume", "", "/a\0b", "/" + "x" * 4096):
        with pytest.raises(ValueError, match="folder"):
            remark(archived.folder, 16, folder=folder)


@pytest.mark.parametrize("more", [0, 3])
@pytest.mark.parametrize("away", [False, True])
def test_a_process_that_slept_meanwhile_goes_on(archived: Archived, more: int, away: bool) -> None:
    """What it has open was sealed, archived and removed: it comes to the new end, and reads what is here."""
    folder = archived.whole
    if more:
        with _opened(folder) as other:
            other.append([event(number) for number in range(more)])
    with (
        _reader(folder) as reader,
        _opened(folder) as writer,
        closing(CommittedReader(folder)) as committed,
    ):
        seen = reader.head().seq
        with _opened(folder) as other:
            last = other.append([event(number) for number in range(40)])[-1].seq + 1
        archive(folder, archived.volume, [56, 64, 72])
        if away:
            shutil.rmtree(archived.volume)
        for journal in (reader, writer):
            assert journal.refresh().seq == last
            assert [entry.seq for entry in journal.read(80)] == list(range(80, last + 1))
        assert [entry.seq for entry in committed.read(80)] == list(range(80, last + 1))
        if away:
            with pytest.raises(ArchivedError):
                list(reader.read(seen + 1))
        else:
            assert [entry.seq for entry in reader.read(seen + 1)] == list(range(seen + 1, last + 1))
        assert writer.append([event(1)])[0].seq == last + 1
        assert reader.refresh().seq == last + 1


def test_a_head_from_before_the_archive_is_gone_on_from(archived: Archived) -> None:
    """As in a copy that was put together of an older HEAD and newer segments."""
    older = archived.folder.with_name("older")
    with open_journal(older, disk=FastDisk(), segment_entries=SEGMENT_ENTRIES) as journal:
        journal.append([event(number) for number in range(17)])
    shutil.copy(older / "HEAD", archived.folder)
    shutil.rmtree(archived.volume)
    with _opened(archived.folder) as journal:
        assert journal.head().seq == 63
        assert journal.append([event(1)])[0].seq == 64


def test_without_a_head_it_is_gone_on_from_the_last_segment(archived: Archived) -> None:
    """A copy of the segments alone."""
    (archived.folder / "HEAD").unlink()
    shutil.rmtree(archived.volume)
    with _reader(archived.folder) as journal:
        assert journal.head().seq == 63


def test_nothing_of_archives_is_imported_where_nothing_is_archived(archived: Archived) -> None:
    """Neither the library nor the code that reads archives."""
    program = (
        "import sys; from pathlib import Path; from eventstore.journal import Journal\n"
        "with Journal.open(Path(sys.argv[1]), software='', create=False) as journal:\n"
        "    list(journal.read(0))\n"
        "print([name for name in sys.modules if 'zstd' in name or name.endswith(('retrieval', 'marker'))])"
    )
    for folder, loaded in ((archived.whole, False), (archived.folder, True)):
        done = subprocess.run(
            [sys.executable, "-c", program, folder], check=True, capture_output=True, text=True
        )
        assert (done.stdout != "[]\n") == loaded
