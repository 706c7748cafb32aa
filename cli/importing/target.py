"""Where the config of an import goes, and beside what it has to be right."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import click

from cli.app.failures import Failure
from cli.app.output_file import check_place
from cli.home.named_config import part_called
from cli.importing.options import Wanted
from scheduler.configuration.files.joined import FILES_BYTES_MAX, ConfigFile, with_part
from scheduler.configuration.load import parse
from scheduler.configuration.model import Config
from scheduler.home import Home

_MODE = 0o700


class Target(NamedTuple):
    """Where a config goes.

    Attributes:
        path: the file; None: standard output.
        read: reads the config as it will be read there.
    """

    path: Path | None
    read: Callable[[bytes], Config]


def target_of(home: Home, wanted: Wanted) -> Target:
    """The target that was asked for.

    Raises:
        Failure: nothing may be written there.
        ConfigInvalid, ConfigMissing, ConfigUnreadable: the home's own config, of which it would be a part, cannot be
            used.
    """
    if wanted.part is not None:
        if wanted.output is not None:
            raise click.UsageError(
                "--into names a file of the home, --output any other: one of them is enough"
            )
        return _part(home, wanted.part)
    if wanted.output is not None:
        check_place(wanted.output, home, force=None)
    root = home.root if home.root.is_dir() else None

    def read(raw: bytes) -> Config:
        _check_size([raw])
        return parse(raw, wanted.output or home.config, root)

    return Target(wanted.output, read)


def _part(home: Home, name: str) -> Target:
    """A new part of the home's config, which is read together with what is there."""
    from scheduler.configuration.files.part_names import folder_of
    from scheduler.configuration.files.read_files import read_files

    called = part_called(name)
    files = read_files(home.config, home.root).files
    place = folder_of(home.config) / Path(called).name
    if place.parent.is_dir():
        check_place(place, home, force=None)

    def read(raw: bytes) -> Config:
        main, *parts = with_part(files, ConfigFile(called, raw))
        _check_size([main.content, *(part.content for part in parts)])
        return parse(main.content, home.config, home.root, parts=parts)

    read(b"jobs: {}")  # the home's own mistakes are told as such
    return Target(place, read)


def _check_size(files: Iterable[bytes]) -> None:
    """Refuse what would be longer than a config may be.

    Raises:
        Failure: it is.
    """
    if sum(map(len, files)) > FILES_BYTES_MAX:
        raise Failure(
            f"the config would be larger than {FILES_BYTES_MAX // 2**20} MiB, the most that is read",
            "Variables of a crontab stand with each of its jobs: take out those that no command needs, or split it.",
        )


def make_folder(path: Path) -> None:
    """Make the folder of the parts, for the owner alone, if it is not there."""
    path.mkdir(mode=_MODE, exist_ok=True)
