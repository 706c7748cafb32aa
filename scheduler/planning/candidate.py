"""A config that does not stand in the home yet, read as if it did: as its `config.yaml`, beside the same parts."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from scheduler.configuration import Config, ConfigInvalid, ConfigMissing, parse
from scheduler.configuration.files.joined import ConfigFile, split
from scheduler.configuration.files.read_files import read_files
from scheduler.configuration.home_config import salt_of
from scheduler.home import Home
from scheduler.ledger.view import has_salt
from scheduler.ownership.home_owner import user_name


class Candidate(NamedTuple):
    """A config as somebody gave it: its bytes, and where they come from, for messages."""

    raw: bytes
    path: Path


def read_candidate(home: Home, candidate: Candidate) -> Config:
    """The config that a home would have with the candidate in the place of its `config.yaml`.

    A copy of a whole config, such as the one that a scheduler keeps, brings its own parts along.

    Raises:
        ConfigInvalid, ConfigUnreadable: it, or a part that the home has, cannot be used.
    """
    files = split(candidate.raw)
    parts, owner = _beside(home)
    salt = salt_of(home) if has_salt(home) else b""
    try:
        config = parse(
            files[0].content,
            candidate.path,
            home.root,
            salt=salt,
            now=datetime.now(UTC),
            parts=files[1:] or parts,
        )
    except ConfigInvalid as problem:
        if len(files) > 1:
            raise
        raise _named_fully(problem, home) from None
    config.owner = owner
    return config


def _beside(home: Home) -> tuple[list[ConfigFile], str]:
    """The parts of the home's config, and who could have written all of it."""
    try:
        found = read_files(home.config, home.root)
    except ConfigMissing:
        return [], user_name(os.geteuid())
    return found.files[1:], found.owner


def _named_fully(problem: ConfigInvalid, home: Home) -> ConfigInvalid:
    """The same mistakes; those in parts of the home's config name the whole path, for the candidate is elsewhere."""
    folder = home.config.parent

    def named(file: str) -> str:
        return str(folder / file) if file else ""

    return ConfigInvalid(
        problem.path,
        [structs.replace(error, file=named(error.file)) for error in problem.errors],
        problem.digest,
        {named(file): text for file, text in problem.sources.items()},
        problem.count,
    )
