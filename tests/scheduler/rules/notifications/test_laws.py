"""What `ledger verify` asks of entries about notifications; what a follower records keeps it (`test_follower`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scheduler import vocabulary as v
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.ledger import Writer

LEGAL: dict[str, Any] = {
    "channel": "mail", "kinds": {"failure": 2}, "first": 0, "last": 1, "count": 2, "about": [0, 1],
}  # fmt: skip


@pytest.mark.parametrize(("changes", "why"), [
    ({}, ""),
    ({"about": []}, ""),
    ({"about": [1], "first": 1, "count": 1, "kinds": {"failure": 1}}, ""),
    ({"last": 2, "about": []}, "entry 2, of which it tells, stands behind it"),
    ({"first": 1, "last": 0, "about": []}, "its numbers contradict one another"),
    ({"first": -1}, "its numbers contradict one another"),
    ({"about": [1, 0]}, "its numbers contradict one another"),
    ({"about": [0]}, "its numbers contradict one another"),
    ({"about": [0, 0, 1], "count": 3, "kinds": {"failure": 3}}, "its numbers contradict one another"),
    ({"count": 3, "about": []}, "its numbers contradict one another"),
    ({"count": 0, "kinds": {}, "about": []}, "its numbers contradict one another"),
])  # fmt: skip
def test_an_entry_tells_of_entries_before_it_and_its_numbers_fit(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    """Sent and failed alike."""
    for number, payload in enumerate((v.NotificationSent, v.NotificationFailed)):
        writer = Writer(tmp_path / str(number))
        writer.serve()
        ends = {"message": "m"} if payload is v.NotificationSent else {"error": "e"}
        writer.record(payload(**LEGAL | changes | ends))
        found = [each.why for each in illegal_entries(writer.journal.read(0))]
        writer.close()
        assert found == ([why] if why else [])
