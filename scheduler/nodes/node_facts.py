"""How a node is doing, and what it may take: read from the state, and from whom the database has heard. Pure."""

from __future__ import annotations

from collections.abc import Container
from typing import Literal, NamedTuple

from scheduler.rules.nodes.nodes_state import ALL_JOBS, Node
from scheduler.rules.state import Run, State

Doing = Literal["leads", "ready", "drained", "silent", "left", "lost"]
"""What one sees of a node first. `silent`: it serves by what is on record, and was not heard of just now."""


class NodeFacts(NamedTuple):
    """One node.

    Attributes:
        node: as it is on record.
        doing: how it is doing.
        leads: whether it leads, drained or silent too.
        runs: those that go on there, the oldest first.
        assigned: those that it is to start.
        unfit: jobs of the config that it cannot run, each with the reason.
        elsewhere: jobs that ask for a label that it does not have.
    """

    node: Node
    doing: Doing
    leads: bool
    runs: list[Run]
    assigned: list[Run]
    unfit: dict[str, str]
    elsewhere: list[str]

    @property
    def free(self) -> int:
        """How many more runs it could take, if it takes any."""
        return max(0, self.node.max_parallel - len(self.runs) - len(self.assigned))

    @property
    def takes_new(self) -> bool:
        """Whether it is assigned what falls due, as far as jobs may run there."""
        return self.doing in ("leads", "ready") and self.free > 0 and ALL_JOBS not in self.node.unfit


def node_facts(state: State, heard: Container[str] | None = None) -> list[NodeFacts]:
    """All nodes that ever served the ledger, by name.

    Args:
        state: as it stands.
        heard: names of the nodes of which the database has heard just now; None: nobody has looked.
    """
    return [facts_of(state, node, heard) for _, node in sorted(state.nodes.items())]


def facts_of(state: State, node: Node, heard: Container[str] | None = None) -> NodeFacts:
    """The same of one node of the state."""
    leads = state.leader is not None and state.leader.node == node.name
    here = [run for run in state.runs.values() if run.place == node.name]
    definitions = [job.definition for job in state.present_jobs()]
    unfit = {each.name: reason for each in definitions if (reason := node.why_unfit(each.name)) is not None}
    return NodeFacts(
        node,
        _doing(node, leads=leads, heard=heard),
        leads,
        [run for run in here if run.started is not None],
        [run for run in here if run.started is None and run.assigned is not None],
        unfit,
        [each.name for each in definitions if not node.answers_to(each.runs_on)],
    )


def _doing(node: Node, *, leads: bool, heard: Container[str] | None) -> Doing:
    if node.serves and heard is not None and node.name not in heard:
        return "silent"
    if (standing := node.standing) == "serving":
        return "leads" if leads else "ready"
    return standing
