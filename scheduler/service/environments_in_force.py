"""Keeping the environments that are in force while the config has others, which wait for approval."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scheduler.configuration.home_config import load_config
from scheduler.configuration.model import ConfiguredJob
from scheduler.configuration.variables.salt import salt_of
from scheduler.home import Home
from scheduler.rules.state import State
from scheduler.service.config_in_force import CONFIG_PROBLEMS


def keep_environments_in_force(home: Home, state: State, *configs: Mapping[str, ConfiguredJob]) -> None:
    """Keep the environments of jobs whose changes need approval, for as long as their definitions are in force.

    Args:
        home: the home.
        state: what is in force.
        configs: the jobs of configs at hand; the copy of the last one that a scheduler used is read if need be.

    Raises:
        OSError: a file cannot be written.
    """
    wanted = [
        job.definition
        for name, job in state.jobs.items()
        if job.present and (job.definition.approval == "required" or name in state.changes)
    ]
    if not wanted and not home.environments.exists():
        return
    from scheduler.configuration.variables.kept_environments import keep_environments

    def earlier() -> Mapping[str, ConfiguredJob]:
        try:
            return load_config(home, home.config_in_force).jobs
        except CONFIG_PROBLEMS:
            return {}

    at_hand: list[Callable[[], Mapping[str, ConfiguredJob]]] = [_given(jobs) for jobs in configs]
    keep_environments(home.environments, wanted, [*at_hand, earlier], salt_of(home))


def _given(jobs: Mapping[str, ConfiguredJob]) -> Callable[[], Mapping[str, ConfiguredJob]]:
    return lambda: jobs
