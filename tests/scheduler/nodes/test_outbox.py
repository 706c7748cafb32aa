from __future__ import annotations

import os
from pathlib import Path

import pytest

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.nodes.outbox import Outbox
from tests.support.world import BEGIN


def result(run: int, attempt: int = 1, **members: object) -> Event:
    """How an attempt ended."""
    payload = v.RunFinished(
        trigger="schedule",
        started=BEGIN,
        outcome="succeeded",
        attempt=attempt,
        **members,  # type: ignore[arg-type]
    )
    return v.event(payload, v.SCHEDULER, job="nightly", run=run)


def test_what_is_kept_is_there_for_the_next_process_until_it_is_forgotten(tmp_path: Path) -> None:
    """Whole and the same, in the order of the runs; keeping it again changes nothing."""
    box = Outbox(tmp_path / "outbox")
    assert box.kept() == []
    first = result(7, error="it said \u201cno\u201d", scheduled_for=BEGIN, metrics={"rows": 3.5})
    for event in (result(12, 2), first, first, result(12)):
        box.keep(event)
    assert Outbox(tmp_path / "outbox").kept() in (
        [first, result(12), result(12, 2)],
        [first, result(12, 2), result(12)],
    )
    box.forget(12, 2)
    box.forget(99, 1)
    assert box.kept() == [first, result(12)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"job":"nightly","run":3,"actor":"scheduler"}',
        b'{"job":"nightly","run":3,"actor":"scheduler","finished":{"trigger":"schedule"}}',
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_put_aside(tmp_path: Path, content: bytes) -> None:
    """What somebody else wrote there keeps no result from being recorded, and is not taken for one."""
    box = Outbox(tmp_path)
    box.keep(result(7))
    (tmp_path / "3-1.json").write_bytes(content)
    assert box.kept() == [result(7)]
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".damaged"] == ["3-1.damaged"]
    assert box.kept() == [result(7)]


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "long"])
def test_what_is_no_file_of_ours_is_put_aside(tmp_path: Path, kind: str) -> None:
    """A FIFO or a link keeps no result from being recorded, and nobody waits for it or follows it."""
    box = Outbox(tmp_path / "outbox")
    box.keep(result(7))
    path = tmp_path / "outbox" / "3-1.json"
    if kind == "link":
        path.symlink_to(tmp_path / "outbox" / "7-1.json")
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(b" " * 70_000)
    assert box.kept() == [result(7)]
    assert not os.path.lexists(path)


def test_what_was_kept_for_another_ledger_is_left_alone(tmp_path: Path) -> None:
    """The home came to another database: there a run of the same number is another one."""
    box = Outbox(tmp_path, "a" * 32)
    box.keep(result(7))
    assert Outbox(tmp_path, "b" * 32).kept() == []
    assert box.kept() == [result(7)]


def test_a_copy_of_a_home_forgets_all_that_came_along(tmp_path: Path) -> None:
    """Of whichever ledger it was: the original tells it."""
    box = Outbox(tmp_path, "a" * 32)
    box.keep(result(7))
    (tmp_path / "8-1.json").write_bytes(b"{")
    Outbox(tmp_path).clear()
    assert list(tmp_path.iterdir()) == []
    Outbox(tmp_path / "none").clear()


def test_a_result_under_the_name_of_another_is_not_taken(tmp_path: Path) -> None:
    """A copy of a file under another name would tell of an attempt twice."""
    box = Outbox(tmp_path)
    box.keep(result(7))
    (tmp_path / "8-1.json").write_bytes((tmp_path / "7-1.json").read_bytes())
    assert box.kept() == [result(7)]
