"""What people and programs are told of runs that wait for a lock, while they wait and after."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from scheduler.home import Home
from scheduler.scheduler_lock import Holder, SchedulerLock
from tests.support.command import Answer, call
from tests.support.simulated_home import home_of
from tests.support.world import BEGIN, Process, World, job


def lived(until_s: float) -> World:
    """A world in which two jobs wait for the lock that a third one holds for an hour from 00:01 on."""
    world = World(
        job("etl", "1 0 * * *", locks=["database", "disk"]),
        job("report", "2 0 * * *", locks=["database"]),
        job("late", "3 0 * * *", locks=["database"], start_deadline_ms=600_000),
    )
    world.machine.behaviour = lambda launch: Process(3_600.0, 0)
    world.start()
    world.run(until_s)
    return world


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home, served by a scheduler, in which they wait."""
    home = home_of(lived(300), tmp_path_factory.mktemp("waiting"))
    lock = SchedulerLock.take(home.scheduler_lock, Holder(1, "web1", BEGIN))
    yield home
    lock.release()


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which the report has had the lock."""
    return home_of(lived(3 * 3_600), tmp_path_factory.mktemp("after"))


def ask(home: Home, *arguments: str) -> Answer:
    """What a command answers."""
    answer = call(*arguments, home=home.root)
    assert answer.code == 0, answer.err
    return answer


def runs_of(home: Home) -> dict[str, int]:
    """The run of each job."""
    rows = ask(home, "sql", "--format", "json", "SELECT job, run FROM runs").document
    return {row["job"]: row["run"] for row in rows}


def test_status_and_the_list_say_who_holds_the_lock(waiting: Home) -> None:
    """Since when, and how many wait for it; no run waits for a slot."""
    run = runs_of(waiting)
    held = rf"2 runs wait for the lock database, held by run {run['etl']} of etl, started .* ago"
    assert re.search(held, ask(waiting, "status").out)
    assert re.search(rf"Note: {held}\.", ask(waiting, "jobs", "list").err)
    status = ask(waiting, "status", "--json").document
    assert status["slots_taken"] is None
    assert status["lock_waits"] == [
        {"run": run[name], "lock": "database", "held_by": [run["etl"]], "behind": None}
        for name in ("report", "late")
    ]
    assert re.search(
        rf"run {run['report']}, waiting for the lock database, held by run {run['etl']} of etl",
        ask(waiting, "jobs", "show", "report").out,
    )


def test_why_says_for_what_a_run_waits(waiting: Home) -> None:
    """With the entry that shows who holds it."""
    run = runs_of(waiting)
    answer = ask(waiting, "jobs", "why", "report", "--at", "2026-01-01T00:02Z")
    told = f"Run {run['report']} waits for the lock database, held by run {run['etl']} of etl since"
    assert told in answer.out.replace("\n  ", " ")


def test_afterwards_all_tell_for_what_it_had_waited(after: Home) -> None:
    """The start of the one that got the lock, and the skip of the one that gave up."""
    run = runs_of(after)
    why = ask(after, "jobs", "why", "report", "--at", "2026-01-01T00:02Z").out.replace("\n  ", " ")
    assert f"Run {run['report']} waited for the lock database, held by run {run['etl']} of etl since" in why
    shown = ask(after, "runs", "show", str(run["report"])).out
    assert re.search(r"locks: +database\n", shown)
    assert re.search(rf"had waited: +the lock database was held by run {run['etl']}\n", shown)
    assert ask(after, "runs", "show", str(run["report"]), "--json").document["locks"] == {"database": 1}
    why = ask(after, "jobs", "why", "late", "--at", "2026-01-01T00:03Z").out.replace("\n  ", " ")
    assert f"Run {run['late']} waited for the lock database, held by run {run['etl']} of etl since" in why
    document = ask(after, "runs", "show", str(run["late"]), "--json").document
    assert document["lock"] == {"name": "database", "holders": [run["etl"]]}


def test_sql_knows_who_held_what_and_who_waited(after: Home) -> None:
    """Of runs and of attempts, and which job has which locks."""
    rows = ask(
        after, "sql", "--format", "json", "SELECT job, locks, waited_for_lock FROM runs ORDER BY run"
    ).document
    assert [(row["job"], row["locks"], row["waited_for_lock"]) for row in rows] == [
        ("etl", ["database", "disk"], None),
        ("report", ["database"], "database"),
        ("late", None, "database"),
    ]
    query = "SELECT locks, waited_for_lock FROM attempts WHERE job = 'report'"
    assert ask(after, "sql", "--format", "json", query).document == [
        {"locks": ["database"], "waited_for_lock": "database"}
    ]
    query = "SELECT locks FROM jobs WHERE name = 'etl'"
    assert ask(after, "sql", "--format", "json", query).document == [{"locks": ["database", "disk"]}]
    assert ask(after, "ledger", "verify").code == 0
