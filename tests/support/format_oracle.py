"""An oracle of format 1: whether the files of a ledger are sound, torn or corrupt, said from the specification alone.

It imports nothing of the project and shares no idea with it but the specification (`eventstore`'s docstring): it
reads everything into memory, one line after another, and looks at each character. What it says is compared with what
verification, opening, reading and appending do.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple

Files = Mapping[str, bytes]
Kind = Literal["sound", "torn", "corrupt"]

_ZEROS = "0" * 64
_HEX = re.compile(r"[0-9a-f]{64}\Z")
_COUNT = re.compile(r"(0|[1-9][0-9]*)\Z")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z", re.ASCII)
_NAMES = ["seq", "time", "type", "actor", "job", "run", "data", "durable", "prev", "hash"]


class Verdict(NamedTuple):
    """What a ledger is, and how many entries of it are sound from the first on."""

    kind: Kind
    entries: int
    why: str = ""


class _Bad(Exception):
    """A line that is no entry."""


class _Number(str):
    """A number of a line, as it is written."""

    __slots__ = ()


def _refuse(word: str) -> None:
    raise _Bad(word)


_READER = json.JSONDecoder(
    parse_int=_Number, parse_float=_Number, parse_constant=_refuse, object_pairs_hook=lambda pairs: pairs
)


def _levels(text: str) -> int:
    """How many objects and arrays are open at once in a JSON text."""
    deepest = level = 0
    for character in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        level += (character in "{[") - (character in "}]")
        deepest = max(deepest, level)
    return deepest


def _members(text: str) -> dict[str, tuple[Any, str]]:
    """The members of a line in their order, each decoded and as it is written; nothing but commas between them."""
    found: dict[str, tuple[Any, str]] = {}
    at = 1
    while at < len(text) and text[at] != "}":
        if found:
            if text[at] != ",":
                raise _Bad("something between two members")
            at += 1
        name_end = text.find('":', at)
        name = text[at + 1 : name_end]
        if text[at : at + 1] != '"' or name not in _NAMES or name in found:
            raise _Bad("a member that there is not")
        value, end = _READER.raw_decode(text, name_end + 2)
        found[name] = value, text[name_end + 2 : end]
        at = end
    if text[:1] != "{" or text[at:] != "}":
        raise _Bad("no object")
    return found


def _check_strings(value: Any) -> None:
    """Every character is one: no half of a pair."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, list | tuple):
        for each in value:
            _check_strings(each)


def _check_time(time: str) -> None:
    if not _TIME.match(time):
        raise _Bad("no time")
    try:
        datetime.fromisoformat(time)
    except ValueError:
        raise _Bad("no time") from None


def _entry(line: bytes, seq: int, prev: str) -> dict[str, tuple[Any, str]]:
    """Read the line (without LF) of entry `seq`.

    Raises:
        _Bad: it is not that entry.
    """
    if len(line) + 1 > 65_535 or not line.isascii():
        raise _Bad("too long, or not ASCII")
    try:
        found = _members(line.decode())
        _check_strings([value for value, _ in found.values()])
    except (ValueError, RecursionError) as problem:
        raise _Bad(str(problem)) from None
    if list(found) != [name for name in _NAMES if name in found or name not in ("job", "run")]:
        raise _Bad("members in another order")
    for name in ("seq", "durable", "run"):
        value = found.get(name, (_Number("0"), ""))[0]
        if not isinstance(value, _Number) or not _COUNT.match(value):
            raise _Bad(f"{name} is no count")
    for name in ("time", "type", "actor", "job", "prev", "hash"):
        value = found.get(name, ("x", ""))[0]
        if not isinstance(value, str) or isinstance(value, _Number) or not value:
            raise _Bad(f"{name} is no name")
    if not found["data"][1].startswith("{") or _levels(found["data"][1]) > 200:
        raise _Bad("the payload is no object, or nests too deep")
    _check_time(found["time"][1].strip('"'))
    own = sha256(line[: line.rindex(b',"hash":')]).hexdigest()
    if found["hash"][1] != f'"{own}"' or found["prev"][1] != f'"{prev}"':
        raise _Bad("hash or prev")
    if int(found["seq"][0]) != seq or int(found["durable"][0]) > seq:
        raise _Bad("seq or durable")
    return found


def _speaks(line: bytes) -> int | None:
    """The `durable` of a line, or of its end, that speaks for itself: both its ends and its hash are right."""
    for begin in [at.start() for at in re.finditer(rb'\{"seq":', line)]:
        part = line[begin:]
        end = re.search(rb',"durable":(\d+),"prev":"[0-9a-f]{64}","hash":"([0-9a-f]{64})"\}\Z', part)
        if (
            end is not None
            and re.match(rb'\{"seq":(0|[1-9]\d*),"time":"', part)
            and len(part) < 65_535
            and sha256(part[: end.start(2) - len(b',"hash":"')]).hexdigest().encode() == end[2]
        ):
            return int(end[1])
    return None


def _arrived(rest: bytes) -> bool:
    """Whether the first line of `rest` has arrived whole: LF, no zeros of missing blocks, an edge of an entry."""
    line, lf, _ = rest[:65_535].partition(b"\n")
    zeros = b"\0\0" in line or line.startswith(b"\0") or line.endswith(b"\0")
    edge = line.startswith(b'{"seq":') or re.search(rb',"hash":"[0-9a-f]{64}"\}\Z', line) is not None
    return bool(lf) and not zeros and edge


def _head(files: Files) -> tuple[int, str, int] | None:
    """What `HEAD` says: entry, hash, where its line ends."""
    slots = []
    raw = files.get("HEAD", b"")
    for slot in (raw[:512], raw[512:1024]):
        body, mark, rest = slot.partition(b',"crc":"')
        match = re.fullmatch(
            rb'\{"seq":(0|[1-9]\d{0,18}),"hash":"([0-9a-f]{64})","offset":([1-9]\d{0,18})', body
        )
        crc = re.fullmatch(rb'([0-9a-f]{8})"\} *\n', rest)
        if len(slot) == 512 and mark and match and crc and int(crc[1], 16) == zlib.crc32(body):
            slots.append((int(match[1]), match[2].decode(), int(match[3])))
    return max(slots, default=None)


def _seal_says(raw: bytes, first: int, count: int, segment: bytes, last: str) -> bool:
    """Whether a seal is as it was written, and says what is so."""
    body, mark, rest = raw.rpartition(b',"hash":')
    if not mark or rest != b'"%b"}\n' % sha256(body).hexdigest().encode():
        return False
    try:
        said = json.loads(raw)
    except ValueError:
        return False
    facts = {
        "first": first,
        "count": count,
        "bytes": len(segment),
        "sha256": sha256(segment).hexdigest(),
        "last": last,
    }
    return all(said.get(name) == fact for name, fact in facts.items())


class _Reader:
    """Reads the segments of a ledger from entry 0 on."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.head = _head(files)
        self.next, self.prev = 0, _ZEROS
        self.places: dict[int, tuple[str, int]] = {}
        self.per_segment = 65_536

    def corrupt(self, why: str) -> Verdict:
        return Verdict("corrupt", self.next, why)

    def read(self) -> Verdict:
        firsts = sorted(int(name[:20]) for name in self.files if re.fullmatch(r"\d{20}\.jsonl", name))
        seals = sorted(int(name[:20]) for name in self.files if re.fullmatch(r"\d{20}\.seal", name))
        if not firsts or set(seals) - set(firsts):
            return self.corrupt("a segment is gone")
        for first in firsts:
            if first != self.next:
                return self.corrupt("a segment is missing, or not full")
            last = first == firsts[-1]
            bad = self._segment(first)
            if bad is not None:
                return self._judged(bad, self.files[f"{first:020d}.jsonl"], open_=last and first not in seals)
            if not last and self.next - first < self.per_segment:
                return self.corrupt("a segment is not full")
            if first in seals and not _seal_says(
                self.files[f"{first:020d}.seal"],
                first,
                self.next - first,
                self.files[f"{first:020d}.jsonl"],
                self.prev,
            ):
                return self.corrupt("a seal says otherwise")
        return self._against_head(Verdict("sound", self.next))

    def _segment(self, first: int) -> int | None:
        """Read a segment; where its first bad line begins, if there is one."""
        raw, at = self.files[f"{first:020d}.jsonl"], 0
        while at < len(raw):
            line, lf, _ = raw[at:].partition(b"\n")
            if not lf or self.next == first + self.per_segment:
                return at
            try:
                found = _entry(line, self.next, self.prev)
            except _Bad:
                return at
            if self.next == 0 and not self._created(json.loads(line)):
                return at
            at += len(line) + 1
            self.prev = found["hash"][0]
            self.places[self.next] = self.prev, at
            self.next += 1
        return None

    def _created(self, entry: dict[str, Any]) -> bool:
        """Whether this may be entry 0; how many entries a segment holds is in it."""
        data = entry["data"]
        self.per_segment = data.get("segment_entries", 65_536)
        names = all(isinstance(data.get(name), str) for name in ("ledger", "software"))
        return (
            entry["type"] == "ledger.created" and names and data.get("format") == 1 and self.per_segment >= 1
        )

    def _judged(self, at: int, raw: bytes, *, open_: bool) -> Verdict:
        """Torn or corrupt: a bad line begins at `at`."""
        full = self.next > 0 and self.next % self.per_segment == 0 and at > 0
        known = [durable for line in raw[at:].split(b"\n") if (durable := _speaks(line)) is not None]
        if not open_:
            return self.corrupt("something follows that was written later")
        if self.head is not None and self.head[0] >= self.next:
            return self.corrupt("HEAD reaches further")
        if any(durable > self.next for durable in known):
            return self.corrupt("a later line knows of it")
        if not full and _arrived(raw[at:]):
            return self.corrupt("it has arrived, and is another")
        return self._against_head(Verdict("torn", self.next))

    def _against_head(self, verdict: Verdict) -> Verdict:
        if self.head is not None and self.places.get(self.head[0]) != self.head[1:]:
            return self.corrupt("HEAD names another entry")
        return verdict


def verdict(files: Files) -> Verdict:
    """What a ledger is whose files are these, by name."""
    return _Reader(files).read()
