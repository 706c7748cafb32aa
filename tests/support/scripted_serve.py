"""A scripted life of `cronledger serve`: the real command on real files and processes, its time driven by hand.

It lives in a process forked from the test's, so that whatever becomes of it stays there: its descriptors, threads,
limits and signals. Where it would wait, its clocks are moved, and at certain waits somebody does something: asks for
a run, lets a job run, cancels, edits the config, and in the end tells the scheduler to stop.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, NoReturn
from unittest import mock

from cli.background.program import BackgroundProgram
from cli.main import main
from eventstore.store import OWN_SEQ, Event
from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.home import Home
from scheduler.ledger import snapshot
from scheduler.ledger.open import open_ledger
from scheduler.processes import starter
from scheduler.rules.state import State
from scheduler.service import serving
from scheduler.system_clock import SystemClock
from scheduler.waiting import Waiter
from tests.support.command import environment
from tests.support.home import write_config
from tests.support.left_behind import homes

CONFIG = """\
scheduler: {max_parallel: 4, shutdown_grace: 1s}
jobs:
  tick: {every: 1s, command: "echo $CRONLEDGER_RUN >> $CRONLEDGER_HOME/done"}
  pump: {every: 2s, enabled: false, overlap: queue, command: "echo $CRONLEDGER_RUN >> $CRONLEDGER_HOME/done"}
  slow: {every: 4s, timeout: 1s, kill_after: 1s, overlap: skip, command: [sleep, "1000"]}
"""
EDITED = CONFIG + "  more: {every: 1s, command: exit 3}\n"
STOP_AT = 26
"""At this wait the scheduler is told to stop."""
WAITS_MAX = 1_500
"""A life that waits more often than this does not end."""
REAL_WAIT_S = 0.004
"""So long it waits for what really happens before its clocks are moved."""
STEP_S = 0.25
"""They are moved so far at most."""
SNAPSHOT_EVERY = 6
"""A snapshot is made after so many entries."""
DEADLINE_S = 300
"""A life that takes longer is killed."""
BROKEN = 70
"""The exit code of one that no documented code ended."""

Deed = Callable[["Life"], None]


class Told(NamedTuple):
    """What a life came to.

    Attributes:
        code: how it left; said: what it printed.
        acknowledged: the hashes of the entries that others were told of as recorded.
        asked_to_stop: whether it was.
        ahead_s: how far its clocks had been moved by then.
        kept: what `Life.kept` answered.
    """

    code: int
    said: str
    acknowledged: list[str]
    asked_to_stop: bool
    ahead_s: float
    kept: Any


class HandClock:
    """The machine's clocks, moved ahead together by `ahead_s`."""

    def __init__(self, ahead_s: float) -> None:
        self.ahead_s = ahead_s

    def read(self) -> Reading:
        """The readings now."""
        real = SystemClock().read()
        return Reading(
            real.wall + timedelta(seconds=self.ahead_s),
            real.monotonic_s + self.ahead_s,
            real.boottime_s + self.ahead_s,
        )


class Life:
    """One life of a scheduler, in the process that lives it.

    Args:
        root: of its home.
        clock: its clocks.
        deeds: what happens at which wait, besides what always does.
    """

    def __init__(
        self,
        root: Path,
        clock: HandClock,
        deeds: dict[int, Deed] | None = None,
    ) -> None:
        self.root, self.clock = root, clock
        self.acknowledged: list[str] = []
        self.asked_to_stop = False
        self._waits = 0
        self._deeds: dict[int, Deed] = {3: _ask, 6: _enable, 9: _edit, 14: _cancel, 18: _ask, STOP_AT: _stop}
        self._special = deeds or {}

    def around(self) -> AbstractContextManager[object]:
        """What is in force while it lives."""
        return contextlib.nullcontext()

    def apart(self) -> AbstractContextManager[object]:
        """Entered while somebody else does something: what is in force does not concern them."""
        return contextlib.nullcontext()

    def kept(self) -> Any:
        """What the test wants to know afterwards."""
        return None

    def live(self) -> None:
        """Serve until told to stop; leaves the process as the command does."""
        sys.argv = ["cronledger", "--home", str(self.root), "serve"]
        life = self

        class ScriptedWaiter(Waiter):
            def wait(self, timeout_s: float) -> list[int]:
                return life.wait(super().wait, timeout_s)

        with ExitStack() as patches:
            for place, name, value in (
                (serving, "SystemClock", lambda: self.clock),
                (serving, "Waiter", ScriptedWaiter),
                (serving, "CONFIG_LOOK_S", 0.0),
                (serving, "TICK_S", 0.0),
                (serving, "REPORT_WITHIN_S", 0.0),
                (serving, "GIVE_UP_S", 5.0),
                (starter, "time", SimpleNamespace(monotonic=lambda: self.clock.read().monotonic_s)),
                (snapshot, "EVERY_ENTRIES", SNAPSHOT_EVERY),
                (BackgroundProgram, "start", _start_nothing),
            ):
                patches.enter_context(mock.patch.object(place, name, value))
            patches.enter_context(self.around())
            main()

    def wait(self, wait: Callable[[float], list[int]], timeout_s: float) -> list[int]:
        """Do what is to be done now, then wait a moment in place of `timeout_s`."""
        self._waits += 1
        if self._waits > WAITS_MAX:
            os.write(2, b"Traceback: it never ends\n")
            os._exit(BROKEN)
        for deed in (self._special.get(self._waits), self._deeds.get(self._waits)):
            if deed is not None:
                with self.apart():
                    deed(self)
        signals = wait(min(timeout_s, REAL_WAIT_S))
        if not signals:
            self.clock.ahead_s += min(timeout_s, STEP_S)
        return signals

    def say(self, decide: Callable[[State], Sequence[Event]]) -> None:
        """A person has something recorded, and is told that it is."""
        ledger = open_ledger(Home(self.root), v.SCHEDULER, clock=self.clock)
        try:
            self.acknowledged += [entry.hash for entry in ledger.decide(decide)]
        finally:
            ledger.store.close()


def _start_nothing(_: BackgroundProgram) -> subprocess.Popen[bytes]:
    """What runs beside a scheduler has tests of its own, and would cost more than the whole life."""
    return subprocess.Popen(["/bin/true"])


def lived(life: Life, before: Callable[[], None] = lambda: None) -> Told:
    """Have it lived in a child process, to its end.

    Args:
        life: the life.
        before: done first, in that process: what it sets there concerns nobody else.
    """
    homes.add(life.root)
    said_fd, say_fd = os.pipe()
    with tempfile.TemporaryFile() as report, warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # Python 3.12 and later warn of a fork beside threads: these only wait
        pid = os.fork()
        if pid == 0:
            _live_here(life, before, say_fd, report.fileno())
        os.close(say_fd)
        with os.fdopen(said_fd) as pipe:
            said = pipe.read()
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        report.seek(0)
        raw = report.read()
    assert raw, (code, said)
    return Told(code, said, *pickle.loads(raw))


def _live_here(life: Life, before: Callable[[], None], say_fd: int, report_fd: int) -> NoReturn:
    """The child's part."""
    code, variables = BROKEN, environment()
    try:
        signal.alarm(DEADLINE_S)
        for number in (1, 2):
            os.dup2(say_fd, number)
        os.close(say_fd)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        sys.unraisablehook, threading.excepthook = sys.__unraisablehook__, threading.__excepthook__
        os.environ.clear()
        os.environ.update(variables)
        before()
        life.live()
    except SystemExit as left:
        code = int(left.code or 0)
    except BaseException:  # noqa: BLE001 - as the interpreter would
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        kept = life.kept()
        os.write(report_fd, pickle.dumps((life.acknowledged, life.asked_to_stop, life.clock.ahead_s, kept)))
        os._exit(code)


def _ask(life: Life) -> None:
    requested = v.RunRequested(executor="scheduler")
    life.say(lambda state: [v.event(requested, "user:ann@here", job="pump", run=OWN_SEQ)])


def _enable(life: Life) -> None:
    life.say(lambda state: [v.event(v.JobEnabled(), "user:ann@here", job="pump")])


def _cancel(life: Life) -> None:
    cancel = v.RunCancelRequested()
    life.say(
        lambda state: [
            v.event(cancel, "user:ann@here", job=run.job, run=run.number)
            for run in state.runs.values()
            if run.job == "slow" and run.cancel_seq is None
        ][:1]
    )


def _edit(life: Life) -> None:
    write_config(life.root, EDITED)


def _stop(life: Life) -> None:
    life.asked_to_stop = True
    os.kill(os.getpid(), signal.SIGTERM)
