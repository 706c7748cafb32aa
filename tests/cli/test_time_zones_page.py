from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.schedule.at import parse_at
from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.every import parse_every
from scheduler.schedule.schedule import Schedule
from tests.support.command import call

PAGE = (Path(__file__).parents[2] / "docs" / "time-zones.md").read_text(encoding="utf-8")
ZONE = "Europe/Paris"
FORWARD = datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 3, 29, 2, 30, tzinfo=UTC)
BACK = datetime(2025, 10, 25, 22, 30, tzinfo=UTC), datetime(2025, 10, 26, 2, 30, tzinfo=UTC)
EACH_HALF_HOUR = "00:00 00:30 01:00 01:30 02:00 02:30"
ROWS = {
    "30 2 * * *": ("01:00", "00:30"),
    "0,30 2 * * *": ("01:00", "00:00 00:30"),
    "*/30 * * * *": (EACH_HALF_HOUR, f"23:00 23:30 {EACH_HALF_HOUR}"),
    "30 * * * *": ("00:30 01:30 02:30", "23:30 00:30 01:30 02:30"),
    "every: 1d from 2026-01-01T02:30": ("01:00", ""),
    "every: 24h from 2026-01-01T02:30": ("01:30", ""),
    "every: 30m": (EACH_HALF_HOUR, f"23:00 23:30 {EACH_HALF_HOUR}"),
}
"""Each schedule of the table, to its instants while clocks go forward and while they go back, in UTC."""


def schedule(written: str) -> Schedule:
    """What a cell of the table means."""
    if written.startswith("every: "):
        return parse_every(written.removeprefix("every: "), ZONE)
    return parse_cron(written, ZONE)


@pytest.mark.parametrize("written", ROWS)
def test_what_the_table_says_is_so(written: str) -> None:
    """Each schedule of the table has these instants around the two changes."""
    assert f"\n| `{written}` | " in PAGE
    forward, back = (
        " ".join(f"{each:%H:%M}" for each in schedule(written).between(*span)) for span in (FORWARD, BACK)
    )
    assert (forward, back) == ROWS[written]


def test_the_table_has_no_other_schedules() -> None:
    """Each row is tested, here or below."""
    cells = re.findall(r"^\| (`.*?) \| ", PAGE, flags=re.MULTILINE)
    assert cells == [*(f"`{written}`" for written in ROWS), "`at: 2026-03-29T02:30`, `at: 2026-10-25T02:30`"]


@pytest.mark.parametrize(
    ("time", "problem"),
    [("2026-03-29T02:30", "never show"), ("2026-10-25T02:30", "twice: say which by its offset")],
)
def test_a_single_time_that_is_none_or_two_is_refused(time: str, problem: str) -> None:
    """Its offset says which instant is meant."""
    with pytest.raises(ScheduleError, match=problem):
        parse_at(time, ZONE)


def test_intervals_from_a_time_on_go_back_as_they_go_forward() -> None:
    """Days keep the local time and take the first of two; hours do not know of the change."""
    begin = "from 2025-10-25T02:30"
    days, hours = (list(parse_every(f"{each} {begin}", ZONE).between(*BACK)) for each in ("1d", "24h"))
    assert [f"{each:%H:%M}" for each in (*days, *hours)] == ["00:30", "00:30"]


def test_what_the_page_shows_is_printed() -> None:
    """The example, but for how long ago its instants are."""
    (block,) = re.findall(r"```console\n\$ cronledger (.*?)\n(.*?)```", PAGE, flags=re.DOTALL)
    answer = call(*shlex.split(block[0]))

    def comparable(text: str) -> list[str]:
        return [re.sub(r"  \d+ d ago$", "", line).rstrip() for line in text.splitlines()]

    assert comparable(answer.out) == comparable(block[1])
