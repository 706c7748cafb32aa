"""Parameters from a job's definition to its command, and what is recorded of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.configuration.variables.parameters import environment, secret_value
from scheduler.definition import JobDefinition, Parameter
from scheduler.explanation import facts as f
from scheduler.explanation.explain import Explainer
from scheduler.home import Home
from scheduler.ledger.past import Past
from scheduler.logs.collection.job_secrets import JobSecrets
from tests.support.world import BEGIN, Process, World, job

REGION = Parameter(default="eu", choices=["eu", "us"])
FROM_FILE = Parameter(secret=True, file="token")


def test_a_command_gets_values_as_variables(tmp_path: Path) -> None:
    """Capitals and underscores; what has no value has no variable, and what is not declared is not passed on."""
    (tmp_path / "token").write_bytes(b"hunter2\xff\r\n")
    params = {
        "region": REGION,
        "dry-run": Parameter(),
        "token": FROM_FILE,
        "key": Parameter(secret=True, env="KEY"),
    }
    definition = JobDefinition(name="a", params=params)
    given = {"region": "us", "gone": "1", "token": "forged"}
    assert environment(definition, given, str(tmp_path), {"KEY": "k"}) == {
        "CRONLEDGER_PARAM_REGION": "us",
        "CRONLEDGER_PARAM_TOKEN": os.fsdecode(b"hunter2\xff"),
        "CRONLEDGER_PARAM_KEY": "k",
    }
    assert definition.parameter_values(given) == {"region": "us"}


def test_secrets_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A pipe holds nothing up; the message names the parameter and the place, and nothing of the value."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nul").write_bytes(b"hunter2\0")
    (tmp_path / "long").write_bytes(b"hunter2" * 10_000)
    for parameter, why in (
        (Parameter(secret=True, file="none"), "No such file"),
        (Parameter(secret=True, file="pipe"), "not a regular file"),
        (Parameter(secret=True, file="."), "not a regular file"),
        (Parameter(secret=True, file="nul"), "NUL"),
        (Parameter(secret=True, file="long"), "longer than 65,536 bytes"),
        (Parameter(secret=True, env="NONE"), "there is no variable NONE"),
    ):
        with pytest.raises(OSError, match=why) as caught:
            secret_value("token", parameter, str(tmp_path), {})
        assert "its parameter token" in str(caught.value)
        assert "hunter2" not in str(caught.value)


def test_what_a_run_starts_with_is_recorded() -> None:
    """The defaults, and over them what a person gave; as the definition has it when the attempt starts."""
    world = World(job("hourly", params={"region": REGION}, overlap="queue"))
    launched: list[str] = []

    def behave(launch: object) -> Process:
        launched.append(launch.env["CRONLEDGER_PARAM_REGION"])  # type: ignore[attr-defined]
        return Process(60, 0)

    world.machine.behaviour = behave
    world.start()
    world.run(3_601)
    world.person(v.RunRequested(executor="scheduler", params={"region": "us"}), "hourly", OWN_SEQ)
    world.restart()
    world.run(300)
    assert launched == ["eu", "us"]
    assert [v.payload(entry).params for entry in world.entries(v.RunStarted)] == [
        {"region": "eu"},
        {"region": "us"},
    ]


def test_a_secret_that_is_gone_does_not_keep_a_run_from_being_taken_over() -> None:
    """It was read when the attempt started; a later attempt without it fails, and the scheduler goes on."""
    world = World(job("hourly", params={"token": Parameter(secret=True, env="TOKEN")}))
    world.start()
    world.run(3_601)
    (end,) = world.entries(v.RunFinished)
    assert v.payload(end).outcome == "failed"
    assert v.payload(end).error.startswith(
        "it could not be started: its parameter token: there is no variable"
    )
    world.edit(job("hourly"))
    world.machine.behaviour = lambda launch: Process(1_000, 0)
    world.run(3_600)
    world.crash()
    world.edit(job("hourly", params={"token": Parameter(secret=True, env="TOKEN")}))
    world.start()
    world.run(1_200)
    assert world.told("hourly")[-2:] == ["run.adopted", "unknown"]


def test_the_reasons_have_the_values(tmp_path: Path) -> None:
    """`jobs why` shows with which values a run started, and names the secret ones."""
    secret = Parameter(secret=True, env="TOKEN")
    world = World(job("hourly", params={"region": REGION, "token": secret}))
    world.start()
    world.run(3_601)
    past = Past(world.machine.store.peer(), tmp_path, 64)
    due = world.entries(v.ScheduleTicked)[0]
    answer = Explainer(past, "hourly", world.clock.wall, serving=True).explain(v.payload(due).scheduled_for)
    (fact,) = (fact for fact in answer.facts if isinstance(fact, f.RunStart))
    assert (fact.params, fact.secret) == ({"region": "eu"}, ["token"])
    assert v.payload(due).scheduled_for > BEGIN


def test_secret_parameters_are_masked(tmp_path: Path) -> None:
    """What a job prints is logged without them, the newest value and those before it."""
    home, token = Home(tmp_path), tmp_path / "token"
    home.config.parent.mkdir(parents=True)
    home.config.write_text(
        "calendars: {gone: {ical: a-file-that-is-gone.ics}}\n"
        "jobs: {a: {every: 5m, command: x, params: {t: {secret: true, file: token}}}, b: {every: 5m, command: x}}\n"
    )
    secrets = JobSecrets(home)
    for value in ("hunter2", "s3cret-2"):
        token.write_text(f"{value}\n")
        assert value not in secrets.masker("a").text(f"it is {value}")
    assert "hunter2" not in secrets.masker("a").text("it was hunter2")
    assert secrets.masker("b").text("it is hunter2") == "it is hunter2"
