"""What happened in a life, as it was noted outside of the ledger, and the ledger's lines read as plain JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tests.support.simulated_cluster.machine import JobProcess
from tests.support.simulated_server import DatabaseServer

ENDLESS_S = float("inf")


class CommittedEntry(NamedTuple):
    """A line of the ledger.

    Attributes:
        seq, type, actor, job, run, data: its members; time_s: its `time`, in seconds since the epoch.
        at_s: when it was committed, by the timeline; client: for whom, "node#process" or the name of a person.
        commit: the number of the append that it was part of.
    """

    seq: int
    time_s: float
    type: str
    actor: str
    job: str
    run: int
    data: dict[str, Any]
    at_s: float
    client: str
    commit: int

    @property
    def node(self) -> str:
        """The node for which it was committed."""
        return self.client.partition("#")[0]


class Interval(NamedTuple):
    """A stretch of the timeline."""

    begin_s: float
    end_s: float


class NodeHistory:
    """What befell a node, by the timeline.

    Attributes:
        absent: stretches in which nobody heard of it: no process, a stopped one, or cut off; but for the last one.
        stumbles: stretches in which some call of it met something.
        renewed_s: when the database had each renewal of it.
    """

    def __init__(self) -> None:
        self.absent: list[Interval] = []
        self.stumbles: list[Interval] = []
        self.renewed_s: list[float] = []
        self._since_s: float | None = 0.0

    def note(self, now_s: float, *, there: bool) -> None:
        """Note whether it is there from now on."""
        if there and self._since_s is not None:
            self.absent.append(Interval(self._since_s, now_s))
            self._since_s = None
        elif not there and self._since_s is None:
            self._since_s = now_s

    def all_absent(self, end_s: float) -> list[Interval]:
        """All stretches in which it was not there, up to the end of the life."""
        return self.absent if self._since_s is None else [*self.absent, Interval(self._since_s, end_s)]

    def is_well(self, begin_s: float, end_s: float) -> bool:
        """Whether it was there, and its calls met nothing, all the time between two moments."""
        bad = [*self.all_absent(ENDLESS_S), *self.stumbles]
        return not any(each.begin_s < end_s and each.end_s > begin_s for each in bad)


class History(NamedTuple):
    """A whole life.

    Attributes:
        entries: the ledger.
        processes: every process of a run, on all machines, in the order of their starts.
        nodes: what befell each node.
        away: when the database was away, restarted, or a standby took over.
        acknowledged: the hashes of the entries of which some process was told that they are recorded.
        lost_after_s: after how much silence a node may be given up.
        capacities: how many runs may hold a lock at once, where it is not one.
        ends_s: when the life ended, by the timeline; time_s: by the database's clock, in seconds since the epoch.
    """

    entries: list[CommittedEntry]
    processes: list[JobProcess]
    nodes: dict[str, NodeHistory]
    away: list[Interval]
    acknowledged: set[str]
    lost_after_s: float
    capacities: dict[str, int]
    ends_s: float
    time_s: float


def committed_entries(server: DatabaseServer) -> list[CommittedEntry]:
    """The lines of a server, with who committed them and when."""
    origins = {
        line: (commit.at_s, commit.client, number)
        for number, commit in enumerate(server.commits)
        for line in commit.lines
    }
    return [_entry(line, *origins.get(line, (0.0, "", -1))) for line in server.lines()]


def _entry(line: bytes, at_s: float, client: str, commit: int) -> CommittedEntry:
    members = json.loads(line)
    return CommittedEntry(
        members["seq"],
        seconds(members["time"]),
        members["type"],
        members["actor"],
        members.get("job", ""),
        members.get("run", -1),
        members["data"],
        at_s,
        client,
        commit,
    )


def seconds(time: str) -> float:
    """A time of the ledger, in seconds since the epoch."""
    return datetime.fromisoformat(time).timestamp()


def hashes(lines: Sequence[bytes]) -> set[str]:
    """The hashes of lines."""
    return {json.loads(line)["hash"] for line in lines}
