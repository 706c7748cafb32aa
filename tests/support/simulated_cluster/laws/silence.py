"""A node is given up only after a silence that was real, and never because the database was away."""

from __future__ import annotations

from bisect import bisect_right

from tests.support.simulated_cluster.laws.history import CommittedEntry, History

SEEN_S = 2.0
"""An outage of the database of this length is seen by everybody who looks each second."""
ROUNDING_S = 1.5
"""Two looks lie up to this far apart: what is counted as silence may be that much longer than it was."""


def check_silence(history: History) -> None:
    """Nobody is lost who was heard.

    Raises:
        AssertionError: a node was given up too early.
    """
    for entry in history.entries:
        if entry.type == "node.lost":
            _check_lost(history, entry)


def _check_lost(history: History, entry: CommittedEntry) -> None:
    node, where = entry.data["node"], f"entry {entry.seq}: {entry.data['node']} is lost at {entry.at_s:.3f}"
    renewed_s = history.nodes[node].renewed_s
    heard_s = renewed_s[bisect_right(renewed_s, entry.at_s) - 1] if renewed_s else 0.0
    silent_s = entry.at_s - heard_s
    assert silent_s >= history.lost_after_s - ROUNDING_S, f"{where}, and was heard {silent_s:.1f} s before"
    for outage in history.away:
        if outage.end_s - outage.begin_s >= SEEN_S and outage.begin_s < entry.at_s:
            back_s = entry.at_s - outage.end_s
            assert back_s >= history.lost_after_s - ROUNDING_S, (
                f"{where}, {back_s:.1f} s after the database came back"
            )
