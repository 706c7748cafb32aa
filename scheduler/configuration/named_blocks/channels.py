"""The `channels:` block: ways to tell people, by name."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.job import read_block
from scheduler.configuration.keys.channel_keys import CHANNEL_KEYS, KIND_KEYS, KINDS
from scheduler.configuration.named_blocks.named import NamedKind, read_named
from scheduler.configuration.yaml_tree.problems import Problems
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar
from scheduler.notifications.settings import Channel, ChannelKind

_CHANNELS: Final = NamedKind(
    "channel", "mail", "a mapping of its keys, such as {email: ops@example.org}", 100
)


def read_channels(node: Node, problems: Problems) -> dict[str, Channel | None]:
    """The channels of a config by name, None for one that is wrong.

    Args:
        node: What stands under `channels`.
        problems: Where mistakes are noted.
    """

    def read(key: Scalar, written: Mapping, path: str) -> Channel | None:
        return _channel(key, written, path, problems)

    return read_named(node, _CHANNELS, problems, read)


def _channel(key: Scalar, written: Mapping, path: str, problems: Problems) -> Channel | None:
    before = problems.noted
    found = read_block(written, CHANNEL_KEYS, problems, path, "a channel")
    kinds = [kind for kind in KINDS if kind in written.entries]
    if len(kinds) != 1 and not set(KINDS).intersection(found.meant):
        more = f", and this is {' and '.join(kinds)}" if kinds else ""
        problems.add(key, f"a channel is exactly one of {', '.join(KINDS)}{more}", key=path)
    _check_keys_of_kind(kinds, written, problems, path)
    if problems.noted != before:
        return None
    return Channel(name=key.text, kind=kinds[0], **found.values)


def _check_keys_of_kind(kinds: list[ChannelKind], written: Mapping, problems: Problems, path: str) -> None:
    """Refuse what the kind of the channel does not take."""
    if len(kinds) != 1:
        return
    for word, (key, _) in written.entries.items():
        takers = KIND_KEYS.get(word)
        if takers is None or kinds[0] in takers:
            continue
        if kinds == ["ping"] and len(takers) > 1:
            message = f"{word} does not belong to a ping: it tells each start and each end by itself"
        else:
            message = f"{word} belongs to {' or '.join(takers)}, and this channel is {kinds[0]}"
        problems.add(key, message, key=f"{path}.{word}")
