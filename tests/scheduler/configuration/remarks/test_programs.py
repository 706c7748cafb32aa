"""Programs that are not there, and programs that others can write, as `check` tells of them."""

from __future__ import annotations

import grp
import os
from pathlib import Path

import pytest

from scheduler.configuration.lints import lints
from scheduler.configuration.load import load
from scheduler.configuration.model import ConfigLint
from scheduler.home import Home
from scheduler.processes.program import find_program
from tests.support.home import make_home

STRANGER = 65_534
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home without a config."""
    return make_home(tmp_path / "home", None)


def told(home: Home, command: str, more: str = "") -> list[tuple[str, str]]:
    """Code and message of each remark on a job with this command."""
    return [(remark.code, remark.message) for remark in remarks(home, command, more)]


def remarks(home: Home, command: str, more: str = "") -> list[ConfigLint]:
    """The remarks on such a job."""
    home.config.parent.mkdir(parents=True, exist_ok=True)
    home.config.write_text(f"jobs:\n  a:\n    every: 1h\n    command: {command}\n{more}")
    return lints(load(home.config, home.root), home)


def program(path: Path, mode: int = 0o700) -> Path:
    """A script of that mode."""
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "command",
    [
        "sh -c true",
        "[sh, -c, 'true']",
        "/bin/sh",
        "sh",
        "'sh | cat'",
        "'/bin/sh && no-such-program'",
        "'cd /nowhere && ./x'",
        "'[ -x /nowhere/x ] && /nowhere/x'",
        "'$HOME/bin/x'",
        "'/nowhere/$X/y'",
        "'test -e /nowhere || exit'",
        "'A=b no-such-program'",
    ],
)
def test_what_is_there_or_only_a_shell_knows_is_left_alone(home: Home, command: str) -> None:
    """No remark is better than a wrong one."""
    assert [each for each in told(home, command) if each[0] != "not-expanded"] == []


@pytest.mark.parametrize(
    "command", ["/nowhere/x --all", "[/nowhere/x]", "'/nowhere/x && true'", "'/nowhere/x;y'"]
)
def test_a_path_at_which_nothing_is_gets_a_remark(home: Home, command: str) -> None:
    """With the line of the command."""
    (remark,) = remarks(home, command)
    assert (remark.code, remark.line, remark.job) == ("no-program", 4, "a")
    assert remark.message == "there is no /nowhere/x on this machine: a run would fail"


def test_a_name_that_is_in_no_folder_gets_a_remark(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the nearest name that is there; a PATH of the job's own counts alone, else every usual folder."""
    ((code, message),) = told(home, "bsah -c true")
    assert (code, message.startswith("there is no program 'bsah' on this machine: a run would fail")) == (
        "no-program",
        True,
    )
    own = home.root / "own"
    own.mkdir(parents=True)
    assert [code for code, _ in told(home, "sh", f"    env: {{PATH: {own}}}\n")] == ["no-program"]
    program(own / "tool")
    assert told(home, "tool", f"    env: {{PATH: {own}}}\n") == []
    monkeypatch.setenv("PATH", "/nowhere")
    assert told(home, "sh") == []


def test_paths_count_from_where_the_job_runs(home: Home) -> None:
    """Its working directory, or the home."""
    program(home.root / "x")
    assert told(home, "./x") == []
    (home.root / "below").mkdir()
    assert [code for code, _ in told(home, "./x", "    working_directory: below\n")] == ["no-program"]


def test_what_cannot_be_executed_gets_a_remark(home: Home) -> None:
    """A file without the permission, and a folder."""
    path = program(home.root / "x", 0o600)
    ((code, message),) = told(home, str(path))
    assert (code, f"`chmod +x {path}`" in message) == ("no-program", True)
    ((code, message),) = told(home, str(home.root))
    assert (code, "is a folder" in message) == ("no-program", True)


@pytest.mark.parametrize("command", ["{x}", "[{x}, y]", "sh {x}", "'{x} | cat'"])
def test_a_program_that_everybody_can_write_gets_a_remark(home: Home, command: str) -> None:
    """The script that an interpreter is given too; what to do is said."""
    path = program(home.root / "x", 0o707)
    ((code, message),) = told(home, command.format(x=path))
    assert (code, message.startswith("every user of this machine can write /")) == ("writable-program", True)
    # Of a long path the sentence shows both ends; what is to be typed stands whole.
    assert message.endswith(f"`chmod o-w {path}`")
    path.chmod(0o755)
    assert told(home, command.format(x=path)) == []


def test_so_does_one_in_a_folder_that_everybody_can_write(home: Home) -> None:
    """Unless only its owner can take a file away there, as in /tmp; where a link leads counts."""
    folder = home.root / "open"
    folder.mkdir()
    program(folder / "x")
    (home.root / "link").symlink_to(folder / "x")
    folder.chmod(0o777)
    ((code, message),) = told(home, str(home.root / "link"))
    assert (code, f"`chmod o-w {folder}`" in message) == ("writable-program", True)
    folder.chmod(0o1777)
    assert told(home, str(home.root / "link")) == []


@NEEDS_ROOT
def test_a_group_counts_if_others_are_in_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group of the owner's own, which many systems give to each user, does not."""
    path = program(home.root / "x", 0o770)
    assert told(home, str(path)) == []
    staff = grp.struct_group(("staff", "x", path.stat().st_gid, ["ann"]))
    monkeypatch.setattr(grp, "getgrgid", lambda gid: staff)
    ((code, message),) = told(home, str(path))
    assert (code, "the group staff can write" in message) == ("writable-program", True)


@NEEDS_ROOT
def test_what_runs_as_root_and_is_anothers_gets_a_remark(home: Home) -> None:
    """The owner of a file can write it; where the home is that user's too, nobody else can."""
    path = program(home.root / "x", 0o755)
    os.chown(path, STRANGER, STRANGER)
    ((code, message),) = told(home, str(path))
    assert (code, message.endswith(f"`chown root {path}`")) == ("writable-program", True)
    for each in (home.root, home.config, *home.config.parents[:2]):
        os.chown(each, STRANGER, STRANGER)
    assert told(home, str(path)) == []


@pytest.mark.parametrize(
    "command",
    [
        "root /bin/sh",
        "[root, /bin/sh]",
        "root sh -c true",
        "'root cd / && run-parts /etc/cron.daily'",
        "'root [ -e /x ] && y'",
    ],
)
def test_a_column_of_users_gets_a_remark(home: Home, command: str) -> None:
    """A system's crontab was pasted along: no program has the name of that user."""
    ((code, message),) = told(home, command)
    assert code == "user-column"
    assert message.startswith("root is a user and no program")
    assert told(home, "/bin/sh root") == []


def test_a_user_of_whom_there_is_a_program_is_none(home: Home) -> None:
    """Nor is one behind whom nothing to run stands: then it is a program that is missing."""
    own = home.root / "own"
    own.mkdir(parents=True)
    assert [code for code, _ in told(home, "root -s x")] == ["no-program"]
    program(own / "root")
    assert told(home, "root /bin/sh", f"    env: {{PATH: {own}}}\n") == []


def test_who_only_reads_a_home_of_another_user_is_told_what_is_seen(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is nowhere for the one may be there for the other; a path at which nothing is, is for nobody."""
    monkeypatch.setattr("scheduler.configuration.remarks.programs.is_foreign", lambda home: True)
    assert told(home, "no-such-program") == []
    assert told(home, str(program(home.root / "x", 0o600))) == []
    assert [code for code, _ in told(home, "/nowhere/x")] == ["no-program"]


def test_the_machine_is_looked_at_only_where_somebody_asks(home: Home) -> None:
    """Whoever compares configs elsewhere gets what stands in them."""
    remarks(home, "/nowhere/x")
    assert lints(load(home.config, home.root)) == []


def test_each_program_is_looked_at_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many jobs run it."""
    seen: list[str] = []

    def found(name: str, env: dict[str, str], folder: str) -> str:
        seen.append(name)
        return find_program(name, env, folder)

    monkeypatch.setattr("scheduler.configuration.remarks.programs.find_program", found)
    jobs = "".join(f"  j{n}: {{every: 1h, command: no-such-program}}\n" for n in range(9))
    assert len(remarks(home, "no-such-program", jobs)) == 10
    assert seen == ["no-such-program"]


def test_files_that_are_nearly_parts_are_told(home: Home) -> None:
    """Their names end otherwise; what editors leave is not spoken of."""
    folder = home.config.parent / "config.d"
    folder.mkdir(parents=True)
    for name in ("a.yaml", "b.yml", "c.YAML", "d.json", "e.yaml~", ".f.yml", "g.yaml.bak", "README"):
        (folder / name).touch()
    found = [(remark.code, remark.file) for remark in remarks(home, "sh")]
    assert found == [("not-read", f"config.d/{name}") for name in ("b.yml", "c.YAML", "d.json")]
