"""An import that the config's own reader has accepted, and whose jobs were compared with their source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from scheduler.configuration.errors import ConfigInvalid
from scheduler.configuration.model import Config
from scheduler.definition import Timing
from scheduler.importing.config_text import config_text
from scheduler.importing.conversion import Conversion, ImportedJob
from scheduler.importing.proof import Comparison, compare


class CheckedImport(NamedTuple):
    """A conversion as it may be given out.

    Attributes:
        found: the conversion, without the jobs that the config refuses.
        text: its config.
        compared: of each job whose times can be computed, by name, what was compared.
    """

    found: Conversion
    text: str
    compared: dict[str, Comparison]

    @property
    def different(self) -> list[str]:
        """Names of the jobs whose next instants are not those of their source."""
        return [name for name, comparison in self.compared.items() if not comparison.same]

    @property
    def refused(self) -> int:
        """Of how many lines or units no job came."""
        return sum(remark.kind == "refused" for remark in self.found.remarks)


def check(
    found: Conversion, heading: Sequence[str], read: Callable[[bytes], Config], now: datetime
) -> CheckedImport:
    """Read the config that comes of a conversion, and compare its jobs with their source.

    A job that the config refuses, such as one whose command is too long to be recorded, is taken out and remarked on.

    Args:
        found: the conversion; jobs are taken out of it.
        heading: comments at the top of the config.
        read: reads the bytes of the config, perhaps beside the files that it will stand with.
        now: later instants are compared.

    Raises:
        ConfigInvalid: the config is refused for something that is no job's.
    """
    while True:  # each round takes out a job, or is the last one
        text = config_text(found, heading)
        try:
            config = read(text.encode())
        except ConfigInvalid as invalid:
            if not _without_refused(found, invalid):
                raise
            continue
        return CheckedImport(found, text, _compared(found.jobs, config, now))


def _without_refused(found: Conversion, invalid: ConfigInvalid) -> bool:
    """Take out the jobs that a config refuses; False if there is none."""
    named = {job.name: job for job in found.jobs}
    refused: dict[str, str] = {}
    for error in invalid.errors:
        parts = error.key.split(".")
        for end in range(len(parts), 1, -1):
            name = ".".join(parts[1:end])
            if parts[0] == "jobs" and name in named:
                refused.setdefault(name, error.message)
                break
    for name, why in refused.items():
        job = named[name]
        found.remark(job.line, "refused", why, job.file)
        found.comments.append(f"not imported, {job.source}: {why}")
    found.jobs = [job for job in found.jobs if job.name not in refused]
    return bool(refused)


def _compared(jobs: Sequence[ImportedJob], config: Config, now: datetime) -> dict[str, Comparison]:
    """Of each job what was compared; jobs with the same times are compared once."""
    found: dict[str, Comparison] = {}
    known: dict[tuple[int, Timing], Comparison] = {}
    for job in jobs:
        if job.instants is None:
            continue
        definition = config.jobs[job.name].definition
        shared = id(job.instants), definition.timing()
        if shared not in known:
            known[shared] = compare(definition, job.instants, now)
        found[job.name] = known[shared]
    return found
