"""`export jobs --format crontab`: the jobs of the config for those who know cron."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.terminal.console import note, out
from cli.terminal.printable import printable, show_count
from cli.times.zones import local_zone
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.configuration.model import ConfiguredJob
    from scheduler.importing.crontab.dialect import Dialect
    from scheduler.importing.crontab.exported_jobs import ExportedJob

_SAID = {
    "command", "description", "schedule", "every", "at", "on_demand", "after", "timezone", "env", "working_directory",
    "run_as", "enabled", "calendars", "python", "tags",
}  # fmt: skip
"""Keys that an entry says, or that decide whether there is one; and tags, which change nothing about a run."""
_AS_CRON = {"overlap": "allow", "catch_up": "none"}
"""What cron does by itself."""


def write_crontab(
    home: Home, names: tuple[str, ...], dialect: Dialect, output: Path | None, *, system: bool, force: bool
) -> None:
    """Write the jobs of the home's config as a crontab.

    Args:
        home: the home.
        names: of the jobs that are wanted; empty: all.
        dialect: whose crontab it is.
        output: a file; None: standard output.
        system: with a user in front of each command.
        force: replace a file.

    Raises:
        ConfigInvalid, ConfigMissing, ConfigUnreadable: the config cannot be used.
        Failure: there is no such job, or the file cannot be written.
    """
    from cli.app.failures import Failure
    from cli.app.output_file import check_place, written_aside
    from cli.home.job_names import nearest_names
    from cli.importing.options import home_folder_of
    from scheduler.configuration.load import load
    from scheduler.importing.crontab.exported_jobs import Exporter
    from scheduler.ownership.home_owner import owner_or_self, user_name

    if output is not None:
        check_place(output, home, force=force)
    config = load(home.config, home.root)
    for name in names:
        if name not in config.jobs:
            said = f"the config has no job {printable(name)}"
            if meant := nearest_names(name, config.jobs):
                raise Failure(f"{said}: did you mean {meant}?")
            raise Failure(said, "`cronledger jobs list` shows all.")
    chosen = [_exported(job) for name, job in config.jobs.items() if not names or name in names]
    exporter = Exporter(
        dialect,
        local_zone(),
        str(home.root.resolve()),
        user_name(owner_or_self(home)),
        home_folder_of,
        "system" if system else "user",
        datetime.now(UTC),
    )
    text = "\n".join([*_heading(dialect), *exporter.lines(chosen)])
    if output is None:
        out(text)
    else:
        with written_aside(output, home, force=force) as unfinished:
            unfinished.file.write(text.encode("utf-8", "surrogateescape") + b"\n")
    left = len(exporter.left_out)
    if left:
        note(
            f"{show_count(left, 'job')} of {len(chosen):,} left out: the crontab says why, each in a comment"
        )


def _heading(dialect: Dialect) -> list[str]:
    zones = (
        "CRON_TZ is obeyed by cronie alone; without it, times are read in"
        if dialect == "cronie"
        else "All times are read in"
    )
    return [
        "# Jobs of cronledger. cron starts a command beside its last run, and forgets what passed while it was down.",
        f"# {zones} {local_zone()}.",
    ]


def _exported(job: ConfiguredJob) -> ExportedJob:
    """A job with what no crontab says of it: what its config says and cron would do otherwise."""
    from scheduler.configuration.settings.job_settings import JOB_SETTINGS
    from scheduler.configuration.settings.origins import origins
    from scheduler.importing.crontab.exported_jobs import ExportedJob

    unsaid = []
    for key, origin in origins(job).items():
        if key.startswith("env.") or key in _SAID or origin.kind == "default":
            continue
        shown = JOB_SETTINGS[key].shown(job.definition)
        if shown != _AS_CRON.get(key):
            unsaid.append(f"{key}: {shown}")
    return ExportedJob(job.definition, job.env, unsaid)
