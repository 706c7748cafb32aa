"""`jobs new`: a job in Python to begin with."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cli.app.failures import Failure
from cli.app.invocation import invocation, show_commands
from cli.terminal.console import tell
from cli.terminal.printable import printable
from scheduler.home import Home, NoHome


@click.command(epilog="Example: cronledger jobs new nightly-report")
@click.argument("name", metavar="NAME")
@click.pass_obj
def new(home: Home, name: str) -> None:
    """Write a job in Python to begin with: a commented class, and its test.

    They are made in a folder of their own in extensions/. Nothing that exists is overwritten, and the config stays as
    it is: there you give the job a time.
    """
    from scheduler.configuration.job_kinds.builtin_jobs import REGISTERED
    from scheduler.python_jobs.example import example
    from scheduler.python_jobs.targets import FILE

    if not home.config.exists() and not home.ledger.exists():
        raise NoHome(home.root)
    _check_name(name)
    if name in REGISTERED:
        raise Failure(f"{name} is a job that cronledger brings along")
    written = example(name)
    folder = home.extensions / written.folder
    files = {folder / FILE: written.job, folder / "test_jobs.py": written.test}
    try:
        for each in (home.extensions, folder):
            each.mkdir(mode=0o700, exist_ok=True)
        for path, text in files.items():
            _write(path, text)
    except FileExistsError as problem:
        raise Failure(
            f"there is a file already: {printable(str(problem.filename))}", "It was left as it is."
        ) from None
    except OSError as problem:
        raise Failure(
            f"it cannot be written: {printable(str(problem.filename))}: {problem.strerror}"
        ) from None
    for path in files:
        tell(f"Wrote {printable(str(path))}")
    tell(f"\nIt runs once it is in {printable(str(home.config))}, under `jobs:`\n")
    tell(f'  {name}:\n    schedule: "0 4 * * *"\n')
    command = invocation(home)
    show_commands(
        [
            (f"{command} check", "says whether the config is right"),
            (f"{command} jobs run {name}", "runs it now"),
        ]
    )


def _check_name(name: str) -> None:
    from scheduler.configuration.keys.names import job_name
    from scheduler.configuration.yaml_tree.problems import InvalidValue
    from scheduler.configuration.yaml_tree.tree import Scalar

    class Nowhere:
        name, line, column = "", 0, 0

    try:
        job_name(Scalar(name, plain=True, mark=Nowhere()))
    except InvalidValue as invalid:
        fault = invalid.faults[0]
        meant = f": did you mean {fault.suggestion}?" if fault.suggestion else ""
        raise Failure(f"{printable(fault.message)}{meant}") from None


def _write(path: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
