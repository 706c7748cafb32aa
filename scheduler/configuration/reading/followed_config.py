"""The config of a home for whoever follows it and does not put it in force: a process beside the scheduler."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigUnreadable
from scheduler.configuration.files.half_written import may_be_half_written
from scheduler.configuration.home_config import (
    ConfigStamp,
    config_stamp,
    load_config,
    stamp_of,
)
from scheduler.configuration.model import WHATEVER_DAYS, Config
from scheduler.database.origin import is_on_database
from scheduler.home import Home

_NO_CONFIG: Final = (ConfigInvalid, ConfigMissing, ConfigUnreadable, OSError)


class FollowedConfig:
    """Follows the config of a home; an edit that cannot be used changes nothing.

    On a database that is what was applied last, as the node keeps it.

    Args:
        home: the home.

    Attributes:
        is_known: whether any config could be read.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._stamp: ConfigStamp | None = None
        self._seen_stamp: ConfigStamp | None = None
        self.is_known = False

    def refresh(self) -> Config | None:
        """The config, if it is another one than before; an edit once two looks find the same.

        The days of calendars that are read from files are some days or other.
        """
        if is_on_database(self._home):
            return self._refresh_applied()
        stamp = config_stamp(self._home)
        seen, self._seen_stamp = self._seen_stamp, stamp
        if self.is_known and stamp == self._stamp:
            return None
        # An editor may write in several steps, and what is missing for a moment would be taken for taken out.
        is_half = may_be_half_written(self._home)
        if self.is_known and (stamp != seen or is_half):
            return None
        self._stamp = stamp
        paths = [self._home.config]
        if is_half:
            paths.insert(0, self._home.config_in_force)
            self._stamp = None
        elif not self.is_known:
            paths.append(self._home.config_in_force)
        return self._loaded(paths)

    def _refresh_applied(self) -> Config | None:
        """The same on a database: the file is replaced as a whole, so that one look is enough."""
        found = stamp_of(self._home.config_in_force)
        stamp = None if found is None else (found, ())
        if stamp is None or (self.is_known and stamp == self._stamp):
            return None
        self._stamp = stamp
        return self._loaded([self._home.config_in_force])

    def _loaded(self, paths: list[Path]) -> Config | None:
        for path in paths:
            with contextlib.suppress(*_NO_CONFIG):
                found = load_config(self._home, path, WHATEVER_DAYS)
                self.is_known = True
                return found
        return None
