"""`locks`: what runs of several jobs share, on a job by name, in the scheduler block each with its capacity."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.converters import FaultCollector, words
from scheduler.configuration.keys.names import word_name
from scheduler.configuration.keys.values import whole_number
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.yaml_tree.problems import Fault, InvalidValue
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar, Sequence

CAPACITY_MAX: Final = 10_000
LOCKS_MAX: Final = 16
"""A run's start names each of its locks, and an entry is one line of bounded length."""
CAPACITIES_TAKE: Final = (
    "a mapping from the name of each lock to how many runs may hold it at once, {database: 2}"
)
ONE_EACH: Final = "one run for each lock"
_CAPACITY = whole_number(1, CAPACITY_MAX)


def lock_name(node: Node, *, alone: bool = False) -> str:
    """The name of a lock; `alone`: it is not in a list.

    Raises:
        InvalidValue: It cannot be one.
    """
    return word_name(node, "lock", "database", alone=alone)


@of_form(written_form.one_or_more(written_form.TEXT))
def locks(node: Node) -> tuple[str, ...]:
    """The locks of a job, in order: a list, or a single one; `none` is an empty list."""
    found = words(node, "lock", lock_name)
    if len(found) > LOCKS_MAX:
        raise InvalidValue(f"these are {len(found)} locks: a job has at most {LOCKS_MAX}")
    return tuple(sorted(found))


@of_form(lambda: written_form.named(written_form.form_of(_CAPACITY)))
def capacities(node: Node) -> dict[str, int]:
    """How many runs may hold each lock at once."""
    if not isinstance(node, Mapping):
        names = node.items if isinstance(node, Sequence) else [node]
        plain = all(isinstance(each, Scalar) and each.text for each in names)
        written = [each.text for each in names if isinstance(each, Scalar)]
        near = f"{{{', '.join(f'{name}: 1' for name in written)}}}" if plain and written else ""
        what = "a list" if isinstance(node, Sequence) else "a single value"
        raise InvalidValue(f"this takes {CAPACITIES_TAKE}, not {what}", near)
    gathered = FaultCollector()
    found: dict[str, int] = {}
    for word, (key, value) in node.entries.items():
        name = gathered.take(_key, key)
        if isinstance(value, Scalar) and value.text == "0":
            gathered.faults.append(
                Fault("a lock that no run can hold keeps its jobs from ever running: disable them", "", value)
            )
            continue
        capacity = gathered.take(_CAPACITY, value, word)
        if name is not None and capacity is not None:
            found[name] = capacity
    gathered.settle()
    return found


def _key(node: Scalar) -> str:
    return word_name(node, "lock", "database", key=True)


def shown_capacities(value: dict[str, int]) -> str:
    """The same as it is written in the config; nothing at all is what applies then."""
    written = ", ".join(f"{name}: {count}" for name, count in value.items())
    return f"{{{written}}}" if written else ONE_EACH
