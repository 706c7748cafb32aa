"""A ledger that lost bytes where a command does not read: every answer says so, and nothing is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventstore.journal import Journal
from eventstore.segment import segment_name
from eventstore.store import Event
from scheduler.home import Home
from tests.support.command import call
from tests.support.home import CONFIG, make_home
from tests.support.past import Past
from tests.support.world import job

SEGMENT = 16
ENTRIES = 150
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a config and a ledger of nine sealed segments, of which the third was cut."""
    home = make_home(tmp_path / "home", CONFIG)
    with Journal.open(home.ledger, software="test", segment_entries=SEGMENT, fsync="never"):
        pass
    past = Past()
    past.defined(NOW - timedelta(hours=9), job("nightly", "30 2 * * *"))
    for number in range(20):
        past.run("nightly", NOW - timedelta(hours=8, minutes=-number))
    past.record(home)
    with Journal.open(home.ledger, software="test", fsync="never") as journal:
        note = Event(type="note.made", actor="scheduler", data={})
        journal.append([note] * (ENTRIES - 1 - journal.head().seq))
    assert len(list(home.ledger.glob("*.seal"))) == ENTRIES // SEGMENT
    cut = home.ledger / segment_name(2 * SEGMENT)
    cut.write_bytes(cut.read_bytes()[:2000])
    return home


def _files(home: Home) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in home.ledger.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "command",
    [
        "jobs list", "jobs list --json", "jobs show nightly", "jobs next", "jobs next --calendar",
        "jobs history -n 1", "jobs why nightly", "jobs timeline", "jobs heatmap", "jobs disable nightly --reason x",
        "jobs run nightly", "status", "status --json", "ledger tail -n 1", "ledger show 5", "ledger show -1",
        "logs view", "logs search x", "logs summary", "logs export", "logs show 2", "serve",
        "jobs list --as-of 140", "sql SELECT", "export runs",
    ],
)  # fmt: skip
def test_every_answer_says_that_a_segment_was_cut(home: Home, command: str) -> None:
    """Exit code 3 with the segment, what was expected and what was found; no byte of the ledger is touched."""
    before = _files(home)
    answer = call(*command.split(), home=home.root)
    assert answer.code == 3, answer
    assert "the ledger is damaged: 00000000000000000032.jsonl at byte" in answer.err
    assert "as its seal says, found 2,000 bytes" in answer.err
    assert _files(home) == before


def test_what_is_newer_than_the_damage_is_shown(home: Home) -> None:
    """The tail of such a ledger goes over the segments behind the damage, not only over the last one."""
    answer = call("ledger", "tail", "-n", "40", home=home.root)
    assert [line.split()[0] for line in answer.out.splitlines()] == [str(seq) for seq in range(110, 150)]
    everything = call("ledger", "tail", "-n", "1000", home=home.root)
    assert everything.out.splitlines()[0].split()[0] == "32"
    assert answer.code == everything.code == 3


@pytest.mark.parametrize("seq", [40, 47])
def test_an_entry_in_the_part_that_is_gone_is_damage(home: Home, seq: int) -> None:
    """Exit code 3, whether or not a seal tells what is missing: the entry was counted, so it is no mistake to ask."""
    for path in [None, *home.ledger.glob("*.seal")]:
        if path is not None:
            path.unlink()
        answer = call("ledger", "show", str(seq), home=home.root)
        assert (answer.code, answer.out) == (3, "")
        assert "the ledger is damaged: 00000000000000000032.jsonl at byte" in answer.err
        assert "there is no entry" not in answer.err
    assert f"expected entry {seq}" in answer.err
    beyond = call("ledger", "show", str(ENTRIES), home=home.root)
    assert (beyond.code, f"there is no entry {ENTRIES}" in beyond.err) == (2, True)
