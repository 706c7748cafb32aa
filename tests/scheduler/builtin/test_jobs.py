"""What the maintenance jobs say of a run: called as any class of a job is, and what their process leaves."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from scheduler import vocabulary as v
from scheduler.builtin import __main__
from scheduler.builtin.jobs import CleanupSessions, LedgerTrouble, LogCleanup
from scheduler.builtin.request import maintenance_argv
from scheduler.definition import Directory, JobDefinition
from scheduler.home import Home
from scheduler.job import JobContext, JobResult
from scheduler.python_jobs.attempt_result import AttemptResult, read_result
from scheduler.python_jobs.request import JobRequest
from tests.scheduler.builtin.conftest import left, put

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BOOT = ("boot", 10_000_000)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a ledger, three sessions of 25 hours and one of an hour."""
    made = Home(tmp_path)
    Journal.open(made.ledger, software="test", clock=lambda: NOW).close()
    for name, hours in (("a", 25), ("b", 25), ("c", 25), ("new", 1)):
        put(made.sessions / name, NOW - timedelta(hours=hours))
    return made


def cleanup(home: Home) -> CleanupSessions:
    """The job, at a time that is fixed."""
    return CleanupSessions(home, now=lambda: NOW, boot=lambda: BOOT)


def context(dry_run: bool = False) -> JobContext:
    """What a run of it is told."""
    return JobContext(job="cleanup-sessions", dry_run=dry_run)


def applied(home: Home) -> v.RetentionApplied:
    """What is recorded last."""
    with LedgerReader.open(home.ledger) as journal:
        payload = v.payload(list(journal.read(0))[-1])
    assert isinstance(payload, v.RetentionApplied)
    return payload


def test_it_says_what_it_deleted(home: Home) -> None:
    """In a sentence, and in numbers that name their unit."""
    assert cleanup(home).run(context()) == JobResult(
        message="deleted 3 files (15 bytes) last changed before 2026-11-22 02:00:00 UTC",
        items_processed=3,
        items_failed=0,
        metrics={"deleted_bytes": 15, "examined": 4, "retention_hours": 24, "dry_run": False},
    )
    assert left(home.sessions) == {"new"}


def test_fields_are_what_the_config_says(home: Home) -> None:
    """Retention and folders."""
    put(home.root / "app" / "a.log", NOW - timedelta(days=8))
    job = LogCleanup(home, now=lambda: NOW, boot=lambda: BOOT)
    job.retention_days, job.directories = 7, [Directory(path="app")]
    assert job.run(context()).items_processed == 1


def test_a_dry_run_says_what_it_would_delete(home: Home) -> None:
    """It deletes nothing."""
    result = cleanup(home).run(context(dry_run=True))
    assert (result.succeeded, result.items_processed, result.metrics["dry_run"]) == (True, 3, True)
    assert result.message.startswith("would delete 3 files (15 bytes)")
    assert len(left(home.sessions)) == 4


def test_what_it_cannot_delete_is_counted_and_the_first_is_named(home: Home) -> None:
    """Then it did not succeed."""
    job = cleanup(home)
    job.directories = [Directory(path="lost\x1b"), Directory(path="gone")]
    result = job.run(context())
    assert (result.succeeded, result.items_processed, result.items_failed) == (False, 3, 2)
    why = f"2 could not be dealt with: {home.root}/lost\\x1b: there is no such folder (and 1 more)"
    assert result.message.endswith(f"UTC; {why}")


def test_a_clock_in_doubt_is_what_it_says(home: Home) -> None:
    """It dealt with nothing, and says why, and what it would have deleted."""
    job = CleanupSessions(home, now=lambda: NOW + timedelta(days=3_650), boot=lambda: BOOT)
    result = job.run(context())
    assert (result.succeeded, result.items_processed, result.metrics) == (False, 0, {})
    assert result.message.startswith("nothing is deleted: the clock says 2036-")
    assert "; would have deleted 4 files" in result.message
    assert len(left(home.sessions)) == 4


def test_where_nothing_can_be_recorded_nothing_is_done(home: Home) -> None:
    """The exception carries what is to be said."""
    with pytest.raises(LedgerTrouble, match=r"; nothing was deleted$") as caught:
        cleanup(Home(home.root / "elsewhere")).run(context())
    assert (caught.value.result.succeeded, caught.value.result.items_processed) == (False, 0)


# -- its process ----------------------------------------------------------------------------------------------


@pytest.fixture
def signals() -> Iterator[None]:
    """Handlers are those of before."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def attempt(home: Home, *options: str, to: str = "7-1.result") -> tuple[int, AttemptResult | None]:
    """Run it within this process as a scheduler has it run; the exit code, and the result that it left."""
    path = str(home.root / to)
    request = JobRequest(
        target="cleanup-sessions", home=str(home.root), job="cleanup-sessions", run=7, attempt=1,
        trigger="schedule", result=path, secret_sha256="5e",
    )  # fmt: skip
    argv = maintenance_argv(home, JobDefinition(name="cleanup-sessions"), request=request)[4:]
    code = __main__.main([*argv, *options], {}, lambda: NOW, lambda: BOOT)
    return code, read_result(path, "5e")


def test_its_process_leaves_the_result(home: Home) -> None:
    """As that of any job in Python, for the attempt that it was asked to make; the last of two options counts."""
    code, result = attempt(home, "--hours=26", "--dry-run")
    assert result is not None
    assert (code, result.succeeded, result.items_processed, result.error) == (0, True, 0, "")
    code, result = attempt(home, "--trust-clock")
    assert result is not None
    assert (code, result.items_processed, result.metrics["deleted_bytes"]) == (0, 3, 15)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_halfway(
    home: Home, monkeypatch: pytest.MonkeyPatch, signals: None, number: signal.Signals
) -> None:
    """The result says what had been deleted until then, as the ledger does."""
    really_unlink, calls = os.unlink, []

    def unlink(name: str, *, dir_fd: int | None = None) -> None:
        calls.append(name)
        if len(calls) == 2:
            os.kill(os.getpid(), number)
        really_unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlink)
    code, result = attempt(home)
    assert result is not None
    assert (code, result.succeeded, result.items_processed, result.items_failed) == (1, False, 2, 0)
    assert result.error.endswith(" UTC; stopped by SIGTERM before the end")
    assert (applied(home).deleted, applied(home).failed) == (2, 1)


def test_trouble_with_the_ledger_has_its_exit_code(home: Home, capfd: pytest.CaptureFixture[str]) -> None:
    """And the result says it."""
    elsewhere = Home(home.root / "elsewhere")
    elsewhere.root.mkdir()
    code, result = attempt(elsewhere)
    assert result is not None
    assert (code, result.succeeded) == (3, False)
    assert result.error.endswith("; nothing was deleted")
    assert result.error in capfd.readouterr().err


def test_a_result_that_cannot_be_written_stops_nothing(home: Home, capfd: pytest.CaptureFixture[str]) -> None:
    """On a full disk it is this job that makes room."""
    assert attempt(home, to="missing/7-1.result") == (0, None)
    assert left(home.sessions) == {"new"}
    assert "what the job said cannot be kept" in capfd.readouterr().err


def test_an_unknown_failure_is_told_as_that_of_any_job(
    home: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its traceback is in the log, its type and message in the result; exit code 1."""

    def broken(*_: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr(CleanupSessions, "own_folder", broken)
    code, result = attempt(home)
    assert result is not None
    assert (code, result.error) == (1, "ValueError: no")
    assert "Traceback" in capfd.readouterr().err
