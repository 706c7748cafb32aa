r"""The encoder of events into lines: the only module that writes format 1.

msgspec encodes a payload as UTF-8; the ledger is ASCII, so other characters are escaped (`\u00e9`). A lone surrogate
(from a file name that is no UTF-8) cannot be written in JSON that others can read: it is written as the six visible
characters `\udc80`. Not-a-number and infinities, which msgspec silently turns into `null`, are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec

from eventstore.entry import LINE_BYTES_MAX
from eventstore.errors import EventTooDeep, EventTooLarge
from eventstore.nesting import DEEP_BYTES_MIN, DEEP_OBJECTS_BYTES_MIN, NESTING_MAX, nests_deeper
from eventstore.store import OWN_SEQ, Entry, Event, Head, PlainPayload

_ENCODER = msgspec.json.Encoder()
_RAW = msgspec.json.Decoder(msgspec.Raw)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_TYPE = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
_ARRAY = ord("[")
_CACHED_NAMES_MAX = 65_536
_new_hash = sha256().copy
"""A copy costs less than a hash that is begun anew: a third of it where the processor's caches hold neither."""


class _Members(msgspec.Struct, gc=False, omit_defaults=True):
    """What a line says before its hash, in the line's order; only `job` and `run` ever have their defaults."""

    seq: int
    time: datetime | str
    type: str
    actor: str
    job: str | None = None
    run: int | None = None
    data: msgspec.Raw = msgspec.Raw()
    durable: int = -1
    prev: str = ""


# Nearly every entry has its type, its names and the kind of its payload from others before it.
_types: set[str] = set()
_names: dict[str, str] = {}
_plain_kinds: set[type] = set()


def compose(events: Sequence[Event], head: Head, durable: int, now: datetime) -> list[bytes]:
    """The lines, LF included, that record the events after `head`.

    Args:
        events: what to record.
        head: the entry before the first of them.
        durable: how many entries are known to be on disk.
        now: the time of all of them; aware.

    Raises:
        EventTooLarge: a line would be longer than 65,535 bytes.
        EventTooDeep: a payload nests deeper than 200 levels.
        TypeError: a payload is no JSON object, or cannot be encoded.
        ValueError: a payload holds a number that JSON does not have, or a type or a name is not valid.
    """
    return compose_entries(events, head, durable, now)[0]


def compose_entries(
    events: Sequence[Event], head: Head, durable: int, now: datetime
) -> tuple[list[bytes], list[Entry]]:
    """The lines that `compose` gives, and the entries that are read from them."""
    if now.tzinfo is not UTC:
        now = _in_utc(now)
    # msgspec leaves out a fraction of zero.
    time = now if now.microsecond else now.isoformat(timespec="microseconds")[:26] + "Z"
    seq, own_hash = head.seq, head.hash
    begun = bytearray()
    lines: list[bytes] = []
    entries: list[Entry] = []
    for event in events:
        seq, prev = seq + 1, own_hash
        type_, run = event.type, event.run
        if type_ not in _types:
            _check_type(type_)
        if run is not None and run < 0:
            run = _own_number(event, seq)
        actor = _names.get(event.actor) or _visible_name(event.actor)
        job = event.job
        if job is not None:
            job = _names.get(job) or _visible_name(job)
        payload = event.data
        try:
            encoded = _ENCODER.encode(payload)
        except (UnicodeEncodeError, RecursionError):
            encoded = _encoded_visibly(event)
        if (
            type(payload) not in _plain_kinds
            or not encoded.isascii()
            or b"null" in encoded
            or (len(encoded) >= DEEP_BYTES_MIN and _may_nest_deeper(encoded))
        ):
            encoded = _exactly(event, encoded)
        data = msgspec.Raw(encoded)
        _ENCODER.encode_into(_Members(seq, time, type_, actor, job, run, data, durable, prev), begun)
        if not begun.isascii():
            begun[:] = escape(begun.decode())
        # What is hashed ends before the closing brace.
        begun.pop()
        digest = _new_hash()
        digest.update(begun)
        own_hash = digest.hexdigest()
        line = b"".join((begun, b',"hash":"', own_hash.encode(), b'"}\n'))
        if len(line) > LINE_BYTES_MAX:
            raise _too_large(event, line)
        lines.append(line)
        entries.append(Entry(seq, now, type_, actor, data, durable, prev, own_hash, job, run))
    return lines, entries


def _in_utc(moment: datetime) -> datetime:
    """A moment as entries say it.

    Raises:
        ValueError: the moment has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("the clock gave a time without a zone")
    return moment.astimezone(UTC)


def escape(text: str) -> bytes:
    r"""JSON text in which every character beyond ASCII is written as `\uXXXX`, or as two of them."""
    return _NOT_ASCII.sub(_escaped, text).encode("ascii")


def _may_nest_deeper(encoded: bytes) -> bool:
    return _ARRAY in encoded or len(encoded) >= DEEP_OBJECTS_BYTES_MIN


def _encoded_visibly(event: Event) -> bytes:
    """A payload that msgspec refused to encode, with its lone surrogates made visible.

    Raises:
        EventTooDeep: it was refused because it nests too deep.
    """
    try:
        return _ENCODER.encode(_without_surrogates(msgspec.to_builtins(event.data)))
    except RecursionError:
        raise _too_deep(event) from None


def _exactly(event: Event, encoded: bytes) -> bytes:
    """An encoded payload about which something is unusual: every check of it, and its ASCII.

    Raises:
        EventTooDeep, TypeError, ValueError: see `compose`.
    """
    if nests_deeper(encoded):
        raise _too_deep(event)
    # msgspec writes a number that JSON does not have as null.
    if b"null" in encoded:
        _refuse_unreal(msgspec.to_builtins(event.data))
    if isinstance(event.data, PlainPayload):
        _plain_kinds.add(type(event.data))
    elif encoded[:1] != b"{" or encoded[-1:] != b"}" or b"\n" in encoded:
        raise TypeError(f"a payload is one JSON object on one line, not {encoded[:40]!r}")
    else:
        try:
            _RAW.decode(encoded)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TypeError(f"a payload is no JSON: {error}") from None
    return encoded if encoded.isascii() else escape(encoded.decode())


def _too_large(event: Event, line: bytes) -> EventTooLarge:
    return EventTooLarge(
        f"{event.type}: its entry would take {len(line)} bytes, {LINE_BYTES_MAX} is the most"
    )


def _too_deep(event: Event) -> EventTooDeep:
    return EventTooDeep(
        f"{event.type}: its payload nests deeper than {NESTING_MAX} levels, which an entry's may not"
    )


def _check_type(name: str) -> None:
    if not _TYPE.fullmatch(name):
        raise ValueError(f"an entry's type is spelled noun.verb, not {name!r}")
    _types.add(name)


def _own_number(event: Event, seq: int) -> int:
    """The number of the run that an event causes, which is its entry's `seq`."""
    if event.run != OWN_SEQ:
        raise ValueError(f"{event.type}: a run's number is the seq of an entry, not {event.run}")
    return seq


def _visible_name(name: str) -> str:
    """A name as it is written: what is no character is visible."""
    if not name:
        raise ValueError("an actor or a job has a name")
    if len(_names) >= _CACHED_NAMES_MAX:
        _names.clear()
    return _names.setdefault(name, _visible(name))


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _visible(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _visible(value)
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value


def _refuse_unreal(value: Any) -> None:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"a payload holds {value}, which JSON cannot say")
    elif isinstance(value, dict):
        for member in value.values():
            _refuse_unreal(member)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_unreal(item)
