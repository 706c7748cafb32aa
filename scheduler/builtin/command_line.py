"""The command line of a maintenance job, as its process reads it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from eventstore.nesting import decode
from scheduler.builtin.folders import ResolvedDirectory
from scheduler.builtin.jobs import REGISTERED
from scheduler.builtin.retention import pattern_problem
from scheduler.definition import RETENTION_MAX, Directory
from scheduler.home import Home
from scheduler.python_jobs.request import JobRequest

USAGE: Final = 2
"""The exit code where the options are wrong."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of a command line, which ends the process where it is none.

    `job` is the name of the job; the fields of its class are there by their names.
    """
    parser = _Parser(
        prog="scheduler.builtin", description="The maintenance jobs of cronledger.", allow_abbrev=False
    )
    jobs = parser.add_subparsers(dest="job", required=True, parser_class=_Parser, metavar="NAME")
    for job in REGISTERED.values():
        each = jobs.add_parser(
            job.name, help=job.description, description=job.description, allow_abbrev=False
        )
        each.add_argument("--home", type=_home, required=True, help="the home folder, absolute")
        each.add_argument(
            f"--{job.unit}",
            dest=job.retention_field(),
            type=_whole(1, RETENTION_MAX[job.unit]),
            default=getattr(job, job.retention_field()),
            metavar="N",
            help="how long files are kept after their last change",
        )
        each.add_argument(
            "--directory",
            dest="directories",
            type=_directory,
            action="append",
            default=[],
            metavar='{"path": …, "pattern": …}',
            help="a further folder, as JSON",
        )
        each.add_argument(
            "--dry-run", action=argparse.BooleanOptionalAction, default=False, help="only count"
        )
        each.add_argument(
            "--trust-clock", action="store_true", help="delete though what is on record contradicts the clock"
        )
        each.add_argument("--request", type=_request, metavar="JSON", help="which attempt of a run this is")
    return parser.parse_args(arguments)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(USAGE)


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"a whole number from {least} to {most} is needed, not {text!r}")
        return int(text)

    return read


def _home(text: str) -> Home:
    path = Path(text)
    if not path.is_absolute():
        raise argparse.ArgumentTypeError(f"an absolute path is needed, not {text!r}")
    return Home(path)


def _directory(text: str) -> Directory:
    try:
        directory = decode(os.fsencode(text), ResolvedDirectory)
    except msgspec.MsgspecError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no folder to clean: {error}") from error
    problem = pattern_problem(directory.pattern)
    if problem is not None:
        raise argparse.ArgumentTypeError(problem)
    if not directory.real:
        return Directory(path=directory.path, pattern=directory.pattern)
    return directory


def _request(text: str) -> JobRequest:
    try:
        return decode(os.fsencode(text), JobRequest)
    except msgspec.MsgspecError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no attempt of a run: {error}") from error
