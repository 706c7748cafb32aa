"""The figures that are sent: those of the page of metrics, at an interval, with a beginning that never changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from prometheus_client.parser import text_string_to_metric_families as read_metrics

from scheduler.metrics.counting import Counting
from scheduler.processes.recognition.identity import host_name
from scheduler.scheduler_lock import Holder, SchedulerLock
from scheduler.telemetry import otlp_metrics
from scheduler.telemetry.metrics_reporter import FIRST_S, MetricsReporter
from scheduler.telemetry.otlp_sender import OtlpSender
from tests.support.command import call
from tests.support.home import entries_of, write_config
from tests.support.ledger import Writer
from tests.support.otlp_receiver import facts, metrics_of, points_of
from tests.support.receiver import Receiver, Reply

INTERVAL_S = 30.0
JOBS = "jobs: {a: {command: 'true', schedule: '0 0 1 1 *'}}\n"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One that takes everything."""
    with Receiver(lambda _: Reply()) as found:
        yield found


class Reported:
    """A home whose ledger is written by hand, and whose figures are sent.

    Attributes:
        now_s: by the clock of the reporter.
    """

    def __init__(self, root: Path, receiver: Receiver) -> None:
        self.receiver = receiver
        write_config(root, f'telemetry: {{otlp: "{receiver.url}", metrics: 30s}}\n{JOBS}')
        self.writer = Writer(root, durable=True)
        self.writer.define("a")
        self.writer.serve()
        self.now_s = 0.0
        self.restart()

    def restart(self) -> None:
        """Another process goes on."""
        self.sender = OtlpSender(self.writer.home)
        assert self.sender.follow_config()
        assert self.sender.metrics_interval_s == INTERVAL_S
        counting = Counting(self.writer.home, lambda _home, _head: None)
        self.reporter = MetricsReporter(self.writer.home, self.sender, counting, lambda: self.now_s)

    def told(self, *, is_last: bool = False) -> dict[str, Any]:
        """What is sent in a turn, by name."""
        self.receiver.received.clear()
        self.reporter.turn(INTERVAL_S, is_last=is_last)
        return {each.name: each for each in metrics_of(self.receiver.received)}

    def told_later(self) -> dict[str, Any]:
        """The same after the interval."""
        self.now_s += INTERVAL_S
        return self.told()

    def run(self, outcome: Any = "failed") -> None:
        """One run of the job."""
        run = self.writer.tick("a")
        self.writer.start("a", run)
        self.writer.finish("a", run, outcome)


def numbers(told: dict[str, Any]) -> dict[tuple[str, tuple[tuple[str, Any], ...]], float]:
    """The values that are told, by name and labels, as Prometheus calls them."""
    found = {}
    for name, metric in told.items():
        suffix = "_total" if metric.HasField("sum") else ""
        for point in points_of(metric):
            labels = tuple(sorted(facts(point).items()))
            if not metric.HasField("histogram"):
                found[name + suffix, labels] = point.as_double if metric.unit else float(point.as_int)
                continue
            found[f"{name}_count", labels], found[f"{name}_sum", labels] = point.count, point.sum
            up_to = 0
            bounds = [*map(str, point.explicit_bounds), "+Inf"]
            for bound, count in zip(bounds, point.bucket_counts, strict=True):
                up_to += count
                found[f"{name}_bucket", tuple(sorted([*labels, ("le", bound)]))] = up_to
    return found


def test_a_config_that_is_not_in_force_is_told_while_a_scheduler_serves(
    tmp_path: Path, receiver: Receiver
) -> None:
    """As on the page of metrics."""
    reported = Reported(tmp_path, receiver)
    home = reported.writer.home
    lock = SchedulerLock.take(home.scheduler_lock, Holder(os.getpid(), host_name(), datetime.now(UTC)))
    home.config.write_text("jobs: {a: {comand: x}}\n")
    told = numbers(reported.told_later())
    lock.release()
    assert told["cronledger_scheduler_up", ()] == 1
    assert told["cronledger_config_in_force", ()] == 0


def test_the_figures_are_those_of_the_page_of_metrics(tmp_path: Path, receiver: Receiver) -> None:
    """Each value that Prometheus reads is told by the same name and labels, and no other."""
    reported = Reported(tmp_path, receiver)
    reported.run()
    reported.run("succeeded")
    told = numbers(reported.told_later())
    printed = call("metrics", home=tmp_path).out
    scraped = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in read_metrics(printed)
        for sample in family.samples
    }
    assert told == scraped
    assert told["cronledger_runs_total", (("job_name", "a"), ("outcome", "failed"))] == 1
    assert told["cronledger_ledger_entries_total", ()] == len(entries_of(tmp_path)), (
        "edits that wait are none"
    )
    assert len(told) > 40


def test_what_is_told_again_says_the_same(tmp_path: Path, receiver: Receiver) -> None:
    """Counts begin with the ledger, whichever process tells them, and are never the difference to the last time."""
    reported = Reported(tmp_path, receiver)
    reported.run()
    first = reported.told_later()
    second = reported.told_later()
    reported.restart()
    third = reported.told_later()
    assert numbers(first) == numbers(second) == numbers(third)
    runs, durations = third["cronledger_runs"].sum, third["cronledger_run_duration_seconds"].histogram
    assert runs.is_monotonic
    cumulative = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    assert (runs.aggregation_temporality, durations.aggregation_temporality) == (cumulative, cumulative)
    began = entries_of(tmp_path)[0].time.timestamp()
    for told in (first, second, third):
        for name in ("cronledger_runs", "cronledger_run_duration_seconds", "cronledger_ledger_entries"):
            for point in points_of(told[name]):
                assert point.start_time_unix_nano / 1e9 == pytest.approx(began, abs=1e-6)
                assert point.time_unix_nano > point.start_time_unix_nano
    assert third["cronledger_run_duration_seconds"].unit == "s"


def test_they_are_sent_at_an_interval_and_once_more_at_the_end(tmp_path: Path, receiver: Receiver) -> None:
    """Soon after the start, then when the interval has passed; with `none` they are not."""
    reported = Reported(tmp_path, receiver)
    times = []
    for _ in range(100):
        if reported.told():
            times.append(reported.now_s)
        reported.now_s += 1.0
    assert times == [FIRST_S, *(FIRST_S + each * INTERVAL_S for each in (1, 2, 3))]
    assert reported.told(is_last=True)
    receiver.received.clear()
    reported.reporter.turn(None, is_last=True)
    assert not receiver.received


def test_what_did_not_arrive_is_in_the_next_report(tmp_path: Path, receiver: Receiver) -> None:
    """A receiver that is away is asked again at the interval, or when it says; one that takes none is no problem."""
    reported = Reported(tmp_path, receiver)
    receiver.behaviour = lambda _: Reply(503, headers=(("Retry-After", "100"),))
    reported.run()
    reported.told_later()
    assert "503" in reported.reporter.problem
    receiver.behaviour = lambda _: Reply()
    assert not reported.told_later()
    reported.run()
    reported.now_s += 70.0
    told = numbers(reported.told())
    assert told["cronledger_runs_total", (("job_name", "a"), ("outcome", "failed"))] == 2
    assert reported.reporter.problem == ""
    receiver.behaviour = lambda _: Reply(404)
    assert reported.told_later()
    assert reported.reporter.problem == ""


def test_many_are_sent_in_several_requests(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each point once, and no request with more than so many."""
    reported = Reported(tmp_path, receiver)
    whole = numbers(reported.told_later())
    monkeypatch.setattr(otlp_metrics, "POINTS_MAX", 5)
    reported.told_later()
    requests = list(receiver.received)
    pieces = [[point for each in metrics_of([request]) for point in points_of(each)] for request in requests]
    assert max(map(len, pieces)) == 5
    assert min(map(len, pieces)) > 0
    keys = [
        (each.name, *sorted(facts(point).items()))
        for each in metrics_of(requests)
        for point in points_of(each)
    ]
    assert len(keys) == len(set(keys))
    assert {name for name, *_ in keys} == {
        name.removesuffix("_total").removesuffix("_bucket").removesuffix("_count").removesuffix("_sum")
        for name, _ in whole
    }
