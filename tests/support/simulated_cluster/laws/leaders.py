"""One leads at a time, by the record; and when it is gone, another one that is well leads within five seconds."""

from __future__ import annotations

from tests.support.simulated_cluster.laws.history import CommittedEntry, History, Interval

FAILOVER_S = 5.0
BEFORE_S = 6.0
"""For so long before, all must have been quiet: who was just disturbed starts counting anew."""
LEADERS_ENTRIES = (
    "schedule.ticked", "schedule.misfired", "schedule.excluded", "run.assigned", "run.skipped", "node.lost",
)  # fmt: skip
"""Types of entries that only a leader decides; but what a person's edit leaves behind, anybody may record."""


def check_leaders(history: History) -> None:
    """Terms grow by one, and nobody else decides for a leader.

    Raises:
        AssertionError: an entry is from somebody who did not lead.
    """
    leader, term = "", 0
    for entry in history.entries:
        where = f"entry {entry.seq}, {entry.type}"
        if entry.type == "leader.elected":
            assert entry.data["term"] == term + 1, f"{where}: term {entry.data['term']} follows {term}"
            assert entry.node == entry.data["node"], f"{where}: {entry.client} elects {entry.data['node']}"
            leader, term = entry.client, entry.data["term"]
        elif entry.type in LEADERS_ENTRIES and entry.actor == "scheduler":
            assert entry.client == leader, f"{where} is from {entry.client}, and {leader or 'nobody'} leads"
        elif entry.type == "node.left" and entry.client == leader:
            leader = ""


def check_failovers(history: History) -> None:
    """When a leader is gone and somebody is well, another one leads soon.

    Raises:
        AssertionError: nobody did.
    """
    elections = [entry for entry in history.entries if entry.type == "leader.elected"]
    for number, elected in enumerate(elections):
        next_s = elections[number + 1].at_s if number + 1 < len(elections) else history.ends_s
        for gone in history.nodes[elected.node].all_absent(history.ends_s):
            if elected.at_s <= gone.begin_s < next_s and gone.end_s - gone.begin_s >= FAILOVER_S:
                _check_gone(history, elected, gone, next_s)


def _check_gone(history: History, leader: CommittedEntry, gone: Interval, next_s: float) -> None:
    begin_s, end_s = gone.begin_s - BEFORE_S, gone.begin_s + FAILOVER_S
    if end_s > history.ends_s or any(each.begin_s < end_s and each.end_s > begin_s for each in history.away):
        return
    well = [
        name for name, node in history.nodes.items() if name != leader.node and node.is_well(begin_s, end_s)
    ]
    if well:
        assert next_s <= end_s, (
            f"{leader.node}, which led, was gone at {gone.begin_s:.3f}; {well} were well, "
            f"and another one led only at {next_s:.3f}"
        )
