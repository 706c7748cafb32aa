"""Calendar events: the reading of the import against systemd itself, and the jobs against the reading."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scheduler.configuration.load import parse
from scheduler.importing.proof import COMPARED, compare
from scheduler.importing.systemd.calendar_event import BadEvent, read_event
from scheduler.importing.systemd.calendar_instants import EventInstants
from scheduler.importing.systemd.calendar_schedule import Inexpressible, schedule_of_event
from scheduler.schedule.zones import known_zone, load_zone
from tests.support.importing import converted_timer, told

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
AUTUMN = datetime(2026, 10, 20, tzinfo=UTC)
SPRING = datetime(2027, 3, 10, tzinfo=UTC)


@st.composite
def components(draw: st.DrawFn, low: int, high: int, star: bool = True) -> str:
    """A component of an event that systemd takes."""
    if star and draw(st.booleans()):
        return "*"
    parts = []
    for _ in range(draw(st.integers(1, 2))):
        first = draw(st.integers(low, high))
        kind = draw(st.sampled_from(["one", "range", "stepped range", "steps"]))
        last = draw(st.integers(first, high))
        room = high - first
        if kind == "one" or last == first or not room:
            parts.append(f"{first}")
        elif kind == "steps":
            parts.append(f"{first}/{draw(st.integers(1, room))}")
        else:
            step = f"/{draw(st.integers(1, 5))}" if kind == "stepped range" else ""
            parts.append(f"{first}..{last}{step}")
    return ",".join(parts)


@st.composite
def events(draw: st.DrawFn) -> str:
    """Events of every shape, in one of some zones."""
    weekdays = draw(st.sampled_from(["", "", "Mon ", "Mon..Fri ", "sat,sun ", "Tuesday ", "Wed,Fri..Sun "]))
    date = ""
    if draw(st.booleans()):
        years = draw(st.sampled_from(["", "", "*-", "2026..2031-", "2027,2029-"]))
        day = draw(components(1, 28))
        from_end = draw(st.booleans()) and "/" not in day and "," not in day
        date = f"{years}{draw(components(1, 12))}{'~' if from_end else '-'}{day} "
    seconds = draw(st.sampled_from(["", "", "", ":0", ":30", ":0/20"]))
    time = f"{draw(components(0, 23))}:{draw(components(0, 59))}{seconds}"
    return f"{weekdays}{date}{time} {draw(st.sampled_from(ZONES))}"


def ours(text: str, after: datetime, count: int = COMPARED) -> list[datetime]:
    """The next instants by the reading of the import."""
    event = read_event(text, known_zone)
    return list(islice(EventInstants([(event, load_zone(event.zone or "UTC"))]).after(after), count))


def analysed(text: str, after: datetime, count: int) -> list[datetime] | None:
    """The next instants as systemd-analyze tells them; None: it refuses the event, or loses its way."""
    done = subprocess.run(
        ["systemd-analyze", "calendar", f"--iterations={count}", f"--base-time={after:%F %T} UTC", text],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TZ": "UTC", "SYSTEMD_COLORS": "0", "LC_ALL": "C"},
    )
    if done.returncode:
        return None
    shown = [
        line.split(": ", 1)[1] for line in done.stdout.splitlines() if "elapse:" in line or "Iter" in line
    ]
    written = (each.strip().split(" ", 1)[1] for each in shown if each.endswith("UTC"))
    return [datetime.fromisoformat(each.replace(" UTC", "+00:00")) for each in written]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@given(text=events(), after=st.sampled_from([AUTUMN, SPRING]))
def test_events_are_read_as_systemd_reads_them(text: str, after: datetime) -> None:
    """The next instants of events of every shape, also around changes of clocks, are those of systemd-analyze."""
    theirs = analysed(text, after, 20)
    assume(theirs is not None)
    assert ours(text, after, 20) == theirs


# From systemd.time(7), with what each is called there.
NORMAL_FORMS = [
    ("Sat,Thu,Mon..Wed,Sat..Sun", "Mon..Thu,Sat,Sun *-*-* 00:00:00"),
    ("Mon,Sun 12-*-* 2,1:23", "Mon,Sun 2012-*-* 01,02:23:00"),
    ("Wed *-1", "Wed *-*-01 00:00:00"),
    ("Wed, 17:48", "Wed *-*-* 17:48:00"),
    ("*-*-7 0:0:0", "*-*-07 00:00:00"),
    ("10-15", "*-10-15 00:00:00"),
    ("monday *-12-* 17:00", "Mon *-12-* 17:00:00"),
    ("12,14,13,12:20,10,30", "*-*-* 12,13,14:10,20,30:00"),
    ("mon,fri *-1/2-1,3 *:30:45", "Mon,Fri *-01/2-01,03 *:30:45"),
    ("weekly Pacific/Auckland", "Mon *-*-* 00:00:00 Pacific/Auckland"),
    ("quarterly", "*-01,04,07,10-01 00:00:00"),
    ("semi-annually UTC", "*-01,07-01 00:00:00 UTC"),
    ("*:2/3", "*-*-* *:02/3:00"),
    ("*-02~03", "*-02~03 00:00:00"),
]


@pytest.mark.parametrize(("text", "normal"), NORMAL_FORMS)
def test_the_manuals_examples_mean_their_normal_forms(text: str, normal: str) -> None:
    """Each example of the manual happens when its normal form does."""
    after = datetime(2011, 12, 31, tzinfo=UTC)
    assert ours(text, after) == ours(normal, after) != []


@pytest.mark.parametrize(
    "text",
    ["", "x", "25:00", "*-13-01", "*-*-00", "Mon..", "Fri..Mon", "*:*/5", "1:2:3:4", "12:00 CEST", "*-*~29", "@1",
     "05:40:23.42", "Mon;Tue", "5", "1" * 3_000],
)  # fmt: skip
def test_what_is_no_event_is_refused(text: str) -> None:
    """With its words, whatever is wrong with it."""
    with pytest.raises(BadEvent):
        read_event(text, known_zone)


def test_all_seconds_are_no_event_of_ours_to_refuse() -> None:
    """`*:*:*` is every second, and an interval of a second."""
    assert len(ours("*:*:*", AUTUMN, 5)) == 5


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("daily", {"schedule": "0 0 * * *"}),
        ("Mon..Fri 02:30", {"schedule": "30 2 * * 1-5"}),
        ("*:0/15 UTC", {"schedule": "*/15 * * * *"}),
        ("hourly Europe/Paris", {"schedule": "0 0-23 * * *", "timezone": "Europe/Paris"}),
        ("*-*~01 04:00", {"schedule": "0 4 L * *"}),
        ("Mon *-*~07/1 04:00", {"schedule": "0 4 * * 1L"}),
        ("Mon *-*-1..7 04:00", {"schedule": "0 4 * * 1#1"}),
        ("*-01,07~02 04:00", {"schedule": "0 4 30 1,7 *"}),
        ("Sat *-*-10..20 04:00", {"schedule": "0 4 10-20 * *", "calendars": {"only": "sat"}}),
        ("2026-12-24 18:00", {"at": "2026-12-24T18:00:00"}),
        ("2026..2028-*-* 18:00", {"schedule": "0 18 * * *", "calendars": {"only": "years-2026-2028"}}),
        ("*:*:0/30", {"every": "30s"}),
        ("03:00:15", {"every": "1d from 2024-01-01T03:00:15"}),
        ("Sun 03:00:15", {"every": "7d from 2024-01-07T03:00:15"}),
        ("*:7:43 Asia/Kolkata", {"every": "1h from 2024-01-01T00:07:43", "timezone": "Asia/Kolkata"}),
    ],
)
def test_what_an_event_becomes(text: str, keys: dict[str, object]) -> None:
    """The config's own words for it, with the same instants."""
    checked = converted_timer(f"OnCalendar={text}")
    (job,) = checked.found.jobs
    about_time = ("schedule", "every", "at", "calendars", "timezone")
    assert {key: job.keys[key] for key in about_time if key in job.keys} == {"timezone": "UTC", **keys}
    assert checked.different == []


@given(text=events(), after=st.sampled_from([AUTUMN, SPRING]))
def test_events_that_can_be_said_keep_their_instants(text: str, after: datetime) -> None:
    """Whatever the config has words for has the same instants, but for times that clocks skip or show twice."""
    zone = text.rpartition(" ")[2]
    checked = converted_timer(f"OnCalendar={text}", now=after)
    for name in checked.different:
        found = checked.compared[name]
        assert zone in ("Europe/Paris", "America/New_York", "Australia/Lord_Howe")
        offsets = {
            each.astimezone(load_zone(zone)).utcoffset() for each in [after, *found.source, *found.job]
        }
        assert len(offsets) == 2


@pytest.mark.parametrize(
    "text", ["*-02~02", "Mon *-*-* *:1:15", "*-*-01 03:00:15", "*:0/7:01", "2026-*-* 1:2:3"]
)
def test_what_cannot_be_said_is_refused_with_the_reason(text: str) -> None:
    """No job comes of it."""
    with pytest.raises(Inexpressible):
        schedule_of_event(read_event(text, known_zone), load_zone("UTC"))
    checked = converted_timer(f"OnCalendar={text}")
    assert checked.found.jobs == []
    assert "the config has no words for" in told(checked, "refused")[0][1]


def test_a_leap_day_is_compared_up_to_the_end_of_systemds_years() -> None:
    """systemd looks no further than 2199, a job goes on."""
    checked = converted_timer("OnCalendar=*-02-29")
    assert checked.different == []
    assert len(checked.compared["job"].source) == 42


def test_a_time_that_clocks_skip_is_told() -> None:
    """systemd leaves it out, a job runs right after the gap: the comparison finds that."""
    checked = converted_timer("OnCalendar=02:30 Europe/Paris", now=SPRING)
    (found,) = checked.compared.values()
    assert [f"{each:%F %R}" for each in found.only_job] == ["2027-03-28 01:00"]
    assert found.only_source == []


def test_a_comparison_is_not_blind() -> None:
    """A job with other times is found to have them."""
    config = parse(b'jobs: {x: {command: x, schedule: "1 * * * *"}}', Path("config.yaml"))
    event = read_event("hourly", known_zone)
    found = compare(config.jobs["x"].definition, EventInstants([(event, load_zone("UTC"))]), AUTUMN)
    assert not found.same
    assert len(found.only_job) == 50
    assert len(found.only_source) == 49
