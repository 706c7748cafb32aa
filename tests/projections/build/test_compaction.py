from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from eventstore.errors import Corrupt
from projections import open_sql
from projections.build.compaction import Sizes, due, merge
from projections.build.maintenance import maintain, rebuild, status
from projections.files.fingerprint import Stamp
from projections.files.garbage import KEPT_S
from projections.files.manifest import ProjectionFolder, ProjectionPart, SealedSegment
from projections.files.parquet import version
from tests.projections.histories import everything
from tests.support.ledger import SEGMENT_ENTRIES, Writer

SMALL = Sizes(batch=3, most=4)
SIZES = [4, 4, 2, 4, 1, 1, 1]
"""What becomes of `long`."""


def parts_of(*sizes: int) -> list[ProjectionPart]:
    """Parts of so many segments each; a segment holds one entry here."""
    firsts = [sum(sizes[:number]) for number in range(len(sizes))]
    return [
        ProjectionPart(first=first, segments=size, files={})
        for first, size in zip(firsts, sizes, strict=True)
    ]


def segments_of(months: str) -> list[SealedSegment]:
    """A segment for each letter, which is its month."""
    return [
        SealedSegment(first=first, prev="", last="", source=Stamp(0, 0, 0, 0), sha256="", month=month)
        for first, month in enumerate(months)
    ]


@pytest.mark.parametrize(
    ("sizes", "months", "expected"),
    [
        ((), "", []),
        ((1, 1), "aa", []),
        ((1, 1, 1), "aaa", [[0, 1, 2]]),
        ((1, 1, 1, 1, 1, 1, 1), "aaaaaaa", [[0, 1, 2], [3, 4, 5]]),
        ((3, 1, 1), "aaaaa", []),
        ((1, 1, 1), "aab", [[0, 1]]),
        ((1, 1, 1, 1, 1, 1), "aaaaab", [[0, 1, 2, 3]]),
        ((4, 1, 1), "aaaaab", []),
        ((3, 1, 1, 1, 1, 1), "aaaabbbb", [[0, 3], [4, 5, 6]]),
        ((2, 1, 1), "aaaa", [[0, 2]]),
        ((1, 3, 1, 1, 1), "aaaaaaa", [[4, 5, 6]]),
    ],
)  # fmt: skip
def test_what_is_merged(sizes: tuple[int, ...], months: str, expected: list[list[int]]) -> None:
    """Batches in the newest month, whole months before it, up to the size that a file may have; then nothing more."""
    found = due(parts_of(*sizes), segments_of(months), SMALL)
    assert [[part.first for part in chunk] for chunk in found] == expected


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((1,) * 11, [9]),
        ((3, 3, 1, 1), []),
        ((3, 3, 1, 1, 1), [9]),
        ((3, 3, 3), [9]),
        ((9, 3, 1, 1, 1, 1), [3]),
        ((9, 9, 9), []),
    ],
)
def test_batches_are_merged_too(sizes: tuple[int, ...], expected: list[int]) -> None:
    """Batches become one of them by the batch, as large as can be had, also in a month that is not over."""
    found = due(parts_of(*sizes), segments_of("a" * sum(sizes)), Sizes(batch=3, most=20))
    assert [sum(part.segments for part in chunk) for chunk in found] == expected


@pytest.fixture
def long(writer: Writer) -> Writer:
    """A ledger of three months, of which the last is not over."""
    for _ in range(3):
        writer.history("nightly", 14)
        writer.now += timedelta(days=30)
    writer.history("nightly", 3)
    return writer


def sizes_of(writer: Writer) -> list[int]:
    """How many segments each part holds."""
    manifest = ProjectionFolder(writer.home.projections).load(version(SEGMENT_ENTRIES))
    return [part.segments for part in manifest.parts]


def test_a_long_history_becomes_few_files(long: Writer) -> None:
    """Months that are over are merged, all views say the same as before, and doing it again changes nothing."""
    with open_sql(long.home) as sql:
        expected = everything(sql)
        assert sizes_of(long) == [1] * 17
        maintain(long.home, SMALL)
        assert sizes_of(long) == SIZES
        assert everything(sql) == expected
    before = {path: path.stat().st_mtime_ns for path in long.home.projections.rglob("*.parquet")}
    maintain(long.home, SMALL)
    assert {path: path.stat().st_mtime_ns for path in long.home.projections.rglob("*.parquet")} == before
    with open_sql(long.home) as sql:
        assert everything(sql) == expected


def test_an_open_connection_outlives_the_files_it_reads(long: Writer) -> None:
    """Merged files stay for a while; when they are gone all the same, a connection that read them begins anew."""
    with open_sql(long.home) as sql:
        expected = everything(sql)
        maintain(long.home, SMALL)
        folder = ProjectionFolder(long.home.projections)
        superseded = folder.load(version(SEGMENT_ENTRIES)).superseded
        assert len(superseded) == 3 * (17 - SIZES.count(1))
        for name in superseded:
            (folder.root / name).unlink()
        assert everything(sql) == expected


def test_superseded_files_go_after_a_day(long: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next upkeep after a day removes them, also if it has nothing to merge."""
    maintain(long.home, SMALL)
    assert status(long.home).superseded.files > 0
    later_s = time.time() + KEPT_S + 1
    monkeypatch.setattr(time, "time", lambda: later_s)
    maintain(long.home, SMALL)
    assert status(long.home).superseded.files == 0
    assert len(list(long.home.projections.rglob("*.parquet"))) == 3 * len(SIZES)


def test_a_question_merges_where_nobody_else_does(long: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a home without upkeep, a question that finds too many files merges them first, once."""
    monkeypatch.setattr("projections.views.source.UNMERGED_MAX", 17)
    with open_sql(long.home) as sql:
        assert sizes_of(long) == [10, 5, 1, 1]
        assert sql.execute("SELECT count(*) FROM runs").all() == [(45,)]


def test_damage_is_not_merged(long: Writer) -> None:
    """A file that was altered, however well disguised, does not become part of one that is believed."""
    with open_sql(long.home) as sql:
        expected = everything(sql)
    path = ProjectionFolder(long.home.projections).parquet("runs", SEGMENT_ENTRIES)
    kept = path.stat()
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    merge(ProjectionFolder(long.home.projections), SEGMENT_ENTRIES, SMALL)
    assert sizes_of(long)[:4] == [1, 1, 1, 1]
    assert status(long.home, verify=True).damaged == [str(path)]
    rebuild(long.home, SMALL)
    assert status(long.home, verify=True).damaged == []
    with open_sql(long.home) as sql:
        assert everything(sql) == expected


@pytest.mark.parametrize("kind", ["events", "runs", "notes"])
def test_a_damaged_merged_file_is_made_anew(kind: str, long: Writer) -> None:
    """A merged file that is cut is noticed, and its segments are projected again."""
    maintain(long.home, SMALL)
    with open_sql(long.home) as sql:
        expected = everything(sql)
    path = next(iter(sorted((long.home.projections / kind).glob("*+4.parquet"))))
    os.truncate(path, path.stat().st_size // 2)
    with open_sql(long.home) as sql:
        assert everything(sql) == expected
    assert sizes_of(long)[:4] == [1, 1, 1, 1]
    maintain(long.home, SMALL)
    assert sizes_of(long)[0] == 4


def test_only_one_merges(long: Writer) -> None:
    """While another process merges, nothing is done; what a killed one left behind is swept."""
    maintain(long.home, Sizes(batch=99, most=1))
    folder = ProjectionFolder(long.home.projections)
    left: list[Path] = [folder.root / "~spilled_", folder.root / "runs" / f"~{0:020d}.parquet.7"]
    left[0].mkdir()
    left[1].touch()
    with folder.merging() as alone:
        assert alone
        assert not any(path.exists() for path in left)
        assert merge(folder, SEGMENT_ENTRIES, SMALL) == 0
    assert merge(folder, SEGMENT_ENTRIES, SMALL) == 4


def test_the_status_tells_what_there_is(long: Writer) -> None:
    """Before and after: what is projected, what is due, and which file is missing."""
    before = status(long.home)
    assert (before.segments, before.projected, before.current) == (17, 0, False)
    assert not long.home.projections.exists()
    maintain(long.home, SMALL)
    after = status(long.home)
    assert (after.projected, after.recent_entries, after.kinds["runs"].files) == (
        17,
        after.entries - 17 * SEGMENT_ENTRIES,
        len(SIZES),
    )
    assert after.superseded.files == 3 * (17 - SIZES.count(1))
    ProjectionFolder(long.home.projections).parquet("runs", 0, 4).unlink()
    assert [Path(path).name for path in status(long.home).damaged] == ["00000000000000000000+4.parquet"]


def test_the_status_sees_a_cut_file_and_one_that_was_touched(long: Writer) -> None:
    """Lengths are compared without reading; what has another stamp is for the next question to digest."""
    maintain(long.home, SMALL)
    cut, touched = (
        ProjectionFolder(long.home.projections).parquet(kind, 0, 4) for kind in ("runs", "events")
    )
    os.truncate(cut, cut.stat().st_size - 100)
    os.utime(touched)
    found = status(long.home)
    assert (found.damaged, found.touched, found.projected) == ([str(cut)], 1, 0)
    with open_sql(long.home):
        pass
    found = status(long.home)
    assert (found.damaged, found.touched, found.projected) == ([], 0, 17)


def test_the_status_knows_why_a_segment_is_not_projected(long: Writer) -> None:
    """Once a question was refused for a damaged segment, the status says so, until the segment is another."""
    segment = long.home.ledger / f"{SEGMENT_ENTRIES:020d}.jsonl"
    raw = segment.read_bytes()
    segment.write_bytes(raw.replace(b"nightly", b"brightl", 1))
    assert status(long.home).refused == ""
    with pytest.raises(Corrupt):
        open_sql(long.home)
    refused = status(long.home)
    assert (refused.projected, segment.name in refused.refused) == (1, True)
    segment.write_bytes(raw)
    assert status(long.home).refused == ""
    with open_sql(long.home):
        pass
    assert (status(long.home).projected, status(long.home).refused) == (17, "")
