"""Extensions of a home: jobs in Python as people write them, and one attempt of such a job within the test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import msgspec

from scheduler.configuration.load import parse
from scheduler.configuration.model import Config
from scheduler.definition import ParameterType
from scheduler.python_jobs.attempt_result import AttemptResult, read_result
from scheduler.python_jobs.request import JobRequest, argv
from tests.support.command import DEADLINE_S


def extension(home: Path, name: str, source: str) -> Path:
    """Write `extensions/NAME/jobs.py`; the source may be indented as a whole."""
    path = home / "extensions" / name / "jobs.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(source))
    return path


def config_of(home: Path, text: str) -> Config:
    """The config of a home in a text that may be indented as a whole."""
    return parse(dedent(text).encode(), home / "services" / "scheduler" / "config.yaml", home)


class Attempted(msgspec.Struct, frozen=True):
    """How the process of an attempt ended: its exit code, what it printed, and the result that it left."""

    code: int
    out: str
    err: str
    result: AttemptResult


def attempt(
    home: Path, target: str, job: str = "a", import_limit_s: float | None = None, **params: str
) -> Attempted:
    """Run a target in a process of its own, as a scheduler does, with these values for its parameters, all text."""
    types: dict[str, ParameterType] = dict.fromkeys(params, "text")
    (home / "var").mkdir(exist_ok=True)
    request = JobRequest(
        target=target, home=str(home), job=job, run=7, attempt=1, trigger="manual",
        result=str(home / "var" / "7-1.result"), params=types, secrets=["PASSPHRASE"],
    )  # fmt: skip
    env = {f"CRONLEDGER_PARAM_{name.upper()}": value for name, value in params.items()}
    env |= {"PATH": os.environ["PATH"], "PASSPHRASE": "correct horse"}
    command = argv(request)
    if import_limit_s is not None:
        script = f"main(sys.argv[1:], os.environ, {import_limit_s})"
        script = f"import os, sys; from scheduler.python_jobs.__main__ import main; sys.exit({script})"
        command = [sys.executable, "-I", "-c", script, command[-1]]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    result = read_result(request.result, None)
    assert result is not None, done.stderr
    return Attempted(done.returncode, done.stdout, done.stderr, result)
