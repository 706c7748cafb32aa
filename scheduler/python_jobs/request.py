"""What the process of a Python job is asked to run: one argument of its command line, as JSON."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Final

import msgspec

from scheduler.definition import JobDefinition, ParameterType

PROGRAM: Final = "scheduler.python_jobs"
"""The module that the process runs, isolated from the environment and the working directory (`-I`)."""


class JobRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One attempt of a Python job.

    Attributes:
        target: what is run, as the definition's `python` says it.
        home: the home folder, absolute.
        job, run, attempt, trigger, scheduled_for: which attempt this is.
        timeout_ms: after how long it is stopped; None: never.
        params: the names of its parameters and their types; the values are in the environment.
        secrets: names of variables whose values must not leave the process, whatever they are.
        probably_secret: names of variables of which those must not that look like a secret: of the config's `env`.
        dry_run: nothing is to be changed.
        result: the file in which it leaves what the job said, absolute.
        secret_sha256: digest of the attempt's secret, by which its result is known as its own.
    """

    target: str
    home: str
    job: str
    run: int
    attempt: int
    trigger: str
    result: str
    scheduled_for: datetime | None = None
    timeout_ms: int | None = None
    params: dict[str, ParameterType] = {}
    secrets: list[str] = []
    probably_secret: list[str] = []
    dry_run: bool = False
    secret_sha256: str = ""


def result_path(stdout: str) -> str:
    """Where the result of an attempt stands: beside its captured output."""
    return f"{stdout.removesuffix('.stdout')}.result"


def argv(request: JobRequest) -> list[str]:
    """The command that runs it."""
    return [sys.executable, "-I", "-m", PROGRAM, msgspec.json.encode(request).decode()]


def types_of(definition: JobDefinition) -> dict[str, ParameterType]:
    """The types of a job's parameters by name."""
    return {name: parameter.type for name, parameter in definition.params.items()}
