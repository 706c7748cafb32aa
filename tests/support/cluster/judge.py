"""An independent judge of what several nodes did: from the database's bytes and from what attempts wrote themselves.

It knows format 1 and the meaning of entries, and imports nothing that writes them or decides.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.cluster.witness import Seen

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_OWED = ("schedule.ticked", "run.requested")
Entry = dict[str, Any]


class Verdict(NamedTuple):
    """How much was judged.

    Attributes:
        instants: that were due, each settled once.
        attempts: that wrote that they began.
        terms: how often somebody began to lead.
        lost: attempts that are `lost` on record.
        reported: of which a node told later how they went.
    """

    instants: int
    attempts: int
    terms: int
    lost: int
    reported: int


def entries_of(lines: Sequence[bytes]) -> list[Entry]:
    """The entries, once every line hashes to what it says and names the one before it.

    Raises:
        AssertionError: one does not.
    """
    entries: list[Entry] = []
    prev = "0" * 64
    for seq, line in enumerate(lines):
        body, mark, rest = line.rpartition(b',"hash":"')
        digest = sha256(body).hexdigest()
        assert mark, f"entry {seq}: it has no hash"
        assert rest == digest.encode() + b'"}\n', f"entry {seq}: its hash is not that of its bytes"
        entry = json.loads(line)
        assert (entry["seq"], entry["prev"]) == (seq, prev), f"entry {seq}: it does not follow the one before"
        prev = digest
        entries.append(entry)
    return entries


def judge(lines: Sequence[bytes], seen: Sequence[Seen], periods_s: Mapping[str, int]) -> Verdict:
    """Everything that must hold once all runs are over.

    Args:
        lines: the entries as the database has them.
        seen: what attempts wrote.
        periods_s: the jobs that are due every so many seconds.

    Raises:
        AssertionError: something does not; it says what, and which entry shows it.
    """
    entries = entries_of(lines)
    instants = sum(_instants_are_settled_once(entries, job, every_s) for job, every_s in periods_s.items())
    started = _attempts_start_once(entries, seen)
    _runs_end_once(entries)
    _successes_were_seen(entries, seen)
    types = Counter(entry["type"] for entry in entries)
    return Verdict(instants, started, _terms_grow(entries), _lost(entries), types["run.reported"])


def mirrors_are_prefixes(lines: Sequence[bytes], homes: Sequence[Path]) -> list[int]:
    """How many entries short of the database each home's mirror is, its bytes being those of the database.

    Raises:
        AssertionError: a mirror is ahead, or differs.
    """
    whole = b"".join(lines)
    behind = []
    for home in homes:
        segments = sorted((home / "var" / "mirror").glob("*.jsonl"))
        mirrored = b"".join(path.read_bytes() for path in segments if len(path.stem) == 20)
        # What a node was killed in the middle of is no entry yet.
        committed = mirrored[: mirrored.rfind(b"\n") + 1]
        assert whole.startswith(committed), f"{home}: its mirror has other bytes than the database"
        behind.append(len(lines) - committed.count(b"\n"))
    return behind


def _instants_are_settled_once(entries: Sequence[Entry], job: str, every_s: int) -> int:
    """Each instant from the job's definition to its last one has one tick by schedule, or stands in one misfire."""
    defined = next(entry for entry in entries if entry["type"] == "job.defined" and entry["job"] == job)
    settled: Counter[int] = Counter()
    caught_up: Counter[int] = Counter()
    for entry in entries:
        if entry.get("job") != job:
            continue
        data = entry["data"]
        if entry["type"] == "schedule.ticked":
            ticks = settled if data.get("trigger", "schedule") == "schedule" else caught_up
            ticks[_second(data["scheduled_for"])] += 1
        elif entry["type"] == "schedule.misfired":
            first, last = _second(data["first"]), _second(data["last"])
            passed = range(first, last + 1, every_s)
            assert len(passed) == data["count"], f"entry {entry['seq']}: it counts {data['count']} instants"
            settled.update(passed)
    assert settled, f"{job}: nothing of it was ever due"
    begin_s = _second(defined["time"]) // every_s * every_s + every_s
    due = range(begin_s, max(settled) + 1, every_s)
    wrong = {second: settled[second] for second in sorted({*due, *settled}) if settled[second] != 1}
    assert not wrong, f"{job}: instants, and how often each was settled: {wrong}"
    assert set(due) == set(settled), f"{job}: instants that the schedule does not have"
    twice = {second: times for second, times in caught_up.items() if times > 1}
    assert not twice, f"{job}: instants that were caught up more than once: {twice}"
    return len(due)


def _attempts_start_once(entries: Sequence[Entry], seen: Sequence[Seen]) -> int:
    """No attempt is started twice, on record or in fact; each began where its start says, and was assigned there."""
    assigned: dict[tuple[int, int], str] = {}
    started: dict[tuple[int, int], str] = {}
    for entry in entries:
        if entry["type"] not in {"run.assigned", "run.started"}:
            continue
        attempt = entry["run"], entry["data"]["attempt"]
        node = entry["data"].get("node")
        if entry["type"] == "run.assigned":
            assert attempt not in started, f"entry {entry['seq']}: {attempt} is assigned, and began before"
            assigned[attempt] = node
            continue
        assert attempt not in started, f"entry {entry['seq']}: {attempt} is started a second time"
        assert assigned.get(attempt) == node, f"entry {entry['seq']}: {attempt} is {assigned.get(attempt)}'s"
        started[attempt] = node
    began = Counter((each.run, each.attempt) for each in seen if each.what == "start")
    twice = [attempt for attempt, times in began.items() if times > 1]
    assert not twice, f"attempts that ran twice: {twice}"
    for each in seen:
        on_record = started.get((each.run, each.attempt))
        assert on_record == each.node, f"{each}: its start is on record for {on_record}"
    return len(began)


def ticked(entries: Sequence[Entry]) -> set[str]:
    """The jobs of which an instant fell due and a run is owed."""
    return {entry["job"] for entry in entries if entry["type"] == "schedule.ticked"}


def unended(entries: Sequence[Entry]) -> list[int]:
    """The runs that are owed and have no end yet."""
    owed, ends = _owed_and_ended(entries)
    return [run for run in owed if not ends[run]]


def _runs_end_once(entries: Sequence[Entry]) -> None:
    """Each run that was owed has one end: a final result, or a reason why it was not made."""
    owed, ends = _owed_and_ended(entries)
    wrong = {run: ends[run] for run in owed if len(ends[run]) != 1}
    assert not wrong, f"runs, and the entries that end them: {wrong}"
    assert {run for run, ended in ends.items() if ended} <= owed, "a run ended that nobody owed"


def _owed_and_ended(entries: Sequence[Entry]) -> tuple[set[int], dict[int, list[int]]]:
    """The runs that are or were owed, and the entries that end each."""
    owed = {entry["seq"] for entry in entries if entry["type"] in _OWED}
    ends: dict[int, list[int]] = defaultdict(list)
    for entry in entries:
        final = entry["type"] == "run.finished" and entry["data"].get("retry_at") is None
        if final or entry["type"] == "run.skipped":
            ends[entry["run"]].append(entry["seq"])
    return owed, ends


def _successes_were_seen(entries: Sequence[Entry], seen: Sequence[Seen]) -> None:
    """What is called a success went to its end."""
    ended = {(each.run, each.attempt) for each in seen if each.what == "end"}
    for entry in entries:
        if entry["type"] == "run.finished" and entry["data"]["outcome"] == "succeeded":
            attempt = entry["run"], entry["data"]["attempt"]
            assert attempt in ended, f"entry {entry['seq']}: {attempt} is called a success and did not end"


def _terms_grow(entries: Sequence[Entry]) -> int:
    """Each term is the next one, and the scheduler decides nothing before somebody leads."""
    term = 0
    for entry in entries:
        if entry["type"] == "leader.elected":
            assert entry["data"]["term"] == term + 1, f"entry {entry['seq']}: after term {term}"
            term += 1
        elif entry["type"] in {"schedule.ticked", "schedule.misfired", "run.assigned"}:
            assert term, f"entry {entry['seq']}: nobody leads yet"
    return term


def _lost(entries: Sequence[Entry]) -> int:
    return sum(entry["type"] == "run.finished" and entry["data"]["outcome"] == "lost" for entry in entries)


def _second(text: str) -> int:
    return int((datetime.fromisoformat(text) - _EPOCH) / timedelta(seconds=1))
