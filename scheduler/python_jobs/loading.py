"""Importing the code of a job: in the process that runs it, or in that which reads what it declares; nowhere else."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from eventstore.regular_file import open_regular
from scheduler.configuration.trust import distrust
from scheduler.python_jobs.fields import is_job
from scheduler.python_jobs.targets import EXTENSIONS, FILE, file_of

_ENTRIES_MAX: Final = 10_000
_PACKAGE: Final = re.compile(r"[A-Za-z0-9_-]+")
_OURS: Final = frozenset({"cli", "cronledger_command", "eventstore", "projections", "scheduler"})


class JobMistake(Exception):
    """What is asked for is not there, or may not be used; the message says so for people, and no traceback helps."""


def load(target: str, home: Path) -> Any:
    """The class or function that a target names.

    Raises:
        JobMistake: it cannot be had.
        BaseException: whatever the imported code raises.
    """
    origin, _, qualified = target.partition(":")
    found: Any = load_file(origin, home) if file_of(target) else _module(origin, home)
    for part in qualified.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise JobMistake(f"there is no {qualified} in {origin}") from None
    return found


def load_file(file: str, home: Path) -> ModuleType:
    """The module of an extension's file, `extensions/NAME/jobs.py`; its folder is a package of that name.

    Raises:
        JobMistake: it cannot be had.
        BaseException: whatever the imported code raises.
    """
    folder = file.split("/")[1]
    path = home / file
    try:
        with open(open_regular(path, follow=True), "rb") as opened:
            problem = distrust(os.fstat(opened.fileno()), path, home)
    except FileNotFoundError:
        raise JobMistake(f"there is no {file}") from None
    except OSError as error:
        raise JobMistake(f"{file} cannot be read: {error.strerror or error}") from None
    if problem:
        raise JobMistake(problem)
    _offer(folder, home)
    module = importlib.import_module(f"{folder}.{FILE.removesuffix('.py')}")
    if module.__file__ is None or not os.path.samefile(module.__file__, path):
        raise JobMistake(
            f"{EXTENSIONS}/{folder} has the name of another package of Python: rename the folder"
        )
    return module


def jobs_of(module: ModuleType) -> list[type]:
    """The classes of jobs that a module defines, or has under a name of its own."""
    found = {id(each): each for each in vars(module).values() if is_job(each)}
    own = [each for each in found.values() if each.__module__ == module.__name__]
    return own or list(found.values())


def _module(name: str, home: Path) -> ModuleType:
    package = name.partition(".")[0]
    if (home / EXTENSIONS / package).is_dir() and package not in _OURS and _known(package) is None:
        _offer(package, home)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        # What the module itself does not find is told with a traceback.
        if missing.name is not None and (name == missing.name or name.startswith(f"{missing.name}.")):
            raise JobMistake(f"there is no module {missing.name}") from None
        raise


def _offer(folder: str, home: Path) -> None:
    """Let the folder of an extension be imported, if only those can write there who may write the config.

    Raises:
        JobMistake: others can, or it has the name of something that can be imported already.
    """
    path = home / EXTENSIONS / folder
    if folder in _OURS or folder in sys.stdlib_module_names or _known(folder) is not None:
        raise JobMistake(
            f"{EXTENSIONS}/{folder} has the name of another package of Python: rename the folder"
        )
    try:
        with os.scandir(path) as entries:
            found = [
                path,
                *(Path(entry.path) for _, entry in zip(range(_ENTRIES_MAX), entries, strict=False)),
            ]
        looked_at: set[Path] = set()
        for each in found:
            if each.is_dir() or each.suffix in (".py", ".pyc", ".so", ".pth"):
                problem = distrust(os.stat(each), each, home, looked_at)
                if problem:
                    raise JobMistake(problem)
    except OSError as error:
        raise JobMistake(f"{EXTENSIONS}/{folder} cannot be looked at: {error.strerror or error}") from None
    extensions = str(home / EXTENSIONS)
    if extensions not in sys.path:
        # Behind all others: what is installed, and Python's own, keeps its meaning.
        sys.path.append(extensions)
    for finder in [name for name in sys.path_importer_cache if name.startswith(extensions)]:
        del sys.path_importer_cache[finder]  # it may have listed the folder just before the last edit there


def _known(package: str) -> object:
    """How a package would be imported without the extensions; None if it would not."""
    if _PACKAGE.fullmatch(package) is None:
        return None
    try:
        return importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
