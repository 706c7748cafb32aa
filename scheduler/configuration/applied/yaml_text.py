r"""The tree of a config as YAML again: the same tree always gives the same text, and that text the same tree.

Comments are gone, aliases are written out, every list and mapping stands in lines of its own. What was written
without quotes stays without them, since that may decide what it is read as.

>>> from scheduler.configuration.yaml_tree.problems import Problems
>>> from scheduler.configuration.yaml_tree.tree import compose
>>> top = compose("jobs: {hello: {command: 'say \"hi\"', tags: [a, b]}} # greet", Problems())
>>> print(yaml_text(top), end="")
jobs:
  hello:
    command: "say \"hi\""
    tags:
      - a
      - b
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar

_INDENT: Final = "  "
_UNSEEN: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""What may not stand in a config as it is, and in quotes can be written as an escape."""


def yaml_text(node: Node) -> str:
    """The text of a tree, each line with its end."""
    return "".join(f"{line}\n" for line in _lines(node))


def _lines(node: Node) -> Iterator[str]:
    if isinstance(node, Scalar):
        yield _scalar(node)
    elif isinstance(node, Mapping):
        if not node.entries:
            yield "{}"
        for key, value in node.entries.values():
            if _is_inline(value):
                yield f"{_scalar(key)}: {next(_lines(value))}"
            else:
                yield f"{_scalar(key)}:"
                yield from (_INDENT + line for line in _lines(value))
    else:
        if not node.items:
            yield "[]"
        for item in node.items:
            first, *more = _lines(item)
            yield f"- {first}"
            yield from (_INDENT + line for line in more)


def _is_inline(node: Node) -> bool:
    """Whether it stands in the line of its key."""
    if isinstance(node, Scalar):
        return True
    return not (node.entries if isinstance(node, Mapping) else node.items)


def _scalar(node: Scalar) -> str:
    if not node.plain or "\n" in node.text:
        quoted = json.dumps(node.text, ensure_ascii=False)
        return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
    return node.text or "null"
