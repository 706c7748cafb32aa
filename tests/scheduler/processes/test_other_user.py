"""Processes that act as another user: which only root can start."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.definition import Limits
from scheduler.processes import Orphan, PosixSpawner
from scheduler.processes.confinement.accounts import account_of, unknown
from scheduler.processes.confinement.confinement import Confinement, RunAs
from tests.scheduler.processes.conftest import PATH, Runs, runs_in
from tests.support.command import await_fact

UID, GID = 61_234, 61_235
"""Of a user that nobody is: a process needs no name."""
NOBODY = RunAs("nobody-here", "nobody-here", UID, GID, (GID, 61_236))
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts processes as another user")


@pytest.fixture
def open_runs() -> Iterator[Runs]:
    """Runs in a folder that anybody may enter."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)
        with runs_in(Path(folder)) as made:
            yield made


def writable(runs: Runs) -> Path:
    """A file that anybody may write."""
    path = runs.work / "ready"
    path.touch()
    path.chmod(0o666)
    return path


@as_root
def test_the_program_is_the_users(open_runs: Runs) -> None:
    """User, group and all groups are; it can go nowhere back, and limits are set before."""
    open_runs.confined(5, ["/bin/sh", "-c", "id -u; id -g; id -G; grep -E '^(Uid|CapEff)' /proc/self/status; nice"],
                       Confinement(Limits(nice=7), NOBODY))  # fmt: skip
    assert open_runs.exit().exit_code == 0
    lines = open_runs.output(5).read_text().split("\n")
    assert lines[:2] == [str(UID), str(GID)]
    assert sorted(map(int, lines[2].split())) == [GID, 61_236]
    assert lines[3].split() == ["Uid:", *[str(UID)] * 4]
    assert int(lines[4].split()[1], 16) == 0
    assert lines[5] == str(max(7, os.nice(0)))
    status = open_runs.output(5).stat()
    assert (status.st_uid, status.st_mode & 0o777) == (0, 0o600)


@as_root
def test_what_the_user_may_not_do_is_told(open_runs: Runs) -> None:
    """A folder that is closed to the user, and a program that is: the attempt fails and says as whom."""
    program = open_runs.work / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    open_runs.confined(5, [str(program)], Confinement(None, NOBODY))
    refusal = open_runs.exit().refusal
    assert str(refusal) == (
        f"cannot start {program} as nobody-here, who may not execute it, or enter a folder on the way to it"
    )
    open_runs.work.chmod(0o700)
    for run, why in ((6, "Permission denied"), (7, "No such file or directory")):
        open_runs.confined(run, ["/bin/true"], Confinement(None, NOBODY))
        refusal = open_runs.exit().refusal
        text = f"cannot start in the working directory {open_runs.work} as nobody-here: {why}"
        assert str(refusal) == text
        if run == 6:
            program.unlink()
            open_runs.work.rmdir()


@as_root
def test_it_is_stopped_like_any_other(open_runs: Runs) -> None:
    """With what it started, whatever session that made."""
    ready = writable(open_runs)
    script = f"setsid sleep 1000 & echo $! > {ready}; wait"
    open_runs.confined(5, ["/bin/sh", "-c", script], Confinement(None, NOBODY), {"PATH": PATH})
    await_fact(lambda: ready.stat().st_size > 0)
    open_runs.spawner.terminate(5, 1)
    assert open_runs.exit().signal == signal.SIGTERM
    open_runs.spawner.kill(5, 1)
    assert not open_runs.spawner.alive(5, 1)


@as_root
@pytest.mark.parametrize(("uid", "found"), [(UID, {5}), (UID + 1, set()), (None, set())])
def test_it_is_recognised_by_its_user(open_runs: Runs, uid: int | None, found: set[int]) -> None:
    """By another scheduler without a note of it: its secret tells, if it acts as the user that the job names."""
    ready = writable(open_runs)
    open_runs.confined(5, ["/bin/sh", "-c", f"echo > {ready}; exec sleep 1000"], Confinement(None, NOBODY))
    await_fact(lambda: ready.stat().st_size > 0)
    secret = open_runs.spawner.secret_sha256(5, 1)
    other = PosixSpawner(open_runs.ledger_id)
    assert set(other.adopt([Orphan(5, 1, secret, uid=uid)])) == found
    other.close()


def test_accounts_are_those_of_the_machine() -> None:
    """With the variables that cron sets; what is not there is named, and only root becomes somebody else."""
    assert unknown("root:root") == ""
    assert unknown("no-such-user:root") == "there is no user no-such-user on this machine"
    assert unknown("root:no-such-group") == "there is no group no-such-group on this machine"
    if os.geteuid() != 0:
        with pytest.raises(OSError, match="it runs as root, and only root can start it so"):
            account_of("root")
        return
    account = account_of("daemon:root")
    assert (account.run_as.name, account.run_as.gid) == ("daemon:root", 0)
    assert {0} < {*account.run_as.groups, account.run_as.uid, 0}
    assert account.env == {"HOME": account.home, "USER": "daemon", "LOGNAME": "daemon", "SHELL": "/bin/sh"}
    with pytest.raises(OSError, match="it runs as no-such-user, and there is no user no-such-user"):
        account_of("no-such-user")
