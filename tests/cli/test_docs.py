from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from cli.app.failures import ExitCode
from tests.support.command_tree import COMMANDS, DOCUMENTED

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "commands.md").read_text(encoding="utf-8")


def section(path: str) -> str:
    """What the page says about a command."""
    parts = re.split(r"^## `(.+)`$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)).get(path, "")


def written_options(text: str) -> set[str]:
    """The options that a section's table lists."""
    cells = re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"(?<![\w-])-{1,2}[a-z][a-z-]*", cell)}


@pytest.mark.parametrize("path", COMMANDS)
def test_each_command_has_help(path: str) -> None:
    """What it does, a meaning for each option, and an example."""
    command, context = COMMANDS[path]
    assert command.help is not None
    assert command.help.strip().endswith(".")
    assert command.epilog is not None
    assert command.epilog.startswith("Example: ")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{parameter.name} has no help"
    assert context.command_path in command.get_help(context)


@pytest.mark.parametrize("path", DOCUMENTED)
def test_each_command_stands_in_the_docs_with_all_its_options(path: str) -> None:
    """Synopsis, options and example are those of the command itself, none missing and none too many."""
    command, context = COMMANDS[path]
    text = section(path)
    assert text, f"docs/commands.md has no section `{path}`"
    synopsis = " ".join([path, *command.collect_usage_pieces(context)])
    assert f"\n    {synopsis}\n" in text
    options = {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    assert written_options(text) == options
    assert "```console\n$ " in text


WITHOUT_JSON = {"home adopt",
    "init", "serve", "completion", "man", "schema", "jobs new", "jobs enable", "jobs disable", "jobs settle",
    "jobs approve",
    "jobs cancel", "export", "install systemd",
    "logs export", "logs show", "ledger prove", "witness serve", "witness cosign",
    "witness trust",
    "witness key generate", "ledger continue", "ledger key generate", "ledger key rotate", "ledger key sign",
    "ledger keep-cosignature", "config apply", "metrics", "console", "console token create", "console token revoke",
    "nodes drain", "nodes resume", "nodes forget",
}  # fmt: skip
"""They do something, or write in a format of their own."""


@pytest.mark.parametrize("path", DOCUMENTED)
def test_what_reads_answers_programs_too(path: str) -> None:
    """Every command has `--json` but those that change something or have a format of their own."""
    command, _ = COMMANDS[path]
    offered = any("--json" in parameter.opts for parameter in command.params)
    assert offered or path.removeprefix("cronledger ") in WITHOUT_JSON


def test_nothing_else_stands_in_the_docs() -> None:
    """The sections are the commands, in the order of `--help`."""
    assert re.findall(r"^## `(.+)`$", PAGE, flags=re.MULTILINE) == DOCUMENTED


def test_the_longer_path_reaches_the_same_commands() -> None:
    """`cronledger infra jobs …` are the very commands of `cronledger jobs …`."""
    jobs = {
        path.removeprefix("cronledger "): command
        for path, (command, _) in COMMANDS.items()
        if " jobs " in path
    }
    for path, command in jobs.items():
        assert jobs[path.removeprefix("infra ")] is command
    assert sum(path.startswith("infra ") for path in jobs) * 2 == len(jobs)


def test_each_exit_code_is_documented() -> None:
    """The table has the codes that commands use, and no other."""
    table = (DOCS / "exit-codes.md").read_text(encoding="utf-8")
    assert [int(code) for code in re.findall(r"^\| ([0-9]+) \|", table, flags=re.MULTILINE)] == [
        code.value for code in ExitCode
    ]


def test_the_groups_one_line_helps_are_as_declared() -> None:
    """The line that a group shows for a command is there without importing it; none is empty."""
    for path, (_, context) in COMMANDS.items():
        parent = context.parent
        assert parent is not None
        line = re.search(
            rf"^  {re.escape(path.rpartition(' ')[2])} +(\S.*)$",
            parent.command.get_help(parent),
            re.MULTILINE,
        )
        assert line, path
