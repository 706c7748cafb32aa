"""Programs beside the scheduler are no part of any run."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

from scheduler.processes.recognition.control_groups import DELEGATED
from tests.support.command import DEADLINE_S
from tests.support.control_groups import new_group

# A scheduler in a group as systemd makes one with `Delegate=yes`. Its loop is about to start a run, so it is in that
# run's group, when a program is started. Printed: the groups of both, below the scheduler's own.
_SCHEDULER = """
import os, pathlib, sys
from cli.background.program import BackgroundProgram
from scheduler.home import Home
from scheduler.processes.recognition.control_groups import ControlGroups
group, waiting = pathlib.Path(sys.argv[1]), sys.argv[2]
(group / "cgroup.procs").write_text(str(os.getpid()))
of = lambda pid: pathlib.Path(f"/proc/{pid}/cgroup").read_text().rpartition(group.name)[2].strip()
program, groups = BackgroundProgram("any", Home(pathlib.Path(waiting).parent)), ControlGroups.delegated(sys.argv[3])
sys.executable = waiting
groups.enter((5, 1))
process = program.start()
print(bool(of(os.getpid())), repr(of(process.pid)))
process.kill()
process.wait()
groups.leave()
groups.tidy(())
"""


def test_a_program_is_in_no_runs_control_group(tmp_path: Path) -> None:
    """One that is started again while a run is being started is not stopped with that run, nor counted as its."""
    waiting = tmp_path / "waiting"
    waiting.write_text("#!/bin/sh\nexec sleep 1000\n")
    waiting.chmod(0o755)
    with new_group() as group:
        os.setxattr(group, DELEGATED, b"1")
        command = [sys.executable, "-I", "-c", _SCHEDULER, str(group), str(waiting), str(uuid.uuid4())]
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        assert (done.stdout, done.stderr) == ("True ''\n", "")
