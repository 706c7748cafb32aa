"""Jobs that run as another user, as root has them run."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from tests.support.command import call, process
from tests.support.home import make_home

CONFIG = """\
jobs:
  who: {on_demand: true, command: "id -un; echo $HOME $USER $LOGNAME $SHELL $TMPDIR; pwd", run_as: daemon}
  gone: {on_demand: true, command: id, run_as: no-such-user}
  ours: {on_demand: true, command: id -un}
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts processes as another user")


@as_root
def test_the_job_is_the_users_and_its_record_is_ours(tmp_path: Path) -> None:
    """It begins in the user's home with the user's names, and what it prints is kept where only root reads."""
    home = make_home(tmp_path, CONFIG)
    run = process("jobs", "run", "who", home=home.root)
    folder = os.path.realpath(pwd.getpwnam("daemon").pw_dir)
    assert run.code == 0, run.err
    assert run.out.split("\n") == ["daemon", f"{folder} daemon daemon /bin/sh", folder, ""]
    (out,) = (home.logs / "output").rglob("*.stdout")
    assert (out.stat().st_uid, out.stat().st_mode & 0o777) == (0, 0o600)
    assert process("jobs", "run", "ours", home=home.root).out == "root\n"
    dry = call("jobs", "run", "who", "--dry-run", "--json", home=home.root).document[0]
    assert (dry["run_as"], dry["working_directory"], dry["problem"]) == ("daemon", folder, None)
    (setting,) = (
        each
        for each in call("jobs", "show", "who", "--json", home=home.root).document["configuration"]
        if each["key"] == "run_as"
    )
    assert setting["value"] == "daemon"
    assert " as daemon." in call("jobs", "why", "who", home=home.root).out


@as_root
def test_a_user_that_is_not_there_fails_the_run(tmp_path: Path) -> None:
    """Nothing is started in its place, least of all as root; the check of the config remarks on it."""
    home = make_home(tmp_path, CONFIG)
    run = process("jobs", "run", "gone", home=home.root)
    assert run.code == 1
    assert "it runs as no-such-user, and there is no user no-such-user on this machine" in run.err
    assert "uid=" not in run.out
    checked = call("check", home=home.root)
    assert checked.code == 0
    assert "there is no user no-such-user on this machine" in f"{checked.out}{checked.err}"
    dry = call("jobs", "run", "gone", "--dry-run", home=home.root)
    assert dry.code == 1
    assert "there is no user no-such-user" in dry.out


@pytest.mark.skipif(os.geteuid() == 0, reason="root acts as the owner of the home, whoever that is")
def test_a_home_that_is_not_roots_has_no_other_users(tmp_path: Path) -> None:
    """The check says so, and what holds without it."""
    checked = call("check", home=make_home(tmp_path, CONFIG).root)
    assert checked.code != 0
    said = "only root can start a job as another user, and this home is not root's"
    assert f"{checked.out}{checked.err}".count(said) == 2
