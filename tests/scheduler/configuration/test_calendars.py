"""`calendars` in a config: the days they are, and where each mistake stands."""

from __future__ import annotations

import hashlib
from pathlib import Path
from textwrap import dedent

import pytest

from scheduler.configuration.calendars.file_days import TOO_LONG, days_in_file
from scheduler.configuration.calendars.ical import InvalidCalendar, event_days
from scheduler.configuration.errors import ConfigInvalid, NotYetKnown
from scheduler.configuration.load import parse
from scheduler.configuration.model import Config, SlowParts
from scheduler.definition import JobCalendars, revision
from scheduler.entry_members import ConfigError
from scheduler.rules.reconcile import CalendarDefinition
from scheduler.schedule.calendars.calendar_days import CalendarDays, merged
from tests.scheduler.configuration.reading import job, read, the_mistake

CALENDARS = (
    "calendars: {holidays: {dates: [2026-12-24..2026-12-26, 2027-01-01]}, closed: {weekdays: [sat, sun]}}"
)


def days(body: str) -> tuple[list[str], list[str]]:
    """The days of the week and the dates of a calendar, from its keys in flow style."""
    config = read(f"calendars: {{a: {body}}}\njobs: {{}}")
    return config.calendars["a"].days.weekday_names, config.calendars["a"].days.dates


@pytest.mark.parametrize(("body", "weekdays", "dates"), [
    ("{dates: 2026-12-24}", [], ["2026-12-24"]),
    ("{dates: [2026-12-26, 2026-12-24..2026-12-25, 2027-01-01]}", [], ["2026-12-24..2026-12-26", "2027-01-01"]),
    ("{weekdays: sun}", ["sun"], []),
    ("{weekdays: [mon-wed, Sat]}", ["mon", "tue", "wed", "sat"], []),
    ("{dates: '2028-02-29', weekdays: fri}", ["fri"], ["2028-02-29"]),
])  # fmt: skip
def test_days_are_those_that_are_written(body: str, weekdays: list[str], dates: list[str]) -> None:
    """Dates that touch are one stretch, whatever their order."""
    assert days(body) == (weekdays, dates)


def test_a_job_names_calendars_with_the_digest_of_their_days() -> None:
    """One word stands for a list of one; defaults are for jobs that have times, and none takes them back."""
    written = job("command: x, every: 1h, calendars: {except: [holidays, closed]}", before=CALENDARS)
    config = read(f"{CALENDARS}\njobs: {{}}")
    digests = {name: calendar.days.digest for name, calendar in config.calendars.items()}
    assert written.calendars == JobCalendars(without=digests)
    assert job(
        "command: x, every: 1h, calendars: {only: closed}", before=CALENDARS
    ).calendars == JobCalendars(only={"closed": digests["closed"]})
    jobs = read(f"""
        {CALENDARS}
        defaults: {{calendars: {{except: closed}}}}
        jobs:
          a: {{command: x, every: 1h}}
          b: {{command: x, every: 1h, calendars: none}}
          c: {{command: x, on_demand: true}}
        """).definitions
    assert [each.calendars is None for each in jobs.values()] == [False, True, True]
    assert revision(jobs["b"]) == revision(job("command: x, every: 1h", "b"))


@pytest.mark.parametrize(("body", "part", "suggestion"), [
    ("{}", "has no day", ""),
    ("{dates: tomorrow}", "is not a date", ""),
    ("{dates: 2026-02-30}", "a date such as", ""),
    ("{dates: 2026-12-24..2026-12-01}", "ends before it begins", ""),
    ("{weekdays: monday}", "day of the week", "mon"),
    ("{weekdays: fri-mon}", "day of the week", ""),
    ("{weekday: mon}", "unknown key 'weekday'", "weekdays"),
    ("2026-12-24", "a mapping of dates", ""),
    ("{ical: no-such.ics}", "cannot be read", ""),
])  # fmt: skip
def test_what_is_no_calendar_is_refused_at_its_place(body: str, part: str, suggestion: str) -> None:
    """Line, key and what was probably meant."""
    error = the_mistake(f"jobs: {{}}\ncalendars:\n  a: {body}\n")
    assert part in error.message
    assert (error.line, error.suggestion) == (3, suggestion)
    assert error.key.startswith("calendars.a")


@pytest.mark.parametrize(("written", "part", "suggestion"), [
    ("{except: holiday}", "no calendar 'holiday'", "holidays"),
    ("{exept: holidays}", "unknown key 'exept'", "except"),
    ("{}", "a mapping of only and except", ""),
    ("holidays", "a mapping of only and except", ""),
])  # fmt: skip
def test_a_job_that_names_what_is_not_there_is_refused(written: str, part: str, suggestion: str) -> None:
    """With the nearest name that is there."""
    error = the_mistake(f"{CALENDARS}\njobs:\n  a: {{command: x, every: 1h, calendars: {written}}}\n")
    assert part in error.message
    assert (error.line, error.suggestion, error.key.startswith("jobs.a.calendars")) == (3, suggestion, True)


def test_names_are_checked_and_too_many_dates_refused() -> None:
    """A calendar is one entry of the ledger."""
    assert "no name of a calendar" in the_mistake("jobs: {}\ncalendars: {'a b': {weekdays: mon}}").message
    dates = ", ".join(
        f"{year}-{month:02}-{day:02}"
        for year in range(2000, 2100)
        for month in range(1, 13)
        for day in (1, 5)
    )
    assert "stretches of dates" in the_mistake(f"jobs: {{}}\ncalendars: {{a: {{dates: [{dates}]}}}}").message


ICAL = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//x//EN
{events}
END:VCALENDAR
"""


def event(*lines: str) -> str:
    """An event of an iCalendar file."""
    return "\r\n".join(
        ("BEGIN:VEVENT", f"UID:{hash(lines)}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT")
    )


def ical(*events: str) -> bytes:
    """An iCalendar file of these events."""
    text = ICAL.format(events="\r\n".join(events))
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def dates_of(*events: str) -> list[str]:
    """The days of an iCalendar file of these events."""
    return CalendarDays(frozenset(), merged(event_days(ical(*events)))).dates


def from_ical(folder: Path, *events: str) -> Config:
    """A config with a calendar of an iCalendar file of these events."""
    (folder / "days.ics").write_bytes(ical(*events))
    return parse(b"calendars: {a: {ical: days.ics}}\njobs: {}\n", folder / "config.yaml", folder)


@pytest.mark.parametrize(("lines", "dates"), [
    (["DTSTART;VALUE=DATE:20261224"], ["2026-12-24"]),
    (["DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227"], ["2026-12-24..2026-12-26"]),
    (["DTSTART;VALUE=DATE:20261224", "DURATION:P2D"], ["2026-12-24..2026-12-25"]),
    (["DTSTART:20261224T220000Z", "DTEND:20261225T000000Z"], ["2026-12-24"]),
    (["DTSTART:20261224T220000Z", "DTEND:20261225T010000Z"], ["2026-12-24..2026-12-25"]),
    (["DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=YEARLY;COUNT=2"], ["2026-12-24", "2027-12-24"]),
    (["DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=WEEKLY;UNTIL=20261215"], ["2026-12-01", "2026-12-08", "2026-12-15"]),
    (
        ["DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;VALUE=DATE:20261208"],
        ["2026-12-01", "2026-12-15"],
    ),
    (
        ["DTSTART;VALUE=DATE:20261201", "RDATE;VALUE=DATE:20261203", "RRULE:FREQ=DAILY;COUNT=1"],
        ["2026-12-01", "2026-12-03"],
    ),
    (["DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=MONTHLY;BYDAY=1MO;COUNT=2"], ["2026-01-05", "2026-02-02"]),
])  # fmt: skip
def test_events_of_an_ical_file_are_days(lines: list[str], dates: list[str]) -> None:
    """Whole days, times, recurring ones with what is excepted."""
    assert dates_of(event(*lines)) == dates


def test_a_calendar_has_the_days_and_the_digest_of_its_file(tmp_path: Path) -> None:
    """The library that reads it prints and imports nothing here: it does so in a process of its own."""
    config = from_ical(tmp_path, event("DTSTART;VALUE=DATE:20261224"))
    assert config.calendars["a"].days.dates == ["2026-12-24"]
    assert (
        config.calendars["a"].ical_sha256 == hashlib.sha256((tmp_path / "days.ics").read_bytes()).hexdigest()
    )
    assert config.calendar_files == (tmp_path / "days.ics",)


def test_a_yearly_event_without_end_is_followed_for_long_and_a_moved_or_cancelled_one_counts_so() -> None:
    """Until the end of 2069; a moved occurrence counts where it is, a cancelled event not at all."""
    yearly = event("DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=YEARLY")
    cancelled = event("DTSTART;VALUE=DATE:20260701", "STATUS:CANCELLED")
    moved = yearly.replace(
        "DTSTART;VALUE=DATE:20261225", "RECURRENCE-ID;VALUE=DATE:20271225\r\nDTSTART;VALUE=DATE:20271227"
    )
    moved = moved.replace("RRULE:FREQ=YEARLY\r\n", "")
    found = dates_of(yearly, cancelled, moved)
    assert (len(found), found[0], found[1], found[-1]) == (44, "2026-12-25", "2027-12-27", "2069-12-25")


def ical_mistake(folder: Path, content: bytes) -> ConfigError:
    """What is said of a config whose iCalendar file has this content."""
    (folder / "days.ics").write_bytes(content)
    with pytest.raises(ConfigInvalid) as caught:
        parse(b"jobs: {}\ncalendars:\n  a: {ical: days.ics}\n", folder / "config.yaml", folder)
    (error,) = caught.value.errors
    return error


@pytest.mark.parametrize("content", [
    b"",
    b"\x00\xff\xfe",
    b"hello",
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:nonsense\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    ICAL.format(events=event("DTSTART;VALUE=DATE:20261224")).replace("END:VCALENDAR\n", "").encode(),
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:no time\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    ICAL.format(events=event("DTSTART:20260101T000000Z", "RRULE:FREQ=SECONDLY")).encode(),
    ICAL.format(events=event("DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=DAILY")).encode(),
    ICAL.format(events=event("DTSTART;VALUE=DATE:00010101", "DTEND;VALUE=DATE:99990101")).encode(),
    ICAL.format(events=event("DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=YEARLY;INTERVAL=0")).encode(),
    ICAL.format(events=event("DTSTART;VALUE=DATE:20260101", "DURATION:P999999999999D")).encode(),
])  # fmt: skip
def test_a_file_that_is_no_calendar_is_refused(content: bytes) -> None:
    """Whatever stands in it, nothing ends in a traceback or takes long."""
    with pytest.raises(InvalidCalendar):
        event_days(content)


def test_what_is_wrong_with_a_file_is_told_at_its_place_in_the_config(tmp_path: Path) -> None:
    """The line that names it, its path, and what is wrong."""
    error = ical_mistake(tmp_path, b"hello")
    assert "it is no iCalendar file" in error.message
    assert (error.line, error.column, error.key) == (3, 13, "calendars.a.ical")
    assert "days.ics" in error.message


def test_a_file_whose_days_take_too_long_is_refused() -> None:
    """A process of its own works them out, which is stopped."""
    never = ("DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")
    slow = [event(*never, f"SUMMARY:{number}") for number in range(20)]
    assert days_in_file(ical(*slow), limit_s=0.5).error == TOO_LONG


def test_days_of_a_file_are_kept_by_its_digest(tmp_path: Path) -> None:
    """Whoever does not wait gets them then; before, and of another version of the file, they are not known."""
    (tmp_path / "var").mkdir()
    text, path = b"calendars: {a: {ical: days.ics}}\njobs: {}\n", tmp_path / "config.yaml"
    (tmp_path / "days.ics").write_bytes(ical(event("DTSTART;VALUE=DATE:20261224")))
    impatient = SlowParts(failed_since_s=0.0)
    with pytest.raises(NotYetKnown):
        parse(text, path, tmp_path, slow=impatient)
    first = parse(text, path, tmp_path)
    assert parse(text, path, tmp_path, slow=impatient).calendars == first.calendars
    kept = (tmp_path / "var" / "calendar-days.json").read_bytes()
    for forged in (b"{", b"[]", kept.replace(b"[[7", b"[[-7"), kept.replace(b'"rules":1', b'"rules":0')):
        (tmp_path / "var" / "calendar-days.json").write_bytes(forged)
        with pytest.raises(NotYetKnown):
            parse(text, path, tmp_path, slow=impatient)
    (tmp_path / "var" / "calendar-days.json").write_bytes(kept)
    (tmp_path / "days.ics").write_bytes(ical(event("DTSTART;VALUE=DATE:20261225")))
    with pytest.raises(NotYetKnown):
        parse(text, path, tmp_path, slow=impatient)


def test_the_days_in_force_stand_for_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Those of a calendar with a file; one that is not in force is read all the same."""
    text, path = (
        b"calendars: {a: {ical: days.ics}, b: {dates: 2026-01-01}}\njobs: {}\n",
        tmp_path / "config.yaml",
    )
    days = CalendarDays.of([], ["2026-12-24"])
    in_force = {name: CalendarDefinition(name, days, "0" * 64) for name in ("a", "b")}
    config = parse(text, path, tmp_path, slow=SlowParts(calendars=in_force))
    assert config.calendars["a"] == in_force["a"]
    assert config.calendars["b"].days.dates == ["2026-01-01"]
    assert config.calendar_files == (tmp_path / "days.ics",)
    with pytest.raises(ConfigInvalid):
        parse(text, path, tmp_path, slow=SlowParts(calendars={"b": in_force["b"]}))


def test_a_file_that_others_can_write_is_not_believed(tmp_path: Path) -> None:
    """Whoever can write it decides when jobs run."""
    from_ical(tmp_path, event("DTSTART;VALUE=DATE:20261224"))
    (tmp_path / "days.ics").chmod(0o666)
    with pytest.raises(ConfigInvalid, match="others can write"):
        parse(b"calendars: {a: {ical: days.ics}}\njobs: {}\n", tmp_path / "config.yaml", tmp_path)


def test_a_config_without_ical_files_imports_no_library() -> None:
    """It is imported by the first config that names one."""
    import subprocess
    import sys

    program = dedent("""
        import sys
        from tests.scheduler.configuration.reading import read
        read("calendars: {a: {weekdays: sun}}\\njobs: {b: {command: x, every: 5m, calendars: {only: a}}}")
        assert "icalendar" not in sys.modules
        assert "scheduler.configuration.calendars.ical" not in sys.modules
    """)
    subprocess.run([sys.executable, "-c", program], check=True)
