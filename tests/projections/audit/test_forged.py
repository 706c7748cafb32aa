"""Ledgers whose chain is valid and whose instants are not: an oracle says what is wrong, and so does the report.

The oracle reads the lines as JSON, asks cronsim for the instants, and knows nothing of the fold.
"""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstore.store import OWN_SEQ
from projections.audit.report import Report
from projections.audit.window import Window
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.home import Home
from tests.projections.audit.reports import report_of_home
from tests.support.examples import examples
from tests.support.ledger import Writer, defined, run_finished, run_started, scheduler_started, ticked

BEGIN = datetime(2026, 3, 20, tzinfo=UTC)
END = BEGIN + timedelta(days=14)
ZONE = "Europe/Paris"
CRON = {"early": "30 2 * * *", "often": "*/45 5-7 * * 1-5", "monthly": "15 4 1,29 * *"}
"""One of them falls into the hour that the clocks of the zone leave out within the range."""


class Forgery(NamedTuple):
    """What is done to one instant of one job."""

    kind: str
    job: str
    place: int


def instants(expression: str) -> list[datetime]:
    """The instants of the range, as cronsim has them."""
    begin = (BEGIN - timedelta(seconds=1)).astimezone(ZoneInfo(ZONE))
    steps = (each.astimezone(UTC) for each in CronSim(expression, begin))
    return list(takewhile(lambda each: each < END, steps))


def written(root: Path, forgery: Forgery | None) -> Home:
    """A ledger of some weeks: each instant is ticked and run, but for what is forged."""
    due = sorted((instant, job) for job, expression in CRON.items() for instant in instants(expression))
    if forgery is not None:
        own = [each for each in due if each[1] == forgery.job]
        chosen = own[forgery.place % len(own)]
        if forgery.kind == "dropped":
            due.remove(chosen)
        elif forgery.kind == "day":
            due = [each for each in due if each[0].date() != chosen[0].date()]
        elif forgery.kind == "doubled":
            due.insert(due.index(chosen) + 1, chosen)
        else:
            due.insert(due.index(chosen) + 1, (chosen[0] + timedelta(minutes=1), forgery.job))
    with closing(Writer(root, 65_536, now=BEGIN, step=timedelta(0))) as writer:
        names = CRON.items()
        jobs = [
            JobDefinition(name=name, command="true", schedule=cron, timezone=ZONE) for name, cron in names
        ]
        writer.append(*map(defined, jobs), v.event(scheduler_started(), v.SCHEDULER))
        for instant, job in due:
            writer.now = max(writer.now, instant)
            tick = writer.record(ticked(instant, timezone=ZONE), job, OWN_SEQ)
            writer.record(run_started(due=instant), job, tick.seq)
            writer.record(run_finished(instant, due=instant), job, tick.seq)
        writer.now = max(writer.now, END - timedelta(seconds=1))
        writer.record(v.SchedulerStopped(reason="signal"))
        return writer.home


def oracle(home: Home) -> dict[str, list[datetime]]:
    """The instants that are dropped, doubled and invented, from the lines alone."""
    files = sorted(home.ledger.glob("*.jsonl"))
    lines = [json.loads(line) for path in files for line in path.read_text(encoding="ascii").splitlines()]
    ticks: dict[str, list[datetime]] = {name: [] for name in CRON}
    for line in lines:
        if line["type"] == "schedule.ticked":
            ticks[line["job"]].append(datetime.fromisoformat(line["data"]["scheduled_for"]))
    wrong: dict[str, list[datetime]] = {"dropped": [], "doubled": [], "invented": []}
    for name, found in ticks.items():
        implied = set(instants(CRON[name]))
        wrong["dropped"] += sorted(implied.difference(found))
        wrong["invented"] += sorted(set(found) - implied)
        wrong["doubled"] += sorted({each for each in found if found.count(each) > 1})
    return wrong


KINDS = {"no_disposition": "dropped", "second_disposition": "doubled", "not_implied": "invented"}


def reported(report: Report) -> dict[str, list[datetime]]:
    """The same, as the report has it."""
    wrong: dict[str, list[datetime]] = {"dropped": [], "doubled": [], "invented": []}
    for each in report.findings:
        assert each.count == 1
        wrong[KINDS[each.kind]].append(each.first)
    return wrong


@settings(max_examples=examples(6))
@given(
    kind=st.sampled_from(["dropped", "doubled", "invented"]),
    job=st.sampled_from(sorted(CRON)),
    place=st.integers(0, 200),
)
def test_a_forged_instant_is_found(
    tmp_path_factory: pytest.TempPathFactory, kind: str, job: str, place: int
) -> None:
    """Whichever instant is dropped, doubled or invented, the report names it and no other, as the oracle does."""
    home = written(tmp_path_factory.mktemp("forged"), Forgery(kind, job, place))
    wrong = oracle(home)
    assert sum(map(len, wrong.values())) == 1
    assert reported(report_of_home(home, END, Window(BEGIN, END))) == wrong


def test_an_honest_ledger_is_complete(tmp_path: Path) -> None:
    """Both count the same instants where nothing was forged, also where clocks were set ahead."""
    home = written(tmp_path, None)
    report = report_of_home(home, END, Window(BEGIN, END))
    assert oracle(home) == reported(report) == {"dropped": [], "doubled": [], "invented": []}
    assert report.tally.totals["succeeded"] == sum(len(instants(each)) for each in CRON.values())


def test_a_day_that_is_not_there_is_found(tmp_path: Path) -> None:
    """Instants that follow one another are one finding of their job, which counts them."""
    home = written(tmp_path, Forgery("day", "often", 7))
    report = report_of_home(home, END, Window(BEGIN, END))
    assert {each.kind for each in report.findings} == {"no_disposition"}
    assert len(report.findings) == len({each.job for each in report.findings}) == 2
    assert report.unexplained == report.tally.totals["unexplained"] == len(oracle(home)["dropped"]) == 7
