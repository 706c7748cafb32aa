"""A mapping whose keys are known: reading all of it, and noting every mistake."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as AbstractMapping
from typing import Any, NamedTuple

from scheduler.configuration.keys import Key, unknown_key
from scheduler.configuration.problems import Problems, Wrong
from scheduler.configuration.tree import Mapping


class Block(NamedTuple):
    """What a block says.

    Attributes:
        values: Name of each member that it sets, to the value.
        lines: Each key as it is written, and each environment variable as `env.NAME`, to its line, from 1.
        meant: The keys that unknown ones were probably meant to be.
    """

    values: dict[str, Any]
    lines: dict[str, int]
    meant: Collection[str] = ()


def read_block(
    node: Mapping, known: AbstractMapping[str, Key], problems: Problems, path: str, where: str
) -> Block:
    """Read every key of a block.

    Args:
        node: The block.
        known: The keys that belong there.
        problems: Where mistakes are noted.
        path: The key of the block itself, such as `jobs.backup`.
        where: The place, in words: "a job".
    """
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    meant: set[str] = set()
    for word, (key, value) in node.entries.items():
        entry = known.get(word)
        if entry is None:
            message, suggestion = unknown_key(word, known, where)
            problems.add(key, message, key=f"{path}.{word}", suggestion=suggestion)
            meant.add(suggestion)
            continue
        lines[word] = key.mark.line + 1
        try:
            values[entry.member] = entry.read(value)
        except Wrong as wrong:
            problems.take(wrong, value, f"{path}.{word}")
            continue
        if word == "env" and isinstance(value, Mapping):
            lines.update((f"env.{name}", each.mark.line + 1) for name, (each, _) in value.entries.items())
    return Block(values, lines, meant)
