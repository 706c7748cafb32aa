"""What this version would do to a home: looked at, and nothing written."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from importlib.util import find_spec
from typing import Final, Literal

import msgspec

from cli.app.config_errors import mistakes_document
from cli.status.findings import ledger_size_bytes
from eventstore.errors import Unavailable
from eventstore.genesis import FORMAT, LedgerCreated
from projections.build.maintenance import status as projection_status
from scheduler import vocabulary as v
from scheduler.configuration.errors import ConfigInvalid
from scheduler.configuration.model import Config
from scheduler.configuration.remarks import missing_telemetry
from scheduler.database.origin import is_on_database
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import config_changes
from scheduler.ledger.view import View
from scheduler.version import VERSION, ReplacedPart, replaced, versions

_TELLING: Final = "opentelemetry"
"""The extra without which jobs run all the same: it is named, and in nobody's way."""
Verdict = Literal["nothing changes", "ready", "in the way", "too old"]


class WroteLast(msgspec.Struct, frozen=True):
    """The scheduler that started last: entry `seq`, when, and the versions of what it was made of."""

    seq: int
    time: datetime
    versions: dict[str, str]


class Newer(msgspec.Struct, frozen=True):
    """The first entry of a type that only a later version knows."""

    seq: int
    type: str


class Outlook(msgspec.Struct, kw_only=True):
    """What this version would do to a home.

    Attributes:
        version: this one.
        verdict: `nothing changes`: the same software served the home last, and all it made is valid. `ready`: it can
            go on with the home. `in the way`: not before something is mended. `too old`: it records nothing here.
        created_by: the software that made the ledger; empty if entry 0 is in an archive that is not here.
        wrote_last: the scheduler that started last; None if none ever did.
        format: of the ledger; there is only one so far, and a later one is refused before anything is said here.
        entries, ledger_bytes: how much it holds.
        newer: an entry that this version does not know.
        parts: name, version used last and version of now, for each part that differs.
        config: what the config is: see `View.config_state`.
        mistakes: what this version refuses in it.
        redefined: the jobs whose definition this version would record anew.
        fold_entries: how many entries are folded at the first start, because no kept state is valid.
        segments, segments_to_project: the full segments, and those of which the projections are made anew.
        projections_current: whether projections of this version are there, or none are needed.
        missing_extras: the extras that this home needs and this installation lacks.
        served_by: the pid of the scheduler that serves now; an upgrade begins with its end.
    """

    version: str = VERSION
    verdict: Verdict = "ready"
    created_by: str
    wrote_last: WroteLast | None
    format: int
    entries: int
    ledger_bytes: int
    newer: Newer | None
    parts: list[ReplacedPart]
    config: str
    mistakes: dict[str, object] | None
    redefined: list[str]
    fold_entries: int
    segments: int
    segments_to_project: int
    projections_current: bool
    missing_extras: list[str]
    served_by: int | None


def missing_extras(home: Home, config: Config | None) -> list[str]:
    """The extras that a home needs and this installation lacks, by name."""
    needed = [("postgresql", "psycopg")] if is_on_database(home) else []
    anchors = () if config is None else config.ledger.anchors
    needed += [("timestamp", "rfc3161_client")] if any(each.kind == "timestamp" for each in anchors) else []
    missing = [extra for extra, module in needed if find_spec(module) is None]
    if config is not None and config.telemetry is not None and config.telemetry.otlp is not None:
        missing += [] if missing_telemetry.is_installed() else [_TELLING]
    return missing


def outlook(view: View, ledger: Ledger) -> Outlook:
    """What this version would do to a home that has a ledger.

    Raises:
        Corrupt, Unavailable: the ledger cannot be trusted or read.
    """
    state = ledger.state
    status = state.scheduler
    projected = projection_status(view.home)
    found = Outlook(
        created_by=_creator(ledger),
        wrote_last=None if status is None else WroteLast(status.seq, status.time, status.versions),
        format=FORMAT,
        entries=state.head.seq + 1,
        ledger_bytes=ledger_size_bytes(view.home),
        newer=None if state.newer is None else Newer(*state.newer),
        parts=[] if status is None else replaced(status.versions, versions()),
        config=view.config_state,
        mistakes=mistakes_document(view.problem) if isinstance(view.problem, ConfigInvalid) else None,
        redefined=_redefined(view),
        fold_entries=view.folded_entries,
        segments=projected.segments,
        segments_to_project=projected.segments - projected.projected,
        projections_current=projected.current or not projected.segments,
        missing_extras=missing_extras(view.home, view.config),
        served_by=None if view.holder is None else view.holder.pid,
    )
    found.verdict = _verdict(found)
    return found


def _creator(ledger: Ledger) -> str:
    with suppress(Unavailable):
        return msgspec.json.decode(next(ledger.store.read(0, 0)).data, type=LedgerCreated).software
    return ""


def _redefined(view: View) -> list[str]:
    """The jobs that are recorded anew though nobody edited the config: this version gives them other definitions."""
    ledger = view.ledger
    if view.config is None or ledger is None or view.config.digest != ledger.state.config:
        return []
    changes = config_changes(ledger.state, view.config, view.now)
    return sorted({each.job for each in changes if each.type == v.JobDefined.TYPE and each.job})


def _verdict(found: Outlook) -> Verdict:
    if found.newer is not None:
        return "too old"
    if set(found.missing_extras) - {_TELLING} or found.config in (
        "rejected",
        "unreadable",
        "untrusted",
        "missing",
    ):
        return "in the way"
    anew = found.redefined or found.segments_to_project or not found.projections_current
    return "ready" if found.parts or anew or found.wrote_last is None else "nothing changes"
