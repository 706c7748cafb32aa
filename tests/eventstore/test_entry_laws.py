"""Laws of lines: what is composed is what is read, and the fast check accepts exactly what the exact one does."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.encoder import compose, compose_entries
from eventstore.entry import (
    BadLine,
    check_line,
    check_lines,
    parse_lines,
    seq_of,
    tail_of,
)
from eventstore.errors import EventTooDeep
from eventstore.store import EMPTY, GENESIS, Event, Head, PlainPayload
from tests.support.journal import StepClock, event

_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
_NAME = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)
_EVENTS = st.lists(
    st.builds(
        Event,
        type=st.sampled_from(["run.started", "a.b", "job.defined"]),
        actor=_NAME,
        job=st.none() | _NAME,
        run=st.none() | st.integers(-1, 10**12),
        data=st.dictionaries(_TEXT, _JSON, max_size=4),
    ),
    min_size=1,
    max_size=6,
)


def _exactly(block: bytes, seq: int, prev: str) -> bool:
    """Whether the exact check accepts every line."""
    for line in block.split(b"\n")[:-1]:
        try:
            prev = check_line(line, seq, prev).hash
        except BadLine:
            return False
        seq += 1
    return True


def _rehashed(line: bytes, prev: str | None = None) -> bytes:
    """The line with the hash that its bytes have."""
    body = line.rpartition(b',"hash":"')[0]
    return body + b',"hash":"' + sha256(body).hexdigest().encode() + b'"}'


@given(_EVENTS)
def test_what_is_composed_is_what_is_read(events: list[Event]) -> None:
    """Any events become lines from which the same events are read, by us and by any JSON reader."""
    lines, entries = compose_entries(events, EMPTY, 0, StepClock()())
    block = b"".join(lines)
    assert block.isascii()
    assert entries == parse_lines(block, 0, GENESIS)
    assert _exactly(block, 0, GENESIS)
    for given_event, line, entry in zip(events, lines, parse_lines(block, 0, GENESIS), strict=True):
        run = entry.seq if given_event.run == -1 else given_event.run
        assert (entry.type, entry.actor, entry.job, entry.run) == (
            given_event.type,
            given_event.actor,
            given_event.job,
            run,
        )
        assert json.loads(bytes(entry.data)) == given_event.data == json.loads(line)["data"]
        tail = tail_of(line[:-1])
        assert tail is not None
        assert (tail.seq, tail.prev, tail.hash, tail.durable) == (
            entry.seq,
            entry.prev,
            entry.hash,
            entry.durable,
        )


class _Plain(PlainPayload, frozen=True, omit_defaults=True):
    text: str
    numbers: dict[str, float] | None = None
    more: tuple[Any, ...] = ()


def test_a_plain_payload_is_checked_as_any_other() -> None:
    """What needs a closer look is seen behind hundreds of payloads of its kind that need none."""

    def composed(data: Any) -> bytes:
        events = [Event(type="a.b", actor="x", job="j\u00e9", data=_Plain("plain")) for _ in range(3)]
        lines, entries = compose_entries([*events, Event(type="a.b", actor="x", data=data)], EMPTY, 0, at)
        block = b"".join(lines)
        assert block.isascii()
        assert parse_lines(block, 0, GENESIS) == entries
        return bytes(entries[-1].data)

    at = StepClock()()
    for text in ("plain", "null", "\u00e9\u65e5", "\n\x00", '}],"'):
        assert json.loads(composed(_Plain(text)))["text"] == text
    assert json.loads(composed(_Plain("a\udcff")))["text"] == r"a\udcff"
    assert json.loads(composed(_Plain("", {"x": 1.5})))["numbers"] == {"x": 1.5}
    with pytest.raises(ValueError, match="JSON cannot say"):
        composed(_Plain("", {"x": float("nan")}))
    for wrap in (lambda inner: [inner], lambda inner: {"a": inner}):
        inner: Any = {}
        for _ in range(197):
            inner = wrap(inner)
        # The payload, its list and what is in there are 200 levels.
        composed(_Plain("", more=(inner,)))
        with pytest.raises(EventTooDeep):
            composed(_Plain("", more=(wrap(inner),)))


@given(_EVENTS, st.data())
def test_the_fast_check_accepts_nothing_that_the_exact_one_refuses(events: list[Event], data: Any) -> None:
    """Changed lines, with their hashes made right again, are judged alike by both checks."""
    lines = [line[:-1] for line in compose(events, EMPTY, 0, StepClock()())]
    which = data.draw(st.integers(0, len(lines) - 1))
    line = bytearray(lines[which])
    at = data.draw(st.integers(0, len(line) - 1))
    insert = data.draw(
        st.sampled_from([b"", b" ", b"0", b"{}", b",", b'"', b"\r", b"\\", b'"a":1,', b"\xc3\xa9"])
    )
    remove = data.draw(st.integers(0, 3))
    line[at : at + remove] = insert
    if b"\n" in line:
        return
    changed = bytes(line)
    if data.draw(st.booleans()):
        changed = _rehashed(changed)
    lines[which] = changed
    block = b"\n".join(lines) + b"\n"
    if _exactly(block, 0, GENESIS):
        assert len(check_lines(block, 0, GENESIS)) == len(lines)
        return
    with pytest.raises(BadLine) as caught:
        check_lines(block, 0, GENESIS)
    assert which <= caught.value.seq <= which + 1


def _line(**changes: bytes) -> bytes:
    """A line with some members written differently, and the hash of those bytes."""
    members = {
        "seq": b"0",
        "time": b'"2026-11-23T02:00:00.000512Z"',
        "type": b'"a.b"',
        "actor": b'"x"',
        "job": b'"j"',
        "run": b"1",
        "data": b"{}",
        "durable": b"0",
        "prev": b'"' + GENESIS.encode() + b'"',
    } | changes
    body = b"{" + b",".join(b'"%b":%b' % (name.encode(), value) for name, value in members.items() if value)
    return body + b',"hash":"' + sha256(body).hexdigest().encode() + b'"}'


def test_the_sample_line_is_accepted() -> None:
    """The line that the next test spoils is right."""
    assert check_line(_line(), 0, GENESIS).run == 1
    assert len(check_lines(_line() + b"\n", 0, GENESIS)) == 1
    assert check_lines(_line(job=b"", run=b"") + b"\n", 0, GENESIS)[0].job is msgspec.UNSET


@pytest.mark.parametrize(
    "changes",
    [
        {"seq": b"00"},
        {"seq": b"-0"},
        {"seq": b"0.0"},
        {"seq": b"1"},
        {"seq": b'"0"'},
        {"time": b'"2026-11-23T02:00:00.00051Z"'},
        {"time": b'"2026-11-23T02:00:00.000512+00:00"'},
        {"time": b'"2026-11-23 02:00:00.000512Z"'},
        {"time": b'"2026-11-23t02:00:00.000512Z"'},
        {"time": b'"2026-02-30T02:00:00.000512Z"'},
        {"time": b'"2026-11-23T24:00:00.000512Z"'},
        {"time": b"0"},
        {"type": b'""'},
        {"actor": b'""'},
        {"actor": b"null"},
        {"job": b'""'},
        {"job": b"null"},
        {"run": b"null"},
        {"run": b"-1"},
        {"run": b"01"},
        {"run": b"1.0"},
        {"run": b'"1"'},
        {"data": b"[]"},
        {"data": b"1"},
        {"data": b'"{"'},
        {"data": b"null"},
        {"data": b'{},"data":{}'},
        {"data": b'{},"more":{}'},
        {"data": b" {}"},
        {"data": b"{} "},
        {"data": b'{"a":01}'},
        {"data": b'{"a":NaN}'},
        {"data": b'{"a":"\x01"}'},
        {"data": b'{"a":"\xc3\xa9"}'},
        {"data": b'{"a":"\\ud800"}'},
        {"data": b"{" + b'"a":{' * 5000 + b"}" * 5000 + b"}"},
        {"durable": b"1"},
        {"durable": b"-1"},
        {"durable": b"00"},
        {"prev": b'"' + b"0" * 63 + b'"'},
        {"prev": b'"' + b"1" + b"0" * 63 + b'"'},
        {"prev": b"0"},
    ],
    ids=lambda changes: str(changes)[:50],
)
def test_a_line_that_is_not_of_format_1_is_refused(changes: dict[str, bytes]) -> None:
    """Each member is refused in every spelling but its own, though the hash is right."""
    line = _line(**changes)
    with pytest.raises(BadLine):
        check_line(line, 0, GENESIS)
    with pytest.raises(BadLine):
        check_lines(line + b"\n", 0, GENESIS)


@pytest.mark.parametrize("data", [b"[]", b"1", b'"{"', b"null", b'[{},{"a":1}]'])
@pytest.mark.parametrize("at", range(3))
def test_a_payload_that_is_no_object_is_refused_among_others(data: bytes, at: int) -> None:
    """Wherever in a block its line stands, and though the lines around it and its hash are right."""
    lines, prev = [], GENESIS
    for seq in range(3):
        line = _line(seq=b"%d" % seq, prev=b'"%b"' % prev.encode(), data=data if seq == at else b'{"a":{}}')
        lines.append(line + b"\n")
        prev = sha256(line.rpartition(b',"hash":"')[0]).hexdigest()
    with pytest.raises(BadLine) as caught:
        check_lines(b"".join(lines), 0, GENESIS)
    assert (caught.value.seq, caught.value.offset) == (at, sum(map(len, lines[:at])))


@pytest.mark.parametrize("spoil", [b" %b", b"%b ", b"\r%b", b"%b\r", b"", b"{}", b"null", b"\x00"])
def test_bytes_around_a_line_are_refused(spoil: bytes) -> None:
    """Nothing may stand before or behind a line."""
    line = spoil % _line() if b"%b" in spoil else spoil
    with pytest.raises(BadLine):
        check_lines(line + b"\n", 0, GENESIS)
    with pytest.raises(BadLine):
        check_lines(line + b"\n" + _line() + b"\n", 0, GENESIS)


def test_members_in_another_order_are_refused() -> None:
    """The order of the members is part of the format."""
    swapped = _rehashed(_line().replace(b'"type":"a.b","actor":"x"', b'"actor":"x","type":"a.b"'))
    with pytest.raises(BadLine):
        check_lines(swapped + b"\n", 0, GENESIS)


def test_the_first_bad_line_is_named_with_its_offset() -> None:
    """The finding says which entry, where, what was expected and what is there."""
    events = [event(number) for number in range(5)]
    lines = compose(events, EMPTY, 0, StepClock()())
    lines[3] = lines[3].replace(b'"n":3', b'"n":4')
    with pytest.raises(BadLine) as caught:
        check_lines(b"".join(lines), 0, GENESIS)
    assert (caught.value.seq, caught.value.offset) == (3, sum(map(len, lines[:3])))
    assert "hash" in caught.value.expected


def test_a_chain_continues_only_its_own_beginning() -> None:
    """The same line is refused behind any other entry."""
    (line,) = compose([event(1)], Head(6, "a" * 64), 3, StepClock()())
    assert check_line(line[:-1], 7, "a" * 64).durable == 3
    for seq, prev in ((6, "a" * 64), (8, "a" * 64), (7, "b" * 64)):
        with pytest.raises(BadLine):
            check_line(line[:-1], seq, prev)


def test_the_cheap_check_needs_both_ends_and_the_hash() -> None:
    """A line speaks for itself only whole."""
    line = _line()
    assert tail_of(line) is not None
    assert seq_of(b'{"seq":12,"time":"') == 12
    for spoiled in (line[1:], line[:-1], line.replace(b'"a.b"', b'"a.c"'), b"", b'{"seq":1'):
        assert tail_of(spoiled) is None


def test_payload_text_is_ascii_and_compact() -> None:
    """Payloads are written without blanks, and beyond ASCII as escapes."""
    events = [Event(type="a.b", actor="é", data={"a": [1, "é😀"], "b": None})]
    (line,), (entry,) = compose_entries(events, EMPTY, 0, StepClock()())
    assert bytes(entry.data) == b'{"a":[1,"\\u00e9\\ud83d\\ude00"],"b":null}'
    assert b',"actor":"\\u00e9","data":' + bytes(entry.data) + b',"durable":0,' in line
