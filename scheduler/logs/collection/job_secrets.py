"""The values that must not be shown, by job: those that the job's environment has in the config."""

from __future__ import annotations

from collections.abc import Callable

from scheduler.configuration import Config, ConfigInvalid, ConfigMissing, ConfigUnreadable, load
from scheduler.configuration.home_config import Stamp, stamp_of
from scheduler.home import Home
from scheduler.logs.collection.secret_masking import Masker, secrets_of


class JobSecrets:
    """Maskers by job, read from the config when they are first needed and again when the config may have changed.

    Values that were once known stay known, because a run keeps the environment with which it was started.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._values: dict[str, set[str]] = {}
        self._masks: dict[str, Masker] = {}
        self._stale = True
        self._read_last: list[Stamp | None] = []
        self._nobody = Masker()

    def changed(self) -> None:
        """Note that the config may have changed."""
        self._stale = True

    def masker(self, job: str | None) -> Masker:
        """The masker for what a job prints."""
        if self._stale:
            self._read()
        return self._nobody if job is None else self._masks.get(job, self._nobody)

    def _read(self) -> None:
        self._stale = False
        home = self._home
        files = [stamp_of(home.config), stamp_of(home.config_in_force)]
        if files == self._read_last:
            # Each job of a config has an entry of its own, and a config of many jobs takes a while to read.
            return
        self._read_last = files
        # The copy holds the config that stays in force while an edit is invalid or not accepted yet.
        readings: list[Callable[[], Config]] = [
            lambda: load(home.config, home.root),
            lambda: load(home.config_in_force),
        ]
        for read in readings:
            try:
                config = read()
            except (ConfigInvalid, ConfigMissing, ConfigUnreadable):
                continue
            for name, job in config.jobs.items():
                if job.env:
                    self._values.setdefault(name, set()).update(secrets_of(job.env))
        self._masks = {name: Masker(values) for name, values in self._values.items()}
