"""Why nodes take no run of a job, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.terminal.printable import printable

if TYPE_CHECKING:
    from scheduler.rules.nodes.placement import Refusal
    from scheduler.rules.state import Run, State

_SHOWN_MAX = 8


def no_node_clause(label: str | None, refusals: Sequence[Refusal]) -> str:
    """Why no node takes a run: `db1 is drained (a new disk), db2 is lost`, `no node is called db or has that label`.

    Args:
        label: what the job runs on; None: on any node.
        refusals: of each node; those that have not what is asked for are counted alone.
    """
    concerned = [each for each in refusals if each.kind != "label"]
    if not concerned:
        if label is None:
            return "no node has joined"
        return f"no node is called {printable(label)} or has that label"
    told = [f"{printable(each.node)} {_why(each)}" for each in concerned[:_SHOWN_MAX]]
    if len(concerned) > _SHOWN_MAX:
        told.append(f"and {len(concerned) - _SHOWN_MAX:,} more")
    where = "" if label is None else f" (runs_on: {printable(label)})"
    return f"{', '.join(told)}{where}"


def left_behind_words(state: State, run: Run) -> str:
    """That nobody watches a run, for its node has stopped, and how it is given up; empty if that is not so."""
    node = state.nodes.get(run.node or "")
    if node is None or node.standing != "left":
        return ""
    name = printable(node.name)
    return f", whose node {name} has stopped (if it will not come back: cronledger nodes forget {name})"


def _why(refusal: Refusal) -> str:
    why = f" ({printable(refusal.why)})" if refusal.why else ""
    return {
        "unfit": f"cannot run it{why}",
        "lost": "is lost",
        "left": "has stopped",
        "silent": "is silent",
        "drained": f"is drained{why}",
        "full": f"has {len(refusal.holders):,} at once already"
        if refusal.holders
        else "takes none at present",
    }[refusal.kind]
