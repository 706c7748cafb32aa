"""The environments of definitions in force whose successor waits for approval: the config has their values no more.

A file holds the values of one environment, and is named by the digests of these. It is private, and believed only
where its values have the digests that the ledger has.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from eventstore.durable import REAL, write_file
from eventstore.regular_file import read_regular
from scheduler.configuration.model import ConfiguredJob
from scheduler.configuration.variables.environment import env_digest

Digests = Mapping[str, str]
"""Names of variables, to the digests of their values."""

_BYTES_MAX: Final = 4 * 1024 * 1024
_NAME: Final = re.compile(r"[0-9a-f]{32}\.json")


def kept_environment(folder: Path, digests: Digests, salt: bytes) -> dict[str, str] | None:
    """The values of an environment; None if they were not kept.

    Args:
        folder: where they are kept.
        digests: what the values must have.
        salt: of the digests.
    """
    if not digests:
        return {}
    try:
        values = json.loads(read_regular(_path(folder, digests), _BYTES_MAX))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or values.keys() != digests.keys():
        return None
    for name, value in values.items():
        if not isinstance(value, str) or env_digest(name, value, salt) != digests[name]:
            return None
    return values


def keep_environments(
    folder: Path,
    wanted: Iterable[tuple[str, Digests]],
    sources: Iterable[Callable[[], Mapping[str, ConfiguredJob]]],
) -> None:
    """Keep the values of environments, and remove those that nobody wants any more.

    Args:
        folder: where they are kept; it is made when it is needed.
        wanted: names of jobs, and the digests of what they have in force.
        sources: give the jobs of configs that may have the values; asked one after another, as far as needed.

    Raises:
        OSError: a file cannot be written.
    """
    wanted = [(name, digests) for name, digests in wanted if digests]
    missing = [(name, digests) for name, digests in wanted if not _path(folder, digests).exists()]
    for source in sources:
        if not missing:
            break
        jobs = source()
        found = [each for each in missing if (job := jobs.get(each[0])) and job.definition.env == each[1]]
        for name, digests in found:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_file(REAL, _path(folder, digests), json.dumps(dict(jobs[name].env)).encode())
        missing = [each for each in missing if each not in found]
    _remove_others(folder, {_path(folder, digests).name for _, digests in wanted})


def _remove_others(folder: Path, names: set[str]) -> None:
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(folder):
            if _NAME.fullmatch(name) and name not in names:
                with contextlib.suppress(OSError):
                    (folder / name).unlink()


def _path(folder: Path, digests: Digests) -> Path:
    named = json.dumps(sorted(digests.items())).encode()
    return folder / f"{hashlib.sha256(named).hexdigest()[:32]}.json"
