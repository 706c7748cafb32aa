"""Reading single values: each reader takes a node and gives what it means, or raises `InvalidValue` and says why.

Text that YAML 1.1 reads as something else (`on`, `010`, `1:30`) is never silently taken for either: where
text is wanted it must be in quotes, and where a number is wanted it must be a plain decimal one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import yaml

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.spelling import nearest
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar, Sequence
from scheduler.schedule.duration import parse_duration
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.zones import known_zone, unknown_zone

T = TypeVar("T")
Reader = Callable[[Node], T]

_READ_AS = yaml.SafeLoader.yaml_implicit_resolvers
_KINDS = {
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "null": "nothing",
    "timestamp": "a date",
    "merge": "a merge",
    "value": "a default",
}
_LITERAL = {"int", "float", "timestamp"}
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_WHOLE = re.compile(r"0|[1-9][0-9]*")


def read_as(text: str) -> str:
    """What YAML 1.1, as PyYAML has it, reads unquoted text as: `bool`, `int`, …; `str` if it stays text."""
    for tag, pattern in _READ_AS.get(text[:1], ()):
        if pattern.match(text):
            return str(tag).rpartition(":")[2]
    return "str"


def scalar(node: Node, wanted: str) -> Scalar:
    """The node itself, if it is a single value and not left out.

    Args:
        node: What was written.
        wanted: What belongs there, for the message: "a duration such as 15m".
    """
    if isinstance(node, Scalar):
        if node.plain and read_as(node.text) == "null":
            raise InvalidValue(f"the value is missing: this takes {wanted}")
        return node
    raise InvalidValue(f"this takes {wanted}, not {'a mapping' if isinstance(node, Mapping) else 'a list'}")


@of_form(written_form.TEXT)
def text(node: Node, wanted: str = "text", *, literal: bool = False) -> str:
    """Text that is not blank.

    Args:
        node: What was written.
        wanted: What belongs there, for the message.
        literal: Take an unquoted number or date as the text that was written.
    """
    if isinstance(node, Scalar) and node.plain and (kind := read_as(node.text)) != "null":
        value = node.text
    else:
        value, kind = scalar(node, wanted).text, "str"
    if kind != "str" and not (literal and kind in _LITERAL):
        raise InvalidValue(
            f"YAML reads {value} as {_KINDS.get(kind, kind)}, not as text: write it in quotes", f'"{value}"'
        )
    if not value.strip():
        raise InvalidValue(f"this is empty: it takes {wanted}")
    if "\0" in value:
        raise InvalidValue("this holds a NUL character, which no program can be given")
    return value


@of_form(written_form.TEXT)
def description(node: Node) -> str:
    """Text for people; an empty one is none."""
    if isinstance(node, Scalar) and not node.plain and not node.text:
        return ""
    value = text(node)
    if _CONTROL.search(value):
        raise InvalidValue("this holds control characters, which a terminal would obey")
    return value.strip()


@of_form(written_form.BOOLEAN)
def boolean(node: Node) -> bool:
    """`true` or `false`, or YAML 1.1's other words for them."""
    found = scalar(node, "true or false")
    value = _BOOLEANS.get(found.text.lower())
    if value is None:
        near = nearest(found.text, _BOOLEANS)
        raise InvalidValue(f"this takes true or false, not {found.text!r}", near)
    if not found.plain:
        raise InvalidValue(
            f"this takes true or false without quotes, not the text {found.text!r}", str(value).lower()
        )
    return value


def whole_number(low: int, high: int) -> Reader[int]:
    """A reader of decimal whole numbers from `low` to `high`."""
    wanted = f"a whole number from {low} to {high}"

    @of_form(written_form.whole(low, high))
    def read(node: Node) -> int:
        found = scalar(node, wanted)
        written = found.text
        plain = written.strip().replace("_", "").removeprefix("+").lstrip("0") or "0"
        usable = _WHOLE.fullmatch(plain) is not None and len(plain) <= 12 and low <= int(plain) <= high
        better = plain if usable else ""
        if not found.plain:
            raise InvalidValue(f"this takes {wanted} without quotes, not the text {written!r}", better)
        if _WHOLE.fullmatch(written) is None:
            extra = ": numbers are written in plain decimal digits" if better else ""
            raise InvalidValue(f"this takes {wanted}, not {written!r}{extra}", better)
        if not usable:
            raise InvalidValue(f"{written} is out of range: this takes {wanted}")
        return int(written)

    return read


def one_of(*words: str) -> Reader[str]:
    """A reader of one of a few words."""
    wanted = f"{', '.join(words[:-1])} or {words[-1]}"

    @of_form({"enum": list(words)})
    def read(node: Node) -> str:
        value = scalar(node, wanted).text
        if value not in words:
            raise InvalidValue(f"this takes {wanted}, not {value!r}", nearest(value, words))
        return value

    return read


@of_form(written_form.DURATION)
def duration_ms(node: Node) -> int:
    """A duration such as `90s`, `15m`, `36h`, `7d`, in milliseconds."""
    found = scalar(node, "a duration such as 90s, 15m, 36h or 7d")
    try:
        length = parse_duration(found.text)
    except ScheduleError as error:
        raise InvalidValue(error.reason, error.suggestion or "") from None
    return (length.days * 86_400 + length.seconds) * 1_000


@of_form(written_form.or_word("never", written_form.DURATION))
def duration_ms_or_never(node: Node) -> int | None:
    """A duration, or the word `never`, with which a job takes back a default."""
    if isinstance(node, Scalar) and node.text == "never":
        return None
    return duration_ms(node)


@of_form(written_form.or_word("none", written_form.DURATION))
def duration_ms_or_none(node: Node) -> int | None:
    """A duration, or the word `none`, with which a job takes back a default."""
    if isinstance(node, Scalar) and node.text == "none":
        return None
    return duration_ms(node)


@of_form(written_form.WORD)
def zone(node: Node) -> str:
    """The IANA name of a time zone."""
    name = scalar(node, "the IANA name of a time zone, such as Europe/Paris").text
    if known_zone(name):
        return name
    refusal = unknown_zone(name)
    raise InvalidValue(refusal.reason, refusal.suggestion or "")


@of_form(written_form.TEXT)
def folder(node: Node) -> str:
    """The path of a folder, absolute or relative to the home."""
    return _path(node, "the path of a folder")


@of_form(written_form.TEXT)
def file_path(node: Node) -> str:
    """The path of a file, absolute or relative to the home."""
    return _path(node, "the path of a file")


def _path(node: Node, wanted: str) -> str:
    path = text(node, wanted)
    if path.startswith("~") or "$" in path:
        raise InvalidValue("~ and $ are not expanded here: write the whole path, or one relative to the home")
    return path


def mapping(node: Node, wanted: str) -> Mapping:
    """The node itself, if it is a mapping; an empty value is an empty one."""
    if isinstance(node, Mapping):
        return node
    if isinstance(node, Scalar) and node.plain and read_as(node.text) == "null":
        return Mapping(node.mark)
    what = "a list" if isinstance(node, Sequence) else "a single value"
    raise InvalidValue(f"this takes {wanted}, not {what}")
