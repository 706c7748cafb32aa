"""The effective configuration of a job: each setting, its value, and where that comes from."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from scheduler.configuration.files.joined import MAIN
from scheduler.configuration.home_config import has_salt
from scheduler.configuration.keys.shown import variable
from scheduler.configuration.keys.table import JOB_KEYS, TIMING_KEYS
from scheduler.configuration.model import ConfiguredJob, Place
from scheduler.configuration.origins import origins
from scheduler.definition import After, Directory, JobDefinition, Limits, Retry
from scheduler.ledger.view import View, defining_config
from scheduler.rules.state import Job


class Setting(NamedTuple):
    """One setting.

    Attributes:
        key: as a person writes it in the config.
        value: as it is recorded; of an environment variable, a digest.
        shown: the value for people.
        origin: `job`, `defaults`, `default` (cronledger's own), or `ledger` where the config cannot be asked.
        line: in the config, counted from 1.
        file: in which: empty for `config.yaml`, else the name of a part of it.
    """

    key: str
    value: Any
    shown: str
    origin: str
    line: int | None
    file: str = ""

    @property
    def origin_words(self) -> str:
        """`job, line 7`, `defaults, line 3`, `job, config.d/backup.yaml, line 2`, `default`."""
        file = f", {self.file}" if self.file else ""
        return self.origin if self.line is None else f"{self.origin}{file}, line {self.line}"

    def document(self) -> dict[str, Any]:
        """For programs."""
        file = None if self.line is None else self.file or MAIN
        return {
            "key": self.key,
            "value": self.value,
            "origin": self.origin,
            "line": self.line,
            "file": file,
        }


def settings_of(view: View, job: Job) -> list[Setting]:
    """All settings that apply to a job, in the order in which keys are documented.

    They are the same whether the config can be asked or not. Of the past only the ledger can be, which does not say
    which of them were written down and which are defaults.
    """
    definition = job.definition
    config = defining_config(view, job)
    if config is None:
        return [_setting(definition, key, "ledger", None) for key in origins(_as_if_configured(definition))]
    found = [_setting(definition, key, *origin) for key, origin in origins(config.jobs[job.name]).items()]
    return found if has_salt(view.home) else [_without_digest(setting) for setting in found]


def _setting(definition: JobDefinition, key: str, origin: str, line: int | None, file: str = "") -> Setting:
    if key.startswith("env."):
        digest = definition.env[key.removeprefix("env.")]
        return Setting(key, digest, variable(digest), origin, line, file)
    entry = JOB_KEYS[key]
    return Setting(key, _plain(entry.value(definition)), entry.shown(definition), origin, line, file)


def _as_if_configured(definition: JobDefinition) -> ConfiguredJob:
    """A job of a config that says when it runs, and nothing else: it has the settings that every such job has."""
    written = {key: 0 for key in TIMING_KEYS if getattr(definition, key)}
    return ConfiguredJob(
        definition=definition, env={}, written=written, inherited={}, timing_place=Place(0, 0)
    )


def _without_digest(setting: Setting) -> Setting:
    """Digests are salted, and the salt is made when the config is first recorded: before that there are none."""
    if not setting.key.startswith("env."):
        return setting
    return setting._replace(value=None, shown="(no digest yet: nothing is recorded)")


def _plain(value: Any) -> Any:
    if isinstance(value, After | Limits | Retry):
        return msgspec.structs.asdict(value)
    if isinstance(value, list | tuple):
        return [
            {"path": item.path, "pattern": item.pattern} if isinstance(item, Directory) else item
            for item in value
        ]
    return msgspec.to_builtins(value) if isinstance(value, dict) else value
