"""The block `limits`: what an attempt may use. In it too, `none` takes a default back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.block_values.blocks import Members, Reader, block, member
from scheduler.configuration.keys.values import duration_ms, scalar, whole_number
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Node, Scalar
from scheduler.definition import Limits
from scheduler.wording.quantities import UNITS, size_words

TAKES: Final = "a mapping such as {memory: 2GB, cpu_time: 30m}, or none"
NICE_MAX: Final = 19
MEMORY_MIN_BYTES: Final = 4_000_000
"""With less no interpreter starts."""
CPU_TIME_MAX_MS: Final = 10 * 365 * 86_400 * 1_000
_SIZE_MAX_BYTES: Final = 10**15
_SIZE: Final = "a size such as 500MB or 2GB"
_WRITTEN: Final = re.compile(r"([0-9]{1,12})(\.[0-9]{1,3})?\s*([A-Za-z]*)")
_FOLDED: Final = {unit.lower(): factor for unit, factor in UNITS.items()}
_SHORT: Final = {"t": "TB", "g": "GB", "m": "MB", "k": "kB"}
_SYNONYMS: Final = {
    "mem": "memory", "ram": "memory", "rss": "memory", "memory_max": "memory",
    "cpu": "cpu_time", "cputime": "cpu_time", "niceness": "nice", "priority": "nice",
    "disk": "output", "log": "output", "logs": "output", "stdout": "output",
}  # fmt: skip


@of_form(lambda: written_form.or_word("none", written_form.block_of(_KEYS)))
def limits(node: Node) -> Members | None:
    """The members of the limits that a block sets; None if it is `none`, which takes those of defaults back.

    Raises:
        InvalidValue: with every mistake in it.
    """
    return block(node, "limits", TAKES, _KEYS, _SYNONYMS)


def merged(own: Members | None, inherited: Members | None) -> Limits | None:
    """The limits of a job: its own block over that in `defaults`; None if there are none."""
    if own is None:
        return None
    members = {name: value for name, value in {**(inherited or {}), **own}.items() if value is not None}
    return Limits(**members) if members else None


def _limit(name: str, read: Callable[[Node], int]) -> Reader:
    @of_form(lambda: written_form.or_word("none", written_form.form_of(read)))
    def or_none(node: Node) -> int | None:
        return None if isinstance(node, Scalar) and node.text == "none" else read(node)

    return member(name, or_none)


def _size(low: int) -> Callable[[Node], int]:
    @of_form(written_form.WORD)
    def read(node: Node) -> int:
        found = scalar(node, _SIZE)
        written = _WRITTEN.fullmatch(found.text.strip())
        factor = None if written is None else _FOLDED.get(written[3].lower())
        if written is None or factor is None:
            short = "" if written is None else _SHORT.get(written[3].lower(), "")
            better = f"{written[1]}{written[2] or ''}{short}" if written is not None and short else ""
            bare = ": a size has a unit" if written is not None and not written[3] else ""
            raise InvalidValue(f"this takes {_SIZE}, not {found.text!r}{bare}", better)
        size = round(float(written[1] + (written[2] or "")) * factor)
        if not low <= size <= _SIZE_MAX_BYTES:
            bounds = f"{size_words(low)} to {size_words(_SIZE_MAX_BYTES)}"
            raise InvalidValue(f"{found.text} is out of range: this takes a size from {bounds}")
        return size

    return read


@of_form(written_form.DURATION)
def _cpu_time(node: Node) -> int:
    found = duration_ms(node)
    if found > CPU_TIME_MAX_MS:
        raise InvalidValue("this is more than ten years of processor time")
    return found


_KEYS: Final[dict[str, Reader]] = {
    "memory": _limit("memory_bytes", _size(MEMORY_MIN_BYTES)),
    "cpu_time": _limit("cpu_time_ms", _cpu_time),
    "nice": _limit("nice", whole_number(1, NICE_MAX)),
    "output": _limit("output_bytes", _size(1_000)),
}
"""The keys of the block, each with what makes members of its value."""
