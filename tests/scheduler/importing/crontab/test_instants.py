"""When entries of crontabs run: the reading of the import against that of the tests, and the job against both."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.importing.crontab.fields import BadTimes, read_times
from scheduler.importing.crontab.instants import CrontabInstants
from scheduler.importing.proof import COMPARED
from scheduler.schedule.zones import load_zone
from tests.scheduler.schedule.cron import in_use
from tests.scheduler.schedule.cron.other_schedulers import debian
from tests.scheduler.schedule.cron.wall_clock import CHANGES, PATIENT, expressions, utc, walk
from tests.support.examples import examples
from tests.support.importing import NOW, imported, told

IN_USE = [
    expression
    for expression in in_use.IN_USE
    # A line that begins with a name and = sets a variable, and has no times.
    if "=" not in (expression.split() or ["="])[0]
]
ALIASES = {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}


def test_the_expressions_in_use_are_there() -> None:
    """Nearly nine hundred of them, or the next test shows nothing."""
    assert len(IN_USE) > 850


def expected(expression: str) -> list[datetime] | None:
    """The next instants of what Debian's cron makes of the first five words, read by the tests; None: it refuses."""
    words = expression.split()
    if len(words) < 5 or (len(words) > 5 and words[5].startswith("*")):
        return None
    entry = debian(" ".join(words[:5]))
    if entry is None:
        return None
    until = datetime(NOW.year + 3 if entry.meaning.minutes else NOW.year, 1, 1, tzinfo=NOW.tzinfo)
    return list(islice(entry.meaning.instants(NOW, until), COMPARED))


def test_each_expression_in_use_keeps_its_instants() -> None:
    """Each of nine hundred is imported with the 50 instants that cron has, or refused as cron refuses it."""
    text = "".join(f"{expression} true\n" for expression in IN_USE)
    checked = imported(text, dialect="debian")
    assert checked.different == []
    refused = {line for line, _ in told(checked, "refused")}
    jobs = {job.line: job for job in checked.found.jobs}
    assert len(refused) + len(jobs) == len(IN_USE)
    compared = 0
    for number, expression in enumerate(IN_USE, start=1):
        if expression.startswith("@"):
            assert (number in jobs) == (expression.split()[0] in {*ALIASES, "@reboot"}), expression
            continue
        theirs = expected(expression)
        assert (number in refused) == (theirs is None), expression
        if theirs:
            ours = checked.compared[jobs[number].name].job
            assert ours[: len(theirs)] == theirs, expression
            compared += 1
    assert compared > 600


@pytest.mark.parametrize("change", CHANGES)
@settings(PATIENT, max_examples=examples(4))
@given(expression=expressions(), minutes=st.integers(-3_000, 1_500))
def test_around_changes_of_clocks_cron_is_read_as_a_walked_clock(
    change: str, expression: str, minutes: int
) -> None:
    """The reading that proves an import is that of a wall clock watched minute by minute, and so is the job's."""
    zone, moment = CHANGES[change]
    after = utc(moment) + timedelta(minutes=minutes)
    until = after + timedelta(days=1, hours=6)
    times, _ = read_times(f"{expression} true", "debian")
    source = CrontabInstants(times, load_zone(zone))
    found = (
        list(takewhile(lambda each: each <= until, source.after(after))) if _comes_soon(expression) else []
    )
    assert found == (list(walk(expression, zone, after, until)) if _comes_soon(expression) else [])


def _comes_soon(expression: str) -> bool:
    """Whether it comes within some years, so that the search for a later instant is short."""
    entry = debian(expression)
    assert entry is not None, "expressions() makes none that cron refuses"
    return next(entry.meaning.instants(utc("2026-01-01"), utc("2027-01-01")), None) is not None


@settings(PATIENT, max_examples=examples(40))
@given(expression=expressions(), zone=st.sampled_from(["UTC", "Europe/Paris", "Australia/Lord_Howe"]))
def test_each_entry_keeps_its_next_fifty_instants(expression: str, zone: str) -> None:
    """Whatever cron takes, also what stricter readers do not, becomes a job with the same instants."""
    checked = imported(f"{expression} true\n", zone=zone, dialect="debian")
    assert checked.different == []
    assert told(checked, "refused") == []
    assert len(checked.found.jobs) == 1


@pytest.mark.parametrize(
    ("written", "dialect", "spelled"),
    [
        ("0 0 * * 5;30", "debian", "0 0 * * 5"),
        ("1,5-2 0 * * *", "debian", "1 0 * * *"),
        ("*/90 * * * *", "debian", "*/60,0 * * * *"),
        ("*/40,7 * * * *", "debian", "*/40,7 * * * *"),
        ("0 0 * * fri-sun", "cronie", "0 0 * * 0,5-6"),
        ("007 5 * * *", "cronie", "007 5 * * *"),
        ("0 0 */31,15 * 1", "debian", "0 0 */31,15 * 1"),
    ],
)
def test_what_is_read_otherwise_here_is_spelled_out(written: str, dialect: str, spelled: str) -> None:
    """An expression that cron reads in its own way is written so that it means the same here."""
    checked = imported(f"{written} true\n", dialect="debian" if dialect == "debian" else "cronie")
    assert [job.keys["schedule"] for job in checked.found.jobs] == [spelled]
    assert checked.different == []


@pytest.mark.parametrize(
    ("written", "debians", "cronies"),
    [
        ("0 0 * * 5;30", True, False),
        ("5~20 3 * * *", True, True),
        ("0 0 * * 5L", False, False),
        ("5/15 * * * *", False, False),
        ("60 * * * *", False, False),
        ("@Daily", False, False),
        ("1, * * * *", False, False),
        ("*/0 * * * *", False, False),
    ],
)
def test_each_cron_refuses_its_own(written: str, debians: bool, cronies: bool) -> None:
    """What one of the two crons refuses, the import refuses when it reads for that one."""
    for dialect, taken in (("debian", debians), ("cronie", cronies)):
        try:
            read_times(f"{written} true", "debian" if dialect == "debian" else "cronie")
        except BadTimes:
            assert not taken
        else:
            assert taken


@pytest.mark.parametrize("written", ["0 0 29 2 *", "0 0 29 2 */7", "0 0 1 1 *"])
def test_rare_days_are_compared_as_far_as_both_are_known(written: str) -> None:
    """A leap day on a Sunday comes every 28 years: what lies centuries ahead is on neither side."""
    checked = imported(f"{written} true\n", zone="Europe/Paris")
    assert checked.different == []
    assert len(checked.compared["true"].source) >= 15


def test_a_day_that_never_comes_is_on_demand() -> None:
    """Cron never runs it, and the job has no time either."""
    checked = imported("0 0 31 2 * /opt/by-hand\n0 0 * * 5-2 /opt/backward\n")
    assert [job.keys.get("on_demand") for job in checked.found.jobs] == [True, True]
    assert [job.name for job in checked.found.jobs] == ["by-hand", "backward"]
