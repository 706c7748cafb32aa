"""The mutants that may live, and why: `explained.toml`."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

EXPLAINED = Path(__file__).with_name("explained.toml")
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


class Change(NamedTuple):
    """What a mutant changes.

    Attributes:
        module: the file, from the root of the project.
        was: the lines that it changes, joined by blanks, without what stands around them.
        becomes: what stands there instead; empty if they are gone.
    """

    module: str
    was: str
    becomes: str


def change_of(module: str, diff: str) -> Change:
    """What a unified diff changes."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    return Change(
        module,
        " ".join(line[1:].strip() for line in lines if line.startswith("-")),
        " ".join(line[1:].strip() for line in lines if line.startswith("+")),
    )


class Explanations:
    """What `explained.toml` says.

    Attributes:
        changes: each change that is explained by itself, with its reason.
    """

    def __init__(self) -> None:
        said = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))
        self.changes = {
            Change(each["module"], each["was"], becomes): str(each["reason"])
            for each in said["mutant"]
            for becomes in each["becomes"]
        }
        self._wordings = [
            (each["modules"], re.compile(each["line"]), str(each["reason"])) for each in said["wording"]
        ]

    def reason(self, change: Change) -> str | None:
        """Why this mutant may live; None if nobody has said so."""
        if change not in self.changes and _TEXT.sub("", change.was) == _TEXT.sub("", change.becomes):
            for modules, line, why in self._wordings:
                if fnmatch.fnmatch(change.module, modules) and line.fullmatch(change.was):
                    return why
        return self.changes.get(change)
