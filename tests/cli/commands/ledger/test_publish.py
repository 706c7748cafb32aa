"""A published ledger is read by a client that was written from the specifications alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.home import LiveHome
from tests.support.journal import snapshot
from tests.support.signed_ledger import SignedLedger, lines_of
from tests.support.tiled_log_client import TiledLogClient


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A home without jobs."""
    return LiveHome(tmp_path / "home")


@pytest.fixture
def ledger(home: LiveHome) -> SignedLedger:
    """Its ledger, of which nothing is signed yet."""
    return SignedLedger(home.ledger, segment_entries=512)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where it is published."""
    return tmp_path / "www" / "log"


def client(ledger: SignedLedger, log: Path) -> TiledLogClient:
    """Somebody who has the key and the folder."""
    return TiledLogClient(log, ledger.key.verifier_key.text)


@pytest.mark.parametrize("size", [3, 255, 256, 257, 700])
def test_what_is_signed_is_read_and_checked_by_a_client(
    home: LiveHome, ledger: SignedLedger, log: Path, size: int
) -> None:
    """Entries, tiles and checkpoint; what is behind the checkpoint is not there."""
    ledger.grow(size - 2)
    ledger.sign()
    ledger.grow(5)
    answer = home.ask("ledger", "publish", str(log), "--json")
    assert (answer.code, answer.document["size"], answer.document["before"]) == (0, size, 0)
    reader = client(ledger, log)
    reader.check()
    assert (reader.origin, reader.size) == ("cronledger/test", size)
    assert reader.entries() == lines_of(ledger.folder)[:size]
    assert {path.stat().st_mode & 0o777 for path in log.rglob("*") if path.is_file()} == {0o644}


def test_publishing_again_writes_what_is_new(home: LiveHome, ledger: SignedLedger, log: Path) -> None:
    """Files that are there are not touched, outgrown partial tiles go, and after each time it is a whole log."""
    before: dict[Path, tuple[int, bytes]] = {}
    for step in (100, 100, 60, 300, 1, 255):
        ledger.grow(step)
        ledger.sign()
        assert home.ask("ledger", "publish", str(log)).code == 0
        client(ledger, log).check()
        now = {
            path: (path.stat().st_ino, path.read_bytes())
            for path in log.rglob("*")
            if path.is_file() and path.name not in ("checkpoint", ".lock")
        }
        assert all(now[path] == was for path, was in before.items() if path in now)
        gone = [path for path in before if path not in now]
        assert all(path.parent.name.endswith(".p") for path in gone)
        assert all(path.parent.with_suffix("").exists() for path in gone)
        before = now
    again = home.ask("ledger", "publish", str(log))
    assert (again.code, "nothing new" in again.out) == (0, True)


def test_a_client_that_goes_by_an_earlier_checkpoint_finds_its_tiles(
    home: LiveHome, ledger: SignedLedger, log: Path, tmp_path: Path
) -> None:
    """The folder has grown since it read the checkpoint."""
    ledger.grow(100)
    ledger.sign()
    home.ask("ledger", "publish", str(log))
    early = (log / "checkpoint").read_bytes()
    for number in range(2):
        ledger.grow(100)
        ledger.sign()
        home.ask("ledger", "publish", str(log))
        old = shutil.copytree(log, tmp_path / f"old-{number}")
        (old / "checkpoint").write_bytes(early)
        client(ledger, old).check()


def test_another_log_and_an_older_copy_are_refused(
    home: LiveHome, ledger: SignedLedger, log: Path, tmp_path: Path
) -> None:
    """Exit code 2, and nothing is changed."""
    ledger.grow(50)
    ledger.sign()
    copy = shutil.copytree(ledger.folder, tmp_path / "copy")
    ledger.grow(50)
    ledger.sign()
    assert home.ask("ledger", "publish", str(log)).code == 0
    was = snapshot(log)
    older = home.ask("ledger", "publish", str(log), "--ledger", str(copy))
    assert (older.code, "103 entries are published, and the checkpoint covers 52" in older.err) == (2, True)
    other = LiveHome(tmp_path / "other")
    forged = SignedLedger(other.ledger)
    forged.grow(300)
    forged.sign()
    refused = other.ask("ledger", "publish", str(log))
    assert (refused.code, "its first 103 entries are other ones" in refused.err) == (2, True)
    assert snapshot(log) == was
    (log / "checkpoint").write_bytes(b"something else")
    assert home.ask("ledger", "publish", str(log)).code == 2


def test_a_ledger_that_is_not_what_was_signed_is_not_published(
    home: LiveHome, ledger: SignedLedger, log: Path, tmp_path: Path
) -> None:
    """Exit code 3, and no checkpoint; without a checkpoint there is nothing to publish: exit code 2."""
    assert home.ask("ledger", "publish", str(log)).code == 2
    ledger.grow(50)
    note = ledger.sign()
    (tmp_path / "signed").write_bytes(note.raw)
    other = LiveHome(tmp_path / "other")
    SignedLedger(other.ledger).grow(300)
    answer = other.ask("ledger", "publish", str(log), "--checkpoint", str(tmp_path / "signed"))
    assert (answer.code, (log / "checkpoint").exists()) == (3, False)
    assert home.ask("ledger", "publish", str(home.root / "var" / "log")).code == 2


def test_what_was_altered_in_the_folder_is_written_again(
    home: LiveHome, ledger: SignedLedger, log: Path
) -> None:
    """With --anew, whatever is there; links are not followed."""
    ledger.grow(300)
    ledger.sign()
    home.ask("ledger", "publish", str(log))
    tile = log / "tile" / "0" / "000"
    tile.write_bytes(bytes(8192))
    with pytest.raises(AssertionError):
        client(ledger, log).check()
    assert home.ask("ledger", "publish", str(log), "--anew").code == 0
    client(ledger, log).check()
    elsewhere = log.parent / "elsewhere"
    (log / "tile").rename(elsewhere)
    (log / "tile").symlink_to(elsewhere)
    ledger.grow(10)
    ledger.sign()
    was = snapshot(elsewhere)
    assert home.ask("ledger", "publish", str(log)).code != 0
    assert snapshot(elsewhere) == was
