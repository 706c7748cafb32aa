"""Files beside the parts of a config that were probably meant to be parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scheduler.configuration.files.part_names import FOLDER, PartsRefused, folder_of, listed_names
from scheduler.configuration.model import ConfigLint

_MEANT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,94}\.(?!yaml$)(?i:ya?ml|json)")


def unread_file_lints(config: Path) -> Iterator[ConfigLint]:
    """Of each such file beside a `config.yaml`: its name ends otherwise than those that are read."""
    try:
        names = sorted(listed_names(folder_of(config)))
    except (PartsRefused, OSError):
        return  # then reading the config says so
    for name in names:
        if _MEANT.fullmatch(name):
            told = "this file is not read: only names that end in .yaml are"
            yield ConfigLint(1, 1, "", "not-read", told, f"{FOLDER}/{name}")
