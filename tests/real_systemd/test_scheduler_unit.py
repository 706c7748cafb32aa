"""The scheduler's unit under a real systemd: when it is active, what it survives, what starts it again."""

from __future__ import annotations

import fcntl
from datetime import timedelta

import pytest

from scheduler import vocabulary as v
from tests.support.systemd_machine import until
from tests.support.systemd_unit import InstalledUnit

HALF_AN_HOUR = """\
jobs:
  often: {every: 30m, command: echo}
"""
EACH_SECOND = """\
jobs:
  often: {every: 1s, catch_up: all, command: echo}
"""
WAITS = """\
jobs:
  waits:
    schedule: "0 0 1 1 *"
    command: "echo begun; touch $CRONLEDGER_HOME/begun; until test -e $CRONLEDGER_HOME/go; do sleep 0.1; done; exit 7"
"""
BAD = "jobs: {often: {every: never}}\n"


def test_it_is_active_only_when_it_serves(unit: InstalledUnit) -> None:
    """While the ledger cannot be had it is activating; then systemd shows what it does."""
    unit.install(HALF_AN_HOUR)
    unit.cronledger("jobs", "list")
    unit.cronledger("jobs", "disable", "often", "--reason", "so that there is a ledger")
    unit.cronledger("jobs", "enable", "often")
    with (unit.home.ledger / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unit.machine.run("systemctl", "start", "--no-block", unit.name)
        unit.machine.wait_shown(unit.name, "ActiveState", "activating".__eq__)
        assert unit.shown("SubState") == "start"
    unit.machine.wait_shown(unit.name, "SubState", "running".__eq__)
    assert unit.entries()[-1].seq > 0
    status = unit.machine.wait_shown(
        unit.name, "StatusText", lambda text: text.startswith("idle; next often at ")
    )
    assert status in unit.systemctl("status")
    assert unit.shown("Type") == "notify"


def test_a_loop_that_hangs_is_killed_and_what_it_missed_is_caught_up(unit: InstalledUnit) -> None:
    """SIGSTOP stands for whatever makes it hang."""
    unit.start(EACH_SECOND)
    first = unit.wait_for(v.SchedulerStarted)
    unit.wait_for(v.RunFinished)
    unit.signal("STOP")
    unit.machine.wait_shown(unit.name, "NRestarts", "1".__eq__)
    second = unit.wait_for(v.SchedulerStarted, lambda entry: entry.seq > first.seq)
    missed = unit.wait_for(v.ScheduleMisfired, lambda entry: entry.seq > second.seq)
    assert second.time - missed.time < timedelta(seconds=10)
    unit.wait_for(v.RunFinished, lambda entry: entry.seq > missed.seq)
    assert "Fatal Python error: Aborted" in unit.journal(), "it says where it hung"
    unit.cronledger("ledger", "verify")


def test_a_scheduler_that_is_killed_is_started_again(unit: InstalledUnit) -> None:
    """As after a crash, or when the kernel ran out of memory."""
    unit.start(EACH_SECOND)
    before = unit.pid
    unit.signal("KILL")
    unit.machine.wait_shown(unit.name, "NRestarts", "1".__eq__)
    unit.machine.wait_shown(unit.name, "SubState", "running".__eq__)
    assert unit.pid != before


def test_a_run_outlives_a_restart_and_its_result_is_recorded(unit: InstalledUnit) -> None:
    """Also one of a minute: what is recorded is how it ended, not that it was lost."""
    unit.start(WAITS)
    unit.cronledger("jobs", "run", "waits", "--no-wait")
    until((unit.home.root / "begun").exists, "the run does not begin")
    until(lambda: unit.shown("StatusText").startswith("1 run;"), "the run is not in the status")
    before = unit.pid
    unit.systemctl("restart")
    assert unit.pid != before
    adopted = unit.wait_for(v.RunAdopted)
    unit.touch("go")
    finished = unit.wait_for(v.RunFinished, lambda entry: entry.run == adopted.run)
    assert v.payload(finished).outcome in ("failed", "unknown")
    if v.payload(finished).outcome == "failed":
        assert v.payload(finished).exit_code == 7
    assert unit.cronledger("logs", "show", str(adopted.run)).strip() == "begun"


def test_runs_end_with_the_scheduler_if_the_config_says_so(unit: InstalledUnit) -> None:
    """`--stop-runs`: more time is asked for than `TimeoutStopSec=` gives."""
    config = "scheduler: {shutdown: wait}\n" + WAITS
    unit.install(config, "--stop-runs")
    unit.machine.drop_in(unit.name, "TimeoutStopSec=2s")
    unit.systemctl("start")
    unit.cronledger("jobs", "run", "waits", "--no-wait")
    until((unit.home.root / "begun").exists, "the run does not begin")
    unit.machine.run("systemctl", "stop", "--no-block", unit.name)
    unit.machine.wait_shown(unit.name, "StatusText", "stopping: 1 run to end".__eq__)
    waited = unit.wait_for(v.RunStarted).time
    until(
        lambda: unit.machine.run("sh", "-c", "date +%s").strip() > f"{waited.timestamp() + 5:.0f}",
        "time stands still",
    )
    assert unit.shown("ActiveState") == "deactivating"
    unit.touch("go")
    unit.machine.wait_shown(unit.name, "ActiveState", "inactive".__eq__)
    assert v.payload(unit.wait_for(v.RunFinished)).exit_code == 7
    assert unit.shown("Result") == "success"


def test_a_reload_brings_an_edit_into_force(unit: InstalledUnit) -> None:
    """At once, and not when the file has come to rest; a config that cannot be used changes and ends nothing."""
    unit.start(HALF_AN_HOUR)
    unit.configure(HALF_AN_HOUR + "  more: {every: 30m, command: echo}\n")
    unit.systemctl("reload")
    unit.wait_for(v.JobDefined, lambda entry: entry.job == "more")
    unit.configure(BAD)
    unit.systemctl("reload")
    unit.wait_for(v.ConfigRejected)
    assert unit.shown("SubState") == "running"


@pytest.mark.parametrize("wrong", ["config", "served", "corrupt"])
def test_what_a_person_has_to_mend_is_not_tried_again(unit: InstalledUnit, wrong: str) -> None:
    """A config that was never good, a home that is served, a ledger that is damaged."""
    unit.install(BAD if wrong == "config" else HALF_AN_HOUR)
    code = "3" if wrong == "corrupt" else "2"
    if wrong == "served":
        unit.machine.run("systemctl", "start", unit.name)
        other = InstalledUnit(unit.machine, f"{unit.name}other")
        unit.cronledger("install", "systemd", "--unit-name", other.name)
        unit.machine.run("systemctl", "daemon-reload")
        unit = other
    if wrong == "corrupt":
        unit.systemctl("start")
        unit.systemctl("stop")
        segment = next(unit.home.ledger.glob("0*.jsonl"))
        lines = segment.read_bytes().splitlines(keepends=True)
        segment.write_bytes(b"".join(lines[:1] + lines[2:]))
    unit.systemctl("start", check=False)
    unit.machine.wait_shown(unit.name, "ActiveState", "failed".__eq__)
    assert unit.shown("ExecMainStatus") == code
    assert unit.shown("NRestarts") == "0"


def test_what_may_pass_by_itself_is_tried_again(unit: InstalledUnit) -> None:
    """A full disk; there is room again."""
    unit.install(EACH_SECOND)
    unit.home.var.mkdir(exist_ok=True)
    unit.machine.run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", f"{unit.there}/var")
    unit.machine.run("sh", "-c", f"head -c 64k /dev/zero > {unit.there}/var/full || true")
    unit.machine.run("systemctl", "start", "--no-block", unit.name)
    unit.machine.wait_shown(unit.name, "NRestarts", lambda count: int(count) >= 2)
    unit.machine.wait_shown(unit.name, "ExecMainStatus", "75".__eq__)
    unit.machine.run("umount", f"{unit.there}/var")
    unit.machine.wait_shown(unit.name, "SubState", "running".__eq__)
    unit.wait_for(v.RunFinished)
