from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from eventstore.memory import MemoryStore
from scheduler import vocabulary as v
from scheduler.configuration.errors import ConfigInvalid
from scheduler.configuration.files.half_written import UNENDED_REST_S
from scheduler.configuration.files.part_names import folder_of
from scheduler.configuration.model import Config
from scheduler.configuration.outline.kept_outline import outline_in_force
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import bring_in_line, open_ledger
from scheduler.service.announcements import Announcement, ConfigUnended
from scheduler.service.config_in_force import keep_copy
from scheduler.service.config_watch import ConfigWatch, FirstConfig
from tests.support.command import DEADLINE_S, call
from tests.support.home import entries_of, make_home
from tests.support.world import SimulatedClock

WHOLE = "jobs:\n  a: {every: 1h, command: x}\n  b: {every: 1h, command: y}\n"
ICAL = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
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

    def look_until(self, done: Callable[[], bool]) -> None:
        """Look at the file once a second, until something is so: what takes long to read is read in real time."""
        deadline_s = time.monotonic() + DEADLINE_S
        while not done():
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
            self.look_for(1)

    def told(self) -> list[v.Payload]:
        """What is on record."""
        return [v.payload(entry) for entry in self.ledger.store.read(0)]

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


def test_the_outline_is_that_of_the_config_in_force(watched: Watched) -> None:
    """It follows each edit; while the file is another one than that in force, none is believed."""
    watched.watch.reload()
    first = outline_in_force(watched.home, watched.ledger.state)
    assert first is not None
    assert list(first.jobs) == ["a", "b"]
    watched.home.config.write_text(WHOLE.replace("  b:", "  c:"))
    assert outline_in_force(watched.home, watched.ledger.state) is None
    watched.look_for(2)
    second = outline_in_force(watched.home, watched.ledger.state)
    assert second is not None
    assert list(second.jobs) == ["a", "c"]
    watched.home.config.write_text("jobs: [\n")
    watched.look_for(2)
    assert outline_in_force(watched.home, watched.ledger.state) is None
    watched.home.config.write_text(WHOLE.replace("  b:", "  c:"))
    watched.look_for(2)
    assert outline_in_force(watched.home, watched.ledger.state) == second


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
    watched = Watched(tmp_path / "home")
    file = watched.home.root / "days.ics"
    file.write_text(ICAL.format("20260102"))
    watched.home.config.write_text(WHOLE + "calendars: {a: {ical: days.ics}}\n")
    watched.look_until(lambda: len(days_of(watched.told())) == 1)
    file.write_text(ICAL.format("20260103"))
    watched.look_until(lambda: len(days_of(watched.told())) == 2)
    file.write_text("BEGIN:VCALENDAR\r\n")
    watched.look_until(lambda: isinstance(watched.told()[-1], v.ConfigRejected))
    assert days_of(watched.told()) == [["2026-01-02"], ["2026-01-03"]]


def days_of(told: list[v.Payload]) -> list[list[str]]:
    """The dates of each calendar that was defined."""
    return [each.dates for each in told if isinstance(each, v.CalendarDefined)]


def test_what_takes_long_to_read_holds_up_no_look(tmp_path: Path) -> None:
    """Another process imports an extension; the config in force stays so until that is done, and is then read."""
    watched = Watched(tmp_path / "home")
    source = watched.home.extensions / "slow" / "jobs.py"
    source.parent.mkdir(parents=True)
    (watched.home.root / "go").unlink(missing_ok=True)
    source.write_text(WAITS.format(watched.home.root / "go"))
    watched.home.config.write_text(WHOLE + "  slow: {every: 1h}\n")
    watched.look_for(10)
    assert watched.jobs == ["a", "b"], "the import goes on"
    (watched.home.root / "go").touch()
    watched.look_until(lambda: watched.jobs == ["a", "b", "slow"])
    watched.watch.close()


WAITS = """
import os, time
while not os.path.exists({!r}):
    time.sleep(0.01)
class Slow:
    name = "slow"
    def run(self, ctx): pass
"""


def test_an_edit_that_comes_while_one_is_read_is_given_time_too(tmp_path: Path) -> None:
    """It may be half written as any other."""
    watched = Watched(tmp_path / "home")
    (watched.home.root / "days.ics").write_text(ICAL.format("20260102"))
    watched.home.config.write_text(WHOLE.replace("  b:", "  c:") + "calendars: {a: {ical: days.ics}}\n")
    watched.look_for(2)
    kept = watched.home.var / "calendar-days.json"
    deadline_s = time.monotonic() + DEADLINE_S
    while not kept.exists() and time.monotonic() < deadline_s:
        time.sleep(0.01)
    watched.home.config.write_text(HALF)
    watched.look_for(UNENDED_REST_S - 1)
    assert watched.jobs == ["a", "b"]
    assert watched.announced == [ConfigUnended()]
    watched.look_until(lambda: watched.jobs == ["a"])
    watched.watch.close()


def test_what_cannot_be_kept_is_said(tmp_path: Path) -> None:
    """It is read some times, and then the config is not used, for that reason."""
    watched = Watched(tmp_path / "home")
    (watched.home.root / "days.ics").write_text(ICAL.format("20260102"))
    (watched.home.var / "calendar-days.json").mkdir()
    watched.home.config.write_text(WHOLE + "calendars: {a: {ical: days.ics}}\n")
    watched.look_until(lambda: isinstance(watched.told()[-1], v.ConfigRejected))
    (problem,) = [each for each in watched.told() if isinstance(each, v.ConfigRejected)]
    assert "cannot be kept" in problem.errors[0].message


def test_a_start_goes_on_with_the_days_on_record(tmp_path: Path) -> None:
    """A calendar file that is gone, or broken, stops no start that a config in force allows."""
    home = make_home(tmp_path / "home", WHOLE + "calendars: {a: {ical: days.ics}, b: {weekdays: sun}}\n")
    file = home.root / "days.ics"
    file.write_text(ICAL.format("20260102"))
    first = FirstConfig.read(home)
    assert (first.problem, first.kept_calendars) == (None, ())
    file.unlink()
    with pytest.raises(ConfigInvalid):
        FirstConfig.read(home)
    keep_copy(first.config, home.config_in_force)
    with pytest.raises(ConfigInvalid):
        FirstConfig.read(home)
    ledger = open_ledger(home, v.SCHEDULER)
    bring_in_line(ledger, first.config)
    ledger.store.close()
    for content in (None, "BEGIN:VCALENDAR\r\n"):
        if content is not None:
            file.write_text(content)
        again = FirstConfig.read(home)
        assert isinstance(again.problem, ConfigInvalid)
        assert "days.ics" in str(again.problem)
        assert (again.config.digest, again.kept_calendars) == (first.config.digest, ("a",))
        assert again.config.definitions == first.config.definitions
        assert again.config.calendars == first.config.calendars
        assert again.config.calendar_files == (file,)


PART = "jobs:\n  p: {every: 1h, command: z}\n"


def test_an_edit_of_a_part_is_taken_up(watched: Watched) -> None:
    """One that comes, is edited or goes; one that is half written is given time."""
    part = folder_of(watched.home.config) / "p.yaml"
    part.parent.mkdir(mode=0o700)
    watched.look_for(2)
    assert watched.jobs == ["a", "b"]
    part.write_text(PART)
    watched.look_for(1)
    assert watched.jobs == ["a", "b"]
    watched.look_for(1)
    assert watched.jobs == ["a", "b", "p"]
    part.write_text(PART.replace("p:", "q:").rstrip())
    watched.look_for(UNENDED_REST_S - 1)
    assert watched.jobs == ["a", "b", "p"]
    assert watched.announced == [ConfigUnended()]
    part.write_text(PART.replace("p:", "q:"))
    watched.look_for(2)
    assert watched.jobs == ["a", "b", "q"]
    part.unlink()
    watched.look_for(2)
    assert watched.jobs == ["a", "b"]
    assert [entry.job for entry in watched.ledger.store.read(0) if entry.type == v.JobRemoved.TYPE] == [
        "p",
        "q",
    ]


def test_a_mistake_in_a_part_leaves_everything_as_it_was(watched: Watched) -> None:
    """The entry names the file; when it is gone, the config is the one that was in force, and that is recorded."""
    part = folder_of(watched.home.config) / "p.yaml"
    part.parent.mkdir(mode=0o700)
    part.write_text("\njobs:\n  a: {every: 2h, command: z}\n")
    watched.look_for(2)
    assert watched.jobs == ["a", "b"]
    (rejected,) = [each for each in watched.told() if isinstance(each, v.ConfigRejected)]
    assert [(error.file, error.line) for error in rejected.errors] == [("config.d/p.yaml", 3)]
    part.unlink()
    watched.look_for(2)
    assert isinstance(watched.told()[-1], v.ConfigAccepted)


def test_a_job_moves_to_another_file_without_being_removed(watched: Watched) -> None:
    """It is written there first: while it stands in both, the edit is refused."""
    part = folder_of(watched.home.config) / "p.yaml"
    part.parent.mkdir(mode=0o700)
    watched.watch.reload()
    part.write_text("jobs:\n  b: {every: 1h, command: y}\n")
    watched.look_for(3)
    watched.home.config.write_text("jobs:\n  a: {every: 1h, command: x}\n")
    watched.look_for(3)
    assert watched.jobs == ["a", "b"]
    types = [entry.type for entry in watched.ledger.store.read(0)]
    assert types.count(v.JobDefined.TYPE) == 2
    assert v.JobRemoved.TYPE not in types


def test_the_copy_has_all_files(watched: Watched) -> None:
    """It is one file: a start with a broken part goes on with what was in force, the jobs of parts too."""
    part = folder_of(watched.home.config) / "p.yaml"
    part.parent.mkdir(mode=0o700)
    part.write_text(PART)
    watched.look_for(2)
    part.write_text("jobs: [")
    again = FirstConfig.read(watched.home)
    assert isinstance(again.problem, ConfigInvalid)
    assert list(again.config.jobs) == ["a", "b", "p"]
    assert again.config.digest == watched.in_force[-1].digest
    assert again.config.jobs["p"].file == "config.d/p.yaml"


def test_no_copy_is_kept_of_what_was_edited_meanwhile(watched: Watched) -> None:
    """Whichever file it was: what is not known to be valid is no config to start with."""
    part = folder_of(watched.home.config) / "p.yaml"
    part.parent.mkdir(mode=0o700)
    part.write_text(PART)
    first = FirstConfig.read(watched.home)
    part.write_text(PART.replace("p:", "q:"))
    before = watched.home.config_in_force.read_bytes()
    keep_copy(first.config, watched.home.config_in_force)
    assert watched.home.config_in_force.read_bytes() == before
    part.write_text(PART)
    keep_copy(first.config, watched.home.config_in_force)
    assert watched.home.config_in_force.read_bytes() != before
