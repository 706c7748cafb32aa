"""Processes under limits: what they are told, what they are left with, and how their ends are known."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.definition import Limits
from scheduler.processes import LaunchFailed
from scheduler.processes.confinement.confined_command import Wrapped
from scheduler.processes.confinement.confinement import Confinement
from scheduler.processes.recognition.control_groups import ControlGroup, ControlGroups
from tests.scheduler.processes.conftest import PATH, Runs, no_descriptors

SHOW = "import resource as r, os; print(*r.getrlimit(r.RLIMIT_DATA), *r.getrlimit(r.RLIMIT_CPU), os.nice(0))"


def printed(runs: Runs, run: int) -> str:
    """What a run wrote that has ended."""
    ended = runs.exit()
    assert (ended.exit_code, ended.refusal) == (0, None), runs.output(run, "stderr").read_text()
    return runs.output(run).read_text()


def test_limits_are_those_of_the_program(runs: Runs) -> None:
    """Memory and processor time are the kernel's limits, time with some seconds to end; others get none of it."""
    limits = Limits(memory_bytes=10**9, cpu_time_ms=90_500, nice=10)
    runs.confined(5, [sys.executable, "-I", "-S", "-c", SHOW], Confinement(limits))
    nice = max(10, os.nice(0))
    assert printed(runs, 5).split() == ["1000000000", "1000000000", "91", "96", str(nice)]
    runs.launch(6, [sys.executable, "-I", "-S", "-c", SHOW])
    assert printed(runs, 6).split()[-1] == str(os.nice(0))


def test_nothing_else_changes(runs: Runs) -> None:
    """Environment, arguments, folder, session, signals and descriptors are those of any other run."""
    script = (
        "env | grep -v ^CRONLEDGER_ | sort; pwd; echo $1 $2; ls /proc/self/fd | tr '\\n' ' ';"
        "grep Sig /proc/self/status; test $$ = $(ps -o sid= -p $$) && echo leads"
    )
    shown = []
    for run, confinement in ((5, None), (6, Confinement(Limits(nice=1)))):
        argv = ["/bin/sh", "-c", script, "name", "a b", "c"]
        env = {"PATH": PATH, "A": "x=y\nz", "LC_ALL": "C"}
        if confinement is None:
            runs.launch(run, argv, env)
        else:
            runs.confined(run, argv, confinement, env)
        shown.append(printed(runs, run))
    assert shown[0] == shown[1]


def test_a_script_without_a_first_line_is_run_by_a_shell(runs: Runs) -> None:
    """As without limits."""
    script = runs.work / "script"
    script.write_text("echo it is $1\n")
    script.chmod(0o755)
    runs.confined(5, [str(script), "run"], Confinement(Limits(nice=1)))
    assert printed(runs, 5) == "it is run\n"


def test_a_program_gets_no_more_memory(runs: Runs) -> None:
    """What it asks for beyond the limit it does not get; what it then does is its own."""
    code = "try: bytearray(10**9)\nexcept MemoryError: print('none left')"
    runs.confined(5, [sys.executable, "-I", "-S", "-c", code], Confinement(Limits(memory_bytes=200_000_000)))
    assert printed(runs, 5) == "none left\n"


def test_used_up_time_is_a_signal(runs: Runs) -> None:
    """SIGXCPU ends what does not catch it."""
    runs.confined(5, ["/bin/sh", "-c", "while :; do :; done"], Confinement(Limits(cpu_time_ms=1_000)))
    assert runs.exit().signal == signal.SIGXCPU


def test_a_control_group_tells_of_memory(tmp_path: Path) -> None:
    """The kernel counts what it ended; a group without such a file tells nothing."""
    group = ControlGroup(tmp_path, "/x")
    assert not group.ran_out_of_memory()
    for text, found in (
        ("max 3\noom 0\noom_kill 0\n", False),
        ("oom 1\noom_kill 2\n", True),
        ("oom_kill x\n", False),
    ):
        (tmp_path / "memory.events").write_text(text)
        assert group.ran_out_of_memory() is found
    for name in ("memory.max", "memory.swap.max", "memory.oom.group"):
        (tmp_path / name).touch()
    group.limit_memory(123)
    assert [(tmp_path / name).read_text() for name in ("memory.max", "memory.swap.max", "memory.oom.group")] == [
        "123", "0", "1",
    ]  # fmt: skip


def test_memory_is_shared_out_beside_the_scheduler_alone(tmp_path: Path) -> None:
    """The kernel does that only below a group that has no process of its own, and only if it has the controller."""
    own = tmp_path / "scheduler"
    own.mkdir()
    for folder in (tmp_path, own):
        (folder / "cgroup.procs").touch()
    inside = ControlGroups(own, "/x/scheduler", "ledger")
    assert not inside.limits_memory
    beside = ControlGroups(tmp_path, "/x", "ledger", own)
    with pytest.raises(OSError, match="No such file"):
        (tmp_path / "cgroup.subtree_control").read_text()
    assert not beside.limits_memory
    beside.close()
    (tmp_path / "cgroup.subtree_control").touch()
    beside = ControlGroups(tmp_path, "/x", "ledger", own)
    assert beside.limits_memory
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory"
    assert beside.of((5, 1)).folder.parent == tmp_path
    with pytest.raises(OSError, match=r"memory\.max"):
        beside.enter((5, 1), 1_000)
    for groups in (inside, beside):
        groups.close()


def test_no_descriptor_is_left_behind(runs: Runs) -> None:
    """Where none is left nothing is started, and that is said; afterwards everything is as before."""
    before = len(os.listdir("/proc/self/fd"))
    refused: list[str] = []
    for left in range(9):
        try:
            with no_descriptors(left):
                runs.confined(10 + left, ["/bin/true"], Confinement(Limits(nice=1)))
        except LaunchFailed as failed:
            refused.append(str(failed))
        else:
            assert runs.exit().exit_code == 0
        assert len(os.listdir("/proc/self/fd")) == before, left
    assert 5 <= len(refused) < 9
    assert all(re.search("limit of open files|Too many open files", each) for each in refused)
    for run in (6, 7):
        runs.confined(run, ["/bin/true" if run == 6 else "./none"], Confinement(Limits(nice=1)))
        assert (runs.exit().refusal is None) is (run == 6)
    with pytest.raises(LaunchFailed, match="null"):
        runs.confined(8, ["/bin/true", "a\0b"], Confinement(Limits(nice=1)))
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_group_with_a_limit_is_entered_by_the_program_alone(tmp_path: Path) -> None:
    """This process would be ended along with a run that uses its memory up; what cannot be entered is told."""
    own = tmp_path / "scheduler"
    own.mkdir()
    for name in ("cgroup.subtree_control", "cgroup.procs", "scheduler/cgroup.procs"):
        (tmp_path / name).touch()
    groups = ControlGroups(tmp_path, "/x", "ledger", own)
    group = groups.limiting((5, 1))
    assert group is not None
    group.folder.mkdir()
    (group.folder / "cgroup.procs").touch()
    wrapped = Wrapped(Confinement(Limits(memory_bytes=10**9)), "/bin/echo", "echo", "/")
    report = tmp_path / "report"
    command = ["/bin/sh", "-c", f'exec "$@" 3> {report}', "sh", *wrapped.argv(["echo", "hi"], group)]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"hi\n"
    assert group.processes.read_text() == "0"
    assert "data=1000000000" not in command
    assert report.read_text() == ""
    group.processes.unlink()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 126
    assert report.read_text() == "memory 2\n"
    assert (own / "cgroup.procs").read_text() == ""
    groups.close()
