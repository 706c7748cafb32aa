from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ownership.home_identity import remember
from scheduler.scheduler_lock import Holder, SchedulerLock
from tests.support.command import await_fact, call, process
from tests.support.home import entries_of, write_config
from tests.support.ledger_check import check_ledger
from tests.support.served import Served

pytestmark = pytest.mark.real

EVERY_SECOND = "jobs:\n  tick:\n    every: 1s\n    command: echo hello\n"


def test_a_job_runs_and_its_output_is_kept(tmp_path: Path) -> None:
    """A tick, a start and a result are recorded, and the output is where the result says, digest and all."""
    import hashlib

    write_config(tmp_path, EVERY_SECOND)
    with Served(tmp_path) as served:
        entry = served.wait_for(v.RunFinished)
        code, _, _ = served.stop()
    finished = v.payload(entry)
    assert code == 0
    assert (finished.outcome, finished.exit_code, finished.stdout_bytes) == ("succeeded", 0, 6)
    output = Home(tmp_path).output(entry.run or 0, 1, finished.started, "stdout")
    assert hashlib.sha256(output.read_bytes()).hexdigest() == finished.stdout_sha256
    assert entries_of(tmp_path)[-1].type == "scheduler.stopped"
    check_ledger(tmp_path / "var" / "ledger")


def test_a_second_scheduler_is_told_who_serves_the_home(tmp_path: Path) -> None:
    """A second copy started by accident says who holds the home, changes nothing and exits with 2."""
    write_config(tmp_path, "jobs: {}\n")
    with Served(tmp_path) as served:
        before = len(entries_of(tmp_path))
        second = process("serve", home=tmp_path)
        assert second.code == 2
        assert str(served.process.pid) in second.err
        assert len(entries_of(tmp_path)) == before


def test_a_lock_that_somebody_deletes_is_made_again(tmp_path: Path) -> None:
    """The home is served as before, is no copy of another one, and nobody else begins to serve it."""
    write_config(tmp_path, EVERY_SECOND)
    with Served(tmp_path) as served:
        Home(tmp_path).scheduler_lock.unlink()
        served.wait_until_told("deleted var/scheduler.lock", 1)
        told = process("status", home=tmp_path).out
        assert f"running: pid {served.process.pid}" in told
        assert "copy" not in told
        assert process("serve", home=tmp_path).code == 2
        last = entries_of(tmp_path)[-1].seq
        served.wait_for(v.RunFinished, lambda entry: entry.seq > last)


def test_a_scheduler_that_a_signal_has_stopped_is_not_told_as_at_work(tmp_path: Path) -> None:
    """It stands still, which is not well, until it is let go on."""
    write_config(tmp_path, "jobs: {}\n")
    with Served(tmp_path) as served:
        for suspended in (True, False):
            if suspended:
                served.pause()
            else:
                served.send(signal.SIGCONT)
                await_fact(
                    lambda: not call("status", "--json", home=tmp_path).document["scheduler"]["suspended"]
                )
            answer = call("status", "--exit-code", home=tmp_path)
            assert (answer.code, "stands still: pid" in answer.out) == (int(suspended), suspended)
            assert (f"`kill -CONT {served.process.pid}` lets it go on" in answer.out) == suspended
            assert call("status", "--json", home=tmp_path).document["scheduler"]["suspended"] is suspended
            assert f"cronledger_scheduler_up {1 - suspended}.0" in call("metrics", home=tmp_path).out
            assert ("has stopped the scheduler" in call("jobs", "list", home=tmp_path).err) == suspended


def test_a_scheduler_whose_lock_another_has_leaves_what_runs_to_that(tmp_path: Path) -> None:
    """The file was replaced by one that another process has locked: the first ends, and the run has one end."""
    write_config(tmp_path, "jobs:\n  long:\n    on_demand: true\n    command: sleep 600\n")
    home, other = Home(tmp_path), tmp_path / "other.lock"
    with Served(tmp_path) as first:
        call("jobs", "run", "long", "--no-wait", home=tmp_path)
        run = first.wait_for(v.RunStarted)
        lock = SchedulerLock.take(other, Holder(7, "other", run.time))
        other.replace(home.scheduler_lock)
        _, err = first.process.communicate(timeout=30)
    assert (first.process.returncode, "pid 7 on other" in err) == (2, True)
    lock.release()
    remember(home)
    with Served(tmp_path) as second:
        call("jobs", "cancel", str(run.run), home=tmp_path)
        ended = second.wait_for(v.RunFinished)
    assert (ended.run, v.payload(ended).outcome) == (run.run, "cancelled")
    check_ledger(tmp_path / "var" / "ledger")


def test_an_edit_is_picked_up_and_an_invalid_one_is_not(tmp_path: Path) -> None:
    """While running: an invalid edit is recorded and the last good config stays; a valid one comes into force."""
    write_config(tmp_path, EVERY_SECOND)
    with Served(tmp_path) as served:
        write_config(tmp_path, EVERY_SECOND + "  bad job:\n    every: 1s\n    comand: x\n")
        rejected = served.wait_for(v.ConfigRejected)
        assert v.payload(rejected).error_count >= 2
        served.wait_for(v.RunFinished, lambda entry: entry.seq > rejected.seq)
        assert "comand" in process("status", home=tmp_path).out
        write_config(tmp_path, EVERY_SECOND + "  second:\n    every: 1h\n    command: 'true'\n")
        served.wait_for(v.JobDefined, lambda entry: entry.job == "second")
        served.wait_for(v.ConfigAccepted, lambda entry: entry.seq > rejected.seq)
        assert "comand" not in process("status", home=tmp_path).out


def test_hangup_reads_the_config_at_once(tmp_path: Path) -> None:
    """SIGHUP has an edit taken up, also one that the file's size and time do not show."""
    write_config(tmp_path, EVERY_SECOND)
    config = Home(tmp_path).config
    before = config.stat()
    with Served(tmp_path) as served:
        with config.open("r+") as file:
            file.write(EVERY_SECOND.replace("every: 1s", "every: 2s"))
        os.utime(config, ns=(before.st_atime_ns, before.st_mtime_ns))
        served.send(signal.SIGHUP)
        served.wait_for(v.JobDefined, lambda entry: v.payload(entry).changed == ["every"])


def test_a_restart_with_an_invalid_config_goes_on_with_the_last_good_one(tmp_path: Path) -> None:
    """What was in force stays in force over a restart; the rejection is on record."""
    write_config(tmp_path, EVERY_SECOND)
    with Served(tmp_path) as served:
        served.stop()
    write_config(tmp_path, "jobs: [")
    with Served(tmp_path) as served:
        rejected = served.wait_for(v.ConfigRejected)
        served.wait_for(v.RunFinished, lambda entry: entry.seq > rejected.seq)


def test_without_any_valid_config_the_scheduler_does_not_start(tmp_path: Path) -> None:
    """A first start with an invalid config exits with 2 and points at the line."""
    write_config(tmp_path, "jobs:\n  a:\n    every: 1s\n    comand: x\n")
    done = process("serve", home=tmp_path)
    assert done.code == 2
    assert "config.yaml:4" in done.err
    assert "command" in done.err


def test_a_stop_gives_runs_their_grace_and_then_stops_them_whole(tmp_path: Path) -> None:
    """A run that ignores SIGTERM, and its grandchild in another session, are gone when the scheduler is."""
    pids = tmp_path / "pids"
    grandchild = f"trap '' TERM; echo \\$\\$ >> {pids}; while :; do sleep 1; done"
    script = f'trap "" TERM; setsid sh -c "{grandchild}" & echo $$ >> {pids}; wait'
    (tmp_path / "stubborn.sh").write_text(script)
    write_config(
        tmp_path,
        "scheduler: {shutdown_grace: 1s}\n"
        f"jobs:\n  stubborn:\n    every: 1s\n    command: [sh, {tmp_path}/stubborn.sh]\n    kill_after: 1s\n",
    )
    with Served(tmp_path) as served:
        served.wait_for(v.RunStarted)
        while not pids.exists() or len(pids.read_text().split()) < 2:
            os.sched_yield()
        served.stop()
    outcomes = [
        v.payload(entry).outcome for entry in entries_of(tmp_path) if entry.type == v.RunFinished.TYPE
    ]
    assert outcomes == ["cancelled"]
    assert v.payload(entries_of(tmp_path)[-1]).runs_stopped == 1
    for pid in pids.read_text().split():
        assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]


def test_a_second_interrupt_hurries(tmp_path: Path) -> None:
    """The first Ctrl-C waits for runs; the second one kills them and the scheduler is gone at once."""
    write_config(
        tmp_path,
        "scheduler: {shutdown_grace: 1h}\n"
        "jobs:\n  slow:\n    every: 1s\n    command: sleep 600\n    kill_after: 1h\n",
    )
    with Served(tmp_path) as served:
        served.wait_for(v.RunStarted)
        served.send(signal.SIGINT)
        assert served.process.stderr is not None
        while "Stopping" not in served.process.stderr.readline():
            pass
        code, _, _ = served.stop(signal.SIGINT)
    assert code == 0
    finished = [v.payload(entry) for entry in entries_of(tmp_path) if entry.type == v.RunFinished.TYPE]
    assert [end.outcome for end in finished] == ["cancelled"]


def test_a_run_outlives_the_scheduler_and_is_adopted_by_the_next(tmp_path: Path) -> None:
    """Killed with -9, the scheduler leaves its run going; the next one adopts it and records its end."""
    fifo = tmp_path / "gate"
    os.mkfifo(fifo)
    up = tmp_path / "up"
    write_config(
        tmp_path,
        f"jobs:\n  long:\n    every: 1s\n    catch_up: none\n    command: 'touch {up}; cat {fifo}'\n",
    )
    with Served(tmp_path) as served:
        run = served.wait_for(v.RunStarted).run
        while not up.exists():
            os.sched_yield()
        served.kill()
    with Served(tmp_path) as served:
        adopted = served.wait_for(v.RunAdopted)
        assert adopted.run == run
        fifo.write_text("go on\n")
        finished = served.wait_for(v.RunFinished, lambda entry: entry.run == run)
        assert v.payload(finished).outcome in {"succeeded", "unknown"}
        assert v.payload(finished).stdout_bytes == 6
        served.kill()


def test_a_run_that_was_left_is_adopted_with_its_real_result(tmp_path: Path) -> None:
    """An orderly restart with `--leave-runs` costs a run nothing: its output is whole, its exit code its own."""
    fifo = tmp_path / "gate"
    os.mkfifo(fifo)
    up = tmp_path / "up"
    command = f"echo before; touch {up}; cat {fifo}; exit 7"
    write_config(tmp_path, f"jobs:\n  long:\n    at: 2099-01-01T00:00:00Z\n    command: '{command}'\n")
    with Served(tmp_path, None, "--leave-runs") as served:
        call("jobs", "run", "long", "--no-wait", home=tmp_path)
        run = served.wait_for(v.RunStarted).run
        while not up.exists():
            os.sched_yield()
        code, _, err = served.stop()
    stopped = v.payload(entries_of(tmp_path)[-1])
    assert (code, stopped.runs_stopped, stopped.runs_left) == (0, 0, 1)
    assert "1 run goes on, and the next scheduler takes it over" in err
    assert "1 run was left going" in call("status", home=tmp_path).out
    assert call("status", "--json", home=tmp_path).document["scheduler"]["runs_left"] == [run]
    with Served(tmp_path) as served:
        assert served.wait_for(v.RunAdopted).run == run
        fifo.write_text("after\n")
        finished = v.payload(served.wait_for(v.RunFinished))
        served.stop()
    assert finished.stdout_bytes == len("before\nafter\n")
    assert (finished.outcome, finished.exit_code) in {("failed", 7), ("unknown", None)}  # before Linux 6.15
    check_ledger(tmp_path / "var" / "ledger")


def test_a_requested_run_is_made_through_the_ledger(tmp_path: Path) -> None:
    """`jobs run` asks the running scheduler by way of the ledger, and fails when the run does."""
    write_config(tmp_path, "jobs:\n  once:\n    schedule: '0 0 1 1 *'\n    command: 'echo made; exit 4'\n")
    with Served(tmp_path) as served:
        done = process("jobs", "run", "once", home=tmp_path)
        finished = v.payload(served.wait_for(v.RunFinished))
    assert done.code == 1
    assert done.out == "made\n"
    assert (finished.trigger, finished.exit_code) == ("manual", 4)


FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


@pytest.mark.skipif(not FAKETIME, reason="Debian's faketime is not on this machine")
def test_time_shifted_under_a_real_restart_is_caught_up(tmp_path: Path) -> None:
    """Three days later on the wall clock, the restart catches up on three nights with one run, for the latest."""
    write_config(tmp_path, "jobs:\n  nightly:\n    schedule: '0 2 * * *'\n    command: echo done\n")

    def at(time: str) -> dict[str, str]:
        shift = {"LD_PRELOAD": str(FAKETIME[0]), "FAKETIME": f"@{time}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        return {**shift, "TZ": "UTC"}

    with Served(tmp_path, at("2026-03-01 12:00:00")) as served:
        served.stop()
    with Served(tmp_path, at("2026-03-04 12:00:00")) as served:
        misfired = v.payload(served.wait_for(v.ScheduleMisfired))
        finished = v.payload(served.wait_for(v.RunFinished))
        served.stop()
    assert (misfired.count, misfired.will_run) == (3, 1)
    assert (finished.trigger, f"{finished.scheduled_for:%d %H:%M}") == ("catch_up", "04 02:00")


@pytest.mark.unshifted("it shifts the date itself")
@pytest.mark.skipif(not FAKETIME, reason="Debian's faketime is not on this machine")
def test_a_clock_set_ahead_under_a_running_scheduler_is_seen_and_caught_up(tmp_path: Path) -> None:
    """A real scheduler whose wall clock jumps two hours ahead records the step and catches up once."""
    write_config(tmp_path, "jobs:\n  hourly:\n    schedule: '@hourly'\n    command: echo done\n")
    shift = tmp_path / "shift"
    shift.write_text("+0\n")
    env = {
        "LD_PRELOAD": str(FAKETIME[0]),
        "FAKETIME_TIMESTAMP_FILE": str(shift),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with Served(tmp_path, env) as served:
        shift.write_text("+7200\n")
        stepped = v.payload(served.wait_for(v.ClockStepped))
        misfired = v.payload(served.wait_for(v.ScheduleMisfired))
        finished = v.payload(served.wait_for(v.RunFinished))
        served.stop()
    assert stepped.kind == "step"
    assert abs(stepped.by_ms - 7_200_000) < 10_000
    assert (misfired.count, misfired.reason, finished.trigger) == (2, "clock_step", "catch_up")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_stops_new_runs_and_nothing_else(tmp_path: Path) -> None:
    """On a full disk the scheduler starts nothing new, says so, and goes on by itself when there is room again."""
    home = tmp_path / "small"
    home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1536k", "tmpfs", str(home)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("no disk can be mounted here")
    try:
        write_config(home, EVERY_SECOND)
        with Served(home) as served:
            served.wait_for(v.RunFinished)
            filler = home / "filler"
            with filler.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * 4096)

                except OSError:
                    pass
            paused = served.wait_for(v.SchedulerPaused)
            assert "No space left" in v.payload(paused).reason
            assert "paused" in process("status", home=home).out
            filler.unlink()
            resumed = served.wait_for(v.SchedulerResumed)
            served.wait_for(v.RunFinished, lambda entry: entry.seq > resumed.seq)
            code, _, _ = served.stop()
            assert code == 0
        check_ledger(home / "var" / "ledger")
    finally:
        subprocess.run(["umount", "-l", str(home)], check=False)


def test_a_rejection_of_any_length_is_recorded(tmp_path: Path) -> None:
    """Mistakes that quote more than an entry can hold are shortened; the last good config stays in force."""
    write_config(tmp_path, EVERY_SECOND)
    with Served(tmp_path) as served:
        zones = "".join(
            f"  job-{n}: {{every: 1h, timezone: '{'x' * 70_000}', command: 'true'}}\n" for n in range(3)
        )
        write_config(tmp_path, "jobs:\n" + zones)
        rejected = served.wait_for(v.ConfigRejected)
        assert v.payload(rejected).error_count == 3
        served.wait_for(v.RunFinished, lambda entry: entry.seq > rejected.seq)
        code, _, _ = served.stop()
        assert code == 0
    with Served(tmp_path) as served:  # and a restart goes on with the last good one
        served.wait_for(v.ConfigRejected, lambda entry: entry.seq > rejected.seq)


def test_a_ledger_that_someone_holds_keeps_nobody_from_stopping(tmp_path: Path) -> None:
    """While another process holds the ledger's lock a scheduler still answers, and says what is not recorded."""
    write_config(tmp_path, EVERY_SECOND)
    with Served(tmp_path) as served:
        served.wait_for(v.RunFinished)
        with open(Home(tmp_path).ledger / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            code, _, err = served.stop()
        assert code == 75
        assert "the ledger is held by another process" in err
