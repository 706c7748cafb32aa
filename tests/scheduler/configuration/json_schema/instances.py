"""What another program reads of a config: by YAML 1.1, as PyYAML has it, and by the core schema of YAML 1.2."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

from scheduler.configuration.keys.values import read_as
from scheduler.configuration.yaml_tree.problems import Problems
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar, compose

_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS = {
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{f"{sign}{word}": 0.0 for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), 0.0),
}


def instances(text: str) -> list[Any]:
    """What the one and the other reads, dates as text."""
    root = compose(text, Problems())
    return [] if root is None else [_made(root, value) for value in (_yaml_11, _yaml_12)]


def _made(node: Node, value: Callable[[Scalar], Any]) -> Any:
    if isinstance(node, Scalar):
        return value(node)
    if isinstance(node, Mapping):
        return {word: _made(each, value) for word, (_, each) in node.entries.items()}
    return [_made(each, value) for each in node.items]


def _yaml_11(node: Scalar) -> Any:
    if not node.plain or read_as(node.text) in ("str", "timestamp", "merge", "value"):
        return node.text
    return yaml.safe_load(node.text)


def _yaml_12(node: Scalar) -> Any:
    if not node.plain:
        return node.text
    if node.text in _CONSTANTS:
        return _CONSTANTS[node.text]
    if _INT.fullmatch(node.text):
        return int(node.text)
    if _OCTAL_OR_HEX.fullmatch(node.text):
        return int(node.text, 0)
    return float(node.text) if _FLOAT.fullmatch(node.text) else node.text
