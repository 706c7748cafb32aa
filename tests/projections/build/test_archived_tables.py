"""The tables of an archive say what the projections say of the same segments."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from eventstore.store import EventStore
from projections.build.archived_tables import write_archived_tables
from projections.build.maintenance import maintain
from projections.files.manifest import KINDS
from scheduler.home import Home
from scheduler.store import open_store
from tests.support.journal import snapshot
from tests.support.ledger import Writer

SEGMENT_ENTRIES = 4


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose runs go over the ends of segments, some of them over several; one has two attempts."""
    writer = Writer(tmp_path_factory.mktemp("tables") / "home", SEGMENT_ENTRIES)
    writer.define("nightly")
    retried, long = writer.tick("nightly"), writer.tick("nightly")
    writer.start("nightly", retried)
    writer.finish("nightly", retried, "failed", retry_at=writer.now)
    for _ in range(3):
        asked = writer.request("nightly", "because")
        writer.start("nightly", asked, "manual")
        writer.serve()
        writer.finish("nightly", asked, trigger="manual")
    writer.start("nightly", long)
    writer.serve()
    writer.start("nightly", retried, attempt=2)
    writer.serve()
    writer.finish("nightly", retried, attempt=2)
    writer.finish("nightly", long)
    writer.history("nightly", 2)
    writer.close()
    maintain(writer.home)
    return writer.home


def _written(home: Home, folder: Path, firsts: list[int]) -> Path:
    with closing(open_store(home)) as store:
        write_archived_tables(home, store, folder, firsts)
    return folder / "parquet"


def _rows(folder: Path, kind: str, firsts: list[int]) -> list[tuple[object, ...]]:
    paths = [str(folder / kind / f"{first:020d}.parquet") for first in firsts]
    with duckdb.connect() as engine:
        engine.execute(f"SELECT * FROM read_parquet({paths}, filename = 'file')")
        return [(Path(str(row[-1])).name, *row[:-1]) for row in engine.fetchall()]


def _sealed(store: EventStore) -> list[int]:
    return list(range(0, store.head().seq + 2 - SEGMENT_ENTRIES, SEGMENT_ENTRIES))


@pytest.mark.parametrize("skipped", [0, 2])
def test_they_hold_what_the_projections_hold(home: Home, tmp_path: Path, skipped: int) -> None:
    """Each kind of each segment, row by row, wherever the archive begins."""
    with closing(open_store(home)) as store:
        firsts = _sealed(store)[skipped:-1]
    made = _written(home, tmp_path, firsts)
    assert len(firsts) > 2
    for kind in KINDS:
        assert _rows(made, kind, firsts) == _rows(home.projections, kind, firsts), kind
    assert _rows(made, "runs", firsts)


def test_the_same_segments_give_the_same_bytes(home: Home, tmp_path: Path) -> None:
    """Two archives of them are one."""
    one, other = (
        _written(home, tmp_path / name, [SEGMENT_ENTRIES, 2 * SEGMENT_ENTRIES]) for name in ("a", "b")
    )
    assert snapshot(one) == snapshot(other)
    assert len(snapshot(one)) == 2 * len(KINDS)


def test_only_the_owner_reads_them(home: Home, tmp_path: Path) -> None:
    """As everything that holds entries."""
    made = _written(home, tmp_path, [0])
    assert {path.stat().st_mode & 0o777 for path in made.rglob("*")} == {0o600, 0o700}
    assert made.stat().st_mode & 0o777 == 0o700
