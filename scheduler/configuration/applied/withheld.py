"""What of a config may be secret, and what stands in its place in the text that goes to a database.

These are the values that `check` and `plan` do not show either: those of environment variables, headers of webhooks,
addresses. Digests stand for them, keyed with the salt of the home. A text with digests is read by the same reader: an
address stays an address. What is read from a file or a variable is no secret: only where it is read stands there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as AbstractMapping
from typing import Final, NamedTuple

from scheduler.configuration.variables.environment import env_digest
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar, Sequence

Path = tuple[str, ...]

ADDRESS: Final = "address"
"""The name under which the digest of an address is made; no variable and no header is called so."""
_ADDRESSES: Final[tuple[Path, ...]] = (
    ("channels", "*", "webhook"),
    ("channels", "*", "ping"),
    ("scheduler", "heartbeat", "url"),
    ("ledger", "anchors", "webhook"),
    ("ledger", "anchors", "*", "webhook"),
)
_TEXTS: Final[tuple[Path, ...]] = (
    ("defaults", "env", "*"),
    ("jobs", "*", "env", "*"),
    ("channels", "*", "headers", "*"),
)
_LEFT_OUT: Final[tuple[Path, ...]] = (("ledger", "store"),)
"""What each machine says for itself: where the database is that it reads the config from."""
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
    return _found(top, ())


def _found(node: Node, path: Path) -> Iterator[Withheld]:
    if isinstance(node, Scalar):
        if (name := _name_of(path)) is not None:
            yield Withheld(path, name, node.text)
    elif _leads_on(path):
        for word, below in _below(node):
            yield from _found(below, (*path, word))


def without_secrets(top: Mapping, salt: bytes) -> Mapping:
    """The tree of a config with digests in place of what may be secret; the one that is given stays as it is."""

    def digest(found: Withheld) -> str:
        digest = env_digest(found.name, found.value, salt)
        return f"https://{WITHHELD_HOST}/{digest}" if found.name == ADDRESS else f"{_TEXT_MARK}{digest}"

    return _mapping(top, (), digest)


def with_values(top: Mapping, values: AbstractMapping[str, str]) -> Mapping:
    """The tree with the values again that are known by their digests; the other digests stay.

    Args:
        top: as `without_secrets` has made it.
        values: by their digests.
    """

    def value(found: Withheld) -> str:
        return values.get(digest_in(found.value) or "", found.value)

    return _mapping(top, (), value)


def digest_in(text: str) -> str | None:
    """The digest in what stands for a value; None if the text is no such thing."""
    found = _MARK.fullmatch(text)
    return None if found is None else found[1]


def _mapping(node: Mapping, path: Path, text_for: Callable[[Withheld], str]) -> Mapping:
    new = Mapping(node.mark)
    for word, (key, value) in node.entries.items():
        if (*path, word) not in _LEFT_OUT:
            new.entries[word] = (key, _replaced(value, (*path, word), text_for))
    return new


def _replaced(node: Node, path: Path, text_for: Callable[[Withheld], str]) -> Node:
    if isinstance(node, Scalar):
        name = _name_of(path)
        if name is None:
            return node
        return Scalar(text_for(Withheld(path, name, node.text)), False, node.mark)
    if not _leads_on(path):
        return node
    if isinstance(node, Mapping):
        return _mapping(node, path, text_for)
    new = Sequence(node.mark)
    new.items = [_replaced(each, (*path, str(at)), text_for) for at, each in enumerate(node.items)]
    return new


def _below(node: Mapping | Sequence) -> Iterator[tuple[str, Node]]:
    if isinstance(node, Mapping):
        yield from ((word, value) for word, (_, value) in node.entries.items())
    else:
        yield from ((str(at), each) for at, each in enumerate(node.items))


def _name_of(path: Path) -> str | None:
    """The name of the value that may be secret to which a path leads; None if it leads to none."""
    if any(_matches(path, pattern) for pattern in _ADDRESSES):
        return ADDRESS
    return path[-1] if any(_matches(path, pattern) for pattern in _TEXTS) else None


def _matches(path: Path, pattern: Path) -> bool:
    return len(path) == len(pattern) and _begins(path, pattern)


def _leads_on(path: Path) -> bool:
    """Whether something that may be secret, or is left out, can stand below."""
    return any(_begins(path, pattern) for pattern in (*_ADDRESSES, *_TEXTS, *_LEFT_OUT))


def _begins(path: Path, pattern: Path) -> bool:
    return all(word in ("*", each) for word, each in zip(pattern, path, strict=False))
