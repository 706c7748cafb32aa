"""What stands in `var/projections` is data: a question removes nothing but projections."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from projections import open_sql
from projections.build.maintenance import maintain, status
from projections.files import garbage
from projections.files.fingerprint import digest, stamp
from projections.files.manifest import Manifest, ProjectionFile, ProjectionFolder
from projections.files.parquet import version
from scheduler.home import Home
from tests.support.ledger import SEGMENT_ENTRIES, Writer


def ask(home: Home) -> int:
    """How many entries the views count."""
    with open_sql(home) as sql:
        rows = sql.execute("SELECT count(*) FROM events").all()
    return int(rows[0][0])


def fill(writer: Writer) -> None:
    """More than one full segment."""
    writer.define("a")
    for _ in range(8):
        writer.tick("a")


def test_dotfiles_behind_a_link_stay(writer: Writer, tmp_path: Path) -> None:
    """A folder of projections that is a link is not used; the question is answered all the same."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".profile").write_text("mine")
    fill(writer)
    writer.home.projections.mkdir()
    (writer.home.projections / "events").symlink_to(elsewhere)
    assert ask(writer.home) > 8
    assert [path.name for path in elsewhere.iterdir()] == [".profile"]


def test_files_of_other_names_stay(writer: Writer) -> None:
    """Hidden files, and files that begin as ours do, are not ours."""
    fill(writer)
    maintain(writer.home)
    folder = ProjectionFolder(writer.home.projections)
    kept = [folder.root / ".profile", folder.root / "events" / "~notes", folder.root / "events" / "1.parquet"]
    ours = folder.root / "events" / f".{0:020d}.parquet.1"
    for path in (*kept, ours):
        path.write_text("x")
    with folder.locked(), folder.merging():
        garbage.sweep(folder, Manifest(version="x"), now_s=2**40)
    assert all(path.exists() for path in kept)
    assert not ours.exists()


def test_a_manifest_that_is_a_fifo_is_none(writer: Writer) -> None:
    """Nobody waits for a writer."""
    fill(writer)
    maintain(writer.home)
    manifest = writer.home.projections / "manifest.json"
    manifest.unlink()
    os.mkfifo(manifest)
    assert ask(writer.home) > 8


def test_verifying_removes_nothing_behind_a_link(writer: Writer, tmp_path: Path) -> None:
    """A folder of projections that is a link is told; what stands behind it stays, whatever it is called."""
    fill(writer)
    maintain(writer.home)
    events = ProjectionFolder.of(writer.home).root / "events"
    elsewhere = events.rename(tmp_path / "elsewhere")
    events.symlink_to(elsewhere)
    (path, *_) = sorted(elsewhere.iterdir())
    path.write_text("mine")
    found = status(writer.home, verify=True)
    assert str(events / path.name) in found.damaged
    assert path.read_text() == "mine"


def test_projections_behind_a_link_are_not_written(writer: Writer, tmp_path: Path) -> None:
    """The question is answered from a private folder."""
    fill(writer)
    (tmp_path / "elsewhere").mkdir()
    writer.home.projections.symlink_to(tmp_path / "elsewhere")
    assert ask(writer.home) > 8
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_verifying_waits_for_no_fifo(writer: Writer) -> None:
    """What is no regular file is damaged, and nobody opens it."""
    fill(writer)
    maintain(writer.home)
    (path, *_) = sorted((ProjectionFolder.of(writer.home).root / "runs").iterdir())
    path.unlink()
    os.mkfifo(path)
    assert str(path) in status(writer.home, verify=True).damaged


def test_a_projection_that_is_none_and_is_vouched_for_is_not_used(writer: Writer) -> None:
    """Whoever alters it renews its digest; the answer is derived from the entries."""
    fill(writer)
    maintain(writer.home)
    folder = ProjectionFolder.of(writer.home)
    manifest = folder.load(version(SEGMENT_ENTRIES))
    part = manifest.parts[0]
    path = folder.parquet("runs", part.first, part.segments)
    path.write_bytes(b"no Parquet")
    found = stamp(path)
    assert found is not None
    part.files["runs"] = ProjectionFile(found, digest(path))
    folder.save(manifest)
    assert ask(writer.home) > 8


def test_a_manifest_of_a_thousand_billion_segments_is_none(writer: Writer) -> None:
    """Nobody counts through them."""
    fill(writer)
    maintain(writer.home)
    manifest = writer.home.projections / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"segments":1,', '"segments":1000000000000,'))
    assert ask(writer.home) > 8


def test_a_foreign_home_is_read_and_not_written(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Projections of a home of somebody else are made in a private folder."""
    fill(writer)
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    assert ask(writer.home) > 8
    assert not writer.home.projections.exists()
