"""The block `notify`: which channels are told of a job, and of what."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as AbstractMapping
from typing import Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.block_values.blocks import Members, Reader, block, member
from scheduler.configuration.keys.block_values.news_kinds import kinds
from scheduler.configuration.keys.converters import one_or_more
from scheduler.configuration.keys.names import word_name
from scheduler.configuration.keys.values import scalar, whole_number
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.spelling import nearest
from scheduler.configuration.yaml_tree.problems import InvalidValue, Problems
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar, Sequence
from scheduler.definition import Notify

TAKES: Final = "a mapping such as {channels: mail, when: [failure, recovery]}, or none"
THRESHOLD_MAX: Final = 1_000
NAMES_MAX: Final = 20
_NAMES: Final = "the name of a channel, or a list of names"
_SYNONYMS: Final = {
    "channel": "channels", "to": "channels", "via": "channels", "on": "when", "events": "when", "kinds": "when",
    "if": "when", "after": "threshold", "failures": "threshold",
}  # fmt: skip


@of_form(lambda: written_form.or_word("none", written_form.block_of(_KEYS)))
def notify(node: Node) -> Members | None:
    """The members that a block sets; None if it is `none`, which takes a default back."""
    if isinstance(node, Scalar) and node.text != "none":
        raise InvalidValue(f"this takes {TAKES}, not a single value", f"{{channels: {node.text}}}")
    if isinstance(node, Sequence):
        raise InvalidValue(f"this takes {TAKES}, not a list")
    return block(node, "notify", TAKES, _KEYS, _SYNONYMS)


def merged(own: Members | None, inherited: Members | None) -> Notify | None:
    """What a job says: its own block over that in `defaults`, which by itself tells nobody if it names no channel.

    Raises:
        InvalidValue: it names no channel.
    """
    if own is None or (own is inherited and "channels" not in own):
        return None
    members = {**(inherited or {}), **own}
    if "channels" not in members:
        raise InvalidValue("notify names no channel: add channels, such as {channels: mail}")
    return Notify(**members)


Written = tuple[Scalar, Node]
"""A key and its value."""


def check_channels(
    defaults: Written | None,
    jobs: AbstractMapping[str, Written],
    known: Collection[str],
    problems: Problems,
) -> None:
    """Note each name that is no channel of the config.

    Args:
        defaults: the block of that name; jobs: those of the config by name, those that are wrong too.
        known: the channels of the config, those that are wrong too; problems: where mistakes are noted.
    """
    if defaults is not None:
        _check(defaults[1], known, problems, "defaults")
    for name, (_, node) in jobs.items():
        if isinstance(node, Mapping) and "notify" in node.entries:
            _check(node, known, problems, f"jobs.{name}")


def _check(body: Node, known: Collection[str], problems: Problems, path: str) -> None:
    found = body.entries.get("notify") if isinstance(body, Mapping) else None
    block_node = None if found is None else found[1]
    entry = block_node.entries.get("channels") if isinstance(block_node, Mapping) else None
    if entry is None:
        return
    for each in entry[1].items if isinstance(entry[1], Sequence) else [entry[1]]:
        if isinstance(each, Scalar) and each.text not in known:
            has = f"which has {', '.join(known)}" if known else "which has none"
            message = f"there is no channel {each.text!r} in channels: at the top of the config, {has}"
            problems.add(each, message, key=f"{path}.notify.channels", suggestion=nearest(each.text, known))


@of_form(written_form.one_or_more(written_form.TEXT))
def _channel_names(node: Node) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(one_or_more(node, _name, _NAMES)))
    if len(found) > NAMES_MAX:
        raise InvalidValue(f"these are {len(found)} channels: {NAMES_MAX} is the most")
    return found


def _name(node: Node) -> str:
    word_name(scalar(node, _NAMES), "channel", "mail")
    return scalar(node, _NAMES).text


_KEYS: Final[dict[str, Reader]] = {
    "channels": member("channels", _channel_names),
    "when": member("when", kinds),
    "threshold": member("threshold", whole_number(1, THRESHOLD_MAX)),
}
"""The keys of the block, each with what makes members of its value."""
