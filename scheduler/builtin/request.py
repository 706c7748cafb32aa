"""What the process of a maintenance job is asked to do: its command line, as it is made for a run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec

from scheduler.builtin.jobs import REGISTERED
from scheduler.definition import Directory, JobDefinition
from scheduler.home import Home
from scheduler.python_jobs.request import JobRequest


def maintenance_argv(
    home: Home,
    definition: JobDefinition,
    *,
    directories: Sequence[Directory] | None = None,
    request: JobRequest | None = None,
) -> list[str]:
    """The command that runs a job, in an interpreter that is isolated from other modules and from the environment.

    Further `--hours N`, `--days N`, `--dry-run` or `--no-dry-run` may be appended: the last one counts.

    Args:
        home: where it runs.
        definition: its configuration.
        directories: in place of the configured ones: the same, resolved.
        request: which attempt this is, and where its result is left; without it, it leaves none.
    """
    job = REGISTERED[definition.name]
    configured = getattr(definition, job.retention_field())
    keep_for = getattr(job, job.retention_field()) if configured is None else configured
    made = [sys.executable, "-I", "-m", "scheduler.builtin", job.name]
    made += [f"--home={home.root.absolute()}", f"--{job.unit}={keep_for}"]
    made += [
        f"--directory={msgspec.json.encode(directory).decode()}"
        for directory in (definition.directories if directories is None else directories)
    ]
    if request is not None:
        made.append(f"--request={msgspec.json.encode(request).decode()}")
    if definition.dry_run:
        made.append("--dry-run")
    return made
