"""`witness status`: the logs that a witness knows, and what it cosigned last of each."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from cli.app.json_output import json_option, show_json
from cli.terminal.printable import show_count
from cli.terminal.tables import Cell, Value, details
from cli.times.show import MACHINES_ZONE, local_zone, show_moment, utc_option
from cli.witness.folder import key_of, state_option, witness_folder

if TYPE_CHECKING:
    from eventstore.proofs.notes.note import VerifierKey
    from scheduler.evidence.witness.folder import WitnessFolder


class _Log(NamedTuple):
    """A log, by its origin: its keys, the size that was cosigned last, and when; None before the first time."""

    origin: str
    keys: list[VerifierKey]
    size: int | None
    time: datetime | None


@click.command(epilog="Example: cronledger witness status --state /srv/witness")
@state_option
@utc_option(MACHINES_ZONE)
@json_option
def status(state: Path, utc: bool, as_json: bool) -> None:
    """Show the key of a witness, the logs that it knows, and what it cosigned last of each.

    A log that has not come for long has no new checkpoint, or is kept from sending it: ask its owner.

    Exit code 2 if there is no key, 3 if something that the witness keeps is damaged.
    """
    with witness_folder(state) as folder:
        key = key_of(folder).verifier_key
        logs = [_log(folder, origin, keys) for origin, keys in folder.logs().items()]
    if as_json:
        show_json({"key": key.text, "logs": [_document(each) for each in logs]})
        return
    zone, now = "UTC" if utc else local_zone(), datetime.now(UTC)
    facts: list[tuple[str, Value]] = [("key", key.text)]
    facts += [("log", [each.origin, *_told(each, zone, now)]) for each in logs]
    details(facts)


def _log(folder: WitnessFolder, origin: str, keys: list[VerifierKey]) -> _Log:
    from eventstore.proofs.errors import InvalidNote
    from eventstore.proofs.notes.cosignature import TIME_S_TOLD_MAX, parse_timed_signature

    last = folder.last(origin)
    if last is None:
        return _Log(origin, keys, None, None)
    note, checkpoint = last
    try:
        time_s = min(parse_timed_signature(note.signatures[-1].signature)[0], TIME_S_TOLD_MAX)
        time = datetime.fromtimestamp(time_s, UTC)
    except InvalidNote:
        time = None  # somebody else wrote this file; `cosign` goes by the size and the root
    return _Log(origin, keys, checkpoint.head.size, time)


def _told(log: _Log, zone: str, now: datetime) -> list[Cell | str]:
    keys = f"by key {', '.join(key.key_id.hex() for key in log.keys)}"
    if log.size is None:
        return [Cell("nothing was cosigned yet", "warn"), keys]
    when = "" if log.time is None else f", {show_moment(log.time, zone, now)}"
    return [f"up to {show_count(log.size, 'leaf', 'leaves')}{when}", keys]


def _document(log: _Log) -> dict[str, object]:
    return {
        "origin": log.origin,
        "keys": [key.text for key in log.keys],
        "size": log.size,
        "time": log.time,
    }
