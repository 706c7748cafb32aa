from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from cli.app.failures import Failure
from cli.runs.parameters import given_values
from scheduler.definition import JobDefinition, Parameter
from tests.support.home import LiveHome, sh

PARAMS = {
    "region": Parameter(default="eu", choices=["eu", "us"]),
    "count": Parameter(type="integer"),
    "full": Parameter(type="boolean", default="false"),
    "token": Parameter(secret=True, file="/etc/token"),
}
DEFINITION = JobDefinition(name="extract", command="x", params=PARAMS)


def test_values_are_recorded_in_one_form() -> None:
    """A value may hold an equals sign, and booleans are written as commands get them."""
    assert given_values(DEFINITION, ["region=us", "full=YES", "count=-3"]) == {
        "region": "us",
        "full": "true",
        "count": "-3",
    }
    free = JobDefinition(name="a", params={"where": Parameter()})
    assert given_values(free, ["where=a=b"]) == {"where": "a=b"}
    assert given_values(free, ["where="]) == {"where": ""}


@pytest.mark.parametrize(("written", "said", "hint"), [
    (["regoin=us"], "extract has no parameter regoin: did you mean region?", ""),
    (["x=us"], "extract has no parameter x", "It takes region, count, full, token."),
    (["region=uss"], "parameter region of extract cannot be 'uss': did you mean us?", "It takes eu, us."),
    (["count=1.5"], "parameter count of extract: this takes a whole number in plain decimal digits, not '1.5'", ""),
    (["token=hunter2"], "token is a secret parameter of extract: what is given here would be recorded",
     "Its value is read from /etc/token when a run starts."),
    (["region"], "--param takes NAME=VALUE, not region", ""),
    (["region=eu", "region=us"], "--param gives region twice", ""),
])  # fmt: skip
def test_what_a_job_does_not_take_is_refused(written: list[str], said: str, hint: str) -> None:
    """With what was probably meant, or what it takes; the value of a secret one is not repeated."""
    with pytest.raises(Failure) as caught:
        given_values(DEFINITION, written)
    assert (caught.value.message, caught.value.hint) == (said, hint)


CONFIG = """\
jobs:
  extract:
    command: {command}
    at: "2099-01-01T00:00:00Z"
    params:
      region: {{default: eu, choices: [eu, us]}}
      dry-run: false
      token: {{secret: true, file: {token}}}
"""


@pytest.mark.real
def test_values_reach_the_command_and_the_record(tmp_path: Path) -> None:
    """As variables, the given ones over the defaults; the ledger has them, and of the secret one only the name."""
    home, token = LiveHome(tmp_path / "home"), tmp_path / "token"
    token.write_text("hunter2hunter2\n")
    script = "echo $CRONLEDGER_PARAM_REGION $CRONLEDGER_PARAM_DRY_RUN ${#CRONLEDGER_PARAM_TOKEN}"
    home.configure(CONFIG.format(command=json.dumps(sh(script)), token=token))
    result = home.run("jobs", "run", "extract", "--param", "region=us")
    assert (result.code, result.out) == (0, "us false 14\n")
    (requested,), (started,) = home.entries("run.requested"), home.entries("run.started")
    assert msgspec.json.decode(requested.data)["params"] == {"region": "us"}
    assert msgspec.json.decode(started.data)["params"] == {"region": "us", "dry-run": "false"}
    assert all(b"hunter2" not in bytes(entry.data) for entry in home.entries(""))
    assert f"region=eu (eu, us), dry-run=false, token (secret, from {token})" in home.run(
        "jobs", "show", "extract"
    ).out.replace("\n", " ")
    asked = home.run("sql", "--format", "csv", "select params->>'$.region' as value from runs union all "
                     "select params->>'$.dry-run' from attempts")  # fmt: skip
    assert asked.out.split()[1:] == ["us", "false"]
    home.check()


@pytest.mark.real
def test_a_secret_that_cannot_be_read_fails_the_run(tmp_path: Path) -> None:
    """The run is on record as failed, with the parameter and the reason, and no process was started."""
    home = LiveHome(tmp_path / "home")
    home.configure(CONFIG.format(command=json.dumps(sh("echo no")), token=tmp_path / "none"))
    result = home.run("jobs", "run", "extract")
    assert (result.code, result.out) == (1, "")
    assert "its parameter token cannot be read from" in result.err
    assert "No such file or directory" in result.err
    home.check()
