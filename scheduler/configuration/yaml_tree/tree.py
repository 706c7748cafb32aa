"""A config's text as a tree of nodes that remember where they stand and how they were written.

PyYAML's C parser (libyaml) supplies the events. They are composed here instead of by PyYAML for four
reasons: duplicate keys must be refused and not overwritten; a value must keep its source text, because YAML
1.1 reads `on` as true and `010` as 8; PyYAML's composer recurses in C and crashes the process on deep
nesting; and aliases must not multiply without bound.
"""

from __future__ import annotations

from io import StringIO
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from scheduler.configuration.yaml_tree.problems import Mark, Problems

MAX_DEPTH = 12
"""A config needs five levels; libyaml's time grows with the square of the depth."""
MAX_NODES = 1_000_000
"""With aliases counted as often as they are used; ten thousand jobs have about a hundred thousand."""


class Scalar:
    """A single value.

    Attributes:
        text: The value, without its quotes.
        plain: Whether it was written without quotes (and not as a block), so that YAML may read it as something
            else than text.
        mark: Where it begins, quotes included.
    """

    __slots__ = ("mark", "plain", "text")

    def __init__(self, text: str, plain: bool, mark: Mark) -> None:
        self.text = text
        self.plain = plain
        self.mark = mark


class Sequence:
    """A list."""

    __slots__ = ("items", "mark")

    def __init__(self, mark: Mark) -> None:
        self.items: list[Node] = []
        self.mark = mark


class Mapping:
    """Keys and values: the text of each key, to the key and its value as nodes."""

    __slots__ = ("entries", "mark")

    def __init__(self, mark: Mark) -> None:
        self.entries: dict[str, tuple[Scalar, Node]] = {}
        self.mark = mark


Node = Scalar | Sequence | Mapping


class InvalidYaml(Exception):
    """The text is no YAML that a tree could be made of; the problems say why."""


class NodeCount:
    """How many values the files of a config hold together, those that aliases repeat included."""

    def __init__(self) -> None:
        self.total = 0


def compose(text: str, problems: Problems, count: NodeCount | None = None) -> Node | None:
    """The tree of the one document in `text`; None if there is none.

    Args:
        text: The text of a file.
        problems: Where mistakes are noted; its `file` is the one that is being read.
        count: What was read of other files before; this one is counted too.

    Raises:
        InvalidYaml: The text is not YAML, nests too deeply or is too large.
        TooManyMistakes: It holds too many mistakes.
    """
    if text.startswith("%") or "\n%" in text:
        line = text.count("\n", 0, text.find("\n%") + 1) + 1 if not text.startswith("%") else 1
        problems.add_at(line, 1, "a line of a config cannot begin with %: YAML directives are not supported")
        raise InvalidYaml
    composer = _Composer(text, problems, NodeCount() if count is None else count)
    try:
        return composer.document()
    except yaml.YAMLError as error:
        composer.refuse_depth_ahead(text, error)
        from scheduler.configuration.yaml_tree.syntax import reword  # only a mistake needs it

        line, column, message, suggestion = reword(error, text)
        problems.add_at(line, column, message, suggestion=suggestion)
        raise InvalidYaml from None


class _NamedText(StringIO):
    """The text of a file that has a name."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


class _Composer:
    """One pass over the events of a text."""

    def __init__(self, text: str, problems: Problems, count: NodeCount) -> None:
        # Places name the file that a stream says it is.
        parser: Any = CParser(_NamedText(text, problems.file) if problems.file else text)
        self._next = parser.get_event
        self._problems = problems
        self._count = count
        self._nodes = count.total
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._left_open: list[Any] = []
        self._words: dict[str, str] = {}

    def document(self) -> Node | None:
        self._next()  # the stream begins
        if isinstance(self._next(), StreamEndEvent):
            return None
        root = self._node(self._next(), 0)
        self._count.total = self._nodes
        self._next()  # the document ends
        event = self._next()
        if not isinstance(event, StreamEndEvent):
            self._refuse(
                event.start_mark, "a second document begins here: a config is one document, without ---"
            )
        return root

    def refuse_depth_ahead(self, text: str, error: yaml.YAMLError) -> None:
        """Refuse brackets that nest too deeply if the parser, which reads ahead, gave up among them.

        Raises:
            InvalidYaml: it did, and the place is where our own bound is passed, wherever the parser's lies.
        """
        mark: Any = getattr(error, "problem_mark", None)
        if mark is None or text[mark.index : mark.index + 1] not in ("[", "{"):
            return
        begin = self._left_open[0].index + 1 if self._left_open else 0
        ahead = text[begin : mark.index + 1]
        run = len(ahead.rstrip("[{ \t\r\n"))
        opening = [begin + at for at, sign in enumerate(ahead[run:], run) if sign in "[{"]
        first_refused = MAX_DEPTH + 1 - len(self._left_open)
        if first_refused < len(opening):
            at = opening[first_refused]
            self._stop_at(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), deep=True)

    def _node(self, event: Any, depth: int) -> Node:
        """The node that begins with an event."""
        kind = type(event)
        if kind is AliasEvent:
            return self._aliased(event)
        begin = self._nodes
        self._nodes = begin + 1
        if begin >= MAX_NODES or depth > MAX_DEPTH:
            self._stop(event.start_mark, deep=depth > MAX_DEPTH)
        if event.tag is not None:
            message = "YAML's tags are not supported: a value that begins with ! must be in quotes"
            self._refuse(event.start_mark, message)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node: Node
        if kind is ScalarEvent:
            node = Scalar(event.value, not event.style, event.start_mark)
        else:
            node = self._collection(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, self._nodes - begin)
        return node

    def _collection(self, event: Any, depth: int) -> Node:
        """The list or mapping that begins with an event; what an error leaves open is noted, innermost first."""
        try:
            kind: object = type(event)
            if kind is MappingStartEvent:
                return self._mapping(Mapping(event.start_mark), depth)
            assert kind is SequenceStartEvent, "a node begins with one of four events"
            return self._sequence(Sequence(event.start_mark), depth)
        except yaml.YAMLError:
            self._left_open.append(event.start_mark)
            raise

    def _mapping(self, node: Mapping, depth: int) -> Mapping:
        entries = node.entries
        merged: list[Node] = []
        while type(event := self._next()) is not MappingEndEvent:
            key = self._node(event, depth + 1)
            value = self._node(self._next(), depth + 1)
            if not isinstance(key, Scalar):
                self._refuse(event.start_mark, "a key must be a plain word, not a list or a mapping")
            elif key.plain and key.text == "<<":
                merged.append(value)
            elif key.text in entries:
                line = entries[key.text][0].mark.line + 1
                message = f"{key.text!r} is written twice: the first one is in line {line}"
                self._problems.add(key, message, key=key.text)
            else:
                key.text = self._words.setdefault(key.text, key.text)  # thousands of jobs have the same keys
                entries[key.text] = (key, value)
        for value in merged:
            self._merge(node, value)
        return node

    def _sequence(self, node: Sequence, depth: int) -> Sequence:
        while type(event := self._next()) is not SequenceEndEvent:
            node.items.append(self._node(event, depth + 1))
        return node

    def _merge(self, node: Mapping, value: Node) -> None:
        """Take over the entries of `<<: *other` (the merge key of YAML 1.1) that the mapping lacks."""
        for source in value.items if isinstance(value, Sequence) else [value]:
            if isinstance(source, Mapping):
                for key, entry in source.entries.items():
                    node.entries.setdefault(key, entry)
            else:
                self._refuse(source.mark, "<< takes the alias of a mapping, such as <<: *nightly")

    def _aliased(self, event: Any) -> Node:
        known: tuple[Node, int] | str | None = self._anchors.get(event.anchor, "unknown")
        if known is None:
            self._refuse(event.start_mark, "this alias stands inside what it refers to")
            raise InvalidYaml
        if isinstance(known, str):
            message = "no anchor has the name after this *: text that begins with * must be in quotes"
            self._refuse(event.start_mark, message)
            return Scalar("", True, event.start_mark)
        node, size = known
        self._nodes += size
        if self._nodes > MAX_NODES:
            self._stop(event.start_mark, deep=False)
        return node

    def _refuse(self, mark: Mark, message: str) -> None:
        self._problems.add_at(mark.line + 1, mark.column + 1, message)

    def _stop(self, mark: Mark, *, deep: bool) -> None:
        self._stop_at(mark.line + 1, mark.column + 1, deep=deep)

    def _stop_at(self, line: int, column: int, *, deep: bool) -> None:
        limit = f"nests deeper than {MAX_DEPTH} levels" if deep else f"holds more than {MAX_NODES:,} values"
        what = "with this file, the config" if self._count.total else "the file"
        self._problems.add_at(line, column, f"{what} {limit} here: this cannot be a config")
        raise InvalidYaml
