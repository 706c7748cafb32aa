"""Everything about one run, in words and for programs: what each entry about it says, and its number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cli.ledger.entry_json import members
from cli.runs.settled_run import SettledRun
from cli.terminal.printable import printable
from cli.terminal.tables import Cell, Value
from cli.times.show import show_duration, show_size, show_time
from cli.words.entry_lines import sentence
from cli.words.words import because, command_words, lateness_words, trigger_words
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import Trigger
from scheduler.ledger.run_record import RunRecord
from scheduler.rules.runs.attempts import settles
from scheduler.wording.causes import claimed_actor_words, waits_clause
from scheduler.wording.outcomes import items_words


class DefinitionInForce(NamedTuple):
    """The definition of a run's job when it was owed, and the entry that recorded it."""

    definition: JobDefinition
    revision: str
    entry: int


class RunReport:
    """What is told about a run.

    Args:
        record: what is on record about it.
        because_of: the entry that shows why it was skipped, if it was.
        in_force: the definition of its job; None if the ledger has none.
        now: the present moment.
    """

    def __init__(
        self, record: RunRecord, because_of: Entry | None, in_force: DefinitionInForce | None, now: datetime
    ) -> None:
        self._record, self._because_of, self._in_force, self._now = record, because_of, in_force, now
        self._cause = v.payload(record.cause)
        self._end = None if record.end is None else v.payload(record.end)
        self._starts = record.of_type(v.RunStarted)
        self._retried = [entry for entry in record.of_type(v.RunFinished) if not settles(entry)]

    @property
    def trigger(self) -> Trigger:
        """Why it was made."""
        cause = self._cause
        return cause.trigger if isinstance(cause, v.ScheduleTicked) else "manual"

    def facts(self, zone: str) -> Iterator[tuple[str, Value]]:
        """For people: each fact with the entries that prove it; times in `zone`."""
        record, cause = self._record, self._cause
        yield "result", self._result(zone)
        yield "job", record.cause.job or ""
        if isinstance(cause, v.ScheduleTicked):
            late = lateness_words(cause.lateness_ms, cause.trigger)
            yield "due", _proved(f"{show_time(cause.scheduled_for, zone)}, found {late}", record.cause)
            yield "trigger", self._trigger(zone)
        else:
            who = claimed_actor_words(record.cause.actor, cause.claims)
            asked = f"by {who}, at {show_time(record.cause.time, zone)}{because(cause.reason)}"
            yield "requested", _proved(asked, record.cause)
            if cause.retry_of is not None:
                instant = cause.original_scheduled_for
                due = "" if instant is None else f", which was due {show_time(instant, zone)}"
                yield "retry of", f"run {cause.retry_of}{due}"
            if cause.parameters:
                yield "parameters", ", ".join(cause.parameters)
        if self._in_force is not None:
            yield "definition", f"revision {self._in_force.revision} [entry {self._in_force.entry}]"
            yield "command", command_words(self._in_force.definition)
        yield from self._started_facts(zone)
        if isinstance(self._end, v.RunFinished):
            yield from self._end_facts(self._end)

    def _result(self, zone: str) -> Value:
        end = self._record.end
        if end is not None:
            cell = SettledRun.of(end).outcome_cell(self._because_of)
            because_of = "" if self._because_of is None else f", {self._because_of.seq}"
            noun = "entries" if because_of else "entry"
            when = f"at {show_time(end.time, zone)} [{noun} {end.seq}{because_of}]"
            return [cell, when]
        asked = self._record.of_type(v.RunCancelRequested)
        since = self._starts[-1].time if self._starts else self._record.cause.time
        lasts = show_duration(max(0, (self._now - since) // timedelta(milliseconds=1)))
        words = f"running for {lasts}" if self._starts else f"waits to be started, for {lasts}"
        if (at := self._next_attempt_at) is not None:
            words = f"waits for attempt {len(self._starts) + 1}, due at {show_time(at, zone)}"
        return Cell(f"{words}, asked to stop" if asked else words, "warn" if asked else "plain")

    @property
    def _next_attempt_at(self) -> datetime | None:
        """When its next attempt is due; None if it waits for none."""
        if self._record.end is not None or not self._retried:
            return None
        ended: v.RunFinished = v.payload(self._retried[-1])
        return ended.retry_at if self._retried[-1].seq > self._starts[-1].seq else None

    def _trigger(self, zone: str) -> str:
        words = trigger_words(self.trigger)
        promise = self._record.promise
        return words if promise is None else _proved(f"{words}: {sentence(promise, zone)}", promise)

    def _started_facts(self, zone: str) -> Iterator[tuple[str, Value]]:
        told = []
        for entry in self._starts:
            start: v.RunStarted = v.payload(entry)
            attempt = f"attempt {start.attempt}, " if start.attempt > 1 or len(self._starts) > 1 else ""
            node = "" if start.node is None else f"node {printable(start.node)}, "
            where = f"on {node}{start.host}, watched by process {start.executor_pid}"
            told.append(_proved(f"{show_time(entry.time, zone)}, {attempt}{where}", entry))
        if told:
            yield "started", told
        last: v.RunStarted | None = v.payload(self._starts[-1]) if self._starts else None
        if last is not None and last.locks:
            yield "locks", ", ".join(last.locks)
        if last is not None and (waits := waits_clause(last)):
            yield "had waited", waits
        if self._retried:
            yield "tried again", [_proved(sentence(each, zone), each) for each in self._retried]
        for name, payload in (("taken over", v.RunAdopted), ("asked to stop", v.RunCancelRequested)):
            entries = self._record.of_type(payload)
            if entries:
                yield (
                    name,
                    [
                        _proved(f"{show_time(each.time, zone)}, {sentence(each, zone)}", each)
                        for each in entries
                    ],
                )

    @staticmethod
    def _end_facts(end: v.RunFinished) -> Iterator[tuple[str, Value]]:
        if end.duration_ms is not None:
            yield "took", show_duration(end.duration_ms)
        if end.exit_code is not None:
            yield "exit code", str(end.exit_code)
        if end.signal is not None:
            yield "signal", str(end.signal)
        if end.cpu_ms is not None:
            yield "processor", show_duration(end.cpu_ms)
        if end.memory_peak_bytes is not None:
            yield "memory", f"{show_size(end.memory_peak_bytes)} at most"
        for name, size, digest in (
            ("stdout", end.stdout_bytes, end.stdout_sha256),
            ("stderr", end.stderr_bytes, end.stderr_sha256),
        ):
            yield name, f"{show_size(size)}, SHA-256 {digest}" if digest else show_size(size)
        if end.error:
            yield "error", Cell(end.error, "bad")
        if end.message:
            yield "message", end.message
        if counts := items_words(end.items_processed, end.items_failed):
            yield "items", counts
        if end.metrics:
            yield "metrics", [f"{name}: {value}" for name, value in end.metrics.items()]
        if end.survivors:
            yield "still there", [f"process {each.pid} ({each.program})" for each in end.survivors]

    def document(self) -> dict[str, Any]:
        """For programs: the members of a row of `jobs history`, what else is known, and the entries."""
        record, cause, force = self._record, self._cause, self._in_force
        tick = cause if isinstance(cause, v.ScheduleTicked) else None
        request = cause if isinstance(cause, v.RunRequested) else None
        return {
            **self._row(),
            "owed_at": record.cause.time,
            "lateness_ms": None if tick is None else tick.lateness_ms,
            "actor": record.cause.actor,
            "reason": "" if request is None else request.reason,
            "parameters": [] if request is None else request.parameters,
            "retry_of": None if request is None else request.retry_of,
            "original_scheduled_for": None if request is None else request.original_scheduled_for,
            "claims": None if request is None else request.claims,
            "definition": None if force is None else {"revision": force.revision, "entry": force.entry},
            "misfire": None if record.promise is None else record.promise.seq,
            "slots": self._end.slots if isinstance(self._end, v.RunSkipped) else [],
            "locks": v.payload(self._starts[-1]).locks if self._starts else {},
            "waited_for": _waited_for(v.payload(self._starts[-1])) if self._starts else None,
            "lock": self._end.lock if isinstance(self._end, v.RunSkipped) else None,
            "survivors": self._end.survivors if isinstance(self._end, v.RunFinished) else [],
            "entries": [{**members(entry), "sentence": sentence(entry)} for entry in record.entries],
        }

    def _row(self) -> dict[str, Any]:
        if self._record.end is not None:
            return SettledRun.of(self._record.end).members()
        start = v.payload(self._starts[-1]) if self._starts else None
        return dict.fromkeys(SettledRun.__struct_fields__) | {
            "run": self._record.cause.seq,
            "job": self._record.cause.job,
            "trigger": self.trigger,
            "status": "owed" if start is None else "running" if self._next_attempt_at is None else "waiting",
            "scheduled_for": getattr(self._cause, "scheduled_for", None),
            "started": self._starts[-1].time if self._starts else None,
            "attempt": None if start is None else start.attempt,
            "retry_at": self._next_attempt_at,
        }


def _waited_for(start: v.RunStarted) -> dict[str, Any]:
    return {"run": start.waited_behind, "lock": start.waited_for, "slots": start.slots}


def _proved(words: str, *entries: Entry) -> str:
    noun = "entry" if len(entries) == 1 else "entries"
    return f"{words} [{noun} {', '.join(str(entry.seq) for entry in entries)}]"
