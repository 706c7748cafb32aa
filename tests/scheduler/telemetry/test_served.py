"""Traces of a scheduler that serves: by a process of its own, over a kill, and what a job gets of it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.configuration.lints import lints
from scheduler.configuration.remarks import missing_telemetry
from scheduler.home import Home
from scheduler.telemetry.trace_ids import traceparent
from tests.scheduler.configuration.reading import read
from tests.support.command import DEADLINE_S, call
from tests.support.home import entries_of, make_home
from tests.support.otlp_receiver import facts, metrics_of, points_of, spans_of, wait_for_spans
from tests.support.receiver import Receiver, Reply
from tests.support.served import Served

JOB = "jobs: {a: {command: 'echo $TRACEPARENT', on_demand: true}}\n"
PYTHON = """\
import os

def run(ctx):
    print(os.environ["TRACEPARENT"])
"""


def _telemetry(receiver: Receiver) -> str:
    return f'telemetry: {{otlp: "{receiver.url}"}}\n'


def _wait_until_told(receiver: Receiver, name: str, value: int) -> None:
    """Wait until the newest report says this of a metric without labels."""
    give_up_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < give_up_s:
        told = [each for each in metrics_of(list(receiver.received)) if each.name == name]
        if told and points_of(told[-1])[0].as_int == value:
            return
        time.sleep(0.02)
    raise AssertionError(f"{name} never was {value}")


def _output(home: Home) -> list[str]:
    return sorted(path.read_text() for path in home.logs.rglob("*stdout*"))


def _tracer(root: Path) -> int | None:
    """The process that sends."""
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                words = (each / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"cli.background.telemetry" in words and os.fsencode(root) in words:
                return int(each.name)
    return None


def _killed(root: Path) -> None:
    give_up_s = time.monotonic() + DEADLINE_S
    while (number := _tracer(root)) is None and time.monotonic() < give_up_s:
        time.sleep(0.02)
    assert number is not None
    os.kill(number, 9)


def test_a_job_knows_its_span_and_a_kill_loses_none(tmp_path: Path) -> None:
    """What ends while nobody sends, or nobody takes it, is sent by the next process, with the id that the job had.

    Figures are sent soon after the start, and once more when nobody serves any more.
    """
    with Receiver(lambda _: Reply(503)) as receiver:
        home = make_home(tmp_path / "home", _telemetry(receiver) + JOB)
        with Served(home.root) as served:
            assert call("jobs", "run", "a", home=home.root).code == 0
            served.wait_for(v.RunFinished)
            _killed(home.root)
            receiver.behaviour = lambda _: Reply()
            receiver.received.clear()
            (whole, attempt, *_) = wait_for_spans(receiver, 2)
            _wait_until_told(receiver, "cronledger_scheduler_up", 1)
            served.stop()
        _wait_until_told(receiver, "cronledger_scheduler_up", 0)
        ledger = next(e for e in entries_of(home.root) if e.type == "ledger.created")
        assert facts(whole)["cronledger.ledger"] == v.payload(ledger).ledger
        told = traceparent(v.payload(ledger).ledger, facts(whole)["cronledger.run"], 1)
        assert _output(home) == [f"{told}\n"]
        assert told == f"00-{attempt.trace_id.hex()}-{attempt.span_id.hex()}-01"
        assert len({each.span_id for each in spans_of(receiver.received)}) == 2


def test_a_python_job_knows_its_span(tmp_path: Path) -> None:
    """Forked by the warm server, or in a process of its own: the variable is that of this attempt."""
    home = make_home(
        tmp_path,
        "telemetry: {otlp: 'http://127.0.0.1:9'}\njobs: {a: {python: 'mine.jobs:run', on_demand: true}}\n",
    )
    extension = home.root / "extensions" / "mine"
    extension.mkdir(parents=True)
    (extension / "jobs.py").write_text(PYTHON)
    with Served(home.root) as served:
        for _ in range(2):
            assert call("jobs", "run", "a", home=home.root).code == 0
        served.stop()
    ledger, *_ = entries_of(home.root)
    runs = [each.run for each in entries_of(home.root) if each.type == v.RunFinished.TYPE]
    assert len(runs) == 2
    told = [traceparent(v.payload(ledger).ledger, run, 1) for run in runs if run is not None]
    assert _output(home) == sorted(f"{each}\n" for each in told)


def test_run_here_it_knows_its_span_too_and_otherwise_of_none(tmp_path: Path) -> None:
    """Without a scheduler; without the block there is no such variable, and a job's own stands."""
    home = make_home(tmp_path, JOB)
    assert call("jobs", "run", "a", home=tmp_path).code == 0
    assert _output(home) == ["\n"]
    home.config.write_text("telemetry: {otlp: 'http://127.0.0.1:9'}\n" + JOB)
    assert call("jobs", "run", "a", home=tmp_path).code == 0
    assert any(each.startswith("00-") for each in _output(home))
    own = "jobs: {a: {command: 'echo $TRACEPARENT', on_demand: true, env: {TRACEPARENT: own}}}\n"
    home.config.write_text("telemetry: {otlp: 'http://127.0.0.1:9'}\n" + own)
    assert call("jobs", "run", "a", home=tmp_path).code == 0
    assert "own\n" in _output(home)
    assert not home.telemetry.exists()


def test_a_missing_extra_is_told_and_nothing_else_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` says what to install."""
    text = "telemetry: {otlp: 'http://127.0.0.1:9'}\n" + JOB
    assert not [each for each in lints(read(text)) if each.code == "no-opentelemetry"]
    monkeypatch.setattr(missing_telemetry, "is_installed", lambda: False)
    (told,) = [each for each in lints(read(text)) if each.code == "no-opentelemetry"]
    assert "cronledger[opentelemetry]" in told.message
