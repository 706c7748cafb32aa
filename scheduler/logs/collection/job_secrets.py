"""The values that must not be shown, by job: what the job names as secret, and its environment has."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigUnreadable
from scheduler.configuration.home_config import ConfigStamp, Stamp, config_stamp, stamp_of
from scheduler.configuration.load import load
from scheduler.configuration.model import WHATEVER_DAYS, Config
from scheduler.configuration.variables.kept_environments import kept_environments
from scheduler.configuration.variables.secret_values import named_secrets, value_of
from scheduler.definition import Secret
from scheduler.home import Home
from scheduler.logs.collection.secret_masking import Masker, parts_of, secrets_of


class JobSecrets:
    """Maskers by job, read from the config when they are first needed and again when the config may have changed.

    Values that were once known stay known, because a run keeps the environment with which it was started. Where one
    was never known, whatever the job prints is withheld.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._values: dict[str, set[str]] = {}
        self._masks: dict[str, Masker] = {}
        self._named: dict[str, dict[str, Secret]] = {}
        self._once_read: set[tuple[str, str]] = set()
        self._stale = True
        self._read_last: list[ConfigStamp | Stamp | None] = []
        self._nobody = Masker()

    def changed(self) -> None:
        """Note that the config may have changed."""
        self._stale = True

    def masker(self, job: str | None) -> Masker:
        """The masker for what a job prints."""
        if self._stale:
            self._read()
        if job in self._named:
            self._read_named(job)
        return self._nobody if job is None else self._masks.get(job, self._nobody)

    def _read_named(self, job: str) -> None:
        """The values of what is named as secret, as they are now: a run takes them from there when it starts."""
        known, read = self._values.setdefault(job, set()), self._once_read
        before = len(known), self._masks.get(job, self._nobody).withholds
        for what, secret in self._named[job].items():
            with contextlib.suppress(OSError):
                known |= parts_of(value_of(secret, what, str(self._home.root), os.environ))
                read.add((job, what))
        withholds = any((job, what) not in read for what in self._named[job])
        if (len(known), withholds) != before:
            self._masks[job] = Masker(known, withholds=withholds)

    def _read(self) -> None:
        self._stale = False
        home = self._home
        files = [config_stamp(home), *(stamp_of(path) for path in (home.config_in_force, home.environments))]
        if files == self._read_last:
            # Each job of a config has an entry of its own, and a config of many jobs takes a while to read.
            return
        self._read_last = files
        # The copy holds the config that stays in force while an edit is invalid or not accepted yet.
        readings: list[Callable[[], Config]] = [
            lambda: load(home.config, home.root, slow=WHATEVER_DAYS),
            lambda: load(home.config_in_force, home.root, slow=WHATEVER_DAYS),
        ]
        for read in readings:
            try:
                config = read()
            except (ConfigInvalid, ConfigMissing, ConfigUnreadable):
                continue
            for name, job in config.jobs.items():
                if named := dict(named_secrets(job.definition)):
                    self._named.setdefault(name, {}).update(named)
                if job.env:
                    self._values.setdefault(name, set()).update(secrets_of(job.env))
        for kept in kept_environments(home.environments):
            if kept.secrets:
                self._named.setdefault(kept.job, {}).update(kept.secrets)
            self._values.setdefault(kept.job, set()).update(secrets_of(kept.env))
        self._masks = {name: Masker(values) for name, values in self._values.items()}
