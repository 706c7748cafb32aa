"""The effective configuration of a job: each setting, its value, and where that comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from scheduler.configuration.files.joined import MAIN
from scheduler.configuration.outline.defining_config import key_places
from scheduler.configuration.outline.outline import KeyPlaces
from scheduler.configuration.settings.job_settings import JOB_SETTINGS, TIMING_KEYS
from scheduler.configuration.settings.origins import origins_in
from scheduler.configuration.settings.shown import variable
from scheduler.configuration.variables.salt import has_salt
from scheduler.definition import After, Directory, JobDefinition, Limits, Retry

if TYPE_CHECKING:
    from scheduler.ledger.view import View
    from scheduler.rules.state import Job


class Setting(msgspec.Struct, frozen=True):
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
    places = key_places(view, job)
    if places is None:
        return [_setting(definition, key, "ledger") for key in origins_in(_times(definition), definition)]
    found = [
        _setting(definition, key, each.kind, each.line, each.file)
        for key, each in origins_in(places, definition).items()
    ]
    return found if has_salt(view.home) else [_without_digest(setting) for setting in found]


def _setting(
    definition: JobDefinition, key: str, origin: str, line: int | None = None, file: str = ""
) -> Setting:
    if key.startswith("env."):
        digest = definition.env[key.removeprefix("env.")]
        return Setting(key, digest, variable(digest), origin, line, file)
    known = JOB_SETTINGS[key]
    return Setting(key, _plain(known.value(definition)), known.shown(definition), origin, line, file)


def _times(definition: JobDefinition) -> KeyPlaces:
    """As if a config said when the job runs, and nothing else: it has the settings that every such job has."""
    return KeyPlaces({key: 0 for key in TIMING_KEYS if getattr(definition, key)}, {})


def _without_digest(setting: Setting) -> Setting:
    """Digests are salted, and the salt is made when the config is first recorded: before that there are none."""
    if not setting.key.startswith("env."):
        return setting
    return msgspec.structs.replace(setting, value=None, shown="(no digest yet: nothing is recorded)")


def _plain(value: Any) -> Any:
    if isinstance(value, After | Limits | Retry):
        return msgspec.structs.asdict(value)
    if isinstance(value, list | tuple):
        return [
            {"path": item.path, "pattern": item.pattern} if isinstance(item, Directory) else item
            for item in value
        ]
    return msgspec.to_builtins(value) if isinstance(value, dict) else value
