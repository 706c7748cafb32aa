"""The block `retry`: when a run makes another attempt."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.block_values.blocks import Members, Reader, block, member
from scheduler.configuration.keys.converters import FaultCollector
from scheduler.configuration.keys.values import duration_ms, duration_ms_or_never, scalar, whole_number
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.spelling import nearest
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Node, Scalar, Sequence
from scheduler.definition import RETRIED_OUTCOMES, Retry
from scheduler.schedule.duration import format_duration

TAKES: Final = "a mapping such as {attempts: 3, delay: 30s}, or none"
ATTEMPTS_MAX: Final = 100
BACKOFF_MAX: Final = 100
_BACKOFF: Final = f"a number from 1 to {BACKOFF_MAX}, such as 2 or 1.5"
_CONDITION: Final = f"{', '.join(RETRIED_OUTCOMES)}, or an exit code from 1 to 255"
_NUMBER: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")
_SYNONYMS: Final = {
    "count": "attempts", "limit": "attempts", "max_attempts": "attempts", "retries": "attempts",
    "times": "attempts", "factor": "backoff", "multiplier": "backoff", "interval": "delay", "wait": "delay",
    "max_delay": "delay_max", "on": "if", "when": "if", "deadline": "within",
}  # fmt: skip


@of_form(lambda: written_form.or_word("none", written_form.block_of(_KEYS)))
def retry(node: Node) -> Members | None:
    """The members of a policy that a block sets; None if it is `none`, which takes a default back."""
    if isinstance(node, Scalar) and node.text.isascii() and node.text.isdigit():
        raise InvalidValue(f"this takes {TAKES}, not a single value", f"{{attempts: {node.text}}}")
    members = block(node, "retry", TAKES, _KEYS, _SYNONYMS)
    if members is not None and (contradiction := _contradiction(Retry(**members), members)) is not None:
        raise InvalidValue(contradiction)
    return members


def merged(own: Members | None, inherited: Members | None) -> Retry | None:
    """The policy of a job: its own block over that in `defaults`.

    Raises:
        InvalidValue: they contradict one another.
    """
    if own is None:
        return None
    members = {**(inherited or {}), **own}
    policy = Retry(**members)
    if (contradiction := _contradiction(policy, members)) is not None:
        raise InvalidValue(f"{contradiction} (merged with the retry in defaults)")
    if policy.attempts == 1:
        return None
    plain = Retry()
    return Retry(**{name: value for name, value in members.items() if value != getattr(plain, name)})


def _duration(milliseconds: int) -> str:
    return format_duration(timedelta(milliseconds=milliseconds))


def _contradiction(policy: Retry, written: Members) -> str | None:
    """What two keys of a policy say against each other; None if they agree."""
    if policy.delay_ms > policy.delay_max_ms and "delay_ms" in written:
        what = f"delay ({_duration(policy.delay_ms)}) is longer than delay_max"
        default = "" if "delay_max_ms" in written else ", which is 1h unless it is written"
        return f"{what} ({_duration(policy.delay_max_ms)}){default}"
    if policy.within_ms is not None and policy.within_ms < policy.delay_ms and "within_ms" in written:
        within, delay = _duration(policy.within_ms), _duration(policy.delay_ms)
        return f"within ({within}) is over before the delay ({delay}) is: there would be no second attempt"
    return None


@of_form({"type": "number", "minimum": 1, "maximum": BACKOFF_MAX})
def _backoff(node: Node) -> float:
    found = scalar(node, _BACKOFF)
    number = float(found.text) if _NUMBER.fullmatch(found.text) else math.nan
    better = found.text if 1 <= number <= BACKOFF_MAX else ""
    if not found.plain:
        raise InvalidValue(f"this takes {_BACKOFF}, without quotes, not the text {found.text!r}", better)
    if not better:
        raise InvalidValue(f"this takes {_BACKOFF}, not {found.text!r}")
    return number


@of_form(
    written_form.one_or_more(
        written_form.either(written_form.whole(1, 255), {"enum": list(RETRIED_OUTCOMES)})
    )
)
def _conditions(node: Node) -> Members:
    """Exit codes and outcomes; one stands for a list of one."""
    items = node.items if isinstance(node, Sequence) else [node]
    if not items:
        raise InvalidValue(f"the list is empty: it takes {_CONDITION}")
    gathered = FaultCollector()
    conditions = [gathered.take(_condition, item) for item in items]
    gathered.settle()
    codes = sorted({each for each in conditions if isinstance(each, int)})
    outcomes = [outcome for outcome in RETRIED_OUTCOMES if outcome in conditions]
    return {"exit_codes": codes, "outcomes": outcomes}


def _condition(node: Node) -> int | str:
    found = scalar(node, _CONDITION)
    if found.text in RETRIED_OUTCOMES:
        return found.text
    if found.text in ("succeeded", "cancelled", "0"):
        what = "a run that was cancelled" if found.text == "cancelled" else "what succeeded"
        raise InvalidValue(f"{what} is never tried again: this takes {_CONDITION}")
    if found.plain and found.text.isascii() and found.text.isdigit():
        return whole_number(1, 255)(node)
    raise InvalidValue(f"this takes {_CONDITION}, not {found.text!r}", nearest(found.text, RETRIED_OUTCOMES))


_KEYS: Final[dict[str, Reader]] = {
    "attempts": member("attempts", whole_number(1, ATTEMPTS_MAX)),
    "delay": member("delay_ms", duration_ms),
    "backoff": member("backoff", _backoff),
    "delay_max": member("delay_max_ms", duration_ms),
    "within": member("within_ms", duration_ms_or_never),
    "if": _conditions,
}
"""The keys of the block, each with what makes members of its value."""
