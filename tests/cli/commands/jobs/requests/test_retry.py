"""`jobs retry`: which runs are made again, and what is on record of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.app.failures import Failure
from cli.runs.retrial import failed_since
from cli.runs.wanted import FailedRun, Wanted
from eventstore.store import OWN_SEQ, Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Parameter, Retry
from scheduler.processes.spawner import Launch
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.command import Answer, call
from tests.support.home import LiveHome, job, sh
from tests.support.simulated_home import home_of
from tests.support.world import BEGIN, Process, World
from tests.support.world import job as simulated


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """Jobs that fail until the file `mended` is there, and one that succeeds."""
    live = LiveHome(tmp_path / "home")
    live.configure(
        "jobs:\n"
        + job(
            "export", sh("echo $CRONLEDGER_PARAM_REGION; test -e mended"), params="{region: eu}", tags="[etl]"
        )
        + job("import", sh("test -e mended"))
        + job("fine", sh("true"))
    )
    return live


def number(home: LiveHome, name: str) -> str:
    """The number of the last run of a job."""
    return str([entry.run for entry in home.entries("run.finished") if entry.job == name][-1])


def last_request(home: LiveHome) -> v.RunRequested:
    """The last one on record."""
    found: v.RunRequested = v.payload(home.entries("run.requested")[-1])
    return found


@pytest.mark.real
def test_a_run_is_made_again_with_its_values(home: LiveHome) -> None:
    """It is a run of its own, on record as a retry; the old one keeps its outcome."""
    assert home.run("jobs", "run", "export", "--param", "region=us").code == 1
    old = number(home, "export")
    assert home.run("jobs", "retry", old).code == 1
    (home.root / "mended").touch()
    again = home.run("jobs", "retry", old, "--reason", "the disk is back")
    assert (again.code, again.out) == (0, "us\n")
    request = last_request(home)
    assert (request.retry_of, request.params, request.reason) == (
        int(old),
        {"region": "us"},
        "the disk is back",
    )
    rows = home.ask("sql", f"SELECT outcome FROM runs WHERE retry_of = {old} ORDER BY run", "--json").document
    assert [row["outcome"] for row in rows] == ["failed", "succeeded"]
    shown = home.ask("runs", "show", number(home, "export"))
    assert f"run {old}" in shown.out
    assert f"to make run {old} again" in shown.out
    home.check()


@pytest.mark.real
def test_all_that_failed_are_made_again_once(home: LiveHome) -> None:
    """What was made again since is left out, and what a tag does not ask for; more than the limit are refused."""
    for name in ("export", "import", "fine"):
        home.run("jobs", "run", name)
    refused = home.run("jobs", "retry", "--failed", "--since", "1h", "--limit", "1")
    assert refused.code == 1
    assert "2 runs failed since then" in refused.err
    assert len(home.entries("run.requested")) == 3
    (home.root / "mended").touch()
    tagged = home.run("jobs", "retry", "--failed", "--since", "1h", "--tag", "etl", "--json")
    assert (tagged.code, [row["job"] for row in tagged.document]) == (0, ["export"])
    rest = home.run("jobs", "retry", "--failed", "--since", "1h", "--json")
    assert (rest.code, [row["job"] for row in rest.document]) == (0, ["import"])
    nothing = home.run("jobs", "retry", "--failed", "--since", "1h")
    assert (nothing.code, nothing.out) == (0, "")
    assert "no run failed since then" in nothing.err


@pytest.mark.real
def test_the_scheduler_makes_runs_of_one_job_again_one_after_another(home: LiveHome) -> None:
    """Though its overlap is `skip`: none of them is skipped for another."""
    for _ in range(3):
        home.run("jobs", "run", "import")
    (home.root / "mended").touch()
    with home.served():
        again = home.run("jobs", "retry", "--failed", "--since", "1h", "--job", "import", "--json")
    assert (again.code, [row["outcome"] for row in again.document]) == (0, ["succeeded"] * 3)
    home.check()


def test_what_cannot_be_made_again_is_refused(home: LiveHome) -> None:
    """Each with its reason, and nothing is recorded."""
    home.run("jobs", "run", "fine")
    home.run("jobs", "run", "import")
    fine, failed = number(home, "fine"), number(home, "import")
    before = home.entries()
    for arguments, code, words in (
        (["999999"], 2, "there is no run 999999"),
        ([failed, fine], 1, f"run {fine} of fine succeeded"),
        ([], 2, "give the numbers of runs, or --failed"),
        ([failed, "--failed"], 2, "give the numbers of runs, or --failed"),
        (["--failed"], 2, "--failed needs --since"),
        ([failed, "--since", "1h"], 2, "go with --failed"),
        (["--failed", "--since", "1h", "--job", "imports"], 2, "import"),
    ):
        answer = home.run("jobs", "retry", *arguments)
        assert (answer.code, answer.out) == (code, ""), answer
        assert words in answer.err
    assert home.entries() == before


def ticking(behaviour: Process) -> World:
    """An hourly job of which the first run is over."""
    world = World(simulated("hourly"))
    world.machine.behaviour = lambda launch: behaviour
    world.start()
    world.run(3_600 + 120)
    return world


def retry_of(world: World, run: int, **more: Any) -> Entry:
    """A person asks for it."""
    (tick,) = (entry for entry in world.entries(v.ScheduleTicked) if entry.seq == run)
    request = v.RunRequested(
        executor="scheduler", retry_of=run, original_scheduled_for=v.payload(tick).scheduled_for, **more
    )
    return world.person(request, "hourly", OWN_SEQ)


def test_a_retry_gets_the_instant_of_the_old_run() -> None:
    """As its variable; the schedule disposes of the instant once, so the new run is for none."""
    world = ticking(Process(1, 1))
    old = world.entries(v.ScheduleTicked)[0].seq
    seen: list[Launch] = []

    def note(launch: Launch) -> Process:
        seen.append(launch)
        return Process(1, 0)

    world.machine.behaviour = note
    retry_of(world, old)
    world.run(60)
    assert [launch.env["CRONLEDGER_SCHEDULED_FOR"] for launch in seen] == ["2026-01-01T01:00:00Z"]
    assert v.payload(world.entries(v.RunStarted)[-1]).scheduled_for is None
    assert list(illegal_entries(world.entries())) == []


def test_a_retry_of_a_run_that_goes_on_breaks_the_laws() -> None:
    """Nobody records one; who does is told by the verification."""
    world = ticking(Process(10 * 3_600, 0))
    bad = retry_of(world, world.entries(v.ScheduleTicked)[0].seq)
    (told,) = illegal_entries(world.entries())
    assert told.seq == bad.seq
    assert "had not ended" in told.why


def shown(world: World, path: Path, run: int) -> Answer:
    """What `runs show` says of it."""
    return call("runs", "show", str(run), home=home_of(world, path).root)


def test_the_report_of_a_run_knows_its_attempts(tmp_path: Path) -> None:
    """While it waits for the next one, and when it has ended."""
    world = World(simulated("nightly", "0 1 * * *", retry=Retry(attempts=3, delay_ms=600_000)))
    world.machine.behaviour = lambda launch: Process(2, 0 if launch.attempt == 2 else 75)
    world.start()
    world.run(3_600 + 60)
    run = world.entries(v.ScheduleTicked)[0].seq
    waits = shown(world, tmp_path / "waits", run).out
    assert "waits for attempt 2, due at 2026-01-01 01:" in waits
    world.run(1_200)
    ended = shown(world, tmp_path / "ended", run).out
    assert "succeeded (attempt 2)" in ended
    assert "tried again" in ended


def test_a_run_with_options_of_its_own_is_not_made_again(tmp_path: Path) -> None:
    """Only their names are on record: a dry run would become one that deletes."""
    world = World(simulated("hourly"))
    world.machine.behaviour = lambda launch: Process(1, 1)
    world.start()
    request = v.RunRequested(executor="scheduler", parameters=["dry_run"])
    run = world.person(request, "hourly", OWN_SEQ).seq
    world.run(60)
    root = home_of(world, tmp_path).root
    refused = call("jobs", "retry", str(run), home=root)
    assert refused.code == 1
    assert "was given options (dry_run)" in refused.err
    nothing = call("jobs", "retry", "--failed", "--since", "2025-12-31", home=root)
    assert "no run failed since then that was not made again" in nothing.err


def test_a_retry_that_was_skipped_made_nothing_again(tmp_path: Path) -> None:
    """It is among what failed still."""
    world = ticking(Process(1, 1))
    old = world.entries(v.ScheduleTicked)[0].seq
    world.machine.behaviour = lambda launch: Process(10_000, 0)
    world.person(v.RunRequested(executor="scheduler"), "hourly", OWN_SEQ)
    world.run(1)
    again = retry_of(world, old).seq
    world.person(v.RunCancelRequested(), "hourly", again)
    world.run(60)
    assert [entry.run for entry in world.entries(v.RunSkipped)] == [again]
    store = world.machine.store.peer()
    assert [run.run for run in failed_since(store, BEGIN, None)] == [old]


def test_values_of_parameters_that_are_gone_are_left_out() -> None:
    """And those that are secret by now are read when the run starts; one that is allowed no more refuses."""
    failed = FailedRun(7, "job", None, {"gone": "1", "key": "2", "region": "eu"})
    params = {"key": Parameter(secret=True, env="KEY"), "region": Parameter(choices=["eu", "us"])}
    wanted = Wanted((), again=[failed])
    (run,) = wanted.runs(lambda name: JobDefinition(name=name, command=["true"], params=params))
    assert run.params == {"region": "eu"}
    narrowed = {"region": Parameter(choices=["us"])}
    with pytest.raises(Failure, match="run 7 cannot be made again") as refused:
        wanted.runs(lambda name: JobDefinition(name=name, command=["true"], params=narrowed))
    assert refused.value.exit_code == 1
