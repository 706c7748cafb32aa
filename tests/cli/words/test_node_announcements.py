from __future__ import annotations

import pytest

from cli.words.node_announcements import node_announcement_words
from scheduler.service.announcements import ClockOff, DatabaseAway, DatabaseBack, Follows, Leads


@pytest.mark.parametrize(
    ("announcement", "words"),
    [
        (Leads("db1"), "Node db1 leads from now on."),
        (Follows("db1"), "Node db1 does not lead any more."),
        (DatabaseBack(), "It can be recorded again, and what waited is."),
        (
            DatabaseAway("no\x1b[2J"),
            "Nothing can be recorded now: what runs goes on, nothing new is started, results are kept. no\\x1b[2J",
        ),
        (
            ClockOff(3_661.4),
            "Note: this machine's clock is 1h1m1s ahead of the database's, which is the one that counts.",
        ),
        (
            ClockOff(-2.0),
            "Note: this machine's clock is 2s behind the database's, which is the one that counts.",
        ),
    ],
)
def test_how_a_node_stands_is_one_sentence(
    announcement: Leads | Follows | DatabaseAway | DatabaseBack | ClockOff, words: str
) -> None:
    """What the database or the system said is printed as text, whatever is in it."""
    assert node_announcement_words(announcement) == words
