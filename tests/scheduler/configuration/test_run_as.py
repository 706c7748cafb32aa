from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest

from scheduler.configuration.errors import ConfigInvalid
from scheduler.configuration.load import parse
from scheduler.configuration.model import Config
from scheduler.configuration.other_user import NOT_ROOTS
from scheduler.definition import revision
from scheduler.home import Home
from tests.scheduler.configuration.reading import job, the_mistake, the_mistake_in

TAKES = "this takes a user, or user:group; or none"


def read_in(root: Path, text: str, owner: int) -> Config:
    """The config in a text, of a home with this owner."""
    home = Home(root)
    home.var.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(home.var, owner, owner)
    elif owner != os.geteuid():
        pytest.skip("only root gives homes to others")
    return parse(dedent(text).encode(), home.config, root)


@pytest.mark.parametrize(("written", "found"), [
    ("root", "root"), ("root:daemon", "root:daemon"), ("www-data", "www-data"), ("none", None),
])  # fmt: skip
def test_a_user_is_named(written: str, found: str | None) -> None:
    """And perhaps a group; none is what applied before there were other users."""
    definition = job(f"command: x, every: 5m, run_as: '{written}'")
    assert definition.run_as == found
    if found is None:
        assert revision(definition) == revision(job("command: x, every: 5m"))


def test_a_job_takes_the_default_back() -> None:
    """And cronledger's own jobs never have it: what they clean is their owner's."""
    before = "defaults: {run_as: root}"
    assert job("command: x, every: 5m", before=before).run_as == "root"
    assert job("command: x, every: 5m, run_as: none", before=before).run_as is None
    assert job("every: 5m", name="log-cleanup", before=before).run_as is None


AS_A_COMMAND = (
    "run_as is for commands: a job in Python runs as the scheduler's user, whose folders hold its code, its state "
    "and its result; what has to run as another user is a command, such as `command: python3 /opt/report.py`"
)


@pytest.mark.parametrize(("body", "said", "suggestion"), [
    ("command: x, run_as: 1000", "users and groups are named here, and 1000 is a number", ""),
    ("command: x, run_as: 'etl:100'", "users and groups are named here, and 100 is a number", ""),
    ("command: x, run_as: 'etl.www'", None, ""),
    ("command: x, run_as: 'etl: www'", f"{TAKES}, not 'etl: www'", "etl:www"),
    ("command: x, run_as: [etl]", f"{TAKES}, not a list", ""),
    ("command: x, run_as: '-x'", f"{TAKES}, not '-x'", ""),
    ("python: 'a.b:c', run_as: root", AS_A_COMMAND, ""),
])  # fmt: skip
def test_a_mistaken_user_is_told(body: str, said: str | None, suggestion: str) -> None:
    """Whoever it is, a number is none: accounts are known by their names on each machine."""
    if said is None:
        assert job(f"every: 5m, {body}").run_as == "etl.www"
        return
    mistake = the_mistake_in(f"every: 5m, {body}")
    assert (mistake.key, mistake.message, mistake.suggestion) == ("jobs.a.run_as", said, suggestion)


def test_other_kinds_of_jobs_are_not_for_other_users() -> None:
    """Where the defaults say so, a job in Python has to take them back, since it would run as root else."""
    mistake = the_mistake("defaults: {run_as: root}\njobs: {a: {every: 5m, python: 'a.b:c'}}")
    assert (mistake.line, mistake.key) == (2, "jobs.a.run_as")
    assert mistake.message.startswith("run_as of defaults (root) is for commands")
    assert mistake.message.endswith("write run_as: none here")
    assert job("python: 'a.b:c', every: 5m, run_as: none", before="defaults: {run_as: root}").run_as is None
    mistake = the_mistake("jobs: {log-cleanup: {every: 5m, run_as: root}}")
    assert mistake.message == "a job without a command cleans cronledger's own folders, as their owner"


TEXT = """\
    defaults: {run_as: nobody-of-that-name}
    jobs:
      a: {every: 5m, command: x}
      b:
        every: 5m
        command: x
        run_as: root:no-such-group
"""


def test_only_homes_of_root_have_other_users(tmp_path: Path) -> None:
    """Whoever reads the config: what counts is who will run it. Each place is told once."""
    with pytest.raises(ConfigInvalid) as caught:
        read_in(tmp_path, TEXT, os.geteuid() or 4_711)
    assert [(each.line, each.key) for each in caught.value.errors] == [
        (1, "defaults.run_as"),
        (7, "jobs.b.run_as"),
    ]
    assert {each.message for each in caught.value.errors} == {NOT_ROOTS}


def test_a_user_that_is_not_there_is_remarked_on(tmp_path: Path) -> None:
    """It may be there when the job runs, and the other jobs run without it."""
    config = read_in(tmp_path, TEXT, 0)
    assert [(each.line, each.job, each.code, each.message) for each in config.remarks] == [
        (1, "", "unknown-user", "there is no user nobody-of-that-name on this machine: a run would fail"),
        (7, "b", "unknown-user", "there is no group no-such-group on this machine: a run would fail"),
    ]
