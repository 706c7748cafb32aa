"""Jobs that cronledger brings along: found by their name, run as a process of their own like any other job."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from scheduler.definition import Directory, JobDefinition
from scheduler.home import Home

__all__ = ["REGISTERED", "RegisteredJob"]


class RegisteredJob(NamedTuple):
    """A job without a command of its own.

    Attributes:
        name: under which a config speaks of it.
        description: what it does, as a sentence for people.
        kind: of what it deletes, as the ledger records it.
        unit: of its retention.
        default_retention: where the config says nothing, in that unit.
    """

    name: str
    description: str
    kind: Literal["sessions", "logs"]
    unit: Literal["hours", "days"]
    default_retention: int

    def retention(self, definition: JobDefinition) -> int:
        """How long this job keeps files, in its unit."""
        configured = definition.retention_hours if self.unit == "hours" else definition.retention_days
        return self.default_retention if configured is None else configured

    def argv(
        self,
        home: Home,
        definition: JobDefinition,
        *,
        retention: int | None = None,
        dry_run: bool | None = None,
        directories: Sequence[Directory] | None = None,
    ) -> list[str]:
        """The command that runs it, in an interpreter that is isolated from other modules and from the environment.

        Further `--hours N`, `--days N`, `--dry-run` or `--no-dry-run` may be appended: the last one counts.

        Args:
            home: where it runs.
            definition: its configuration.
            retention: in its unit, in place of the configured one.
            dry_run: in place of the configured one.
            directories: in place of the configured ones: the same, resolved.

        Raises:
            ValueError: a retention below 1.
        """
        keep = self.retention(definition) if retention is None else retention
        if keep < 1:
            raise ValueError(f"{self.name} keeps files for at least 1 of its {self.unit}, not {keep}")
        argv = [sys.executable, "-I", "-m", "scheduler.builtin", self.name]
        argv += [f"--home={home.root.absolute()}", f"--{self.unit}={keep}"]
        argv += [
            f"--directory={msgspec.json.encode(directory).decode()}"
            for directory in (definition.directories if directories is None else directories)
        ]
        if definition.dry_run if dry_run is None else dry_run:
            argv.append("--dry-run")
        return argv


REGISTERED = {
    job.name: job
    for job in (
        RegisteredJob("cleanup-sessions", "Deletes sessions that have expired.", "sessions", "hours", 24),
        RegisteredJob(
            "log-cleanup", "Deletes captured output and log entries that are old.", "logs", "days", 30
        ),
    )
}
"""By name."""
