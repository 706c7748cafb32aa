"""What of a config may be secret, and what stands in its place in the text that goes to a database.

These are the values that `check` and `plan` do not show either: those of environment variables, headers of webhooks,
addresses. Digests stand for them, keyed with the salt of the home. A text with digests is read by the same reader: an
address stays an address. What is read from a file or a variable is no secret: only where it is read stands there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence as AbstractSequence
from typing import Final, Literal, NamedTuple

from scheduler.configuration.variables.environment import env_digest
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar, Sequence

Path = tuple[str, ...]

ADDRESS: Final = "address"
"""The name under which the digest of an address is made; no variable and no header is called so."""
_Kind = Literal["address", "text", "left out"]


class _Place(NamedTuple):
    """Where something stands that does not go out as it is written: the keys from a node on, `*` for any one."""

    kind: _Kind
    path: Path


_PLACES: Final = (
    _Place("address", ("channels", "*", "webhook")),
    _Place("address", ("channels", "*", "ping")),
    _Place("address", ("scheduler", "heartbeat", "url")),
    _Place("address", ("ledger", "anchors", "webhook")),
    _Place("address", ("ledger", "anchors", "*", "webhook")),
    _Place("text", ("defaults", "env", "*")),
    _Place("text", ("jobs", "*", "env", "*")),
    _Place("text", ("channels", "*", "headers", "*")),
    _Place("address", ("telemetry", "otlp")),
    _Place("text", ("telemetry", "headers", "*")),
    # What each machine says for itself: where the database is that it reads the config from.
    _Place("left out", ("ledger", "store")),
)
WITHHELD_HOST: Final = "withheld.invalid"
"""The host in what stands for an address: a name that never leads anywhere."""
_TEXT_MARK: Final = "withheld:"
_MARK: Final = re.compile(rf"(?:{_TEXT_MARK}|https://{re.escape(WITHHELD_HOST)}/)([0-9a-f]{{16}})")


class Withheld(NamedTuple):
    """A value that may be secret.

    Attributes:
        path: the keys that lead to it, places in lists counted from 0.
        name: with which its digest is made: of a variable, of a header, or `ADDRESS`.
        value: what is written there.
    """

    path: Path
    name: str
    value: str


def withheld_in(top: Mapping) -> Iterator[Withheld]:
    """All values of a config that may be secret."""
    return _found(top, (), _PLACES)


def _found(node: Node, path: Path, places: AbstractSequence[_Place]) -> Iterator[Withheld]:
    if isinstance(node, Scalar):
        if (name := _name_of(path, places)) is not None:
            yield Withheld(path, name, node.text)
        return
    for word, below in _below(node):
        if left := _from(word, places):
            yield from _found(below, (*path, word), left)


def without_secrets(top: Mapping, salt: bytes) -> Mapping:
    """The tree of a config with digests in place of what may be secret; the one that is given stays as it is."""

    def digest(found: Withheld) -> str:
        digest = env_digest(found.name, found.value, salt)
        return f"https://{WITHHELD_HOST}/{digest}" if found.name == ADDRESS else f"{_TEXT_MARK}{digest}"

    return _mapping(top, (), _PLACES, digest)


def with_values(top: Mapping, values: AbstractMapping[str, str]) -> Mapping:
    """The tree with the values again that are known by their digests; the other digests stay.

    Args:
        top: as `without_secrets` has made it.
        values: by their digests.
    """

    def value(found: Withheld) -> str:
        return values.get(digest_in(found.value) or "", found.value)

    return _mapping(top, (), _PLACES, value)


def digest_in(text: str) -> str | None:
    """The digest in what stands for a value; None if the text is no such thing."""
    found = _MARK.fullmatch(text)
    return None if found is None else found[1]


def _mapping(
    node: Mapping, path: Path, places: AbstractSequence[_Place], text_for: Callable[[Withheld], str]
) -> Mapping:
    new = Mapping(node.mark)
    for word, (key, value) in node.entries.items():
        left = _from(word, places)
        if not any(_is_here(each, "left out") for each in left):
            new.entries[word] = (key, _replaced(value, (*path, word), left, text_for))
    return new


def _replaced(
    node: Node, path: Path, places: AbstractSequence[_Place], text_for: Callable[[Withheld], str]
) -> Node:
    if not places:
        return node
    if isinstance(node, Scalar):
        name = _name_of(path, places)
        if name is None:
            return node
        return Scalar(text_for(Withheld(path, name, node.text)), False, node.mark)
    if isinstance(node, Mapping):
        return _mapping(node, path, places, text_for)
    new = Sequence(node.mark)
    new.items = [_replaced(each, (*path, word), _from(word, places), text_for) for word, each in _below(node)]
    return new


def _below(node: Mapping | Sequence) -> Iterator[tuple[str, Node]]:
    if isinstance(node, Mapping):
        yield from ((word, value) for word, (_, value) in node.entries.items())
    else:
        yield from ((str(at), each) for at, each in enumerate(node.items))


def _from(word: str, places: AbstractSequence[_Place]) -> list[_Place]:
    """The places below what stands under a key, seen from there; most keys have none, and need no further look."""
    return [_Place(each.kind, each.path[1:]) for each in places if each.path and each.path[0] in ("*", word)]


def _name_of(path: Path, places: AbstractSequence[_Place]) -> str | None:
    """The name of the value that may be secret to which a path leads; None if it leads to none.

    Args:
        path: that leads to the value; places: seen from there.
    """
    if any(_is_here(each, "address") for each in places):
        return ADDRESS
    return path[-1] if any(_is_here(each, "text") for each in places) else None


def _is_here(place: _Place, kind: _Kind) -> bool:
    return place.kind == kind and not place.path
