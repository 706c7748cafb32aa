from __future__ import annotations

import fnmatch
import json
import os
import tempfile
import threading
import tracemalloc
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.builtin import retention
from scheduler.builtin.retention import ProtectedFiles, identity_of
from scheduler.builtin.retention_report import FAILURES_MAX, TARGETS_MAX, RetentionTally, recordable
from tests.scheduler.builtin.conftest import CUTOFF, NOTHING_PROTECTED, OLD, clean, left, put
from tests.support.examples import examples


def test_boundary(folder: Path) -> None:
    """A file changed exactly at the cutoff is kept; one changed a microsecond before is deleted."""
    put(folder / "at", CUTOFF)
    put(folder / "before", CUTOFF - timedelta(microseconds=1))
    put(folder / "after", CUTOFF + timedelta(days=9000))
    tally = clean(folder)
    assert left(folder) == {"at", "after"}
    (counts,) = tally.folders
    assert (counts.examined, counts.deleted, counts.deleted_bytes) == (3, 1, 5)
    assert tally.failure_count == 0


NAMES = st.sampled_from(["a.log", "b.log", "B.LOG", "a.txt", ".a.log", "[x]", "a b\n", "ü.log", "x" * 200])
PATTERNS = st.sampled_from(["*", "*.log", "a*", ".*", "[[]x]", "?.log", "*.LOG", "none", "*\n", "[!a]*"])
AGES_S = st.integers(-3, 3)


@settings(max_examples=examples(30), deadline=None)
@given(files=st.dictionaries(NAMES, AGES_S), nested=st.dictionaries(NAMES, AGES_S), pattern=PATTERNS)
def test_exactly_what_was_asked_for(files: dict[str, int], nested: dict[str, int], pattern: str) -> None:
    """Deleted are exactly the files in the folder itself that match, as in a shell, and are older than the cutoff."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, age_s in files.items():
            put(folder / file, CUTOFF - timedelta(seconds=age_s))
        for file, age_s in nested.items():
            put(folder / "a-folder" / file, CUTOFF - timedelta(seconds=age_s))
        before = left(folder)
        dry = clean(folder, pattern, dry_run=True)
        assert left(folder) == before
        done = clean(folder, pattern)
        asked_for = {
            file
            for file, age_s in files.items()
            if age_s > 0
            and fnmatch.fnmatchcase(file, pattern)
            and (pattern.startswith(".") or not file.startswith("."))
        }
        assert before - left(folder) == asked_for
        assert dry.folders[0].deleted == done.folders[0].deleted == len(asked_for)
        assert dry.folders[0].deleted_bytes == done.folders[0].deleted_bytes == 5 * len(asked_for)


def test_only_regular_files(folder: Path) -> None:
    """Folders, links, pipes and sockets are left alone, however old, and are no failures."""
    put(folder / "folder" / "file")
    victim = put(folder.parent / "victim")
    (folder / "link").symlink_to(victim)
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    for name in ("link", "dangling", "pipe"):
        os.utime(folder / name, (0, 0), follow_symlinks=False)
    tally = clean(folder)
    assert left(folder) == {"folder", "folder/file", "link", "dangling", "pipe"}
    assert victim.exists()
    assert tally.failure_count == 0


def test_hard_link(folder: Path) -> None:
    """Of a file with two names, the one in the folder goes and the other one stays whole."""
    other = put(folder.parent / "other")
    os.link(other, folder / "name")
    clean(folder)
    assert left(folder) == set()
    assert other.read_text() == "12345"


def test_given_folder_is_a_link(folder: Path) -> None:
    """A symbolic link in place of the given folder is refused, and what it leads to stays."""
    put(folder / "file")
    link = folder.parent / "link"
    link.symlink_to(folder)
    tally = clean(link)
    assert left(folder) == {"file"}
    assert "symbolic link" in tally.failures[0].error
    assert tally.failure_count == 1


def test_links_inside_own_folder(folder: Path) -> None:
    """Cleaning at every depth does not follow links to folders."""
    outside = put(folder.parent / "outside" / "file")
    put(folder / "deep" / "deeper" / "file")
    (folder / "deep" / "link").symlink_to(outside.parent)
    clean(folder, None)
    assert outside.exists()
    assert left(folder) == {"deep", "deep/deeper", "deep/link"}


def test_folder_swapped_for_a_link(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that becomes a link between the look and the entering is not entered, and that is a failure."""
    outside = put(folder.parent / "outside" / "file")
    put(folder / "inner" / "file")
    really_open = os.open

    def swap(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == "inner":
            (folder / "inner").rename(folder.parent / "moved")
            (folder / "inner").symlink_to(outside.parent)
        return really_open(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", swap)
    tally = clean(folder, None)
    assert outside.exists()
    assert tally.failure_count == 1
    assert tally.failures[0].path == str(folder / "inner")


def test_folder_swapped_again_and_again(folder: Path) -> None:
    """However often a folder and a link to somewhere else change places meanwhile, nothing there is deleted."""
    outside = put(folder.parent / "outside" / "file")
    spare = folder.parent / "spare"
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            (folder / "inner").rename(spare)
            (folder / "inner").symlink_to(outside.parent)
            (folder / "inner").unlink()
            spare.rename(folder / "inner")

    put(folder / "inner" / "file")
    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(200):
            clean(folder, None)
            assert outside.exists()
    finally:
        done.set()
        swapper.join()


def test_given_folder_moved_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is swapped in for the given folder after it was opened is not touched."""
    put(folder / "file")
    moved = folder.parent / "moved"
    really_scan = os.scandir

    def swap(descriptor: int) -> object:
        if folder.exists() and not moved.exists():
            folder.rename(moved)
            put(folder / "file")
        return really_scan(descriptor)

    monkeypatch.setattr(os, "scandir", swap)
    clean(folder)
    assert left(folder) == {"file"}
    assert left(moved) == set()


def test_ledger_is_never_touched(folder: Path) -> None:
    """The ledger's folder, one inside it, and one found on the way down are all spared."""
    inner = put(folder / "ledger" / "deep" / "entry.jsonl").parent
    protected = ProtectedFiles(
        frozenset({identity_of(folder / "ledger") or (0, 0)}), frozenset(), None, lambda folder, name: False
    )
    for given_folder in (folder / "ledger", inner):
        for pattern in ("*", None):
            tally = clean(given_folder, pattern, protected)
            assert "the ledger" in tally.failures[0].error
    put(folder / "other")
    clean(folder, None, protected)
    assert left(folder) == {"ledger", "ledger/deep", "ledger/deep/entry.jsonl"}


def test_output_in_use_is_kept(folder: Path) -> None:
    """Names that are in use are kept below the folder of output, wherever it is entered, and only there."""
    for name in ("41-1.stdout", "42-1.stdout"):
        put(folder / "logs" / "output" / "2026-01-01" / name)
        put(folder / "elsewhere" / name)
    in_use = ProtectedFiles(
        frozenset(), frozenset(), identity_of(folder / "logs"), lambda folder, name: name == "41-1.stdout"
    )
    clean(folder / "logs" / "output" / "2026-01-01", "*", in_use)
    clean(folder, None, in_use)
    files = {path for path in left(folder) if path.endswith("stdout")}
    assert files == {"logs/output/2026-01-01/41-1.stdout"}


@pytest.mark.parametrize("pattern", ["", "a/b", "../*", "/etc/*", "x\0"])
def test_impossible_pattern(folder: Path, pattern: str) -> None:
    """A pattern that is none of names of files is refused and nothing is deleted."""
    put(folder / "a" / "b")
    put(folder.parent / "beside")
    tally = clean(folder, pattern)
    assert tally.failure_count == 1
    assert left(folder) == {"a", "a/b"}
    assert (folder.parent / "beside").exists()


def test_missing_folder(folder: Path) -> None:
    """A given folder that does not exist, or is a file, is a failure; one of our own is not there yet."""
    assert clean(folder / "none").failures[0].error == "there is no such folder"
    assert clean(put(folder / "file")).failures[0].error == "it is not a folder"
    assert clean(folder / "none", None).failure_count == 0


def test_failures_are_counted_and_bounded() -> None:
    """What may not be deleted is counted in full and listed in part, and stays."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(FAILURES_MAX + 5):
            put(folder / f"{number}")
        folder.chmod(0o555)
        privileged = os.geteuid() == 0
        if privileged:
            os.seteuid(65534)
        try:
            tally = clean(folder)
        finally:
            if privileged:
                os.seteuid(0)
            folder.chmod(0o755)
        assert tally.failure_count == FAILURES_MAX + 5
        assert len(tally.failures) == FAILURES_MAX
        assert {failure.error for failure in tally.failures} == {"Permission denied"}
        assert tally.folders[0].deleted == 0
        assert len(left(folder)) == FAILURES_MAX + 5


def test_dated_folders(folder: Path) -> None:
    """Empty folders of past dates go; those with files, of later dates or of other names stay."""
    put(folder / "output" / "2026-11-21" / "1-1.stdout")
    put(folder / "output" / "2026-11-20" / "2-1.stdout", CUTOFF)
    put(folder / "output" / "2026-11-22" / "3-1.stdout")
    put(folder / "output" / "2026-13-01" / "4-1.stdout")
    put(folder / "2026-01-01x" / "5-1.stdout")
    tally = RetentionTally()
    target = retention.Target(folder, None, dated=True)
    retention.apply(target, CUTOFF, NOTHING_PROTECTED, tally, dry_run=True)
    assert len(left(folder)) == 11
    retention.apply(target, CUTOFF, NOTHING_PROTECTED, tally, dry_run=False)
    assert left(folder) == {
        "output",
        "output/2026-11-20",
        "output/2026-11-20/2-1.stdout",
        "output/2026-11-22",
        "output/2026-13-01",
        "2026-01-01x",
    }
    assert [each.deleted for each in tally.folders] == [4, 4]


def test_too_deep(folder: Path) -> None:
    """Folders nested without end are entered to a limit, which is a failure, and files above it are dealt with."""
    deepest = folder
    for _ in range(retention.DEPTH_MAX + 1):
        put(deepest / "file")
        deepest = deepest / "d"
    put(deepest / "file")
    tally = clean(folder, None)
    assert tally.failure_count == 1
    assert "folders deep" in tally.failures[0].error
    assert [path for path in left(folder) if path.endswith("file")] == [
        str((deepest / "file").relative_to(folder))
    ]


def test_stopping(folder: Path) -> None:
    """Once it is told to stop, no further file is deleted, and what was deleted is counted."""
    for number in range(10):
        put(folder / f"{number}")
    tally = RetentionTally(lambda: bool(tally.folders) and tally.folders[0].deleted == 4)
    retention.apply(retention.Target(folder, "*"), CUTOFF, NOTHING_PROTECTED, tally, dry_run=False)
    assert len(left(folder)) == 6
    assert tally.folders[0].deleted == 4


def test_memory_does_not_grow_with_files(folder: Path) -> None:
    """A folder of many files is cleaned in the memory of one."""
    for number in range(5000):
        (folder / f"a-rather-long-name-of-a-session-{number:08}").touch()
        os.utime(folder / f"a-rather-long-name-of-a-session-{number:08}", (0, 0))
    clean(folder / "warm-up")
    tracemalloc.start()
    try:
        tally = clean(folder)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert tally.folders[0].deleted == 5000
    assert peak_bytes < 100_000


def test_no_descriptor_is_left_open(folder: Path) -> None:
    """Neither success nor failure leaves a folder open."""
    put(folder / "a" / "b" / "file")
    before = len(os.listdir("/proc/self/fd"))
    clean(folder, None)
    clean(folder / "none")
    clean(folder, "/")
    assert len(os.listdir("/proc/self/fd")) == before


@given(text=st.text(st.characters(codec=None), max_size=2000))
def test_recordable_text(text: str) -> None:
    """Whatever a file is called, what is recorded is short, is UTF-8, and begins as the name does."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return
    shown = recordable(text)
    shown.encode()
    assert len(shown) <= 400


def test_result_fits_into_an_entry(folder: Path) -> None:
    """However many folders and failures of whatever length there are, the result fits into a line of the ledger."""
    tally = RetentionTally()
    for number in range(3 * TARGETS_MAX):
        tally.folder("/" + "\N{PILE OF POO}" * 4000, "*" * 5000).deleted = number
        tally.failed("/\udcff" * 4000, "\N{SNOWMAN}" * 5000)
    applied = tally.applied("logs", OLD, dry_run=False)
    assert len(applied.targets) == TARGETS_MAX
    assert sum(target.deleted for target in applied.targets) == applied.deleted == sum(range(3 * TARGETS_MAX))
    assert len(json.dumps(msgspec.to_builtins(applied))) < 60_000
