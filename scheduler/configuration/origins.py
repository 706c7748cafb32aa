"""Where each setting of a job comes from."""

from __future__ import annotations

from scheduler.configuration.keys.table import JOB_KEYS, TIMING_KEYS
from scheduler.configuration.model import ConfiguredJob, Origin

_OWN_DEFAULT = Origin("default", None)


def origins(job: ConfiguredJob) -> dict[str, Origin]:
    """The origin of every key that applies to a job, in the order of the documentation; variables as `env.NAME`."""
    definition = job.definition
    registered = definition.built_in
    found: dict[str, Origin] = {}
    for key, entry in JOB_KEYS.items():
        if key in TIMING_KEYS and key not in job.written:
            continue
        if entry.only and not (registered and definition.name in entry.only):
            continue
        if key in ("command", "python") and getattr(definition, key) is None:
            continue
        found[key] = _origin(job, key)
        if key == "env":
            found.update({f"env.{name}": _origin(job, f"env.{name}") for name in definition.env})
    return found


def _origin(job: ConfiguredJob, key: str) -> Origin:
    if (line := job.written.get(key)) is not None:
        return Origin("job", line, job.file)
    if (line := job.inherited.get(key)) is not None:
        return Origin("defaults", line)
    return _OWN_DEFAULT
