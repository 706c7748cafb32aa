"""Where each setting of a job comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from scheduler.configuration.outline.outline import KeyPlaces, places_of
from scheduler.configuration.settings.job_settings import JOB_SETTINGS, TIMING_KEYS

if TYPE_CHECKING:
    from scheduler.configuration.model import ConfiguredJob
    from scheduler.definition import JobDefinition


class Origin(msgspec.Struct, frozen=True):
    """Where a setting of a job comes from.

    Attributes:
        kind: Written with the job, in `defaults:`, or nowhere: then it is cronledger's own default.
        line: Of the key, counted from 1; None if it is written nowhere.
        file: In which: empty for `config.yaml`, else the name of a part.
    """

    kind: Literal["job", "defaults", "default"]
    line: int | None
    file: str = ""


_OWN_DEFAULT = Origin("default", None)


def origins(job: ConfiguredJob) -> dict[str, Origin]:
    """The origin of every key that applies to a job of a config."""
    return origins_in(places_of(job), job.definition)


def origins_in(places: KeyPlaces, definition: JobDefinition) -> dict[str, Origin]:
    """The origin of every key that applies to a job, in the order of the documentation; variables as `env.NAME`."""
    registered = definition.built_in
    found: dict[str, Origin] = {}
    for key, setting in JOB_SETTINGS.items():
        if key in TIMING_KEYS and key not in places.written:
            continue
        if setting.only and not (registered and definition.name in setting.only):
            continue
        if key in ("command", "python") and getattr(definition, key) is None:
            continue
        found[key] = _origin(places, key)
        if key == "env":
            found.update((name, _origin(places, name)) for name in _variables(places, definition))
    return found


def _variables(places: KeyPlaces, definition: JobDefinition) -> list[str]:
    """The variables of a job's environment, in the order in which the config has them."""
    order = list(dict.fromkeys((*places.inherited, *places.written)))
    names = [f"env.{name}" for name in definition.env]
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order))


def _origin(places: KeyPlaces, key: str) -> Origin:
    if (line := places.written.get(key)) is not None:
        return Origin("job", line, places.file)
    if (line := places.inherited.get(key)) is not None:
        return Origin("defaults", line)
    return _OWN_DEFAULT
