"""`ledger archive` and `ledger reattach`, as a person uses them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventstore.archive.manifest import read_manifest
from eventstore.proofs.kept_checkpoints import parse_kept
from scheduler.archive.archiving import archive_lock
from scheduler.home import Home
from tests.support.archived_home import ENTRIES, grown, local, recorded
from tests.support.command import Answer, call
from tests.support.journal import snapshot
from tests.support.ledger import Writer

BEFORE = ("--before", "2026-03-25T00:00:00Z")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that is copied."""
    root = tmp_path_factory.mktemp("made") / "home"
    grown(root)
    return root


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Home:
    """A home of its own."""
    return Home(Path(shutil.copytree(made, tmp_path / "home")))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where its volumes are."""
    folder = tmp_path / "worm"
    folder.mkdir()
    return folder


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder on another file system, where the machine has one."""
    with tempfile.TemporaryDirectory(prefix="cronledger-", dir="/tmp") as folder:
        yield Path(folder)


def archive(home: Home, place: Path, *options: str) -> Answer:
    """Archive into a folder."""
    return call("ledger", "archive", *BEFORE, "--to", str(place), *options, home=home.root)


def test_a_person_sees_what_was_archived(home: Home, place: Path) -> None:
    """Which entries, how large, that it was verified, where it is recorded; and what stays, and why.

    What else is in the folder is left alone: volumes of other ledgers, somebody's notes, what begins like a volume.
    Only the owner may read the volume.
    """
    (place / f"{'0' * 32}-{0:020d}").mkdir()
    (place / "notes.txt").write_text("mine")
    (place / ".hidden.writing").mkdir()
    before, others = snapshot(place), set(place.iterdir())
    answer = archive(home, place)
    assert answer.code == 0, answer.err
    (volume,) = set(place.iterdir()) - others
    assert before.items() <= snapshot(place).items()
    assert {path.stat().st_mode & 0o777 for path in [volume, *volume.rglob("*")]} == {0o600, 0o700}
    (entry,) = recorded(home)
    assert entry.place == str(volume)
    assert f"volume:       {volume}\n" in answer.out
    assert "entries:      0 to 47, 48 entries in 6 segments\n" in answer.out
    assert "checkpoint:   none covers it: this ledger has no key\n" in answer.out
    assert "local files:  stay\n" in answer.out
    assert answer.err.endswith(
        "Entry 48 and what follows stay: they are in the last full segment and the one behind it.\n"
    )
    assert len(list(volume.rglob("*.parquet"))) == 18


def test_programs_see_the_same(home: Home, elsewhere: Path) -> None:
    """Numbers with their units, and what was recorded by which entry; the file system may be another one."""
    document = archive(home, elsewhere, "--remove-local", "--json").document
    assert local(home) == [0, 6, 7]
    (told,) = document["volumes"]
    read = read_manifest(Path(told["folder"]))
    assert (told["first"], told["last"], told["count"], told["segments"]) == (0, 47, 48, 6)
    assert (told["manifest_sha256"], told["is_new"]) == (read.sha256, True)
    assert (told["removed_segments"], told["volume_bytes"]) == (5, read.manifest.volume_bytes)
    assert (document["stays_from"], document["stays_because"]) == (48, "newest")
    again = archive(home, elsewhere, "--remove-local", "--json").document
    assert again["volumes"] == []
    assert again["archived_before"] == 48


def test_a_dry_run_says_what_would_go_and_writes_nothing(home: Home, place: Path) -> None:
    """Neither in the home nor in the folder."""
    before = snapshot(home.root)
    answer = archive(home, place, "--dry-run", "--remove-local")
    assert answer.code == 0
    assert answer.out.startswith("Would archive 6 segments, entries 0 to 47, ")
    assert "Would then remove 5 local segments.\n" in answer.out
    document = archive(home, place, "--dry-run", "--json").document
    assert (document["segments"], document["first"], document["volumes"]) == (6, 0, [])
    assert snapshot(home.root) == before
    assert not list(place.iterdir())


@pytest.mark.parametrize("day", ["2026-03-02", "9999d"])
def test_nothing_old_enough_is_no_failure(home: Home, place: Path, day: str) -> None:
    """A cron job may ask every day."""
    answer = call("ledger", "archive", "--before", day, "--to", str(place), home=home.root)
    assert answer.code == 0
    assert answer.out == "Nothing to archive.\n"
    assert "Entry 0 and what follows stay: that segment ends at 2026-03-0" in answer.err


def test_an_open_run_is_named(tmp_path: Path, place: Path) -> None:
    """And what it keeps here."""
    writer = Writer(tmp_path / "home", ENTRIES)
    writer.define("nightly")
    run = writer.tick("nightly")
    writer.history("nightly", 10)
    writer.close()
    answer = archive(writer.home, place)
    assert answer.code == 0
    assert (
        f"Entry 0 and what follows stay: entry {run} belongs to something that is not settled." in answer.err
    )


def test_the_checkpoint_that_covers_it_is_signed_first(home: Home, place: Path) -> None:
    """Where the ledger has a key and none is kept that covers it; a kept one is taken."""
    assert call("ledger", "key", "generate", home=home.root).code == 0
    document = archive(home, place, "--json").document
    (told,) = document["volumes"]
    kept = parse_kept((Path(told["folder"]) / "checkpoint").read_bytes())
    assert kept.size == told["checkpoint_size"] >= 48
    assert read_manifest(Path(told["folder"])).manifest.origin == kept.checkpoint.origin


def test_without_the_private_key_it_says_so(home: Home, place: Path) -> None:
    """The volume is as good as without a key, and that is told."""
    assert call("ledger", "key", "generate", home=home.root).code == 0
    next(home.keys.glob("signing-key")).unlink()
    answer = archive(home, place)
    assert answer.code == 0, answer.err
    assert "checkpoint:   none covers it: " in answer.out


def test_places_that_are_none(home: Home, place: Path, tmp_path: Path) -> None:
    """Where the ledger is, a folder that is missing (perhaps it is not mounted), a file, one that takes none."""
    for inside in (home.var, home.ledger, home.ledger / "x"):
        inside.mkdir(exist_ok=True)
        answer = archive(home, inside)
        assert (answer.code, "where cronledger keeps the ledger" in answer.err) == (2, True)
    (home.ledger / "x").rmdir()
    (tmp_path / "link").symlink_to(home.ledger)
    assert archive(home, tmp_path / "link").code == 2
    assert archive(home, tmp_path / "missing").code == 2
    (tmp_path / "file").write_text("")
    assert archive(home, tmp_path / "file").code == 2
    assert archive(home, Path("/proc")).code == 3
    assert not recorded(home)
    assert call("ledger", "archive", "--before", "yestermorrow", "--to", str(place), home=home.root).code == 2
    assert call("ledger", "archive", *BEFORE, "--to", str(place), home=tmp_path / "no-home").code == 3


def test_a_path_that_is_no_text_is_refused(home: Home, tmp_path: Path) -> None:
    """It could not be written down."""
    odd = tmp_path / os.fsdecode(b"worm-\xff")
    odd.mkdir()
    answer = archive(home, odd)
    assert (answer.code, "cannot be written down" in answer.err) == (2, True)


def test_a_second_archiving_at_once_is_told_so(home: Home, place: Path) -> None:
    """With an exit code of its own class."""
    with archive_lock(home):
        answer = archive(home, place)
    assert (answer.code, "another process archives this ledger" in answer.err) == (1, True)


def test_a_damaged_volume_is_named_with_what_to_do(home: Home, place: Path) -> None:
    """Nothing is removed."""
    archive(home, place)
    (volume,) = place.iterdir()
    (volume / "SHA256SUMS").unlink()
    answer = archive(home, place, "--remove-local")
    assert answer.code == 1
    assert "cannot be relied on: there is no such file" in answer.err
    assert local(home) == list(range(8))


def test_a_volume_is_reattached(home: Home, place: Path, tmp_path: Path) -> None:
    """Moved, it is not found; named, it is; put back, it is not needed. A folder without volumes is refused."""
    archive(home, place, "--remove-local")
    (tmp_path / "empty").mkdir()
    answer = call("ledger", "reattach", str(tmp_path / "empty"), home=home.root)
    assert (answer.code, "no volume" in answer.err) == (2, True)
    for none in (home.ledger, tmp_path / "missing"):
        assert call("ledger", "reattach", str(none), home=home.root).code == 2
    away = place.rename(tmp_path / "away")
    assert call("ledger", "show", "9", home=home.root).code == 3
    answer = call("ledger", "reattach", str(away), home=home.root)
    assert answer.code == 0, answer.err
    assert "reads:     5 segments from there, 5 of them from elsewhere before\n" in answer.out
    assert call("ledger", "show", "9", home=home.root).code == 0
    document = call("ledger", "reattach", str(away), "--copy", "--json", home=home.root).document
    assert document["volumes"][0]["copied_segments"] == 5
    assert document["segments_elsewhere"] == 0
    assert local(home) == list(range(8))


def test_sql_answers_without_the_volume(home: Home, place: Path, tmp_path: Path) -> None:
    """Projections are made before the first segment leaves, whoever did not ask for them before."""
    assert archive(home, place, "--remove-local").code == 0
    place.rename(tmp_path / "away")
    answer = call(
        "sql", "SELECT min(seq), count(*) = max(seq) + 1 FROM events", "--format", "csv", home=home.root
    )
    assert (answer.code, answer.out.splitlines()[1:]) == (0, ["0,true"])
