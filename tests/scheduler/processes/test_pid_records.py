from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler import inheritable_lock
from scheduler.processes import Orphan, PosixSpawner, pidfd
from scheduler.processes.output.output_files import remove_what_was_lost
from scheduler.processes.recognition import pid_records
from scheduler.processes.recognition.identity import boot_id, process_stat
from scheduler.processes.recognition.pid_records import PidRecord, PidRecords
from tests.scheduler.processes.conftest import PATIENCE_S, Runs, adopted, crashed_scheduler

HIDDEN = "exec env -i /bin/sh -c 'read x < {pipe}; exit 7'"
"""A main process whose environment says nothing, as that of a setuid program says nothing to others."""


@pytest.fixture
def folder(runs: Runs) -> Path:
    """Where the notes of crashed schedulers are."""
    return runs.folder / "notes"


@pytest.fixture
def spawner(runs: Runs, folder: Path) -> Iterator[PosixSpawner]:
    """The next scheduler's spawner."""
    made = PosixSpawner(runs.ledger_id, notes=folder)
    yield made
    made.close()


def left_in(folder: Path) -> list[Path]:
    """The files in it that are not of this process."""
    return [path for path in folder.iterdir() if not path.name.startswith(f"{os.getpid()}-")]


def hidden(runs: Runs) -> tuple[int, Path]:
    """A run of a crashed scheduler that hides its environment; its number, and the pipe that ends it."""
    pipe = runs.pipe("hold")
    (pid,) = crashed_scheduler(runs, HIDDEN.format(pipe=pipe))
    while not Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"/bin/sh\0-c\0read"):
        pass
    return pid, pipe


def test_a_run_that_hides_its_environment_is_adopted(runs: Runs, spawner: PosixSpawner) -> None:
    """A main process whose environment does not tell is recognised by its note, and its end is learned."""
    _, pipe = hidden(runs)
    assert adopted(runs, (5, 1)) == set()
    assert adopted(runs, (5, 1), (6, 1), by=spawner) == {5}
    assert spawner.alive(5, 1)
    pipe.write_text("go\n")
    assert spawner.wait(PATIENCE_S)
    assert [(ended.run, ended.exit_code) for ended in spawner.exits()] == [(5, 7)]
    assert not spawner.alive(5, 1)


def test_a_run_that_hides_its_environment_is_killed(runs: Runs, spawner: PosixSpawner) -> None:
    """It is alive, and can be killed, even if nobody adopted it before."""
    pid, _ = hidden(runs)
    descriptor = os.pidfd_open(pid)
    assert spawner.alive(5, 1)
    spawner.kill(5, 1)
    assert pidfd.has_ended(descriptor)
    assert not spawner.alive(5, 1)
    os.close(descriptor)


def test_a_note_means_one_process_only(runs: Runs, spawner: PosixSpawner, folder: Path) -> None:
    """A note of the same number and another moment, or of another boot, tells nothing."""
    pid, _ = hidden(runs)
    (path,) = left_in(folder)
    boot, begun, line = path.read_text().splitlines()
    run, attempt, number, before, after = line.split()
    assert (run, attempt, int(number), boot) == ("5", "1", pid, boot_id())
    earlier = f"{run} {attempt} {number} {float(before) - 2} {float(after) - 1}"
    cut, foreign = f"{boot}\n{line[:-30]}", f"another boot\n{line}\n"
    for content in (f"{boot}\n{begun}\n", f"{boot}\n{earlier}\n", foreign, cut, "", "\xff"):
        path.write_text(content, encoding="latin-1")
        assert adopted(runs, (5, 1), by=spawner) == set(), content
    path.write_text(f"{boot}\n{line}\n")
    assert adopted(runs, (5, 1), by=spawner) == {5}
    spawner.kill(5, 1)


def test_notes_are_private_and_removed(runs: Runs, folder: Path) -> None:
    """The file is for its owner alone; it stays as long as something in it lives, and no longer."""
    pid, _ = hidden(runs)
    (path,) = left_in(folder)
    assert (folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    PidRecords(folder).close()
    assert path.exists()
    descriptor = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    while not pidfd.has_ended(descriptor):
        pass
    os.close(descriptor)
    PidRecords(folder).close()
    assert list(folder.iterdir()) == []


def test_what_killed_schedulers_left_is_removed(runs: Runs, folder: Path) -> None:
    """Files of ended owners go once no attempt in them is in flight, whatever boot they are of; nothing else goes."""
    mine = PidRecords(folder)
    boot, other = boot_id(), "00000000-0000-0000-0000-000000000000"
    begun = "5 1 0 100.000 0.000\n"
    left = [folder / name for name in ("999999-1", "999999-2-1", ".999999-3-1", "999999-4")]
    for path, first in zip(left, (boot, boot, boot, other), strict=True):
        path.write_text(f"{first}\n{begun}")
    kept = [folder / name for name in ("notes.txt", "999999-5x", "999999-6", "999999-7")]
    for path in kept[:2]:
        path.write_text(f"{boot}\n")
    os.mkfifo(kept[2])
    kept[3].symlink_to(left[0])
    held = os.open(folder / "1-1-1", os.O_WRONLY | os.O_CREAT)
    assert inheritable_lock.take(held)
    mine.tidy({(5, 1)})
    assert all(path.exists() for path in left)
    mine.tidy({(6, 1)})
    assert not any(path.exists() for path in left)
    assert all(os.path.lexists(path) for path in kept)
    assert (folder / "1-1-1").exists()
    os.close(held)
    mine.tidy({(6, 1)})
    assert not (folder / "1-1-1").exists()
    mine.close()


def test_empty_output_of_a_lost_run_is_removed(runs: Runs) -> None:
    """What a lost run has not written leaves no files; what it wrote, and what may be written yet, stays."""
    paths = [runs.folder / name for name in ("empty", "full", "held", "none")]
    for path in paths[:3]:
        path.touch()
    paths[1].write_text("text")
    with paths[2].open("ab") as held:
        assert inheritable_lock.take(held.fileno())
        remove_what_was_lost(Orphan(5, 1, None, outputs=tuple(map(str, paths))))
    assert [path.exists() for path in paths] == [False, True, True, False]


def test_notes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many processes are started, notes of those that live are kept and the file stays small."""
    monkeypatch.setattr(pid_records, "NOTES_MAX", 10)
    leader = os.getsid(0)
    stat = process_stat(leader)
    if stat is None or stat.session != leader:
        pytest.skip("the leader of this session has ended")
    began_s = stat.start_ticks / os.sysconf("SC_CLK_TCK")
    living = PidRecord(1, 1, leader, began_s, began_s + 0.01)
    kept = PidRecords(tmp_path / "notes")
    kept.begin([(1, 1)])
    kept.add(living)
    for run in range(2, 100):
        kept.begin([(run, 1)])
        kept.add(PidRecord(run, 1, leader, 0.0, 1.0))
    (path,) = (tmp_path / "notes").iterdir()
    assert len(path.read_text().splitlines()) <= 13
    assert [(note.run, note.pid) for note in kept.find([(1, 1), (50, 1)])] == [(1, leader)]
    kept.close()


def test_notes_that_cannot_be_written_stop_nothing(runs: Runs) -> None:
    """Where no note can be written, processes are started all the same."""
    (runs.folder / "file").write_text("in the way")
    runs.spawner.close()
    runs.spawner = PosixSpawner(runs.ledger_id, notes=runs.folder / "file")
    runs.launch(5, ["true"])
    assert runs.exit().exit_code == 0
