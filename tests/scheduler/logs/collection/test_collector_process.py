from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from scheduler.logs import CollectorRunning, LogEntry, LogFilter, entries_folder
from scheduler.logs.storage.entry import encode_lines
from scheduler.scheduler_lock import Holder, SchedulerLock, holder_of
from tests.support.command import DEADLINE_S, await_fact
from tests.support.output import START, HandWritten

pytestmark = pytest.mark.real


Start = Callable[[], subprocess.Popen[bytes]]
AS_ANY_OTHER = (
    "import os, runpy; os.sched_setscheduler = lambda *_: None; "
    "runpy.run_module('scheduler.logs', run_name='__main__', alter_sys=True)"
)
"""The collector yields to every other process; on a busy machine nobody could wait for it."""


@pytest.fixture
def start(home: HandWritten) -> Iterator[Start]:
    """Starts the collector as a process of its own; what still runs after the test is killed."""
    with contextlib.ExitStack() as started:

        def start() -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-I", "-c", AS_ANY_OTHER, str(home.home.root)], stderr=subprocess.PIPE
            )
            started.callback(kill, process)
            return process

        yield start


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill it with -9, unless it has ended."""
    if process.returncode is None:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for its end; the exit code."""
    _, said = process.communicate(timeout=DEADLINE_S)
    assert b"Traceback" not in said, said.decode()
    return process.returncode


def serve(home: HandWritten) -> SchedulerLock:
    """Hold the lock as a scheduler does."""
    return SchedulerLock.take(home.home.scheduler_lock, Holder(os.getpid(), "web1", START))


def test_a_killed_collector_goes_on_without_loss_or_doubles(
    home: HandWritten, start: Start, seeds: range
) -> None:
    """Killed again and again while runs print: in the end each line is one entry."""
    home.now = START
    lock = serve(home)
    for seed in seeds:
        chance = random.Random(seed)
        run, raw = home.begin(f"job-{seed}"), b""
        process = start()
        for number in range(6):
            lines = b"".join(
                b"line %d.%d of %d\n" % (number, inner, seed) for inner in range(chance.randrange(3_000))
            )
            home.put(run, lines + b"half")
            time.sleep(chance.random() * 0.1)  # the instant of the kill is left to chance on purpose
            if chance.random() < 0.7:
                kill(process)
                process = start()
            home.put(run, b" a line\n")
            raw += lines + b"half a line\n"
        home.end(run)
        kill(process)
        home.collect()
        assert home.printed(run) == raw.decode().splitlines()
    lock.release()
    seqs = Counter(
        entry.fields["seq"] for entry in home.entries() if entry.stream == "scheduler" and entry.fields
    )
    assert seqs == Counter(range(home.journal.head().seq + 1))


def test_killed_while_it_compresses_a_day_it_loses_and_doubles_nothing(
    home: HandWritten, start: Start, hunt: bool
) -> None:
    """Killed again and again while an old day is compressed: whoever reads meanwhile finds each entry once."""
    home.begin()
    count = 150_000 if hunt else 30_000
    folder = entries_folder(home.home)
    folder.mkdir(parents=True)
    day = folder / "2001-09-09.jsonl"
    lines = [
        LogEntry(time=f"2001-09-09T01:46:40.{number:06}Z", level="info", stream="stdout", message=f"{number}")
        for number in range(count)
    ]
    day.write_bytes(encode_lines(lines))
    packed = day.with_name(f"{day.name}.gz")
    until = LogFilter(until=datetime(2002, 1, 1, tzinfo=UTC))
    chance = random.Random(3)
    for _ in range(6):
        process = start()
        await_fact(lambda: packed.exists() or packed.with_name(f"{packed.name}.new").exists())
        time.sleep(chance.uniform(0, count / 375_000))  # the instant of the kill is what is tried
        kill(process)
        assert home.entries(until) == lines
    process = start()
    await_fact(lambda: packed.exists() and not day.exists())
    kill(process)
    assert home.entries(until) == lines
    assert sorted(path.name for path in folder.glob("2001*")) == [packed.name]


def test_it_collects_what_is_written_at_once(home: HandWritten, start: Start) -> None:
    """A line is an entry within a moment, while the run goes on; a signal to stop ends it in order."""
    lock = serve(home)
    run = home.begin()
    process = start()
    await_fact(lambda: any(entry.run == run for entry in home.entries()))
    waits_s = []
    for number in range(10):
        began_s = time.monotonic()
        home.put(run, b"line %d\n" % number)
        await_fact(lambda: len(home.printed(run)) == number + 1)  # noqa: B023 - called at once
        waits_s.append(time.monotonic() - began_s)
    assert (
        min(waits_s) < 5
    )  # one that looked now and then would never be as quick; a busy machine is at times
    home.put(run, b"the last\n")
    process.send_signal(signal.SIGTERM)
    assert ended(process) == 0
    assert home.printed(run)[-1] == "the last"
    lock.release()


def test_it_stays_while_there_is_something_to_collect(home: HandWritten, start: Start) -> None:
    """Without a scheduler it stays until the last run has ended, then leaves by itself."""
    run = home.begin()
    process = start()
    await_fact(lambda: any(entry.run == run for entry in home.entries()))
    with pytest.raises(CollectorRunning):
        home.collector()
    home.put(run, b"to the end\n")
    home.end(run)
    assert ended(process) == 0
    assert home.printed(run) == ["to the end"]


def test_whether_a_scheduler_serves_is_told_without_taking_the_lease(home: HandWritten) -> None:
    """While one serves it is seen; where the last one died nothing is locked, not even for an instant."""
    assert holder_of(home.home.scheduler_lock) is None
    lock = serve(home)
    assert holder_of(home.home.scheduler_lock) is not None
    lock.release()
    assert holder_of(home.home.scheduler_lock) is None
    gone = subprocess.Popen(["true"])
    gone.wait()
    SchedulerLock.take(home.home.scheduler_lock, Holder(gone.pid, "web1", START)).release()
    assert holder_of(home.home.scheduler_lock) is None


def test_a_second_one_leaves_at_once(home: HandWritten, start: Start) -> None:
    """Exit code 75: another collector is at work."""
    home.begin()
    collector = home.collector()
    assert ended(start()) == 75
    collector.close()
