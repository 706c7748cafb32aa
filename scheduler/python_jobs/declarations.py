"""What a job's class declares: its name, what it is, and the fields that its parameters may fill."""

from __future__ import annotations

import ast
from typing import Final, NamedTuple

import msgspec

from scheduler.definition import ParameterType

OWN_ATTRIBUTES: Final = frozenset({"name", "description", "supports_dry_run"})
"""What a class says of itself: no parameters."""

_TYPES: Final[dict[str, ParameterType]] = {
    "str": "text",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
}


class DeclaredField(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A field that a parameter may fill.

    Attributes:
        type: of its values.
        required: whether the class has no default for it.
        choices: the only values that it takes; empty: all of the type.
    """

    type: ParameterType = "text"
    required: bool = False
    choices: list[str] = []


class DeclaredJob(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A class that is a job.

    Attributes:
        name: under which a config speaks of it.
        target: where it is: `extensions/reports/jobs.py:Report`, or `package.module:Report`.
        description: what it is, for people.
        fields: what its parameters may fill, by name.
        incomplete: it may have further fields, which nobody could see without importing it.
        dry_run: whether it obeys `ctx.dry_run`.
    """

    name: str
    target: str
    description: str = ""
    fields: dict[str, DeclaredField] = {}
    incomplete: bool = False
    dry_run: bool = False


class Annotation(NamedTuple):
    """What the type of a field says: the type of its values, and the only ones that it takes."""

    type: ParameterType
    choices: tuple[str, ...] = ()


def annotation_of(written: str) -> Annotation | None:
    """What a type says, as it is written: `int`, `str | None`, `Literal["eu", "us"]`; None: no parameter fills it."""
    try:
        return _of(ast.parse(written, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _of(node: ast.expr) -> Annotation | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return annotation_of(node.value)
    if isinstance(node, ast.Name) and node.id in _TYPES:
        return Annotation(_TYPES[node.id])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _of_one([node.left, node.right])
    if isinstance(node, ast.Subscript):
        name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name in ("Optional", "Union"):
            return _of_one(inner)
        if name == "Annotated":
            return _of(inner[0])
        if name == "Literal":
            return _of_literal(inner)
    return None


def _of_one(nodes: list[ast.expr]) -> Annotation | None:
    """A type, or nothing."""
    others = [node for node in nodes if not (isinstance(node, ast.Constant) and node.value is None)]
    return _of(others[0]) if len(others) == 1 else None


def _of_literal(nodes: list[ast.expr]) -> Annotation | None:
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    kinds = {type(value).__name__ for value in values}
    if len(values) != len(nodes) or len(kinds) != 1 or not kinds <= {"str", "int"}:
        return None
    return Annotation(_TYPES[kinds.pop()], tuple(map(str, values)))
