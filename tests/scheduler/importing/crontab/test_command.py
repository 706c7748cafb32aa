"""Commands of crontabs: what cron gives to the shell and to the standard input."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.command import command_argv
from scheduler.definition import JobDefinition
from scheduler.importing.crontab.command import Unwritable, configured, read_command, written
from scheduler.importing.crontab.dialect import Dialect

# What Debian's cron 3.0pl1-162 was seen to do, and what do_command.c of cronie says.
SEEN = [
    (r"date +\%F", r"date +%F", r"date +%F", None),
    (r"printf 'a\\b'", r"printf 'a\b'", r"printf 'a\\b'", None),
    (r"printf 'c\d'", r"printf 'c\d'", r"printf 'c\d'", None),
    (r"printf 'x\\\\y'", r"printf 'x\\y'", r"printf 'x\\\\y'", None),
    (r"cat % l1\%x%a\\b%c\d", "cat ", "cat ", " l1%x\na\\\\b\nc\\d\n"),
    ("mail joe%Joe,%%Where?%", "mail joe", "mail joe", "Joe,\n\nWhere?\n"),
    ("true%", "true", "true", None),
    ("cat%a\\", "cat", "cat", "a\\\n"),
]


@pytest.mark.parametrize(("entry", "debians", "cronies", "data"), SEEN)
def test_a_command_is_what_cron_makes_of_it(entry: str, debians: str, cronies: str, data: str | None) -> None:
    """Percent signs and backslashes, by both crons."""
    assert read_command(entry, "debian") == (debians, data)
    assert read_command(entry, "cronie") == (cronies, data)


@given(
    line=st.text(st.sampled_from("a%\\ '\"$"), min_size=1, max_size=12),
    dialect=st.sampled_from(["debian", "cronie"]),
)
def test_a_command_that_can_be_written_is_read_back(line: str, dialect: Dialect) -> None:
    """What `written` makes of a command, cron gives to the shell as it was, and nothing to the standard input."""
    try:
        text = written(line, dialect)
    except Unwritable:
        assert dialect == "cronie"
        return
    assert read_command(text, dialect) == (line, None)


def test_no_crontab_holds_a_command_of_several_lines() -> None:
    """An entry is one line."""
    with pytest.raises(Unwritable, match="several lines"):
        written("a\nb", "debian")


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_what_stands_behind_a_percent_sign_reaches_the_command(shell: str) -> None:
    """It comes by a pipe, byte for byte, and the command's own exit code counts."""
    read = read_command(r"""tr a-z A-Z; echo "it's $((1+1))"; exit 7%one 'two'%%100\% \n""", "debian")
    command = configured(read, shell)
    assert isinstance(command, str)
    done = subprocess.run(
        command_argv(JobDefinition(name="x", command=command, shell=True)), capture_output=True, check=False
    )
    assert done.stdout.decode() == "ONE 'TWO'\n\n100% \\N\nit's 2\n"
    assert done.returncode == 7


def test_another_shell_reads_what_needs_a_shell() -> None:
    """Plain words run directly; anything else is given to the shell that the crontab names."""
    plain, piped = read_command("/opt/a --b", "debian"), read_command("ls | wc", "debian")
    assert configured(plain, "/bin/bash") == "/opt/a --b"
    assert configured(piped, "/bin/bash") == ["/bin/bash", "-c", "ls | wc"]
    assert configured(piped, "/bin/sh") == "ls | wc"
    assert configured(plain, "/usr/bin/fish") == ["/usr/bin/fish", "-c", "/opt/a --b"]
