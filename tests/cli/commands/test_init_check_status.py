from __future__ import annotations

import os
import re
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventstore.journal import Journal
from eventstore.store import OWN_SEQ, Event
from scheduler import vocabulary as v
from scheduler.configuration.errors import ConfigInvalid, ConfigMissing
from scheduler.configuration.home_config import load_config
from scheduler.definition import JobDefinition
from scheduler.entry_members import Survivor
from scheduler.home import Home
from scheduler.processes import boot_id, start_ticks
from scheduler.scheduler_lock import Holder, SchedulerLock
from scheduler.service.config_in_force import rejection
from tests.support.command import call
from tests.support.home import entries_of, make_home, record, write_config
from tests.support.past import Past

STARTED = v.SchedulerStarted(pid=7, host="web1", boot_id="b", versions={})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with two jobs and no ledger."""
    return make_home(tmp_path / "home")


def test_init_makes_a_private_home_that_is_right_as_it_stands(tmp_path: Path) -> None:
    """Folders are 0700, the file 0600, the config valid, and the next steps are said."""
    root = tmp_path / "new" / "home"
    answer = call("init", home=root)
    assert answer.code == 0
    assert "serve" in answer.out
    config = Home(root).config
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (root, *config.parents[:2])} == {0o700}
    assert call("check", home=root).code == 0


def test_init_never_overwrites(home: Home) -> None:
    """What is there stays, and that is said."""
    before = home.config.read_bytes()
    answer = call("init", home=home.root)
    assert (answer.code, home.config.read_bytes()) == (2, before)
    assert "there is a config already" in answer.err


def test_init_where_nothing_can_be_made_says_why(tmp_path: Path) -> None:
    """A file in the way is no traceback."""
    (tmp_path / "services").write_text("")
    answer = call("init", home=tmp_path)
    assert (answer.code, "cannot be made" in answer.err) == (2, True)


def test_the_hints_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They name the home only where it would not be found without, and quote it."""
    root = tmp_path / "my home"
    assert f"cronledger --home '{root}' serve" in call("init", home=root).out
    monkeypatch.setenv("CRONLEDGER_HOME", str(root))
    assert "`cronledger serve` runs it" in call("init").err


def test_hints_in_a_log_name_the_home_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads a journal is not where the service is; at a terminal a path is as seen from there, but from /."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "home"
    assert f"--home {root} serve" in call("init", home=root).out
    assert "--home home serve" in call("init", home=root, terminal=True).err
    monkeypatch.chdir("/")
    assert f"--home {root} serve" in call("init", home=root, terminal=True).err


def test_check_says_all_is_right_and_warns_of_surprises(home: Home) -> None:
    """Exit code 0; warnings go to standard error with their line."""
    home.config.write_text('jobs:\n  a: {command: "true", schedule: "*/7 * * * *"}\n')
    answer = call("check", home=home.root)
    assert (answer.code, answer.out) == (0, f"{home.config}: all right, 1 job\n")
    assert answer.err.startswith(f"{home.config}:2:")
    assert "[uneven-step]" in answer.err
    assert not home.var.exists()


def test_check_shows_every_mistake_at_once(home: Home) -> None:
    """File, line, column, the line itself with a caret, and what was meant."""
    home.config.write_text(
        'jobs:\n  a:\n    comand: "true"\n    schedule: "61 * * * *"\n'
        "  b:\n    every: 1h\n    timezone: Europe/Pariss\n"
    )
    answer = call("check", home=home.root)
    assert (answer.code, answer.out) == (2, "")
    assert f"{home.config}:3:5: error: unknown key 'comand' in a job\n" in answer.err
    assert '        comand: "true"\n        ^\n    did you mean command?\n' in answer.err
    assert "did you mean Europe/Paris?" in answer.err
    assert f"{home.config}:4:" in answer.err
    assert "mistakes; nothing of this config is used" in answer.err


def test_check_counts_all_mistakes_and_shows_the_first(home: Home) -> None:
    """Three hundred mistakes are three hundred; 200 of them are shown."""
    call("jobs", "disable", "ticker", home=home.root)
    write_config(home.root, "jobs:\n" + "".join(f"  j{n}: {{every: 5m, comand: x}}\n" for n in range(300)))
    told = call("check", home=home.root)
    assert told.err.endswith(
        "300 mistakes, of which the first 200 are shown; nothing of this config is used\n"
    )
    document = call("check", "--json", home=home.root).document
    assert (len(document["errors"]), document["error_count"]) == (200, 300)
    assert "and 290 more mistakes" in call("status", home=home.root).out


def test_check_shows_the_first_warnings(home: Home) -> None:
    """A config of many surprises is no flood: 200 are shown, and how many more there are; programs get all."""
    jobs = "".join(f"  j{n}: {{every: 1s, command: sh}}\n" for n in range(210))
    write_config(home.root, f"jobs:\n{jobs}")
    told = call("check", home=home.root)
    assert (told.code, told.err.count("warning:")) == (0, 200)
    assert "and 10 more warnings" in told.err
    assert len(call("check", "--json", home=home.root).document["warnings"]) == 210


def test_check_for_programs_has_stable_members(home: Home) -> None:
    """Valid or not, the document has the same members."""
    members = [
        "path",
        "digest",
        "valid",
        "jobs",
        "errors",
        "error_count",
        "approvals",
        "rejected",
        "warnings",
    ]
    good = call("check", "--json", home=home.root)
    assert (good.code, list(good.document), good.document["valid"]) == (0, members, True)
    assert [set(warning) for warning in good.document["warnings"]] == [
        {"file", "line", "column", "job", "code", "message"} for _ in good.document["warnings"]
    ]
    home.config.write_text("jobz: {}\n")
    bad = call("check", "--json", home=home.root)
    assert (bad.code, list(bad.document), bad.document["valid"]) == (2, members, False)
    assert list(bad.document["errors"][0]) == ["line", "column", "message", "key", "suggestion", "file"]


def test_check_of_nothing_says_what_to_do(tmp_path: Path) -> None:
    """A missing config is exit code 2 and a hint."""
    answer = call("check", home=tmp_path)
    assert (answer.code, "`cronledger init`" in answer.err) == (2, True)


def test_a_config_in_binary_is_refused_safely(home: Home) -> None:
    """Its bytes do not reach the terminal."""
    home.config.write_bytes(b"jobs: \x1b[2J\xff\x00")
    answer = call("check", home=home.root)
    assert answer.code == 2
    assert answer.err.replace("\n", "").isprintable()


# -- status --------------------------------------------------------------------------------------------------------


def _state(home: Home) -> str:
    return str(call("status", "--json", home=home.root).document["scheduler"]["state"])


def test_status_tells_a_scheduler_that_died_from_one_that_stopped(home: Home) -> None:
    """From never started, over running, to died and stopped."""
    assert _state(home) == "never started"
    assert call("status", "--json", home=home.root).document["config"]["state"] == "pending"
    lock = SchedulerLock.take(home.scheduler_lock, Holder(os.getpid(), "web1", datetime.now(UTC)))
    record(home, v.event(STARTED, v.SCHEDULER))
    assert _state(home) == "running"
    assert f"running: pid {os.getpid()} on web1" in call("status", home=home.root).out
    record(home, v.event(v.SchedulerPaused(reason="no space"), v.SCHEDULER))
    assert _state(home) == "paused"
    told = call("status", home=home.root).out
    assert "nothing new is started: no space" in told
    assert "make room" in told
    lock.release()
    assert _state(home) == "died"
    assert "it died" in call("status", home=home.root).out
    record(home, v.event(v.SchedulerStopped(reason="SIGTERM"), v.SCHEDULER))
    assert _state(home) == "stopped"
    assert "(SIGTERM)" in call("status", home=home.root).out


def test_status_for_programs_has_stable_members(home: Home) -> None:
    """Programs rely on names."""
    call("jobs", "disable", "ticker", home=home.root)
    document = call("status", "--json", home=home.root).document
    assert list(document) == [
        "home",
        "home_is_copy",
        "time",
        "scheduler",
        "config",
        "cluster",
        "jobs",
        "runs",
        "late",
        "awaiting",
        "memory_limited_by",
        "backfills",
        "approvals",
        "rejected",
        "slots_taken",
        "lock_waits",
        "ledger",
        "evidence",
        "heartbeat",
        "telemetry",
        "channels",
        "settled_until",
        "settled",
        "clock_behind_ms",
        "not_stopped",
    ]
    assert list(document["scheduler"]) == [
        "state", "pid", "host", "started", "stopped", "stop_reason", "paused", "pause_reason", "suspended",
        "versions", "replaced", "runs_left",
    ]  # fmt: skip
    assert list(document["config"]) == ["path", "state", "in_force", "errors", "error_count"]
    assert document["jobs"] == {"total": 2, "enabled": 1, "disabled": 1, "failed_last": 0}
    assert list(document["ledger"]) == ["id", "entries", "size_bytes", "archived", "last"]
    assert document["ledger"]["last"]["seq"] == document["ledger"]["entries"] - 1
    assert document["ledger"]["size_bytes"] == sum(
        path.stat().st_size for path in home.ledger.glob("*.jsonl")
    )


def test_status_names_what_could_not_be_stopped(home: Home) -> None:
    """Processes of finished runs that withstood are shown for as long as they live."""
    process = subprocess.Popen(["sleep", "1000"])
    ticks = start_ticks(process.pid)
    assert ticks is not None
    call("jobs", "disable", "ticker", home=home.root)
    record(home, v.event(v.RunRequested(executor="self"), "user:a@b", job="ticker", run=OWN_SEQ))
    requested = entries_of(home.root)[-1]
    started = v.RunStarted(
        attempt=1, trigger="manual", command_sha256="", host="h", boot_id=boot_id(), executor_pid=1,
        executor_start_ticks=1,
    )  # fmt: skip
    survivor = Survivor(pid=process.pid, start_ticks=ticks, uid=0, program="sleep")
    finished = v.RunFinished(
        trigger="manual", started=requested.time, outcome="cancelled", attempt=1, survivors=[survivor]
    )
    record(home, *(v.event(one, v.SCHEDULER, job="ticker", run=requested.seq) for one in (started, finished)))
    shown = f"pid {process.pid} (sleep, uid 0), left by run {requested.seq} of ticker"
    assert shown in " ".join(call("status", home=home.root).out.split())
    assert [one["pid"] for one in call("status", "--json", home=home.root).document["not_stopped"]] == [
        process.pid
    ]
    process.kill()
    process.wait()
    assert "left by run" not in call("status", home=home.root).out
    assert call("status", "--json", home=home.root).document["not_stopped"] == []


def test_status_shows_what_is_wrong_with_the_config(home: Home) -> None:
    """Exit code 0 all the same: the question was answered."""
    call("jobs", "disable", "ticker", home=home.root)
    home.config.write_text(home.config.read_text() + "joobs: {}\n")
    answer = call("status", home=home.root)
    assert answer.code == 0
    assert "rejected: the last good one stays in force" in answer.out
    assert "unknown key 'joobs'" in answer.out
    assert call("status", "--json", home=home.root).document["config"]["state"] == "rejected"


def test_status_says_whether_the_mistake_is_on_record(home: Home) -> None:
    """What is on record may be the mistake of an earlier edit."""
    call("jobs", "disable", "ticker", home=home.root)
    right = home.config.read_text()
    home.config.write_text(right + "joobs: {}\n")
    with pytest.raises(ConfigInvalid) as caught:
        load_config(home)
    record(home, rejection(caught.value))
    assert "\n             recorded as rejected " in call("status", home=home.root).out
    home.config.write_text(right + "jabs: {}\n")
    assert "an earlier edit was recorded as rejected " in call("status", home=home.root).out


def test_a_config_that_is_gone_is_called_so(home: Home) -> None:
    """It holds no mistake in line 1: neither when it is looked for nor in what was recorded about it."""
    call("jobs", "disable", "ticker", home=home.root)
    home.config.unlink()
    record(home, rejection(ConfigMissing(home.config)))
    answer = call("status", home=home.root)
    assert "missing: the last good one stays in force" in answer.out
    assert f"there is no config at {home.config}" in answer.out
    assert "line 1" not in answer.out
    assert "rejected" not in answer.out
    assert "mistake" not in answer.out
    assert call("status", "--json", home=home.root).document["config"]["state"] == "missing"
    tail = call("ledger", "tail", "-n", "1", home=home.root).out
    assert "config cannot be used; the last good one stays in force: there is no config at" in tail


def test_status_warns_of_a_clock_behind_the_ledger(home: Home) -> None:
    """A clock that was set back is a fact that an operator must know."""
    ahead = datetime.now(UTC) + timedelta(hours=3)
    with Journal.open(home.ledger, software="test", clock=lambda: ahead) as journal:
        journal.append([Event(type="moon.rose", actor="user:x@y", data={})])
    answer = call("status", home=home.root)
    assert "behind the ledger's last entry by" in answer.out
    assert call("status", "--json", home=home.root).document["clock_behind_ms"] > 10_000_000
    assert "were settled" not in answer.out


def test_status_tells_what_follows_from_a_clock_that_was_ahead(home: Home) -> None:
    """Which jobs do not run by themselves and until when, and what one can do, in a line with a label."""
    ahead = datetime(2099, 5, 1, tzinfo=UTC)
    past = Past()
    past.defined(ahead, JobDefinition(name="early", command="true", schedule="0 2 * * *"))
    past.record(home)
    home.config.unlink()
    out = call("status", home=home.root).out
    lines = out[out.index("clock:") :].splitlines()
    assert "behind the ledger's last entry" in lines[0]
    assert "the times of early up to 2099-05-01" in lines[1]
    assert "it runs by schedule again after that; `jobs settle NAME --reopen` opens" in lines[2]
    assert "`jobs run`" in lines[2]
    assert not re.search(r"^:", out, re.MULTILINE)


def test_check_and_status_say_who_else_can_write_the_config(home: Home) -> None:
    """Such a config is not used; what to do is said."""
    home.config.chmod(0o666)
    checked = call("check", home=home.root)
    assert checked.code == 2
    assert f"chmod go-w {home.config}" in " ".join(checked.err.split())
    with Journal.open(home.ledger, software="test"):
        pass
    assert call("status", "--json", home=home.root).document["config"]["state"] == "untrusted"
    assert "untrusted" in call("status", home=home.root).out


def test_warnings_fail_a_check_where_that_is_asked_for(home: Home) -> None:
    """With --strict, for people and for programs; nothing else is changed by it."""
    for config, code in (("every: 1h", 0), ("every: 7m", 1)):
        home.config.write_text(f"jobs:\n  a: {{command: sh, {config}}}\n")
        for options in ((), ("--json",)):
            plain = call("check", *options, home=home.root)
            strict = call("check", "--strict", *options, home=home.root)
            assert (plain.code, strict.code) == (0, code)
            assert (plain.out, plain.err) == (strict.out, strict.err)


def test_a_program_that_is_missing_is_a_warning(home: Home) -> None:
    """A run would fail: nobody has to wait for it."""
    home.config.write_text("jobs:\n  a: {command: /nowhere/x, every: 1h}\n")
    answer = call("check", home=home.root)
    assert answer.code == 0
    assert answer.err == (
        f"{home.config}:2:1: warning: a: there is no /nowhere/x on this machine: a run would fail [no-program]\n"
    )
