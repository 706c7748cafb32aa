"""Real kills: the scheduler is killed with -9 at random instants under load, again and again."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from tests.support.audit import audit
from tests.support.command import DEADLINE_S, start
from tests.support.home import entries_of, write_config
from tests.support.ledger_check import check_ledger

JOBS = 12
LONG = 4
"""This job runs for two seconds: the next scheduler finds it at work."""


def make_home(root: Path) -> Path:
    """A home whose jobs run every second, side by side, and each note their run, and when it ends."""
    witness = root / "witness"
    ended = f"echo $CRONLEDGER_RUN $(date +%s.%N) >> {root / 'ends'}"
    kinds = ["skip", "queue", "allow"]
    catch_ups = ["one", "all", "none"]
    lines = ["scheduler: {max_parallel: 6, shutdown_grace: 5s}", "jobs:"]
    for number in range(JOBS):
        seconds = 2 if number == LONG else number % 5 / 100
        lines += [
            f"  job-{number}:",
            f"    every: {1 + number % 2}s",
            f"    command: 'echo $CRONLEDGER_RUN >> {witness}; sleep {seconds}; {ended}'",
            f"    overlap: {kinds[number % 3]}",
            f"    catch_up: {catch_ups[number // 3 % 3]}",
        ]
    write_config(root, "\n".join(lines) + "\n")
    return root


def serve(home: Path) -> subprocess.Popen[str]:
    """Start the scheduler and wait until it has recorded that: what it found may be on record before."""
    process = start("serve", home=home, text=True, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    assert any("scheduler started" in line for line in process.stdout), process.communicate()
    return process


@pytest.mark.long
@pytest.mark.real
def test_kills_lose_nothing_and_double_nothing(tmp_path: Path, hunt: bool) -> None:
    """After 7 kills under load (400 in a hunt), every instant is settled once, no run twice, nothing is gone."""
    home = make_home(tmp_path)
    rng = random.Random(20)
    restarts = 400 if hunt else 7
    acknowledged = -1
    for _ in range(restarts):
        process = serve(home)
        time.sleep(rng.uniform(0.0, 0.25))  # the instant of the kill is what is drawn, nothing is waited for
        process.send_signal(signal.SIGKILL)
        process.communicate()
        entries = entries_of(home)
        assert entries[-1].seq >= acknowledged
        acknowledged = entries[-1].seq
    process = serve(home)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=DEADLINE_S)
    check_ledger(home / "var" / "ledger")
    entries = entries_of(home)
    stopped = next(entry for entry in reversed(entries) if entry.type == v.SchedulerStopped.TYPE)
    last_tick = max(
        (entry.time for entry in entries if entry.type in {v.ScheduleTicked.TYPE, v.ScheduleMisfired.TYPE}),
        default=datetime.min.replace(tzinfo=UTC),
    )
    assert stopped.seq == entries[-1].seq
    assert audit(entries, last_tick) > restarts
    assert any(entry.type == v.RunAdopted.TYPE for entry in entries), "no run was at work at a restart"
    assert sum(entry.type == v.SchedulerStarted.TYPE for entry in entries) == restarts + 1
    witness = Counter((home / "witness").read_text().split())
    assert set(witness.values()) == {1}, "a run was started twice"
    started = {str(entry.run) for entry in entries if entry.type == v.RunStarted.TYPE}
    assert set(witness) <= started, "a process ran without its start on record"
    succeeded = {
        str(entry.run)
        for entry in entries
        if entry.type == v.RunFinished.TYPE and v.payload(entry).outcome == "succeeded"
    }
    assert succeeded <= set(witness), "a run is called a success that never ran"
    lost = {
        str(entry.run): entry.time.timestamp()
        for entry in entries
        if entry.type == v.RunFinished.TYPE and v.payload(entry).outcome == "lost"
    }
    ends = dict(line.split() for line in (home / "ends").read_text().splitlines())
    assert not [run for run in lost if float(ends.get(run, 0)) > lost[run]], "a run went on after it was lost"
