"""The judge of the hunt notices what it is there for."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.support.cluster.judge import Entry, entries_of, judge, mirrors_are_prefixes
from tests.support.cluster.witness import Seen


def at(second: int) -> str:
    """A moment."""
    return f"2026-11-23T02:00:{second:02d}Z"


def entry(kind: str, **members: Any) -> Entry:
    """An entry without what chains it."""
    data = members.pop("data", {})
    return {"time": at(0), "type": kind, "actor": "scheduler", **members, "data": data}


def attempt(kind: str, run: int, **data: Any) -> Entry:
    """An entry about the first attempt of a run."""
    return entry(kind, job="tick", run=run, data={"attempt": 1, **data})


def sound() -> list[Entry]:
    """Two instants of a job, one run on each of two nodes."""
    return [
        entry("ledger.created"),
        entry("leader.elected", data={"term": 1, "node": "a"}),
        entry("job.defined", job="tick"),
        entry("schedule.ticked", job="tick", data={"scheduled_for": at(1)}),
        attempt("run.assigned", 3, node="b"),
        attempt("run.started", 3, node="b"),
        attempt("run.finished", 3, outcome="succeeded"),
        entry("schedule.ticked", job="tick", data={"scheduled_for": at(2)}),
        attempt("run.assigned", 7, node="a"),
        attempt("run.started", 7, node="a"),
        attempt("run.finished", 7, outcome="lost"),
    ]


def chained(entries: list[Entry]) -> list[bytes]:
    """The lines of entries, each naming the one before."""
    lines, prev = [], "0" * 64
    for seq, each in enumerate(entries):
        body = json.dumps({"seq": seq, **each, "durable": seq, "prev": prev})[:-1].encode()
        prev = sha256(body).hexdigest()
        lines.append(body + b',"hash":"' + prev.encode() + b'"}\n')
    return lines


SEEN = [
    Seen("start", "tick", 3, 1, "b", 1.0),
    Seen("end", "tick", 3, 1, "b", 1.1),
    Seen("start", "tick", 7, 1, "a", 2.0),
]


def test_what_is_sound_is_counted() -> None:
    """Two instants, two attempts, one leader, one attempt that is lost."""
    verdict = judge(chained(sound()), SEEN, {"tick": 1})
    assert verdict == (2, 2, 1, 1, 0)


def without(index: int) -> Callable[[list[Entry]], None]:
    """Leave one entry out; the last one, since the numbers of runs are places in the ledger."""
    return lambda entries: entries.__delitem__(index)


def twice(index: int) -> Callable[[list[Entry]], None]:
    """Have one entry once more, at the end."""
    return lambda entries: entries.append(entries[index])


def put(index: int, **data: Any) -> Callable[[list[Entry]], None]:
    """Change what one entry says."""

    def change(entries: list[Entry]) -> None:
        entries[index] = {**entries[index], "data": {**entries[index]["data"], **data}}

    return change


def told_as(index: int, kind: str) -> Callable[[list[Entry]], None]:
    """Give one entry another type."""
    return lambda entries: entries[index].update(type=kind)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (twice(3), "how often each was settled"),
        (put(7, scheduled_for=at(3)), "how often each was settled"),
        (twice(5), "started a second time"),
        (twice(4), "is assigned, and began before"),
        (put(5, node="a"), "is b's"),
        (put(1, term=2), "after term 0"),
        (twice(6), "the entries that end them"),
        (without(10), "the entries that end them"),
        (put(10, outcome="succeeded"), "is called a success"),
        (told_as(1, "node.joined"), "nobody leads yet"),
    ],
)
def test_what_must_not_be_is_noticed(change: Callable[[list[Entry]], None], said: str) -> None:
    """One thing amiss in the entries, and the judge says which."""
    entries = sound()
    change(entries)
    with pytest.raises(AssertionError, match=said):
        judge(chained(entries), SEEN, {"tick": 1})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (Seen("start", "tick", 7, 1, "a", 3.0), "ran twice"),
        (Seen("start", "tick", 7, 2, "a", 3.0), "is on record for None"),
        (Seen("end", "tick", 7, 1, "b", 3.0), "is on record for a"),
    ],
)
def test_an_attempt_that_ran_without_leave_is_noticed(more: Seen, said: str) -> None:
    """What attempts wrote themselves is held against the record."""
    with pytest.raises(AssertionError, match=said):
        judge(chained(sound()), [*SEEN, more], {"tick": 1})


def test_a_changed_byte_is_noticed() -> None:
    """A line that does not hash to what it says, and one that does not follow the one before."""
    lines = chained(sound())
    with pytest.raises(AssertionError, match="its hash is not"):
        entries_of([*lines[:3], lines[3].replace(b"tick", b"tock"), *lines[4:]])
    with pytest.raises(AssertionError, match="it does not follow"):
        entries_of([*lines[:3], *lines[4:]])


def test_mirrors_may_be_behind_and_never_other(tmp_path: Path) -> None:
    """How far behind a mirror is, a line that was cut short left aside; one that differs, or is ahead, is noticed."""
    lines = chained(sound())
    mirror = tmp_path / "var" / "mirror"
    mirror.mkdir(parents=True)
    segment = mirror / f"{0:020d}.jsonl"
    segment.write_bytes(b"".join(lines[:4]) + lines[4][:9])
    assert mirrors_are_prefixes(lines, [tmp_path]) == [len(lines) - 4]
    with pytest.raises(AssertionError, match="other bytes"):
        mirrors_are_prefixes(lines[:3], [tmp_path])
    segment.write_bytes(b"".join(lines[:4]).replace(b"tick", b"tock"))
    with pytest.raises(AssertionError, match="other bytes"):
        mirrors_are_prefixes(lines, [tmp_path])
