"""How deep JSON may nest is a number of our own: the same on every Python, and however deep the caller's stack is."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.encoder import compose
from eventstore.entry import BadLine, check_line, check_lines, parse_lines
from eventstore.errors import EventTooDeep
from eventstore.memory import MemoryStore
from eventstore.nesting import NESTING_MAX, decode, nests_deeper
from eventstore.segment import segment_name
from eventstore.store import EMPTY, GENESIS, Event
from eventstore.verify import verify
from tests.support.journal import StepClock, open_journal

DEEP_FRAMES = 500
"""A stack as no command has it; with Python 3.11 it leaves half of what the interpreter bears."""

_JSON = st.recursive(
    st.none() | st.integers() | st.text('[]{}"\\\\a', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('[]{}"\\\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=20,
)


def within(frames: int, what: Callable[[], Any]) -> Any:
    """What this gives when it is called below so many frames."""
    return what() if frames == 0 else within(frames - 1, what)


def nested(levels: int, kind: str) -> dict[str, Any]:
    """A payload of so many levels, itself included."""
    value: Any = 1
    for _ in range(levels - 1):
        value = [value] if kind == "arrays" else {"a": value}
    return {"a": value}


def line_of(payload: dict[str, Any]) -> bytes:
    """An entry 0, LF included, with this payload, whatever a writer says of it; its hash is right."""
    (sound,) = compose([Event(type="a.b", actor="x", data={})], EMPTY, 0, StepClock()())
    written = msgspec.json.encode(payload)
    body = sound.replace(b'"data":{}', b'"data":' + written).rpartition(b',"hash":')[0]
    return b'%b,"hash":"%b"}\n' % (body, sha256(body).hexdigest().encode())


def levels_of(value: Any) -> int:
    """How many objects and arrays are open at once."""
    if isinstance(value, dict | list):
        return 1 + max(map(levels_of, value.values() if isinstance(value, dict) else value), default=0)
    return 0


@pytest.mark.parametrize("frames", [0, DEEP_FRAMES])
@pytest.mark.parametrize("kind", ["objects", "arrays"])
def test_the_deepest_payload_is_written_and_read(kind: str, frames: int) -> None:
    """At the bound nothing is refused, neither by a writer nor by any of the ways to read."""
    payload = nested(NESTING_MAX, kind)
    (line,) = within(
        frames, lambda: compose([Event(type="a.b", actor="x", data=payload)], EMPTY, 0, StepClock()())
    )
    assert line == line_of(payload)
    assert within(frames, lambda: check_line(line[:-1], 0, GENESIS)).seq == 0
    assert len(within(frames, lambda: check_lines(line, 0, GENESIS))) == 1
    (entry,) = within(frames, lambda: parse_lines(line, 0, GENESIS))
    assert within(frames, lambda: decode(bytes(entry.data), dict[str, Any])) == payload


@pytest.mark.parametrize("frames", [0, DEEP_FRAMES])
@pytest.mark.parametrize("kind", ["objects", "arrays"])
@pytest.mark.parametrize("levels", [NESTING_MAX + 1, NESTING_MAX + 100, 5_000, 9_990, 30_000])
def test_a_deeper_line_is_no_entry(levels: int, kind: str, frames: int) -> None:
    """One level more is refused as a thousand more are, with the same words."""
    if levels > NESTING_MAX + 100:
        line = line_of({"a": 1}).replace(
            b'{"a":1}', b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"
        )
        body = line.rpartition(b',"hash":')[0]
        line = b'%b,"hash":"%b"}\n' % (body, sha256(body).hexdigest().encode())
    else:
        line = line_of(nested(levels, kind))
    for read in (
        lambda: check_line(line[:-1], 0, GENESIS),
        lambda: check_lines(line, 0, GENESIS),
        lambda: parse_lines(line, 0, GENESIS),
    ):
        with pytest.raises(BadLine) as caught:
            within(frames, read)
        assert (caught.value.expected, caught.value.found) == (
            "a payload of at most 200 levels",
            "one that nests deeper",
        )


@pytest.mark.parametrize("frames", [0, DEEP_FRAMES])
@pytest.mark.parametrize("kind", ["objects", "arrays"])
@pytest.mark.parametrize("levels", [NESTING_MAX + 1, 2_000, 12_000])
def test_a_deeper_payload_is_not_written(levels: int, kind: str, frames: int) -> None:
    """The writer says so, nothing of the batch is written, and the next append goes through."""
    store = MemoryStore(software="test", clock=StepClock())
    head = store.head()
    batch = [Event(type="a.b", actor="x", data=data) for data in ({"a": 1}, nested(levels, kind))]
    with pytest.raises(EventTooDeep, match=r"a\.b: its payload nests deeper than 200 levels"):
        within(frames, lambda: store.append(batch))
    assert store.head() == head
    assert len(store.append(batch[:1])) == 1


def test_a_ledger_with_a_deeper_entry_is_damaged(tmp_path: Path) -> None:
    """A verification finds it at its place; at the bound it finds nothing."""
    with open_journal(tmp_path / "ledger") as journal:
        (entry,) = journal.append([Event(type="a.b", actor="x", data=nested(NESTING_MAX, "arrays"))])
    assert verify(tmp_path / "ledger").ok
    segment = tmp_path / "ledger" / segment_name(0)
    lines = segment.read_bytes().splitlines(keepends=True)
    body = lines[entry.seq].replace(b"[1]", b"[[1]]").rpartition(b',"hash":')[0]
    lines[entry.seq] = b'%b,"hash":"%b"}\n' % (body, sha256(body).hexdigest().encode())
    segment.write_bytes(b"".join(lines))
    damage = verify(tmp_path / "ledger").first_damage
    assert damage is not None
    assert "one that nests deeper" in str(damage)


@given(_JSON, st.integers(0, 8), st.booleans())
def test_levels_are_counted_as_a_parser_counts_them(value: Any, levels: int, blanks: bool) -> None:
    """Brackets and escapes within strings do not count, and blanks make no difference."""
    raw = json.dumps(value, indent=1 if blanks else None).encode()
    assert nests_deeper(raw, levels) == (levels_of(value) > levels)


@given(st.text('[]{}"\\\\a:,', max_size=60), st.integers(0, 4))
def test_what_is_no_json_is_refused_without_a_look_at_the_stack(text: str, levels: int) -> None:
    """Whatever the bytes are, counting ends; what is cut off is counted as far as it goes."""
    assert isinstance(nests_deeper(text.encode(), levels), bool)
    assert nests_deeper(b"[" * (levels + 1), levels)
    assert nests_deeper(b'{"":' * (levels + 1), levels)
    assert not nests_deeper(b"[" * levels, levels)


def test_files_beside_the_ledger_nest_no_deeper() -> None:
    """What is decoded without being a line of the ledger has the same bound."""
    assert decode(b"[" * NESTING_MAX + b"]" * NESTING_MAX, list[Any])
    for levels in (NESTING_MAX + 1, 5_000, 100_000):
        with pytest.raises(msgspec.DecodeError, match="200 levels"):
            decode(b"[" * levels + b"]" * levels, list[Any])
