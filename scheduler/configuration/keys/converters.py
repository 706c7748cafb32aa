"""Values that are made of several: commands in a list, environments, tags, folders to clean.

Unquoted numbers and dates are taken here exactly as written, since that is what `[sleep, 010]` and `PORT:
8080` mean to a person; `true`, `on`, `null` and the like must be in quotes, because programs disagree about
them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Protocol, TypeVar

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.names import tag_name, variable_name
from scheduler.configuration.keys.values import folder, mapping, scalar, text, whole_number
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.spelling import nearest
from scheduler.configuration.yaml_tree.problems import Fault, InvalidValue, Placed
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar, Sequence
from scheduler.definition import Directory, JobCalendars
from scheduler.python_jobs.targets import is_module_target

_EXPRESSIONS_MAX = 50
P = TypeVar("P", bound=Placed)
T = TypeVar("T")

TEXTS_MAX = 20
"""Each text is looked for by itself in all of the output."""
TEXT_MAX_CHARS = 1_000
_EXIT_CODE = whole_number(0, 255)


class FaultCollector:
    """Reads parts one by one and remembers what is wrong with each."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def take(self, read: Callable[[P], T], node: P, below: str = "") -> T | None:
        """What `read` makes of a node, or None after noting why it refused."""
        try:
            return read(node)
        except InvalidValue as invalid:
            for fault in invalid.faults:
                under = ".".join(part for part in (below, fault.below) if part)
                self.faults.append(fault._replace(node=fault.node or node, below=under))
            return None

    def settle(self) -> None:
        """Raise `InvalidValue` if anything was."""
        if self.faults:
            raise InvalidValue.because(self.faults)


@of_form(written_form.either(written_form.TEXT, {"type": "array", "items": written_form.TEXT, "minItems": 1}))
def command(node: Node) -> str | list[str]:
    """A command: one string, or program and arguments in a list."""
    wanted = "a command: text, or a list of program and arguments"
    if not isinstance(node, Sequence):
        return text(node, wanted)
    if not node.items:
        raise InvalidValue("the list is empty: it takes a program and its arguments")
    gathered = FaultCollector()
    argv = [gathered.take(_argument, item) for item in node.items]
    gathered.settle()
    if not argv[0]:
        raise InvalidValue("the name of the program is empty", node=node.items[0])
    return [argument or "" for argument in argv]


@of_form(written_form.WORD)
def python_target(node: Node) -> str:
    """What a job runs in Python: `package.module:callable`."""
    target = text(node, "a function or class of a module, package.module:callable")
    if is_module_target(target):
        return target
    # Others write the last part behind a dot.
    module, _, name = target.rpartition(".")
    better = f"{module}:{name}" if ":" not in target and is_module_target(f"{module}:{name}") else ""
    raise InvalidValue(f"{target!r} names no function: this takes package.module:callable", better)


@of_form(written_form.named(written_form.TEXT, "[A-Za-z_][A-Za-z0-9_]*"))
def environment(node: Node) -> dict[str, str]:
    """Names and values of environment variables."""
    gathered = FaultCollector()
    found: dict[str, str] = {}
    for written, (key, value) in mapping(node, "a mapping of NAME: value").entries.items():
        shown = written.partition("=")[0]
        name = gathered.take(variable_name, key, shown)
        setting = gathered.take(_argument, value, shown)
        if name is not None and setting is not None:
            found[name] = setting
    gathered.settle()
    return found


@of_form(lambda: {"type": "array", "items": written_form.block_of(_DIRECTORY_KEYS)})
def directories(node: Node) -> tuple[Directory, ...]:
    """Folders that a maintenance job cleans."""
    if not isinstance(node, Sequence):
        raise InvalidValue(
            "this takes a list of folders, each such as {path: /srv/app/logs, pattern: '*.log'}"
        )
    return _each(node, _directory)


@of_form(written_form.one_or_more(written_form.WORD, _EXPRESSIONS_MAX))
def expressions(node: Node) -> str | tuple[str, ...]:
    """A cron expression, or several in a list; a list of one is that one. What they mean is asked later."""
    if not isinstance(node, Sequence):
        return _expression(node)
    if not node.items:
        raise InvalidValue("the list is empty: it takes cron expressions in quotes")
    if len(node.items) > _EXPRESSIONS_MAX:
        raise InvalidValue(f"this list has {len(node.items)} expressions, {_EXPRESSIONS_MAX} is the most")
    read = _each(node, _expression)
    return read[0] if len(read) == 1 else read


def _expression(node: Node) -> str:
    return scalar(node, "a cron expression in quotes").text


@of_form(
    written_form.or_word(
        "none",
        written_form.closed(dict.fromkeys(("only", "except"), written_form.one_or_more(written_form.TEXT))),
    )
)
def job_calendars(node: Node) -> JobCalendars | None:
    """The calendars of a job by their names, without the digests of their days, which are looked up later."""
    if isinstance(node, Scalar) and node.text == "none":
        return None
    wanted = "a mapping of only and except, each the name of a calendar or a list of names"
    gathered = FaultCollector()
    found: dict[str, dict[str, str]] = {}
    for word, (key, value) in mapping(node, wanted).entries.items():
        if word not in ("only", "except"):
            near = nearest(word, ("only", "except"))
            gathered.faults.append(Fault(f"unknown key {word!r}, this takes only and except", near, key))
            continue
        names = gathered.take(
            lambda each: one_or_more(each, _calendar_name, "a name or a list of names"), value, word
        )
        found[word] = dict.fromkeys(names or (), "")
    gathered.settle()
    calendars = JobCalendars(only=found.get("only", {}), without=found.get("except", {}))
    if not calendars.only and not calendars.without:
        raise InvalidValue(f"this takes {wanted}")
    return calendars


def _calendar_name(node: Node) -> str:
    return text(node, "the name of a calendar", literal=True)


@of_form(lambda: written_form.one_or_more(written_form.form_of(_EXIT_CODE)))
def success_codes(node: Node) -> tuple[int, ...]:
    """Exit codes in their order; of 0 alone, which applies anyway, there are none."""
    codes = tuple(sorted({*one_or_more(node, _EXIT_CODE, "an exit code from 0 to 255, or a list of them")}))
    return () if codes == (0,) else codes


@of_form(written_form.one_or_more(written_form.TEXT))
def texts_in_output(node: Node) -> tuple[str, ...]:
    """Texts that may not stand in the output of a run, as they are written; each is listed once."""
    texts = tuple(dict.fromkeys(one_or_more(node, _text_in_output, "a text, or a list of texts")))
    if len(texts) > TEXTS_MAX:
        raise InvalidValue(f"there are {len(texts)} texts: at most {TEXTS_MAX} are looked for")
    return texts


def _text_in_output(node: Node) -> str:
    value = text(node, literal=True)
    if len(value) > TEXT_MAX_CHARS:
        raise InvalidValue(f"the text has {len(value):,} characters: {TEXT_MAX_CHARS:,} is the most")
    if any(unicodedata.category(char) == "Cc" and char != "\t" for char in value):
        raise InvalidValue("the text holds a line break or a control character: it is looked for in a line")
    return value


def one_or_more(node: Node, read: Callable[[Node], T], wanted: str) -> tuple[T, ...]:
    """A list that is not empty, of which one element may stand without the list."""
    if isinstance(node, Mapping):
        raise InvalidValue(f"this takes {wanted}, not a mapping")
    if not isinstance(node, Sequence):
        return (read(node),)
    if not node.items:
        raise InvalidValue(f"the list is empty: this takes {wanted}")
    return _each(node, read)


def _each(node: Sequence, read: Callable[[Node], T]) -> tuple[T, ...]:
    """What `read` makes of the items; a mistake is told with the place of its item in the list, from 1."""
    gathered = FaultCollector()
    found = [gathered.take(read, item, f"{index}") for index, item in enumerate(node.items, 1)]
    gathered.settle()
    return tuple(each for each in found if each is not None)


@of_form(written_form.one_or_more(written_form.TEXT))
def tags(node: Node) -> tuple[str, ...]:
    """Tags: a list, or a single one; `none` is an empty list."""
    return words(node, "tag", tag_name)


class WordReader(Protocol):
    """A reader of one word of a list."""

    def __call__(self, node: Node, *, alone: bool = False) -> str:
        """The word; `alone`: it is not in a list."""


def words(node: Node, what: str, read: WordReader) -> tuple[str, ...]:
    """Words of a kind, such as a `tag`: a list, or a single one; `none` is an empty list."""
    if isinstance(node, Scalar):
        return () if node.text == "none" else (read(node, alone=True),)
    if not isinstance(node, Sequence):
        raise InvalidValue(f"this takes a list of {what}s, or one {what}, not a mapping")
    gathered = FaultCollector()
    found: list[str] = []
    for item in node.items:
        name = gathered.take(read, item)
        if name is not None and name in found:
            gathered.faults.append(Fault(f"the {what} {name} stands here twice", "", item))
        elif name is not None:
            found.append(name)
    gathered.settle()
    return tuple(found)


def _argument(node: Node) -> str:
    """Text that may be empty if it is in quotes, and numbers as they were written."""
    if isinstance(node, Scalar) and not node.plain and not node.text.strip():
        return node.text
    return text(node, literal=True)


def _directory(node: Node) -> Directory:
    if isinstance(node, Scalar):
        raise InvalidValue("each folder is a mapping with a path", f"path: {node.text}" if node.text else "")
    entries = mapping(node, "a folder such as {path: /srv/app/logs, pattern: '*.log'}").entries
    gathered = FaultCollector()
    members: dict[str, str] = {}
    for key, (key_node, value) in entries.items():
        if key not in _DIRECTORY_KEYS:
            near = nearest(key, _DIRECTORY_KEYS)
            fault = Fault(f"unknown key {key!r}: a folder has path and pattern", near, key_node, 0, key)
            gathered.faults.append(fault)
            continue
        found = gathered.take(_DIRECTORY_KEYS[key], value, key)
        if found is not None:
            members[key] = found
    if "path" not in entries:
        gathered.faults.append(Fault("this folder has no path", "", node))
    gathered.settle()
    return Directory(**members)


@of_form(written_form.TEXT)
def _path(node: Node) -> str:
    path = folder(node)
    if not path.strip("/"):
        raise InvalidValue("the root folder is never cleaned: name a folder in it")
    return path


@of_form(written_form.TEXT)
def _pattern(node: Node) -> str:
    pattern = text(node, "a pattern for names of files, such as *.log")
    if "/" in pattern:
        raise InvalidValue(
            "a pattern is compared with the names of files in the folder, so it holds no slash"
        )
    return pattern


_DIRECTORY_KEYS: dict[str, Callable[[Node], str]] = {"path": _path, "pattern": _pattern}
