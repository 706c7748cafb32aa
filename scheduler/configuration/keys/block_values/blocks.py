"""Blocks of keys in a job, such as `retry` and `limits`.

A block is read into the members that it sets, so that a job's block can be merged over that in `defaults`.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as AbstractMapping
from typing import Any

from scheduler.configuration.keys.converters import FaultCollector
from scheduler.configuration.keys.written_form import form_of, of_form
from scheduler.configuration.spelling import nearest
from scheduler.configuration.yaml_tree.problems import Fault, InvalidValue
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar, Sequence

Members = dict[str, Any]
Reader = Callable[[Node], Members]


def block(
    node: Node, name: str, takes: str, keys: AbstractMapping[str, Reader], synonyms: AbstractMapping[str, str]
) -> Members | None:
    """The members that a block sets; None if it is `none`, which takes those of defaults back.

    Args:
        node: what was written; name: of the block; takes: what belongs there, for the message.
        keys: each with what makes members of its value; synonyms: of keys, each with the key that is meant.

    Raises:
        InvalidValue: with every mistake in it.
    """
    if isinstance(node, Scalar) and node.text == "none":
        return None
    if not isinstance(node, Mapping) or not node.entries:
        what = "an empty mapping" if isinstance(node, Mapping) else "a single value"
        raise InvalidValue(f"this takes {takes}, not {'a list' if isinstance(node, Sequence) else what}")
    gathered = FaultCollector()
    members: Members = {}
    for word, (key, value) in node.entries.items():
        if word not in keys:
            near = synonyms.get(word) or nearest(word, keys)
            message = f"unknown key {word!r} in {name}, which takes {', '.join(keys)}"
            gathered.faults.append(Fault(message, near, key, 0, word))
        elif (found := gathered.take(keys[word], value, word)) is not None:
            members.update(found)
    gathered.settle()
    return members


def member(name: str, read: Callable[[Node], Any]) -> Reader:
    """A reader of a key that sets one member."""

    @of_form(lambda: form_of(read))
    def members(node: Node) -> Members:
        return {name: read(node)}

    return members
