"""The playbooks are executed, as the README is: each command of each, on a home with a fitting past."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import click
import pytest

from cli.main import CONTEXT, cronledger
from cli.playbooks.pages import names, playbook
from scheduler.configuration.home_config import load_config
from scheduler.definition import JobDefinition
from scheduler.home import Home
from tests.shifted_dates import same_date
from tests.support.command import DEADLINE_S, SCRIPT_DEADLINE_S, await_fact, call, process, start
from tests.support.home import make_home
from tests.support.past import Past

PLAYBOOKS = (
    "cli_jobs",
    "evidence_for_an_auditor",
    "job_does_not_run",
    "job_fails",
    "missed_runs",
    "restoring_from_a_backup",
    "who_disabled_it",
)
CONFIG = """\
defaults: {timezone: Europe/Paris}
jobs:
  nightly: {schedule: "30 2 * * *", command: echo 3 tables saved}
  slow: {every: 12h, command: sleep 600}
"""
SAID = {
    "cli_jobs": ["run . of slow is asked to stop", "3 tables saved", "the coming week, in Europe/Paris"],
    "evidence_for_an_auditor": ["consistent: every entry", "is the one that was written down", "\nsound\n"],
    "job_does_not_run": ["not running", "nightly is disabled", "was still going", "at 02:30"],
    "job_fails": ["failed with exit code 3", "\nno space left\n", "disabled", "3 tables saved"],
    "missed_runs": ["no scheduler from", "catch-up", "! 2 missed", "to be backfilled"],
    "restoring_from_a_backup": ["consistent: every entry", "nightly disabled"],
    "who_disabled_it": ["user:ann@web1", "while ann is on leave"],
}
"""What has to be among what the commands of each say: that which the playbook leads its reader to."""


def commands(name: str) -> list[str]:
    """The commands of a playbook, in order."""
    blocks = re.findall(r"```console\n(.*?)```", playbook(name).text, flags=re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]


def past_of(home: Home, *, disabled: bool) -> None:
    """Three weeks of two jobs: a failure, a skip, an outage with a catch-up; a person who disables one."""
    now, past = datetime.now(UTC), Past()
    day, hour = timedelta(days=1), timedelta(hours=1)
    definitions = [
        JobDefinition(
            name="nightly", command="echo 3 tables saved", schedule="30 2 * * *", timezone="Europe/Paris"
        ),
        JobDefinition(name="slow", command="sleep 600", every="12h", timezone="Europe/Paris"),
    ]
    past.defined(now - 21 * day, *definitions)
    past.started(now - 21 * day)
    for ago in (20, 15, 9, 6):
        past.run("nightly", now - ago * day, outcome="failed" if ago == 6 else "succeeded", takes=hour)
    past.skipped("nightly", now - 5 * day)
    past.stopped(now - 4 * day)
    past.started(now - 2 * day)
    past.missed(now - 2 * day, "nightly", now - 4 * day + hour, now - 2 * day - hour, 3, 1)
    past.run("nightly", now - 2 * day - hour, waits=hour, found_due=now - 2 * day)
    if disabled:
        past.disabled(now - 30 * hour, "nightly", "while ann is on leave")
    past.stopped(now - hour)
    past.record(home)
    load_config(home)  # as a scheduler does: it makes the salt
    # It fails once more, for real, so that there is output to look at.
    home.config.write_text(CONFIG.replace("echo 3 tables saved", "echo no space left; exit 3"))
    assert call("jobs", "run", "nightly", home=home.root).code == 1
    home.config.write_text(CONFIG)


@contextmanager
def a_slow_run(home: Home, environment: dict[str, str]) -> Iterator[None]:
    """A run of `slow` that goes on until someone stops it."""

    def runs() -> bool:
        assert running.poll() is None, running.communicate()
        return bool(call("jobs", "show", "slow", "--json", home=home.root).document["running"])

    with start("jobs", "run", "slow", "--json", env=environment, cwd=home.root) as running:
        await_fact(runs)
        yield
        running.communicate(timeout=DEADLINE_S)


def all_told(listed: list[str], environment: dict[str, str], cwd: Path) -> str:
    """What commands say, one after another; `@@@ NUMBER ended with` stands where one failed.

    A shell runs them: all in one, if something else than cronledger is among them. Of the others those are called
    here of which a shell would only take the quotes, unless what a job prints belongs to the answer.
    """
    script = [
        f"{command} || {{ echo '@@@ {number} ended with' $?; }}" for number, command in enumerate(listed)
    ]
    if not all(command.startswith("cronledger ") for command in listed):
        return shell("\n".join(script), environment, cwd)
    said = []
    for number, command in enumerate(listed):
        words = shlex.split(command)[1:]
        if "$" in command or words[:2] == ["jobs", "run"]:
            said.append(shell(script[number], environment, cwd))
            continue
        with mock.patch.dict(os.environ, environment, clear=True):
            answer = call(*words)
        said.append(f"{answer.out}{answer.err}")
        if answer.code != 0:
            said.append(f"@@@ {number} ended with {answer.code}\n")
    return "".join(said)


def shell(script: str, environment: dict[str, str], cwd: Path) -> str:
    """What a shell says that runs this."""
    done = subprocess.run(
        ["bash", "-c", script],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=cwd,
        timeout=SCRIPT_DEADLINE_S, check=True,
    )  # fmt: skip
    return done.stdout


def test_the_playbooks_are_those_that_are_tested() -> None:
    """None is missing, and none comes along untested."""
    assert names() == list(PLAYBOOKS)


@pytest.mark.long
@pytest.mark.real
@pytest.mark.parametrize("name", PLAYBOOKS)
def test_every_command_of_a_playbook_works(name: str, tmp_path: Path) -> None:
    """One after another, all end with 0, and say what the playbook leads its reader to."""
    home = make_home(tmp_path / "home", CONFIG)
    past_of(home, disabled=name in ("who_disabled_it", "job_does_not_run"))
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        **same_date(),
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "CRONLEDGER_HOME": str(home.root),
        "BACKUP": str(tmp_path / "backup"),
        "EVIDENCE": str(tmp_path / "evidence"),
    }
    listed = commands(name)
    around = a_slow_run(home, environment) if name == "cli_jobs" else nullcontext()
    with around:
        told = all_told(listed, environment, tmp_path)
    failed = [listed[int(number)] for number in re.findall(r"@@@ (\d+) ended with", told)]
    assert not failed, told
    assert "Traceback" not in told
    for words in SAID[name]:
        assert re.search(re.escape(words).replace(r"run\ \.", r"run\ \d+"), told), (words, told)


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_commands_within_a_sentence_exist(name: str) -> None:
    """What stands between backticks and begins with the command is one that there is."""
    for text in re.findall(r"`(cronledger [^`]+)`", playbook(name).text):
        words = shlex.split(text)[1:]
        command: click.Command = cronledger
        context = click.Context(command, info_name="cronledger", **CONTEXT)  # type: ignore[arg-type]
        while isinstance(command, click.Group):
            found = command.get_command(context, words.pop(0))
            assert found is not None, text
            command = found


def test_the_list_says_what_each_is_about() -> None:
    """A line for each, with its title and a sentence; the one to begin with first."""
    answer = call("playbooks", "list")
    lines = answer.out.splitlines()
    assert len(lines) == len(PLAYBOOKS) + 1
    assert re.match(r"cli_jobs +Managing jobs +See what there is", lines[1])
    said = call("playbooks", "list", "--json").document
    assert [page["name"] for page in said] == list(PLAYBOOKS)
    assert all(page["summary"].endswith((".", "?")) for page in said)
    page = call("playbooks", "show", "cli_jobs", "--json").document
    assert {name: page[name] for name in said[0]} == said[0]
    assert page["markdown"].startswith(f"# {page['title']}")
    assert call("playbooks", "show", "cli_jobs", "--json", "--raw").code == 2


@pytest.mark.parametrize("path", [("playbooks",), ("core", "playbooks")])
def test_raw_is_the_markdown_as_it_is_written(path: tuple[str, ...]) -> None:
    """Byte for byte, by both paths."""
    assert call(*path, "show", "cli_jobs", "--raw").out == playbook("cli_jobs").text


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_in_a_pipe_it_is_plain_text_that_can_be_pasted(name: str) -> None:
    """No colours, no frames; every command stands whole on one line, and so does every sentence."""
    out = call("playbooks", "show", name).out
    assert out.isascii()
    assert "\x1b" not in out
    assert "```" not in out
    lines = [line.strip() for line in out.splitlines()]
    assert [line.removeprefix("$ ") for line in lines if line.startswith("$ ")] == commands(name)
    assert playbook(name).summary in out.replace("`", "")


def test_at_a_terminal_it_is_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headings and commands stand out; without colours they do so too."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = call("playbooks", "show", "cli_jobs", terminal=True).out
    assert "\x1b[1" in out
    monkeypatch.setenv("NO_COLOR", "1")
    bare = call("playbooks", "show", "cli_jobs", terminal=True).out
    assert "\x1b" not in bare
    assert "Managing jobs\n=============\n" in bare


@pytest.mark.parametrize("typed", ["cli-jobs", "CLI_JOBS", "cli_job", "cli_jobs.md"])
def test_a_mistyped_name_is_answered_with_the_nearest(typed: str) -> None:
    """With exit code 2 and the name that was probably meant."""
    answer = call("playbooks", "show", typed)
    assert (answer.code, "did you mean cli_jobs?" in answer.err) == (2, True)


def test_names_are_completed(tmp_path: Path) -> None:
    """The shell is given those that begin with what was typed."""
    environment = {
        "PATH": os.environ["PATH"], "_CRONLEDGER_COMPLETE": "bash_complete",
        "COMP_WORDS": "cronledger playbooks show job", "COMP_CWORD": "3",
    }  # fmt: skip
    assert process(env=environment, cwd=tmp_path).out.split() == ["plain,job_does_not_run", "plain,job_fails"]
