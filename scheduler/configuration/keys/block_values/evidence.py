"""The values in the `ledger:` block: what signs, by which name, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.block_values.blocks import Members, Reader, block, member
from scheduler.configuration.keys.converters import FaultCollector
from scheduler.configuration.keys.values import duration_ms, file_path, text, whole_number
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Node, Sequence
from scheduler.evidence.settings import DEFAULT_KEY_FILE, CheckpointTimes, SigningKey
from scheduler.schedule.duration import format_duration

KEY_TAKES: Final = "{file: PATH}, or {command: [program, argument]}"
CHECKPOINT_TAKES: Final = "a mapping such as {entries: 1000, interval: 1h}"
ORIGIN_TAKES: Final = "a name without blanks or plus signs, such as db1.example.com/cronledger"
ENTRIES_MAX: Final = 1_000_000
INTERVAL_MS_MIN: Final = 10_000
_ORIGIN_BYTES_MAX: Final = 200
_ARGUMENTS: Final = "a list of a program and its arguments, such as [/usr/local/bin/sign, ledger]"


@of_form(lambda: written_form.block_of(_KEY_KEYS))
def signing_key(node: Node) -> SigningKey:
    """What signs."""
    members = _members(node, "key", KEY_TAKES, _KEY_KEYS)
    if len(members) > 1:
        raise InvalidValue("the key is in a file or behind a command, not both")
    return SigningKey(**members)


def shown_key(value: SigningKey | None) -> str:
    """The same as it is written in the config."""
    if value is not None and value.command is not None:
        return f"{{command: [{', '.join(value.command)}]}}"
    return f"{{file: {DEFAULT_KEY_FILE if value is None else value.file}}}"


@of_form(lambda: written_form.block_of(_CHECKPOINT_KEYS))
def checkpoint_times(node: Node) -> CheckpointTimes:
    """When the next checkpoint is signed."""
    return CheckpointTimes(**_members(node, "checkpoint", CHECKPOINT_TAKES, _CHECKPOINT_KEYS))


def shown_times(value: CheckpointTimes) -> str:
    """The same as it is written in the config."""
    interval = format_duration(timedelta(milliseconds=value.interval_ms))
    return f"{{entries: {value.entries}, interval: {interval}}}"


@of_form(written_form.TEXT)
def origin(node: Node) -> str:
    """By which name checkpoints speak of the ledger; keys have that name, so it may hold what those may."""
    name = text(node, ORIGIN_TAKES)
    if "+" in name or not name.isprintable() or any(char.isspace() for char in name):
        raise InvalidValue(f"this takes {ORIGIN_TAKES}, not {name!r}")
    if len(name.encode()) > _ORIGIN_BYTES_MAX:
        raise InvalidValue(f"this is longer than {_ORIGIN_BYTES_MAX} bytes: it takes {ORIGIN_TAKES}")
    return name


def _members(node: Node, name: str, takes: str, keys: dict[str, Reader]) -> Members:
    members = block(node, name, takes, keys, {})
    if members is None:
        raise InvalidValue(f"this takes {takes}, not 'none'")
    return members


@of_form({"type": "array", "items": written_form.TEXT, "minItems": 1})
def command(node: Node) -> list[str]:
    """A program and its arguments; no shell reads them."""
    if not isinstance(node, Sequence) or not node.items:
        raise InvalidValue(f"this takes {_ARGUMENTS}: no shell reads it")
    gathered = FaultCollector()
    arguments = [gathered.take(_argument, item) for item in node.items]
    gathered.settle()
    return [each for each in arguments if each is not None]


def _argument(node: Node) -> str:
    return text(node, "text", literal=True)


@of_form(written_form.DURATION)
def _interval(node: Node) -> int:
    found = duration_ms(node)
    if found < INTERVAL_MS_MIN:
        raise InvalidValue(f"this takes a duration of {INTERVAL_MS_MIN // 1_000}s or more")
    return found


_KEY_KEYS: Final[dict[str, Reader]] = {
    "file": member("file", file_path),
    "command": member("command", command),
}
_CHECKPOINT_KEYS: Final[dict[str, Reader]] = {
    "entries": member("entries", whole_number(1, ENTRIES_MAX)),
    "interval": member("interval_ms", _interval),
}
