"""The config beside what is looked at, read once for each state of its files."""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from scheduler.configuration.errors import ConfigProblem
    from scheduler.configuration.model import Config
    from scheduler.home import Home
    from scheduler.ledger.view import View


class KeptConfig:
    """What a config file says, kept for as long as the file and its parts have the same bytes and mode."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: Hashable = None
        self._found: tuple[Config | None, ConfigProblem | None] = (None, None)

    def beside(self, view: View) -> View:
        """A view of now with the config, where it was not read for it: as if that had been asked for.

        A view of the past stays as it is: of the past the ledger alone speaks.
        """
        if view.as_of is not None or view.config is not None or view.problem is not None:
            return view
        with self._lock:
            key = (view.state.config, view.on_database, _state_of(view.home))
            if key != self._key:
                self._found, self._key = _read(view), key
            config, problem = self._found
        return msgspec.structs.replace(view, config=config, problem=problem)


def _read(view: View) -> tuple[Config | None, ConfigProblem | None]:
    from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigUnreadable
    from scheduler.configuration.home_config import load_config_in_force
    from scheduler.configuration.reading.current_config import read_config

    if not view.on_database:
        return read_config(view.home)
    try:
        return load_config_in_force(view.home), None
    except (ConfigInvalid, ConfigMissing, ConfigUnreadable):
        return None, None


def _state_of(home: Home) -> Hashable:
    from scheduler.configuration.files.part_names import PartsRefused
    from scheduler.configuration.files.read_files import config_digest

    try:
        found = os.stat(home.config)
        return config_digest(home.config), found.st_mode, found.st_uid
    except (PartsRefused, OSError) as problem:
        return type(problem).__name__
