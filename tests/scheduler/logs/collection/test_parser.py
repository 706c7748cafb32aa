from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.logs.collection.parser import ParsedLine, parse, speaks_of_levels
from scheduler.logs.collection.secret_masking import Masker
from scheduler.logs.query.filter import Pattern
from scheduler.logs.storage.entry import LEVELS, LogEntry, decode, decode_lines, encode_lines


@pytest.mark.parametrize(
    ("line", "level", "message", "fields"),
    [
        (b'{"level":"error","message":"no"}', "error", "no", None),
        (b'{"msg":"hi","lvl":"WARN","a":{"b":[1]}}', "warning", "hi", {"a": {"b": [1]}}),
        (b'{"severity":"NOTICE","message":"m","code":7}', "info", "m", {"code": 7}),
        (b'{"levelname":"CRITICAL","message":"m"}', "critical", "m", None),
        (b'{"level":50,"msg":"bunyan"}', "error", "bunyan", None),
        (b'{"level":3,"message":"syslog"}', "error", "syslog", None),
        (b'{"level":"loud","message":"m"}', "info", "m", {"level": "loud"}),
        (b'{"level":"debug","n":1}', "debug", "", {"n": 1}),
        (b'{"message":"first","msg":"second"}', "info", "first", {"msg": "second"}),
        (b'{"message":7,"msg":"text"}', "info", "text", {"message": 7}),
        (b'{"message":"a\\u0000b\\u001b[31m"}', "info", "a\\x00b", None),
        (b'{"message":"line\\nbreak"}', "info", "line\nbreak", None),
    ],
)
def test_json_lines_keep_level_message_and_fields(
    line: bytes, level: str, message: str, fields: dict[str, object] | None
) -> None:
    """A JSON object with a level or a message gives both, and its other members stay fields."""
    assert parse(line, "stdout")[:3] == (level, message, fields)


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b'{"a":1}',
        b'{"level":"loud"}',
        b'{"message":1}',
        b'{"message":"x"',
        b'["message"]',
        b"{x}",
        b"7",
    ],
)
def test_other_json_is_plain_text(line: bytes) -> None:
    """What has neither a level nor a message, or is no object, is its own message."""
    assert parse(line, "stdout") == ParsedLine("info", line.decode())


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("ERROR: disk full", "error"),
        ("INFO:root:fine", "info"),
        ("[WARN] slow", "warning"),
        ("2026-11-23 02:00:00,123 CRITICAL gone", "critical"),
        ("2026-11-23T02:00:00Z [DEBUG] x", "debug"),
        ("2026-11-23 02:00:00,123 - app.db - ERROR - no", "error"),
        ("time=now level=warn msg=x", "warning"),
        ("FATAL", "critical"),
        ("ERRORS were found: none", None),
        ("an ERROR in the middle", None),
        ("error: in small letters", None),
        ("", None),
    ],
)
def test_plain_lines_say_their_level_or_take_that_of_their_stream(text: str, level: str | None) -> None:
    """A level in one of the usual places counts; else standard output is info and standard error a warning."""
    assert parse(text.encode(), "stdout").level == (level or "info")
    assert parse(text.encode(), "stderr").level == (level or "warning")
    assert level is None or speaks_of_levels(text.encode())


def test_bytes_that_are_no_text_are_shown_escaped() -> None:
    """Half a character, NUL, colours and a CR at the end do not get into a message as they are."""
    assert parse(b"caf\xc3", "stdout").message == "caf\\xc3"
    assert parse(b"a\0b\r", "stdout").message == "a\\x00b"
    assert parse(b"\x1b[31mred\x1b[0m", "stdout").message == "red"


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ('"2026-11-23T02:00:00.5Z"', datetime(2026, 11, 23, 2, 0, 0, 500_000, UTC)),
        ('"2026-11-23T03:00:00+01:00"', datetime(2026, 11, 23, 2, 0, 0, 0, UTC)),
        ("1795399200", datetime(2026, 11, 23, 2, 0, 0, 0, UTC)),
        ("1795399200000", datetime(2026, 11, 23, 2, 0, 0, 0, UTC)),
        ('"2026-11-23T02:00:00"', None),
        ('"soon"', None),
        ("true", None),
        ("1e300", None),
        ("[]", None),
    ],
)
def test_the_time_of_a_json_line_is_one_that_is_certain(written: str, time: datetime | None) -> None:
    """An instant with an offset, or seconds or milliseconds since 1970; it stays among the fields as well."""
    said = parse(b'{"message":"m","ts":%s}' % written.encode(), "stdout")
    assert said.time == time
    assert said.fields is not None
    assert "ts" in said.fields


@pytest.mark.parametrize("frames", [0, 400])
def test_a_line_of_json_nests_64_levels_at_most(frames: int) -> None:
    """At the bound it is taken apart, and what comes of it is read again; one level deeper, it is plain text."""

    def within(frames: int, line: bytes) -> ParsedLine:
        return parse(line, "stdout") if frames == 0 else within(frames - 1, line)

    for levels, taken_apart in ((64, True), (65, False), (1_000, False), (5_000, False), (30_000, False)):
        line = b'{"message":"m","a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"
        said = within(frames, line)
        assert said.message == ("m" if taken_apart else line.decode())
        assert (said.fields is not None) == taken_apart
        masked = said.fields and Masker().fields(said.fields)
        entry = LogEntry(
            time="2026-11-23T02:00:00.000512Z", level="info", stream="stdout", message="m", fields=masked
        )
        assert decode_lines(encode_lines([entry]).splitlines()) == [entry]


def test_an_entry_that_nests_too_deep_is_none() -> None:
    """Whoever wrote it: it is passed over, alone or among others, and what is searched for is not found in it."""
    sound = b'{"time":"2026-11-23T02:00:00.000512Z","level":"info","stream":"stdout","message":"m"}'
    for levels, entries in ((198, 3), (199, 2), (5_000, 2)):
        deep = sound[:-1] + b',"fields":{"a":' + b"[" * levels + b"]" * levels + b"}}"
        lines = [sound, deep, sound]
        assert len(decode_lines(lines)) == entries
        assert (decode(deep) is not None) == (entries == 3)
        assert len(decode_lines(Pattern("m").matching(b"\n".join([*lines, b""])))) == entries


def test_groups_of_a_regular_expression_nest_64_levels_at_most() -> None:
    """Groups beside each other, escaped brackets and those in sets of characters do not count."""
    for text in ("(" * 64 + "a" + ")" * 64, "(a)" * 99, r"\(" * 99, "[(]" * 99, "[]((]" * 99, r"[\](]" * 99):
        Pattern(text, regex=True)
    for levels in (65, 300, 5_000):
        with pytest.raises(re.error, match="64 levels"):
            Pattern("(" * levels + "a" + ")" * levels, regex=True)


@given(st.binary(max_size=200), st.sampled_from(["stdout", "stderr"]))
def test_any_line_becomes_an_entry_that_can_be_stored(line: bytes, stream: str) -> None:
    """Whatever a program prints, the entry is one line of JSON and reads back as it was."""
    said = parse(line, "stderr" if stream == "stderr" else "stdout")
    entry = LogEntry(
        time="2026-11-23T02:00:00.000000Z",
        level=said.level,
        stream="stdout",
        message=said.message,
        fields=said.fields,
    )
    raw = encode_lines([entry])
    assert raw.count(b"\n") == 1
    assert b"\0" not in raw
    assert decode(raw[:-1]) == entry
    assert said.level in LEVELS
