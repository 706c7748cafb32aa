"""How deep JSON may nest: a number of our own, since what the interpreter bears differs from version to version.

The depth is counted in the bytes, before they are decoded. A `RecursionError` is therefore never a judgement on data.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TypeVar

import msgspec

NESTING_MAX = 200
"""The most objects and arrays that may be open at once in JSON, its outermost included."""

DEEP_BYTES_MIN = 2 * (NESTING_MAX + 1)
"""Valid JSON that nests deeper is at least as long as this."""

_T = TypeVar("_T")
_OBJECT_BYTES_MIN = len('{"":')
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class NestsTooDeep(msgspec.DecodeError):
    """JSON that nests deeper than it may."""


def nests_deeper(raw: bytes, levels: int = NESTING_MAX) -> bool:
    """Whether more than so many objects and arrays are open at once, as far as the bytes are JSON.

    The length answers for almost everything; only where it does not are the brackets matched.
    """
    first = raw.find(b"[")  # several times as fast as to count, where there is none
    arrays = raw.count(b"[", first) if first >= 0 else 0
    if arrays + (len(raw) - 1) // _OBJECT_BYTES_MIN < levels:  # the innermost may be a bracket and no more
        return False
    if arrays + raw.count(b"{") <= levels:
        return False
    outside_strings = b"".join(_ESCAPED.sub(b"", raw).split(b'"')[::2])
    brackets = outside_strings.translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > levels


def decode(raw: bytes, kind: type[_T]) -> _T:
    """Decode JSON that anybody may have written.

    Raises:
        msgspec.DecodeError: it is none of this kind, or nests deeper than `NESTING_MAX`.
        UnicodeDecodeError: a text in it is no UTF-8.
    """
    if nests_deeper(raw):
        raise NestsTooDeep(f"JSON that nests deeper than {NESTING_MAX} levels")
    return msgspec.json.decode(raw, type=kind)
