from __future__ import annotations

import fcntl
import os
import shutil
from base64 import b64encode
from pathlib import Path

import pytest

from eventstore.journal import Journal
from eventstore.store import Event
from tests.support import merkle_oracle as oracle
from tests.support.home import LiveHome
from tests.support.journal import snapshot

ENTRIES = 300


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A home with a ledger of some segments."""
    home = LiveHome(tmp_path / "home")
    record(home, ENTRIES - 1)
    return home


def record(home: LiveHome, count: int) -> None:
    """Append so many entries."""
    with Journal.open(home.ledger, software="test", segment_entries=64) as journal:
        journal.append([Event(type="note.made", actor="scheduler", data={"n": n}) for n in range(count)])


def root_of(folder: Path) -> str:
    """The root over the lines of a ledger, in base64."""
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    return b64encode(oracle.tree_hash(lines)).decode()


def test_the_tree_is_told_and_kept(home: LiveHome) -> None:
    """Size and root are those of the entries; the second time only what is new is made."""
    first = home.ask("ledger", "tree", "--json")
    assert (first.code, first.err) == (0, "")
    assert first.document == {"size": ENTRIES, "root": root_of(home.ledger), "made": ENTRIES, "damage": None}
    record(home, 20)
    words = home.ask("ledger", "tree")
    assert words.code == 0
    assert words.out.splitlines() == [
        f"size:   {ENTRIES + 20} entries",
        f"root:   {root_of(home.ledger)}",
        "tiles:  made of 20 entries now",
    ]
    assert home.ask("ledger", "tree").out.splitlines()[-1] == "tiles:  as they were"
    assert home.ask("ledger", "tree", "--anew", "--json").document["made"] == ENTRIES + 20


def test_tiles_that_do_not_fit_are_made_anew(home: LiveHome) -> None:
    """That is said, on standard error and in JSON, and costs nothing else."""
    before = home.ask("ledger", "tree", "--json").document
    (home.root / "var/tree/tile/0/001.p/44").write_bytes(bytes(44 * 32))
    words = home.ask("ledger", "tree")
    assert (words.code, before["root"] in words.out) == (0, True)
    assert "made anew: head: the tiles have another root" in words.err
    (home.root / "var/tree/tile/0/001.p/44").unlink()
    told = home.ask("ledger", "tree", "--json").document
    assert told == before | {"damage": "tile/0/001.p/44: there is no such file"}


def test_nothing_is_written_to_a_copy(home: LiveHome, tmp_path: Path) -> None:
    """The tiles of a copy are made from its entries each time, and none stays anywhere."""
    copy = shutil.copytree(home.ledger, tmp_path / "copy" / "ledger")
    before = snapshot(tmp_path)
    for _ in range(2):
        told = home.ask("ledger", "tree", "--ledger", str(copy), "--json").document
        assert (told["root"], told["made"]) == (root_of(home.ledger), ENTRIES)
    assert snapshot(tmp_path) == before


def test_a_damaged_ledger_has_no_tree(home: LiveHome) -> None:
    """A segment that is gone is told with its place: exit code 3."""
    (home.ledger / f"{64:020d}.jsonl").unlink()
    answer = home.ask("ledger", "tree")
    assert (answer.code, answer.out) == (3, "")
    assert "00000000000000000064.jsonl" in answer.err


def test_where_there_is_no_ledger_there_is_no_tree(tmp_path: Path) -> None:
    """Exit code 3, and nothing is made."""
    answer = LiveHome(tmp_path / "home").ask("ledger", "tree")
    assert (answer.code, answer.out) == (3, "")
    assert "there is no ledger here" in answer.err
    assert not (tmp_path / "home/var/tree").exists()


def test_who_makes_tiles_is_waited_for_and_not_for_ever(
    home: LiveHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was stopped while it made them is named: exit code 1."""
    home.ask("ledger", "tree")
    monkeypatch.setattr("eventstore.lock.LOCK_PATIENCE_S", 0.05)
    with (home.root / "var/tree/lock").open("rb+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        answer = home.ask("ledger", "tree")
    assert (answer.code, answer.out) == (1, "")
    assert f"being made by another process, pid {os.getpid()}" in answer.err


def test_who_holds_the_ledger_is_told_apart(home: LiveHome, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that writes and was stopped is waited for as by any command: exit code 3."""
    monkeypatch.setattr("scheduler.store.LOCK_PATIENCE_S", 0.05)
    with (home.ledger / "lock").open("rb+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        answer = home.ask("ledger", "tree")
    assert (answer.code, answer.out) == (3, "")
    assert "the ledger is held by another process" in answer.err
