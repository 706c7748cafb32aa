from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from scheduler.home import Home
from tests.support.command import COMMAND, await_fact, finished
from tests.support.home import LiveHome, job, sh
from tests.support.postgresql_fixtures import TestDatabase
from tests.support.served import Served

pytestmark = pytest.mark.real

PYTHON = sys.executable
RETRIED = "{attempts: 3, delay: 1s}"


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """An empty home."""
    return LiveHome(tmp_path / "home")


def test_output_arrives_on_the_stream_it_was_written_to(home: LiveHome) -> None:
    """Standard output and error of a job are those of the command; one line at the end says how it went."""
    home.configure("jobs:\n" + job("hello", sh("echo out; echo err >&2")))
    result = home.run("jobs", "run", "hello", "--reason", "to see it")
    number = home.entries("run.requested")[0].seq
    assert result.code == 0
    assert result.out == "out\n"
    lines = result.err.splitlines()
    assert lines[0] == "err"
    assert lines[1].startswith(f"run {number} of hello succeeded in ")
    assert lines[1].endswith("(exit 0)")
    requested = msgspec.json.decode(home.entries("run.requested")[0].data)
    assert requested.pop("claims")["uid"] == os.getuid()
    assert requested == {"executor": "self", "reason": "to see it"}
    home.check()


@pytest.mark.parametrize(
    ("script", "words"), [("exit 3", "with exit code 3"), ("kill -9 $$", "killed by SIGKILL")]
)
def test_a_run_that_fails_makes_the_command_fail(home: LiveHome, script: str, words: str) -> None:
    """Exit code 1, and the reason in the last line."""
    home.configure("jobs:\n" + job("bad", sh(script)))
    result = home.ask("jobs", "run", "bad")
    assert result.code == 1
    assert words in result.err


def test_an_exit_code_that_counts_as_success_is_told(home: LiveHome) -> None:
    """Exit code 0 of the command; the line, the history and the reasons say which code counts."""
    home.configure("jobs:\n" + job("sync", sh("exit 3"), success_codes="[0, 3]"))
    result = home.ask("jobs", "run", "sync")
    assert result.code == 0
    assert "succeeded (exit code 3 counts as success)" in result.err
    assert "succeeded (exit code 3 counts as success)" in home.ask("jobs", "history").out
    assert "0, 3" in home.ask("jobs", "show", "sync").out


def test_a_text_in_the_output_fails_a_run(home: LiveHome) -> None:
    """Exit code 1 of the command; the line, the history and the reasons say which text stands where."""
    home.configure("jobs:\n" + job("sync", sh("echo ok; echo 0 ERRORS"), fail_on_output="ERROR"))
    result = home.run("jobs", "run", "sync")
    assert result.code == 1
    assert "failed with exit code 0" in result.err
    assert "its output holds 'ERROR' (stdout, line 2)" in result.err
    assert "its output holds 'ERROR' (stdout, line 2)" in home.ask("jobs", "history").out
    assert "'ERROR'" in home.ask("jobs", "show", "sync").out


def test_a_program_that_does_not_exist_is_named(home: LiveHome) -> None:
    """It fails with 127, as a shell has it, and the message names the program."""
    home.configure("jobs:\n" + job("gone", ["no-such-program-anywhere"]))
    result = home.ask("jobs", "run", "gone")
    assert result.code == 1
    assert "127" in result.err
    assert "no-such-program-anywhere" in result.err
    assert msgspec.json.decode(home.entries("run.finished")[0].data)["exit_code"] == 127


def test_a_mistyped_name_runs_nothing(home: LiveHome) -> None:
    """Exit code 2, the nearest name, and no request in the ledger, not even for the names that exist."""
    home.configure("jobs:\n" + job("nightly", sh("true")))
    result = home.ask("jobs", "run", "nightly", "nigthly")
    assert result.code == 2
    assert "did you mean nightly?" in result.err
    assert home.entries("run.") == []


@pytest.mark.parametrize("name", ["two words", "-dash", "../../etc/passwd", "", "\x1b[2J", "x" * 5000])
def test_odd_names_are_answered_like_any_unknown_one(home: LiveHome, name: str) -> None:
    """Blanks, slashes, a leading dash, control characters: exit code 2, a printable message, nothing recorded."""
    home.configure("jobs:\n" + job("hello", sh("true")))
    # Only a process of its own can be left behind by `--no-wait`.
    for command, told in ((["run"], home.ask), (["run", "--no-wait"], home.run), (["cancel"], home.ask)):
        result = told("jobs", *command, "--", name)
        assert result.code == 2
        assert "no job" in result.err
        assert b"\x1b" not in result.raw_err
    assert home.entries("run.") == []


def test_bytes_pass_unharmed(home: LiveHome) -> None:
    """Binary data, half a UTF-8 character and a missing line end arrive as they were written."""
    script = (
        "import os,time;os.write(1,b'\\xe2\\x82');time.sleep(.2);os.write(1,bytes(range(256))+b'\\xff\\xc3')"
    )
    home.configure("jobs:\n" + job("binary", [PYTHON, "-c", script]))
    result = home.run("jobs", "run", "binary")
    assert result.raw_out == b"\xe2\x82" + bytes(range(256)) + b"\xff\xc3"
    assert result.code == 0


def test_a_lot_of_output_passes_in_bounded_memory(home: LiveHome, tmp_path: Path) -> None:
    """50 MB without a line end arrive whole while the command stays small."""
    home.configure("jobs:\n" + job("large", sh("head -c 50000000 /dev/zero")))
    target, peak = tmp_path / "out", tmp_path / "peak"
    # Measured by a small process between: a child's peak begins with that of its parent, and pytest is large.
    between = (
        "import resource, subprocess, sys\n"
        "with open(sys.argv[1], 'wb') as out:\n"
        "    done = subprocess.run(sys.argv[3:], stdout=out, check=False)\n"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        "open(sys.argv[2], 'w').write(str(peak))\n"
        "sys.exit(done.returncode)\n"
    )
    command = [COMMAND, "--home", str(home.root), "jobs", "run", "large"]
    done = subprocess.run(
        [sys.executable, "-c", between, str(target), str(peak), *command], capture_output=True, check=False
    )
    assert done.returncode == 0
    assert b"succeeded" in done.stderr
    assert target.stat().st_size == 50_000_000
    assert int(peak.read_text()) < 100 * 1024  # KiB


def test_a_reader_that_leaves_does_not_stop_the_run(home: LiveHome) -> None:
    """When the pager is closed the output goes nowhere, and the run ends as it would have."""
    home.configure("jobs:\n" + job("chatty", sh("yes | head -n 300000; exit 4")))
    process = home.start("jobs", "run", "chatty")
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    process.stdout = None
    result = finished(process)
    assert result.code == 1
    assert "exit code 4" in result.err


def test_a_reader_that_does_not_read_does_not_hold_up_the_timeout(home: LiveHome) -> None:
    """A pager that nobody scrolls takes nothing: the run is stopped when its time is over all the same."""
    home.configure("jobs:\n" + job("stuck", sh("yes"), timeout="1s", kill_after="1s"))
    process = home.start("jobs", "run", "stuck")
    ended = home.await_entry("run.finished")
    assert msgspec.json.decode(ended.data)["outcome"] == "timed_out"
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    assert finished(process).code == 1


def test_several_jobs_run_beside_each_other_with_labels(home: LiveHome) -> None:
    """With several names each line says whose it is, also one without an end, and one failure is enough."""
    first = sh("echo one; printf unfinished")
    home.configure("jobs:\n" + job("first", first) + job("second", sh("echo two >&2; exit 1")))
    result = home.run("jobs", "run", "first", "second", "first")
    assert result.out == "first | one\nfirst | unfinished\n"
    assert "second | two\n" in result.err
    assert result.code == 1
    assert len(home.entries("run.requested")) == 2


def test_json_is_the_result_and_nothing_else(home: LiveHome) -> None:
    """With --json standard output holds the results; what the job prints goes to standard error."""
    home.configure("jobs:\n" + job("hello", sh("echo out")))
    result = home.run("jobs", "run", "hello", "--json")
    (row,) = json.loads(result.out)
    assert (row["job"], row["outcome"], row["exit_code"], row["stdout_bytes"]) == ("hello", "succeeded", 0, 4)
    assert row["run"] == home.entries("run.requested")[0].seq
    assert result.err.startswith("out\n")


def test_a_run_in_the_way_is_named(home: LiveHome) -> None:
    """With `overlap: skip` the second run is recorded as skipped, exit code 1, and the first one is named."""
    home.configure("jobs:\n" + job("slow", sh("sleep 60")))
    assert home.run("jobs", "run", "slow", "--no-wait").code == 0
    number = home.await_entry("run.started").run
    result = home.ask("jobs", "run", "slow")
    assert result.code == 1
    assert f"run {number} was still going" in result.err
    assert "cronledger jobs cancel" in result.err
    again = home.run("jobs", "run", "slow", "--no-wait")
    assert again.code == 1
    assert len(home.entries("run.skipped")) == 2
    assert home.ask("jobs", "cancel", "slow").code == 0
    home.await_entry("run.finished")
    home.check()


def test_overlap_queue_waits_and_says_so(home: LiveHome, tmp_path: Path) -> None:
    """With `overlap: queue` the command waits for the running run, then runs."""
    gate = tmp_path / "gate"
    home.configure("jobs:\n" + job("turn", sh(f"until [ -e {gate} ]; do sleep 0.05; done"), overlap="queue"))
    assert home.run("jobs", "run", "turn", "--no-wait").code == 0
    first = home.await_entry("run.started")
    second = home.start("jobs", "run", "turn")
    assert second.stderr is not None
    assert second.stderr.readline() == f"turn: waiting for run {first.run} to end\n".encode()
    gate.touch()
    assert finished(second).code == 0
    kinds = [entry.type for entry in home.entries("run.")]
    assert kinds == ["run.requested", "run.started", "run.finished"] * 2


def test_a_lock_that_a_run_of_another_job_holds_is_waited_for(home: LiveHome, tmp_path: Path) -> None:
    """The command says which it is and who holds it, and runs when it is free."""
    gate = tmp_path / "gate"
    home.configure(
        "jobs:\n"
        + job("etl", sh(f"until [ -e {gate} ]; do sleep 0.05; done"), locks="[db, disk]")
        + job("report", ["true"], locks="db")
    )
    assert home.run("jobs", "run", "etl", "--no-wait").code == 0
    first = home.await_entry("run.started")
    second = home.start("jobs", "run", "report")
    assert second.stderr is not None
    told = second.stderr.readline().decode()
    assert told.startswith(f"report: waiting for the lock db, held by run {first.run} of etl, started ")
    gate.touch()
    assert finished(second).code == 0
    kinds = [entry.type for entry in home.entries("run.")]
    assert kinds == ["run.requested", "run.started", "run.finished"] * 2
    home.check()


def test_no_wait_returns_once_the_request_is_durable(home: LiveHome, tmp_path: Path) -> None:
    """The command returns with the number while the run goes on in a session of its own, and is recorded."""
    gate = tmp_path / "gate"
    home.configure("jobs:\n" + job("slow", sh(f"until [ -e {gate} ]; do sleep 0.05; done; exit 5")))
    result = home.run("jobs", "run", "slow", "--no-wait")
    requested = home.entries("run.requested")[0]
    assert result.code == 0
    assert result.out == f"run {requested.seq} of slow requested\n"
    assert home.entries("run.finished") == []
    gate.touch()
    ended = msgspec.json.decode(home.await_entry("run.finished").data)
    assert (ended["outcome"], ended["exit_code"]) == ("failed", 5)


def test_no_wait_says_what_is_wrong(home: LiveHome) -> None:
    """An unknown name is refused as without --no-wait: exit code 2, on standard error."""
    home.configure("jobs:\n" + job("nightly", sh("true")))
    result = home.run("jobs", "run", "nightyl", "--no-wait")
    assert result.code == 2
    assert "did you mean nightly?" in result.err


def test_ctrl_c_stops_the_run(home: LiveHome) -> None:
    """One Ctrl-C: SIGTERM, outcome cancelled, exit code 130."""
    home.configure("jobs:\n" + job("slow", sh("exec sleep 60")))
    process = home.start("jobs", "run", "slow")
    home.await_entry("run.started")
    process.send_signal(signal.SIGINT)
    result = finished(process)
    assert result.code == 130
    assert "was cancelled" in result.err
    assert msgspec.json.decode(home.entries("run.finished")[0].data)["outcome"] == "cancelled"


def test_ctrl_c_twice_kills(home: LiveHome, tmp_path: Path) -> None:
    """A run that ignores SIGTERM, grandchildren included, is gone after the second Ctrl-C."""
    pids = tmp_path / "pids"
    script = f"trap '' TERM; (setsid sh -c 'trap \"\" TERM; echo $$ >> {pids}; while :; do sleep 1; done') & echo $$ >> {pids}; while :; do sleep 1; done"  # noqa: E501
    home.configure("jobs:\n" + job("deaf", sh(script), kill_after="1h"))
    process = home.start("jobs", "run", "deaf")
    await_fact(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert any(b"once more kills" in line for line in process.stderr), "it ended before it said so"
    assert home.entries("run.finished") == []
    process.send_signal(signal.SIGINT)
    assert finished(process).code == 130
    for pid in pids.read_text().split():
        assert not _alive(int(pid))
    home.check()


def test_cancel_stops_a_deaf_run_with_its_grandchildren(home: LiveHome, tmp_path: Path) -> None:
    """Another process asks; the one that executes sends SIGTERM, then SIGKILL; nobody is left."""
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sh -c 'trap \"\" TERM; echo $$ >> {pids}; while :; do sleep 1; done' & echo $$ >> {pids}; while :; do sleep 1; done"  # noqa: E501
    home.configure("jobs:\n" + job("deaf", sh(script), kill_after="1s"))
    process = home.start("jobs", "run", "deaf")
    await_fact(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    number = home.entries("run.started")[0].run
    result = home.run("jobs", "cancel", str(number), "--reason", "enough")
    assert result.code == 0
    assert result.out == f"run {number} of deaf is asked to stop\n"
    assert finished(process).code == 1
    assert not any(_alive(int(pid)) for pid in pids.read_text().split())
    assert msgspec.json.decode(home.entries("run.cancel_requested")[0].data)["reason"] == "enough"


def test_cancel_refuses_what_is_not_going(home: LiveHome) -> None:
    """An unknown run or job: exit code 2; one that has ended: exit code 1, with how it ended."""
    home.configure("jobs:\n" + job("hello", sh("true")))
    assert home.ask("jobs", "run", "hello").code == 0
    number = home.entries("run.requested")[0].seq
    ended = home.ask("jobs", "cancel", str(number))
    assert (ended.code, "succeeded" in ended.err) == (1, True)
    for target, words in (
        ("0", "there is no run 0"),
        ("4711", "there is no run"),
        ("helo", "did you mean hello"),
    ):
        refused = home.ask("jobs", "cancel", target)
        assert (refused.code, words in refused.err) == (2, True)
    assert home.ask("jobs", "cancel", "hello").code == 1
    assert home.entries("run.cancel_requested") == []


def test_an_invalid_config_does_not_keep_a_known_job_from_running(home: LiveHome) -> None:
    """While no valid config was ever in force here nothing runs: exit code 2, with line and column."""
    home.configure("jobs:\n  hello:\n    comand: true\n")
    result = home.ask("jobs", "run", "hello")
    assert result.code == 2
    assert "config.yaml:" in result.err
    assert home.entries() == []


def test_an_unwritable_home_is_said(home: LiveHome) -> None:
    """Nothing can be recorded, so nothing is started: exit code 3."""
    home.configure("jobs:\n" + job("hello", sh("echo ran")))
    (home.root / "var").write_text("in the way")
    result = home.ask("jobs", "run", "hello")
    assert result.code == 3
    assert result.out == ""


def test_a_full_disk_loses_no_result(home: LiveHome) -> None:
    """A run that fills the disk is recorded, in the room that was held back for that; the ledger stays sound."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(home.root)]
    home.root.mkdir()
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no small disk can be had here")
    try:
        home.configure(
            "jobs:\n" + job("large", sh("head -c 3000000 /dev/zero")) + job("hello", sh("echo out"))
        )
        result = home.run("jobs", "run", "large")
        assert result.code == 1
        assert "failed with exit code 1" in result.err
        assert msgspec.json.decode(home.entries("run.finished")[0].data)["outcome"] == "failed"
        home.check()
        fill_up(home.root)
        again = home.run("jobs", "run", "hello")
        # The last page of the ledger may still have room: then the run is recorded, and fails for want of output.
        assert again.code in (1, 3)
        assert again.out == ""
        home.check()
    finally:
        subprocess.run(["umount", str(home.root)], check=True)


def fill_up(folder: Path) -> None:
    """Leave no byte free on the disk that a folder is on."""
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(100))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def test_the_first_run_by_hand_records_salted_digests(home: LiveHome) -> None:
    """No value of the environment can be guessed from a ledger that `jobs run` began, or seems to change."""
    from scheduler.configuration.variables.environment import env_digest

    home.configure("jobs:\n" + job("quiet", ["true"], env='{PIN: "1234"}'))
    assert home.ask("jobs", "run", "quiet").code == 0
    assert home.ask("jobs", "disable", "quiet").code == 0
    (defined,) = home.entries("job.defined")
    digest = msgspec.json.decode(defined.data)["definition"]["env"]["PIN"]
    assert digest != env_digest("PIN", "1234")


def test_an_invalid_config_is_replaced_by_the_one_that_came_into_force(home: LiveHome) -> None:
    """Only by that one: a copy of another content is not what the ledger says was accepted."""
    home.configure("jobs:\n" + job("hello", sh("echo ran")))
    assert home.run("jobs", "run", "hello").code == 0
    (home.root / "services" / "scheduler" / "config.yaml").write_text("jobs: [\n")
    kept = home.run("jobs", "run", "hello")
    assert (kept.code, kept.out) == (0, "ran\n")
    assert "the last config that was in force is used" in kept.err
    copy = Home(home.root).config_in_force
    copy.write_text(copy.read_text().replace("echo ran", "echo forged"))
    entries = home.entries()
    for command in (["jobs", "run", "hello"], ["serve"]):
        refused = home.run(*command)
        assert refused.code == 2
        assert "config.yaml" in refused.err
    assert home.entries() == entries


def test_a_calendar_file_that_is_gone_stops_no_start(home: LiveHome) -> None:
    """The days on record stay in force, for a scheduler and for a run without one; both say so."""
    config = "calendars: {off: {ical: off.ics}}\njobs:\n" + job("hello", sh("echo ran"))
    home.configure(config)
    file = home.root / "off.ics"
    file.write_text(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20260102\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    assert home.run("jobs", "run", "hello").code == 0
    file.unlink()
    kept = home.run("jobs", "run", "hello")
    assert (kept.code, kept.out) == (0, "ran\n")
    assert "the last config that was in force is used, with the days on record of off" in kept.err
    with Served(home.root) as served:
        served.wait_until_told("The days on record stay in force, of off.", 1)
        served.stop()
    assert len(home.entries("calendar.defined")) == 1
    assert b"off.ics cannot be read" in bytes(home.entries("config.rejected")[-1].data)
    home.check()


def test_a_run_is_tried_again_by_the_command_itself(home: LiveHome) -> None:
    """Each attempt has its output, and says how it ended; the exit code is that of the last one."""
    home.configure(
        "jobs:\n" + job("flaky", sh("echo $CRONLEDGER_ATTEMPT; test $CRONLEDGER_ATTEMPT = 2"), retry=RETRIED)
    )
    result = home.run("jobs", "run", "flaky")
    assert (result.code, result.out) == (0, "1\n2\n")
    first, second = result.err.splitlines()
    assert first.startswith("attempt 1 of run ")
    assert "; attempt 2 follows at " in first
    assert " succeeded in " in second
    assert len(home.entries("run.started")) == len(home.entries("run.finished")) == 2
    home.check()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_between_two_attempts_cancels_the_run(home: LiveHome, number: signal.Signals) -> None:
    """The wait ends at once, and the run as cancelled."""
    home.configure("jobs:\n" + job("bad", sh("exit 3"), retry=RETRIED.replace("1s", "1h")))
    process = home.start("jobs", "run", "bad")
    home.await_entry("run.finished")
    process.send_signal(number)
    assert finished(process).code == 128 + number
    waited, closed = home.entries("run.finished")
    end = msgspec.json.decode(closed.data)
    assert (end["outcome"], end["attempt"], end["closes"]) == ("cancelled", 1, waited.seq)
    home.check()


def test_the_next_scheduler_goes_on_where_the_command_died(home: LiveHome) -> None:
    """The wait is on record: who comes next makes the attempt."""
    home.configure("jobs:\n" + job("flaky", sh("test $CRONLEDGER_ATTEMPT = 2"), retry=RETRIED))
    process = home.start("jobs", "run", "flaky")
    home.await_entry("run.finished")
    process.kill()
    finished(process)
    with home.served():
        await_fact(lambda: len(home.entries("run.finished")) == 2)
    assert [entry.run for entry in home.entries("run.started")] == [home.entries("run.requested")[0].seq] * 2
    assert msgspec.json.decode(home.entries("run.finished")[1].data)["outcome"] == "succeeded"
    home.check()


@pytest.mark.parametrize("options", [(), ("--no-wait",)])
def test_a_home_that_joins_a_database_by_it_records_nothing_there(
    home: LiveHome, pg_database: TestDatabase, options: tuple[str, ...]
) -> None:
    """Jobs are run by the schedulers there, and a file comes into force by `config apply` alone."""
    home.configure(f"ledger: {{store: '{pg_database.url}'}}\njobs:\n" + job("hello", sh("echo ran")))
    before = pg_database.execute("SELECT seq FROM cronledger.entries")
    joined = home.run("jobs", "run", "hello", *options)
    assert (joined.code, joined.out, "has joined" in joined.err) == (2, "", True)
    again = home.run("jobs", "run", "hello", *options)
    assert (again.code, again.out, 'no job "hello"' in again.err) == (2, "", True)
    cleaned = home.ask("jobs", "log-cleanup", "--dry-run")
    assert (cleaned.code, cleaned.out, "by the schedulers alone" in cleaned.err) == (2, "", True)
    assert pg_database.execute("SELECT seq FROM cronledger.entries") == before
