"""What people and programs are told of runs that wait, while they wait and after: for each kind of wait."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduler.definition import After, Retry
from scheduler.home import Home
from scheduler.scheduler_lock import Holder, SchedulerLock
from tests.support.command import Answer, call
from tests.support.simulated_home import home_of
from tests.support.world import BEGIN, Process, World, job

HOUR_S = 3_600.0


def ask(home: Home, *arguments: str) -> Answer:
    """What a command answers."""
    answer = call(*arguments, home=home.root)
    assert answer.code == 0, answer.err
    return answer


def rows(home: Home, query: str) -> list[dict[str, Any]]:
    """What SQL answers."""
    found: list[dict[str, Any]] = ask(home, "sql", "--format", "json", query).document
    return found


def crowded() -> World:
    """At 00:10 something waits for each thing for which one can wait; the state is told as if it were that time."""
    world = World(
        job("holder", "1 0 * * *", locks=["db"]),
        job("own", "1,2,3 0 * * *", overlap="queue"),
        job("flaky", "1 0 * * *", retry=Retry(attempts=2, delay_ms=36_000_000)),
        job("locked", "2 0 * * *", locks=["db"], start_deadline_ms=3_600_000),
        job("lately", "2 0 * * *", after=After(jobs=["other"], within_ms=60_000)),
        job("other", "1 1 * * *"),
        job("then", after=After(jobs=["flaky", "own"])),
        job("filler", "3 0 * * *"),
        job("slotless", "4 0 * * *"),
        max_parallel=3,
    )
    failing = {"flaky": Process(1.0, 1)}
    world.machine.behaviour = lambda launch: failing.get(launch.env["CRONLEDGER_JOB"], Process(HOUR_S, 0))
    world.start()
    world.run(600)
    return world


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """That home, served by a scheduler."""
    home = home_of(crowded(), tmp_path_factory.mktemp("crowded"))
    lock = SchedulerLock.take(home.scheduler_lock, Holder(1, "web1", BEGIN))
    yield home
    lock.release()


def test_the_list_and_the_status_say_for_what_each_run_waits(waiting: Home) -> None:
    """In the same words, and for programs too."""
    run = {
        each["job"]: each["run"] for each in rows(waiting, "SELECT job, max(run) AS run FROM runs GROUP BY 1")
    }
    first = rows(waiting, "SELECT min(run) AS run FROM runs WHERE job = 'own'")[0]["run"]
    listed = {line.split()[0]: line for line in ask(waiting, "jobs", "list", "--utc").out.splitlines()}
    told = ask(waiting, "status").out
    for name, words in {
        "locked": rf"waiting for the lock db, held by run {run['holder']} of holder, started .* ago, until",
        "lately": "waiting for other",
        "slotless": "waiting for a slot, until",
    }.items():
        assert re.search(words, listed[name]), (words, listed[name])
        assert re.search(rf"run {run[name]} of {name}, {words}", told), (words, told)
    assert f"running, 2 more waiting for run {first} to end" in listed["own"]
    assert f"run {run['own']} of own, waiting for run {first} to end" in told
    kinds = {
        each["name"]: [run["waiting_for"]["kind"] for run in each["running"] if run["waiting_for"]]
        for each in ask(waiting, "jobs", "list", "--json").document
    }
    assert {name: found for name, found in kinds.items() if found} == {
        "own": ["queue", "queue"], "locked": ["lock"], "lately": ["success"], "slotless": ["capacity"],
        "flaky": ["capacity"],
    }  # fmt: skip
    document = ask(waiting, "status", "--json").document
    reasons = {each["run"]: each["waiting_for"] for each in document["runs"]}
    assert reasons[run["slotless"]]["slots"] == [run["holder"], first, run["filler"]]
    assert reasons[run["locked"]]["gives_up_at"].startswith("2026-01-01T01:02:00")


def test_status_tells_of_jobs_that_wait_for_others(waiting: Home) -> None:
    """Those that run after others alone have no run yet."""
    (awaiting,) = ask(waiting, "status", "--json").document["awaiting"]
    assert (awaiting["job"], awaiting["missing"]) == ("then", ["flaky", "own"])
    told = r"jobs waiting: +then, waiting for flaky and own, for 2026-01-01 00:01.*, since 2026-01-01 00:01"
    assert re.search(told, ask(waiting, "status", "--utc").out)


def test_why_says_for_what_each_run_waits_and_until_when(waiting: Home) -> None:
    """With the entries that show it."""

    def told(name: str, minute: int) -> str:
        return ask(waiting, "jobs", "why", name, "--at", f"2026-01-01T00:0{minute}Z").out.replace("\n  ", " ")

    first = rows(waiting, "SELECT min(run) AS run FROM runs WHERE job = 'own'")[0]["run"]
    assert re.search(rf"Run \d+ waits behind run {first}\.", told("own", 2))
    assert re.search(r"Run \d+ waits, until 2026-01-01 01:02:00.* at most\.", told("locked", 2))
    assert re.search(r"waits for the lock db, held by run \d+ of holder since", told("locked", 2))
    assert "It waits for other, which has not succeeded yet." in told("lately", 2)
    assert re.search(r"Run \d+ waits, until 2026-01-01 01:04:00.* at most\.", told("slotless", 4))
    assert re.search(
        r"All slots \(`max_parallel`\) were taken since .*, by run .*filler", told("slotless", 4)
    )
    assert re.search(r"Run \d+ waits for attempt 2, which is to start at 2026-01-01 0", told("flaky", 1))


def test_a_home_that_nobody_serves_says_that_its_runs_wait_for_a_scheduler(tmp_path: Path) -> None:
    """And names no slot or lock: nobody would give one."""
    home = home_of(crowded(), tmp_path)
    for command in (("status",), ("jobs", "list")):
        out = ask(home, *command).out
        assert "waiting for a scheduler" in out
        assert "waiting for a slot" not in out
        assert "waiting for the lock" not in out
    why = ask(home, "jobs", "why", "slotless", "--at", "2026-01-01T00:04Z").out.replace("\n  ", " ")
    assert re.search(r"Run \d+ waits: no scheduler is running\.", why)


def test_a_run_that_is_going_tells_for_what_it_had_waited(tmp_path: Path) -> None:
    """In the list and the status; one that had not waited tells nothing."""
    world = World(
        job("own", "1,2 0 * * *", overlap="queue", locks=["db"]),
        job("later", "1 0 * * *", locks=["db"]),
        job("at-once", "1 0 * * *"),
    )
    world.machine.behaviour = lambda launch: Process(HOUR_S, 0)
    world.start()
    world.run(2.5 * HOUR_S)
    home = home_of(world, tmp_path)
    first, last = (each["run"] for each in rows(home, "SELECT run FROM runs WHERE job = 'own' ORDER BY run"))
    (later,) = (each["run"] for each in rows(home, "SELECT run FROM runs WHERE job = 'later'"))
    words = f"after waiting for run {first} and the lock db"
    listed = {line.split()[0]: line for line in ask(home, "jobs", "list").out.splitlines()}
    assert f"enabled, running {words}" in listed["own"]
    assert "waiting" not in listed["at-once"]
    assert re.search(rf"run {last} of own, started .* ago {words}", ask(home, "status").out)
    (document,) = ask(home, "status", "--json").document["runs"]
    assert document["waited_for"] == {
        "run": first, "jobs": [], "lock": {"name": "db", "holders": [later]}, "slots": [],
    }  # fmt: skip


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which one run waited for the run before it, and one for the only slot."""
    world = World(
        job("own", "1,2 0 * * *", overlap="queue"),
        job("other", "30 0 * * *"),
        job("again", "1,40 0 * * *", overlap="skip"),
        max_parallel=2,
    )
    world.machine.behaviour = lambda launch: Process(HOUR_S, 0)
    world.start()
    world.run(4 * HOUR_S)
    return home_of(world, tmp_path_factory.mktemp("after"))


def test_sql_knows_for_which_run_and_which_slots_runs_had_waited(after: Home) -> None:
    """A skipped one too, for the run that was in its way; what did not wait has none."""
    found = rows(after, "SELECT job, run, status, waited_for_run, waited_for_slots FROM runs ORDER BY run")
    own, again, queued, other, skipped = found
    assert [each["waited_for_run"] for each in found] == [None, None, own["run"], None, again["run"]]
    assert own["waited_for_slots"] == again["waited_for_slots"] == queued["waited_for_slots"] == []
    assert sorted(other["waited_for_slots"]) == [own["run"], again["run"]]
    assert (skipped["job"], skipped["status"]) == ("again", "skipped")
    query = f"SELECT waited_for_run, waited_for_slots FROM attempts WHERE run = {queued['run']}"
    assert rows(after, query) == [{"waited_for_run": own["run"], "waited_for_slots": []}]


def test_afterwards_a_start_tells_for_what_it_had_waited(after: Home) -> None:
    """In `runs show`, its JSON, and `jobs why`."""
    own, again, queued, other, _ = (each["run"] for each in rows(after, "SELECT run FROM runs ORDER BY run"))
    shown = ask(after, "runs", "show", str(queued)).out
    assert re.search(rf"had waited: +run {own} of its job came before it\n", shown)
    shown = ask(after, "runs", "show", str(other)).out
    assert re.search(rf"had waited: +all slots were taken, by run {own}, {again}\n", shown)
    document = ask(after, "runs", "show", str(other), "--json").document
    assert document["waited_for"] == {"run": None, "lock": None, "slots": [own, again]}
    why = ask(after, "jobs", "why", "own", "--at", "2026-01-01T00:02Z").out.replace("\n  ", " ")
    assert f"In its way was run {own} (schedule, due" in why
    why = ask(after, "jobs", "why", "other", "--at", "2026-01-01T00:30Z").out.replace("\n  ", " ")
    assert re.search(rf"All slots .* were taken since .*, by run {own} of own, run {again} of again\.", why)
