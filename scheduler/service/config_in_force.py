"""The last good config: what stays in force while the file itself cannot be used, also over a restart."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from eventstore.durable import REAL, write_file
from eventstore.errors import NoLedger
from eventstore.regular_file import read_regular
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.configuration.errors import (
    ConfigInvalid,
    ConfigMissing,
    ConfigProblem,
    ConfigUnreadable,
    NotYetKnown,
)
from scheduler.configuration.files.part_names import PartsRefused
from scheduler.configuration.files.read_files import joined_text
from scheduler.configuration.home_config import load_config
from scheduler.configuration.model import Config, ConfiguredJob, SlowParts
from scheduler.entry_members import ConfigError
from scheduler.home import Home
from scheduler.ledger.open import open_ledger_to_read
from scheduler.rules.reconcile import CalendarDefinition
from scheduler.rules.state import State
from scheduler.schedule.calendars.calendar_days import CalendarDays
from scheduler.shortening import shortened

CONFIG_PROBLEMS = (ConfigInvalid, ConfigMissing, ConfigUnreadable)

ERRORS_MAX = 20
"""So many mistakes of a rejected config are recorded, and the number of all."""
TEXT_MAX_CHARS = 300
"""So much of each text of a mistake is recorded: it quotes what was written, which may be of any length."""
REJECTION_BYTES_MAX = 32 * 1024
"""At most so much of the mistakes is recorded: an entry of the ledger is one line of bounded length."""


class StartConfig(NamedTuple):
    """The config to start with.

    Attributes:
        config: that of the file; while it cannot be used, the last one that was in force.
        problem: why the file cannot be used; None if it can.
        kept_calendars: names of the calendars whose files cannot be used either: their days are those on record.
    """

    config: Config
    problem: ConfigProblem | None = None
    kept_calendars: tuple[str, ...] = ()


def config_to_start_with(home: Home) -> StartConfig:
    """The config; or, if it cannot be used, the last one that was in force, together with what is wrong.

    Raises:
        ConfigInvalid, ConfigMissing, ConfigUnreadable: neither can be used; it says what is wrong with the file.
        Corrupt, NewerFormat: the ledger cannot be asked for the days of calendars.
    """
    try:
        return StartConfig(load_config(home))
    except CONFIG_PROBLEMS as problem:
        with contextlib.suppress(*CONFIG_PROBLEMS):
            return StartConfig(load_config(home, home.config_in_force), problem)
        with contextlib.suppress(*CONFIG_PROBLEMS):
            on_record = SlowParts(calendars=_calendars_on_record(home))
            config = load_config(home, home.config_in_force, on_record)
            kept = [name for name, each in config.calendars.items() if each.ical_sha256 is not None]
            return StartConfig(config, problem, tuple(kept))
        raise


def jobs_as_recorded(home: Home) -> Mapping[str, ConfiguredJob] | None:
    """The jobs of the config as it is now, of which another process has recorded an edit; None if it cannot be used.

    Whoever recorded it has read it: what takes long to read is known.
    """
    with contextlib.suppress(*CONFIG_PROBLEMS, NotYetKnown):
        return load_config(home, slow=SlowParts(failed_since_s=0.0)).jobs
    return None


def _calendars_on_record(home: Home) -> dict[str, CalendarDefinition]:
    """The calendars as the ledger has them."""
    try:
        ledger = open_ledger_to_read(home)
    except (NoLedger, FileNotFoundError):
        return {}
    with contextlib.closing(ledger.store):
        return {
            name: CalendarDefinition(name, CalendarDays.of(each.weekdays, each.dates), each.ical_sha256)
            for name, each in ledger.state.calendars.items()
        }


def check_copy(config: Config, problem: ConfigProblem | None, accepted: str | None) -> None:
    """Refuse to start with a copy that is not the config which came into force last, as the ledger says.

    Args:
        config, problem: as `config_to_start_with` returned them.
        accepted: the digest in the last `config.accepted`; None if there is none.

    Raises:
        ConfigInvalid, ConfigMissing, ConfigUnreadable: what is wrong with the file itself.
    """
    if problem is not None and config.digest != accepted:
        raise problem


def share_definition(config: Config, state: State, name: str) -> None:
    """Have a job's definition in memory once, if the config and the ledger have the same; thousands are megabytes."""
    job, known = config.jobs.get(name), state.jobs.get(name)
    if job is not None and known is not None and job.definition == known.definition:
        msgspec.structs.force_setattr(job, "definition", known.definition)


def keep_copy(config: Config, target: Path) -> None:
    """Keep a private copy of a valid config; not if it was edited since it was read, for that may not be valid."""
    if config.path == target:
        return
    # Only a convenience: a full disk must not stop an edit.
    with contextlib.suppress(OSError, PartsRefused):
        content = joined_text(config.path) if config.parts else config.path.read_bytes()
        if sha256(content).hexdigest() != config.digest:
            return
        if _kept(target, len(content)) != content:
            write_file(REAL, target, content)


def _kept(target: Path, bytes_max: int) -> bytes | None:
    """The copy that there is; None if it is another one by its length, or none at all, or no regular file."""
    try:
        return read_regular(target, bytes_max)
    except OSError:
        return None


def rejection(problem: ConfigProblem) -> Event:
    """The event that records why a config is not used: the first mistakes, shortened, and how many there are."""
    if isinstance(problem, ConfigInvalid):
        errors, count, digest = problem.errors, problem.count, problem.digest
    else:
        errors, count, digest = [ConfigError(line=1, column=1, message=str(problem))], 1, ""
    recorded = [_bounded(error) for error in errors[:ERRORS_MAX]]
    while len(json.dumps(msgspec.to_builtins(recorded))) > REJECTION_BYTES_MAX:
        recorded.pop()
    return v.event(v.ConfigRejected(config=digest, errors=recorded, error_count=count), v.CONFIG)


def _bounded(error: ConfigError) -> ConfigError:
    texts = {
        name: shortened(getattr(error, name), TEXT_MAX_CHARS) for name in ("message", "key", "suggestion")
    }
    return msgspec.structs.replace(error, **texts)
