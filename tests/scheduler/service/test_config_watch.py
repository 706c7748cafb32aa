from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from eventstore import MemoryStore
from scheduler import vocabulary as v
from scheduler.configuration import Config
from scheduler.configuration.home_config import UNENDED_REST_S
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.service.announcements import Announcement, ConfigUnended
from scheduler.service.config_watch import ConfigWatch, FirstConfig
from tests.support.command import call
from tests.support.home import entries_of, make_home
from tests.support.world import SimulatedClock

WHOLE = "jobs:\n  a: {every: 1h, command: x}\n  b: {every: 1h, command: y}\n"
HALF = "jobs:\n  a: {every: 1h, command: x}"


class Watched:
    """A home whose config is watched, a look a second."""

    def __init__(self, root: Path) -> None:
        self.home: Home = make_home(root, WHOLE)
        self.clock = SimulatedClock()
        self.ledger = Ledger(MemoryStore(clock=self.clock.now))
        self.in_force: list[Config] = []
        self.announced: list[Announcement] = []
        first = FirstConfig.read(self.home)
        self.watch = ConfigWatch(
            self.home, self.ledger, self.clock, first, self.in_force.append, self.announced.append
        )
        self.watch.begin()

    def look_for(self, seconds: float) -> None:
        """Look at the file once a second, for so long."""
        for _ in range(round(seconds)):
            self.clock.pass_(1.0)
            self.watch.look()

    @property
    def jobs(self) -> list[str]:
        """The jobs of the config in force."""
        return list(self.in_force[-1].jobs)


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """A home with two jobs."""
    return Watched(tmp_path / "home")


def test_half_of_a_config_that_is_valid_is_not_taken_up(watched: Watched) -> None:
    """While its last line has no end it is given time, and that is said once; what is then whole comes into force."""
    watched.home.config.write_text(HALF)
    watched.look_for(UNENDED_REST_S - 1)
    assert watched.jobs == ["a", "b"]
    assert watched.announced == [ConfigUnended()]
    watched.home.config.write_text(WHOLE.replace("  b:", "  c:"))
    watched.look_for(2)
    assert watched.jobs == ["a", "c"]


def test_a_config_that_never_ends_its_last_line_comes_into_force_after_all(watched: Watched) -> None:
    """Some editors end no last line; what has rested for long enough is whole."""
    watched.home.config.write_text(HALF)
    watched.look_for(UNENDED_REST_S + 2)
    assert watched.jobs == ["a"]
    assert v.ConfigAccepted.TYPE in [entry.type for entry in watched.ledger.store.read(0)]


def test_a_file_that_was_emptied_is_given_time(watched: Watched) -> None:
    """Who writes a file anew empties it first."""
    watched.home.config.write_text("")
    watched.look_for(UNENDED_REST_S - 1)
    assert [entry.type for entry in watched.ledger.store.read(0)] == ["ledger.created"]


def test_who_asks_for_it_gets_it_at_once(watched: Watched) -> None:
    """A reload takes the file as it is: whoever asks for one has written it."""
    watched.home.config.write_text(HALF)
    watched.watch.reload()
    assert watched.jobs == ["a"]


def test_no_command_records_half_of_a_config(tmp_path: Path) -> None:
    """A command that brings the ledger in line leaves a file alone that may be half written, and says so."""
    home = make_home(tmp_path / "home", WHOLE)
    assert call("jobs", "disable", "a", home=home.root).code == 0
    home.config.write_text(HALF)
    answer = call("jobs", "enable", "a", home=home.root)
    assert answer.code == 0
    assert "its last line has no end" in answer.err
    assert v.JobRemoved.TYPE not in [entry.type for entry in entries_of(home.root)]
    rested_s = time.time() - UNENDED_REST_S - 1
    os.utime(home.config, (rested_s, rested_s))
    assert call("jobs", "disable", "a", home=home.root).code == 0
    assert v.JobRemoved.TYPE in [entry.type for entry in entries_of(home.root)]


def test_an_edited_calendar_file_is_taken_over_and_a_broken_one_is_not(tmp_path: Path) -> None:
    """The config need not be touched; what the file no longer says is recorded, a mistake leaves all in force."""
    ical = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    watched = Watched(tmp_path / "home")
    file = watched.home.root / "days.ics"
    file.write_text(ical.format("20260102"))
    watched.home.config.write_text(WHOLE + "calendars: {a: {ical: days.ics}}\n")
    watched.look_for(3)
    file.write_text(ical.format("20260103"))
    watched.look_for(3)
    file.write_text("BEGIN:VCALENDAR\r\n")
    watched.look_for(3)
    told = [v.payload(entry) for entry in watched.ledger.store.read(0)]
    assert [each.dates for each in told if isinstance(each, v.CalendarDefined)] == [
        ["2026-01-02"],
        ["2026-01-03"],
    ]
    assert isinstance(told[-1], v.ConfigRejected)
    assert watched.in_force[-1].calendars["a"].days.dates == ["2026-01-03"]
