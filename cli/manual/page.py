"""The manual page of one command, in roff."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence

import click

from cli.app.failures import ExitCode
from cli.app.lazy_group import LazyGroup
from cli.manual.roff import bold, italic, literal, paragraph, quoted, text
from scheduler.version import VERSION

EXIT_STATUS = {
    ExitCode.DONE: "Done.",
    ExitCode.FAILED: "The thing asked about failed: a run, a verification, a deletion.",
    ExitCode.USAGE: "The command or the configuration is wrong; nothing was done.",
    ExitCode.LEDGER: "The ledger cannot be trusted or cannot be written.",
    ExitCode.CHANGES: "Something would change, for commands that say so.",
    ExitCode.LATER: "The ledger cannot be had now, and nothing says that it is damaged; of serve alone.",
    ExitCode.INTERRUPTED: "Ctrl-C.",
}
_ENVIRONMENT = (
    ("CRONLEDGER_HOME", "The folder that holds the config and the ledger, where --home does not say it."),
    ("NO_COLOR", "If it is set, and not empty, nothing is coloured."),
)
_FILES = (
    ("services/scheduler/config.yaml", "In the home: the jobs, as people edit them."),
    ("services/scheduler/config.d/*.yaml", "In the home: more of them."),
    ("extensions/NAME/jobs.py", "In the home: jobs in Python."),
    ("var/ledger/", "In the home: the ledger. All else under var/ can be made again from it, but logs."),
)


def page_name(ctx: click.Context) -> str:
    """What `man` finds the page of a command by: `cronledger-jobs-run`."""
    return ctx.command_path.replace(" ", "-")


def page(ctx: click.Context, one_line: str, siblings: Sequence[str] = ()) -> str:
    """The page.

    Args:
        ctx: the command and how it is reached.
        one_line: what it does, as the list of commands says it.
        siblings: the names of further pages that belong to it.
    """
    command = ctx.command
    name = page_name(ctx)
    lines = [
        f".TH {quoted(name.upper())} 1 {quoted('')} {quoted('cronledger ' + VERSION)} {quoted('User Commands')}"
    ]
    lines += [".nh", ".ad l", ".SH NAME", f"{text(name)} \\- {text(one_line)}"]
    lines += [".SH SYNOPSIS", *_synopsis(ctx)]
    example, rest = _epilog(command.epilog or "")
    lines += [".SH DESCRIPTION", *_prose(f"{command.help or ''}\n\n{rest}")]
    lines += _options(ctx)
    if isinstance(command, LazyGroup):
        lines += _commands(ctx, command)
    if ctx.parent is None:
        lines += _listed("ENVIRONMENT", _ENVIRONMENT) + _listed("FILES", _FILES)
    codes = [(str(code.value), meaning) for code, meaning in EXIT_STATUS.items()]
    lines += _listed("EXIT STATUS", codes)
    lines += [".SH EXAMPLES", ".nf", literal("    " + example), ".fi"] if example else []
    lines += _see_also(ctx, siblings)
    return "\n".join(lines) + "\n"


def _synopsis(ctx: click.Context) -> list[str]:
    pieces = " ".join(ctx.command.collect_usage_pieces(ctx))
    return [f"{bold(ctx.command_path)} {italic(pieces)}" if pieces else bold(ctx.command_path)]


def _prose(help_text: str) -> list[str]:
    """Paragraphs; one that begins with a backspace keeps its lines, as click has it."""
    lines: list[str] = []
    for block in re.split(r"\n\s*\n", inspect.cleandoc(help_text).strip()):
        kept = block.split("\n")
        lines += [".PP"] if lines else []
        if kept[0].strip() == "\b":
            lines += [".nf", *map(literal, kept[1:]), ".fi"]
        else:
            lines.append(paragraph(block))
    return lines


def _options(ctx: click.Context) -> list[str]:
    lines: list[str] = []
    for parameter in ctx.command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is None or not record[1]:
            continue
        lines += [".TP", _typed(record[0]), paragraph(record[1])]
    return [".SH OPTIONS", *lines] if lines else []


def _typed(option: str) -> str:
    """An option as a list shows it: names in bold, what stands for a value in italics."""
    return "".join(map(_part, re.findall(r"-{1,2}[\w-]+|[^-\s,/]\S*|[,/]|\s+", option)))


def _part(part: str) -> str:
    if part.startswith("-"):
        return bold(part)
    if part.isspace() or part in {",", "/"}:
        return part
    return italic(part).replace("|", "|\\:")  # where a long choice may be broken


def _commands(ctx: click.Context, group: LazyGroup) -> list[str]:
    lines = [".SH COMMANDS"]
    for name, line in group.lines():
        lines += [".TP", bold(f"{ctx.command_path} {name}"), paragraph(line)]
    return lines


def _listed(title: str, rows: Sequence[tuple[str, str]]) -> list[str]:
    lines = [f".SH {text(title)}"]
    for name, meaning in rows:
        lines += [".TP", bold(name), paragraph(meaning)]
    return lines


def _epilog(text_below: str) -> tuple[str, str]:
    """The example at the end of a help, and what is said there beside."""
    head, marked, example = text_below.partition("Example: ")
    return (example, head) if marked else ("", text_below)


def _see_also(ctx: click.Context, names: Sequence[str]) -> list[str]:
    above = [] if ctx.parent is None else [page_name(ctx.parent)]
    pages = [f"{bold(name)}(1)" for name in (*above, *names)]
    return [".SH SEE ALSO", ",\n".join(pages)] if pages else []
