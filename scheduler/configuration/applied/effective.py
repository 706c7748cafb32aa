"""The config that is in force on a machine: what was applied, with the machine's own values in it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping as AbstractMapping
from pathlib import Path
from typing import Final

from eventstore.durable import REAL, write_file
from eventstore.regular_file import read_regular
from scheduler.configuration.applied.applied_text import AppliedText, NotApplied, read_applied
from scheduler.configuration.applied.own_values import OwnValues
from scheduler.configuration.applied.withheld import with_values
from scheduler.configuration.applied.yaml_text import yaml_text
from scheduler.configuration.files.joined import FILES_BYTES_MAX
from scheduler.configuration.load import parse
from scheduler.configuration.model import WHATEVER_DAYS, Config, ConfiguredJob, Place
from scheduler.configuration.yaml_tree.tree import Mapping
from scheduler.definition import JobDefinition
from scheduler.home import Home

_OF_JOBS: Final = ("jobs", "defaults")
"""What jobs are stands in the ledger, once it is in force, and nowhere else."""


def kept_applied(home: Home, digest: str | None) -> AppliedText | None:
    """The applied config that the home keeps, if it is the one with this digest; None if it is not, or not whole."""
    with contextlib.suppress(OSError, NotApplied):
        applied = read_applied(read_regular(home.applied_config, 2 * FILES_BYTES_MAX))
        if applied.digest == digest:
            return applied
    return None


def keep_applied(home: Home, applied: AppliedText) -> None:
    """Keep an applied config, for readers and for a start without the database.

    Raises:
        OSError: that cannot be written.
    """
    home.var.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_file(REAL, home.applied_config, applied.raw)


def effective_config(home: Home, applied: AppliedText, values: OwnValues) -> Config:
    """What an applied config says beside its jobs, with a machine's own values; the days of calendars are any days.

    Raises:
        ConfigInvalid: this version of the software does not understand it.
    """
    config = parse(
        _bare_text(applied, values), home.config_in_force, home.root, salt=values.salt, slow=WHATEVER_DAYS
    )
    config.digest = applied.digest
    return config


def keep_effective(home: Home, applied: AppliedText, values: OwnValues) -> None:
    """Keep the same as a file of the home, from which the processes beside the scheduler read it.

    Raises:
        OSError: that cannot be written.
    """
    text = _bare_text(applied, values)
    if _read(home.config_in_force, len(text)) != text:
        home.var.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_file(REAL, home.config_in_force, text)


def nothing_applied(home: Home) -> Config:
    """The config where none was applied yet: no jobs, and the default settings; its digest is empty."""
    config = parse(b"jobs: {}\n", home.config_in_force, home.root)
    config.digest = ""
    return config


def jobs_with_values(
    definitions: AbstractMapping[str, JobDefinition], values: OwnValues
) -> dict[str, ConfiguredJob]:
    """The jobs whose environments a machine has, with their values.

    Args:
        definitions: those in force, by name.
        values: of the machine.
    """
    nowhere = Place(1, 1)
    return {
        name: ConfiguredJob(definition=each, env=env, written={}, inherited={}, timing_place=nowhere)
        for name, each in definitions.items()
        if (env := values.environment(each.env)) is not None
    }


def _bare_text(applied: AppliedText, values: OwnValues) -> bytes:
    top = Mapping(applied.top.mark)
    top.entries = {word: entry for word, entry in applied.top.entries.items() if word not in _OF_JOBS}
    return yaml_text(with_values(top, values.by_digest)).encode()


def _read(path: Path, bytes_max: int) -> bytes | None:
    try:
        return read_regular(path, bytes_max)
    except OSError:
        return None
