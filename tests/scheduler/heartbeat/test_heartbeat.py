"""The dead man's switch: what is touched and pinged while the scheduler is healthy, and not when it is ill."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from scheduler.definition import Heartbeat
from scheduler.heartbeat.beat import BEAT_S, FRESH_S, Beat, file_of, touched_ns
from scheduler.heartbeat.last_ping import read_last_ping
from scheduler.heartbeat.pinger import Freshness, Pinger
from scheduler.home import Home
from tests.support.command import DEADLINE_S, call
from tests.support.receiver import Receiver, Reply
from tests.support.served import Served


def home_with(root: Path, heartbeat: str) -> Home:
    """A home whose config has this heartbeat and no job."""
    home = Home(root)
    home.config.parent.mkdir(parents=True)
    home.var.mkdir(mode=0o700)
    write(home, heartbeat)
    return home


def write(home: Home, heartbeat: str) -> None:
    """The config is edited."""
    home.config.write_text(f"scheduler: {{heartbeat: {heartbeat}}}\njobs: {{}}\n")
    home.config.chmod(0o600)


def touch(home: Home, at: int) -> None:
    """The scheduler touches the file; `at` tells one touch from another."""
    home.heartbeat.touch(0o600)
    os.utime(home.heartbeat, (at, at))


def test_the_file_is_touched_at_least_every_ten_seconds_and_hardly_more_often(tmp_path: Path) -> None:
    """It is for its owner alone, holds nothing of ours, and comes back if somebody removes it."""
    home = Home(tmp_path)
    beat = Beat(home)
    beat.use(Heartbeat(file="alive"))
    file = tmp_path / "alive"
    touched = []
    for now_s in range(100, 125):
        if file.exists():
            os.utime(file, (1, 1))
        beat.turn(now_s)
        if touched_ns(file) != 1_000_000_000:
            touched.append(now_s)
    assert touched == [100, 109, 118]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.unlink()
    beat.turn(131)
    assert file.read_bytes() == b""
    beat.use(None)
    os.utime(file, (1, 1))
    beat.turn(200)
    assert touched_ns(file) == 1_000_000_000


def test_what_is_due_between_two_turns_comes_with_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop turns about once a second: that makes nothing later than it is said to be."""
    now_s, touched = 0.0, list[float]()
    beat = Beat(Home(tmp_path))
    beat.use(Heartbeat(file="alive"))
    monkeypatch.setattr(os, "utime", lambda descriptor: touched.append(now_s))
    for turn in range(60):
        now_s = 100 + turn * 1.01
        beat.turn(now_s)
    assert max(after - before for before, after in pairwise(touched)) <= BEAT_S


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "no folder"])
def test_what_is_no_file_is_not_touched_and_holds_up_nothing(tmp_path: Path, kind: str) -> None:
    """Anybody may have put something else there."""
    file, target = tmp_path / "alive", tmp_path / "target"
    target.touch()
    os.utime(target, (1, 1))
    if kind == "link":
        file.symlink_to(target)
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    beat = Beat(Home(tmp_path))
    beat.use(Heartbeat(file="none/alive" if kind == "no folder" else "alive"))
    beat.turn(100)
    assert target.stat().st_mtime == 1
    assert touched_ns(file) is None


def test_a_file_is_fresh_while_touches_are_seen() -> None:
    """By the clock of who looks: the times in the file are only compared with one another."""
    freshness = Freshness()
    assert not freshness.look(5, 100), "that may be of another life"
    assert freshness.look(9, 101)
    assert freshness.look(9, 101 + FRESH_S)
    assert not freshness.look(9, 102 + FRESH_S)
    assert freshness.look(3, 200), "the clock was set back, and it is touched"
    assert not freshness.look(None, 201)
    assert not freshness.look(3, 202)
    assert freshness.look(4, 203)


def test_pings_come_while_the_file_is_touched_and_stop_with_it(tmp_path: Path) -> None:
    """Each interval one; none once it is not touched any more; again when it is."""
    with Receiver(lambda request: Reply()) as receiver:
        home = home_with(tmp_path, f'{{url: "{receiver.url}/beat", interval: 20s}}')
        pinger = Pinger(home)
        pinged = []
        for now_s in range(1_000, 1_200, 5):
            if now_s < 1_060 or now_s >= 1_150:
                touch(home, now_s)
            before = len(receiver.received)
            assert pinger.turn(now_s)
            pinged += [now_s] * (len(receiver.received) - before)
        assert pinged == [1_005, 1_025, 1_045, 1_065, 1_085, 1_150, 1_170, 1_190]
        assert {request.path for request in receiver.received} == {"/beat"}


def test_a_ping_that_did_not_arrive_is_tried_again_soon_and_told(tmp_path: Path) -> None:
    """An error, a redirect, which is not followed, nobody there: why is kept, without the address."""
    replies = [
        Reply(500),
        Reply(302, headers=(("Location", "http://127.0.0.1:1/"),)),
        Reply(raw=b"junk\n"),
        Reply(),
    ]
    told = []
    with Receiver(lambda request: replies.pop(0)) as receiver:
        home = home_with(tmp_path, f'{{url: "{receiver.url}/secret", interval: 1h}}')
        pinger = Pinger(home)
        for now_s in range(1_000, 1_060, 10):
            touch(home, now_s)
            pinger.turn(now_s)
            if (ping := read_last_ping(home)) is not None:
                told.append(ping.error)
        assert len(receiver.received) == 4
    assert told[0].startswith("it answered 500")
    assert told[1] == "it answered 302: it is elsewhere, and no redirect is followed"
    assert told[2]
    assert told[3:] == ["", ""]
    assert "secret" not in " ".join(told)
    shown = call("status", home=tmp_path).out
    assert "heartbeat:" in shown
    assert "pinged " in shown


def test_an_edit_is_taken_up_and_a_config_that_cannot_be_used_changes_nothing(tmp_path: Path) -> None:
    """Without an address the pinger has nothing to do."""
    with Receiver(lambda request: Reply()) as receiver:
        home = home_with(tmp_path, f'{{url: "{receiver.url}/one", interval: 10s}}')
        pinger = Pinger(home)

        def beats(begin: int) -> list[str]:
            before = len(receiver.received)
            for now_s in (begin, begin + 10, begin + 20):
                touch(home, now_s)
                assert pinger.turn(now_s)
            return [request.path for request in receiver.received[before:]]

        assert beats(100) == ["/one", "/one"]
        write(home, "{nonsense: 1}")
        assert beats(130) == ["/one", "/one", "/one"]
        write(home, f'{{url: "{receiver.url}/two"}}')
        assert beats(160) == ["/one", "/two"]
        write(home, "{file: alive}")
        assert pinger.turn(200)
        assert not pinger.turn(210)


@pytest.mark.parametrize("half", ["", "jobs: {}", "jobs: {}\n"])
def test_a_config_that_is_being_written_ends_no_pings(tmp_path: Path, half: str) -> None:
    """An editor writes in several steps: what stands there for a moment is not what anybody wants."""
    with Receiver(lambda request: Reply()) as receiver:
        home = home_with(tmp_path, f'{{url: "{receiver.url}/beat", interval: 10s}}')
        pinger, whole = Pinger(home), home.config.read_text()
        touch(home, 0)
        assert pinger.turn(0)
        home.config.write_text(half)
        touch(home, 10)
        assert pinger.turn(10)
        if not half.endswith("\n"):
            assert pinger.turn(11)
            touch(home, 20)
            assert pinger.turn(20)
        home.config.write_text(whole)
        for now_s in (30, 40):
            touch(home, now_s)
            assert pinger.turn(now_s)
        assert receiver.received


def test_what_is_kept_of_the_last_ping_is_data_that_anybody_may_have_written(tmp_path: Path) -> None:
    """Junk is as if there were nothing."""
    home = home_with(tmp_path, "none")
    for junk in (
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"time": "2026-01-01T00:00:00"}',
        b'{"time": 3}',
        b"[" * 999,
        b'{"time": "2026-01-01T00:00:00Z", "more": ' + b"[" * 3_000,
        b"x" * 9_000,
    ):
        home.last_ping.write_bytes(junk)
        assert read_last_ping(home) is None
    home.last_ping.unlink()
    home.last_ping.symlink_to("/dev/zero")
    assert read_last_ping(home) is None


def test_the_process_pings_until_who_started_it_is_gone(tmp_path: Path) -> None:
    """It is a program of its own."""
    with Receiver(lambda request: Reply()) as receiver:
        home = home_with(tmp_path, f'{{url: "{receiver.url}/beat"}}')
        arguments = [sys.executable, "-m", "scheduler.heartbeat", str(tmp_path)]
        starter = (
            "import subprocess, sys; p = subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); input()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", starter, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as parent:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            pidfd = os.pidfd_open(pid)
            give_up_s, beats = time.monotonic() + DEADLINE_S, 0
            while not receiver.received and time.monotonic() < give_up_s:
                beats += 1
                touch(home, beats)
                time.sleep(0.1)
            assert receiver.received
        import select

        assert select.select([pidfd], [], [], DEADLINE_S)[0], "it goes on without who started it"
        os.close(pidfd)


def test_a_scheduler_that_serves_touches_the_file_it_is_told_to(tmp_path: Path) -> None:
    """From its start on, and an edit moves it."""
    home = home_with(tmp_path, "{file: alive}")
    with Served(tmp_path) as served:
        give_up_s = time.monotonic() + DEADLINE_S
        while touched_ns(tmp_path / "alive") is None and time.monotonic() < give_up_s:
            time.sleep(0.02)
        assert touched_ns(tmp_path / "alive") is not None
        assert not home.heartbeat.exists()
        assert "alive, touched" in call("status", home=tmp_path).out
        served.stop()
    assert file_of(home, None) == home.heartbeat
