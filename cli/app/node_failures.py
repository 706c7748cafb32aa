"""What keeps a node from serving under its name: in words, with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cli.app.failures import Failure
from cli.terminal.printable import printable
from scheduler.shortening import shortened

_RUNS_SHOWN_MAX: Final = 10


@contextmanager
def refused_nodes() -> Iterator[None]:
    """Turn what keeps a node from serving into a failure."""
    try:
        yield
    except Exception as problem:
        # What says so is loaded only where something went wrong: most homes are on no database.
        failure = _failure(problem)
        if failure is None:
            raise
        raise failure from None


def _failure(problem: Exception) -> Failure | None:
    from scheduler.nodes.membership import NameTaken
    from scheduler.nodes.node_identity import BadNodeName, RunsUnderFormerName

    if isinstance(problem, NameTaken):
        where = "" if problem.host is None else f", on {printable(problem.host)}"
        return Failure(
            f"another home serves as node {printable(problem.node)} already{where}",
            "Each node has a name of its own: the host's, or what CRONLEDGER_NODE says. Nothing was started here; "
            "what this home had running goes on.",
        )
    if isinstance(problem, RunsUnderFormerName):
        former = printable(problem.former)
        return Failure(
            f"this home served as node {former}, and {_runs(problem.runs)} that it started then; as "
            f"{printable(problem.node)} it would not look after them",
            f"Serve as {former} (CRONLEDGER_NODE={former}) until they have ended; then it may have another name.",
        )
    if isinstance(problem, BadNodeName):
        whose = "the name of this host" if problem.variable is None else problem.variable
        return Failure(
            f"{whose} is {printable(shortened(repr(problem.name), 80))}, which cannot be the name of a node",
            "A node's name is made of letters, digits, '.', '_' and '-'. CRONLEDGER_NODE gives it one.",
        )
    return None


def _runs(numbers: list[int]) -> str:
    """Which runs go on, as the subject and verb of a sentence."""
    if len(numbers) == 1:
        return f"run {numbers[0]} goes on"
    shown = ", ".join(map(str, numbers[:_RUNS_SHOWN_MAX]))
    return f"runs {shown}{' and others' if len(numbers) > _RUNS_SHOWN_MAX else ''} go on"
