"""A process that hides from everything else is still in the control group of its attempt, where there can be one."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.processes.recognition.control_groups import DELEGATED, ControlGroups
from tests.scheduler.processes.conftest import PATIENCE_S
from tests.support.control_groups import new_group

# What systemd does with a unit that has `Delegate=yes`, then a scheduler in it: its run leaves a daemon behind that
# has no environment, no session, no parent and no output in common with it. Printed: whether that was alive when
# the run had ended, and afterwards; the groups that are left.
SCHEDULER = """
import os, pathlib, sys, time
from scheduler.processes import Launch, PosixSpawner
group, folder, ledger = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
(group / "cgroup.procs").write_text(str(os.getpid()))
spawner = PosixSpawner(ledger)
os.mkfifo(folder / "ready")
daemon = f"echo $$ > {folder}/ready; exec sleep 1000"
script = f"env -i setsid -f setsid -f /bin/sh -c '{daemon}' > /dev/null 2>&1; read pid < {folder}/ready; echo $pid"
launch = Launch(5, 1, ["/bin/sh", "-c", script], {"PATH": "/usr/bin:/bin"}, str(folder),
                str(folder / "out"), str(folder / "err"))
spawner.launch([launch])
while not spawner.exits():
    spawner.wait(60)
pid = int((folder / "out").read_text())
alive = lambda: pathlib.Path(f"/proc/{pid}/comm").exists()
print(alive(), spawner.alive(5, 1))
spawner.kill(5, 1)
while spawner.alive(5, 1):
    time.sleep(0.01)
while alive():  # it is ours by now
    os.waitpid(pid, 0)
spawner.tidy(())
print(alive(), [each.name for each in group.iterdir() if each.is_dir()])
"""


@pytest.fixture
def group() -> Iterator[Path]:
    """A group of the test's own."""
    with new_group() as made:
        yield made


def scheduled(group: Path, folder: Path) -> list[str]:
    """The lines that a scheduler prints which is in this group."""
    command = [sys.executable, "-I", "-c", SCHEDULER, str(group), str(folder), str(uuid.uuid4())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


def test_a_daemon_that_hides_is_stopped_with_its_run(group: Path, tmp_path: Path) -> None:
    """Nothing but the group tells of it; it is seen, killed, and nothing of it is left."""
    os.setxattr(group, DELEGATED, b"1")
    assert scheduled(group, tmp_path)[:2] == ["True True", "False []"]


def test_a_group_that_is_not_delegated_is_left_alone(group: Path) -> None:
    """The rest of the tree belongs to the service manager."""
    command = (
        "import sys, pathlib, os; from scheduler.processes.recognition.control_groups import ControlGroups; "
    )
    command += "pathlib.Path(sys.argv[1], 'cgroup.procs').write_text(str(os.getpid())); "
    command += "print(ControlGroups.delegated('x'))"
    said = subprocess.run(
        [sys.executable, "-I", "-c", command, group],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert said.stdout == "None\n", said.stderr


def test_only_own_groups_are_tidied(tmp_path: Path) -> None:
    """Those of attempts in flight, of other ledgers and of anybody else stay."""
    (tmp_path / "cgroup.procs").touch()
    groups, others = ControlGroups(tmp_path, "/x", "ours"), ControlGroups(tmp_path, "/x", "theirs")
    for folder in (
        groups.of((1, 1)).folder,
        groups.of((2, 1)).folder,
        others.of((1, 1)).folder,
        tmp_path / "init",
        tmp_path / f"{groups.of((3, 1)).folder.name}x",
    ):
        folder.mkdir()
    groups.tidy({(2, 1)})
    left = {each.name for each in tmp_path.iterdir()}
    assert groups.of((1, 1)).folder.name not in left
    assert len(left) == 5
    groups.close()
    others.close()
