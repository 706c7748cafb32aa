"""What runs beside the scheduler and below it under a real systemd: programs, runs, control groups, variables."""

from __future__ import annotations

from pathlib import Path

from scheduler import vocabulary as v
from tests.support.systemd_machine import until
from tests.support.systemd_unit import InstalledUnit

PYTHON_JOB = """\
from scheduler.job import Job

class Sums(Job):
    name = "sums"

    def run(self, ctx):
        print(1 + 1)
"""
WITH_PROGRAMS = """\
scheduler: {heartbeat: {url: "http://127.0.0.1:9/none"}}
channels: {shell: {command: [sh, -c, "cat > /dev/null"]}}
jobs:
  sums: {every: 1s, notify: {channels: shell, when: [failure]}}
"""
PROGRAMS = (
    "scheduler.logs",
    "scheduler.notifications",
    "scheduler.evidence",
    "scheduler.heartbeat",
    "fork_server",
)
SEES = """\
jobs:
  sees:
    schedule: "0 0 1 1 *"
    command: "env > $CRONLEDGER_HOME/env; cat /proc/self/cgroup > $CRONLEDGER_HOME/group"
"""
DAEMON = """\
jobs:
  leaves:
    schedule: "0 0 1 1 *"
    timeout: 1s
    kill_after: 1s
    command: >-
      env -i setsid sh -c 'sleep 987 >/dev/null 2>&1 &' >/dev/null 2>&1; touch $CRONLEDGER_HOME/begun; sleep 986
"""


def with_programs(unit: InstalledUnit) -> None:
    """A home that has each program that runs beside a scheduler."""
    extension = unit.home.root / "extensions" / "sums"
    extension.mkdir(parents=True)
    (extension / "jobs.py").write_text(PYTHON_JOB)
    unit.install(WITH_PROGRAMS)
    unit.cronledger("ledger", "key", "generate")
    unit.systemctl("start")
    until(lambda: not missing(unit), lambda: f"not there: {missing(unit)}")


def missing(unit: InstalledUnit) -> list[str]:
    """The programs that do not run."""
    running = " ".join(unit.machine.processes(unit.name).values())
    return [name for name in PROGRAMS if name not in running]


def test_a_stop_ends_what_runs_beside_it(unit: InstalledUnit) -> None:
    """`KillMode=process` leaves all but the scheduler to the scheduler."""
    with_programs(unit)
    unit.systemctl("stop")
    assert unit.shown("ActiveState") == "inactive"
    until(lambda: not unit.machine.processes(unit.name), lambda: str(unit.machine.processes(unit.name)))


def test_a_kill_leaves_no_program_of_the_former_life(unit: InstalledUnit) -> None:
    """Each ends by itself when who started it is gone; the next scheduler has its own."""
    with_programs(unit)
    former = {
        number for number, command in unit.machine.processes(unit.name).items() if "sums" not in command
    }
    unit.signal("KILL")
    unit.machine.wait_shown(unit.name, "NRestarts", "1".__eq__)
    until(
        lambda: not former & set(unit.machine.processes(unit.name)),
        lambda: str({n: c for n, c in unit.machine.processes(unit.name).items() if n in former}),
    )
    until(lambda: not missing(unit), lambda: f"not there: {missing(unit)}")


def test_a_run_has_a_control_group_and_nothing_that_is_the_services(unit: InstalledUnit) -> None:
    """Below the delegated one; no variable of systemd's reaches it."""
    unit.start(SEES)
    unit.cronledger("jobs", "run", "sees", "--wait")
    group = (unit.home.root / "group").read_text()
    own = unit.shown("ControlGroup")
    assert f"{own}/cronledger-" in group
    names = {line.partition("=")[0] for line in (unit.home.root / "env").read_text().splitlines()}
    assert not {
        name for name in names if name.startswith(("NOTIFY", "WATCHDOG", "LISTEN", "INVOCATION", "JOURNAL"))
    }
    assert {"PATH", "HOME", "USER", "CRONLEDGER_RUN"} <= names
    groups = unit.machine.root / "sys/fs/cgroup" / own.lstrip("/")
    until(lambda: not list(Path(groups).glob("cronledger-*")), "the run's group stays")


def test_a_daemon_of_a_run_does_not_escape(unit: InstalledUnit) -> None:
    """It threw away its environment and session, and its parent ended: only its control group tells of it."""
    unit.start(DAEMON)
    unit.cronledger("jobs", "run", "leaves", "--no-wait")
    until((unit.home.root / "begun").exists, "the run does not begin")
    assert "sleep 987" in unit.machine.processes(unit.name).values()
    ended = unit.wait_for(v.RunFinished)
    assert v.payload(ended).outcome == "timed_out"
    until(lambda: "sleep 987" not in unit.machine.processes(unit.name).values(), "the daemon lives on")
