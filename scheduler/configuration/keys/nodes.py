"""Nodes, the machines that share a ledger: on which of them a job runs."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.names import word_name
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.yaml_tree.tree import Node, Scalar

RUNS_ON_TAKES: Final = "a label, such as db, or the name of a node"


@of_form(written_form.TEXT)
def runs_on(node: Node) -> str | None:
    """The label, or the name of a node; None if it is `none`, which takes a default back.

    Raises:
        InvalidValue: it is neither.
    """
    if isinstance(node, Scalar) and node.text == "none":
        return None
    return word_name(node, "label", "db", alone=True)
