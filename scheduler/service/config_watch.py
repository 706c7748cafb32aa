"""The config while a scheduler serves: an edit of the file is noticed, judged, recorded and put in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from eventstore.errors import Unavailable
from eventstore.store import Event
from scheduler.clock import Clock
from scheduler.configuration.errors import ConfigProblem
from scheduler.configuration.files.half_written import UNENDED_REST_S, ends_its_last_lines
from scheduler.configuration.home_config import (
    ConfigStamp,
    Stamp,
    config_stamp,
    stamp_of,
)
from scheduler.configuration.model import Config
from scheduler.configuration.outline.kept_outline import keep_outline
from scheduler.configuration.reading.background import BackgroundReading
from scheduler.database.config_place import check_place
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.rules.reconcile import reconcile
from scheduler.rules.state import State
from scheduler.service.announcements import Announcement, ConfigNotUsed, ConfigUnended, FsyncEdited
from scheduler.service.config_in_force import (
    CONFIG_PROBLEMS,
    config_to_start_with,
    keep_copy,
    rejection,
)


class FirstConfig(NamedTuple):
    """The config that a scheduler starts with.

    Attributes:
        config: that of the files; while it cannot be used, the last one that was in force.
        problem: why it cannot be used; None if it can.
        stamp: of the config before it was read, so that an edit meanwhile is noticed.
        kept_calendars: names of the calendars whose files cannot be used: their days are those on record.
    """

    config: Config
    problem: ConfigProblem | None
    stamp: ConfigStamp | None
    kept_calendars: tuple[str, ...] = ()

    @classmethod
    def read(cls, home: Home) -> FirstConfig:
        """The config of a home.

        Raises:
            ConfigInvalid, ConfigMissing, ConfigUnreadable: neither the file nor the last one in force can be used.
        """
        stamp = config_stamp(home)
        found = config_to_start_with(home)
        return cls(found.config, found.problem, stamp, found.kept_calendars)


def calendar_stamps(config: Config) -> list[Stamp | None]:
    """The stamps of the iCalendar files that a config was read with."""
    return [stamp_of(path) for path in config.calendar_files]


class ConfigWatch:
    """Watches the config of a home that is served.

    Args:
        home: the home.
        ledger: where what became of an edit is recorded.
        clock: where the time comes from.
        first: the config to start with.
        put_in_force: given each config that is in force from then on, while `config` is the one before.
        announce: given what a person at the terminal should know.

    Attributes:
        config: the one in force.
    """

    def __init__(
        self,
        home: Home,
        ledger: Ledger,
        clock: Clock,
        first: FirstConfig,
        put_in_force: Callable[[Config], None],
        announce: Callable[[Announcement], None],
    ) -> None:
        self._home, self._ledger, self._clock = home, ledger, clock
        self._put_in_force, self._announce = put_in_force, announce
        self.config = first.config
        self._recorded_stamp = self._seen_stamp = first.stamp
        self._seen_at_s = clock.read().monotonic_s
        self._calendar_stamps = calendar_stamps(first.config)
        self._announced_stamp: ConfigStamp | None = None
        self._unended_stamp: ConfigStamp | None = None
        self._reading = BackgroundReading(home)
        self._asked_stamp: ConfigStamp | None = None

    def begin(self) -> None:
        """Put the config in force with which the scheduler starts; recording it is the caller's part."""
        self._use(self.config)

    def look(self) -> None:
        """Take an edit over once two looks in a row find the same files: some editors write in several steps.

        One with a last line that has no end rests for longer: an editor, or a copy over a network, may be half-way.
        What takes long to read is read in the background, and the config in force stays so meanwhile.
        """
        stamp, now_s = config_stamp(self._home), self._clock.read().monotonic_s
        if self._reading.is_wanted and stamp == self._asked_stamp:
            self._reload(stamp)
        elif self._calendar_stamps != (stamps := calendar_stamps(self.config)):
            self._calendar_stamps = stamps
            self._reload(stamp)
        elif stamp != self._seen_stamp:
            self._seen_stamp, self._seen_at_s = stamp, now_s
        elif stamp != self._recorded_stamp:
            if now_s - self._seen_at_s >= UNENDED_REST_S or ends_its_last_lines(self._home):
                self._reload(stamp)
            elif stamp != self._unended_stamp:
                self._unended_stamp = stamp
                self._announce(ConfigUnended())

    def reload(self) -> None:
        """Take the config over as it is now, changed or not."""
        self._reload(config_stamp(self._home))

    def _reload(self, stamp: ConfigStamp | None) -> None:
        try:
            config = self._reading.load()
            if config is not None:
                check_place(self._home, config)
        except CONFIG_PROBLEMS as problem:
            if stamp != self._announced_stamp:  # while it cannot be recorded, it is looked at again
                self._announced_stamp = stamp
                self._announce(ConfigNotUsed())
            rejected = rejection(problem)
            self._record(lambda state: [rejected], stamp)
            return
        if config is None:
            self._asked_stamp = stamp  # it is asked for again, unless it is edited again first
            return
        if config.settings.fsync != self.config.settings.fsync:
            self._announce(FsyncEdited())
        self._use(config)
        definitions, now = config.definitions, self._clock.read().wall
        self._record(
            lambda state: reconcile(state, definitions, config.digest, now, config.calendars, config.owner),
            stamp,
        )

    def close(self) -> None:
        """Stop watching."""
        self._reading.close()

    def _use(self, config: Config) -> None:
        self._put_in_force(config)
        self.config = config
        self._calendar_stamps = calendar_stamps(config)
        keep_copy(config, self._home.config_in_force)
        keep_outline(self._home, config, self._ledger.store.ledger_id)

    def _record(self, decide: Callable[[State], list[Event]], stamp: ConfigStamp | None) -> None:
        try:
            self._ledger.decide(decide)
        except Unavailable:
            return  # the loop says so; the edit is looked at again
        self._recorded_stamp = stamp
