"""The mutants that may live, and why: `explained.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

EXPLAINED = Path(__file__).with_name("explained.toml")


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


def explained() -> dict[Change, str]:
    """Each explained mutant with its reason."""
    listed = tomllib.loads(EXPLAINED.read_text(encoding="utf-8")).get("mutant", [])
    return {
        Change(each["module"], each["was"], becomes): each["reason"]
        for each in listed
        for becomes in each["becomes"]
    }
