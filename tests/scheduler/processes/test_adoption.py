from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from scheduler.processes import Exit, Orphan, PosixSpawner, pidfd
from scheduler.processes.recognition import claims
from scheduler.processes.recognition.attempt_secret import AttemptSecrets, digest_of
from scheduler.processes.recognition.fork_mark import Marker, is_marked
from scheduler.processes.recognition.identity import TICKS_PER_S, boottime_s, process_stat
from tests.scheduler.processes.conftest import PATIENCE_S, SCHEDULER, Runs, adopted, crashed_scheduler

TICK_S = 1 / TICKS_PER_S


@pytest.mark.parametrize("reaping", [False, True])
def test_adopted_exit_code(runs: Runs, reaping: bool) -> None:
    """A run that outlived its scheduler is adopted by the next one, which learns its exit code or signal."""
    pipe, other = runs.pipe("hold"), runs.pipe("other")
    first, second = f"read x < {pipe}; exit 7", f"read x < {other}; kill -9 $$"
    pids = crashed_scheduler(runs, first, second, reaping=reaping)
    assert adopted(runs, (5, 1), (6, 1), (7, 1)) == {5, 6}
    assert adopted(runs, (5, 1), (6, 1), (7, 1)) == set()
    assert runs.spawner.exits() == []
    assert runs.spawner.alive(5, 1)
    assert is_marked(pids[0])
    pipe.write_text("go\n")
    ended = runs.exit()
    assert (ended.run, ended.exit_code, ended.signal) == (5, 7, None)
    assert not runs.spawner.alive(5, 1)
    other.write_text("go\n")
    ended = runs.exit()
    assert (ended.run, ended.exit_code, ended.signal) == (6, None, signal.SIGKILL)


def test_age_of_an_adopted_run(runs: Runs) -> None:
    """How long an adopted run has been going is told by the boot clock, whatever the wall clock says."""
    before_s = boottime_s()
    crashed_scheduler(runs, "exec sleep 1000")
    made_s = boottime_s()
    while boottime_s() < made_s + 5 * TICK_S:  # so old that its age is told from none
        os.sched_yield()
    asked_s = boottime_s()
    age_s = runs.spawner.adopt([Orphan(5, 1, runs.digests[5, 1])])[5]
    now_s = boottime_s()
    assert age_s is not None
    assert 0 <= age_s <= now_s - before_s + TICK_S
    assert age_s >= asked_s - made_s - TICK_S


def test_unknown_end(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel does not say how an adopted process ended, neither code nor signal is made up."""
    monkeypatch.setattr(pidfd, "wait_status", lambda pidfd, pid: None)
    pipe = runs.pipe("hold")
    crashed_scheduler(runs, f"read x < {pipe}; exit 7", reaping=True)
    assert adopted(runs, (5, 1)) == {5}
    pipe.write_text("go\n")
    assert runs.exit() == Exit(5, 1, None, None, None, None)


def test_adopted_run_is_stopped(runs: Runs) -> None:
    """An adopted run is killed with all its descendants, those without our environment included."""
    pipe = runs.pipe("ready")
    script = f"(setsid sleep 1000 &) ; env -i /bin/sleep 1000 & trap '' TERM; echo ready > {pipe}; wait; wait"
    (pid,) = crashed_scheduler(runs, script)
    assert pipe.read_text() == "ready\n"
    assert adopted(runs, (5, 1)) == {5}
    runs.spawner.kill(5, 1)
    ended = runs.exit()
    assert ended.signal == signal.SIGKILL
    assert not runs.spawner.alive(5, 1)
    stat = process_stat(pid)
    assert stat is None or not stat.alive


def test_stragglers_are_not_adopted(runs: Runs) -> None:
    """A descendant that leads a session of its own is not taken for the main process when that is gone."""
    ready, hold = runs.pipe("ready"), runs.pipe("hold")
    script = f"setsid sh -c 'echo $$ > {ready}; exec sleep 1000' & read x < {hold}; exit 0"
    crashed_scheduler(runs, script)
    straggler = int(ready.read_text())
    stat = process_stat(straggler)
    assert stat is not None
    assert stat.session == straggler
    descriptor = os.pidfd_open(_main_of(runs, but_not=straggler))
    hold.write_text("go\n")
    while not pidfd.has_ended(descriptor):
        pass
    os.close(descriptor)
    assert adopted(runs, (5, 1)) == set()
    assert runs.spawner.alive(5, 1)
    runs.spawner.kill(5, 1)
    assert not runs.spawner.alive(5, 1)


def test_main_process_is_told_from_stragglers(runs: Runs) -> None:
    """With both alive, the main process is the one that is adopted."""
    ready, hold = runs.pipe("ready"), runs.pipe("hold")
    script = f"setsid sh -c 'echo $$ > {ready}; exec sleep 1000' & read x < {hold}; exit 6"
    crashed_scheduler(runs, script)
    ready.read_text()
    assert adopted(runs, (5, 1)) == {5}
    hold.write_text("go\n")
    assert runs.exit().exit_code == 6


def test_unmarked_where_marking_is_forbidden(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a sandbox forbids the mark, the oldest session leader of the attempt is adopted."""
    monkeypatch.setattr(Marker, "works", lambda self: False)
    monkeypatch.setattr("scheduler.processes.posix.is_marked", lambda pid: False)
    ready, hold = runs.pipe("ready"), runs.pipe("hold")
    script = f"sleep 0.05; setsid sh -c 'echo $$ > {ready}; exec sleep 1000' & read x < {hold}; exit 6"
    crashed_scheduler(runs, script)
    ready.read_text()
    assert adopted(runs, (5, 1)) == {5}
    hold.write_text("go\n")
    assert runs.exit().exit_code == 6


def test_who_only_says_so_is_not_adopted(runs: Runs) -> None:
    """Our variables, with no secret or another one, make nobody a run: not adopted, not alive, not killed."""
    variables = {"CRONLEDGER_LEDGER": runs.ledger_id, "CRONLEDGER_RUN": "5", "CRONLEDGER_ATTEMPT": "1"}
    runs.digests[5, 1] = digest = digest_of("what the run carries")
    liars = [
        subprocess.Popen(["sleep", "1000"], env={**variables, **secret}, start_new_session=True)
        for secret in ({}, {"CRONLEDGER_SECRET": digest})
    ]
    assert adopted(runs, (5, 1)) == set()
    assert not runs.spawner.alive(5, 1, Orphan(5, 1, digest))
    assert runs.spawner.alive(5, 1, Orphan(5, 1, digest_of(digest))), "whose secret it is"
    for liar in liars:
        assert liar.poll() is None
        liar.kill()
        liar.wait(PATIENCE_S)


def test_what_an_older_version_started(runs: Runs) -> None:
    """Without a secret on record the pid record alone tells; our variables do not."""
    hold = runs.pipe("hold")
    crashed_scheduler(runs, f"read x < {hold}; exit 7")
    runs.digests.clear()
    assert adopted(runs, (5, 1)) == set()
    spawner = PosixSpawner(runs.ledger_id, notes=runs.folder / "notes")
    assert adopted(runs, (5, 1), by=spawner) == {5}
    hold.write_text("go\n")
    assert spawner.wait(PATIENCE_S)
    assert [ended.exit_code for ended in spawner.exits()] == [7]
    spawner.close()


@pytest.mark.skipif(os.getuid() != 0, reason="becoming another user takes root")
def test_another_users_process_is_not_adopted(runs: Runs) -> None:
    """Not even with the secret, which a run may have printed, is another user's process taken for a run."""
    variables = {"CRONLEDGER_LEDGER": runs.ledger_id, "CRONLEDGER_RUN": "5", "CRONLEDGER_ATTEMPT": "1"}
    runs.digests[5, 1] = digest_of("leaked")
    liar = subprocess.Popen(
        ["sleep", "1000"],
        env={**variables, "CRONLEDGER_SECRET": "leaked"},
        start_new_session=True,
        user=65534,
    )
    assert adopted(runs, (5, 1)) == set()
    liar.kill()
    liar.wait(PATIENCE_S)


# A scheduler in another container that shares the home: it cannot see the processes of ours.
ADOPTER = """
import sys, pathlib
from scheduler.processes import Orphan, PosixSpawner
folder, ledger, digest, elsewhere = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4] == "elsewhere"
spawner = PosixSpawner(ledger, notes=folder / "notes")
orphans = [Orphan(run, 1, digest, elsewhere, (f"{folder}/{run}.out", f"{folder}/{run}.err")) for run in (5, 6)]
ages_s = spawner.adopt(orphans)
print([(run, age_s is not None) for run, age_s in ages_s.items()], spawner.alive(5, 1), spawner.exits(), flush=True)
if ages_s:
    input()
    while not (ends := spawner.exits()): spawner.wait(0.1)
    print([(end.run, end.exit_code) for end in ends], spawner.alive(5, 1), flush=True)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="a pid namespace takes root")
def test_a_run_of_another_container_is_not_lost(runs: Runs) -> None:
    """A live run whose process cannot be looked up is watched by the lock that it holds, until it lets go of it."""
    hold = runs.pipe("hold")
    crashed_scheduler(runs, f"read x < {hold}; exit 7")
    arguments = [str(runs.folder), runs.ledger_id, runs.digests[5, 1]]
    inside = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-I", "-c", ADOPTER, *arguments]
    blind = subprocess.run([*inside, "here"], capture_output=True, text=True, check=False)
    assert blind.stdout == "[] False []\n"
    with subprocess.Popen(
        [*inside, "elsewhere"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as adopter:
        assert adopter.stdin is not None
        assert adopter.stdout is not None
        assert adopter.stdout.readline() == "[(5, True)] True []\n"
        hold.write_text("go\n")
        adopter.stdin.write("\n")
        adopter.stdin.flush()
        assert adopter.stdout.readline() == "[(5, None)] False\n"


def test_other_attempts_are_not_adopted(runs: Runs) -> None:
    """Only wanted pairs of the same ledger are adopted."""
    crashed_scheduler(runs, "exec sleep 1000")
    assert adopted(runs, (5, 2), (6, 1), (51, 1)) == set()
    assert adopted(runs) == set()
    assert adopted(runs, (5, 1)) == {5}


def _main_of(runs: Runs, but_not: int) -> int:
    from scheduler.processes import live_attempts

    for pid, _ in live_attempts(runs.ledger_id):
        stat = process_stat(pid)
        if stat is not None and stat.session == pid and pid != but_not:
            return pid
    raise AssertionError("no main process")


@pytest.mark.parametrize("killed_in", ["pid_records.PidRecords.add", "fork_mark.Marker.mark"])
def test_a_scheduler_killed_right_after_it_made_a_process(
    runs: Runs, killed_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before it could note or mark what it had made, it leaves a run that the next one adopts."""
    hold = runs.pipe("hold")
    room, _, method = killed_in.partition(".")
    killing = (
        f"import os\nfrom scheduler.processes.recognition import {room}\noriginal = {room}.{method}\n"
        "def killed(self, what):\n"
        "    if getattr(what, 'pid', what): os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return original(self, what)\n"
        f"{room}.{method} = killed\n"
    )
    script = SCHEDULER.replace("folder, ledger =", f"{killing}folder, ledger =")
    command = [
        sys.executable,
        "-I",
        "-c",
        script,
        str(runs.folder),
        runs.ledger_id,
        f"read x < {hold}; exit 6",
    ]
    key = "00" * 32
    command[3] = command[3].replace(
        "import sys", f"import sys, os\nos.urandom = lambda _: bytes.fromhex('{key}')\nimport sys"
    )
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    monkeypatch.setattr(os, "urandom", bytes)
    runs.digests[5, 1] = AttemptSecrets().secret(5, 1).sha256
    spawner = PosixSpawner(runs.ledger_id, notes=runs.folder / "notes")
    assert adopted(runs, (5, 1), by=spawner) == {5}
    hold.write_text("go\n")
    assert spawner.wait(PATIENCE_S)
    assert [(ended.run, ended.exit_code) for ended in spawner.exits()] in ([(5, 6)], [(5, None)])
    spawner.close()


def test_an_exec_that_ends_between_two_looks(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose environment was seen empty in its `exec`, which was over at the next look, is recognised."""
    pid = runs.launch(5, ["sleep", "1000"])
    really, seen = os.open, []

    def empty_at_first(path: str, flags: int) -> int:
        if path != f"/proc/{pid}/environ":
            return really(path, flags)
        seen.append(path)
        return really("/dev/null" if len(seen) == 1 else path, flags)

    while claims.carried(pid, runs.ledger_id) is None:  # until its own `exec` is over
        pass
    with monkeypatch.context() as looking:
        looking.setattr(os, "open", empty_at_first)
        assert claims.carried(pid, runs.ledger_id) == (5, 1)
    assert [path for path in seen if path.endswith("/environ")] == [f"/proc/{pid}/environ"] * 2
