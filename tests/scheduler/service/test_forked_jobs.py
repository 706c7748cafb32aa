"""A scheduler keeps a fork server while some job is in Python, and what it forked is taken over as commands are."""

from __future__ import annotations

import os
import select
from pathlib import Path

import pytest

from eventstore.store import Entry
from scheduler import vocabulary as v
from tests.support.command import DEADLINE_S, await_fact
from tests.support.fork_servers import servers_of
from tests.support.home import write_config
from tests.support.python_jobs import extension
from tests.support.served import Served

JOB = """
import os
class A:
    name = "a"
    def run(self, ctx):
        shown = open("/proc/self/cmdline").read().rstrip("\\0")[:16]
        if os.path.exists("hold"):
            open("held", "w").write(str(ctx.run))
            open("fifo").read()
        return {"message": shown}
"""


def was_forked(entry: Entry) -> bool:
    """Whether the run of a `run.finished` says that it was forked."""
    return bool(v.payload(entry).message == "cronledger job a")


@pytest.mark.real
def test_forked_jobs_outlive_a_scheduler_that_is_killed(tmp_path: Path) -> None:
    """After kill -9 the next scheduler takes over a forked run, with its result; each server ends with its own."""
    extension(tmp_path, "x", JOB)
    held = tmp_path / "held"
    os.mkfifo(tmp_path / "fifo")
    write_config(tmp_path, "jobs:\n  a: {every: 1s}\n")
    with Served(tmp_path) as served:
        servers = [os.pidfd_open(server) for server in servers_of(served.process.pid)]
        served.wait_for(v.RunFinished, was_forked)
        (tmp_path / "hold").touch()
        await_fact(lambda: held.exists() and held.read_text() != "")
        run = int(held.read_text())
        served.kill()
    (tmp_path / "hold").unlink()
    with Served(tmp_path) as served:
        servers += [os.pidfd_open(server) for server in servers_of(served.process.pid)]
        (tmp_path / "fifo").write_text("")
        ended = v.payload(served.wait_for(v.RunFinished, lambda entry: entry.run == run))
        assert (ended.outcome, ended.message) == ("succeeded", "cronledger job a")
        code, _, told = served.stop()
        assert code == 0
        assert "fork server" not in told
    assert len(servers) == 2
    for server in servers:
        assert select.select([server], [], [], DEADLINE_S)[0], "a server outlives its scheduler"
        os.close(server)


@pytest.mark.real
def test_a_scheduler_without_python_jobs_has_no_server(tmp_path: Path) -> None:
    """A fork server is there from the edit that adds a job in Python to the one that takes the last away."""
    extension(tmp_path, "x", JOB)
    write_config(tmp_path, "jobs:\n  b: {every: 1d, command: 'true'}\n")
    with Served(tmp_path) as served:
        assert not servers_of(served.process.pid)
        write_config(tmp_path, "jobs:\n  a: {every: 1d}\n")
        edited = served.wait_for(v.ConfigAccepted, lambda entry: entry.seq > 3)
        (server,) = servers_of(served.process.pid)
        with open(os.pidfd_open(server)) as held:
            write_config(tmp_path, "jobs:\n  b: {every: 1d, command: 'true'}\n")
            served.wait_for(v.ConfigAccepted, lambda entry: entry.seq > edited.seq)
            assert select.select([held], [], [], DEADLINE_S)[0]
        served.stop()
