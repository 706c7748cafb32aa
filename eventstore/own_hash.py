"""Small files of one line of JSON that ends, as an entry does, with the hash of its own bytes: seals and markers."""

from __future__ import annotations

import errno
from hashlib import sha256
from typing import TypeVar

import msgspec

from eventstore.nesting import decode
from eventstore.regular_file import NotRegular, read_regular

OWN_HASH_BYTES_MAX = 65_536
"""Much more than any version writes."""
_HASH = b',"hash":'

_Content = TypeVar("_Content")


def with_own_hash(content: msgspec.Struct) -> bytes:
    """The line that says this."""
    body = msgspec.json.encode(content)[:-1]
    return body + _HASH + _ending(body)


def read_with_own_hash(path: str, kind: type[_Content]) -> _Content | None:
    """What the line in a file says; None if there is no such file. Members that are not known are accepted.

    Raises:
        ValueError: the file cannot be read, or its bytes are not those that were written.
        OSError: the system does not let it be read.
    """
    try:
        raw = read_regular(path, OWN_HASH_BYTES_MAX)
    except FileNotFoundError:
        return None
    except NotRegular as problem:
        raise ValueError(problem.strerror) from None
    except OSError as problem:
        if problem.errno == errno.EFBIG:
            raise ValueError(problem.strerror) from None
        raise
    body, _, own_hash = raw.rpartition(_HASH)
    if own_hash != _ending(body):
        raise ValueError("its hash is not that of its bytes")
    try:
        return decode(raw, kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None


def _ending(body: bytes) -> bytes:
    """The bytes that follow `,"hash":` in a line that begins with `body`."""
    return b'"%b"}\n' % sha256(body).hexdigest().encode()
