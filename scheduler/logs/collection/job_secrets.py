"""What must not be shown of each job: the values that its environment has in the config."""

from __future__ import annotations

from collections.abc import Callable

from scheduler.configuration import Config, ConfigInvalid, ConfigMissing, ConfigUnreadable, load
from scheduler.configuration.home_config import Stamp, stamp_of
from scheduler.home import Home
from scheduler.logs.collection.secret_masking import Masker, secrets_of


class JobSecrets:
    """Masks by job, read from the config when they are first needed and again when it may have changed.

    Values that were once known stay known: a run goes on with the environment it was started with.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._values: dict[str, set[str]] = {}
        self._masks: dict[str, Masker] = {}
        self._stale = True
        self._read_last: list[Stamp | None] = []
        self._nobody = Masker()

    def changed(self) -> None:
        """The config may have changed."""
        self._stale = True

    def masker(self, job: str | None) -> Masker:
        """The mask for what a job prints."""
        if self._stale:
            self._read()
        return self._nobody if job is None else self._masks.get(job, self._nobody)

    def _read(self) -> None:
        self._stale = False
        home = self._home
        files = [stamp_of(home.config), stamp_of(home.config_in_force)]
        if files == self._read_last:
            return  # a config of many jobs is told of by as many entries, and takes a while to read
        self._read_last = files
        # The copy holds what was in force before an edit that is not valid, or not taken up yet.
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
