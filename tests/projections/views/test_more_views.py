from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections import open_sql
from projections.reports.timeline.scheduler_activity import last_activity
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, changed_members
from scheduler.entry_members import Person
from scheduler.home import Home
from tests.projections.histories import ACTS, Act, LongHistory
from tests.support.examples import examples
from tests.support.ledger import START, Writer

ADA = "user:ada@ops1"


def rows(home: Home, query: str) -> list[tuple[Any, ...]]:
    """The answer to a query."""
    with open_sql(home, threads=1) as sql:
        return sql.execute(query).all()


@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTS, max_size=80))
def test_slots_attempts_and_changes_say_what_the_entries_say(acts: list[Act]) -> None:
    """Each instant counts once, each start is one attempt, and each change of a definition names what differs."""
    with TemporaryDirectory() as folder:
        history = LongHistory(Path(folder))
        for act in acts:
            history.act(*act)
        entries = [(entry, v.payload(entry)) for entry in history.writer.journal.read(0)]
        with open_sql(history.writer.home, threads=1) as sql:
            slots = sql.execute("SELECT seq, instants, disposition FROM slots ORDER BY seq").all()
            attempts = sql.execute(
                "SELECT run, attempt, outcome, retry_at, finished_seq, host FROM attempts ORDER BY run, attempt"
            ).all()
            changes = sql.execute(
                "SELECT seq, change, changed, before, after FROM job_changes ORDER BY seq"
            ).all()
        history.writer.close()
    misfires = {entry.seq: data for entry, data in entries if isinstance(data, v.ScheduleMisfired)}
    ticks = [entry.seq for entry, data in entries if isinstance(data, v.ScheduleTicked)]
    left = {seq: data.count - data.will_run for seq, data in misfires.items() if data.count > data.will_run}
    assert {seq: instants for seq, instants, _ in slots} == dict.fromkeys(ticks, 1) | left
    assert {seq for seq, _, disposition in slots if disposition == "misfired"} == set(left)
    finished = {
        (entry.run, data.attempt): (data.outcome, data.retry_at, entry.seq)
        for entry, data in entries
        if isinstance(data, v.RunFinished) and data.closes is None
    }
    starts = [
        (entry.run, data.attempt, data.host) for entry, data in entries if isinstance(data, v.RunStarted)
    ]
    going = (None, None, None)
    assert attempts == [
        (run, attempt, *finished.get((run, attempt), going), host) for run, attempt, host in sorted(starts)
    ]
    _check_changes(entries, changes)


def _check_changes(entries: list[tuple[Any, Any]], changes: list[tuple[Any, ...]]) -> None:
    """Every change against a fold in Python."""
    known: dict[str, JobDefinition] = {}
    present: set[str] = set()
    expected: list[tuple[int, str, list[str], Any, Any]] = []
    for entry, data in entries:
        job = entry.job or ""
        if isinstance(data, v.JobDefined):
            new = data.definition
            if job in present:
                names = sorted(changed_members(known[job], new))
                expected.append((entry.seq, "changed", names, _of(known[job], names), _of(new, names)))
            else:
                expected.append((entry.seq, "defined", [], None, json.loads(msgspec.json.encode(new))))
            known[job] = new
            present.add(job)
        elif isinstance(data, v.JobRemoved):
            expected.append((entry.seq, "removed", [], json.loads(msgspec.json.encode(known[job])), None))
            present.discard(job)
        elif isinstance(data, v.JobEnabled | v.JobDisabled):
            change = "enabled" if isinstance(data, v.JobEnabled) else "disabled"
            expected.append((entry.seq, change, ["enabled"], ..., {"enabled": change == "enabled"}))
    found = [
        (
            seq,
            change,
            changed,
            before if before is None else json.loads(before),
            after if after is None else json.loads(after),
        )
        for seq, change, changed, before, after in changes
    ]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one[:3] == other[:3]
        assert other[3] is ... or one[3] == other[3]
        assert one[4] == other[4]


def _of(definition: JobDefinition, names: list[str]) -> dict[str, Any]:
    """Those members, as far as they are written."""
    written = json.loads(msgspec.json.encode(definition))
    return {name: written.get(name) for name in names}


def test_a_change_says_from_what_to_what(writer: Writer) -> None:
    """A changed definition, a pause, its end and a removal: who, why, until when, before and after."""
    writer.define("nightly", JobDefinition(name="nightly", command="old", schedule="0 2 * * *"))
    writer.define("nightly", JobDefinition(name="nightly", command="new", schedule="0 2 * * *", timeout_ms=5))
    until = START + timedelta(hours=2)
    writer.append(v.event(v.JobDisabled(reason="tapes", until=until), ADA, job="nightly"))
    writer.append(v.event(v.JobEnabled(), v.SCHEDULER, job="nightly"))
    writer.append(v.event(v.JobRemoved(config="c"), v.CONFIG, job="nightly"))
    found = rows(
        writer.home,
        "SELECT change, actor, reason, until, before->>'$.command', after->>'$.command', before->>'$.timeout_ms', "
        "after->>'$.enabled', previous_revision IS NULL FROM job_changes ORDER BY seq",
    )
    assert found == [
        ("defined", "config", None, None, None, "old", None, None, True),
        ("changed", "config", None, None, "old", "new", None, None, False),
        ("disabled", ADA, "tapes", until, None, None, None, "false", True),
        ("enabled", "scheduler", None, None, None, None, None, "true", True),
        ("removed", "config", None, None, "new", None, "5", None, False),
    ]


def test_a_change_says_who_approved_it(writer: Writer) -> None:
    """By the entry that it names; of changes that nobody had to approve it says nothing."""
    free = JobDefinition(name="nightly", command="old", schedule="0 2 * * *")
    writer.define("nightly", free)
    bob = Person(name="bob", by="login")
    for definition in (msgspec.structs.replace(free, approval="required"), None):
        approved = v.ApprovalGiven(request=0, revision="", person=bob)
        approval = writer.append(v.event(approved, "user:svc@web1", job="nightly"))[0].seq
        change: v.Payload = v.JobRemoved(config="c", approval=approval)
        if definition is not None:
            change = v.JobDefined(
                definition=definition, revision="r", config="c", changed=["approval"], approval=approval
            )
        writer.append(v.event(change, v.CONFIG, job="nightly"))
    found = rows(writer.home, "SELECT change, approved_by, approval = seq - 1 FROM job_changes ORDER BY seq")
    assert found == [("defined", None, None), ("changed", "bob", True), ("removed", "bob", True)]


def test_each_kind_of_outage_has_its_row(writer: Writer) -> None:
    """A kill, a stop, a sleeping machine, a set clock, a full disk and a stall, each with what was missed."""
    writer.serve()
    writer.history("nightly", 1)
    died = writer.now
    writer.now += timedelta(hours=1)
    writer.append(v.event(v.JobDisabled(), ADA, job="nightly"))
    writer.serve()
    writer.misfire("nightly", 9, 1)
    writer.misfire("weekly", 2)
    writer.append(v.event(v.SchedulerStopped(reason="SIGTERM"), v.SCHEDULER))
    writer.now += timedelta(minutes=5)
    writer.serve()
    before = writer.now
    slept = v.ClockStepped(kind="suspend", by_ms=60_000, before=before, after=before + timedelta(minutes=1))
    writer.append(v.event(slept, v.SCHEDULER))
    writer.misfire("nightly", 3, reason="suspend")
    back = v.ClockStepped(kind="step", by_ms=-9_000, before=before, after=before - timedelta(seconds=9))
    writer.append(v.event(back, v.SCHEDULER))
    writer.append(v.event(v.SchedulerPaused(reason="no room"), v.SCHEDULER))
    writer.now += timedelta(seconds=29)
    writer.append(v.event(v.SchedulerResumed(paused_ms=30_000), v.SCHEDULER))
    writer.misfire("nightly", 4, 2, reason="ledger_unavailable")
    writer.misfire("nightly", 5, reason="stall")
    writer.append(v.event(v.SchedulerStopped(reason="SIGINT"), v.SCHEDULER))
    found = rows(
        writer.home,
        "SELECT kind, reason, duration_ms, instants_missed, instants_caught_up, jobs_affected, ended IS NULL "
        "FROM outages ORDER BY began_seq, kind",
    )
    assert found == [
        ("down", "died", 3_602_000, 11, 1, 2, False),
        ("down", "SIGTERM", 301_000, 0, 0, 0, False),
        ("suspend", "60000 ms", 60_000, 3, 0, 1, False),
        ("clock_step", "-9000 ms", -9_000, 0, 0, 0, False),
        ("paused", "no room", 30_000, 4, 2, 1, False),
        ("stall", None, 241_000, 5, 0, 1, False),
        ("down", "SIGINT", None, 0, 0, 0, True),
    ]
    assert rows(writer.home, "SELECT min(began) FROM outages") == [(died,)]


def test_what_others_record_is_no_sign_of_a_scheduler(writer: Writer) -> None:
    """One that died ended with its own last entry, whatever was signed in its name since."""
    writer.serve()
    writer.history("nightly", 1)
    died, last = writer.now, writer.journal.head().seq
    writer.now += timedelta(hours=1)
    signed = v.CheckpointSigned(size=2, root="r", key_id="00000001", note="n")
    writer.append(v.event(signed, v.SCHEDULER))
    with open_sql(writer.home) as sql:
        assert last_activity(sql, 0) == (round(died.timestamp() * 1_000_000), last)
    writer.serve()
    assert rows(writer.home, "SELECT kind, reason, began FROM outages") == [("down", "died", died)]


def log_line(day: int, **members: object) -> bytes:
    """A line of a file of log entries."""
    return json.dumps({"time": f"2026-03-{day:02d}T01:00:00.000000Z", **members}).encode() + b"\n"


def test_log_entries_come_from_plain_and_compressed_files(writer: Writer) -> None:
    """Days are read in either form, a file that comes later too; a line that is torn or no JSON is left out."""
    folder = writer.home.logs / "entries"
    query = "SELECT day(time), level, run, message, fields->>'$.n' FROM log_entries ORDER BY time, message"
    with open_sql(writer.home) as sql:
        assert sql.execute(query).all() == []
        folder.mkdir(parents=True)
        (folder / "position.json").write_bytes(b'{"moving":"2026-03-01.jsonl"}')
        (folder / "lock").touch()
        (folder / "2026-03-09.jsonl").touch()
        first = log_line(1, level="info", run=7, message='say "hi", ü\n', fields={"n": 1})
        (folder / "2026-03-01.jsonl.gz").write_bytes(gzip.compress(first))
        (folder / "2026-03-01.jsonl").write_bytes(first)
        assert sql.execute(query).all() == [(1, "info", 7, 'say "hi", ü\n', "1")]
        (folder / "2026-03-02.jsonl").write_bytes(
            log_line(2, level="error") + b"no json\n" + b'{"time":"2026'
        )
        assert sql.execute(query).all()[1:] == [(2, "error", None, None, None)]
        (folder / "2026-03-01.jsonl.gz").unlink()
        (folder / "2026-03-01.jsonl").unlink()
        assert sql.execute(query).all() == [(2, "error", None, None, None)]


def test_log_entries_of_the_past_end_there(writer: Writer) -> None:
    """As of an entry, what was logged after it is not there yet."""
    writer.define("nightly")
    folder = writer.home.logs / "entries"
    folder.mkdir(parents=True)
    (folder / "2026-03-01.jsonl").write_bytes(log_line(1, message="then") + log_line(2, message="later"))
    with open_sql(writer.home, as_of=1) as sql:
        assert sql.execute("SELECT message FROM log_entries").all() == [("then",)]
