"""Reading the files of a config: for whoever believes what they say, and for whoever only compares them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec

from eventstore.regular_file import open_regular
from scheduler.configuration.errors import ConfigMissing, ConfigUnreadable, ConfigUntrusted
from scheduler.configuration.files.joined import FILES_BYTES_MAX, ConfigFile, joined, split
from scheduler.configuration.files.part_names import (
    FOLDER,
    NOWHERE,
    PARTS_MAX,
    PartsRefused,
    folder_of,
    part_names,
)
from scheduler.configuration.trust import TrustedFile, Untrusted, distrust_folder, read_trusted
from scheduler.home import Home
from scheduler.ownership.home_owner import owner_or_self, user_name

_COPY_BYTES_MAX: Final = FILES_BYTES_MAX + PARTS_MAX * 200
_LISTINGS_MAX: Final = 5
"""A part that is gone when it is opened was taken away since: the folder is listed again, so often."""


class ConfigText(msgspec.Struct, frozen=True):
    """What the files of a config hold.

    Attributes:
        files: `config.yaml` first, then the parts by their names.
        owner: Who could have written all of it; nobody else but root could.
    """

    files: list[ConfigFile]
    owner: str


def read_files(path: Path, home: Path | None) -> ConfigText:
    """The files of a config: with a home the parts beside its `config.yaml` too; and of a copy of a config its files.

    Raises:
        ConfigMissing: There is no `config.yaml`.
        ConfigUntrusted: Others than the home's owner and root can write one, or put another in its place.
        ConfigUnreadable: One cannot be read, or is no part of a config.
    """
    is_copy = home is None or path != Home(home).config
    try:
        main = read_trusted(path, home, _COPY_BYTES_MAX if is_copy else FILES_BYTES_MAX)
    except FileNotFoundError:
        raise ConfigMissing(path) from None
    except (Untrusted, OSError) as problem:
        raise _refusal(path, problem) from None
    if is_copy:
        return ConfigText(split(main.content), main.owner)
    assert home is not None, "without a home it is a copy"
    parts = _trusted_parts(folder_of(path), home, FILES_BYTES_MAX - len(main.content))
    files = [ConfigFile("", main.content)]
    files += [ConfigFile(f"{FOLDER}/{name}", part.content) for name, part in parts.items()]
    return ConfigText(files, _owner(path, home, [main, *parts.values()]))


def _trusted_parts(folder: Path, home: Path, bytes_max: int) -> dict[str, TrustedFile]:
    """The parts by their names; none if nothing more may be read."""
    for _ in range(_LISTINGS_MAX if bytes_max >= 0 else 0):
        try:
            return _listed_parts(folder, home, bytes_max)
        except PartsRefused as problem:
            raise ConfigUnreadable(problem.path, problem.reason) from None
        except FileNotFoundError:
            continue
        except (Untrusted, OSError) as problem:
            raise _refusal(folder, problem) from None
    if bytes_max < 0:
        return {}
    raise ConfigUnreadable(folder, "the files in it are replaced faster than they can be read")


def _listed_parts(folder: Path, home: Path, bytes_max: int) -> dict[str, TrustedFile]:
    """The parts that the folder has now.

    Raises:
        FileNotFoundError: One was taken away meanwhile.
    """
    names = part_names(folder)
    if names and (distrusted := distrust_folder(folder, home)):
        raise Untrusted(distrusted)
    found: dict[str, TrustedFile] = {}
    left_bytes = bytes_max
    for name in names:
        path = folder / name
        try:
            found[name] = read_trusted(path, home, left_bytes)
        except FileNotFoundError:
            if path.is_symlink():
                raise PartsRefused(path, NOWHERE) from None
            raise
        except (Untrusted, OSError) as problem:
            raise _refusal(path, problem) from None
        left_bytes -= len(found[name].content)
        if left_bytes < 0:
            raise PartsRefused(path, _TOO_LARGE)
    return found


_TOO_LARGE: Final = (
    f"with this file the config is larger than {FILES_BYTES_MAX // 2**20} MiB: this cannot be a config"
)


def _refusal(path: Path, problem: Untrusted | OSError) -> ConfigUnreadable:
    if isinstance(problem, Untrusted):
        return ConfigUntrusted(path, str(problem))
    return ConfigUnreadable(path, problem.strerror or str(problem))


def _owner(config: Path, home: Path, files: list[TrustedFile]) -> str:
    """Who could have written all of it.

    Where there is a folder of parts, whoever owns that, or the folder it stands in, can take away a part: if they are
    not all one user's, it is the owner of the home, whose root's files are not.
    """
    owners = {each.owner for each in files}
    folder = folder_of(config)
    if folder.is_dir():
        owners |= {user_name(os.stat(each).st_uid) for each in (folder, config.parent)}
    return owners.pop() if len(owners) == 1 else user_name(owner_or_self(Home(home)))


def config_digest(config: Path) -> str:
    """The digest of a config as it is now, whether or not it can be used.

    Args:
        config: its `config.yaml`.

    Raises:
        PartsRefused: there is something that is no part of a config.
        OSError: it cannot be read.
    """
    folder = folder_of(config)
    if names := part_names(folder):
        return hashlib.sha256(joined(_files(config, folder, names))).hexdigest()
    with open(open_regular(config, follow=True), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def joined_text(config: Path) -> bytes:
    """The text of a config as it is now, of which a copy can be kept; `config_digest` says what is raised."""
    folder = folder_of(config)
    return joined(_files(config, folder, part_names(folder)))


def _files(config: Path, folder: Path, names: list[str]) -> list[ConfigFile]:
    files = [ConfigFile("", _read(config))]
    files += [ConfigFile(f"{FOLDER}/{name}", _read(folder / name)) for name in names]
    return files


def _read(path: Path) -> bytes:
    """A file, as far as it may go."""
    with open(open_regular(path, follow=True), "rb") as file:
        return file.read(FILES_BYTES_MAX + 1)
