"""The key `run_as`: the user as whom a job runs, and perhaps another group than the user's first one."""

from __future__ import annotations

import re
from typing import Final

from scheduler.configuration.keys import written_form
from scheduler.configuration.keys.values import text
from scheduler.configuration.keys.written_form import of_form
from scheduler.configuration.yaml_tree.problems import InvalidValue
from scheduler.configuration.yaml_tree.tree import Node, Scalar

TAKES: Final = "a user, or user:group; or none"
_NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}\$?"
_WRITTEN: Final = re.compile(rf"({_NAME})(?::({_NAME}))?")


@of_form(written_form.TEXT)
def run_as(node: Node) -> str | None:
    """A user, or user and group, as they are named; None if it is `none`, which takes a default back.

    Raises:
        InvalidValue: it is neither.
    """
    if isinstance(node, Scalar) and node.text == "none":
        return None
    written = text(node, TAKES, literal=True)
    found = _WRITTEN.fullmatch(written)
    if found is None:
        better = re.sub(r"\s*[:.,/ ]\s*", ":", written.strip())
        raise InvalidValue(
            f"this takes {TAKES}, not {written!r}", better if _WRITTEN.fullmatch(better) else ""
        )
    number = next((part for part in found.groups() if part is not None and part.isdigit()), None)
    if number is not None:
        raise InvalidValue(f"users and groups are named here, and {number} is a number")
    return written
