"""Commands on a ledger with archived segments: with the archive they answer as before, without it they say so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from eventstore.archive.retrieval import release
from eventstore.segment import segment_name
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ledger import snapshot
from scheduler.ledger.open import open_ledger
from scheduler.ledger.segment_states import keep_all
from tests.support.archived_ledger import archive, mark, pack
from tests.support.command import Answer
from tests.support.home import LiveHome
from tests.support.ledger import Writer

GONE = (8, 16, 24)
AWAY = "which cannot be read"


class ArchivedHome(NamedTuple):
    """A home of which segments are archived.

    Attributes:
        home: the home.
        volume: where they are.
        aside: where they are too, as they were.
    """

    home: LiveHome
    volume: Path
    aside: Path

    def put_back(self) -> None:
        """Let the segments be there again."""
        for first in GONE:
            shutil.copy(self.aside / segment_name(first), self.home.ledger)

    def take_away(self) -> None:
        """Let the archive be out of reach."""
        release()
        shutil.rmtree(self.volume)


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("archived")
    writer = Writer(root / "home")
    writer.define("nightly")
    writer.define("hourly")
    writer.serve()
    for outcome in ("succeeded", "failed", "succeeded", "succeeded"):
        writer.history("nightly", 2)
        run = writer.tick("hourly")
        writer.start("hourly", run)
        writer.finish("hourly", run, outcome)
    writer.close()
    home = Home(root / "home")
    keep_all(home)
    ledger = open_ledger(home, v.SCHEDULER)
    snapshot.write(home.snapshots, ledger, v.SCHEDULER)
    ledger.store.close()
    return root / "home"


@pytest.fixture
def archived(_made: Path, tmp_path: Path) -> Iterator[ArchivedHome]:
    """The home with its archive."""
    home = LiveHome(tmp_path / "home")
    shutil.copytree(_made, home.root)
    shutil.copytree(home.ledger, tmp_path / "aside")
    archive(home.ledger, tmp_path / "volume", (0, *GONE))
    yield ArchivedHome(home, tmp_path / "volume", tmp_path / "aside")
    release()


SAME_IN_ANY_CASE = [
    ["jobs", "list", "--json"],
    ["jobs", "show", "nightly", "--limit", "0", "--json"],
    ["ledger", "tail", "--lines", "5", "--raw"],
    ["ledger", "show", "3"],
    ["ledger", "show", "45"],
    ["check"],
]
"""What needs no archived entry."""
SAME_WITH_THE_ARCHIVE = [
    ["ledger", "tail", "--lines", "100", "--raw"],
    ["ledger", "show", "9"],
    ["ledger", "show", "8"],
    ["ledger", "show", "31", "--json"],
    ["jobs", "history", "--limit", "100", "--json"],
    ["jobs", "list", "--as-of", "2026-03-01T02:00:12Z", "--json"],
    ["ledger", "tree"],
    ["export", "events"],
]
"""What needs some of them; there are no projections yet."""


@pytest.mark.parametrize("command", SAME_IN_ANY_CASE, ids=" ".join)
def test_what_needs_no_archived_entry_needs_no_archive(archived: ArchivedHome, command: list[str]) -> None:
    """The same answer, byte for byte, whether the segments are there or their archive is away."""
    archived.put_back()
    before = archived.home.ask(*command)
    for first in GONE:
        (archived.home.ledger / segment_name(first)).unlink()
    archived.take_away()
    now = archived.home.ask(*command)
    assert (now.code, now.raw_out, now.raw_err) == (before.code, before.raw_out, before.raw_err)


@pytest.mark.parametrize("command", SAME_WITH_THE_ARCHIVE, ids=" ".join)
def test_what_needs_archived_entries_reads_them_in_the_archive(
    archived: ArchivedHome, command: list[str]
) -> None:
    """The same answer, byte for byte; and with the archive away, where it should be and what to do."""
    archived.put_back()
    before = archived.home.ask(*command)
    assert before.code == 0
    for first in GONE:
        (archived.home.ledger / segment_name(first)).unlink()
    shutil.rmtree(Home(archived.home.root).tree, ignore_errors=True)
    now = archived.home.ask(*command)
    assert (now.code, now.raw_out, now.raw_err) == (before.code, before.raw_out, before.raw_err)
    shutil.rmtree(Home(archived.home.root).tree, ignore_errors=True)
    archived.take_away()
    without = archived.home.ask(*command)
    assert without.code == 3
    assert AWAY in without.err
    assert str(archived.volume) in without.err
    assert "cronledger ledger reattach" in without.err
    assert "damage" not in without.err.replace("Nothing of the ledger here is damaged", "")


QUERY = "SELECT * FROM events ORDER BY seq"


def test_projections_of_archived_segments_stay(archived: ArchivedHome) -> None:
    """Made out of the archive, they answer without it, and serve what is put back; damaged, they wait for it."""
    home = archived.home

    def rows() -> Answer:
        return home.ask("sql", QUERY, "--format", "csv")

    before = rows()
    assert (before.code, before.out.count("\n")) == (0, 48)
    made = {path: path.stat().st_mtime_ns for path in Home(home.root).projections.rglob("*.parquet")}
    archived.take_away()
    status = home.ask("projections", "status", "--json").document
    assert (status["projected"], status["segments"]) == (5, 5)
    assert rows().raw_out == before.raw_out
    rebuilt = home.ask("projections", "rebuild")
    assert (rebuilt.code, AWAY in rebuilt.err) == (3, True)
    assert rows().raw_out == before.raw_out
    archived.put_back()
    assert rows().raw_out == before.raw_out
    assert {path: path.stat().st_mtime_ns for path in made} == made
    for first in GONE:
        (home.ledger / segment_name(first)).unlink()
    next((Home(home.root).projections / "events").glob("*08.parquet")).unlink()
    refused = rows()
    assert (refused.code, AWAY in refused.err) == (3, True)
    pack(archived.aside, archived.volume, GONE)
    assert rows().raw_out == before.raw_out


def told(out: str) -> dict[str, str]:
    """The facts of an answer."""
    return {name: value.strip() for name, _, value in (line.partition(":  ") for line in out.splitlines())}


def test_verify_without_the_archive(archived: ArchivedHome) -> None:
    """It passes, from the seals on, and says what was not read; the laws hold from the kept state on."""
    archived.take_away()
    answer = archived.home.ask("ledger", "verify")
    assert answer.code == 0, answer.out
    assert (
        f"entries 8 to 31 are in {archived.volume}: held by their seals, their bytes were not read"
        in answer.out
    )
    document = archived.home.ask("ledger", "verify", "--json").document
    assert document["archived"] == [{"first": 8, "last": 31, "place": str(archived.volume), "read": False}]
    assert (document["passed"], document["laws_checked"]) == (True, True)
    assert document["laws_not_checked"] == [[8, 31]]
    assert "the bytes of 24 archived entries: --archives does" in document["not_checked"]
    refused = archived.home.ask("ledger", "verify", "--archives")
    assert (refused.code, AWAY in refused.err) == (3, True)


def test_verify_with_the_archive(archived: ArchivedHome) -> None:
    """Everything is read, as if it were here."""
    now = archived.home.ask("ledger", "verify", "--archives", "--digests", "--json").document
    archived.put_back()
    before = archived.home.ask("ledger", "verify", "--digests", "--json").document
    assert now["archived"][0]["read"]
    assert {**now, "archived": []} == before


def test_an_archive_in_which_something_else_stands_is_told_as_that(archived: ArchivedHome) -> None:
    """Damaged, or another one: nothing says that it only has to be mounted."""
    release()
    (volume,) = archived.volume.glob(f"{segment_name(16)}.*")
    raw = volume.read_bytes()
    volume.write_bytes(raw[:-3] + bytes([raw[-3] ^ 1]) + raw[-2:])
    answer = archived.home.ask("ledger", "verify", "--archives")
    assert (answer.code, answer.out) == (1, "")
    assert "in which something else stands" in answer.err
    assert "Put a sound copy of the archive there" in answer.err
    volume.write_bytes(
        (archived.volume / volume.name.replace(segment_name(16), segment_name(8))).read_bytes()
    )
    shown = archived.home.ask("ledger", "show", "17")
    assert (shown.code, "in which something else stands" in shown.err) == (3, True)


def test_verify_of_a_copy_says_of_which_entries_the_laws_were_not_checked(
    archived: ArchivedHome, tmp_path: Path
) -> None:
    """A copy keeps no states: behind the archived entries nothing is known of what was before."""
    shutil.copytree(archived.home.ledger, tmp_path / "copy")
    archived.take_away()
    answer = archived.home.ask("ledger", "verify", "--ledger", str(tmp_path / "copy"), "--json")
    entries = answer.document["entries"]
    assert answer.code == 0
    assert answer.document["laws_not_checked"] == [[8, 31], [32, entries - 1]]
    assert f"the laws of entries 32 to {entries - 1}" in answer.document["not_checked"]


def test_verify_finds_a_segment_that_was_removed_by_hand(archived: ArchivedHome) -> None:
    """A marker that was written for it fits to the seal and the chain, and no entry records it."""
    ledger = archived.home.ledger
    pack(ledger, archived.volume, [32])
    mark(ledger, archived.volume, [32], len(archived.home.entries()) - 1)
    (ledger / segment_name(32)).unlink()
    answer = archived.home.ask("ledger", "verify")
    facts = told(answer.out)
    assert answer.code == 1
    assert facts["verdict"] == "DAMAGED at entry 32; the entries before it are consistent"
    assert "a segment is not here" in answer.out.replace("\n", " ")


def test_states_are_kept_without_the_archive(archived: ArchivedHome) -> None:
    """A scheduler goes on keeping the states of new segments, and those that are archived are left alone."""
    archived.take_away()
    writer = Writer(archived.home.root)
    writer.history("nightly", 5)
    writer.close()
    keep_all(Home(archived.home.root))
    before = {path.name for path in Home(archived.home.root).segment_states.iterdir()}
    keep_all(Home(archived.home.root))
    assert {path.name for path in Home(archived.home.root).segment_states.iterdir()} >= before
    as_of = archived.home.ask("jobs", "list", "--as-of", "2026-03-01T02:00:40Z", "--json")
    assert as_of.code == 0, as_of.err


def test_status_names_the_archive(archived: ArchivedHome) -> None:
    """How far it reaches, and what is there alone; without the archive, and at no cost that grows."""
    archived.take_away()
    told_in_words = " ".join(archived.home.ask("status").out.split())
    assert f"archived up to entry 31, last in {archived.volume}" in told_in_words
    assert "only there: what stands behind the first segment and before entry 32" in told_in_words
    document = archived.home.ask("status", "--json").document["ledger"]
    place = str(archived.volume)
    assert document["archived"] == {"entries": 32, "removed": 32, "place": place, "entry": 46}


def test_a_home_without_snapshots_is_folded_from_the_states_of_segments(archived: ArchivedHome) -> None:
    """The everyday questions do not need the archive for that."""
    before = archived.home.ask("jobs", "list", "--json")
    (only,) = Home(archived.home.root).snapshots.glob("*.snapshot")
    only.unlink()
    archived.take_away()
    assert archived.home.ask("jobs", "list", "--json").raw_out == before.raw_out
    shutil.rmtree(Home(archived.home.root).segment_states)
    refused = archived.home.ask("jobs", "list", "--json")
    assert (refused.code, AWAY in refused.err) == (3, True)
