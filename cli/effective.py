"""The effective configuration of a job: each setting, its value, and where that comes from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from cli.opened import View
from cli.wording import command_words
from scheduler.configuration import Config, ConfigInvalid, ConfigMissing, ConfigUnreadable
from scheduler.definition import Directory, JobDefinition
from scheduler.home_config import load_config
from scheduler.schedule import format_duration
from scheduler.state import Job

_HIDDEN = {"name", "shell"}


class Setting(NamedTuple):
    """One setting.

    Attributes:
        key: as a person writes it in the config.
        value: as it is recorded; of an environment variable, a digest.
        shown: the value for people.
        origin: `job`, `defaults`, `default` (cronledger's own), or `ledger` where the config cannot be asked.
        line: in the config, counted from 1.
    """

    key: str
    value: Any
    shown: str
    origin: str
    line: int | None

    @property
    def origin_words(self) -> str:
        """`job, line 7`, `defaults, line 3`, `default`."""
        return self.origin if self.line is None else f"{self.origin}, line {self.line}"

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {"key": self.key, "value": self.value, "origin": self.origin, "line": self.line}


def settings_of(view: View, job: Job) -> list[Setting]:
    """All settings that apply to a job, in the order in which keys are documented."""
    config = _config_of(view, job)
    if config is None:
        return _from_ledger(job.definition)
    found = []
    for key, origin in config.jobs[job.name].origins.items():
        value = _value(job.definition, key)
        found.append(
            Setting(key, _plain(value), _shown(job.definition, key, value), origin.kind, origin.line)
        )
    return found


def _config_of(view: View, job: Job) -> Config | None:
    """The config that this definition comes from: the file, or the copy of the last good one."""
    if view.as_of is not None:
        return None  # of the past, the ledger alone speaks
    if view.config is not None and _defines(view.config, job):
        return view.config
    if not view.home.config_in_force.exists():
        return None
    try:
        copy = load_config(view.home, view.home.config_in_force)
    except (ConfigInvalid, ConfigMissing, ConfigUnreadable):
        return None
    return copy if _defines(copy, job) else None


def _defines(config: Config, job: Job) -> bool:
    configured = config.jobs.get(job.name)
    return configured is not None and configured.definition == job.definition


def _from_ledger(definition: JobDefinition) -> list[Setting]:
    """What is known where no config can be asked: the values, as they are recorded."""
    found = []
    for member in definition.__struct_fields__:
        value = getattr(definition, member)
        if member in _HIDDEN or value in (None, {}, []):
            continue
        key = member.removesuffix("_ms")
        found.append(Setting(key, _plain(value), _shown(definition, key, value), "ledger", None))
    return found


def _value(definition: JobDefinition, key: str) -> Any:
    if key.startswith("env."):
        return definition.env[key.removeprefix("env.")]
    return getattr(definition, key if hasattr(definition, key) else f"{key}_ms")


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [
            {"path": item.path, "pattern": item.pattern} if isinstance(item, Directory) else item
            for item in value
        ]
    return value


def _shown(definition: JobDefinition, key: str, value: Any) -> str:
    if key == "command":
        return command_words(definition) + (" (through /bin/sh)" if definition.shell else "")
    if key.startswith("env."):
        return f"(digest {value})"
    if key in ("timeout", "catch_up_window", "kill_after"):
        return "never" if value is None else format_duration(timedelta(milliseconds=value))
    if key == "working_directory" and value is None:
        return "the home"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ", ".join(value) or "none"
    if isinstance(value, list):
        return (
            ", ".join(
                f"{item.path}/{item.pattern}" if isinstance(item, Directory) else str(item) for item in value
            )
            or "none"
        )
    return "" if value is None else str(value)
