from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commanding import call, flip_a_bit
from tests.projections.ledgers import Writer


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
    assert made == (0, "Projected 4 full segments of 34 entries into 4 files of each kind\n", "")
    after = call("projections", "status", "--verify", home=home)
    assert after.code == 0
    assert "all full segments; the last 2 entries are read from the ledger itself" in after.out
    assert "all files are as they were made" in after.out
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


def test_where_there_is_no_ledger_there_is_nothing_to_project(tmp_path: Path) -> None:
    """Without a ledger both say so, and make nothing."""
    for command in ("status", "rebuild"):
        answer = call("projections", command, home=tmp_path)
        assert answer.code == 3
        assert "there is no ledger here" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_ledger_is_not_projected(writer: Writer) -> None:
    """`rebuild` checks every line: exit code 3, and what is wrong."""
    flip_a_bit(writer.home)
    answer = call("projections", "rebuild", home=writer.home.root)
    assert answer.code == 3
    assert "the ledger is damaged" in answer.err
