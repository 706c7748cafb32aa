"""Figures of a home: counted entry by entry or by the projections, told to Prometheus on a page and in a file."""

from __future__ import annotations

import re
import stat
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_metrics
from starlette.testclient import TestClient

from cli.home.open import to_read
from cli.metrics.derived_totals import derived_totals
from eventstore.durable import REAL, write_file
from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.entry_members import MisfireReason
from scheduler.home import Home
from scheduler.metrics import counting
from scheduler.metrics.counting import Counting
from scheduler.metrics.last_verification import last_verification
from scheduler.metrics.totals import Totals
from tests.support.console import console
from tests.support.home import LiveHome, flip_a_bit, make_home
from tests.support.ledger import Writer, run_finished, run_started, ticked
from tests.support.random_runs import BEGIN, fill

RUNS = 300
NAME = 'back"up\\ \u202e'
"""What no config lets a job be called, and a forged entry may."""


def fill_home(root: Path) -> LiveHome:
    """A home with every kind of outcome, a retry, skips, and instants that were missed."""
    home = LiveHome(root)
    fill(home, RUNS, seed=7, per_minute=4)
    reasons: tuple[MisfireReason, ...] = ("scheduler_down", "suspend", "disabled")
    with closing(Writer(root, now=BEGIN + timedelta(days=1), step=timedelta(0))) as writer:
        for will_run, reason in enumerate(reasons):
            misfired = v.ScheduleMisfired(
                first=BEGIN, last=BEGIN + timedelta(hours=1), count=9, policy="one", will_run=will_run,
                reason=reason,
            )  # fmt: skip
            writer.append(v.event(misfired, "scheduler", job="alpha"))
        run = writer.append(
            v.event(ticked(writer.now, lateness_ms=70_000), "scheduler", job="beta", run=OWN_SEQ)
        )[0].seq
        retried = run_finished(
            writer.now,
            "failed",
            due=writer.now,
            duration_ms=10**6,
            retry_at=writer.now + timedelta(minutes=1),
        )
        final = run_finished(writer.now, "succeeded", due=writer.now, attempt=2, duration_ms=10**8)
        for data in (run_started(due=writer.now), retried, run_started(due=writer.now, attempt=2), final):
            writer.append(v.event(data, "scheduler", job="beta", run=run))
    return home


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """Such a home, which no test alters but by what may be deleted."""
    return fill_home(tmp_path_factory.mktemp("busy"))


def counted(root: Path) -> Totals:
    """Everything that happened, as it is counted for metrics."""
    home = Home(root)
    with Counting(home, derived_totals).counted(partial(to_read, home, quiet=True)) as (_, totals):
        return totals


def forget(root: Path) -> None:
    """Remove the counts that are kept."""
    Home(root).kept_totals.unlink(missing_ok=True)


def test_projections_and_entries_count_the_same(busy: LiveHome, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the counts come about, they are the same; and both see retries, skips and what was missed."""
    forget(busy.root)
    one_by_one = counted(busy.root)
    forget(busy.root)
    monkeypatch.setattr(counting, "COUNTED_ONE_BY_ONE_MAX", 0)
    derived = counted(busy.root)
    assert msgspec.to_builtins(derived) == msgspec.to_builtins(one_by_one)
    assert one_by_one.jobs["alpha"].missed["scheduler_down"] == 9
    assert one_by_one.jobs["alpha"].missed["suspend"] == 8
    assert "disabled" not in one_by_one.jobs["alpha"].missed
    assert (one_by_one.jobs["beta"].durations.counts[-1], one_by_one.lateness.counts[-2]) == (1, 1)
    ended = sum(sum(job.runs.values()) for job in one_by_one.jobs.values())
    assert ended == RUNS + 1


def test_kept_counts_go_on(busy: LiveHome, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was counted once is not counted again: only the entries since are read, and the file has the rest."""
    forget(busy.root)
    monkeypatch.setattr(counting, "KEPT_EVERY_ENTRIES", 1)
    whole = counted(busy.root)
    assert Home(busy.root).kept_totals.exists()
    seen: list[int] = []
    monkeypatch.setattr(Totals, "count", lambda _self, entry: seen.append(entry.seq))
    assert msgspec.to_builtins(counted(busy.root)) == msgspec.to_builtins(whole)
    assert seen == []


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{}", b"[" * 100_000, b"\xff", b'{"format":1',
        lambda kept: kept.replace(b'"format":1', b'"format":2'),
        lambda kept: re.sub(rb'"hash":"[0-9a-f]{64}"', b'"hash":"' + b"0" * 64 + b'"', kept),
        lambda kept: kept.replace(b'"seq":', b'"seq":9'),
        lambda kept: kept.replace(b'"duration_bounds_ms":[100,', b'"duration_bounds_ms":[200,'),
        lambda kept: re.sub(rb'"counts":\[\d+,', b'"counts":[', kept, count=1),
    ],
)  # fmt: skip
def test_what_cannot_be_believed_is_counted_anew(
    busy: LiveHome, raw: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts of another ledger, of another way of counting, or no counts at all: nobody is misled by the file."""
    monkeypatch.setattr(counting, "KEPT_EVERY_ENTRIES", 1)
    forget(busy.root)
    whole = msgspec.to_builtins(counted(busy.root))
    path = Home(busy.root).kept_totals
    altered = raw(path.read_bytes()) if callable(raw) else raw
    assert altered != path.read_bytes()
    assert isinstance(altered, bytes)
    write_file(REAL, path, altered)
    assert msgspec.to_builtins(counted(busy.root)) == whole


def test_the_command_tells_them(busy: LiveHome, tmp_path: Path) -> None:
    """Prometheus's own parser reads what is printed, and the file, which others may read and which is whole."""
    printed = busy.ask("metrics")
    families = {family.name: family for family in read_metrics(printed.out)}
    runs = families["cronledger_runs"].samples
    jobs = {sample.labels["job_name"] for sample in runs}
    assert (printed.code, printed.err, jobs) == (0, "", {"alpha", "beta", "gamma"})
    assert len(runs) == 3 * 7, "each outcome of each job, whether it occurred or not"
    up = families["cronledger_scheduler_up"].samples[0].value
    entries = families["cronledger_ledger_entries"].samples[0].value
    assert (up, entries) == (0, len(busy.entries()))
    buckets = [
        sample.value
        for sample in families["cronledger_run_duration_seconds"].samples
        if sample.name.endswith("_bucket") and sample.labels["job_name"] == "beta"
    ]
    assert buckets == sorted(buckets)
    file = tmp_path / "cronledger.prom"
    for _ in range(2):
        written = busy.ask("metrics", "--textfile", str(file))
        assert (written.code, written.out, written.err) == (0, "", "")
        assert {family.name for family in read_metrics(file.read_text())} == set(families)
    assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0o044
    assert [path.name for path in tmp_path.iterdir()] == ["cronledger.prom"]


def test_a_file_is_not_written_where_it_may_not_be(busy: LiveHome, tmp_path: Path) -> None:
    """Not into the folder of the ledger, and not over what is no file."""
    inside = busy.ask("metrics", "--textfile", str(busy.root / "var" / "x.prom"))
    assert (inside.code, "where cronledger keeps the ledger" in inside.err) == (2, True)
    over = busy.ask("metrics", "--textfile", str(tmp_path))
    assert over.code == 2
    nowhere = busy.ask("metrics", "--textfile", str(tmp_path / "none" / "x.prom"))
    assert (nowhere.code, "there is no folder" in nowhere.err) == (2, True)


def test_the_page_tells_the_same(busy: LiveHome) -> None:
    """In the plain format, in OpenMetrics for who asks for that, and not of the past."""
    with console(Home(busy.root)) as client:
        plain = client.get("/metrics")
        assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
        names = {family.name for family in read_metrics(plain.text)}
        more = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
        assert more.headers["content-type"].startswith("application/openmetrics-text")
        told = read_openmetrics(more.text)  # type: ignore[no-untyped-call]
        assert {family.name for family in told} == {name.removesuffix("_info") for name in names}
        assert client.get("/as-of/3/metrics").status_code == 404


def test_a_config_that_is_not_in_force_is_told_while_a_scheduler_serves(tmp_path: Path) -> None:
    """By the command and on the page: an alert waits for it."""
    home = LiveHome(tmp_path)
    home.configure("jobs: {a: {every: 1h, command: 'true'}}\n")

    def are_in_force(client: TestClient) -> set[str]:
        texts = home.run("metrics").out, client.get("/metrics").text
        lines = [line for text in texts for line in text.splitlines()]
        return {line for line in lines if line.startswith("cronledger_config_in_force ")}

    with home.served(), console(Home(tmp_path)) as client:
        home.await_entry("job.defined")
        assert are_in_force(client) == {"cronledger_config_in_force 1.0"}
        home.configure("jobs: {a: {every: 1h, comand: 'true'}}\n")
        assert are_in_force(client) == {"cronledger_config_in_force 0.0"}
        Home(tmp_path).config.unlink()
        assert are_in_force(client) == {"cronledger_config_in_force 0.0"}


def test_a_home_without_a_ledger_and_one_that_is_damaged(tmp_path: Path) -> None:
    """Before anything happened all is zero; what cannot be trusted is not counted."""
    home = make_home(tmp_path)
    new = LiveHome(tmp_path).ask("metrics")
    assert new.code == 0
    assert 'cronledger_runs_total{job_name="nightly",outcome="failed"} 0.0' in new.out
    for _ in range(3):
        LiveHome(tmp_path).ask("jobs", "disable", "nightly", "--reason", "x")
        LiveHome(tmp_path).ask("jobs", "enable", "nightly")
    flip_a_bit(home)
    assert LiveHome(tmp_path).ask("metrics").code == 3


def test_a_verification_is_remembered(tmp_path: Path) -> None:
    """When all was in order; not of a part, not of a copy, and not when something is wrong."""
    home = make_home(tmp_path)
    live = LiveHome(tmp_path)
    for _ in range(3):
        live.ask("jobs", "disable", "nightly", "--reason", "x")
        live.ask("jobs", "enable", "nightly")
    assert live.ask("ledger", "verify", "--ledger", str(home.ledger)).code == 0
    assert last_verification(home) is None
    assert live.ask("ledger", "verify").code == 0
    verified = last_verification(home)
    assert verified is not None
    assert verified.entries == len(live.entries())
    told = f"cronledger_ledger_last_verified_entries {float(verified.entries)}"
    assert told in live.ask("metrics").out
    home.last_verification.unlink()
    flip_a_bit(home)
    assert live.ask("ledger", "verify").code == 1
    assert last_verification(home) is None


def test_names_that_nobody_gave_are_escaped(tmp_path: Path) -> None:
    """A forged entry may name a job anything: the format stays whole."""
    from scheduler.definition import JobDefinition
    from tests.support.ledger import defined

    with closing(Writer(tmp_path)) as writer:
        writer.append(defined(JobDefinition(name=NAME, command="true", schedule="* * * * *")))
    home = LiveHome(tmp_path)
    families = {family.name: family for family in read_metrics(home.ask("metrics").out)}
    assert {sample.labels["job_name"] for sample in families["cronledger_runs"].samples} == {NAME}
