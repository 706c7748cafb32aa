"""What definitions in force have, and the config has no more, while an edit waits for approval: values of their env.

A file holds the environment of one job, and what else its definition names as secret, so that it is masked. The file
is private, and its values are believed only where they have the digests that the ledger has.

Where only what was applied is in force, an edit of the config waits too, for that: one more file holds the
environments of all jobs as they are in force.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from eventstore.durable import REAL, write_file
from eventstore.regular_file import read_regular
from scheduler.configuration.model import ConfiguredJob
from scheduler.configuration.variables.environment import env_digest
from scheduler.configuration.variables.secret_values import named_secrets
from scheduler.definition import JobDefinition, Secret

_BYTES_MAX: Final = 4 * 1024 * 1024
_NAME: Final = re.compile(r"[0-9a-f]{32}\.json")
_OF_ALL: Final = "all-jobs.json"
_BYTES_OF_ALL_MAX: Final = 64 * 1024 * 1024


class KeptEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """One file: the values of the variables of `job`, and what it names as secret, by what that is called."""

    job: str
    env: dict[str, str]
    secrets: dict[str, Secret] = {}


def kept_environment(folder: Path, definition: JobDefinition, salt: bytes) -> dict[str, str] | None:
    """The values of the environment of a definition; None if they were not kept.

    Args:
        folder: where they are kept.
        definition: which has their digests.
        salt: of the digests.
    """
    if not definition.env:
        return {}
    kept = _read(_path(folder, definition))
    return kept.env if kept is not None and _is_that(kept.env, definition, salt) else None


def kept_environments(folder: Path) -> Iterator[KeptEnvironment]:
    """All that is kept, whoever wrote it: to mask values, which needs no belief."""
    for name in _names(folder):
        if (kept := _read(folder / name)) is not None:
            yield kept
    yield from environments_of_all(folder)


def environments_of_all(folder: Path) -> list[KeptEnvironment]:
    """What `keep_of_all` has kept last."""
    try:
        raw = read_regular(folder / _OF_ALL, _BYTES_OF_ALL_MAX)
        return msgspec.convert(json.loads(raw), list[KeptEnvironment])
    except (OSError, ValueError, RecursionError):
        return []


def keep_of_all(folder: Path, environments: Iterable[KeptEnvironment]) -> None:
    """Keep the environments of all jobs that have one, in place of those that are kept.

    Raises:
        OSError: that cannot be written.
    """
    kept = list(environments)
    if kept == environments_of_all(folder):
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Where this is lost, the config has the values still, unless it was edited.
    write_file(REAL, folder / _OF_ALL, json.dumps(msgspec.to_builtins(kept)).encode(), durable=False)


def keep_environments(
    folder: Path,
    wanted: Iterable[JobDefinition],
    sources: Iterable[Callable[[], Mapping[str, ConfiguredJob]]],
    salt: bytes,
) -> None:
    """Keep the environments of definitions, and remove those that nobody wants any more.

    Args:
        folder: where they are kept; it is made when it is needed.
        wanted: the definitions that are in force.
        sources: give the jobs of configs that may have the values; asked one after another, as far as needed.
        salt: of the digests.

    Raises:
        OSError: a file cannot be written.
    """
    wanted = [each for each in wanted if each.env or any(True for _ in named_secrets(each))]
    missing = []
    for definition in wanted:
        env = kept_environment(folder, definition, salt)
        if env is None:
            missing.append(definition)
        else:
            _keep(folder, definition, env)
    for source in sources if missing else ():
        jobs, left = source(), []
        for definition in missing:
            job = jobs.get(definition.name)
            if job is not None and job.definition.env == definition.env:
                _keep(folder, definition, job.env)
            else:
                left.append(definition)
        missing = left
        if not missing:
            break
    names = {_path(folder, each).name for each in wanted}
    for name in _names(folder):
        if name not in names:
            with contextlib.suppress(OSError):
                (folder / name).unlink()


def _keep(folder: Path, definition: JobDefinition, env: Mapping[str, str]) -> None:
    kept = KeptEnvironment(job=definition.name, env=dict(env), secrets=dict(named_secrets(definition)))
    path = _path(folder, definition)
    if _read(path) != kept:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Values may hold lone surrogates, which stand for bytes that are no text.
        write_file(REAL, path, json.dumps(msgspec.to_builtins(kept)).encode())


def _read(path: Path) -> KeptEnvironment | None:
    try:
        return msgspec.convert(json.loads(read_regular(path, _BYTES_MAX)), KeptEnvironment)
    except (OSError, ValueError, RecursionError):
        return None


def _is_that(env: Mapping[str, str], definition: JobDefinition, salt: bytes) -> bool:
    return env.keys() == definition.env.keys() and all(
        env_digest(name, value, salt) == definition.env[name] for name, value in env.items()
    )


def _names(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if _NAME.fullmatch(name)]
    except OSError:
        return []


def _path(folder: Path, definition: JobDefinition) -> Path:
    named = json.dumps([definition.name, sorted(definition.env.items())]).encode()
    return folder / f"{hashlib.sha256(named).hexdigest()[:32]}.json"
