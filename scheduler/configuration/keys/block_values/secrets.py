"""The key `secrets`: variables whose values are read when an attempt starts, and recorded nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.converters import FaultCollector
from scheduler.configuration.keys.names import any_variable_name, variable_name
from scheduler.configuration.keys.values import file_path, scalar
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.spelling import nearest
from scheduler.configuration.yaml_tree.problems import Fault, InvalidValue
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar, Sequence
from scheduler.definition import Secret

TAKES: Final = "a mapping of NAME: {file: PATH} or NAME: {env: VARIABLE}"
SECRETS_MAX: Final = 32


@of_form(
    lambda: written_form.either(
        {"type": "object", "additionalProperties": written_form.either(written_form.block_of(_SOURCES))},
        written_form.one_or_more(written_form.WORD, SECRETS_MAX),
    )
)
def secrets(node: Node) -> dict[str, Secret]:
    """The secrets of a job by the names of their variables; of a name alone, the variable of that name is read.

    Raises:
        InvalidValue: with every mistake in them.
    """
    if not isinstance(node, Mapping):
        return _by_name(node)
    if len(node.entries) > SECRETS_MAX:
        raise InvalidValue(f"there are {len(node.entries)} secrets: a job has at most {SECRETS_MAX}")
    gathered = FaultCollector()
    found: dict[str, Secret] = {}
    for written, (key, value) in node.entries.items():
        shown = written.partition("=")[0]
        name = gathered.take(variable_name, key, shown)
        secret = gathered.take(one_secret, value, shown)
        if name is not None and secret is not None:
            found[name] = secret
    gathered.settle()
    return found


def _by_name(node: Node) -> dict[str, Secret]:
    items = node.items if isinstance(node, Sequence) else [node]
    if not items or not all(isinstance(item, Scalar) for item in items):
        raise InvalidValue(f"this takes {TAKES}, not {'a list' if isinstance(node, Sequence) else 'a value'}")
    if len(items) > SECRETS_MAX:
        raise InvalidValue(f"there are {len(items)} secrets: a job has at most {SECRETS_MAX}")
    gathered = FaultCollector()
    names = [gathered.take(_name, item) for item in items]
    gathered.settle()
    return {name: Secret(env=name) for name in names if name is not None}


def _name(node: Node) -> str:
    return variable_name(scalar(node, TAKES))


@of_form(lambda: written_form.block_of(_SOURCES))
def one_secret(node: Node) -> Secret:
    """Where a secret is read.

    Raises:
        InvalidValue: with every mistake in it; what may be the secret itself is not repeated.
    """
    if not isinstance(node, Mapping):
        # What stands here may be the secret itself, so that it is not repeated.
        raise InvalidValue(
            "a secret is not written into the config: this takes where it is read, {file: PATH} or {env: VARIABLE}"
        )
    gathered = FaultCollector()
    said: dict[str, str] = {}
    for word, (key, value) in node.entries.items():
        if word not in _SOURCES:
            message = f"unknown key {word!r} of a secret, which takes {' or '.join(_SOURCES)}"
            gathered.faults.append(Fault(message, nearest(word, _SOURCES), key, 0, word))
            continue
        found = gathered.take(_SOURCES[word], value, word)
        if found is not None:
            said[word] = found
    if set(node.entries) <= set(_SOURCES) and len(node.entries) != 1:
        gathered.faults.append(Fault("a secret is read from one place: file or env", "", node))
    gathered.settle()
    return Secret(**said)


_SOURCES: Final[dict[str, Callable[[Node], str]]] = {
    "file": file_path,
    "env": lambda node: any_variable_name(scalar(node, "the name of an environment variable")),
}
