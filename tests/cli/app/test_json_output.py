from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from cli.app.json_output import text_of


def test_times_are_utc_with_z() -> None:
    """Whatever zone a time was in, the document has it in UTC."""
    moment = datetime(2026, 11, 23, 2, 0, tzinfo=ZoneInfo("Europe/Paris"))
    assert json.loads(text_of({"time": moment, "list": [moment]})) == {
        "time": "2026-11-23T01:00:00Z",
        "list": ["2026-11-23T01:00:00Z"],
    }


def test_a_time_at_an_end_of_the_calendar_stays_as_it_is_written() -> None:
    """Where there is no such time in UTC, the document has it with its own offset."""
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    assert json.loads(text_of([first])) == ["0001-01-01T00:00:00+05:00"]


def test_a_document_cannot_move_the_cursor_and_still_says_the_same() -> None:
    """Control characters are escaped as JSON escapes them; a lone surrogate becomes text."""
    text = text_of({"name": "a\x1b[2J\x9b31m\u202e\n"})
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == {"name": "a\x1b[2J\x9b31m\u202e\n"}
    assert json.loads(text_of(["\udcff"])) == ["\\udcff"]


def test_the_document_is_indented() -> None:
    """People read it too."""
    assert text_of({"a": 1}) == '{\n  "a": 1\n}'
