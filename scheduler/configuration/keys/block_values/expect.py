"""The block `expect`: what is told of a job when it does not hold. In it too, `none` takes a default back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from msgspec import structs

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.block_values.blocks import Members, Reader, block, member
from scheduler.configuration.keys.values import duration_ms_or_none
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Node
from scheduler.definition import Expect, JobDefinition
from scheduler.schedule.duration import format_duration

TAKES: Final = "a mapping such as {start_within: 10m, finish_within: 2h}, or none"
_MAX_MS: Final = 10 * 365 * 86_400 * 1_000
_SYNONYMS: Final = {
    "start": "start_within", "starts_within": "start_within", "late_after": "start_within",
    "finish": "finish_within", "finished_within": "finish_within", "end_within": "finish_within",
    "sla": "finish_within", "deadline": "finish_within",
    "success": "success_every", "succeed_every": "success_every", "every": "success_every",
    "success_within": "success_every", "freshness": "success_every",
}  # fmt: skip


@of_form(lambda: written_form.or_word("none", written_form.block_of(_KEYS)))
def expect(node: Node) -> Members | None:
    """The members that a block sets; None if it is `none`, which takes those of defaults back.

    Raises:
        InvalidValue: with every mistake in it.
    """
    members = block(node, "expect", TAKES, _KEYS, _SYNONYMS)
    if members is not None and (contradiction := _contradiction(members)) is not None:
        raise InvalidValue(contradiction)
    return members


def merged(own: Members | None, inherited: Members | None) -> Expect | None:
    """What is expected of a job: its own block over that in `defaults`; None if nothing is.

    Raises:
        InvalidValue: they contradict one another.
    """
    if own is None:
        return None
    members = {name: value for name, value in {**(inherited or {}), **own}.items() if value is not None}
    if (contradiction := _contradiction(members)) is not None:
        raise InvalidValue(f"{contradiction} (merged with the expect in defaults)")
    return Expect(**members) if members else None


def unfit(own: Members | None, timing: Collection[str]) -> tuple[str, str] | None:
    """A key of a job's own block that its times leave without a meaning, and why; None if there is none.

    Args:
        own: what was read of the block.
        timing: the keys that say when the job runs.
    """
    written = {name for name, value in (own or {}).items() if value is not None}
    for name, key in (("start_within_ms", "start_within"), ("finish_within_ms", "finish_within")):
        if name in written and "on_demand" in timing:
            told = (
                "goes by the times of a schedule: this job has none, and runs only when somebody asks for it"
            )
            return key, f"{key} {told}"
    if "success_every_ms" in written and "at" in timing:
        return "success_every", "this job runs once: it cannot succeed again and again"
    return None


def fitting(definition: JobDefinition) -> JobDefinition:
    """A job whose expectations are those of `defaults` too: what its times leave without a meaning is not meant."""
    found = definition.expect
    if found is None or not (definition.on_demand or definition.at is not None):
        return definition
    if definition.on_demand:
        found = structs.replace(found, start_within_ms=None, finish_within_ms=None)
    else:
        found = structs.replace(found, success_every_ms=None)
    return structs.replace(definition, expect=None if found == Expect() else found)


def _contradiction(members: Members) -> str | None:
    start, finish = members.get("start_within_ms"), members.get("finish_within_ms")
    if start is None or finish is None or start <= finish:
        return None
    both = f"start_within ({_duration(start)}) is longer than finish_within ({_duration(finish)})"
    return f"{both}: both count from the time at which a run is due"


def _duration(milliseconds: int) -> str:
    return format_duration(timedelta(milliseconds=milliseconds))


@of_form(written_form.or_word("none", written_form.DURATION))
def _limit(node: Node) -> int | None:
    found = duration_ms_or_none(node)
    if found is not None and found > _MAX_MS:
        raise InvalidValue("this is more than ten years")
    return found


_KEYS: Final[dict[str, Reader]] = {
    "start_within": member("start_within_ms", _limit),
    "finish_within": member("finish_within_ms", _limit),
    "success_every": member("success_every_ms", _limit),
}
"""The keys of the block, each with what makes members of its value."""
