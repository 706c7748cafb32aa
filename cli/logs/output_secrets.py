"""Which secrets must not be shown of a job's output; what reads and masks them is loaded only if there are any."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from scheduler.definition import JobDefinition
from scheduler.home import Home
from scheduler.scheduler_lock import holder_of

if TYPE_CHECKING:
    from scheduler.logs.collection.masked_output import KnownSecrets, MaskedOutput


def output_secrets(
    home: Home, definition: JobDefinition, environ: Callable[[], Mapping[str, str]]
) -> KnownSecrets | None:
    """The secrets that a job names, as they are now; None if it names none.

    Args:
        home: the home.
        definition: of the job.
        environ: asked only if there are secrets: the variables of the process that starts the job's attempts.
    """
    if not (definition.secrets or definition.params or definition.env):
        return None
    from scheduler.logs.collection.masked_output import known_secrets, names_secrets

    return known_secrets(definition, home, environ()) if names_secrets(definition) else None


def masking(secrets: KnownSecrets | None) -> MaskedOutput | None:
    """What masks these secrets in one stream; None if there is nothing to mask."""
    if secrets is None or not secrets.forms:
        return None
    from scheduler.logs.collection.masked_output import MaskedOutput

    return MaskedOutput(secrets.forms)


def secrets_environ(home: Home) -> dict[str, str]:
    """The variables from which the secrets came: the scheduler's, and our own."""
    from scheduler.processes.process_environ import environ_of
    from scheduler.processes.recognition.identity import process_stat

    scheduler = holder_of(home.scheduler_lock)
    stat = None if scheduler is None else process_stat(scheduler.pid)
    environ = dict(os.environ)
    if scheduler is not None and stat is not None:
        environ |= environ_of(scheduler.pid, stat.start_ticks)
    return environ
