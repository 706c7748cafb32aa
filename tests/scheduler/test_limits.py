"""Limits of the machine: what is refused for a moment pauses and is tried again; what is recorded stays recorded."""

from __future__ import annotations

import errno
import os
import resource
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.app.error_boundary import failures_for_people
from cli.terminal.line_printer import LinePrinter
from eventstore.durable import Disk
from eventstore.errors import Unavailable
from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.ledger import ledger as ledger_module
from scheduler.service.launcher import Launcher
from tests.support.command import call
from tests.support.home import make_home
from tests.support.ledger_check import check_ledger
from tests.support.limits import descriptors_left, lift, lower
from tests.support.world import Process, World, job

TOO_MANY = OSError(errno.EMFILE, os.strerror(errno.EMFILE))
MOON = Event(type="moon.rose", actor="user:x@y", data={})


class Short(Disk):
    """A disk on which nothing can be opened while `short`."""

    short = False

    def open(self, path: Path, flags: int) -> int:
        """As ever, or EMFILE."""
        if self.short:
            raise TOO_MANY
        return super().open(path, flags)


def test_no_descriptor_for_a_new_segment_is_no_failed_flush(tmp_path: Path) -> None:
    """It is refused, nothing is written, and the next append works."""
    disk = Short()
    with Journal.open(tmp_path, software="test", segment_entries=4, disk=disk) as journal:
        journal.append([MOON] * 3)
        disk.short = True
        with pytest.raises(Unavailable):
            journal.append([MOON])
        with pytest.raises(Unavailable):
            journal.append([MOON])
        disk.short = False
        journal.append([MOON])
        assert journal.head().seq == 4
    with LedgerReader.open(tmp_path) as journal:
        assert [entry.seq for entry in journal.read(0)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("left", range(5))
def test_a_commit_into_many_segments_is_taken_back_without_a_descriptor(tmp_path: Path, left: int) -> None:
    """What was begun is removed, whatever was open by then, and the next append works."""
    with Journal.open(tmp_path, software="test", segment_entries=2) as journal:
        journal.append([MOON] * 2)
        lower(resource.RLIMIT_NOFILE, descriptors_left(left))
        try:
            with pytest.raises(Unavailable):
                journal.append([MOON] * 12)
        finally:
            lift(resource.RLIMIT_NOFILE)
        journal.append([MOON] * 3)
        assert journal.head().seq == 5
    check_ledger(tmp_path)


def test_a_system_that_does_not_answer_has_moved_no_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the folder is in its place is asked again; it is not said that it was moved away."""

    def stat(*_: object, **__: object) -> os.stat_result:
        raise TOO_MANY

    with Journal.open(tmp_path, software="test") as journal:
        with monkeypatch.context() as patched:
            patched.setattr("eventstore.lock.os.stat", stat)
            with pytest.raises(OSError, match=os.strerror(errno.EMFILE)):
                journal.tick()
        journal.tick()


def test_a_close_that_fails_after_the_commit_is_no_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entries are there, and that is what is said."""
    real = os.close

    def close(fd: int) -> None:
        real(fd)
        raise OSError(errno.EIO, "no")

    with Journal.open(tmp_path, software="test", segment_entries=4) as journal:
        journal.append([MOON] * 2)
        with monkeypatch.context() as patched:
            patched.setattr("eventstore.commit.os.close", close)
            assert len(journal.append([MOON] * 9)) == 9
        assert journal.head().seq == 11


def test_what_the_fold_needs_is_loaded_before_anything_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disabling that could not be folded is refused, and is not in the ledger."""
    world = World(job("nightly"))
    world.start()

    def fails(definition: object) -> Any:
        raise TOO_MANY

    with monkeypatch.context() as patched:
        patched.setattr(ledger_module, "schedule_of", fails)
        with pytest.raises(Unavailable):
            world.person(v.JobDisabled(), "nightly")
    assert world.entries(v.JobDisabled) == []
    world.person(v.JobDisabled(), "nightly")


def test_a_launch_that_cannot_be_prepared_is_a_failed_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has been recorded as started: how it ended is recorded too, and the scheduler goes on."""
    world = World(job("minutely", "* * * * *"))
    world.start()
    assert world.scheduler is not None

    def fails(*_: object) -> Any:
        raise TOO_MANY

    with monkeypatch.context() as patched:
        patched.setattr(Launcher, "attempt", fails)
        world.run(65)
    world.run(60)
    assert world.told("minutely")[1:] == [
        "schedule 01 00:01", "started", "failed", "schedule 01 00:02", "started", "succeeded",
    ]  # fmt: skip


def test_a_run_of_mine_that_nothing_watches_is_settled_within_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its start failed half-way: it is not left running for ever while the scheduler lives."""
    world = World(job("minutely", "* * * * *"))
    world.start()
    assert world.scheduler is not None

    def fails(*_: object) -> Any:
        raise TOO_MANY

    with monkeypatch.context() as patched:
        patched.setattr(world.scheduler._supervisor, "start", fails)  # noqa: SLF001 - the system refuses within
        world.run(61)
    for _ in range(3):
        world.clock.pass_(1)
        world.turn()
    assert world.told("minutely")[1:] == ["schedule 01 00:01", "started", "lost"]


def test_a_call_that_the_system_refuses_pauses_the_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on when the call works again, and nothing is lost."""
    world = World(job("minutely", "* * * * *"))
    world.machine.behaviour = lambda launch: Process(0.0, 0)
    world.start()
    assert world.scheduler is not None

    def fails() -> Any:
        raise TOO_MANY

    with monkeypatch.context() as patched:
        patched.setattr(world.scheduler._ledger, "refresh", fails)  # noqa: SLF001 - the system refuses within
        world.turn()
    assert world.entries(v.SchedulerPaused)
    world.run(130)
    assert world.entries(v.SchedulerResumed)
    assert "succeeded" in world.told("minutely")


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with RLIMIT_NPROC reached."""

    def refuses(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuses)


@pytest.mark.usefixtures("no_threads")
def test_commands_need_no_threads(tmp_path: Path) -> None:
    """A job is disabled where no thread can be started."""
    home = make_home(tmp_path)
    assert call("jobs", "disable", "ticker", home=home.root).code == 0


@pytest.mark.usefixtures("no_threads")
def test_lines_are_printed_without_a_thread(capfd: pytest.CaptureFixture[str]) -> None:
    """At once, where they come from."""
    printer = LinePrinter()
    printer.put("one")
    printer.put(lambda: "two")
    printer.close()
    assert capfd.readouterr().out == "one\ntwo\n"


def test_a_clock_that_no_calendar_has_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What overflows in the year 9986 is told for what it is; any other overflow is not hidden."""
    year = {"tm_year": 9986}
    monkeypatch.setattr("cli.app.error_boundary.time.gmtime", lambda: SimpleNamespace(**year))
    with pytest.raises(SystemExit), failures_for_people():
        raise OverflowError
    assert "the year 9986" in capsys.readouterr().err
    year["tm_year"] = 2026
    with pytest.raises(OverflowError), failures_for_people():
        raise OverflowError
