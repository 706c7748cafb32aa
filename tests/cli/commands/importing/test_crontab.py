"""`cronledger import crontab`: the command as people use it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.command import call, process

TAB = """\
# The nightly backup
30 2 * * * /opt/backup.sh --all
MAILTO=ops@example.org
@reboot /opt/daemon
"""


@pytest.fixture
def tab(tmp_path: Path) -> Path:
    """A crontab."""
    path = tmp_path / "tab"
    path.write_text(TAB, "utf-8")
    return path


def test_the_config_goes_to_standard_output_and_check_accepts_it(tmp_path: Path, tab: Path) -> None:
    """What is said of lines goes to standard error, and the times are compared."""
    answer = call("import", "crontab", str(tab), "--timezone", "Europe/Paris", home=tmp_path)
    assert answer.code == 0
    assert f"{tab}:3: warning: cron mails" in answer.err
    assert "2 jobs\nof each of 1, the next 50 times are the same before and after\n" in answer.err
    config = tmp_path / "services" / "scheduler" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_bytes(answer.raw_out)
    assert call("check", home=tmp_path).code == 0
    shown = call("jobs", "show", "backup", "--json", home=tmp_path).document
    assert shown["description"] == "The nightly backup"


def test_names_keep_clear_of_the_jobs_that_the_home_has(tmp_path: Path, tab: Path) -> None:
    """So that both configs can be put together."""
    config = tmp_path / "services" / "scheduler" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("jobs: {backup: {command: x, every: 1h}}", "utf-8")
    answer = call("import", "crontab", str(tab), "--json", home=tmp_path)
    assert [job["name"] for job in answer.document["jobs"]] == ["backup-2", "daemon"]


def test_a_file_is_written_once_and_never_over_another(tmp_path: Path, tab: Path) -> None:
    """Only its owner may read it; nothing of it is there after a refusal."""
    target = tmp_path / "moved.yaml"
    assert call("import", "crontab", str(tab), "-o", str(target), home=tmp_path).code == 0
    assert target.stat().st_mode & 0o777 == 0o600
    before = target.read_bytes()
    again = call("import", "crontab", str(tab), "-o", str(target), home=tmp_path)
    assert (again.code, target.read_bytes()) == (2, before)
    assert "is there already" in again.err
    assert "--force" not in again.err


def test_a_line_that_was_not_imported_is_exit_code_1(tmp_path: Path) -> None:
    """The others are in the config all the same."""
    tab = tmp_path / "tab"
    tab.write_text("0 5 * * * good\n0 25 * * * bad\n", "utf-8")
    answer = call("import", "crontab", str(tab), home=tmp_path)
    assert answer.code == 1
    assert f"{tab}:2: not imported: '25' is no hour that cron takes" in answer.err
    assert "# not imported, line 2: 0 25 * * * bad" in answer.out
    assert "good:" in answer.out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x7fELF\0\0", "it is binary: line 1 holds a NUL byte"),
        (os.urandom(64) * 70_000 + b"\0", "it is longer than 4 MiB"),
        (b"x" * 2_000_000, "the line has 2,000,000 characters"),
    ],
)
def test_junk_is_answered_with_a_reason(tmp_path: Path, content: bytes, said: str) -> None:
    """No traceback, and an exit code that says so."""
    tab = tmp_path / "tab"
    tab.write_bytes(content)
    answer = call("import", "crontab", str(tab), home=tmp_path)
    assert answer.code in (1, 2)
    assert said in answer.err


@pytest.mark.parametrize("what", ["missing", "folder", "fifo"])
def test_what_is_no_file_is_refused(tmp_path: Path, what: str) -> None:
    """At once, also where reading would wait for ever."""
    path = tmp_path / what
    if what == "folder":
        path.mkdir()
    if what == "fifo":
        os.mkfifo(path)
    answer = call("import", "crontab", str(path), home=tmp_path)
    assert answer.code == 2
    assert "cannot be read" in answer.err


def test_it_reads_a_pipe(tmp_path: Path) -> None:
    """`crontab -l | cronledger import crontab -`, without a home."""
    answer = process("import", "crontab", "-", home=tmp_path / "none", stdin=TAB.encode())
    assert answer.code == 0
    assert "  backup:" in answer.out
    assert not (tmp_path / "none").exists()


def test_a_closed_standard_input_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds no crontab."""
    monkeypatch.setattr("sys.stdin", None)
    answer = call("import", "crontab", "-", home=tmp_path)
    assert (answer.code, "standard input is closed" in answer.err) == (2, True)


@pytest.mark.parametrize("target", ["stdout", "into"])
def test_a_config_that_would_be_too_large_is_not_made(
    tmp_path: Path, tab: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    """It is told as that, and not as a mistake in the home's own config; the files beside it count too."""
    config = tmp_path / "services" / "scheduler" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("jobs: {}\n", "utf-8")
    made = len(call("import", "crontab", str(tab), home=tmp_path).raw_out)
    monkeypatch.setattr("cli.importing.target.FILES_BYTES_MAX", made - (target == "stdout"))
    where = () if target == "stdout" else ("--into", "moved")
    answer = call("import", "crontab", str(tab), *where, home=tmp_path)
    assert (answer.code, answer.out) == (2, "")
    assert "the config would be larger than" in answer.err
    assert str(config) not in answer.err
    assert not (config.parent / "config.d").exists()


def test_an_empty_crontab_is_an_empty_config(tmp_path: Path) -> None:
    """There is nothing to say of it."""
    (tmp_path / "tab").write_text("# nothing\n", "utf-8")
    answer = call("import", "crontab", str(tmp_path / "tab"), home=tmp_path)
    assert (answer.code, "jobs: {}" in answer.out, "# nothing" in answer.out) == (0, True, True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one job and a default."""
    config = tmp_path / "home" / "services" / "scheduler" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("defaults: {timezone: Asia/Tokyo}\njobs: {backup: {command: x, every: 1h}}\n", "utf-8")
    return tmp_path / "home"


def test_it_becomes_a_part_of_the_homes_config_when_asked(home: Path, tab: Path) -> None:
    """It is right together with what is there, in a file of its own that nobody else may read."""
    assert call("import", "crontab", str(tab), "--into", "moved", "--timezone", "UTC", home=home).code == 0
    part = home / "services" / "scheduler" / "config.d" / "moved.yaml"
    assert (part.stat().st_mode & 0o777, part.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert call("check", home=home).code == 0
    shown = call("jobs", "show", "backup-2", "--json", home=home).document
    assert shown["timezone"] == "UTC"
    before = part.read_bytes()
    again = call("import", "crontab", str(tab), "--into", "moved", home=home)
    assert (again.code, part.read_bytes()) == (2, before)


def test_the_ending_of_a_part_may_be_typed(home: Path, tab: Path) -> None:
    """It is not there twice."""
    call("import", "crontab", str(tab), "--into", "moved.yaml", home=home)
    assert [path.name for path in (home / "services/scheduler/config.d").iterdir()] == ["moved.yaml"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--into", "../x"], "no name for a part of the config"),
        (["--into", ".x"], "no name for a part of the config"),
        (["--into", "x", "-o", "y"], "one of them is enough"),
    ],
)
def test_a_part_is_in_its_folder_or_nowhere(home: Path, tab: Path, options: list[str], said: str) -> None:
    """Nothing is written anywhere else."""
    answer = call("import", "crontab", str(tab), *options, home=home)
    assert (answer.code, said in answer.err) == (2, True)
    assert not (home / "services" / "scheduler" / "config.d").exists()


def test_a_part_needs_a_config_that_can_be_used(home: Path, tab: Path) -> None:
    """What is wrong with the home's own is told as `check` does, and nothing is written."""
    config = home / "services" / "scheduler" / "config.yaml"
    config.write_text("jobs: {x: {comand: y}}", "utf-8")
    answer = call("import", "crontab", str(tab), "--into", "moved", home=home)
    assert answer.code == 2
    assert "config.yaml:1:" in answer.err
    config.unlink()
    assert "there is no config" in call("import", "crontab", str(tab), "--into", "moved", home=home).err
    assert not (config.parent / "config.d").exists()
