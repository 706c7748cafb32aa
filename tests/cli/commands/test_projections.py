from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from projections.files.fingerprint import digest, stamp
from projections.files.manifest import Kind, ProjectionFile, ProjectionFolder
from projections.files.parquet import version
from scheduler.home import Home
from scheduler.ledger.open import open_ledger_to_read
from scheduler.ledger.past import Past
from scheduler.ledger.segment_states import keep, keep_all
from tests.support.command import call
from tests.support.home import flip_a_bit
from tests.support.ledger import Writer


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    """A home with four full segments of eight entries, and a bit."""
    writer = Writer(tmp_path / "home")
    writer.history("nightly", 11)
    writer.close()
    return writer


def test_a_rebuild_makes_everything_and_says_so(writer: Writer) -> None:
    """`rebuild` projects all full segments; `status` tells how it was before and how it is after."""
    home = writer.home.root
    before = call("projections", "status", home=home)
    assert before.code == 0
    assert "by another version, or never" in before.out
    made = call("projections", "rebuild", home=home)
    said = "Projected 4 full segments of 34 entries into 4 files of each kind\n"
    assert (made.code, made.out, made.err) == (0, said, "")
    after = call("projections", "status", "--verify", home=home)
    assert after.code == 0
    assert "all full segments; the last 2 entries are read from the ledger itself" in after.out
    assert "all files hold what the entries say" in after.out
    assert call("projections", "rebuild", "--json", home=home).document == {
        "entries": 34,
        "segments": 4,
        "parts": 4,
    }


def test_a_damaged_file_is_named_and_mended_by_the_next_question(writer: Writer) -> None:
    """An altered file shows with --verify, exit code 1; a missing one shows without; SQL answers as before."""
    home = writer.home.root
    call("projections", "rebuild", home=home)
    altered, missing = (
        writer.home.projections / kind / "00000000000000000008.parquet" for kind in ("runs", "notes")
    )
    raw = bytearray(altered.read_bytes())
    raw[len(raw) // 2] ^= 1
    altered.write_bytes(raw)
    missing.unlink()
    found = call("projections", "status", "--json", home=home)
    assert (found.code, found.document["damaged"], found.document["projected"]) == (1, [str(missing)], 1)
    found = call("projections", "status", "--verify", home=home)
    assert found.code == 1
    assert all(str(path) in found.out.replace("\n", "") for path in (altered, missing))
    assert call("sql", "SELECT count(*) AS n FROM runs", "--json", home=home).document == [{"n": 11}]
    assert call("projections", "status", "--verify", home=home).code == 0


@pytest.mark.parametrize("kind", ["events", "runs", "notes"])
def test_a_forged_file_is_found_whatever_was_renewed_with_it(writer: Writer, kind: Kind) -> None:
    """A file that lacks a row, with digest, length and times renewed in the manifest, is named and removed."""
    home = writer.home.root
    call("projections", "rebuild", home=home)
    folder = ProjectionFolder(writer.home.projections.resolve())
    manifest = folder.load(version(8))
    part = next(part for part in manifest.parts if part.first == 8)
    path = folder.parquet(kind, part.first, part.segments)
    with duckdb.connect() as engine:
        engine.execute(f"CREATE TABLE forged AS FROM read_parquet('{path}')")
        engine.execute("DELETE FROM forged WHERE rowid = 0")
        engine.execute(f"COPY forged TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    made = stamp(path)
    assert made is not None
    part.files[kind] = ProjectionFile(made, digest(path))
    folder.save(manifest)
    assert call("projections", "status", home=home).code == 0
    found = call("projections", "status", "--verify", "--json", home=home)
    assert (found.code, found.document["damaged"], path.exists()) == (1, [str(path)], False)
    assert call("sql", "SELECT count(*) AS n FROM runs", "--json", home=home).document == [{"n": 11}]
    assert call("projections", "status", "--verify", home=home).code == 0


def test_a_state_that_the_entries_contradict_is_found(tmp_path: Path) -> None:
    """Where somebody has recorded the digest of a forged state too, --verify names it, and removes it."""
    writer = Writer(tmp_path / "home")
    writer.define("nightly")
    writer.history("nightly", 11)
    home, states = writer.home, writer.home.segment_states
    keep_all(home)
    whole = call("projections", "status", "--verify", "--json", home=home.root)
    assert (whole.code, whole.document["states"]["files"]) == (0, 4)
    ledger = open_ledger_to_read(home)
    forged = Past.of(home, ledger.store).state_at(15)
    ledger.store.close()
    forged.jobs["nightly"].last = None
    keep(states, writer.journal, forged)
    writer.close()
    (path,) = states.glob(f"{15:020d}-*")
    assert call("projections", "status", home=home.root).code == 0
    found = call("projections", "status", "--verify", "--json", home=home.root)
    assert (found.code, found.document["states"]["contradicted"], path.exists()) == (1, [str(path)], False)
    shown = call("projections", "status", "--verify", home=home.root)
    assert (shown.code, "3 files" in shown.out) == (0, True)


def test_a_cut_file_shows_at_once_and_rot_when_it_is_looked_for(writer: Writer) -> None:
    """A file that is too short is named without --verify; what --verify names, it says, it has removed."""
    home = writer.home.root
    call("projections", "rebuild", home=home)
    path = writer.home.projections / "runs" / "00000000000000000008.parquet"
    os.truncate(path, path.stat().st_size - 100)
    found = call("projections", "status", home=home)
    assert found.code == 1
    assert "damaged: the next question makes them anew" in found.out
    found = call("projections", "status", "--verify", home=home)
    assert found.code == 1
    assert "damaged: removed, the next question makes them anew" in found.out
    assert not path.exists()
    assert call("sql", "SELECT count(*) AS n FROM runs", "--json", home=home).document == [{"n": 11}]
    os.utime(path)
    touched = call("projections", "status", home=home)
    assert touched.code == 0
    assert "1 file touched or copied since: the next question compares their digests" in touched.out


def test_after_a_question_was_refused_the_status_says_why(writer: Writer) -> None:
    """It does not promise that the next question projects a damaged segment: exit code 3, and where it is damaged."""
    home = writer.home.root
    flip_a_bit(writer.home)
    assert call("sql", "FROM runs", home=home).code == 3
    found = call("projections", "status", home=home)
    assert found.code == 3
    assert "4 segments not: no question is answered, for 00000000000000000000.jsonl at byte" in found.out
    assert "by the next question" not in found.out
    assert "the ledger is damaged: `cronledger ledger verify` shows the extent" in found.out


def test_a_merge_that_is_due_is_said_to_be_of_whom(tmp_path: Path) -> None:
    """Eight small files are one merge, which no question makes; `rebuild` does, as it says."""
    writer = Writer(tmp_path / "home")
    writer.history("nightly", 22)
    writer.close()
    call("sql", "FROM runs", home=writer.home.root)
    due = call("projections", "status", home=writer.home.root)
    assert "1 merge: made by a scheduler at its start" in due.out
    assert "or now by `cronledger projections rebuild`" in due.out
    call("projections", "rebuild", home=writer.home.root)
    assert "due:" not in call("projections", "status", home=writer.home.root).out


def test_where_there_is_no_ledger_there_is_nothing_to_project(tmp_path: Path) -> None:
    """In a home without a ledger both say so, and make nothing."""
    config = Home(tmp_path).config
    config.parent.mkdir(parents=True)
    config.write_text("jobs: {}\n")
    for command in ("status", "rebuild"):
        answer = call("projections", command, home=tmp_path)
        assert answer.code == 3
        assert "there is no ledger here" in answer.err
    assert not Home(tmp_path).var.exists()


def test_a_damaged_ledger_is_not_projected(writer: Writer) -> None:
    """`rebuild` checks every line: exit code 3, and what is wrong."""
    flip_a_bit(writer.home)
    answer = call("projections", "rebuild", home=writer.home.root)
    assert answer.code == 3
    assert "the ledger is damaged" in answer.err
