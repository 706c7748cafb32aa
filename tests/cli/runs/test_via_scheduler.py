from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from eventstore.journal import Journal
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.processes.recognition.identity import host_name
from scheduler.scheduler_lock import Holder, SchedulerLock, holder_of
from tests.support.command import await_fact, finished
from tests.support.home import LiveHome, job, sh
from tests.support.left_behind import homes

pytestmark = pytest.mark.real


def configured(root: Path) -> LiveHome:
    """A home with a few jobs; some of them wait for the file `gate` beside it."""
    home = LiveHome(root)
    wait = f"until [ -e {root.parent / 'gate'} ]; do sleep 0.05; done"
    home.configure(
        "jobs:\n"
        + job("hello", sh("echo out; echo err >&2"))
        + job("bad", sh("exit 3"))
        + job("gone", ["no-such-program-anywhere"])
        + job("gated", sh(f"echo begun; {wait}; echo over"))
        + job("queued", sh(wait), overlap="queue")
        + job("binary", sh("printf '\\342\\202'; head -c 3000000 /dev/urandom | tee $CRONLEDGER_HOME/copy"))
    )
    return home


class Shared:
    """A home that a scheduler serves for many tests, and what became of it since the present test began."""

    def __init__(self, home: LiveHome, gate: Path, scheduler: subprocess.Popen[str]) -> None:
        self.live, self.gate, self.scheduler = home, gate, scheduler
        self.run, self.ask, self.start = home.run, home.ask, home.start
        self.first = 0

    def begin(self) -> None:
        """What is recorded from now on belongs to the next test; no job that waits may go on."""
        self.gate.unlink(missing_ok=True)
        self.first = len(self.live.entries())

    def end(self) -> None:
        """Let what waits go on, and wait until nothing runs; the ledger is sound and the scheduler still serves."""
        self.gate.touch()
        await_fact(lambda: len(self.entries("run.finished")) == len(self.entries("run.started")))
        wanted = {entry.run for entry in self.entries("run.requested")}
        over = {entry.run for kind in ("run.finished", "run.skipped") for entry in self.entries(kind)}
        assert wanted == over
        assert self.scheduler.poll() is None
        homes.discard(self.live.root)  # its collector lives as long as its scheduler

    def entries(self, kind: str = "") -> list[Entry]:
        """The entries of this test whose type begins so."""
        return [entry for entry in self.live.entries(kind) if entry.seq >= self.first]

    def await_entry(self, kind: str, count: int = 1) -> Entry:
        """Wait until this test has so many entries of a type; the last of them."""
        await_fact(lambda: len(self.entries(kind)) >= count)
        return self.entries(kind)[count - 1]


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """Such a home, which nobody serves."""
    return configured(tmp_path / "home")


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Create this file to let the gated jobs of `home` end."""
    return tmp_path / "gate"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """Such a home with one scheduler for all tests that leave it as it is."""
    root = tmp_path_factory.mktemp("served") / "home"
    home = configured(root)
    with home.served() as scheduler:
        yield Shared(home, root.parent / "gate", scheduler)
        homes.add(root)
    home.check()


@pytest.fixture
def shared(served: Shared) -> Iterator[Shared]:
    """It, for one test."""
    served.begin()
    yield served
    served.end()


def test_the_scheduler_runs_it_and_the_output_is_followed(shared: Shared) -> None:
    """The request names the scheduler as executor; output, last line and exit code are as without one."""
    result = shared.run("jobs", "run", "hello", "--reason", "because")
    assert (result.code, result.out) == (0, "out\n")
    assert result.err.startswith("err\nrun ")
    requested = msgspec.json.decode(shared.entries("run.requested")[0].data)
    assert requested.pop("claims")["uid"] == os.getuid()
    assert requested == {"executor": "scheduler", "reason": "because"}
    assert shared.entries("run.started")[0].actor == "scheduler"
    bad = shared.run("jobs", "run", "bad", "gone", "hello")
    assert bad.code == 1
    assert "exit code 3" in bad.err
    assert "no-such-program-anywhere" in bad.err
    assert bad.out == "hello | out\n"
    shared.live.check()


def test_bytes_pass_unharmed(shared: Shared) -> None:
    """Three megabytes of anything, begun with half a character, arrive as they were written."""
    result = shared.run("jobs", "run", "binary")
    assert result.raw_out == b"\xe2\x82" + (shared.live.root / "copy").read_bytes()


def test_output_is_shown_while_the_run_goes_on(shared: Shared) -> None:
    """What a job prints is seen at once, not at its end."""
    process = shared.start("jobs", "run", "gated")
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    assert shared.entries("run.finished") == []
    shared.gate.touch()
    result = finished(process)
    assert (result.code, result.out) == (0, "over\n")


def test_no_wait_prints_the_number(shared: Shared) -> None:
    """The command returns once the request is durable; --json gives the number to programs."""
    result = shared.ask("jobs", "run", "gated", "--no-wait", "--json")
    assert result.code == 0
    (row,) = json.loads(result.out)
    assert row == {"run": shared.entries("run.requested")[0].seq, "job": "gated", "skipped": None}
    shared.gate.touch()
    shared.await_entry("run.finished")


def test_ctrl_c_stops_following_only(shared: Shared) -> None:
    """The run goes on; the message says so and how to stop it; exit code 130."""
    process = shared.start("jobs", "run", "gated")
    started = shared.await_entry("run.started")
    process.send_signal(signal.SIGINT)
    result = finished(process)
    assert result.code == 130
    assert f"run {started.run} of gated goes on" in result.err
    assert f"cronledger jobs cancel {started.run}" in result.err
    assert shared.entries("run.finished") == []
    shared.gate.touch()
    assert msgspec.json.decode(shared.await_entry("run.finished").data)["outcome"] == "succeeded"


def test_an_overlap_is_skipped_and_the_run_in_the_way_is_named(shared: Shared) -> None:
    """Exit code 1 and the number to wait for; the skip is in the ledger."""
    assert shared.ask("jobs", "run", "gated", "--no-wait").code == 0
    number = shared.await_entry("run.started").run
    result = shared.run("jobs", "run", "gated")
    assert result.code == 1
    assert f"run {number} was still going" in result.err
    shared.gate.touch()
    shared.await_entry("run.finished")


def test_a_queued_run_waits_its_turn_with_a_word(shared: Shared) -> None:
    """With `overlap: queue` the command says which run it waits for."""
    assert shared.ask("jobs", "run", "queued", "--no-wait").code == 0
    number = shared.await_entry("run.started").run
    process = shared.start("jobs", "run", "queued")
    assert process.stderr is not None
    assert f"waits for run {number} to end" in process.stderr.readline().decode()
    shared.gate.touch()
    assert finished(process).code == 0
    assert len(shared.entries("run.finished")) == 2


def test_a_run_that_waits_for_a_lock_is_told_who_holds_it(home: LiveHome, gate: Path) -> None:
    """Once, while it waits; the capacities are those of the config."""
    home.configure(
        "scheduler: {locks: {db: 2}}\njobs:\n"
        + job("etl", sh(f"until [ -e {gate} ]; do sleep 0.05; done"), locks="db", overlap="allow")
        + job("report", ["true"], locks="db")
    )
    with home.served():
        assert home.ask("jobs", "run", "etl", "--no-wait").code == 0
        assert home.ask("jobs", "run", "etl", "--no-wait").code == 0
        numbers = [home.await_entry("run.started", count).run for count in (1, 2)]
        process = home.start("jobs", "run", "report")
        assert process.stderr is not None
        told = process.stderr.readline().decode()
        assert f"of report waits for the lock db, held by run {numbers[0]} of etl, started " in told
        assert f", run {numbers[1]} of etl, started " in told
        gate.touch()
        assert finished(process).code == 0
    home.check()


def test_a_run_that_waits_for_its_turn_is_told_the_bound(home: LiveHome, gate: Path) -> None:
    """With `max_parallel` runs going, the next one waits, and the command says for what."""
    home.configure("scheduler: {max_parallel: 1}\n" + Home(home.root).config.read_text())
    with home.served():
        assert home.ask("jobs", "run", "gated", "--no-wait").code == 0
        home.await_entry("run.started")
        process = home.start("jobs", "run", "hello")
        assert process.stderr is not None
        told = process.stderr.readline().decode()
        assert "waits for its turn: 1 run is going, and max_parallel allows no more" in told
        gate.touch()
        assert finished(process).code == 0


def test_a_pause_of_the_scheduler_is_told(home: LiveHome) -> None:
    """On a full disk nothing starts: the command says so, and what to do; Ctrl-C leaves the request."""
    with home.served():
        pass
    started = v.SchedulerStarted(pid=os.getpid(), host=host_name(), boot_id="b", versions={})
    paused = v.SchedulerPaused(reason="No space left on device")
    with Journal.open(home.ledger, software="test") as journal:
        journal.append([v.event(started, v.SCHEDULER), v.event(paused, v.SCHEDULER)])
    scheduler_lock = Home(home.root).scheduler_lock
    lock = SchedulerLock.take(scheduler_lock, Holder(os.getpid(), host_name(), datetime.now(UTC)))
    try:
        process = home.start("jobs", "run", "hello")
        assert process.stderr is not None
        told = process.stderr.readline().decode()
        assert "the scheduler is paused since" in told
        assert "nothing new is started: No space left on device" in told
        assert "make room" in told
        assert "max_parallel" not in told
        process.send_signal(signal.SIGINT)
        result = finished(process)
        assert (result.code, "is still wanted" in result.err) == (130, True)
        status = home.ask("status")
        assert "No space left on device" in status.out
        assert "make room" in status.out
    finally:
        lock.release()


def test_cancel_goes_through_the_scheduler(shared: Shared) -> None:
    """The scheduler stops the run, whoever follows it sees it end, and the command that followed fails."""
    process = shared.start("jobs", "run", "gated")
    shared.await_entry("run.started")
    assert shared.ask("jobs", "cancel", "gated").code == 0
    result = finished(process)
    assert result.code == 1
    assert "was cancelled" in result.err


def test_a_job_that_was_added_just_now_can_be_run(shared: Shared) -> None:
    """A config that the scheduler has not read yet is waited for: its new job runs, environment included."""
    config = Home(shared.live.root).config.read_text()
    shared.live.configure(config + job("fresh", sh("echo $WORD")) + "    env: {WORD: fine}\n")
    result = shared.run("jobs", "run", "fresh")
    assert (result.code, result.out) == (0, "fine\n")


def test_a_scheduler_that_dies_is_noticed_at_once(home: LiveHome, gate: Path) -> None:
    """The command says that nobody serves the home any more, what becomes of the run, and fails."""
    with home.served() as scheduler:
        process = home.start("jobs", "run", "gated")
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        killed_s = time.monotonic()
        scheduler.kill()
        scheduler.wait()
        result = finished(process)
        assert time.monotonic() - killed_s < 30
    assert result.code == 1
    assert "the scheduler is gone" in result.err
    number = home.entries("run.started")[0].run
    assert f"run {number} may still be going" in result.err
    gate.touch()
    with home.served():
        home.await_entry("run.finished")
    home.check()


def test_following_costs_nothing_while_nothing_happens(shared: Shared) -> None:
    """A command that follows a silent run sleeps: it is woken by the kernel, not by looking."""
    process = shared.start("jobs", "run", "gated")
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    before = _switches(process.pid)
    poll = select.poll()
    poll.register(process.stdout, select.POLLIN)
    assert poll.poll(2_000) == []
    assert _switches(process.pid) - before <= 10
    shared.gate.touch()
    assert finished(process).code == 0


def test_requested_runs_start_quickly(shared: Shared) -> None:
    """From the request to the durable start of the run it takes milliseconds, not a polling interval."""
    for number in range(1, 6):
        assert shared.ask("jobs", "run", "hello", "--no-wait").code == 0
        shared.await_entry("run.finished", number)
    requests, starts = shared.entries("run.requested"), shared.entries("run.started")
    delays = [start.time - asked.time for asked, start in zip(requests, starts, strict=True)]
    assert min(delays).total_seconds() < 0.05


def test_cancelling_without_a_watcher_is_said(home: LiveHome, gate: Path) -> None:
    """A run whose scheduler was killed can be cancelled: it is recorded, and the command says who will do it."""
    with home.served() as scheduler:
        assert home.ask("jobs", "run", "gated", "--no-wait").code == 0
        number = home.await_entry("run.started").run
        scheduler.kill()
        scheduler.wait()
    # The programs beside it hold its lock until they have noticed.
    await_fact(lambda: holder_of(Home(home.root).scheduler_lock) is None)
    result = home.ask("jobs", "cancel", "gated")
    assert result.code == 0
    assert "it is stopped by the next `cronledger serve`" in result.err
    assert home.entries("run.cancel_requested")[0].run == number
    assert home.ask("jobs", "cancel", str(number)).out == f"run {number} was asked to stop before\n"
    assert len(home.entries("run.cancel_requested")) == 1
    gate.touch()
    with home.served():
        home.await_entry("run.finished")
    home.check()


def _switches(pid: int) -> int:
    """How often the process gave the processor away because it waited."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches"):
            return int(line.split()[1])
    raise AssertionError("the kernel counts them")


def test_several_followers_see_the_same_run_end(shared: Shared) -> None:
    """Two commands that wait for runs of different jobs do not disturb each other."""
    first = shared.start("jobs", "run", "gated")
    shared.await_entry("run.started")
    second = shared.start("jobs", "run", "queued")
    shared.await_entry("run.started", 2)
    shared.gate.touch()
    assert finished(first).code == 0
    assert finished(second).code == 0
    await_fact(lambda: len(shared.entries("run.finished")) == 2)
    assert os.path.exists(shared.gate)


def test_the_attempts_that_the_scheduler_makes_are_followed(home: LiveHome) -> None:
    """The output of each is shown, how it ended, and when the next one follows; each is kept for itself."""
    script = sh("echo attempt $CRONLEDGER_ATTEMPT; test $CRONLEDGER_ATTEMPT = 2")
    home.configure("jobs:\n" + job("flaky", script, retry="{attempts: 3, delay: 1s}"))
    with home.served():
        result = home.run("jobs", "run", "flaky")
    assert (result.code, result.out) == (0, "attempt 1\nattempt 2\n")
    assert "; attempt 2 follows at " in result.err
    number = str(home.entries("run.requested")[0].seq)
    assert home.run("logs", "show", number).out == "attempt 2\n"
    assert home.run("logs", "show", number, "--attempt", "1").out == "attempt 1\n"
    home.check()
