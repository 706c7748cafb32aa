"""The config of a node: what was applied is in force, with the values that the node has of its own.

No file comes into force by itself. The last `config.accepted` says by its digest what does; the text is in the
database, and definitions of jobs are in the ledger. A node takes its own values (of environments, and addresses)
from the config of its home, and looks whether it has all that the jobs need.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import copy
from typing import Final

from eventstore.errors import NoAnswer, Unavailable
from eventstore.replicated.database import Database
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.clock import Clock
from scheduler.configuration.applied.applied_text import AppliedText, NotApplied
from scheduler.configuration.applied.effective import (
    effective_config,
    jobs_with_values,
    keep_effective,
    nothing_applied,
)
from scheduler.configuration.applied.own_file import FileStanding, file_standing
from scheduler.configuration.applied.own_values import OwnValues, own_values
from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigUnreadable
from scheduler.configuration.home_config import ConfigStamp, Stamp, config_stamp, load_config, stamp_of
from scheduler.configuration.model import WHATEVER_DAYS, Config, ConfiguredJob
from scheduler.configuration.variables.kept_environments import KeptEnvironment, keep_of_all
from scheduler.configuration.variables.salt import salt_of
from scheduler.configuration.variables.secret_values import named_secrets
from scheduler.definition import JobDefinition
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.nodes.text_in_force import text_in_force
from scheduler.nodes.unfit import Fitness, recorded_unfit
from scheduler.service import announcements

FITNESS_LOOK_S: Final = 10.0
"""How often it is looked whether jobs have all that they need: a file of a secret or an extension may have come."""
_CHANGES: Final = frozenset({v.ConfigAccepted.TYPE, v.JobDefined.TYPE, v.JobRemoved.TYPE})


class ConfigOnDatabase:
    """Follows what is in force on a node; it records nothing.

    Args:
        home: of the node.
        ledger: says what is in force.
        database: has the text of it.
        clock: says when it is time to look.
        put_in_force: given each config that is in force from then on, while `config` is the one before.
        announce: given what a person at the terminal should know.
        environ: of the process that starts runs.

    Attributes:
        config: the one in force. Its jobs are those whose environments the node has, each as the ledger defines it.
            Where nothing was applied yet it has none, and the default settings.
        unfit: the jobs that the node cannot run, each with the reason, as it is recorded.
    """

    def __init__(
        self,
        home: Home,
        ledger: Ledger,
        database: Database,
        clock: Clock,
        put_in_force: Callable[[Config], None],
        announce: Callable[[announcements.Announcement], None],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._home, self._ledger, self._database, self._clock = home, ledger, database, clock
        self._put_in_force, self._announce, self._environ = put_in_force, announce, environ
        self._applied: AppliedText | None = None
        self._settings = self.config = nothing_applied(home)
        self._values: OwnValues | None = None
        self._stamps: tuple[ConfigStamp | None, Stamp | None] = (None, None)
        self._told_stamp: ConfigStamp | None = None
        self._told: announcements.Announcement | None = None
        self._fitness_at_s = 0.0
        self._is_stale = True
        self._is_news = False
        self.unfit: dict[str, str] = {}
        ledger.listen(self._notice)

    def begin(self) -> None:
        """Put in force what is."""
        self._take()
        self._look_at_file()

    def look(self) -> None:
        """Take up what was applied since, and what was edited of the node's own values."""
        stamps = self._own_stamps()
        if self._is_stale or stamps != self._stamps:
            self._take()
        elif self._clock.read().monotonic_s >= self._fitness_at_s:
            self._look_at_fitness()
        self._look_at_file()

    def follow(self) -> bool:
        """Take up at once what was recorded since the last time; whether something was.

        Before that nobody knows whether the node can run the jobs as they are now.
        """
        if not self._is_news:
            return False
        self._take()
        return True

    def reload(self) -> None:
        """Read the node's own values anew."""
        self._is_stale = True
        self.look()

    def jobs_now(self) -> Mapping[str, ConfiguredJob]:
        """The jobs as they are in force now, which may be later than the last look."""
        if self._is_stale:
            self._take()
        return self.config.jobs

    def close(self) -> None:
        """Nothing is held open."""

    def _notice(self, entry: Entry) -> None:
        if entry.type in _CHANGES:
            self._is_stale = self._is_news = True

    def _own_stamps(self) -> tuple[ConfigStamp | None, Stamp | None]:
        return config_stamp(self._home), stamp_of(self._home.var / "salt")

    def _take(self) -> None:
        """Put in force what is on record, as far as it is to be had."""
        self._is_news = False
        self._stamps = self._own_stamps()
        self._values = own_values(self._home, salt_of(self._home))
        self._is_stale = not self._take_text(self._values)
        config = copy(self._settings)
        config.jobs = jobs_with_values(self._definitions(), self._values)
        self._put_in_force(config)
        self.config = config
        with suppress(OSError):  # a convenience for later: the node's own config has them
            keep_of_all(self._home.environments, _kept(config.jobs))
        self._look_at_fitness()

    def _take_text(self, values: OwnValues) -> bool:
        """Find the text that is in force, and read what it says beside jobs; whether that is done."""
        digest = self._ledger.state.config
        if digest is None:
            self._tell(announcements.NothingApplied())
            return True
        try:
            applied = self._applied
            if applied is None or applied.digest != digest:
                applied = text_in_force(self._home, digest, self._database)
        except (Unavailable, NoAnswer):
            return False
        except NotApplied as problem:
            self._tell(announcements.AppliedNotUnderstood(str(problem)))
            return True
        if applied is None:
            self._take_copy(digest)
            return True
        try:
            self._settings = effective_config(self._home, applied, values)
        except ConfigInvalid as problem:
            self._tell(announcements.AppliedNotUnderstood(str(problem)))
            return True
        self._applied = applied
        with suppress(OSError):  # it is fetched again; whatever lacks it says so
            keep_effective(self._home, applied, values)
        return True

    def _take_copy(self, digest: str) -> None:
        """The ledger was moved to the database, and no config applied since: the copy of the one before, if any."""
        with suppress(ConfigInvalid, ConfigMissing, ConfigUnreadable):
            kept = load_config(self._home, self._home.config_in_force, WHATEVER_DAYS)
            if kept.digest == digest:
                self._settings = kept
        self._tell(announcements.NothingApplied(digest))

    def _definitions(self) -> dict[str, JobDefinition]:
        return {job.name: job.definition for job in self._ledger.state.present_jobs()}

    def _look_at_fitness(self) -> None:
        assert self._values is not None, "values are read before"
        self._fitness_at_s = self._clock.read().monotonic_s + FITNESS_LOOK_S
        fitness = Fitness(self._home, self._applied, self._values, self._environ)
        self.unfit = recorded_unfit(fitness.unfit(self._definitions()))

    def _look_at_file(self) -> None:
        """Say of each edit of the home's config that it is not in force, once."""
        stamp = self._stamps[0]
        if stamp == self._told_stamp or self._applied is None or self._is_stale:
            return
        self._told_stamp = stamp
        standing = self._standing()
        if standing not in ("in force", "missing"):
            self._announce(announcements.NotApplied(standing))

    def _standing(self) -> FileStanding:
        assert self._values is not None, "values are read before"
        return file_standing(self._home, self._applied, self._definitions().values(), self._values.salt)

    def _tell(self, announcement: announcements.Announcement) -> None:
        if announcement != self._told:
            self._told = announcement
            self._announce(announcement)


def _kept(jobs: Mapping[str, ConfiguredJob]) -> list[KeptEnvironment]:
    return [
        KeptEnvironment(job=name, env=dict(job.env), secrets=dict(named_secrets(job.definition)))
        for name, job in jobs.items()
        if job.env or any(True for _ in named_secrets(job.definition))
    ]
