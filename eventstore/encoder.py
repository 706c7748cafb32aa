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
from eventstore.nesting import DEEP_BYTES_MIN, NESTING_MAX, NestsTooDeep, nests_deeper
from eventstore.store import OWN_SEQ, Event, Head

_ENCODER = msgspec.json.Encoder()
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_TYPE = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
_QUOTED_TIME_BYTES = len('"2026-11-23T02:00:00.000512Z"')
_CACHED_NAMES_MAX = 65_536

_types: dict[str, bytes] = {}
_names: dict[str, bytes] = {}


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
    seq, prev = head.seq, head.hash.encode()
    time = b',"time":"%b","type":' % time_text(now)
    lines = []
    for event in events:
        seq += 1
        subject = _subject(event, seq)
        try:
            data = encode_payload(event.data)
        except (NestsTooDeep, RecursionError):
            raise EventTooDeep(
                f"{event.type}: its payload nests deeper than {NESTING_MAX} levels, which an entry's may not"
            ) from None
        body = b'{"seq":%d%b%b,"actor":%b%b,"data":%b,"durable":%d,"prev":"%b"' % (
            seq,
            time,
            _types.get(event.type) or _encode_type(event.type),
            _names.get(event.actor) or _encode_name(event.actor),
            subject,
            data,
            durable,
            prev,
        )
        prev = sha256(body).hexdigest().encode()
        line = b'%b,"hash":"%b"}\n' % (body, prev)
        if len(line) > LINE_BYTES_MAX:
            raise EventTooLarge(
                f"{event.type}: its entry would take {len(line)} bytes, {LINE_BYTES_MAX} is the most"
            )
        lines.append(line)
    return lines


def time_text(moment: datetime) -> bytes:
    """A moment as it is written in entries: RFC 3339, UTC, six digits, `Z`.

    Raises:
        ValueError: the moment has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("the clock gave a time without a zone")
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    # This is several times faster than `isoformat`, but leaves out a fraction of zero.
    quoted = _ENCODER.encode(moment)
    if len(quoted) == _QUOTED_TIME_BYTES:
        return quoted[1:-1]
    return moment.isoformat(timespec="microseconds")[:26].encode() + b"Z"


def encode_payload(data: Any) -> bytes:
    """A payload as ASCII JSON.

    Raises:
        TypeError: the payload is no JSON object, or msgspec cannot encode it.
        ValueError: the payload holds a NaN or an infinity.
        NestsTooDeep, RecursionError: the payload nests deeper than an entry's payload may.
    """
    try:
        encoded = _ENCODER.encode(data)
    except UnicodeEncodeError:
        encoded = _ENCODER.encode(_without_surrogates(msgspec.to_builtins(data)))
    if len(encoded) >= DEEP_BYTES_MIN and nests_deeper(encoded):
        raise NestsTooDeep
    # msgspec writes a number that JSON does not have as null.
    if b"null" in encoded:
        _refuse_unreal(msgspec.to_builtins(data))
    if encoded[:1] != b"{" or encoded[-1:] != b"}" or b"\n" in encoded:
        raise TypeError(f"a payload is one JSON object on one line, not {encoded[:40]!r}")
    return encoded if encoded.isascii() else escape(encoded.decode())


def escape(text: str) -> bytes:
    r"""JSON text in which every character beyond ASCII is written as `\uXXXX`, or as two of them."""
    return _NOT_ASCII.sub(_escaped, text).encode("ascii")


def _subject(event: Event, seq: int) -> bytes:
    """The members `job` and `run`, each only if the event has it."""
    job, run = event.job, event.run
    text = b"" if job is None else b',"job":' + (_names.get(job) or _encode_name(job))
    if run is None:
        return text
    if run == OWN_SEQ:
        run = seq
    if run < 0:
        raise ValueError(f"{event.type}: a run's number is the seq of an entry, not {run}")
    return text + b',"run":%d' % run


def _encode_type(name: str) -> bytes:
    if not _TYPE.fullmatch(name):
        raise ValueError(f"an entry's type is spelled noun.verb, not {name!r}")
    return _remember(_types, name, b'"%b"' % name.encode())


def _encode_name(name: str) -> bytes:
    if not name:
        raise ValueError("an actor or a job has a name")
    return _remember(_names, name, escape(_ENCODER.encode(_visible(name)).decode()))


def _remember(cache: dict[str, bytes], name: str, encoded: bytes) -> bytes:
    if len(cache) >= _CACHED_NAMES_MAX:
        cache.clear()
    cache[name] = encoded
    return encoded


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
