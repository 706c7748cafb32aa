from __future__ import annotations

import re

import pytest

from tests.support.command import call


def test_an_expression_is_explained_in_words_and_instants() -> None:
    """UTC and local time side by side, and what may surprise."""
    answer = call(
        "cron",
        "explain",
        "30 2 * * mon-fri",
        "--timezone",
        "Europe/Paris",
        "--after",
        "2026-07-01",
        "--count",
        "2",
    )
    assert answer.code == 0
    rows = [re.split(r" {2,}", line) for line in answer.out.splitlines()]
    assert ["meaning:", "at 02:30 on Monday to Friday"] in rows
    assert [row[:2] for row in rows[-2:]] == [
        ["2026-07-01 00:30:00 UTC", "2026-07-01 02:30:00 +02:00"],
        ["2026-07-02 00:30:00 UTC", "2026-07-02 02:30:00 +02:00"],
    ]
    assert "note:" not in answer.out, "clocks change on Sundays there"
    sundays_too = call("cron", "explain", "30 2 * * *", "--timezone", "Europe/Paris").out
    assert "runs once, at 03:00, right after the gap" in sundays_too


def test_for_programs_it_has_stable_members() -> None:
    """Instants in UTC and as the zone's clocks show them."""
    document = call("cron", "explain", "@daily", "--after", "2026-12-24", "--count", "1", "--json").document
    assert document == {
        "expression": "@daily",
        "timezone": "UTC",
        "words": "every day at 00:00",
        "after": "2026-12-24T00:00:00Z",
        "next": [{"utc": "2026-12-25T00:00:00Z", "local": "2026-12-25T00:00:00+00:00"}],
        "notes": [],
    }


@pytest.mark.parametrize(
    ("expression", "caret", "meant"),
    [
        ("61 * * * *", "    ^^", ""),
        ("0 2 * * MUN", "            ^^^", "did you mean 0 2 * * MON?"),
        ("*/90 * * * *", "    ^^^^", "did you mean every: 90m?"),
        ("0 0 31 2 *", "        ^^", ""),
        ("0 0 * * * *", "              ^", ""),
    ],
)
def test_a_mistake_is_pointed_at(expression: str, caret: str, meant: str) -> None:
    """The caret stands under the token, and what was meant is suggested."""
    answer = call("cron", "explain", expression)
    assert (answer.code, answer.out) == (2, "")
    lines = answer.err.splitlines()
    assert lines[1:3] == [f"    {expression}", caret]
    assert meant in answer.err


@pytest.mark.parametrize(
    "expression", ["\x1b[2J * * * *", "0 2 * * \u202e1", "", "' * * * *", "\udcff * * * *"]
)
def test_nonsense_is_refused_safely(expression: str) -> None:
    """No traceback, and nothing that moves the cursor."""
    answer = call("cron", "explain", expression)
    assert answer.code == 2
    assert answer.err.startswith("error: ")
    assert answer.err.replace("\n", "").isprintable()


def test_stars_that_the_shell_replaced_are_recognised() -> None:
    """Names of files in place of a star: the hint is to quote."""
    answer = call("cron", "explain", "0", "2", "a.txt", "b.txt", "*", "*", "*")
    assert (answer.code, "in quotes" in answer.err) == (2, True)
    assert call("cron", "explain", "0", "2", "*", "*", "*").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--count", "0"],
        ["--timezone", "Europe/Pariss"],
        ["--after", "soon"],
        ["--after", "2026-02-30"],
        ["--count", "x"],
    ],
)
def test_wrong_options_are_usage(arguments: list[str]) -> None:
    """Exit code 2 and a message."""
    answer = call("cron", "explain", "0 2 * * *", *arguments)
    assert answer.code == 2
    assert answer.err.startswith("error: ")


def test_a_mistyped_zone_suggests_the_nearest() -> None:
    """As everywhere."""
    assert "did you mean Europe/Paris?" in call("cron", "explain", "@daily", "--timezone", "Paris").err


def test_an_offset_for_a_zone_is_told_what_to_write() -> None:
    """The config says the same: east of Greenwich is Etc/GMT with a minus."""
    answer = call("cron", "explain", "@daily", "--timezone", "GMT+2")
    assert answer.code == 2
    assert "for 2 hours ahead of UTC all year write Etc/GMT-2" in " ".join(answer.err.split())
    assert call("cron", "explain", "@daily", "--timezone", "Etc/GMT-2").code == 0


def test_a_zone_in_front_of_the_fields_is_told_where_it_goes() -> None:
    """The option that does the same is named, and the zone is not dropped."""
    answer = call("cron", "explain", "CRON_TZ=Asia/Tokyo 0 9 * * *")
    assert answer.code == 2
    assert "write '0 9 * * *' with the zone" in answer.err
    assert "`--timezone Asia/Tokyo` on the command line" in answer.err
    assert "did you mean" not in answer.err
    there = call("cron", "explain", "CRON_TZ=Asia/Tokyo 0 9 * * *", "--timezone", "Asia/Tokyo")
    assert "did you mean 0 9 * * *?" in there.err


def test_several_expressions_are_explained_together() -> None:
    """A list as a job may have it: one table of instants; a mistake is shown in the expression that has it."""
    both = call(
        "cron", "explain", "0 2 * * mon-fri", "0 6 * * sat", "--after", "2026-07-03", "--json"
    ).document
    assert both["expression"] == "0 2 * * mon-fri; 0 6 * * sat"
    assert [each["utc"] for each in both["next"][:3]] == [
        "2026-07-03T02:00:00Z", "2026-07-04T06:00:00Z", "2026-07-06T02:00:00Z",
    ]  # fmt: skip
    refused = call("cron", "explain", "0 2 * * *", "0 25 * * *")
    assert refused.code == 2
    assert "    0 25 * * *\n      ^^" in refused.err


def test_an_interval_is_explained_too() -> None:
    """As the key `every` takes it, with its instants; a mistake in it has its caret."""
    document = call(
        "cron", "explain", "every: 14d from 2026-01-05T09:00", "--timezone", "Europe/Paris",
        "--after", "2026-03-20", "-n", "2", "--json",
    ).document  # fmt: skip
    assert [each["utc"] for each in document["next"]] == ["2026-03-30T07:00:00Z", "2026-04-13T07:00:00Z"]
    refused = call("cron", "explain", "every 2w from 2026-01-05T09:00")
    assert "did you mean every 14d from 2026-01-05T09:00?" in refused.err


def test_a_jitter_is_held_against_the_expression() -> None:
    """What is not shorter than from one run to the next is refused; the times stay those of the expression."""
    told = call("cron", "explain", "*/15 * * * *", "--jitter", "10m")
    assert told.code == 0
    assert "up to 10m later" in told.out
    refused = call("cron", "explain", "*/15 * * * *", "--jitter", "20m")
    assert (refused.code, "only 15m" in refused.err) == (2, True)
    assert call("cron", "explain", "*/15 * * * *", "--jitter", "20").code == 2
