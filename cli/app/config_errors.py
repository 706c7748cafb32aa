"""A config's mistakes as people see them: where, what, the line itself with a caret, what was probably meant."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from cli.app.failures import Failure, say
from cli.terminal.console import fitted, paint, wants_colour
from cli.terminal.printable import printable, show_count
from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigProblem, ConfigUnreadable
from scheduler.configuration.files.joined import MAIN


def show_problem(problem: ConfigProblem) -> None:
    """Print everything that is wrong with a config to standard error."""
    if isinstance(problem, ConfigMissing):
        path = printable(str(problem.path))
        advice = printable(problem.what_to_do)
        say(Failure(f"there is no config at {path}", f"{advice[:1].upper()}{advice[1:]}."))
    elif isinstance(problem, ConfigUnreadable):
        say(Failure(str(problem)))
    else:
        colour = wants_colour(sys.stderr)
        for line in mistakes(problem, colour):
            click.echo(line, err=True, color=colour)


def mistakes(problem: ConfigInvalid, colour: bool) -> Iterator[str]:
    """The lines that show each mistake and, at the end, how many there are."""
    for error in problem.errors:
        path = printable(str(problem.path_of(error)))
        place = paint(f"{path}:{error.line}:{error.column}:", "strong", colour)
        said = f"{place} {paint('error:', 'bad', colour)} {printable(error.message)}"
        yield fitted(said, sys.stderr, hang=4)
        shown = problem.excerpt_of(error)
        if shown:
            source, caret = shown.split("\n")
            yield f"    {source}"
            yield f"    {paint(caret, 'bad', colour)}"
        if error.suggestion:
            meant = f"    did you mean {paint(printable(error.suggestion), 'good', colour)}?"
            yield fitted(meant, sys.stderr, hang=4)
    count = ("" if problem.counted_all else "at least ") + show_count(problem.count, "mistake")
    listed = (
        f", of which the first {len(problem.errors)} are shown" if problem.count > len(problem.errors) else ""
    )
    yield f"{count}{listed}; nothing of this config is used"


def mistakes_document(problem: ConfigInvalid) -> dict[str, Any]:
    """The same for programs."""
    errors = [
        {name: getattr(error, name) for name in error.__struct_fields__} | {"file": error.file or MAIN}
        for error in problem.errors
    ]
    return {
        "path": str(problem.path),
        "digest": problem.digest,
        "valid": False,
        "jobs": None,
        "errors": errors,
        "error_count": problem.count,
    }
