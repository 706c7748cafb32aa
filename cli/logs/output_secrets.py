"""Which secrets must not be shown of a job's output; what reads and masks them is loaded only if there are any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from scheduler.definition import JobDefinition
from scheduler.home import Home

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
