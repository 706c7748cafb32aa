"""Values that are made of several: commands in a list, environments, folders to clean.

Unquoted numbers and dates are taken here exactly as written, since that is what `[sleep, 010]` and `PORT:
8080` mean to a person; `true`, `on`, `null` and the like must be in quotes, because programs disagree about
them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from scheduler.configuration.keys.names import variable_name
from scheduler.configuration.keys.values import folder, mapping, text
from scheduler.configuration.spelling import nearest
from scheduler.configuration.yaml_tree.problems import Fault, InvalidValue, Placed
from scheduler.configuration.yaml_tree.tree import Node, Scalar, Sequence
from scheduler.definition import Directory

P = TypeVar("P", bound=Placed)
T = TypeVar("T")


class FaultCollector:
    """Reads parts one by one and remembers what is wrong with each."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def take(self, read: Callable[[P], T], node: P, below: str = "") -> T | None:
        """What `read` makes of a node, or None after noting why it refused."""
        try:
            return read(node)
        except InvalidValue as invalid:
            for fault in invalid.faults:
                under = ".".join(part for part in (below, fault.below) if part)
                self.faults.append(fault._replace(node=fault.node or node, below=under))
            return None

    def settle(self) -> None:
        """Raise `InvalidValue` if anything was."""
        if self.faults:
            raise InvalidValue.because(self.faults)


def command(node: Node) -> str | list[str]:
    """A command: one string, or program and arguments in a list."""
    wanted = "a command: text, or a list of program and arguments"
    if not isinstance(node, Sequence):
        return text(node, wanted)
    if not node.items:
        raise InvalidValue("the list is empty: it takes a program and its arguments")
    gathered = FaultCollector()
    argv = [gathered.take(_argument, item) for item in node.items]
    gathered.settle()
    if not argv[0]:
        raise InvalidValue("the name of the program is empty", node=node.items[0])
    return [argument or "" for argument in argv]


def environment(node: Node) -> dict[str, str]:
    """Names and values of environment variables."""
    gathered = FaultCollector()
    found: dict[str, str] = {}
    for written, (key, value) in mapping(node, "a mapping of NAME: value").entries.items():
        shown = written.partition("=")[0]
        name = gathered.take(variable_name, key, shown)
        setting = gathered.take(_argument, value, shown)
        if name is not None and setting is not None:
            found[name] = setting
    gathered.settle()
    return found


def directories(node: Node) -> list[Directory]:
    """Folders that a maintenance job cleans."""
    if not isinstance(node, Sequence):
        raise InvalidValue(
            "this takes a list of folders, each such as {path: /srv/app/logs, pattern: '*.log'}"
        )
    gathered = FaultCollector()
    found = [gathered.take(_directory, item, f"{index}") for index, item in enumerate(node.items, 1)]
    gathered.settle()
    return [each for each in found if each is not None]


def _argument(node: Node) -> str:
    """Text that may be empty if it is in quotes, and numbers as they were written."""
    if isinstance(node, Scalar) and not node.plain and not node.text.strip():
        return node.text
    return text(node, literal=True)


def _directory(node: Node) -> Directory:
    if isinstance(node, Scalar):
        raise InvalidValue("each folder is a mapping with a path", f"path: {node.text}" if node.text else "")
    entries = mapping(node, "a folder such as {path: /srv/app/logs, pattern: '*.log'}").entries
    gathered = FaultCollector()
    members: dict[str, str] = {}
    for key, (key_node, value) in entries.items():
        if key not in _DIRECTORY_KEYS:
            near = nearest(key, _DIRECTORY_KEYS)
            fault = Fault(f"unknown key {key!r}: a folder has path and pattern", near, key_node, 0, key)
            gathered.faults.append(fault)
            continue
        found = gathered.take(_DIRECTORY_KEYS[key], value, key)
        if found is not None:
            members[key] = found
    if "path" not in entries:
        gathered.faults.append(Fault("this folder has no path", "", node))
    gathered.settle()
    return Directory(**members)


def _path(node: Node) -> str:
    path = folder(node)
    if not path.strip("/"):
        raise InvalidValue("the root folder is never cleaned: name a folder in it")
    return path


def _pattern(node: Node) -> str:
    pattern = text(node, "a pattern for names of files, such as *.log")
    if "/" in pattern:
        raise InvalidValue(
            "a pattern is compared with the names of files in the folder, so it holds no slash"
        )
    return pattern


_DIRECTORY_KEYS: dict[str, Callable[[Node], str]] = {"path": _path, "pattern": _pattern}
