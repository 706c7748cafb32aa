"""How deep JSON may nest: our own limit, because the limit of the interpreter differs from version to version.

The depth is counted in the bytes, before they are decoded. So data is never refused by a `RecursionError`.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TypeVar

import msgspec

NESTING_MAX = 200
"""How many objects and arrays may be open at once in JSON, the outermost included."""

DEEP_BYTES_MIN = 2 * (NESTING_MAX + 1)
"""Valid JSON that nests deeper is at least as long as this."""

_OBJECT_BYTES_MIN = len('{"":')

DEEP_OBJECTS_BYTES_MIN = NESTING_MAX * _OBJECT_BYTES_MIN
"""Valid JSON without arrays that nests deeper is at least as long as this."""

_T = TypeVar("_T")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class NestsTooDeep(msgspec.DecodeError):
    """JSON that nests deeper than allowed."""


def nests_deeper(raw: bytes | bytearray, levels: int = NESTING_MAX) -> bool:
    """Whether more than `levels` objects and arrays are open at once, as far as the bytes are JSON.

    For most data the length gives the answer; only otherwise are the brackets matched.
    """
    # If there is none, this is several times faster than to count.
    first = raw.find(b"[")
    arrays = raw.count(b"[", first) if first >= 0 else 0
    # The innermost object may be a single bracket.
    if arrays + (len(raw) - 1) // _OBJECT_BYTES_MIN < levels:
        return False
    if arrays + raw.count(b"{") <= levels:
        return False
    outside_strings = b"".join(re.sub(rb"\\.", b"", raw, flags=re.DOTALL).split(b'"')[::2])
    brackets = outside_strings.translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > levels


def decode(raw: bytes, kind: type[_T]) -> _T:
    """Decode JSON that anybody may have written.

    Raises:
        msgspec.DecodeError: the JSON is not of this type, or nests deeper than `NESTING_MAX`.
        UnicodeDecodeError: a text in the JSON is no UTF-8.
    """
    if nests_deeper(raw):
        raise NestsTooDeep(f"JSON that nests deeper than {NESTING_MAX} levels")
    return msgspec.json.decode(raw, type=kind)
