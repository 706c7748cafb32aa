"""Nodes, the machines that share a ledger: on which of them a job runs, and what is said of each of them."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.converters import words
from scheduler.configuration.keys.key import Key
from scheduler.configuration.keys.names import word_name
from scheduler.configuration.keys.values import duration_ms, whole_number
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.settings import shown
from scheduler.configuration.settings.setting import Setting
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Node, Scalar
from scheduler.rules.nodes.node_settings import NodeSettings

LABELS_MAX: Final = 32
"""What a node says of itself is one entry, which is one line of bounded length."""
LOST_AFTER_MS_MIN: Final = 10_000
LOST_AFTER_MS_MAX: Final = 86_400_000
LOST_AFTER_TAKES: Final = "a duration such as 90s, 15m, 36h or 7d, from 10s to 1d"
RUNS_ON_TAKES: Final = "a label, such as db, or the name of a node"


@of_form(written_form.TEXT)
def runs_on(node: Node) -> str | None:
    """The label, or the name of a node; None if it is `none`, which takes a default back.

    Raises:
        InvalidValue: it is neither.
    """
    if isinstance(node, Scalar) and node.text == "none":
        return None
    return label(node, alone=True)


def label(node: Node, *, alone: bool = False) -> str:
    """A label of a node; `alone`: it is not in a list.

    Raises:
        InvalidValue: it cannot be one.
    """
    return word_name(node, "label", "db", alone=alone)


@of_form(written_form.one_or_more(written_form.TEXT))
def labels(node: Node) -> tuple[str, ...]:
    """The labels of a node, in order: a list, or a single one; `none` is an empty list.

    Raises:
        InvalidValue: with every mistake in it.
    """
    found = words(node, "label", label)
    if len(found) > LABELS_MAX:
        raise InvalidValue(f"these are {len(found)} labels: a node has at most {LABELS_MAX}")
    return tuple(sorted(found))


@of_form(written_form.DURATION)
def lost_after(node: Node) -> int:
    """After how many milliseconds of silence a node is lost.

    Raises:
        InvalidValue: it is no duration, or not within bounds.
    """
    found = duration_ms(node)
    if not LOST_AFTER_MS_MIN <= found <= LOST_AFTER_MS_MAX:
        raise InvalidValue("this takes a duration from 10s to 1d")
    return found


_AS_SCHEDULER: Final = "that of the scheduler block"
NODE_KEYS: Final[dict[str, Key]] = {
    "labels": Key(
        setting=Setting("labels", shown.words),
        read=labels,
        takes="a list of labels, or one label",
        default="none",
        meaning="What jobs may ask for by `runs_on`. The node's own name is always one of them. A label is made like "
        "the name of a job.",
        example="labels: [db]",
        comment="what jobs may ask for by runs_on, besides the node's name (none)",
        synonyms=("tags", "label"),
    ),
    "max_parallel": Key(
        setting=Setting("max_parallel", lambda value: _AS_SCHEDULER if value is None else shown.text(value)),
        read=whole_number(1, 10_000),
        takes="a whole number from 1 to 10000",
        default=_AS_SCHEDULER,
        meaning="At most so many runs at once on this node; the others wait, or go to another one.",
        example="max_parallel: 8",
        comment=f"at most so many runs at once on this node ({_AS_SCHEDULER})",
        synonyms=("slots", "capacity"),
    ),
}
"""The keys of a node, and everything that is to be said of each."""


def shown_node(value: NodeSettings) -> str:
    """A node as it is written in the config."""
    parts = [f"labels: [{', '.join(value.labels)}]"] if value.labels else []
    parts += [] if value.max_parallel is None else [f"max_parallel: {value.max_parallel}"]
    return f"{{{', '.join(parts)}}}"
