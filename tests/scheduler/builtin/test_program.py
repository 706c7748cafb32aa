from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from eventstore.store import OWN_SEQ, Entry
from scheduler.builtin import __main__
from scheduler.builtin.command_line import parse
from scheduler.builtin.jobs import REGISTERED
from scheduler.builtin.request import maintenance_argv
from scheduler.definition import Directory, JobDefinition
from scheduler.home import Home
from scheduler.processes import Launch, PosixSpawner
from scheduler.python_jobs import fields
from scheduler.vocabulary import RetentionApplied, RunRequested, event, payload
from tests.scheduler.builtin.conftest import left, put
from tests.shifted_dates import same_date
from tests.support.command import DEADLINE_S


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a ledger that was just created."""
    made = Home(tmp_path / "a home")
    Journal.open(made.ledger, software="test").close()
    return made


def entries(home: Home) -> list[Entry]:
    """Everything in the ledger but its first entry."""
    with LedgerReader.open(home.ledger) as journal:
        return list(journal.read(1))


def run(argv: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command with exactly this environment."""
    env |= same_date()
    return subprocess.run(
        argv, env=env, capture_output=True, text=True, timeout=DEADLINE_S, check=False, cwd="/"
    )


def ago(**parts: float) -> datetime:
    """A moment before now."""
    return datetime.now(UTC) - timedelta(**parts)


def test_log_cleanup(home: Home) -> None:
    """It deletes old logs of ours and of the given folders, records that, says it, and exits with 0."""
    app = home.root / "app"
    put(home.logs / "output" / "2020-01-01" / "7-1.stdout", ago(days=31))
    put(home.logs / "output" / "2020-01-02" / "8-1.stderr", ago(days=29))
    put(home.logs / "entries.jsonl", ago(days=31))
    put(app / "a.log", ago(days=31))
    put(app / "a.txt", ago(days=31))
    definition = JobDefinition(
        name="log-cleanup", retention_days=30, directories=(Directory(path="app", pattern="*.log"),)
    )
    with Journal.open(home.ledger, software="test") as journal:
        ledger_id = journal.ledger_id
    done = run(maintenance_argv(home, definition), CRONLEDGER_LEDGER=ledger_id, CRONLEDGER_RUN="41")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("log-cleanup: deleted 3 files (15 bytes) last changed before 20")
    assert f"  {app}/*.log: deleted 1 file (5 bytes) of 1\n" in done.stdout
    assert left(home.logs) == {"output", "output/2020-01-02", "output/2020-01-02/8-1.stderr"}
    assert left(app) == {"a.txt"}
    (entry,) = entries(home)
    assert (entry.actor, entry.job, entry.run) == ("scheduler", "log-cleanup", 41)
    applied = payload(entry)
    assert isinstance(applied, RetentionApplied)
    assert (applied.kind, applied.dry_run, applied.deleted, applied.deleted_bytes, applied.failed) == (
        "logs",
        False,
        3,
        15,
        0,
    )
    assert [(one.path, one.pattern, one.deleted) for one in applied.targets] == [
        (str(home.logs), "**", 2),
        (str(app), "*.log", 1),
    ]


def test_cleanup_sessions(home: Home, tmp_path: Path) -> None:
    """It deletes sessions that are older than their hours, of ours and of the given folders."""
    put(home.sessions / "old", ago(hours=2.1))
    put(home.sessions / "new", ago(hours=1.9))
    put(tmp_path / "sessions" / "sess_old", ago(hours=2.1))
    put(tmp_path / "sessions" / "sess_new", ago(hours=1.9))
    put(tmp_path / "sessions" / "other", ago(hours=2.1))
    given = Directory(path=str(tmp_path / "sessions"), pattern="sess_*")
    definition = JobDefinition(name="cleanup-sessions", retention_hours=2, directories=(given,))
    done = run(maintenance_argv(home, definition))
    assert (done.returncode, done.stderr) == (0, "")
    assert left(home.sessions) == {"new"}
    assert left(tmp_path / "sessions") == {"sess_new", "other"}
    (entry,) = entries(home)
    assert (entry.job, entry.run, payload(entry).kind) == ("cleanup-sessions", None, "sessions")


def test_who_had_it_made_is_recorded(home: Home) -> None:
    """What a run that a person asked for has deleted stands in the ledger under that person's name."""
    asked = event(RunRequested(executor="self"), "user:ann@there", job="cleanup-sessions", run=OWN_SEQ)
    with Journal.open(home.ledger, software="test") as journal:
        (request,) = journal.append([asked])
        ledger_id = journal.ledger_id
    argv = maintenance_argv(home, JobDefinition(name="cleanup-sessions"))
    run(argv, CRONLEDGER_LEDGER=ledger_id, CRONLEDGER_RUN=str(request.seq))
    applied = entries(home)[-1]
    assert (applied.type, applied.actor, applied.run) == (
        RetentionApplied.TYPE,
        "user:ann@there",
        request.seq,
    )


def test_dry_run(home: Home) -> None:
    """A dry run deletes nothing and says and records what it would."""
    put(home.sessions / "old", ago(hours=25))
    done = run(maintenance_argv(home, JobDefinition(name="cleanup-sessions", dry_run=True)))
    assert done.returncode == 0
    assert "would delete 1 file (5 bytes)" in done.stdout
    assert left(home.sessions) == {"old"}
    applied = payload(entries(home)[0])
    assert (applied.dry_run, applied.deleted) == (True, 1)


def test_overrides(home: Home) -> None:
    """Retention and dry run can be said behind the configured ones, and of two the last one counts."""
    definition = JobDefinition(name="cleanup-sessions", retention_hours=48, dry_run=True)
    assert maintenance_argv(home, definition)[-2:] == ["--hours=48", "--dry-run"]
    assert maintenance_argv(home, JobDefinition(name="cleanup-sessions"))[-1] == "--hours=24"
    assert maintenance_argv(home, JobDefinition(name="log-cleanup"))[-1] == "--days=30"
    options = parse([*maintenance_argv(home, definition)[4:], "--hours", "5", "--no-dry-run"])
    assert (options.retention_hours, options.dry_run) == (5, False)


def test_directories_survive_the_command_line(home: Home) -> None:
    """Whatever a folder and a pattern are called, the process gets them as they are."""
    odd = [Directory(path="--help", pattern="-*"), Directory(path='ü "\n', pattern="[!a]{")]
    argv = maintenance_argv(home, JobDefinition(name="log-cleanup", directories=tuple(odd)))
    assert parse(argv[4:]).directories == odd


def test_the_config_is_spared(home: Home) -> None:
    """Whatever folder is given, the folder of the config loses no file."""
    put(home.config, ago(days=99))
    put(home.config.parent / "backup" / "old", ago(days=99))
    put(home.config.parent / "config.d" / "jobs.yaml", ago(days=99))
    given = [Directory(path=f"services/scheduler{below}") for below in ("", "/backup", "/config.d")]
    run(maintenance_argv(home, JobDefinition(name="log-cleanup", directories=tuple(given))))
    assert left(home.config.parent) == {"config.yaml", "backup", "config.d", "config.d/jobs.yaml"}


def test_something_cannot_be_deleted(home: Home) -> None:
    """A failure is said, recorded and makes the exit code 1; the rest is done all the same."""
    put(home.sessions / "old", ago(hours=25))
    definition = JobDefinition(name="cleanup-sessions", directories=(Directory(path="missing\x1b[2J"),))
    done = run(maintenance_argv(home, definition))
    assert done.returncode == 1
    assert "1 could not be dealt with:\n" in done.stdout
    assert f"  {home.root}/missing\\x1b[2J: there is no such folder\n" in done.stdout
    assert left(home.sessions) == set()
    applied = payload(entries(home)[0])
    assert (applied.failed, applied.failures[0].error) == (1, "there is no such folder")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--hours=0"], "a whole number from 1 to"),
        (["--hours=-1"], "a whole number from 1 to"),
        (["--hours=1_000"], "a whole number from 1 to"),
        (["--hours=99999999"], "a whole number from 1 to"),
        (["--days=1"], "unrecognized arguments: --days=1"),
        (["--dry"], "unrecognized arguments: --dry"),
        (["--home=relative"], "an absolute path is needed"),
        (["--directory=/tmp"], "is no folder to clean"),
        (['--directory={"path":"x","pattern":"a/b"}'], "holds a slash"),
        (["more"], "unrecognized arguments: more"),
    ],
)
def test_bad_arguments(home: Home, options: list[str], words: str) -> None:
    """Arguments that are wrong are named, with exit code 2, and nothing is done."""
    put(home.sessions / "old", ago(days=9000))
    done = run([*maintenance_argv(home, JobDefinition(name="cleanup-sessions")), *options])
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert left(home.sessions) == {"old"}
    assert entries(home) == []


def test_unknown_job(home: Home) -> None:
    """A name that is none of the two is refused with exit code 2."""
    done = run([sys.executable, "-I", "-m", "scheduler.builtin", "cleanup", f"--home={home.root}"])
    assert done.returncode == 2
    assert "invalid choice: 'cleanup'" in done.stderr


def test_without_ledger(tmp_path: Path) -> None:
    """Where there is no ledger to record it in, nothing is deleted and none is created; exit code 3."""
    home = Home(tmp_path)
    put(home.sessions / "old", ago(hours=25))
    done = run(maintenance_argv(home, JobDefinition(name="cleanup-sessions")))
    assert done.returncode == 3
    assert done.stderr.endswith("; nothing was deleted\n")
    assert left(home.sessions) == {"old"}
    assert not home.ledger.exists()


def test_damaged_ledger(home: Home) -> None:
    """On a ledger that cannot be trusted nothing is deleted and nothing written; exit code 3."""
    put(home.sessions / "old", ago(hours=25))
    segment = home.ledger / f"{0:020}.jsonl"
    damaged = segment.read_bytes().replace(b'"format"', b'"farmot"')
    segment.write_bytes(damaged)
    done = run(maintenance_argv(home, JobDefinition(name="cleanup-sessions")))
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert left(home.sessions) == {"old"}
    assert segment.read_bytes() == damaged


def test_ledger_in_a_given_folder(home: Home) -> None:
    """Not even a config that names the ledger's folder has anything deleted from it."""
    before = left(home.ledger)
    for path in home.ledger.rglob("*"):
        os.utime(path, (0, 0))
    definition = JobDefinition(name="log-cleanup", directories=(Directory(path="var/ledger"),))
    done = run(maintenance_argv(home, definition))
    assert done.returncode == 1
    assert "from which nothing is deleted" in done.stdout
    assert before <= left(home.ledger)


@pytest.mark.parametrize(
    "folder", ["var", "var/snapshots", "var/projections/events", "var/processes", "link"]
)
def test_own_files_in_a_given_folder(home: Home, folder: str) -> None:
    """Whatever a config names, nothing that cronledger stands on is deleted: its lock, its salt, what it derived."""
    for name in (
        "scheduler.lock",
        "salt",
        "snapshots/1.json",
        "projections/events/0.parquet",
        "processes/7-7",
    ):
        put(home.var / name, ago(days=400))
    (home.root / "link").symlink_to("var")
    before = left(home.var)
    definition = JobDefinition(name="log-cleanup", directories=(Directory(path=folder),))
    done = run(maintenance_argv(home, definition))
    assert done.returncode == 1
    assert "from which nothing is deleted" in done.stdout or "symbolic link" in done.stdout
    assert before <= left(home.var)


def test_folders_beside_our_own_files_are_cleaned(home: Home) -> None:
    """A folder of somebody else's under `var` is like any other."""
    put(home.var / "scheduler.lock", ago(days=400))
    put(home.var / "cache" / "old", ago(days=400))
    definition = JobDefinition(name="log-cleanup", directories=(Directory(path="var/cache"),))
    assert run(maintenance_argv(home, definition)).returncode == 0
    assert {"scheduler.lock", "cache"} == left(home.var) & {"scheduler.lock", "cache", "cache/old"}


def test_output_of_live_runs_is_kept(home: Home, tmp_path: Path) -> None:
    """Output of a run that is still going is kept however old it is, as long as any process of it lives."""
    with Journal.open(home.ledger, software="test") as journal:
        spawner = PosixSpawner(journal.ledger_id)
    put(home.logs / "output" / "2020-01-01" / "411-1.stdout", ago(days=400))
    put(home.logs / "output" / "2020-01-01" / "41-2.stdout", ago(days=400))
    stdout = home.logs / "output" / "2020-01-01" / "41-1.stdout"
    stderr = stdout.with_suffix(".stderr")
    spawner.launch([Launch(41, 1, ["sleep", "1000"], {}, str(tmp_path), str(stdout), str(stderr))])
    for output in (stdout, stderr):
        os.utime(output, (0, 0))
    try:
        done = run(maintenance_argv(home, JobDefinition(name="log-cleanup")))
    finally:
        spawner.kill(41, 1)
        assert spawner.wait(20)
        spawner.exits()
        spawner.close()
    assert done.returncode == 0
    assert left(stdout.parent) == {"41-1.stdout", "41-1.stderr"}
    assert run(maintenance_argv(home, JobDefinition(name="log-cleanup"))).returncode == 0
    assert left(home.logs) == {"output"}


def test_stopped_halfway(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that is told to stop does so, and what it had deleted until then is recorded; exit code 1."""
    for number in range(10):
        put(home.sessions / f"{number}", ago(hours=25))
    really_unlink, calls = os.unlink, []

    def unlink(name: str, *, dir_fd: int | None = None) -> None:
        calls.append(name)
        if len(calls) == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        really_unlink(name, dir_fd=dir_fd)

    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(os, "unlink", unlink)
    argv = maintenance_argv(home, JobDefinition(name="cleanup-sessions"))[4:]
    try:
        assert __main__.main(argv, {}, lambda: datetime.now(UTC)) == 1
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert "stopped by SIGTERM before the end" in capsys.readouterr().out
    assert len(left(home.sessions)) == 6
    assert payload(entries(home)[0]).deleted == 4


def test_names_that_are_no_text(home: Home) -> None:
    """Names that are no UTF-8 are dealt with like others, and can be said and recorded in any locale."""
    put(home.sessions / os.fsdecode(b"\xfe"), ago(hours=25))
    too_deep = home.sessions
    for _ in range(40):
        too_deep /= os.fsdecode(b"\xff")
    too_deep.mkdir(parents=True)
    done = run(maintenance_argv(home, JobDefinition(name="cleanup-sessions")), LC_ALL="C")
    assert (done.returncode, done.stderr) == (1, "")
    assert "\\xff/\\xff: it is more than 32 folders deep" in done.stdout
    applied = payload(entries(home)[0])
    assert applied.deleted == 1
    assert applied.failures[0].path.endswith("/\\xff/\\xff")


def test_registered_jobs() -> None:
    """Both are classes of jobs as people write them, with the retention that applies where a config says none."""
    declared = [fields.declared(job, name) for name, job in REGISTERED.items()]
    assert [(job.name, job.target, job.dry_run) for job in declared] == [
        ("cleanup-sessions", "cleanup-sessions", True),
        ("log-cleanup", "log-cleanup", True),
    ]
    assert [list(job.fields) for job in declared] == [
        ["trust_clock", "retention_hours"],
        ["trust_clock", "retention_days"],
    ]
    assert [getattr(job, job.retention_field()) for job in REGISTERED.values()] == [24, 30]
    assert all(job.description.endswith(".") for job in declared)
