"""The key `after`: the jobs that must have succeeded before a job runs."""

from __future__ import annotations

from typing import Any, Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.converters import FaultCollector, one_or_more
from scheduler.configuration.keys.values import duration_ms, text
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.spelling import nearest
from scheduler.configuration.yaml_tree.problems import Fault, InvalidValue
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar, Sequence
from scheduler.definition import After

TAKES: Final = (
    "the name of a job, or a list of names; beside a schedule a mapping such as {jobs: extract, within: 6h}"
)
NAMES_MAX: Final = 50
_NAMES: Final = "the name of a job, or a list of names"
_KEYS: Final = ("jobs", "within")
_SYNONYMS: Final = {
    "job": "jobs",
    "names": "jobs",
    "window": "within",
    "max_age": "within",
    "newer_than": "within",
}


@of_form(
    written_form.either(
        written_form.one_or_more(written_form.TEXT, NAMES_MAX),
        written_form.closed(
            {"jobs": written_form.one_or_more(written_form.TEXT, NAMES_MAX), "within": written_form.DURATION}
        ),
    )
)
def after(node: Node) -> After:
    """The names of the jobs, and how long ago they may have succeeded."""
    if not isinstance(node, Mapping):
        return After(jobs=_names(node))
    if not node.entries:
        raise InvalidValue(f"this takes {TAKES}")
    gathered = FaultCollector()
    members: dict[str, Any] = {}
    for word, (key, value) in node.entries.items():
        if word == "jobs":
            members["jobs"] = gathered.take(_names, value, word)
        elif word == "within":
            members["within_ms"] = gathered.take(duration_ms, value, word)
        else:
            near = _SYNONYMS.get(word) or nearest(word, _KEYS)
            gathered.faults.append(
                Fault(f"unknown key {word!r} in after, which takes jobs and within", near, key, 0, word)
            )
    meant = {fault.suggestion for fault in gathered.faults}
    if "jobs" not in node.entries and "jobs" not in meant:
        gathered.faults.append(
            Fault("after names no jobs: add jobs, such as {jobs: extract, within: 6h}", "", node)
        )
    if "within" not in node.entries and "within" not in meant:
        what = "after does not say how long ago they may have succeeded: add within, such as within: 6h"
        gathered.faults.append(Fault(what, "", node))
    gathered.settle()
    return After(**members)


def named(node: Node) -> list[Scalar]:
    """Where names of jobs stand, whatever else is wrong there."""
    if isinstance(node, Mapping):
        return named(node.entries["jobs"][1]) if "jobs" in node.entries else []
    items = node.items if isinstance(node, Sequence) else [node]
    return [each for each in items if isinstance(each, Scalar) and _is_name(each)]


def _is_name(node: Scalar) -> bool:
    try:
        return bool(_name(node))
    except InvalidValue:
        return False


def _name(node: Node) -> str:
    return text(node, "the name of a job", literal=True)


def _names(node: Node) -> list[str]:
    found = one_or_more(node, _name, _NAMES)
    if len(found) > NAMES_MAX:
        raise InvalidValue(f"there are {len(found)} names: {NAMES_MAX} is the most")
    twice = next((name for index, name in enumerate(found) if name in found[:index]), None)
    if twice is not None:
        raise InvalidValue(f"{twice} stands here twice")
    return list(found)
