"""Reading the parameters of a job: names with default values, or with what else is said of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.converters import FaultCollector
from scheduler.configuration.keys.names import any_variable_name
from scheduler.configuration.keys.values import (
    boolean,
    description,
    file_path,
    mapping,
    one_of,
    read_as,
    scalar,
)
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.spelling import nearest
from scheduler.configuration.variables.parameters import PARAMETERS_MAX, checked, type_of, variable
from scheduler.configuration.yaml_tree.problems import Fault, InvalidValue
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar, Sequence
from scheduler.definition import Parameter, ParameterType

_NAME = r"[A-Za-z][A-Za-z0-9_-]{0,63}"
WANTED = "a mapping of NAME: value, or of NAME: {default: eu, choices: [eu, us]}"


@of_form(
    lambda: written_form.named(
        written_form.either(written_form.SCALAR, written_form.block_of(_MEMBERS)), _NAME
    )
)
def parameters(node: Node) -> dict[str, Parameter]:
    """The parameters of a job, by name.

    Raises:
        InvalidValue: with every mistake in them.
    """
    entries = mapping(node, WANTED).entries
    if len(entries) > PARAMETERS_MAX:
        raise InvalidValue(f"there are {len(entries)} parameters: a job has at most {PARAMETERS_MAX}")
    gathered = FaultCollector()
    found: dict[str, Parameter] = {}
    names: dict[str, str] = {}
    for written, (key, value) in entries.items():
        name = gathered.take(_name, key, written)
        parameter = gathered.take(one_parameter, value, written)
        if name is None or parameter is None:
            continue
        if (other := names.setdefault(variable(name), name)) != name:
            message = f"{other} and {name} would both be {variable(name)} in the environment"
            gathered.faults.append(Fault(message, "", key, 0, written))
        found[name] = parameter
    gathered.settle()
    return found


def _name(node: Scalar) -> str:
    if re.fullmatch(_NAME, node.text):
        return node.text
    better = re.sub(r"[^A-Za-z0-9_-]+", "_", node.text).strip("_-")
    raise InvalidValue(
        f"{node.text!r} is not the name of a parameter: a letter begins it, and letters, digits, '_' and '-' follow",
        better if re.fullmatch(_NAME, better) else "",
    )


def one_parameter(node: Node) -> Parameter:
    """A parameter: its default alone, or what is said of it.

    Raises:
        InvalidValue: with every mistake in it.
    """
    if isinstance(node, Sequence):
        raise InvalidValue(
            "this takes a value, or a mapping such as {default: eu, choices: [eu, us]}, not a list"
        )
    if isinstance(node, Scalar):
        if node.plain and read_as(node.text) == "null":
            return Parameter()
        kind = type_of(node.text) if node.plain else "text"
        return Parameter(type=kind, default=_value(node, kind))
    return _described(node)


def _described(node: Mapping) -> Parameter:
    gathered = FaultCollector()
    said: dict[str, Any] = {}
    for key, (key_node, value) in node.entries.items():
        if key not in _MEMBERS:
            known = ", ".join(_MEMBERS)
            message = f"unknown key {key!r} of a parameter, which takes {known}"
            gathered.faults.append(Fault(message, nearest(key, _MEMBERS), key_node, 0, key))
            continue
        said[key] = gathered.take(_MEMBERS[key], value, key)
    gathered.settle()
    kind = said.get("type") or _type_of(said.get("default"), *said.get("choices", ()))
    written: Scalar | None = said.pop("default", None)
    allowed: list[Scalar] = said.pop("choices", [])

    def read(each: Scalar) -> str:
        return _value(each, kind)

    choices = [gathered.take(read, each, "choices") for each in allowed]
    default = None if written is None else gathered.take(read, written, "default")
    gathered.settle()
    said |= {"type": kind, "default": default, "choices": [each for each in choices if each is not None]}
    parameter = Parameter(**said)
    for key, message, suggestion in _contradictions(parameter, set(node.entries)):
        where = node.entries[key][1] if key in node.entries else node
        gathered.faults.append(Fault(message, suggestion, where, 0, key))
    gathered.settle()
    return parameter


def _contradictions(parameter: Parameter, keys: set[str]) -> list[tuple[str, str, str]]:
    """Keys that do not fit together: which one, what is wrong with it, what was probably meant."""
    sources = [key for key in ("file", "env") if key in keys]
    found: list[tuple[str, str, str]] = []
    if parameter.secret:
        recorded = [key for key in ("type", "default", "choices") if key in keys]
        found += [(key, f"a secret parameter has no {key}: that would be recorded", "") for key in recorded]
        if len(sources) != 1:
            found.append(("secret", "a secret parameter is read from one place: file or env", ""))
    else:
        found += [(key, f"{key} is for a parameter with secret: true", "") for key in sources]
    if parameter.choices and parameter.default is not None and parameter.default not in parameter.choices:
        message = f"{parameter.default!r} is none of the choices: {', '.join(parameter.choices)}"
        found.append(("default", message, nearest(parameter.default, parameter.choices)))
    return found


def _type_of(*nodes: Scalar | None) -> ParameterType:
    first = next((node for node in nodes if node is not None), None)
    return type_of(first.text) if first is not None and first.plain else "text"


def _value(node: Scalar, kind: ParameterType) -> str:
    try:
        return checked(node.text, kind)
    except ValueError as error:
        raise InvalidValue(str(error)) from None


def _written(node: Node) -> Scalar:
    return scalar(node, "a value")


def _choices(node: Node) -> list[Scalar]:
    items = node.items if isinstance(node, Sequence) else [node]
    if not items:
        raise InvalidValue("the list is empty: this takes the values that are allowed")
    return [_written(item) for item in items]


_MEMBERS: dict[str, Callable[[Node], Any]] = {
    "type": cast("Callable[[Node], Any]", one_of("text", "integer", "number", "boolean")),
    "default": _written,
    "choices": _choices,
    "description": description,
    "secret": boolean,
    "file": file_path,
    "env": lambda node: any_variable_name(scalar(node, "the name of an environment variable")),
}
