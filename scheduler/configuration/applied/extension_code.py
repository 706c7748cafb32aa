"""The code of jobs in Python, by its digest: whether two machines run the same under the same name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from eventstore.regular_file import open_regular
from scheduler.definition import JobDefinition
from scheduler.home import Home
from scheduler.python_jobs.targets import file_of

_FILES_MAX: Final = 10_000


def extension_files(definitions: Iterable[JobDefinition]) -> list[str]:
    """The files of the home's extensions in which jobs are, relative to the home, each once."""
    found = {file_of(each.python) for each in definitions if each.python is not None}
    return sorted(file for file in found if file is not None)


def code_digest(home: Home, file: str) -> str:
    """The digest of an extension: of all Python files in the folder of `file`, and their names.

    Raises:
        OSError: one of them cannot be read; or there are too many.
    """
    folder = (home.root / file).parent
    total = hashlib.sha256()
    for name in _python_files(folder):
        with open(open_regular(folder / name, follow=True), "rb") as opened:
            content = hashlib.file_digest(opened, "sha256").hexdigest()
        total.update(f"{content}  {name}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _python_files(folder: Path) -> list[str]:
    found: list[str] = []
    for name in _walked(folder):
        found.append(name)
        if len(found) > _FILES_MAX:
            raise OSError(7, f"there are more than {_FILES_MAX:,} files", str(folder))
    return sorted(found)


def _walked(folder: Path) -> Iterator[str]:
    for where, folders, files in os.walk(folder):
        folders[:] = [each for each in folders if each != "__pycache__" and not each.startswith(".")]
        below = os.path.relpath(where, folder)
        for name in files:
            if name.endswith(".py"):
                yield os.path.normpath(os.path.join(below, name))
