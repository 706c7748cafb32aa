"""A block of things that have names, each a mapping of its keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from scheduler.configuration.keys.names import word_name
from scheduler.configuration.keys.values import mapping
from scheduler.configuration.yaml_tree.problems import InvalidValue, Problems
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar

T = TypeVar("T")


class NamedKind(NamedTuple):
    """What stands in such a block.

    Attributes:
        noun: what one of them is, in a word; with an s, that is the key of the block.
        example: a name; takes: what stands under a name, in words.
        count_max: how many a config may have.
    """

    noun: str
    example: str
    takes: str
    count_max: int

    @property
    def block(self) -> str:
        """The key of the block."""
        return f"{self.noun}s"


def read_named(
    node: Node, kind: NamedKind, problems: Problems, read: Callable[[Scalar, Mapping, str], T | None]
) -> dict[str, T | None]:
    """What stands in a block by name, None for what is wrong.

    Args:
        node: What stands under the key of the block.
        kind: What is to stand there.
        problems: Where mistakes are noted.
        read: Reads one of them, from its name, the mapping of its keys and the path that leads there.
    """
    try:
        entries = mapping(node, f"a mapping from the name of each {kind.noun} to its keys").entries
    except InvalidValue as invalid:
        problems.take(invalid, node, kind.block)
        return {}
    if len(entries) > kind.count_max:
        message = f"these are {len(entries)} {kind.block}: a config has at most {kind.count_max}"
        problems.add(node, message, key=kind.block)
        return {}
    return {name: _one(key, body, kind, problems, read) for name, (key, body) in entries.items()}


def _one(
    key: Scalar,
    body: Node,
    kind: NamedKind,
    problems: Problems,
    read: Callable[[Scalar, Mapping, str], T | None],
) -> T | None:
    before, path = problems.noted, f"{kind.block}.{key.text}"
    try:
        word_name(key, kind.noun, kind.example, key=True)
    except InvalidValue as invalid:
        problems.take(invalid, key, path)
    try:
        written = mapping(body, kind.takes)
    except InvalidValue as invalid:
        problems.take(invalid, body, path)
        return None
    found = read(key, written, path)
    return found if problems.noted == before else None
