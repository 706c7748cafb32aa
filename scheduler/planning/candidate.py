"""A config that does not stand in the home yet, read as if it did: in place of one of the files."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from scheduler.configuration.errors import ConfigInvalid, ConfigMissing
from scheduler.configuration.files.joined import MAIN, ConfigFile, split, with_part
from scheduler.configuration.files.read_files import ConfigText, read_files
from scheduler.configuration.load import parse
from scheduler.configuration.model import Config
from scheduler.configuration.variables.salt import has_salt, salt_of
from scheduler.home import Home
from scheduler.ownership.home_owner import user_name


class Candidate(NamedTuple):
    """A config as somebody gave it.

    Attributes:
        raw: its bytes.
        path: where they come from, for messages.
        part: in whose place it stands, such as `config.d/backup.yaml`; empty: in that of `config.yaml`.
    """

    raw: bytes
    path: Path
    part: str = ""


def read_candidate(home: Home, candidate: Candidate) -> Config:
    """The config that a home would have with the candidate in the place of one of its files.

    A copy of a whole config, such as the one that a scheduler keeps, brings its own parts along.

    Raises:
        ConfigInvalid, ConfigMissing, ConfigUnreadable: it, or a file that the home has, cannot be used.
    """
    found = _files(home, candidate)
    try:
        config = parse(
            found.files[0].content,
            home.config if candidate.part else candidate.path,
            home.root,
            salt=salt_of(home) if has_salt(home) else b"",
            now=datetime.now(UTC),
            parts=found.files[1:],
        )
    except ConfigInvalid as problem:
        if len(split(candidate.raw)) > 1:
            raise
        raise _named_fully(problem, home, candidate) from None
    config.owner = found.owner
    return config


def _files(home: Home, candidate: Candidate) -> ConfigText:
    """The files of the config, and who could have written all of it."""
    try:
        found = read_files(home.config, home.root)
    except ConfigMissing:
        if candidate.part:
            raise
        return ConfigText(split(candidate.raw), user_name(os.geteuid()))
    if candidate.part:
        part = ConfigFile(candidate.part, candidate.raw)
        return ConfigText(with_part(found.files, part), found.owner)
    whole = split(candidate.raw)
    return ConfigText(whole if len(whole) > 1 else [*whole, *found.files[1:]], found.owner)


def _named_fully(problem: ConfigInvalid, home: Home, candidate: Candidate) -> ConfigInvalid:
    """The same mistakes; those in files of the home's config name the whole path, for the candidate is elsewhere."""
    folder = home.config.parent

    def named(file: str) -> str:
        return "" if file == candidate.part else str(folder / (file or MAIN))

    return ConfigInvalid(
        candidate.path,
        [structs.replace(error, file=named(error.file)) for error in problem.errors],
        problem.digest,
        {named(file): text for file, text in problem.sources.items()},
        problem.count,
    )
