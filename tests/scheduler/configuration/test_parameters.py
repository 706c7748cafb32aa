from __future__ import annotations

import pytest

from scheduler.definition import Parameter, revision
from tests.scheduler.configuration.reading import job, refused, the_mistake_in


def params(written: str) -> dict[str, Parameter]:
    """The parameters of a job, as they are written in flow style."""
    return job(f"command: x, every: 5m, params: {written}").params


@pytest.mark.parametrize(("written", "parameter"), [
    ("eu", Parameter(default="eu")),
    ("3", Parameter(type="integer", default="3")),
    ("'3'", Parameter(default="3")),
    ("010", Parameter(default="010")),
    ("0.50", Parameter(type="number", default="0.50")),
    ("no", Parameter(type="boolean", default="false")),
    ("null", Parameter()),
    ("{}", Parameter()),
    ("{type: text, default: on}", Parameter(default="on")),
    ("{default: eu, choices: [eu, us]}", Parameter(default="eu", choices=["eu", "us"])),
    ("{choices: [1, 2], description: Which}", Parameter(type="integer", choices=["1", "2"], description="Which")),
    ("{secret: true, file: /etc/x}", Parameter(secret=True, file="/etc/x")),
    ("{secret: true, env: TOKEN}", Parameter(secret=True, env="TOKEN")),
])  # fmt: skip
def test_a_parameter_is_a_value_or_what_is_said_of_it(written: str, parameter: Parameter) -> None:
    """Its type is said, or that of the value as it is written."""
    assert params(f"{{p: {written}}}") == {"p": parameter}


def test_no_parameters_are_no_other_definition() -> None:
    """A job without parameters has the revision that it had before there were any."""
    assert revision(job("command: x, every: 5m, params: {}")) == revision(job("command: x, every: 5m"))


UNKNOWN = (
    "unknown key 'defualt' of a parameter, which takes type, default, choices, description, secret, file, env"
)


@pytest.mark.parametrize(("written", "key", "said", "suggestion"), [
    ("{p: [a]}", "p", "this takes a value, or a mapping such as {default: eu, choices: [eu, us]}, not a list", ""),
    ("{a b: 1}", "a b",
     "'a b' is not the name of a parameter: a letter begins it, and letters, digits, '_' and '-' follow", "a_b"),
    ("{p: {defualt: 1}}", "p.defualt", UNKNOWN, "default"),
    ("{p: {type: int}}", "p.type", "this takes text, integer, number or boolean, not 'int'", ""),
    ("{p: {type: integer, default: 1.5}}", "p.default",
     "this takes a whole number in plain decimal digits, not '1.5'", ""),
    ("{p: {default: u, choices: [eu, us]}}", "p.default", "'u' is none of the choices: eu, us", ""),
    ("{p: {choices: []}}", "p.choices", "the list is empty: this takes the values that are allowed", ""),
    ("{p: {secret: true}}", "p.secret", "a secret parameter is read from one place: file or env", ""),
    ("{p: {secret: true, file: /x, default: hunter2}}", "p.default",
     "a secret parameter has no default: that would be recorded", ""),
    ("{p: {file: /x}}", "p.file", "file is for a parameter with secret: true", ""),
    ("{p-q: 1, P_Q: 2}", "P_Q", "p-q and P_Q would both be CRONLEDGER_PARAM_P_Q in the environment", ""),
    ("{p: " + "x" * 1_001 + "}", "p", "this is longer than 1,000 bytes: put it into a file, and give its path", ""),
])  # fmt: skip
def test_a_mistaken_parameter_is_told(written: str, key: str, said: str, suggestion: str) -> None:
    """With the key that it is about, and what was probably meant."""
    mistake = the_mistake_in(f"every: 5m, command: x, params: {written}")
    assert (mistake.key, mistake.message) == (f"jobs.a.params.{key}", said)
    assert mistake.suggestion == suggestion
    assert "hunter2" not in f"{mistake.message}{mistake.suggestion}"


def test_all_mistakes_are_told_in_their_lines() -> None:
    """One reading finds them all; parameters are each job's own."""
    errors = refused("""\
        jobs:
          a:
            every: 5m
            command: x
            params:
              region: {type: nothing}
              count:
                type: integer
                default: many
        defaults:
          params: {a: 1}
        """)
    assert [(each.line, each.key) for each in errors] == [
        (6, "jobs.a.params.region.type"),
        (9, "jobs.a.params.count.default"),
        (11, "defaults.params"),
    ]
