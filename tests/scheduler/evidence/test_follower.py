"""What signs while a scheduler serves: when it does, what it records when it cannot, and that it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.evidence.__main__ import NO_KEY
from scheduler.evidence.follower import Follower
from scheduler.evidence.keys.errors import NoLedgerKey
from scheduler.scheduler_lock import Holder, SchedulerLock
from tests.support.command import await_fact
from tests.support.home import write_config
from tests.support.keyed_home import KeyedHome
from tests.support.served import Served
from tests.support.world import BEGIN

CONFIG = "jobs: {}\nledger: {checkpoint: {entries: 3, interval: 1h}}\n"


@pytest.fixture
def home(tmp_path: Path) -> KeyedHome:
    """A home with a key, that is to be signed after every third entry."""
    home = KeyedHome(tmp_path / "home")
    home.create_key()
    write_config(home.home.root, CONFIG)
    return home


def test_it_signs_after_so_many_entries_and_at_the_end(home: KeyedHome) -> None:
    """The first checkpoint comes at once; then what it adds itself does not count."""
    follower = Follower(home.home)
    assert follower.turn()
    assert not any(follower.turn() for _ in range(3))
    home.record(2)
    assert not any(follower.turn() for _ in range(3))
    home.record()
    assert [follower.turn() for _ in range(3)] == [False, True, False]
    home.record()
    assert not any(follower.turn() for _ in range(3))
    assert follower.turn(last=True)
    assert not follower.turn(last=True)
    assert home.check() == [2, 6, 8]


def test_it_waits_until_nothing_is_recorded_for_a_moment(home: KeyedHome) -> None:
    """Runs that start come first, but not for ever."""
    follower = Follower(home.home)
    follower.turn()
    turns = []
    for _ in range(7):
        home.record(3)
        turns.append(follower.turn())
    assert turns == [False, False, False, False, False, True, False]


def test_an_edited_config_is_taken_up(home: KeyedHome) -> None:
    """One that is wrong changes nothing."""
    follower = Follower(home.home)
    follower.turn()
    write_config(home.home.root, CONFIG.replace("entries: 3", "entries: 1"))
    home.record()
    assert [follower.turn() for _ in range(2)] == [False, True]
    write_config(home.home.root, "nonsense")
    home.record()
    assert [follower.turn() for _ in range(2)] == [False, True]
    assert home.check() == [2, 4, 6]


def test_a_calendar_file_that_is_gone_changes_nothing_for_one_that_starts(home: KeyedHome) -> None:
    """It goes by the config that was in force, of which only the days of that calendar cannot be read."""
    config = CONFIG.replace("entries: 3", "entries: 1") + "calendars: {off: {ical: gone.ics}}\n"
    write_config(home.home.root, config)
    home.home.config_in_force.write_text(config)
    follower = Follower(home.home)
    assert follower.turn()
    home.record()
    assert any(follower.turn() for _ in range(2))


def test_why_it_cannot_sign_is_recorded_once(home: KeyedHome) -> None:
    """One entry when it begins, whatever the reasons are; a checkpoint ends it."""
    file = home.place.file
    assert file is not None
    secret = file.read_bytes()
    file.unlink()
    for _ in range(2):
        assert not Follower(home.home).turn()
    (refused,) = home.entries(v.CheckpointRefused.TYPE)
    assert "there is no private key" in v.payload(refused).reason
    file.write_bytes(secret)
    file.chmod(0o644)
    assert not Follower(home.home).turn(last=True)
    file.chmod(0o600)
    assert Follower(home.home).turn()
    assert len(home.entries(v.CheckpointRefused.TYPE)) == 1


def test_without_a_key_it_ends(tmp_path: Path) -> None:
    """The program says by its exit code that it need not be started again."""
    home = KeyedHome(tmp_path / "home")
    with pytest.raises(NoLedgerKey):
        Follower(home.home).turn()
    program = [sys.executable, "-m", "scheduler.evidence", str(home.home.root)]
    assert subprocess.run(program, check=False, timeout=60).returncode == NO_KEY


@pytest.mark.long
def test_a_scheduler_has_its_ledger_signed_while_it_serves_and_behind_its_stop(home: KeyedHome) -> None:
    """The last checkpoint covers `scheduler.stopped`."""
    with Served(home.home.root) as served:
        served.wait_for(v.CheckpointSigned)
        served.stop(signal.SIGTERM)
    stopped = home.entries(v.SchedulerStopped.TYPE)[-1]
    last = home.entries()[-1]
    assert (last.type, v.payload(last).size) == (v.CheckpointSigned.TYPE, stopped.seq + 1)
    assert home.check()[-1] == last.seq


def _has_ended(pid: int) -> bool:
    """Whether a process is gone, or waits for its end to be read by whoever it was left to: nobody may."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


@pytest.mark.long
def test_it_ends_with_the_scheduler_that_started_it(home: KeyedHome) -> None:
    """Killed as it may be, what it recorded is signed; a signal before that does not end the signer too early."""
    taken = SchedulerLock.take(home.home.scheduler_lock, Holder(os.getpid(), "test", BEGIN))
    script = f"{sys.executable} -m scheduler.evidence {home.home.root} & echo $!; wait"
    with subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        await_fact(lambda: len(home.entries(v.CheckpointSigned.TYPE)) == 1)
        os.kill(pid, signal.SIGTERM)
        home.record()
        parent.kill()
    await_fact(lambda: len(home.entries(v.CheckpointSigned.TYPE)) == 2)
    await_fact(lambda: _has_ended(pid))
    taken.release()
    assert home.check() == [2, 4]
