"""Placement: which node makes an attempt, by free slots and labels. Pure rules.

A node may have a run if it serves, is neither drained nor silent, has what `runs_on` asks for (its own name is one of
its labels), can run the job, and has a slot left. Of those the one with the most free slots has it; of several, the
first by name. So the same state places a run always on the same node.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Literal, NamedTuple

from scheduler.definition import JobDefinition
from scheduler.rules.nodes.nodes_state import Node
from scheduler.rules.state import State

RefusalKind = Literal["label", "unfit", "lost", "left", "silent", "drained", "full"]


class Refusal(NamedTuple):
    """Why a node takes no run of a job now.

    Attributes:
        node: its name.
        kind: it has not what `runs_on` asks for; it cannot run the job; it is lost, or left; it is silent; it is
            drained; or it has as many runs as it takes.
        why: of `unfit` and `drained`, the reason on record; empty if there is none.
        holders: of `full`, the numbers of the runs that it has, oldest first.
    """

    node: str
    kind: RefusalKind
    why: str = ""
    holders: tuple[int, ...] = ()


class Places:
    """The slots of all nodes, in one round of decisions: what is taken in it is taken.

    Args:
        nodes: all that ever served, by name.
        begun: numbers of the runs that each of them has, by its name, oldest first.
        silent: names of those that are silent now.
    """

    def __init__(
        self, nodes: dict[str, Node], begun: dict[str, list[int]], silent: Container[str] = ()
    ) -> None:
        self._nodes, self._begun, self._silent = nodes, begun, silent
        self._free = {
            name: max(0, node.max_parallel - len(begun.get(name, ())))
            for name, node in sorted(nodes.items())
            if node.takes_new and name not in silent
        }
        self._suited: dict[str, list[str]] = {}

    @classmethod
    def of(cls, state: State, silent: Container[str] = ()) -> Places:
        """Those of a state.

        Args:
            state: as it stands.
            silent: names of the nodes that are silent now: they take nothing, whatever is on record.
        """
        begun: dict[str, list[int]] = {}
        for number, run in state.runs.items():
            if (place := run.place) is not None:
                begun.setdefault(place, []).append(number)
        return cls(state.nodes, begun, silent)

    @property
    def free(self) -> int:
        """How many slots are left on all nodes together."""
        return sum(self._free.values())

    def is_silent(self, node: str) -> bool:
        """Whether a node is silent now."""
        return node in self._silent

    def give_back(self, number: int, place: str) -> None:
        """A run holds no slot any more: it is about to be recorded that its attempt has ended, or goes elsewhere."""
        runs = self._begun.get(place, [])
        if number in runs:
            runs.remove(number)
            if place in self._free:
                self._free[place] += len(runs) < self._nodes[place].max_parallel

    def choose(self, definition: JobDefinition) -> str | None:
        """The node that is to have a run of a job; None if none can take it now."""
        best, most = None, 0
        for name in self._suited_to(definition):
            if (free := self._free[name]) > most:
                best, most = name, free
        return best

    def take(self, number: int, place: str) -> None:
        """A run is to be made there."""
        self._free[place] -= 1
        self._begun.setdefault(place, []).append(number)

    def holders(self, definition: JobDefinition) -> list[int]:
        """Numbers of the runs that hold the slots of the nodes which could take the job, oldest first."""
        return sorted(number for name in self._suited_to(definition) for number in self._begun.get(name, ()))

    def refusals(self, definition: JobDefinition) -> list[Refusal]:
        """Why each node takes no run of a job now, by name; those that take it are left out."""
        found = ((name, self._refusal(node, definition)) for name, node in sorted(self._nodes.items()))
        return [refusal for _, refusal in found if refusal is not None]

    def _suited_to(self, definition: JobDefinition) -> list[str]:
        """The nodes that could take a run of a job if they had a slot left, by name."""
        suited = self._suited.get(definition.name)
        if suited is None:
            suited = [
                name
                for name in self._free
                if self._nodes[name].answers_to(definition.runs_on)
                and self._nodes[name].why_unfit(definition.name) is None
            ]
            self._suited[definition.name] = suited
        return suited

    def _refusal(self, node: Node, definition: JobDefinition) -> Refusal | None:
        name = node.name
        if not node.answers_to(definition.runs_on):
            return Refusal(name, "label")
        if not node.serves:
            return Refusal(name, "lost" if node.lost_seq is not None else "left")
        if (unfit := node.why_unfit(definition.name)) is not None:
            return Refusal(name, "unfit", unfit)
        if node.drained_seq is not None:
            return Refusal(name, "drained", node.drained_reason or "")
        if self.is_silent(name):
            return Refusal(name, "silent")
        if self._free[name] <= 0:
            return Refusal(name, "full", "", tuple(self._begun.get(name, ())))
        return None


class Unplaced(Container[int]):
    """Numbers of runs that are not to be asked about now: they end, or no node can take them.

    A run that no node can take stands in nobody's way: it waits for no lock, and takes none.

    Args:
        state: as it stands; places: the slots that are left.
        without: numbers of runs that are not to start in any case.
    """

    def __init__(self, state: State, places: Places, without: Container[int]) -> None:
        self._state, self._places, self._without = state, places, without

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int) or number in self._without:
            return True
        run = self._state.runs.get(number)
        job = None if run is None else self._state.jobs.get(run.job)
        return job is not None and self._places.choose(job.definition) is None
