"""There is a manual page for each command, it says what the help says, and `man` reads it without a warning."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from cli.app.failures import ExitCode
from cli.main import cronledger
from cli.manual.page import EXIT_STATUS
from cli.manual.pages import all_pages, page_of
from tests.support.command import DEADLINE_S, call
from tests.support.command_tree import COMMANDS, DOCUMENTED

PAGES = all_pages(cronledger)


def plain(page: str) -> str:
    """A page without its escapes and fonts, for words that have none of the others."""
    return (
        page.replace("\\-", "-")
        .replace("\\(aq", "'")
        .replace("\\fB", "")
        .replace("\\fI", "")
        .replace("\\fR", "")
    )


def test_each_command_and_each_group_has_a_page() -> None:
    """And there is no other: what is no command has others below it; the groups that are a longer path have none."""
    wanted = {path.replace(" ", "-") for path in DOCUMENTED}
    pages = {name.removesuffix(".1") for name in PAGES}
    assert wanted <= pages
    for name in pages - wanted:
        assert ".SH COMMANDS" in PAGES[f"{name}.1"], name


@pytest.mark.parametrize("path", DOCUMENTED)
def test_a_page_has_all_options_and_the_example(path: str) -> None:
    """Each with its meaning; and the exit codes."""
    command, _ = COMMANDS[path]
    page = plain(PAGES[f"{path.replace(' ', '-')}.1"])
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            for name in (*parameter.opts, *parameter.secondary_opts):
                assert re.search(
                    rf"^\.TP\n.*(?<![\w-]){re.escape(name)}(?![\w-])", page, flags=re.MULTILINE
                ), name
    assert re.search(r"^\.SH EXAMPLES\n\.nf\n\\&    \S", page, flags=re.MULTILINE)
    assert re.search(r"^\.SH NAME\n\S+ - \S", page, flags=re.MULTILINE)


def test_the_exit_codes_are_those_of_the_commands() -> None:
    """All of them have a meaning in the pages."""
    assert list(EXIT_STATUS) == list(ExitCode)


def test_pages_name_only_pages() -> None:
    """What stands under SEE ALSO is there."""
    for page in PAGES.values():
        for name in re.findall(r"(\S+)\(1\)", plain(page).partition(".SH SEE ALSO")[2]):
            assert f"{name}.1" in PAGES


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="this machine has no mandoc to judge the pages")
def test_mandoc_finds_nothing_wrong(tmp_path: Path) -> None:
    """But that there is no date, which would differ from one building to the next."""
    for name, page in PAGES.items():
        (tmp_path / name).write_text(page, encoding="ascii")
    judged = subprocess.run(
        ["mandoc", "-W", "warning", "-T", "lint", *PAGES],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=DEADLINE_S,
    )  # fmt: skip
    found = [line for line in judged.stdout.splitlines() if ": WARNING: " in line or ": ERROR: " in line]
    assert [line for line in found if "missing date" not in line] == []


def test_a_page_is_printed_and_all_are_written(tmp_path: Path) -> None:
    """`--roff` prints one, by the longer path too; `--write` writes those of the wheel."""
    page = PAGES["cronledger-jobs-run.1"]
    assert call("man", "--roff", "jobs", "run").out == page
    assert call("man", "--roff", "infra", "jobs", "run").out == page
    assert call("man", "--roff").out == PAGES["cronledger.1"]
    said = call("man", "--write", str(tmp_path / "share")).out
    written = {path.name: path.read_text() for path in (tmp_path / "share" / "man1").iterdir()}
    assert written == PAGES
    assert said == f"Wrote {len(PAGES)} pages into {tmp_path}/share/man1\n"


def test_what_cannot_be_shown_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is not there, a machine without man, a folder that cannot be written."""
    assert page_of(cronledger, ["jobs", "rum"]) is None
    assert "there is no command 'jobs rum'" in call("man", "jobs", "rum").err
    (tmp_path / "file").touch()
    failed = call("man", "--write", str(tmp_path / "file"))
    assert (failed.code, "Traceback" in failed.err) == (ExitCode.USAGE, False)
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "man1").touch()
    assert call("man", "--write", str(tmp_path / "share")).code == ExitCode.FAILED
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = call("man", "jobs", "run")
    assert missing.code == ExitCode.USAGE
    assert "cronledger jobs run --help" in missing.err


def test_man_is_given_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a file without a name, so that it needs no place; what it does with it is its own affair."""
    program = tmp_path / "man"
    program.write_text(f'#!/bin/sh\n[ "$*" = "--local-file -" ] && cat > "{tmp_path}/shown"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert call("man", "jobs", "run").code == ExitCode.DONE
    assert (tmp_path / "shown").read_text() == PAGES["cronledger-jobs-run.1"]
