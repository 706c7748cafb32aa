"""The outline of a config: which keys stand where, and of the blocks beside the jobs what `status` tells.

It holds no value of a job, for those are in the ledger, and nothing that may be secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scheduler.configuration.model import Config, ConfiguredJob

Line = Annotated[int, msgspec.Meta(ge=0)]
"""Of a file, counted from 1."""


class KeyPlaces(msgspec.Struct, frozen=True):
    """Where the keys of a job are written.

    Attributes:
        written: the keys that the job has itself, each with its line; variables as `env.NAME`.
        inherited: the same for the keys in `defaults:`.
        file: where the job stands: empty for `config.yaml`, else the name of a part, such as `config.d/backup.yaml`.
    """

    written: Mapping[str, int]
    inherited: Mapping[str, int]
    file: str = ""


class HeartbeatOutline(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The heartbeat: the file that is touched, None for that of the home; and whether an address is pinged too."""

    file: str | None
    pings: bool


class Blocks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a config says beside its jobs, as far as `status` tells it.

    Attributes:
        store: the database that the ledger is to be in; None is the home itself.
        key_file: the private key; None for that of the home, or where a command signs.
        key_command: the command that signs: program and arguments.
        anchors: names of those who remember checkpoints, in the order of the config.
        heartbeat: None if there is none.
        sends_telemetry: whether traces, log records and figures are sent.
        channels: the kind of each channel by its name, in the order of the config.
    """

    store: str | None = None
    key_file: str | None = None
    key_command: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    heartbeat: HeartbeatOutline | None = None
    sends_telemetry: bool = False
    channels: dict[str, str] = {}


class _JobOutline(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    lines: dict[str, Line]
    file: str = ""


class Outline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The outline of a config.

    Attributes:
        blocks: what it says beside its jobs.
        defaults: the lines of the keys in `defaults:`.
        jobs: those of each job by its name.
    """

    blocks: Blocks
    defaults: dict[str, Line]
    jobs: dict[str, _JobOutline]

    def places(self, job: str) -> KeyPlaces | None:
        """Where the keys of a job are written; None if the config has no job of that name."""
        found = self.jobs.get(job)
        return None if found is None else KeyPlaces(found.lines, self.defaults, found.file)


def blocks_of(config: Config) -> Blocks:
    """What a config says beside its jobs."""
    ledger, heartbeat, telemetry = config.ledger, config.settings.heartbeat, config.telemetry
    return Blocks(
        store=ledger.store,
        key_file=None if ledger.key is None else ledger.key.file,
        key_command=() if ledger.key is None else tuple(ledger.key.command or ()),
        anchors=tuple(each.name for each in ledger.anchors),
        heartbeat=None
        if heartbeat is None
        else HeartbeatOutline(heartbeat.file, pings=heartbeat.url is not None),
        sends_telemetry=telemetry is not None and telemetry.otlp is not None,
        channels={name: each.kind for name, each in config.channels.items()},
    )


def places_of(job: ConfiguredJob) -> KeyPlaces:
    """Where the keys of a job of a config are written."""
    return KeyPlaces(job.written, job.inherited, job.file)


def outline_of(config: Config) -> Outline:
    """The outline of a config."""
    jobs = {name: _JobOutline(dict(each.written.items()), each.file) for name, each in config.jobs.items()}
    inherited = next((each.inherited for each in config.jobs.values()), {})
    return Outline(blocks_of(config), dict(inherited), jobs)
