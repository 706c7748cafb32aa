"""Real processes on a real disk: many that append at once, and some that are killed while they do."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventstore.errors import Unavailable
from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from eventstore.verify import verify
from tests.support.command import DEADLINE_S
from tests.support.journal import event, open_journal
from tests.support.ledger_check import check_ledger

pytestmark = pytest.mark.real

_ROOT = Path(__file__).parents[2]
APART = 1_000_000
"""More than one process appends before it is killed, however late that comes."""


def _appender(
    folder: Path, first: int, count: int, *, batch_max: int = 5, bytes_max: int = 300, fsync: str = "always"
) -> subprocess.Popen[bytes]:
    arguments = [str(folder), str(first), str(count), str(batch_max), str(bytes_max), fsync]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.eventstore.appender", *arguments], stdout=subprocess.PIPE, cwd=_ROOT
    )


def _runs(folder: Path) -> list[int]:
    return [entry["run"] for entry in check_ledger(folder) if "run" in entry]


@pytest.mark.parametrize("fsync", ["always", "everysec"])
def test_eight_processes_append_at_once(tmp_path: Path, fsync: str) -> None:
    """Each entry of each process is in the ledger exactly once, in that process's order, in one sound chain."""
    folder, count = tmp_path / "ledger", 150
    children = [_appender(folder, 1000 * number, count, fsync=fsync) for number in range(8)]
    for child in children:
        output, _ = child.communicate(timeout=DEADLINE_S)
        assert child.returncode == 0
        assert int(output.split()[-1]) % 1000 == count - 1
    runs = _runs(folder)
    assert len(runs) == 8 * count
    for number in range(8):
        seen = [run for run in runs if run // 1000 == number]
        assert seen == list(range(1000 * number, 1000 * number + count))


def test_a_follower_sees_each_entry_of_others_once(tmp_path: Path) -> None:
    """A process that follows while others append sees every entry once, in order, and nothing unfinished."""
    folder = tmp_path / "ledger"
    with open_journal(folder, segment_entries=50) as journal:
        children = [_appender(folder, 1000 * number, 100, bytes_max=9000) for number in range(3)]
        seen: list[int] = []
        while len(seen) < 301:
            seen.extend(entry.seq for entry in journal.follow(len(seen)))
            assert journal.torn is None
        for child in children:
            child.communicate(timeout=DEADLINE_S)
    assert seen == list(range(301))


def test_killed_processes_lose_nothing_that_was_acknowledged(tmp_path: Path, hunt: bool) -> None:
    """`kill -9` at random instants, over and over: every acknowledged entry is there, once, in order."""
    folder = tmp_path / "ledger"
    chance = random.Random(2026)
    acknowledged: list[int] = []
    looked_at = 0
    for restart in range(400 if hunt else 30):
        first = 10 * APART * (restart + 1)
        fsync = chance.choice(["always", "everysec", "never"])
        child = _appender(folder, first, 0, batch_max=20, bytes_max=9000, fsync=fsync)
        other = _appender(folder, first + APART, 0, fsync=fsync) if restart % 3 == 0 else None
        said = _kill_after(child, chance.randrange(1, 12), chance.random() * 0.004)
        promised = list(range(first, said + 1))
        if other is not None:
            promised.extend(range(first + APART, _kill_after(other, 1, 0.0) + 1))
        if restart % 10 == 0:
            report = verify(folder)
            assert report.ok, report.first_damage
        with Journal.open(folder, software="test") as journal:
            there = {entry.run for entry in journal.read(looked_at)}
            looked_at = journal.head().seq + 1
        missing = set(promised) - there
        assert not missing, f"acknowledged and lost after restart {restart}: {sorted(missing)}"
        acknowledged.extend(promised)
    runs = _runs(folder)
    assert len(runs) == len(set(runs))
    assert set(acknowledged) <= set(runs)
    for restart in range(1, 31):
        begin = 10 * APART * restart
        own = [run for run in runs if run // APART == 10 * restart]
        assert own == list(range(begin, begin + len(own))), "what is there is a prefix"


def _kill_after(child: subprocess.Popen[bytes], acknowledgements: int, delay_s: float) -> int:
    """Kill a process some time after its n-th acknowledgement; return the last run it acknowledged."""
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(acknowledgements)]
    end = time.perf_counter() + delay_s
    while time.perf_counter() < end:  # the random instant is the point; nothing is waited for
        pass
    child.kill()
    lines.extend(child.stdout)
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    return int([line for line in lines if line.endswith(b"\n")][-1])


def _append_until_full(journal: Journal, text: str) -> int:
    """Append until there is no more room; return how many were acknowledged."""
    for number in range(100_000):
        try:
            journal.append([event(number, text=text)])
        except Unavailable:
            return number
    raise AssertionError("the disk never got full")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("only root can mount a small disk here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    """On a full disk an append is refused, the reserve lets that be recorded, and room makes it go on."""
    ballast = small_disk / "ballast"
    folder = small_disk / "ledger"
    with open_journal(folder, segment_entries=50) as journal:
        ballast.write_bytes(bytes(300_000))
        written = _append_until_full(journal, "x" * 2000)
        assert written > 10
        for _ in range(3):
            with pytest.raises(Unavailable, match="No space"):
                journal.append([event(999, text="x" * 2000)])
        assert journal.head().seq == written
        assert len(check_ledger(folder)) == written + 1
        journal.release_reserve()
        journal.append([event(1000)])
        (small_disk / "more").write_bytes(bytes(250_000))
        assert not journal.restore_reserve()
        ballast.unlink()
        assert journal.restore_reserve()
        journal.append([event(1001, text="x" * 2000)])
    runs = _runs(folder)
    assert runs == [*range(written), 1000, 1001]


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """A limit on file sizes is met like a full disk: refused, nothing half written, and on it goes afterwards."""
    folder = tmp_path / "ledger"
    _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_journal(folder) as journal:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, hard))
        try:
            written = _append_until_full(journal, "x" * 700)
            with pytest.raises(Unavailable, match="too large"):
                journal.append([event(number, text="x" * 700) for number in range(5)])
            assert (folder / "00000000000000000000.jsonl").stat().st_size <= 30_000
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        journal.append([event(1000)])
    assert _runs(folder) == [*range(written), 1000]


def test_opening_a_ledger_on_a_full_disk(small_disk: Path) -> None:
    """A ledger cannot be created, nor a torn tail set aside, without room; reading goes on, nothing is harmed."""
    folder = small_disk / "ledger"
    with open_journal(folder) as journal:
        journal.append([event(1)])
    with (folder / "00000000000000000000.jsonl").open("ab") as segment:
        segment.write(b"x" * 30_000)
    (small_disk / "ballast").write_bytes(bytes(600_000))
    with (small_disk / "more").open("wb", buffering=0) as more, contextlib.suppress(OSError):
        while True:
            more.write(bytes(4096))
    with pytest.raises(Unavailable, match="No space"):
        open_journal(folder)
    with pytest.raises(Unavailable, match="No space"):
        open_journal(small_disk / "another" / "ledger")
    with LedgerReader.open(folder) as reader:
        assert [entry.seq for entry in reader.read(0)] == [0, 1]
        assert reader.torn is not None
    (small_disk / "ballast").unlink()
    open_journal(folder).close()
    assert [entry["type"] for entry in check_ledger(folder)][-1] == "ledger.recovered"


@pytest.mark.parametrize("replaced", [False, True])
def test_a_folder_that_is_moved_away_is_noticed(tmp_path: Path, replaced: bool) -> None:
    """Who keeps a ledger open learns within a tick that its folder went elsewhere, also if there is a new one."""
    folder, elsewhere = tmp_path / "ledger", tmp_path / "elsewhere"
    with open_journal(folder) as journal:
        journal.append([event(1)])
        journal.tick()
        folder.rename(elsewhere)
        if replaced:
            open_journal(folder).close()
        with pytest.raises(Unavailable, match="moved away or replaced"):
            journal.tick()


def test_a_lock_that_is_held_is_not_waited_for_without_end(tmp_path: Path) -> None:
    """With a patience, an append gives up on a lock that another process keeps, and works when that lets go."""
    with (
        open_journal(tmp_path / "ledger", patience_s=0.05) as journal,
        open(tmp_path / "ledger" / "lock") as held,
    ):
        fcntl.flock(held, fcntl.LOCK_SH)
        with pytest.raises(Unavailable, match="another process holds its lock"):
            journal.append([event(1)])
        fcntl.flock(held, fcntl.LOCK_UN)
        (entry,) = journal.append([event(1)])
        assert entry.seq == 1


def test_a_tick_leaves_a_flush_for_the_next_one_while_the_lock_is_held(tmp_path: Path) -> None:
    """Under `everysec`, who copies the ledger delays a flush and ends nothing."""
    folder = tmp_path / "ledger"
    with open_journal(folder, fsync="everysec", patience_s=0.05) as journal, open(folder / "lock") as held:
        journal.append([event(1)])
        fcntl.flock(held, fcntl.LOCK_SH)
        journal.tick()
        fcntl.flock(held, fcntl.LOCK_UN)
        journal.tick()
        (entry,) = journal.append([event(2)])
        assert entry.durable == entry.seq


def test_what_cannot_be_read_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the system says while entries are read, it is the ledger that is said to be unavailable."""
    with open_journal(tmp_path / "ledger") as journal:
        journal.append([event(number) for number in range(3)])
    with LedgerReader.open(tmp_path / "ledger") as journal, monkeypatch.context() as broken:
        broken.setattr(os, "open", lambda *arguments, **members: _no_descriptors())
        with pytest.raises(Unavailable, match="Too many open files"):
            list(journal.read(0))


def _no_descriptors() -> int:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
