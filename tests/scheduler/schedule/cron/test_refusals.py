"""What is no cron expression is refused, with the place, the reason and what was probably meant."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.every import parse_every
from tests.scheduler.schedule.cron.wall_clock import PATIENT
from tests.support.examples import examples

# expression, words of the reason, what is suggested, field, token, column
REFUSED: list[tuple[str, str, str | None, str | None, str | None, int]] = [
    ("", "empty", None, None, None, 0),
    ("   ", "empty", None, None, None, 0),
    ("0 0 2 * * *", "six fields", "0 2 * * *", None, "*", 10),
    ("0 2 * * * 0", "six fields", None, None, "0", 10),
    ("15 2 * * * 0", "six fields", None, None, "0", 11),
    ("*/30 * * * * *", "six fields", "every: 30s", None, "*", 13),
    ("* * * * * *", "six fields", "every: 1s", None, "*", 10),
    ("0 0 12 ? * MON-FRI *", "seven fields", "0 12 * * MON-FRI", None, "MON-FRI", 11),
    ("0 2 * * * /usr/bin/backup", "crontab", "0 2 * * *", None, "/usr/bin/backup", 10),
    ("0 2 * * * root backup --all now", "crontab", "0 2 * * *", None, "root", 10),
    ("1 2 3 4 5 6 7 8", "8 fields", None, None, "6", 10),
    ("0 2 * *", "four fields", None, None, "*", 6),
    ("daily", "one field", "@daily", None, "daily", 0),
    ("every 5m", "two fields", "every: 5m", None, "5m", 6),
    ("90s", "one field", "every: 90s", None, "90s", 0),
    ("*/90 * * * *", "only minute 0 would ever match", "every: 90m", "minute", "*/90", 0),
    ("*/60 * * * *", "steps past its end", "0 * * * *", "minute", "*/60", 0),
    ("0 */24 * * *", "steps past its end", "0 0 * * *", "hour", "*/24", 2),
    ("0 */36 * * *", "steps past its end", "every: 36h", "hour", "*/36", 2),
    ("*/0 * * * *", "a step of 0", None, "minute", "*/0", 0),
    ("60 * * * *", "it takes 0 to 59", "0 * * * *", "minute", "60", 0),
    ("0 24 * * *", "it takes 0 to 23", "0 0 * * *", "hour", "24", 2),
    ("2 30 * * *", "it takes 0 to 23", "30 2 * * *", "hour", "30", 2),
    ("0 0 0 * *", "it takes 1 to 31", None, "day of month", "0", 4),
    ("0 0 32 * *", "it takes 1 to 31", None, "day of month", "32", 4),
    ("0 0 4 25 *", "it takes 1 to 12", "0 0 25 4 *", "month", "25", 6),
    ("0 0 * * 8", "0 and 7 are Sunday", None, "day of week", "8", 8),
    (f"{'9' * 5000} * * * *", "out of range", None, "minute", "9" * 5000, 0),
    (f"*/{'9' * 5000} * * * *", "steps past its end", None, "minute", f"*/{'9' * 5000}", 0),
    ("0 0 31 2 *", "there is no 31 Feb", "on_demand: true", "day of month", "31", 4),
    ("0 0 30 2 *", "there is no 30 Feb", "on_demand: true", "day of month", "30", 4),
    ("0 0 31 4,6 *", "there is no 31 Apr, 31 Jun", None, "day of month", "31", 4),
    ("0 0 30,31 FEB */2", "there is no 30 Feb, 31 Feb", "on_demand: true", "day of month", "30,31", 4),
    ("0 0 * L *", "stands in the day of month field", None, "month", "L", 6),
    ("0 0 * * LW", "stands in the day of month field", None, "day of week", "LW", 8),
    ("0 0 * * L", "Quartz's way to say Saturday", None, "day of week", "L", 8),
    ("0 0 L-3 * *", "counted from the end of a month", None, "day of month", "L-3", 4),
    ("0 0 5L * *", "in the day of week field", None, "day of month", "5L", 4),
    ("0 0 * * 1,L5", "is written 5L or FRIL", "0 0 * * 1,5L", "day of week", "L5", 10),
    ("0 0 * * 8L", "it takes 0 to 7", None, "day of week", "8", 8),
    ("0 0 * * FUNL", "names are SUN", None, "day of week", "FUN", 8),
    ("0 0 W15 * *", "is written 15W", "0 0 15W * *", "day of month", "W15", 4),
    ("0 0 32W * *", "it takes 1 to 31", None, "day of month", "32", 4),
    ("0 0 1-5W * *", "is neither a value", None, "day of month", "1-5W", 4),
    ("0 0 * * W", "for all working days write MON-FRI", None, "day of week", "W", 8),
    ("0 0 * * MON#6", "at most", None, "day of week", "MON#6", 8),
    ("0 0 * * MON#0", "at most", None, "day of week", "MON#0", 8),
    ("0 0 MON#1 * *", "in the day of week field", None, "day of month", "MON#1", 4),
    ("0 0 31W 2,4 *", "no day that fits", None, "day of month", "31W", 4),
    ("0 0 */100 * 5#3", "no day that fits", None, "day of month", "*/100", 4),
    ("0 0 ? * MON", "Quartz", "0 0 * * MON", "day of month", "?", 4),
    ("H 2 * * *", "chosen for you", "0 2 * * *", "minute", "H", 0),
    ("H/15 * * * *", "chosen for you", "*/15 * * * *", "minute", "H/15", 0),
    ("H(0-29) 2 * * *", "chosen for you", "0 2 * * *", "minute", "H(0-29)", 0),
    ("R * * * *", "chosen for you", "0 * * * *", "minute", "R", 0),
    ("0~30 2 * * *", "chosen for you", "0 2 * * *", "minute", "0~30", 0),
    ("5-1 * * * *", "does not wrap around", "5-59,0-1 * * * *", "minute", "5-1", 0),
    ("0 22-2 * * *", "does not wrap around", "0 22-23,0-2 * * *", "hour", "22-2", 2),
    ("0 0 * * FRI-SUN", "does not wrap around", "0 0 * * 5-7", "day of week", "FRI-SUN", 8),
    ("0 0 * * SAT-MON", "does not wrap around", "0 0 * * 6,0-1", "day of week", "SAT-MON", 8),
    ("0 0 * NOV-JAN *", "does not wrap around", "0 0 * 11-12,1 *", "month", "NOV-JAN", 6),
    ("5/15 * * * *", "single value", "5-59/15 * * * *", "minute", "5/15", 0),
    ("0/15 * * * *", "single value", "*/15 * * * *", "minute", "0/15", 0),
    ("1,2, * * * *", "ends with a comma", "1,2 * * * *", "minute", ",", 3),
    ("1,,2 * * * *", "empty list element", "1,2 * * * *", "minute", ",", 2),
    (",1 * * * *", "empty list element", "1 * * * *", "minute", ",", 0),
    ("1_0 * * * *", "neither a value", None, "minute", "1_0", 0),
    ("-5 * * * *", "neither a value", None, "minute", "-5", 0),
    ("** * * * *", "neither a value", "* * * * *", "minute", "**", 0),
    ("/5 * * * *", "neither a value", "*/5 * * * *", "minute", "/5", 0),
    ("0;30 * * * *", "neither a value", None, "minute", "0;30", 0),
    ("0 0 * * MUN", "is not a day of week", "0 0 * * MON", "day of week", "MUN", 8),
    ("0 0 * * 1,Friday", "is not a day of week", "0 0 * * 1,FRI", "day of week", "Friday", 10),
    ("0 0 1 Sept *", "is not a month", "0 0 1 SEP *", "month", "Sept", 6),
    ("MON 0 * * *", "is not a number", None, "minute", "MON", 0),
    ("@foo", "there is no alias", None, None, "@foo", 0),
    ("@dayly", "there is no alias", "@daily", None, "@dayly", 0),
    (" @montly", "there is no alias", "@monthly", None, "@montly", 1),
    ("@reboot", "is no time, and stands alone", None, None, "@reboot", 0),
    ("@every 90s", "`every`", "every: 90s", None, "@every", 0),
    (
        "\N{DEVANAGARI DIGIT TWO} 0 * * *",
        "DEVANAGARI DIGIT TWO",
        "2 0 * * *",
        None,
        "\N{DEVANAGARI DIGIT TWO}",
        0,
    ),
    ("1\N{EN DASH}5 0 * * *", "EN DASH", "1-5 0 * * *", None, "\N{EN DASH}", 1),
    ("0\N{NO-BREAK SPACE}2 * * *", "NO-BREAK SPACE", "0 2 * * *", None, "\N{NO-BREAK SPACE}", 1),
    ("0 2 * * *\n", "control character 0x0a", "0 2 * * *", None, "\n", 9),
    ("\N{SUPERSCRIPT TWO} * * * *", "SUPERSCRIPT TWO", None, None, "\N{SUPERSCRIPT TWO}", 0),
]


@pytest.mark.parametrize(
    ("expression", "reason", "suggestion", "field", "token", "column"),
    REFUSED,
    ids=[row[0][:24].strip() or "blank" for row in REFUSED],
)
def test_a_mistake_is_refused_with_its_place_and_what_was_meant(
    expression: str, reason: str, suggestion: str | None, field: str | None, token: str | None, column: int
) -> None:
    """Each usual mistake names field, characters and column, says why, and suggests what was meant."""
    with pytest.raises(ScheduleError) as refused:
        parse_cron(expression)
    error = refused.value
    assert reason in error.reason
    assert (error.suggestion, error.field, error.token, error.column) == (suggestion, field, token, column)
    assert (suggestion is None) == ("did you mean" not in str(error))
    if token:
        assert expression[column : column + len(token)] == token


def accepts(suggestion: str) -> bool:
    """Whether a suggestion can be written as it stands."""
    kind, _, rest = suggestion.partition("every: ")
    if rest and not kind:
        return parse_every(rest) is not None
    return parse_cron(suggestion) is not None


@settings(PATIENT, max_examples=examples(300))
@given(
    st.text(
        st.sampled_from("0123456789*/-,?LWHR#~@_.() \tMONJANsunfeb\N{ARABIC-INDIC DIGIT THREE}\N{EN DASH}\n"),
        max_size=24,
    )
    | st.lists(
        st.text(st.sampled_from("0123456789*/-,LMONJANsunfeb"), min_size=1, max_size=5), max_size=7
    ).map(" ".join)
    | st.text(max_size=20)
)
@example("every 0s")
@example("@every 5 minutes")
def test_whatever_is_written_is_accepted_or_refused_in_words(text: str) -> None:
    """No text escapes as another error, and whatever is suggested would be accepted."""
    try:
        parse_cron(text)
    except ScheduleError as refused:
        error = refused
    else:
        return
    assert error.reason
    assert error.suggestion is None or accepts(error.suggestion)
    assert error.token is None or text[error.column : error.column + len(error.token)] == error.token


def test_an_unknown_zone_is_refused_with_the_nearest_one() -> None:
    """A cron expression in a zone that does not exist is refused, whatever the expression."""
    with pytest.raises(ScheduleError, match="there is no time zone 'Europe/Pariss'") as refused:
        parse_cron("0 2 * * *", "Europe/Pariss")
    assert refused.value.suggestion == "Europe/Paris"


def test_all_fields_that_are_wrong_are_told_at_once() -> None:
    """Each wrong field is told with its place; minute 60 and hour 24 are those of another hour and day."""
    with pytest.raises(ScheduleError) as refused:
        parse_cron("60 24 1 13 8", "UTC")
    mistakes = [refused.value, *refused.value.others]
    assert [(mistake.field, mistake.token, mistake.column) for mistake in mistakes] == [
        ("minute", "60", 0),
        ("hour", "24", 3),
        ("month", "13", 8),
        ("day of week", "8", 11),
    ]
    assert {mistake.suggestion for mistake in mistakes} == {None}


def test_one_suggestion_mends_all_fields() -> None:
    """Where each mistake can be put right, all of them are at once."""
    with pytest.raises(ScheduleError) as refused:
        parse_cron("60 * 1, Sept Friday")
    mistakes = [refused.value, *refused.value.others]
    assert len(mistakes) == 4
    assert {mistake.suggestion for mistake in mistakes} == {None}
    with pytest.raises(ScheduleError) as refused:
        parse_cron("0/15 * 1, Sept Friday")
    assert refused.value.suggestion == "*/15 * 1 SEP FRI"
