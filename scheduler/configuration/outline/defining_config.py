"""Where the keys of a job are written, in the config that its definition comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scheduler.configuration.outline.outline import KeyPlaces, places_of

if TYPE_CHECKING:
    from scheduler.configuration.model import Config
    from scheduler.ledger.view import View
    from scheduler.rules.state import Job


def key_places(view: View, job: Job) -> KeyPlaces | None:
    """Where they are written: in the file, or in the copy of the last good one.

    None if the definition comes from neither, and of the past, of which the ledger alone speaks.
    """
    if view.as_of is not None:
        return None
    # A change that waits for a second person, or was rejected, stands in the file: it is not what is in force.
    if view.outline is not None and job.name not in view.state.changes:
        return view.outline.places(job.name)
    if view.config is not None and _defines(view.config, job, view.state.ledger):
        return places_of(view.config.jobs[job.name])
    if not view.home.config_in_force.exists():
        return None
    from scheduler.configuration.reading.current_config import read_config

    copy, _ = read_config(view.home, view.home.config_in_force)
    if copy is None or not _defines(copy, job, view.state.ledger):
        return None
    return places_of(copy.jobs[job.name])


def _defines(config: Config, job: Job, ledger: str) -> bool:
    from scheduler.rules.job_schedule import with_offset

    configured = config.jobs.get(job.name)
    return configured is not None and with_offset(configured.definition, ledger) == job.definition
