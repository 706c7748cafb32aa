"""What is exported rests on the entries, whatever stands in the projections."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from projections.files.fingerprint import digest, stamp
from projections.files.manifest import KINDS, ProjectionFile, ProjectionFolder
from projections.files.parquet import version
from tests.support.command import call
from tests.support.ledger import SEGMENT_ENTRIES, Writer


@pytest.fixture
def forged(tmp_path: Path) -> Writer:
    """A home with eleven runs in projections of which somebody emptied one of each kind, renewing every stamp."""
    writer = Writer(tmp_path / "home")
    writer.history("nightly", 11)
    writer.close()
    call("projections", "rebuild", home=writer.home.root)
    folder = ProjectionFolder(writer.home.projections.resolve())
    manifest = folder.load(version(SEGMENT_ENTRIES))
    part = next(part for part in manifest.parts if part.first == SEGMENT_ENTRIES)
    for kind in KINDS:
        path = folder.parquet(kind, part.first, part.segments)
        with duckdb.connect() as engine:
            engine.execute(f"CREATE TABLE forged AS FROM read_parquet('{path}') LIMIT 0")
            engine.execute(f"COPY forged TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
        made = stamp(path)
        assert made is not None
        part.files[kind] = ProjectionFile(made, digest(path))
    folder.save(manifest)
    return writer


def test_a_forged_projection_changes_no_export(forged: Writer) -> None:
    """All runs and entries are exported, and the forged files stay for those who look for them."""
    home, query = forged.home.root, "SELECT count(*) AS n FROM runs"
    assert call("sql", query, "--json", home=home).document[0]["n"] < 11  # what is not derived is forged
    runs = call("export", "runs", home=home)
    assert (runs.code, runs.out.count("\n")) == (0, 11)
    events = call("export", "events", "--format", "cloudevents", home=home)
    assert events.out.count("\n") == forged.journal.head().seq + 1
    assert call("sql", "--derive", query, "--json", home=home).document == [{"n": 11}]
    assert call("projections", "status", "--verify", home=home).code == 1


def test_an_export_writes_nothing_in_the_home(forged: Writer) -> None:
    """What it derives is in a temporary folder, which is gone afterwards."""
    before = {path: path.stat().st_mtime_ns for path in forged.home.projections.rglob("*")}
    assert call("export", "attempts", home=forged.home.root).code == 0
    assert {path: path.stat().st_mtime_ns for path in forged.home.projections.rglob("*")} == before
