"""A message as plain text."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from scheduler.notifications.message import Message, Notice, message_id
from scheduler.notifications.text import subject, text

_AT = datetime(2026, 3, 1, 2, 0, 5, tzinfo=UTC)


def _notice(seq: int) -> Notice:
    return Notice(
        seq=seq,
        kind="failure",
        time=_AT,
        job="backup",
        run=41,
        scheduled_for=datetime(2026, 3, 1, 2, tzinfo=UTC),
        outcome="failed",
        summary="backup failed with exit code 3",
        output_end="copying\nno space left\n",
        command="cronledger jobs show-run 41",
    )


def _message(*notices: Notice, omitted: int = 0, repeated: bool = False) -> Message:
    return Message(
        id=message_id("a" * 32, "mail", notices[0].seq, notices[-1].seq, len(notices) + omitted),
        ledger="a" * 32,
        host="web1",
        home="/srv/cron",
        channel="mail",
        notices=notices,
        counts=dict(Counter(each.kind for each in notices)),
        omitted=omitted,
        repeated=repeated,
    )


def test_one_notice_says_job_run_instant_outcome_output_and_the_command() -> None:
    """All that a person needs to know of one failure stands in the text, and what matters in the subject."""
    message = _message(_notice(44))
    assert subject(message) == "[web1] backup failed with exit code 3"
    shown = text(message)
    for told in ("job       backup", "run       41", "2026-03-01 02:00:00 UTC", "outcome   failed"):
        assert told in shown
    assert "    | no space left\n" in shown
    assert "cronledger jobs show-run 41" in shown


def test_a_digest_says_how_many_there_are_and_what_is_left_out() -> None:
    """Several notices are counted in the subject, and those that are left out are said to be."""
    message = _message(_notice(44), _notice(50), omitted=1_000)
    assert subject(message) == "[web1] 2 failures"
    assert "1,000 more are left out" in text(message)


def test_a_repetition_says_so_and_keeps_its_id() -> None:
    """What may have arrived before is told as a repetition, in the subject too, under the same id."""
    first, again = _message(_notice(44)), _message(_notice(44), repeated=True)
    assert first.id == again.id
    assert subject(again).endswith(" (repeated)")
    assert "may be a repetition" in text(again)


def test_no_summary_breaks_the_subject() -> None:
    """A subject is one line of bounded length, whatever a summary holds."""
    crooked = Notice(seq=1, kind="missed", time=_AT, summary="a\r\nBcc: x\x1b[0m" + "y" * 500)
    told = subject(_message(crooked))
    assert len(told) <= 200
    assert told.isprintable()
