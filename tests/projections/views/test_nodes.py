"""Nodes in SQL: which there are, who leads, which of them made a run, and how long nobody led."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from projections import open_sql
from scheduler import vocabulary as v
from tests.support.ledger import Writer, run_started
from tests.support.nodes import ANN, assigned, drained, elected, joined, left


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    """A ledger with one segment that is not full."""
    return Writer(tmp_path)


@pytest.fixture
def sealed(tmp_path: Path) -> Writer:
    """A ledger whose segments are full after a few entries, so that most of it is projected."""
    return Writer(tmp_path, segment_entries=5)


def _rows(writer: Writer, query: str) -> list[tuple[Any, ...]]:
    with open_sql(writer.home, threads=1) as sql:
        return sql.execute(query).all()


def test_each_node_stands_there_as_it_was_described_last(writer: Writer) -> None:
    """Serving, drained, left, lost; since when its process serves, what it cannot run, and which one leads."""
    writer.append(joined("a", labels=["db"]), joined("b"), joined("c"), joined("d"), elected("a", 1))
    writer.append(
        joined("a", labels=["db", "ssd"], unfit={"load": "its env PGHOST is not in the config here"})
    )
    writer.append(drained("b", "new disks"), drained("c"), left("c", "SIGINT"))
    lost = v.NodeLost(node="d", silent_since=writer.now, silent_ms=60_000)
    writer.append(v.event(lost, v.SCHEDULER))
    rows = _rows(
        writer,
        "SELECT name, state, leads, term, labels, drained_by, drained_reason, gone_reason, unfit->>'$.load', "
        "gone IS NULL, joined = (SELECT min(time) FROM events WHERE type = 'node.joined') FROM nodes ORDER BY name",
    )
    told = "its env PGHOST is not in the config here"
    assert rows == [
        ("a", "serving", True, 1, ["db", "ssd"], None, None, None, told, True, True),
        ("b", "drained", False, None, [], ANN, "new disks", None, None, True, True),
        ("c", "left", False, None, [], ANN, None, "SIGINT", None, False, True),
        ("d", "lost", False, None, [], None, None, None, None, False, True),
    ]


def test_a_node_that_comes_back_is_as_it_was_drained(writer: Writer) -> None:
    """A new process serves from its own joining on, and whoever drained the node has to resume it."""
    writer.append(joined("a"), elected("a", 1), drained("a"), left("a"))
    writer.append(joined("a", "2"))
    ask = "SELECT state, leads, joined_seq = described_seq FROM (SELECT *, described_seq AS joined_seq FROM nodes)"
    assert _rows(writer, ask) == [("drained", False, True)]
    writer.append(v.event(v.NodeResumed(node="a"), ANN))
    assert _rows(writer, "SELECT state, drained FROM nodes") == [("serving", None)]


def test_runs_and_attempts_name_their_node(sealed: Writer) -> None:
    """Going, ended, retried elsewhere; and there is none where a run has not started, or one machine made it."""
    writer = sealed
    for job in ("alone", "going", "moved", "owed"):
        writer.define(job)
    alone = writer.tick("alone")
    writer.start("alone", alone)
    writer.finish("alone", alone)
    writer.append(joined("a"), joined("b"), elected("a", 1))
    moved, going, owed = writer.tick("moved"), writer.tick("going"), writer.tick("owed")
    writer.append(assigned("a", "moved", moved), assigned("b", "going", going), assigned("b", "owed", owed))
    _start(writer, "moved", moved, "a")
    _start(writer, "going", going, "b")
    writer.finish("moved", moved, "failed", node="a", retry_at=writer.now + timedelta(seconds=1))
    writer.append(assigned("b", "moved", moved, 2))
    _start(writer, "moved", moved, "b", 2)
    writer.finish("moved", moved, attempt=2, node="b")
    assert _rows(writer, "SELECT job, status, node FROM runs ORDER BY job") == [
        ("alone", "finished", None),
        ("going", "running", "b"),
        ("moved", "finished", "b"),
        ("owed", "owed", None),
    ]
    assert _rows(writer, "SELECT job, attempt, node FROM attempts WHERE node IS NOT NULL ORDER BY 1, 2") == [
        ("going", 1, "b"),
        ("moved", 1, "a"),
        ("moved", 2, "b"),
    ]
    assert _rows(writer, "SELECT name, runs_in_flight FROM nodes ORDER BY name") == [("a", 0), ("b", 1)]


def _start(writer: Writer, job: str, run: int, node: str, attempt: int = 1) -> None:
    writer.record(msgspec.structs.replace(run_started(attempt=attempt), node=node), job, run)


def test_a_change_of_leaders_is_an_outage_as_a_restart_is(sealed: Writer) -> None:
    """From when the leader fell silent, or from when it left, until another one leads."""
    writer = sealed
    writer.append(joined("a"), joined("b"), elected("a", 1))
    silent = writer.now
    writer.wait(seconds=10)
    writer.append(elected("b", 2, "silent", former="a", silent_since=silent))
    writer.append(left("a"))
    writer.append(left("b"))
    writer.append(joined("b", "2"))
    writer.append(left("b"))
    writer.append(elected("a", 3, "left", former="b"))
    rows = _rows(
        writer,
        "SELECT kind, duration_ms, o.reason, e.type, e.data->>'$.node' FROM outages AS o JOIN events AS e "
        "ON e.seq = ended_seq ORDER BY began_seq",
    )
    assert rows == [
        ("down", 11_000, "silent", "leader.elected", "b"),
        ("down", 3_000, "SIGTERM", "leader.elected", "a"),
    ]
    writer.append(left("a"))
    assert _rows(writer, "SELECT reason FROM outages WHERE ended IS NULL") == [("SIGTERM",)]
