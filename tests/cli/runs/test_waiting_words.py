"""What `jobs run` says of a run that has not started, or whose output is elsewhere, on several machines."""

from __future__ import annotations

import msgspec
import pytest

from cli.runs.runners.via_scheduler import waiting_words
from cli.runs.watch import elsewhere_words
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.nodes.placement import Refusal
from scheduler.rules.runs.waiting_reasons import WaitingReason
from scheduler.rules.state import State
from tests.support.ledger import START, run_finished


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (WaitingReason("assigned", node="db1"), "waits to be started on db1"),
        (WaitingReason("node", label="gpu"), "waits for a node: no node is called gpu or has that label"),
        (
            WaitingReason("node", refusals=[Refusal("db1", "drained", "new disks")]),
            "waits for a node: db1 is drained (new disks)",
        ),
        (
            WaitingReason("capacity", refusals=[Refusal("db1", "full", holders=(7,))]),
            "waits for its turn: db1 has 1 at once already",
        ),
    ],
)
def test_why_no_node_has_started_it_is_said(why: WaitingReason, words: str) -> None:
    """In words that say which node lacks what."""
    assert waiting_words(why, State()) == words


def _ended(node: str | None, printed: int) -> Entry:
    event = v.event(run_finished(START, node=node, stdout_bytes=printed), v.SCHEDULER, job="a", run=4)
    data = msgspec.Raw(msgspec.json.encode(event.data))
    return Entry(9, START, event.type, event.actor, data, 9, "", "", job="a", run=4)


def test_output_that_is_on_another_node_is_pointed_at() -> None:
    """Where something was printed there; on one machine nothing is elsewhere."""
    assert "`cronledger logs show 4` on db1" in elsewhere_words(_ended("db1", 3))
    assert elsewhere_words(_ended("db1", 0)) == ""
    assert elsewhere_words(_ended(None, 3)) == ""
