"""Which database a mirror is of is said by a strict, small file; without a mirror a home has its own ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.database.origin import ORIGIN_NAME, Origin, OriginUnusable, read_origin, write_origin
from scheduler.home import Home
from scheduler.store import database_address, is_on_database

ADDRESS = "postgresql://ledger@db.example/cronledger"


def test_a_home_without_a_mirror_has_its_own_ledger(tmp_path: Path) -> None:
    """Then the ledger is where it always was."""
    home = Home(tmp_path)
    assert (is_on_database(home), database_address(home), home.ledger) == (False, None, home.own_ledger)


def test_a_home_with_a_mirror_is_on_a_database(tmp_path: Path) -> None:
    """Readers find the entries in the mirror."""
    home = Home(tmp_path)
    home.mirror.mkdir(parents=True)
    write_origin(home.mirror, Origin(address=ADDRESS, ledger="5" * 32))
    assert (is_on_database(home), database_address(home), home.ledger) == (True, ADDRESS, home.mirror)
    assert home.mirror in home.own
    assert home.own_ledger in home.own


@pytest.mark.parametrize(
    "raw",
    [
        None,
        b"",
        b"null",
        b'{"address":"postgresql://db/x"}',
        b'{"address":"postgresql://db/x","ledger":"5555"}',
        b'{"address":"https://db/x","ledger":"55555555555555555555555555555555"}',
        b'{"address":"postgresql://db/x","ledger":"55555555555555555555555555555555","more":1}',
        b'{"address":"postgresql://db/x","ledger":"55555555555555555555555555555555","format":2}',
        b"[" * 100_000,
    ],
)
def test_a_mirror_of_nobody_knows_what_is_refused(tmp_path: Path, raw: bytes | None) -> None:
    """No other ledger is taken for it."""
    home = Home(tmp_path)
    home.mirror.mkdir(parents=True)
    if raw is not None:
        (home.mirror / ORIGIN_NAME).write_bytes(raw)
    with pytest.raises(OriginUnusable):
        read_origin(home)
    assert is_on_database(home)


def test_what_no_address_is_is_not_written(tmp_path: Path) -> None:
    """What could not be read is not written."""
    with pytest.raises(ValueError, match="address"):
        write_origin(tmp_path, Origin(address="db", ledger="5" * 32))
