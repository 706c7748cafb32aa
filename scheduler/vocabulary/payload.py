"""Decoding payloads: what an entry says, as the Struct of its type; or which member of it does not fit."""

from functools import cache
from typing import Any, ClassVar

import msgspec

from eventstore.store import Entry, PlainPayload


class Payload(PlainPayload, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """Base of all payloads: what the type adds to who, when and about which job and run."""

    TYPE: ClassVar[str]


class UnfitPayload(msgspec.ValidationError):
    """An entry that is whole has a payload that is not what its type says.

    No program of this project records one. Nothing that rests on a fold of the entries can go on behind it.

    Attributes:
        seq: the entry.
        type: its type.
        member: the member of the payload that does not fit, or that is missing; empty if it is not one alone.
        why: that, as a clause.
    """

    def __init__(self, seq: int, entry_type: str, member: str) -> None:
        self.seq, self.type, self.member = seq, entry_type, member
        what = f"member {member} of its payload" if member else "its payload"
        self.why = f"{what} is not what its type says"
        super().__init__(f"entry {seq}, {entry_type}: {self.why}")


def decode(entry: Entry, payload: type[msgspec.Struct]) -> Any:
    """The entry's payload as this Struct.

    Raises:
        UnfitPayload: it is not one.
    """
    try:
        return _decoder(payload).decode(entry.data)
    except msgspec.ValidationError:
        raise UnfitPayload(entry.seq, entry.type, _unfit_member(bytes(entry.data), payload)) from None


def fits(data: object, payload: type[msgspec.Struct]) -> bool:
    """Whether a decoded document is a payload of this Struct."""
    try:
        msgspec.convert(data, payload)
    except msgspec.ValidationError:
        return False
    return True


_decoder = cache(msgspec.json.Decoder)


def prepare(*payloads: type[msgspec.Struct]) -> None:
    """Make now what the first entry of each would otherwise make: that takes milliseconds."""
    for payload in payloads:
        _decoder(payload)


def _unfit_member(data: bytes, payload: type[msgspec.Struct]) -> str:
    try:
        members = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return ""
    for field in msgspec.structs.fields(payload):
        raw = members.get(field.encode_name)
        if raw is None:
            if field.required:
                return field.encode_name
            continue
        try:
            msgspec.json.decode(raw, type=field.type)
        except msgspec.ValidationError:
            return field.encode_name
    return ""
