"""The cleanup program under a clock that the ledger contradicts: it deletes nothing and says what it would have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.builtin import __main__
from scheduler.builtin.request import maintenance_argv
from scheduler.definition import JobDefinition
from scheduler.home import Home
from tests.scheduler.builtin.conftest import put

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BOOTTIME_MS = 10_000_000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose scheduler started a moment ago, with output of yesterday."""
    made = Home(tmp_path)
    started = v.SchedulerStarted(pid=1, host="web", boot_id="boot", versions={}, boottime_ms=BOOTTIME_MS)
    with Journal.open(made.ledger, software="test", clock=lambda: NOW) as journal:
        journal.append([v.event(started, v.SCHEDULER)])
    put(made.logs / "output" / "2026-11-22" / "7-1.stdout", NOW - timedelta(days=1))
    return made


def cleaned(
    home: Home, now: datetime, *options: str, environ: Mapping[str, str] = MappingProxyType({})
) -> tuple[int, v.RetentionApplied]:
    """Run the program a minute later by the boot clock; its exit code, and what it recorded."""
    argv = maintenance_argv(home, JobDefinition(name="log-cleanup"))[4:]
    code = __main__.main([*argv, *options], environ, lambda: now, lambda: ("boot", BOOTTIME_MS + 60_000))
    with LedgerReader.open(home.ledger) as journal:
        applied = v.payload(list(journal.read(0))[-1])
    assert isinstance(applied, v.RetentionApplied)
    return code, applied


def test_ten_years_ahead_nothing_is_deleted(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """It fails, records why, and says what it would have deleted."""
    code, applied = cleaned(home, NOW + timedelta(days=3_650))
    assert code == 1
    assert (home.logs / "output" / "2026-11-22" / "7-1.stdout").exists()
    assert (applied.dry_run, applied.deleted) == (True, 1)
    assert applied.refused is not None
    told = capsys.readouterr().out
    assert "nothing is deleted: the clock says 2036-" in told
    assert "would have deleted 1 file" in told


def test_a_person_who_knows_that_the_clock_is_right_says_so(home: Home) -> None:
    """`--trust-clock` deletes."""
    code, applied = cleaned(home, NOW + timedelta(days=3_650), "--trust-clock")
    assert (code, applied.dry_run, applied.deleted, applied.refused) == (0, False, 1, None)
    assert not (home.logs / "output" / "2026-11-22" / "7-1.stdout").exists()


def test_by_the_right_clock_it_deletes_as_ever(home: Home) -> None:
    """Nothing is old enough."""
    assert cleaned(home, NOW + timedelta(minutes=1))[0] == 0


def test_on_a_node_whose_own_clock_is_a_week_ahead_nothing_is_deleted(tmp_path: Path) -> None:
    """All nodes share another clock, which says when the run began."""
    home = Home(tmp_path)
    joined = v.NodeJoined(node="a", host="a", boot_id="boot", pid=1, max_parallel=1, incarnation="1")
    requested = v.RunRequested(executor="scheduler", reason="")
    started = v.RunStarted(
        attempt=1,
        trigger="manual",
        command_sha256="0" * 64,
        executor_pid=1,
        executor_start_ticks=1,
        node="a",
        host="a",
        boot_id="boot",
    )
    with Journal.open(home.ledger, software="test", clock=lambda: NOW) as journal:
        journal.append([v.event(joined, v.SCHEDULER)])
        (run,) = journal.append([v.event(requested, "user:ann@web", job="log-cleanup", run=OWN_SEQ)])
        journal.append([v.event(started, v.SCHEDULER, job="log-cleanup", run=run.seq)])
        environ = {"CRONLEDGER_RUN": str(run.seq), "CRONLEDGER_LEDGER": journal.ledger_id}
    code, applied = cleaned(home, NOW + timedelta(days=7), environ=environ)
    assert (code, applied.dry_run) == (1, True)
    assert applied.refused is not None
    assert "the one that all nodes share" in applied.refused
    assert cleaned(home, NOW + timedelta(minutes=1), environ=environ)[0] == 0
