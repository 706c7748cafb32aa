from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from eventstore.errors import Corrupt
from projections import VIEWS, open_sql
from projections.build.builder import ensure_projected, project_anew
from projections.build.maintenance import status
from projections.files import fingerprint
from projections.files.fingerprint import stamp
from projections.files.garbage import KEPT_S, sweep
from projections.files.manifest import ProjectionFile, ProjectionFolder
from projections.files.parquet import ParquetMaker, version
from projections.files.segments import LedgerSegments
from scheduler.home import Home
from tests.support.command import DEADLINE_S
from tests.support.ledger import SEGMENT_ENTRIES, Writer, files_of

QUERIES = tuple(f"SELECT * FROM {view} ORDER BY ALL" for view in VIEWS)


def source(writer: Writer) -> LedgerSegments:
    """The ledger as it is."""
    return LedgerSegments(writer.home.ledger, writer.journal.head(), SEGMENT_ENTRIES)


def answers(writer: Writer) -> list[object]:
    """Everything that the views say."""
    with open_sql(writer.home) as sql:
        return [sql.execute(query).all() for query in QUERIES]


def filled(writer: Writer) -> Writer:
    """A ledger of four sealed segments and a bit."""
    writer.define("nightly")
    long = writer.tick("nightly")
    writer.history("nightly", 10)
    writer.finish("nightly", long)
    return writer


def test_only_full_segments_are_sealed(writer: Writer) -> None:
    """A segment gets its Parquet file when it holds all its lines, be there a next one or not."""
    folder = ProjectionFolder(writer.home.projections)
    while writer.journal.head().seq < 2 * SEGMENT_ENTRIES - 2:
        writer.define(f"job-{writer.journal.head().seq}")
    assert ensure_projected(folder, source(writer)).firsts == [0]
    writer.define("last")
    assert ensure_projected(folder, source(writer)).firsts == [0, SEGMENT_ENTRIES]
    assert sorted(path.name for path in (folder.root / "events").iterdir()) == [
        "00000000000000000000.parquet",
        "00000000000000000008.parquet",
    ]


def test_sealing_again_changes_nothing(writer: Writer) -> None:
    """Whoever finds everything sealed writes nothing."""
    folder = ProjectionFolder(filled(writer).home.projections)
    first = ensure_projected(folder, source(writer))
    before = {path: path.stat().st_mtime_ns for path in folder.root.rglob("*")}
    assert ensure_projected(folder, source(writer)) == first
    assert {path: path.stat().st_mtime_ns for path in folder.root.rglob("*")} == before


def test_files_are_for_their_owner_alone(writer: Writer) -> None:
    """Folders are created 0700 and files 0600."""
    answers(filled(writer))
    for path in (writer.home.projections, *writer.home.projections.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def cut(path: Path) -> None:
    """Half of the file is gone."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def empty(path: Path) -> None:
    """Nothing is left of the file."""
    path.write_bytes(b"")


def flip(path: Path) -> None:
    """One bit in the middle is another."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def exchange(path: Path) -> None:
    """It is the file of another segment."""
    shutil.copy(path.with_name("00000000000000000008.parquet"), path)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "missing": Path.unlink,
    "cut": cut,
    "empty": empty,
    "flipped": flip,
    "exchanged": exchange,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
@pytest.mark.parametrize("which", [0, 16])
def test_a_damaged_projection_is_made_anew(
    damage: Callable[[Path], None], which: int, writer: Writer
) -> None:
    """A projection that is not as it was made is noticed when a connection is opened, and rebuilt."""
    expected = answers(filled(writer))
    path = ProjectionFolder(writer.home.projections).parquet("events", which)
    whole = path.read_bytes()
    damage(path)
    assert answers(writer) == expected
    assert path.read_bytes() == whole


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_projection_damaged_under_an_open_connection_is_made_anew(
    damage: Callable[[Path], None], writer: Writer
) -> None:
    """A connection that is already open answers as before too."""
    filled(writer)
    with open_sql(writer.home) as sql:
        damage(ProjectionFolder(writer.home.projections).parquet("events", 0))
        assert sql.execute("SELECT count(*), min(seq) FROM events").all() == [(34, 0)]


def disguised(path: Path, falsify: Callable[[bytes], bytes]) -> None:
    """Another content of the same length, with the modification time put back."""
    before, raw = path.stat(), path.read_bytes()
    false = falsify(raw)
    assert false != raw
    assert len(false) == len(raw)
    path.write_bytes(false)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flipped(raw: bytes) -> bytes:
    """One bit in the middle is another."""
    middle = len(raw) // 2
    return raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]


def falsified(writer: Writer, segment: int) -> Path:
    """Its runs say another job, in a file that the engine reads without complaint, as long and as old as before."""
    path = ProjectionFolder(writer.home.projections).parquet("runs", segment)
    disguised(path, lambda raw: raw.replace(b"nightly", b"brightl"))
    return path


@pytest.mark.parametrize("opened", [False, True], ids=["before it is opened", "under an open connection"])
def test_a_disguised_alteration_is_not_answered_from(opened: bool, writer: Writer) -> None:
    """A Parquet file with another content, as long and as old as it was, is made anew by the question itself."""
    expected = answers(filled(writer))
    query = "SELECT DISTINCT job FROM runs"
    if opened:
        with open_sql(writer.home) as sql:
            path = falsified(writer, 8)
            assert sql.execute(query).all() == [("nightly",)]
    else:
        path = falsified(writer, 8)
        with open_sql(writer.home) as sql:
            assert sql.execute(query).all() == [("nightly",)]
    assert b"brightl" not in path.read_bytes()
    assert answers(writer) == expected


def rot(writer: Writer, segment: int) -> Path:
    """A bit of a file is another without any trace in the file system: the manifest has the stamp that it has now."""
    path = falsified(writer, segment)
    folder = ProjectionFolder(writer.home.projections)
    manifest = folder.load(version(SEGMENT_ENTRIES))
    for part in manifest.parts:
        if part.first == segment:
            found = stamp(path)
            assert found is not None
            part.files["runs"] = ProjectionFile(found, part.files["runs"].sha256)
    folder.save(manifest)
    return path


def test_rot_is_found_and_removed_by_a_verification(writer: Writer) -> None:
    """What only digests tell is answered from, until they are compared; the question after that is right again."""
    expected = answers(filled(writer))
    path = rot(writer, 8)
    with open_sql(writer.home) as sql:
        assert ("brightl",) in sql.execute("SELECT DISTINCT job FROM runs").all()
    found = status(writer.home, verify=True)
    assert (found.damaged, found.discarded, found.projected) == ([str(path)], True, 1)
    assert answers(writer) == expected
    again = status(writer.home, verify=True)
    assert (again.damaged, again.discarded, again.projected) == ([], False, 4)


def test_a_segment_that_was_altered_in_disguise_is_damage(writer: Writer) -> None:
    """One bit of a full segment is another, as long and as old as it was: no answer from its projections."""
    answers(filled(writer))
    disguised(source(writer).segment(8), flipped)
    with pytest.raises(Corrupt):
        open_sql(writer.home)


def copied(writer: Writer, folder: Path) -> Home:
    """The home at another place, each file with the times of the original, as `cp -a` has it."""
    answers(filled(writer))
    shutil.copytree(writer.home.root, folder)
    return Home(folder)


def test_a_copy_is_digested_once(writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Projections that were copied with their home are kept; the second question does not read them through."""
    home = copied(writer, tmp_path / "copy")
    before = {path: path.stat().st_ino for path in home.projections.rglob("*.parquet")}
    with open_sql(home) as sql:
        assert sql.execute("SELECT count(*) FROM runs").all() == [(11,)]
    assert {path: path.stat().st_ino for path in home.projections.rglob("*.parquet")} == before
    monkeypatch.setattr(fingerprint, "digest", lambda path: pytest.fail(f"digests {path}"))
    with open_sql(home) as sql:
        assert sql.execute("SELECT count(*) FROM runs").all() == [(11,)]


def read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be noted down in the home's folder of projections."""
    locked = ProjectionFolder.locked

    def refuse(folder: ProjectionFolder) -> AbstractContextManager[None]:
        if folder.root.name == "projections":
            raise PermissionError(13, "not yours")
        return locked(folder)

    monkeypatch.setattr(ProjectionFolder, "locked", refuse)


def test_a_copy_that_may_only_be_read_is_answered_from(
    writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it cannot be noted that a copy is right, its digests tell, and nothing is made anew elsewhere."""
    home = copied(writer, tmp_path / "copy")
    read_only(monkeypatch)
    monkeypatch.setattr(ParquetMaker, "make", lambda *_: pytest.fail("makes a projection"))
    with open_sql(home) as sql:
        assert sql.execute("SELECT count(*) FROM runs").all() == [(11,)]


def test_an_altered_copy_that_may_only_be_read_is_not_answered_from(
    writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its projections are made of the ledger, in a private folder; the altered file stays where it is."""
    copied(writer, tmp_path / "copy")
    path = falsified(writer, 8)
    read_only(monkeypatch)
    with open_sql(writer.home) as sql:
        assert sql.execute("SELECT DISTINCT job FROM runs").all() == [("nightly",)]
    assert b"brightl" in path.read_bytes()


def test_a_touched_projection_is_kept(writer: Writer) -> None:
    """A file that was only copied or touched is digested, found right, and not made again."""
    expected = answers(filled(writer))
    path = ProjectionFolder(writer.home.projections).parquet("events", 0)
    inode = path.stat().st_ino
    os.utime(path)
    assert answers(writer) == expected
    assert path.stat().st_ino == inode


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version":"older","segments":[]}', b"\xff" * 100])
def test_a_damaged_manifest_is_made_anew(content: bytes, writer: Writer) -> None:
    """Without a manifest that can be read, everything is made again, and the answers are the same."""
    expected = answers(filled(writer))
    (writer.home.projections / "manifest.json").write_bytes(content)
    assert answers(writer) == expected


def test_everything_comes_back_after_it_was_deleted(writer: Writer) -> None:
    """Projections are disposable."""
    expected = answers(filled(writer))
    before = files_of(writer.home.projections / "events")
    shutil.rmtree(writer.home.projections)
    assert answers(writer) == expected
    assert files_of(writer.home.projections / "events") == before


def test_rebuild_makes_all_of_them_anew(writer: Writer) -> None:
    """`project_anew` trusts nothing that is there; what belongs to no segment is kept for a day, and then removed."""
    expected = answers(filled(writer))
    folder = ProjectionFolder(writer.home.projections)
    stray = (folder.root / "events") / "00000000000000000999.parquet"
    stray.write_bytes(b"?")
    assert project_anew(folder, source(writer)).firsts == [0, 8, 16, 24]
    made_by = version(SEGMENT_ENTRIES)
    manifest = folder.load(made_by)
    assert list(manifest.superseded) == [f"events/{stray.name}"]
    sweep(folder, manifest, now_s=time.time() + KEPT_S - 60)
    assert stray.exists()
    sweep(folder, manifest, now_s=time.time() + KEPT_S + 60)
    assert not stray.exists()
    assert answers(writer) == expected


def test_another_ledger_gets_its_own_projections(writer: Writer, tmp_path: Path) -> None:
    """Projections of a ledger that was replaced by another are not believed."""
    answers(filled(writer))
    other = Writer(tmp_path / "other")
    other.history("weekly", 12)
    other.close()
    shutil.rmtree(writer.home.ledger)
    shutil.copytree(other.home.ledger, writer.home.ledger)
    assert answers(writer) == answers(other)


@pytest.mark.parametrize("opened_before", [False, True])
@pytest.mark.parametrize("line", [3, 20, 33])
def test_a_damaged_ledger_is_reported(line: int, opened_before: bool, writer: Writer) -> None:
    """An altered entry, sealed or recent, projected before or not, is an error and never a short answer."""
    filled(writer)
    writer.close()
    if opened_before:
        answers(writer)
    path = writer.home.ledger / f"{line - line % SEGMENT_ENTRIES:020d}.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"seq":%d,' % line, b'"seq":%d,' % (line + 1), 1))
    with pytest.raises(Corrupt) as caught:
        answers(writer)
    assert caught.value.segment.name == path.name


def test_a_removed_segment_is_reported(writer: Writer) -> None:
    """A ledger that lost a segment is not answered from the projections that are left."""
    answers(filled(writer))
    (writer.home.ledger / "00000000000000000008.jsonl").unlink()
    with pytest.raises(Corrupt):
        answers(writer)


def test_a_copy_that_may_only_be_read_is_answered(writer: Writer, tmp_path: Path) -> None:
    """Where projections cannot be written they are made elsewhere, for the time of the connection."""
    expected = answers(filled(writer))
    shutil.rmtree(writer.home.projections)
    writer.home.projections.write_text("no folder can be made here")
    assert answers(writer) == expected
    assert writer.home.projections.read_text() == "no folder can be made here"


def test_leftovers_of_killed_sealers_are_removed(writer: Writer) -> None:
    """Temporary files of processes that died are swept by the next one that seals."""
    folder = ProjectionFolder(writer.home.projections)
    (folder.root / "events").mkdir(parents=True)
    ((folder.root / "events") / ".00000000000000000000.parquet.123").write_bytes(b"half")
    answers(filled(writer))
    assert not list(folder.root.rglob(".*"))


@pytest.mark.real
def test_two_sealers_at_once_are_harmless(writer: Writer) -> None:
    """Processes that seal the same ledger at the same moment leave one whole set of files, and all answer."""
    filled(writer)
    program = (
        "import sys; from pathlib import Path; from projections import open_sql; from scheduler.home import Home\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "with open_sql(Home(Path(sys.argv[1]))) as sql: print(sql.execute('SELECT count(*) FROM events').all())"
    )
    command = [sys.executable, "-c", program, str(writer.home.root)]
    sealers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for sealer in sealers:
        assert sealer.stdout is not None
        assert sealer.stdout.readline() == "ready\n"
    for sealer in sealers:
        assert sealer.stdin is not None
        sealer.stdin.write("\n")
        sealer.stdin.flush()
    outputs = [sealer.communicate(timeout=DEADLINE_S)[0] for sealer in sealers]
    assert outputs == ["[(34,)]\n"] * 3
    names = sorted(path.name for path in (writer.home.projections / "events").iterdir())
    assert names == [f"{first:020d}.parquet" for first in (0, 8, 16, 24)]
