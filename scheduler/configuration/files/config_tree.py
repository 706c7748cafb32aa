"""The files of a config as one tree, as if all of it stood in one file; every node knows which one it stands in."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from scheduler.configuration.files.joined import MAIN, ConfigFile
from scheduler.configuration.keys.placement import unknown_block
from scheduler.configuration.keys.table import DEFAULTS_KEYS, JOB_KEYS, TOP_KEYS
from scheduler.configuration.keys.values import mapping, read_as
from scheduler.configuration.settings.job_settings import TIMING_KEYS
from scheduler.configuration.yaml_tree.problems import InvalidValue, Problems, file_of
from scheduler.configuration.yaml_tree.source import decode
from scheduler.configuration.yaml_tree.tree import InvalidYaml, Mapping, Node, NodeCount, Scalar, compose
from scheduler.configuration.yaml_tree.tree import Sequence as Items

PART_KEYS: Final = tuple(key for key in TOP_KEYS if key in ("jobs", "channels", "calendars"))
"""What may stand in a part: names, of which each stands in one file. What applies to all stands in one place."""


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking a tree that grows and holds no cycles: it takes half the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def tree_of(files: Sequence[ConfigFile], problems: Problems) -> tuple[dict[str, str], Mapping]:
    """The texts of the files of a config by their names, and the top of the whole.

    Raises:
        InvalidYaml: One could not be read: what it would have said may be missed in the others.
        TooManyMistakes: There are too many mistakes.
    """
    texts: dict[str, str] = {}
    tops: list[Mapping] = []
    failed, count = False, NodeCount()
    for each in files:
        problems.file = each.name
        if (text := decode(each.content, problems)) is None:
            failed = True
            continue
        texts[each.name] = text
        try:
            root = compose(text, problems, count)
            if root is not None or not each.name:  # a part of which nothing is left is none
                tops.append(_top(root, problems, PART_KEYS if each.name else TOP_KEYS))
        except InvalidYaml:
            failed = True
    problems.file = ""
    if failed:
        raise InvalidYaml
    return texts, _merged(tops, problems)


def _top(root: Node | None, problems: Problems, takes: Sequence[str]) -> Mapping:
    """The top of a file, with only the keys that belong there."""
    if root is None or (isinstance(root, Scalar) and root.plain and read_as(root.text) == "null"):
        problems.add_at(
            1, 1, "the config is empty: `cronledger init` writes one to start from, or begin with `jobs:`"
        )
        raise InvalidYaml
    if not isinstance(root, Mapping):
        what = "a list" if isinstance(root, Items) else "a single value"
        problems.add(root, f"a config is a mapping that begins with `jobs:`, and this is {what}")
        raise InvalidYaml
    for word, (key, node) in root.entries.items():
        if word in takes:
            continue
        if word in TOP_KEYS:
            message, near = f"{word} stands in {MAIN} alone: a file in config.d takes {', '.join(takes)}", ""
        elif isinstance(node, Mapping) and node.entries.keys() & {"command", *TIMING_KEYS}:
            message, near = f"{word!r} looks like a job: jobs stand indented under `jobs:`", ""
        elif word in JOB_KEYS:
            for_all = ", or under `defaults:` for all of them" if word in DEFAULTS_KEYS else ""
            message, near = f"{word} belongs to a job: it stands with one under `jobs:`{for_all}", ""
        else:
            what = "this file of the config" if problems.file else "the config"
            message, near = unknown_block(word, takes, what)
        problems.add(key, message, key=word, suggestion=near)
    return root


def _merged(tops: Sequence[Mapping], problems: Problems) -> Mapping:
    """The top of the whole config.

    Args:
        tops: Those of its files, that of `config.yaml` first; of parts, only keys that may stand there are looked at.
        problems: Where it is noted that a name stands twice.
    """
    main = tops[0]
    if len(tops) == 1:
        return main
    whole = Mapping(main.mark)
    whole.entries.update(main.entries)
    for word in PART_KEYS:
        found = [top.entries[word] for top in tops if word in top.entries]
        if not any(word in top.entries for top in tops[1:]):
            continue
        block = Mapping(found[0][1].mark)
        for _, node in found:
            try:
                entries = mapping(node, "a mapping that begins with names").entries
            except InvalidValue as invalid:
                problems.take(invalid, node, word)
                continue
            for name, entry in entries.items():
                first, _ = block.entries.setdefault(name, entry)
                if first is not entry[0]:
                    where = f"{file_of(first) or MAIN}, line {first.mark.line + 1}"
                    message = (
                        f"{name!r} stands in two files, and a name stands once: the first one is in {where}"
                    )
                    problems.add(entry[0], message, key=f"{word}.{name}")
        whole.entries[word] = (found[0][0], block)
    return whole
