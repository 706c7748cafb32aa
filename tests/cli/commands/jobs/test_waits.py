"""What people and programs are told of runs that wait, while they wait and after: for each kind of wait."""

from __future__ import annotations

import re
from typing import Any

import pytest

from scheduler.home import Home
from tests.support.command import Answer, call
from tests.support.simulated_home import home_of
from tests.support.world import Process, World, job

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
