"""In what the settings of a config differ from those in force: the blocks beside its jobs, which no ledger holds.

Of channels only the names of members are told: their values may be secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from scheduler.configuration.keys.block_values.telemetry import TELEMETRY_KEYS
from scheduler.configuration.keys.key import Key
from scheduler.configuration.keys.ledger_keys import LEDGER_KEYS
from scheduler.configuration.keys.nodes import shown_node
from scheduler.configuration.keys.scheduler_keys import SCHEDULER_KEYS
from scheduler.configuration.model import Config
from scheduler.notifications.settings import Channel
from scheduler.rules.nodes.node_settings import NodeSettings
from scheduler.telemetry.settings import TelemetrySettings


class SettingEdit(NamedTuple):
    """A setting that is another one.

    Attributes:
        block: of the config; key: in it.
        old, new: its values as they are shown.
    """

    block: str
    key: str
    old: str
    new: str


class ChannelEdit(NamedTuple):
    """A channel that is new, gone (`changed` is empty then), or changed in these members."""

    name: str
    kind: Literal["added", "removed", "changed"]
    changed: tuple[str, ...] = ()


class SettingsEdits(NamedTuple):
    """How settings change.

    Attributes:
        compared_with: digest of the config that was in force last; None: no copy of it can be read.
        settings: of the blocks `scheduler`, `ledger`, `telemetry` and `nodes`; channels: those that differ.
        locks: names of the locks that another number of runs may hold.
    """

    compared_with: str | None = None
    settings: tuple[SettingEdit, ...] = ()
    channels: tuple[ChannelEdit, ...] = ()
    locks: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self.settings or self.channels)


def settings_edits(old: Config | None, new: Config) -> SettingsEdits:
    """How the settings of a config differ from those of another one; None: there is none to compare with."""
    if old is None:
        return SettingsEdits()
    if old.digest == new.digest:
        return SettingsEdits(old.digest)
    settings = [
        *_block("scheduler", SCHEDULER_KEYS, old.settings, new.settings),
        *_block("ledger", LEDGER_KEYS, old.ledger, new.ledger),
        *_block(
            "telemetry",
            TELEMETRY_KEYS,
            old.telemetry or TelemetrySettings(),
            new.telemetry or TelemetrySettings(),
        ),
        *_nodes(old.nodes, new.nodes),
    ]
    old_locks, new_locks = old.settings.locks, new.settings.locks
    return SettingsEdits(
        old.digest,
        tuple(settings),
        tuple(_channels(old.channels, new.channels)),
        tuple(
            name for name in sorted({*old_locks, *new_locks}) if old_locks.get(name) != new_locks.get(name)
        ),
    )


def _block(block: str, keys: Mapping[str, Key], old: object, new: object) -> Iterator[SettingEdit]:
    for word, key in keys.items():
        setting = key.setting
        if setting.value(old) != setting.value(new):
            yield SettingEdit(block, word, setting.shown(old), setting.shown(new))


def _nodes(old: Mapping[str, NodeSettings], new: Mapping[str, NodeSettings]) -> Iterator[SettingEdit]:
    for name in {**new, **old}:
        if old.get(name) != new.get(name):
            before, after = (shown_node(each[name]) if name in each else "none" for each in (old, new))
            yield SettingEdit("nodes", name, before, after)


def _channels(old: Mapping[str, Channel], new: Mapping[str, Channel]) -> Iterator[ChannelEdit]:
    for name in {**new, **old}:
        before, after = old.get(name), new.get(name)
        if before is None:
            yield ChannelEdit(name, "added")
        elif after is None:
            yield ChannelEdit(name, "removed")
        elif before != after:
            differing = (
                name for name in Channel.__struct_fields__ if getattr(before, name) != getattr(after, name)
            )
            yield ChannelEdit(name, "changed", tuple(differing))
