"""Which files of `config.d/` belong to the config: those whose names end in `.yaml` and do not begin with a dot.

So what editors and package managers leave beside a file (`jobs.yaml~`, `.jobs.yaml.swp`, `jobs.yaml.dpkg-old`) is not
read. A file that would be read but for an odd name is refused: nobody would notice that it is not.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

FOLDER: Final = "config.d"
"""The folder of the parts; what a part is called begins with this and a slash."""
PARTS_MAX: Final = 500
ENTRIES_MAX: Final = 10_000
"""So many names are looked at, whatever they are: the folder is listed once a second."""
NOWHERE: Final = "it is a link, and there is nothing where it leads"
_ENDING: Final = ".yaml"
_NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,94}\.yaml"
"""Most homes have no parts: it is compiled where there are some."""


class PartsRefused(Exception):
    """What stands in the folder of the parts is no part of a config; `path` is the file or folder that is wrong."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(reason)


def folder_of(config: Path) -> Path:
    """The folder of the parts of a config, given its `config.yaml`."""
    return config.parent / FOLDER


def listed_names(folder: Path) -> list[str]:
    """The names in the folder of the parts, in no order; none where there is no such folder.

    Raises:
        PartsRefused: it is no folder, or holds too many names.
        OSError: it cannot be listed.
    """
    names: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.append(entry.name)
                if len(names) > ENTRIES_MAX:
                    raise PartsRefused(folder, f"the folder holds more than {ENTRIES_MAX:,} files")
    except NotADirectoryError:
        raise PartsRefused(folder, "it is no folder: files of the config stand in one") from None
    except FileNotFoundError:
        if os.path.lexists(folder):
            raise PartsRefused(folder, NOWHERE) from None
    return names


def part_names(folder: Path) -> list[str]:
    """The names of the parts in the order in which they are read, which is that of their bytes.

    Raises:
        PartsRefused: as of `listed_names`; or there are too many, or a name could not be quoted everywhere.
        OSError: the folder cannot be listed.
    """
    found = sorted(name for name in listed_names(folder) if is_part(name))
    for name in found:
        if not re.fullmatch(_NAME, name):
            raise PartsRefused(
                folder / name,
                "the name of a part of the config is made of letters, digits, '.', '_' and '-', 100 at most: "
                "rename the file, or let its name end otherwise than in .yaml if it is not to be read",
            )
    if len(found) > PARTS_MAX:
        raise PartsRefused(folder, f"there are {len(found):,} files: {PARTS_MAX} is the most")
    return found


def is_part(name: str) -> bool:
    """Whether a file of this name is read."""
    return name.endswith(_ENDING) and not name.startswith(".")


@lru_cache(maxsize=1_024)
def is_part_path(name: str) -> bool:
    """Whether something is what a part is called, such as `config.d/backup.yaml`."""
    folder, _, file = name.partition("/")
    return folder == FOLDER and re.fullmatch(_NAME, file) is not None
