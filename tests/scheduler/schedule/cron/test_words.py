"""Schedules in words."""

from __future__ import annotations

import pytest

from scheduler.schedule.cron.schedule import parse_cron


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 2 * * *", "every day at 02:00"),
        ("0 3 * * 0", "at 03:00 on Sunday"),
        ("*/5 * * * *", "every 5 minutes"),
        ("* * * * *", "every minute"),
        ("0 * * * *", "every hour"),
        ("@hourly", "every hour"),
        ("17 * * * *", "every hour, at 17 minutes past"),
        ("1 * * * *", "every hour, at 1 minute past"),
        ("0 */3 * * *", "every 3 hours"),
        ("0 */6 * * *", "every day at 00:00, 06:00, 12:00 and 18:00"),
        ("*/7 * * * *", "at minutes 0, 7, 14 and so on to 56 past every hour"),
        ("0 */5 * * *", "every day at 00:00, 05:00, 10:00, 15:00 and 20:00"),
        ("30 9,17 * * 1-5", "at 09:30 and 17:30 on Monday to Friday"),
        ("*/15 9-17 * * 1-5", "every 15 minutes from 09:00 to 17:45 on Monday to Friday"),
        ("0 9-17 * * *", "every hour from 09:00 to 17:00"),
        ("* 2 * * *", "every minute from 02:00 to 02:59"),
        ("*/10 1,5,9 * * *", "every 10 minutes in the hours 1, 5 and 9"),
        ("3,9 1-5 * * 6", "at minutes 3 and 9 in the hours 1 to 5 on Saturday"),
        ("3,9 1-5 * * *", "every day at minutes 3 and 9 in the hours 1 to 5"),
        ("0 0 1 * *", "at 00:00 on day 1 of every month"),
        ("0 0 1,15 * *", "at 00:00 on days 1 and 15 of every month"),
        ("0 0 31 * *", "at 00:00 on day 31 of the month"),
        ("0 0 1 1 *", "at 00:00 on 1 January"),
        ("0 0 1 6-8 *", "at 00:00 on day 1 of June to August"),
        ("0 0 * 12 *", "at 00:00 in December"),
        ("*/30 * * 3,9 *", "every 30 minutes in March and September"),
        ("0 0 * * 6,0", "at 00:00 on Saturday and Sunday"),
        ("0 0 * * FRI,SAT,SUN", "at 00:00 on Friday to Sunday"),
        ("0 0 * * 0,3,6", "at 00:00 on Wednesday, Saturday and Sunday"),
        ("0 0 13 * 5", "at 00:00 on day 13 of the month and also on Friday"),
        ("0 0 13 1 5", "at 00:00 on day 13 of the month and also on Friday, in January"),
        ("0 9 */2 * 1", "at 09:00 on Monday when it is day 1, 3, 5 and so on to 31 of the month"),
        ("0 0 1-31 * 1", "every day at 00:00"),
        ("0 0 * * 0-7", "every day at 00:00"),
    ],
)
def test_an_expression_is_told_in_words(expression: str, words: str) -> None:
    """The words say when, then on which days, as a person would."""
    assert parse_cron(expression).describe() == words
