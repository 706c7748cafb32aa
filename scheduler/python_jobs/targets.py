"""What a definition's `python` may name: a class in a file of the home's extensions, or what a module has.

`extensions/reports/jobs.py:Report` is the first, and follows from the name of a job; `package.module:callable` is the
second, and is what people write.
"""

from __future__ import annotations

import re
from typing import Final

EXTENSIONS: Final = "extensions"
FILE: Final = "jobs.py"
ENTRY_POINTS: Final = "cronledger.jobs"
"""The group of entry points in which an installed distribution offers jobs."""

DRY_RUN: Final = "--dry-run"
"""The option of a run that is to change nothing, as maintenance jobs have it too."""

FOLDER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
"""Which folders of `extensions/` are looked into."""

_WORD: Final = r"[^\W\d]\w*"
_MODULE: Final = re.compile(rf"{_WORD}(?:\.{_WORD})*:{_WORD}(?:\.{_WORD})*")
_IN_FILE: Final = re.compile(rf"({EXTENSIONS}/{FOLDER.pattern}/{re.escape(FILE)})(?::{_WORD})?")


def is_module_target(target: str) -> bool:
    """Whether it is `package.module:callable`."""
    return _MODULE.fullmatch(target) is not None


def file_of(target: str) -> str | None:
    """The file of an extension that a target names, relative to the home; None if it names a module."""
    found = _IN_FILE.fullmatch(target)
    return None if found is None else found[1]
