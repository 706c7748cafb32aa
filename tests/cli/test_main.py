from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.home.job_names import JOB
from cli.main import cronledger
from scheduler.home import Home
from tests.support.command import COMMAND, DEADLINE_S, call, process
from tests.support.home import flip_a_bit, make_home


def _commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))


def test_every_command_helps_a_stranger() -> None:
    """Each has a text, each option has one, and each that does something has an example."""
    seen = 0
    for path, command in _commands(cronledger):
        seen += 1
        answer = call(*path, "--help")
        assert (answer.code, answer.err) == (0, ""), path
        assert command.help, path
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (path, parameter.name)
        if not isinstance(command, click.Group):
            assert "Example" in (command.epilog or ""), path
    assert seen >= 30


def test_the_declared_lines_of_help_name_commands_that_exist() -> None:
    """A group's help comes without importing its commands, and still is right."""
    for path, command in _commands(cronledger):
        assert command.name == path[-1]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [(["stauts"], "status"), (["jobs", "lsit"], "list"), (["crn"], "cron"), (["infra", "job"], "jobs")],
)
def test_a_mistyped_command_suggests_the_nearest(typed: list[str], meant: str) -> None:
    """Exit code 2."""
    answer = call(*typed)
    assert (answer.code, f"did you mean {meant}" in answer.err) == (2, True)


def test_a_mistyped_option_suggests_the_nearest(tmp_path: Path) -> None:
    """Exit code 2."""
    answer = call("jobs", "list", "--jsn", home=tmp_path)
    assert (answer.code, "--json" in answer.err) == (2, True)


def test_the_version_is_said() -> None:
    """For bug reports."""
    answer = call("--version")
    assert (answer.code, answer.out.startswith("cronledger ")) == (0, True)


def test_the_command_is_its_own_whatever_the_working_directory_holds(tmp_path: Path) -> None:
    """Files named like our packages are not imported."""
    home = make_home(tmp_path)
    for name in ("cli", "scheduler", "eventstore", "projections", "click", "msgspec", "yaml"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working directory')")
    answer = process("jobs", "list", home=home.root)
    assert (answer.code, "nightly" in answer.out, "imported" in answer.err) == (0, True, False)


def test_listing_imports_nothing_heavy(tmp_path: Path) -> None:
    """What a command does not need, it does not pay for."""
    home = make_home(tmp_path)
    assert call("jobs", "disable", "ticker", home=home.root).code == 0
    program = (
        "import sys; from cli.main import main; sys.argv = ['cronledger', '--home', sys.argv[1], 'jobs', 'list']\n"
        "try:\n    main()\nfinally:\n"
        "    print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(home.root)], check=True, capture_output=True, text=True
    )
    loaded = done.stderr
    assert "nightly" in done.stdout
    for heavy in ("duckdb", "rich", "yaml", "asyncio", "inotify_simple"):
        assert f"'{heavy}'" not in loaded


def test_a_reader_that_leaves_is_no_failure(tmp_path: Path) -> None:
    """`cronledger … | head` ends quietly."""
    home = make_home(tmp_path)
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    done = subprocess.run(
        [COMMAND, "--home", home.root, "jobs", "next", "--count", "2000"],
        check=False, stdout=write_fd, stderr=subprocess.PIPE, timeout=DEADLINE_S,
    )  # fmt: skip
    os.close(write_fd)
    assert (done.returncode, b"Traceback" in done.stderr, b"rror" in done.stderr) == (0, False, False)


SAYINGS = (
    ("jobs", "list"),
    ("metrics",),
    ("ledger", "show", "0", "--raw"),
    ("--version",),
    ("jobs", "--help"),
)
"""Commands that print in one way each: words, bytes, and what click prints by itself."""


@pytest.mark.parametrize("says", SAYINGS, ids=" ".join)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written_is_said(
    tmp_path: Path, says: tuple[str, ...], unbuffered: str
) -> None:
    """A full disk behind a redirection is exit code 1, not silence and no traceback."""
    home = make_home(tmp_path)
    assert call("jobs", "disable", "ticker", home=home.root).code == 0
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [COMMAND, "--home", home.root, *says], env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            check=False, stdout=full, stderr=subprocess.PIPE, timeout=DEADLINE_S,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        1, b"error: standard output cannot be written: No space left on device\n",
    )  # fmt: skip


def test_closed_streams_harm_nothing(tmp_path: Path) -> None:
    """With standard output closed, no file of ours takes its place."""
    home = make_home(tmp_path)
    script = f'"{COMMAND}" --home "{home.root}" jobs disable ticker <&- >&- 2>&-'
    assert subprocess.run(["/bin/sh", "-c", script], check=False, timeout=DEADLINE_S).returncode == 0
    assert call("jobs", "list", "--json", home=home.root).document[1]["enabled"] is False


@pytest.mark.parametrize("says", SAYINGS, ids=" ".join)
def test_a_closed_output_ends_no_command(tmp_path: Path, says: tuple[str, ...]) -> None:
    """What it says goes nowhere."""
    home = make_home(tmp_path)
    assert call("jobs", "disable", "ticker", home=home.root).code == 0
    script = f'exec "{COMMAND}" --home "{home.root}" {" ".join(says)} >&-'
    done = subprocess.run(["/bin/sh", "-c", script], check=False, capture_output=True, timeout=DEADLINE_S)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)


def test_a_terminal_without_unicode_gets_what_it_can_show(tmp_path: Path) -> None:
    """What its encoding lacks is escaped."""
    home = make_home(tmp_path, 'jobs:\n  a: {command: "true", every: 1h, description: "done ✓"}\n')
    answer = process("jobs", "show", "a", home=home.root, env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert (answer.code, r"done \u2713" in answer.out) == (0, True)


# -- completion ----------------------------------------------------------------------------------------------------


def _complete(words: str, number: int) -> list[str]:
    env = {
        **os.environ,
        "_CRONLEDGER_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(number),
    }
    done = subprocess.run([COMMAND], check=False, env=env, capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_the_shell_completes_commands_jobs_options_and_zones(tmp_path: Path) -> None:
    """As bash asks for them."""
    home = make_home(tmp_path)
    assert _complete("cronledger jobs en", 2) == ["enable"]
    assert "jobs" in _complete("cronledger ", 1)
    assert _complete(f"cronledger --home {home.root} jobs show ni", 5) == ["nightly"]
    assert _complete(f"cronledger --home {home.root} infra jobs disable ", 6) == ["nightly", "ticker"]
    assert _complete("cronledger cron explain --timezone europe/par", 4) == ["Europe/Paris"]
    assert "--json" in _complete("cronledger jobs list --", 3)


def test_completion_is_silent_where_something_is_wrong(tmp_path: Path) -> None:
    """No config, or a broken one: no names, and no message in the middle of a line; else the config has the names."""
    assert _complete(f"cronledger --home {tmp_path}/none jobs show ", 5) == []
    home = make_home(tmp_path / "broken", "jobs: [")
    assert _complete(f"cronledger --home {home.root} jobs show ", 5) == []
    home = make_home(tmp_path / "damaged")
    call("jobs", "disable", "ticker", home=home.root)
    (home.ledger / "HEAD").unlink()
    flip_a_bit(home)
    assert JOB.known(home) == ["nightly", "ticker"]
    assert _complete(f"cronledger --home {home.root} jobs show n", 5) == ["nightly"]
    assert JOB.known(Home(tmp_path / "none")) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_each_shell_says_how_to_install_it(shell: str) -> None:
    """It is made for this command and begins with what to do, in zsh behind the line that must be the first."""
    answer = call("completion", shell)
    assert answer.code == 0
    assert answer.out.removeprefix("#compdef cronledger\n").startswith(f"# For {shell}")
    assert "_CRONLEDGER_COMPLETE" in answer.out


def test_an_unknown_shell_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2."""
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert call("completion").code == 2
    monkeypatch.setenv("SHELL", "/bin/zsh")
    assert "# For zsh" in call("completion").out
