from __future__ import annotations

import csv
import io
import json
import re
import stat
import subprocess
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from cli.export.cloudevents import source_of
from cli.export.ocsf import LEFT_OUT, OCSF_VIEWS, OF_ENTRIES
from projections import VIEWS
from projections.reports.view_rows import VIEW_ORDERS
from scheduler import vocabulary as v
from tests.cli.export.documents import eventful
from tests.cli.export.ocsf_schema import violations
from tests.support.command import COMMAND, DEADLINE_S, finished
from tests.support.home import LiveHome
from tests.support.ledger import Writer
from tests.support.nodes import joined


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """A home in which everything has happened."""
    return eventful(tmp_path_factory.mktemp("export") / "home")


@pytest.fixture(scope="module")
def exported(home: LiveHome) -> Callable[[str, str], str]:
    """What an export of a view in a format is, each asked for once."""
    return cache(lambda view, form: home.ask("export", view, "--format", form).out)


@pytest.fixture(scope="module")
def counts(home: LiveHome) -> dict[str, int]:
    """How many rows `sql` has of each view."""
    query = ", ".join(f"(SELECT count(*) FROM {view}) AS {view}" for view in VIEWS)
    return dict(home.ask("sql", f"SELECT {query}", "--json").document[0])


def lines(text: str) -> list[Any]:
    """JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


def test_every_view_can_be_exported() -> None:
    """For each view it is known how; its columns are columns of the view."""
    assert VIEW_ORDERS.keys() == VIEWS.keys()
    for view, columns in VIEW_ORDERS.items():
        names = {column.name for column in VIEWS[view]}
        used = {*columns.key, columns.time, *columns.sort, columns.pieces, columns.job} - {""}
        assert used <= names, view


def test_jsonl_is_the_ledger_in_order(home: LiveHome) -> None:
    """Each entry is a line, payloads are objects, and nothing is missing or changed."""
    rows = lines(home.ask("export", "events").out)
    entries = home.entries()
    assert [row["seq"] for row in rows] == list(range(len(entries)))
    for row, entry in zip(rows, entries, strict=True):
        assert row["data"] == msgspec.json.decode(entry.data)
        assert (row["type"], row["hash"], row["job"], row["run"]) == (
            entry.type,
            entry.hash,
            entry.job,
            entry.run,
        )
        assert datetime.fromisoformat(row["time"]) == entry.time


@pytest.mark.parametrize("view", [view for view in VIEW_ORDERS if view not in ("log_entries", "nodes")])
def test_all_formats_hold_the_same_rows(
    home: LiveHome,
    exported: Callable[[str, str], str],
    counts: dict[str, int],
    view: str,
    tmp_path: Path,
) -> None:
    """JSON lines, CSV, Parquet and CloudEvents of a view have the same rows in the same order, as `sql` has."""
    rows = lines(exported(view, "jsonl"))
    assert rows
    assert len(rows) == counts[view]
    table = list(csv.DictReader(io.StringIO(exported(view, "csv"))))
    assert [set(row) for row in table] == [set(row) for row in rows]
    key = VIEW_ORDERS[view].key[0]
    assert [row[key] for row in table] == [str(row[key]) if row[key] is not None else "" for row in rows]
    target = tmp_path / "rows.parquet"
    assert home.ask("export", view, "--format", "parquet", "--output", str(target)).code == 0
    with duckdb.connect() as engine:
        found = engine.execute(f"SELECT {key}::VARCHAR FROM '{target}'").fetchall()
        kinds = {row[0]: row[1] for row in engine.execute(f"DESCRIBE FROM '{target}'").fetchall()}
    assert [row[0] or "" for row in found] == [row[key] for row in table]
    assert kinds == {column.name: column.type for column in VIEWS[view]}
    events = lines(exported(view, "cloudevents"))
    assert [event["data"] for event in events] == (
        [row["data"] for row in rows] if view == "events" else rows
    )


def test_nodes_are_exported(tmp_path: Path) -> None:
    """One row for each that ever served; on one machine there is none, so that the other tests have no use for it."""
    writer = Writer(tmp_path / "home")
    writer.append(joined("a", labels=["db"]), joined("b"))
    writer.close()
    rows = lines(LiveHome(writer.home.root).ask("export", "nodes").out)
    assert [(row["name"], row["state"], row["labels"]) for row in rows] == [
        ("a", "serving", ["db"]),
        ("b", "serving", []),
    ]


@pytest.mark.parametrize("view", [view for view in VIEW_ORDERS if view != "log_entries"])
def test_each_line_is_a_cloudevent(exported: Callable[[str, str], str], view: str) -> None:
    """The specification's SDK accepts each line; ids are unique in their source; attribute names are as allowed."""
    raw = exported(view, "cloudevents").splitlines()
    seen = set()
    for line in raw:
        attributes = json.loads(line)
        event = JSONFormat().read(CloudEvent, line)
        assert event.get_specversion() == "1.0"
        assert (event.get_source(), event.get_id()) not in seen
        seen.add((event.get_source(), event.get_id()))
        for name, value in attributes.items():
            if name != "data":
                assert re.fullmatch("[a-z0-9]{1,20}", name)
                assert isinstance(value, str)
                assert value
                assert not re.search("[\x00-\x1f\x7f-\x9f]", value)
        assert event.get_datacontenttype() == "application/json"
    assert len(seen) == len(raw)


def test_a_cloudevent_says_what_the_entry_says(home: LiveHome) -> None:
    """Type, time, subject and the hash of an entry are attributes; `sequence` sorts as text as entries do."""
    events = lines(home.ask("export", "events", "--format", "cloudevents").out)
    entries = home.entries()
    assert {event["source"] for event in events} == {
        source_of(msgspec.json.decode(entries[0].data)["ledger"])
    }
    for event, entry in zip(events, entries, strict=True):
        assert event["type"] == f"cronledger.{entry.type}"
        assert event["id"] == str(entry.seq)
        assert event["entryhash"] == entry.hash
        assert event.get("run") == (None if entry.run is None else str(entry.run))
        assert datetime.fromisoformat(event["time"]) == entry.time
    assert [event["sequence"] for event in events] == sorted(event["sequence"] for event in events)
    finish = next(event for event in events if event["type"] == "cronledger.run.finished")
    assert finish["subject"] == f"job/nightly/run/{finish['run']}"


@pytest.mark.parametrize("view", OCSF_VIEWS)
def test_each_line_is_a_scheduled_job_activity(home: LiveHome, view: str) -> None:
    """Every event keeps the rules of OCSF 1.8.0 for class 1006, and has an id of its own."""
    events = lines(home.ask("export", view, "--format", "ocsf").out)
    assert events
    for event in events:
        assert violations(event) == []
    assert len({event["metadata"]["uid"] for event in events}) == len(events)


def test_what_happened_is_an_activity_of_ocsf(home: LiveHome) -> None:
    """Create, Update, Disable, Enable, Delete and Start come from the entries that mean them; the rest has names."""
    result = home.ask("export", "events", "--format", "ocsf")
    events = lines(result.out)
    by_code: dict[str, list[Any]] = {}
    for event in events:
        by_code.setdefault(event["metadata"]["event_code"], []).append(event)
    assert [event["activity_name"] for event in by_code["job.defined"]] == ["Create", "Update", "Create"]
    for code, name in {
        "job.disabled": "Disable", "job.enabled": "Enable", "job.removed": "Delete", "run.started": "Start",
        "run.finished": "Finish", "run.skipped": "Skip", "schedule.misfired": "Misfire",
    }.items():  # fmt: skip
        assert {event["activity_name"] for event in by_code[code]} == {name}
    (disabled,) = by_code["job.disabled"]
    assert disabled["actor"]["user"] == {"name": "ann", "type_id": 1, "type": "User"}
    assert disabled["device"]["hostname"] == "ops1"
    assert disabled["status_detail"] == "\u201eno\u201c | <b>"
    (enabled,) = by_code["job.enabled"]
    assert enabled["actor"]["user"]["type"] == "Admin"
    assert enabled["job"]["cmd_line"] == "echo '|' \u20ac"
    assert by_code["job.defined"][0]["job"]["cmd_line"] == "pg_dump '--file=a b'"
    statuses = {event["status_code"]: event["status"] for event in by_code["run.finished"]}
    assert statuses == {
        "succeeded": "Success", "failed": "Failure", "timed_out": "Failure", "cancelled": "cancelled",
    }  # fmt: skip
    assert "5 entries of no job left out" in result.err
    assert len(events) + 5 == len(home.entries())


def test_every_type_is_an_activity_or_left_out_on_purpose() -> None:
    """None of the vocabulary is forgotten, and none is both."""
    assert sorted([*OF_ENTRIES, *LEFT_OUT]) == sorted(v.PAYLOADS)


def test_what_an_export_begins_later_with_is_known(home: LiveHome) -> None:
    """An event's job and machine are the same whether the export began with the ledger or just before it."""
    whole = lines(home.ask("export", "events", "--format", "ocsf").out)
    when = whole[-1]["metadata"]["original_time"]
    assert lines(home.ask("export", "events", "--format", "ocsf", "--since", when).out) == whole[-1:]


def test_since_until_and_job_choose(home: LiveHome) -> None:
    """`--since` is included, `--until` is not, `--job` may be repeated."""
    rows = lines(home.ask("export", "events").out)
    begin, end = rows[3]["time"], rows[7]["time"]
    assert lines(home.ask("export", "events", "--since", begin, "--until", end).out) == rows[3:7]
    weeks, days = (home.ask("export", "events", "--since", since) for since in ("4w", "28d"))
    assert (weeks.code, weeks.out) == (0, days.out)
    jobs = lines(home.ask("export", "events", "--job", "gone", "--job", "nightly").out)
    assert jobs == [row for row in rows if row["job"] in {"gone", "nightly"}]
    assert lines(home.ask("export", "runs", "--job", "gone").out) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evnts"], "did you mean events?"),
        (["events", "--format", "ocfs"], "did you mean ocsf?"),
        (["slots", "--format", "ocsf"], "events, runs, attempts, job_changes"),
        (["runs", "--job", "nighly"], "did you mean nightly?"),
        (["jobs", "--since", "1d"], "as they are now"),
        (["outages", "--job", "nightly"], "of no job"),
        (["runs", "--since", "last week"], "is not a time"),
        (["runs", "--since", "2026-11-23", "--until", "2026-11-22"], "'--since': it is not before --until"),
        (
            [],
            "There are events, runs, attempts, jobs, slots, job_changes, outages, breaches, nodes, log_entries\n",
        ),
        (["runs", "--force"], "--output"),
    ],
)
def test_what_cannot_be_exported(home: LiveHome, arguments: list[str], words: str) -> None:
    """A mistake is said, with what was probably meant: exit code 2, nothing on standard output."""
    result = home.ask("export", *arguments)
    assert (result.code, result.out) == (2, "")
    assert words in result.err


def test_an_empty_home_has_nothing_to_export(tmp_path: Path) -> None:
    """No ledger, no rows, and none is created."""
    home = LiveHome(tmp_path / "home")
    home.configure("jobs: {}\n")
    for form in ("jsonl", "cloudevents", "ocsf"):
        result = home.ask("export", "events", "--format", form)
        assert (result.code, result.out) == (0, "")
    target = tmp_path / "none.parquet"
    assert home.ask("export", "runs", "--format", "parquet", "--output", str(target)).code == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with duckdb.connect() as engine:
        assert engine.execute(f"SELECT count(*) FROM '{target}'").fetchall() == [(0,)]
    assert not home.ledger.exists()


def test_a_damaged_ledger_is_not_exported(tmp_path: Path) -> None:
    """Exit code 3, and no file that would be silently short."""
    home = eventful(tmp_path / "home")
    segment = next(home.ledger.glob("*.jsonl"))
    raw = bytearray(segment.read_bytes())
    raw[raw.index(b'{"seq":9,') + 180] ^= 1
    segment.write_bytes(raw)
    target = tmp_path / "events.jsonl"
    result = home.ask("export", "events", "--output", str(target))
    assert (result.code, result.out) == (3, "")
    assert "entry 9" in result.err
    assert list(tmp_path.iterdir()) == [home.root]


def test_a_reader_that_leaves_early_is_no_failure(home: LiveHome) -> None:
    """`… | head -n 1` gets its line, and nobody complains."""
    command = f"{COMMAND} --home {home.root} export events --format cloudevents | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["id"] == "0"


def test_in_a_pipe_there_is_no_progress(home: LiveHome) -> None:
    """Standard error is empty where nobody watches."""
    assert finished(home.start("export", "events")).err == ""


def test_a_ledger_is_named_by_its_id() -> None:
    """A UUID becomes its URN; whatever else an id may be, it becomes a valid URI."""
    assert source_of("0" * 32) == "urn:uuid:00000000-0000-0000-0000-000000000000"
    assert source_of("a b/c") == "urn:cronledger:a%20b%2Fc"
