"""By the record, no node has more runs than it takes, no lock more holders than it may, and overlap is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.simulated_cluster.laws.history import CommittedEntry, History


class BegunRun:
    """A run that holds its slot: it was assigned, or has started."""

    def __init__(self, job: str, node: str, locks: list[str]) -> None:
        self.job, self.node, self.locks = job, node, locks
        self.started = False


class CapacityAuditor:
    """The runs that have begun, entry by entry."""

    def __init__(self, capacities: dict[str, int]) -> None:
        self._capacities = capacities
        self._slots: dict[str, int] = {}
        self._serving: set[str] = set()
        self._drained: set[str] = set()
        self._processes: dict[str, str] = {}
        self._definitions: dict[str, dict[str, Any]] = {}
        self._begun: dict[int, BegunRun] = {}
        self._lost: CommittedEntry | None = None

    def look(self, entry: CommittedEntry) -> None:
        """Take in one more entry.

        Raises:
            AssertionError: a run began that had to wait, or where none may begin.
        """
        data = entry.data
        if self._lost is not None and entry.commit != self._lost.commit:
            self._check_lost(self._lost)
            self._lost = None
        match entry.type:
            case "job.defined":
                self._definitions[entry.job] = data["definition"]
                self._take_back(lambda run: run.job == entry.job)
            case "node.joined":
                self._slots[data["node"]] = data["max_parallel"]
                self._serving.add(data["node"])
                if self._processes.get(data["node"]) != data["incarnation"]:
                    self._processes[data["node"]] = data["incarnation"]
                    self._take_back(lambda run: run.node == data["node"])
            case "node.left" | "node.lost":
                self._serving.discard(data["node"])
                self._take_back(lambda run: run.node == data["node"])
                if entry.type == "node.lost":
                    self._lost = entry
            case "node.drained":
                self._drained.add(data["node"])
            case "node.resumed":
                self._drained.discard(data["node"])
            case "run.assigned":
                self._assign(entry)
            case "run.started":
                assert entry.run in self._begun, (
                    f"entry {entry.seq}: run {entry.run} is assigned to nobody any more"
                )
                self._begun[entry.run].started = True
            case "run.finished" | "run.skipped":
                self._begun.pop(entry.run, None)
            case _:
                pass

    def _check_lost(self, lost: CommittedEntry) -> None:
        """What a node that is given up had started ends together with that."""
        node = lost.data["node"]
        left = [run for run, each in self._begun.items() if each.node == node and each.started]
        assert not left, f"entry {lost.seq}: {node} is lost, and its runs {left} go on"

    def _take_back(self, concerns: Callable[[BegunRun], bool]) -> None:
        """What has not started waits again: its node's process is gone, or its job has another definition."""
        gone = [run for run, each in self._begun.items() if concerns(each) and not each.started]
        for run in gone:
            del self._begun[run]

    def _assign(self, entry: CommittedEntry) -> None:
        data, where = entry.data, f"entry {entry.seq}, run {entry.run} of {entry.job}"
        definition, node = self._definitions[entry.job], data["node"]
        elsewhere = self._begun.pop(entry.run, None)
        assert node in self._serving, f"{where}: it is assigned to {node}, which does not serve"
        assert node not in self._drained, f"{where}: it is assigned to {node}, which is drained"
        locks = sorted(data.get("locks", {}))
        assert locks == sorted(definition.get("locks", [])), f"{where}: it holds {locks}"
        run = BegunRun(entry.job, node, locks)
        one_by_one = definition.get("overlap", "skip") != "allow" or data["trigger"] in (
            "catch_up",
            "backfill",
        )
        # One that is assigned to another node keeps its place before those that began since.
        if one_by_one and elsewhere is None:
            beside = [number for number, each in self._begun.items() if each.job == entry.job]
            assert not beside, f"{where}: it begins beside {beside}"
        self._begun[entry.run] = run
        here = [number for number, each in self._begun.items() if each.node == node]
        assert len(here) <= self._slots[node], f"{where}: {node} has {here}, and takes {self._slots[node]}"
        for lock in locks:
            holders = [number for number, each in self._begun.items() if lock in each.locks]
            assert len(holders) <= self._capacities.get(lock, 1), f"{where}: {lock} is held by {holders}"


def check_capacity(history: History) -> None:
    """Slots, locks and overlap, by the record.

    Raises:
        AssertionError: one of them was not kept.
    """
    auditor = CapacityAuditor(history.capacities)
    for entry in history.entries:
        auditor.look(entry)
