"""The check of lines that are read: a line is valid only if every byte of it is as format 1 demands.

The exact definition is `check_line`. `check_lines` applies the same definition to many lines at once, at the speed
of msgspec's C code: lines that decode, and encode again to the same bytes, have format 1's members in format 1's
order and spelling. Other lines go through `check_line`, which either accepts them (a name with escaped characters
encodes differently) or says what is wrong with which byte.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from hashlib import sha256
from operator import gt
from typing import Annotated

import msgspec

from eventstore.nesting import DEEP_BYTES_MIN, NESTING_MAX, nests_deeper
from eventstore.store import Entry, Head

LINE_BYTES_MAX = 65_535
"""The length of the longest line, its LF included."""

LINE_START = b'{"seq":'
"""How each line begins."""

HASH_SUFFIX_BYTES = len(',"hash":""}') + 64
"""The length of what follows the hashed bytes of a line, its LF not included."""

_HASHED = slice(None, -HASH_SUFFIX_BYTES)
_new_hash = sha256().copy
"""A copy costs less than a hash that is begun anew."""

_Count = Annotated[int, msgspec.Meta(ge=0)]
_Name = Annotated[str, msgspec.Meta(min_length=1)]


class Line(
    msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A line's members, in the line's order, as they are checked (readers get an `Entry`)."""

    seq: _Count
    time: str
    type: _Name
    actor: _Name
    job: _Name | msgspec.UnsetType = msgspec.UNSET
    run: _Count | msgspec.UnsetType = msgspec.UNSET
    data: msgspec.Raw
    durable: _Count
    prev: str
    hash: str


class LineTail(msgspec.Struct, frozen=True, gc=False):
    """The result of the cheap check of a single line: its place in the chain, without its payload."""

    seq: int
    durable: int
    prev: str
    hash: str


class BadLine(Exception):
    """Bytes that are no entry, or not the entry that the chain demands here.

    Attributes:
        seq: the position at which an entry was expected.
        offset: where the line begins, in bytes from the beginning of the bytes that were checked.
        expected: what should have stood there.
        found: what stands there.
    """

    def __init__(self, seq: int, offset: int, expected: str, found: str) -> None:
        self.seq, self.offset, self.expected, self.found = seq, offset, expected, found
        super().__init__(f"entry {seq} at byte {offset}: expected {expected}, found {found}")


_TAIL = re.compile(rb',"durable":(0|[1-9][0-9]{0,18}),"prev":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}\Z')
_TAIL_BYTES_MAX = len(',"durable":,"prev":"') + 19 + 64 + 1 + HASH_SUFFIX_BYTES
_HEAD = re.compile(rb'\{"seq":(0|[1-9][0-9]{0,18}),"time":"')
_HEAD_BYTES_MAX = 48

_LINES = msgspec.json.Decoder(Line)
_ENTRIES = msgspec.json.Decoder(Entry)
_TIMES = msgspec.json.Decoder(list[datetime])
_ENCODER = msgspec.json.Encoder()
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")
_BRACE = ord("{")
_TIME_FORM = b"0000-00-00T00:00:00.000000Z"
_DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError)
_SHOWN_BYTES = 48


def seq_of(line: bytes) -> int | None:
    """The `seq` with which a line begins; None if the bytes do not begin as a line does."""
    match = _HEAD.match(line, 0, _HEAD_BYTES_MAX)
    return int(match[1]) if match else None


def tail_of(line: bytes) -> LineTail | None:
    """The cheap check of one line (without LF): its beginning, its end, and its hash over the bytes before.

    Returns:
        Its place in the chain; None if the line does not speak for itself, that is, if its hash is not that of its
        bytes.
    """
    tail = _TAIL.search(line, max(0, len(line) - _TAIL_BYTES_MAX))
    seq = seq_of(line)
    if tail is None or seq is None or len(line) >= LINE_BYTES_MAX:
        return None
    own_hash = tail[3].decode()
    if sha256(line[:-HASH_SUFFIX_BYTES]).hexdigest() != own_hash:
        return None
    return LineTail(seq, int(tail[1]), tail[2].decode(), own_hash)


@cache
def _structure() -> re.Pattern[bytes]:
    """The members of format 1 in a line without LF; where no line is odd, none is compared with this."""
    string = rb'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))++"'
    number = rb"(?:0|[1-9][0-9]*+)"
    time = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
    return re.compile(
        rb'\{"seq":' + number + rb',"time":"' + time + rb'","type":' + string + rb',"actor":' + string
        + rb'(?:,"job":' + string + rb')?(?:,"run":' + number + rb')?,"data":(?P<data>\{.*\}),"durable":'
        + number + rb',"prev":"[0-9a-f]{64}","hash":"[0-9a-f]{64}"\}'
    )  # fmt: skip


def has_structure(line: bytes) -> bool:
    """Whether a line (without LF) has the members of format 1, whatever their values are."""
    return line.isascii() and _structure().fullmatch(line) is not None


def check_line(line: bytes, seq: int, prev: str) -> Line:
    """Check everything about one line (without LF).

    Args:
        line: the bytes.
        seq: the position that the line must have.
        prev: the hash of the entry before it.

    Raises:
        BadLine: the line is not that entry; the error's `offset` is 0.
    """

    def bad(expected: str, found: str) -> BadLine:
        return BadLine(seq, 0, expected, found)

    if len(line) >= LINE_BYTES_MAX:
        raise bad(f"at most {LINE_BYTES_MAX} bytes", f"a line of {len(line) + 1}")
    structure = _structure().fullmatch(line) if line.isascii() else None
    if structure is None:
        raise bad("a line of format 1", shown(line))
    if nests_deeper(structure["data"]):
        raise bad(f"a payload of at most {NESTING_MAX} levels", "one that nests deeper")
    try:
        parsed = _LINES.decode(line)
        _ENTRIES.decode(line)
    except _DECODE_ERRORS as error:
        raise bad("valid JSON of format 1", str(error)) from None
    if bytes(parsed.data) != structure["data"]:
        raise bad("one payload", shown(structure["data"]))
    own_hash = sha256(line[:-HASH_SUFFIX_BYTES]).hexdigest()
    if parsed.hash != own_hash:
        raise bad(f"hash {own_hash} (of these bytes)", f"hash {parsed.hash}")
    if parsed.seq != seq:
        raise bad(f"seq {seq}", f"seq {parsed.seq}")
    if parsed.prev != prev:
        raise bad(f"prev {prev} (hash of entry {seq - 1})", f"prev {parsed.prev}")
    if parsed.durable > seq:
        raise bad(f"durable of at most {seq}", f"durable {parsed.durable}")
    return parsed


def check_lines(block: bytes, seq: int, prev: str, raw: Sequence[bytes] | None = None) -> list[Line]:
    """Check everything about consecutive lines.

    Args:
        block: whole lines, each with its LF; not empty.
        seq: the position of the first.
        prev: the hash of the entry before the first.
        raw: the same lines without their LF, if the caller has split them.

    Raises:
        BadLine: a line is not the entry that it must be; the error is about the first such line.
    """
    raw = lines_of(block) if raw is None else raw
    parsed = _checked_at_once(block, raw, seq, prev)
    if parsed is not None:
        return parsed
    lines: list[Line] = []
    offset = 0
    for line in raw:
        try:
            lines.append(check_line(line, seq, prev))
        except BadLine as bad:
            raise BadLine(seq, offset, bad.expected, bad.found) from None
        prev = lines[-1].hash
        seq += 1
        offset += len(line) + 1
    return lines


def parse_lines(block: bytes, seq: int, prev: str) -> list[Entry]:
    """Check consecutive lines as `check_lines` does, and decode them.

    Raises:
        BadLine: a line is not the entry that it must be; the error is about the first such line.
    """
    check_lines(block, seq, prev)
    return _ENTRIES.decode_lines(block)


def decode_own(block: bytes) -> list[Entry]:
    """Decode lines that this process has just composed.

    Raises:
        TypeError: a payload held raw bytes that are no JSON.
    """
    try:
        return _ENTRIES.decode_lines(block)
    except _DECODE_ERRORS as error:
        raise TypeError(f"a payload is no JSON: {error}") from None


def lines_of(block: bytes) -> list[bytes]:
    """Whole lines, each without its LF."""
    lines = block.split(b"\n")
    lines.pop()
    return lines


def block_of(lines: Sequence[bytes], seq: int) -> bytes:
    """Lines from elsewhere, each with its LF, as one block.

    Args:
        lines: what are to be lines.
        seq: the position of the first.

    Raises:
        BadLine: one of them does not end with the only LF in it; its `offset` is 0.
    """
    block = b"".join(lines)
    if block.count(b"\n") != len(lines) or not all(line.endswith(b"\n") for line in lines):
        for at, line in enumerate(lines):
            if not line.endswith(b"\n") or b"\n" in line[:-1]:
                raise BadLine(seq + at, 0, "one line", shown(line))
    return block


def head_after(lines: Sequence[Line] | Sequence[Entry]) -> Head:
    """The head of a ledger that ends with these lines."""
    return Head(lines[-1].seq, lines[-1].hash)


def shown(raw: bytes) -> str:
    """The beginning of some bytes, as a message shows it."""
    if not raw:
        return "nothing"
    return repr(raw[:_SHOWN_BYTES])[1:] + (f" … ({len(raw)} bytes)" if len(raw) > _SHOWN_BYTES else "")


def _chain_hashes(raw: Sequence[bytes]) -> list[str]:
    """The hash that each line must say of itself."""
    hashes = []
    for line in raw:
        digest = _new_hash()
        digest.update(line[_HASHED])
        hashes.append(digest.hexdigest())
    return hashes


def _checked_at_once(block: bytes, raw: Sequence[bytes], seq: int, prev: str) -> list[Line] | None:
    """The lines, if all of them are certainly the entries that they must be; None if each must be checked."""
    if not block.isascii():
        return None
    try:
        lines = _LINES.decode_lines(block)
        # Entries that were appended at once have one time.
        different_times = {line.time for line in lines}
        times = '","'.join(different_times).encode()
        _TIMES.decode(b'["' + times + b'"]')
    except (*_DECODE_ERRORS, RecursionError):
        return None
    seqs = [line.seq for line in lines]
    if seqs != list(range(seq, seq + len(raw))):
        return None
    if len(block) > LINE_BYTES_MAX and max(map(len, raw)) >= LINE_BYTES_MAX:
        return None
    hashes = _chain_hashes(raw)
    if [line.hash for line in lines] != hashes or [line.prev for line in lines] != [prev, *hashes[:-1]]:
        return None
    if any(map(gt, [line.durable for line in lines], seqs)):
        return None
    # A payload is one JSON value. If it begins with a brace, it is an object.
    payloads = [bytes(line.data) for line in lines]
    if {payload[0] for payload in payloads} != {_BRACE}:
        return None
    if max(map(len, payloads)) >= DEEP_BYTES_MIN and any(
        nests_deeper(payload) for payload in payloads if len(payload) >= DEEP_BYTES_MIN
    ):
        return None
    if times.translate(_DIGITS_TO_ZERO) != b'","'.join([_TIME_FORM] * len(different_times)):
        return None
    return lines if _ENCODER.encode_lines(lines) == block else None
