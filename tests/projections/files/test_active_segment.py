from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstore.errors import Corrupt
from eventstore.store import Event
from projections import open_sql
from projections.build.maintenance import rebuild, status
from projections.files import active_segment
from projections.files.active_segment import LAG_ENTRIES
from projections.files.manifest import ActiveSegment, Kind, ProjectionFolder
from projections.files.parquet import version
from scheduler import vocabulary as v
from scheduler.home import Home
from tests.projections.histories import ACTS, Act, LongHistory, everything
from tests.support.examples import examples
from tests.support.ledger import Writer

SEGMENT_ENTRIES = 32


@pytest.fixture(scope="module")
def lag() -> Iterator[int]:
    """So few entries are worth a projection of their own here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(active_segment, "LAG_ENTRIES", 6)
        yield 6


@pytest.fixture
def long(tmp_path: Path, lag: int) -> Writer:
    """A ledger with a full segment and 18 entries after it, of which the first 16 were projected."""
    return long_ledger(tmp_path / "home")


def long_ledger(root: Path) -> Writer:
    """The ledger of `long`."""
    writer = Writer(root, SEGMENT_ENTRIES)
    writer.history("nightly", 15)
    writer.tick("nightly")
    writer.start("nightly", writer.journal.head().seq)
    with open_sql(writer.home):
        pass
    writer.finish("nightly", 46)
    writer.tick("nightly")
    return writer


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, lag: int
) -> tuple[Home, dict[str, list[tuple[Any, ...]]]]:
    """A home with that ledger, and what its views say."""
    writer = long_ledger(tmp_path_factory.mktemp("whole") / "home")
    writer.close()
    with open_sql(writer.home) as sql:
        return writer.home, everything(sql)


def made(home: Home) -> ActiveSegment | None:
    """What the manifest says of the segment that is not full."""
    return ProjectionFolder(home.projections).load(version(SEGMENT_ENTRIES)).active_segment


@pytest.mark.long
@settings(max_examples=examples(3), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ACTS, min_size=20, max_size=90), st.sets(st.integers(0, 89), max_size=4))
def test_every_view_says_the_same_with_it(lag: int, acts: list[Act], looks: set[int]) -> None:
    """Whenever it was made, what was asked then is answered so as of then, and all equals what is made in one go."""
    then = []
    with TemporaryDirectory() as folder:
        history = LongHistory(Path(folder))
        home = history.writer.home
        for number, act in enumerate(acts):
            history.act(*act)
            if number in looks:
                with open_sql(home, asked_at=history.writer.now, threads=1) as sql:
                    then.append((history.writer.journal.head().seq, history.writer.now, everything(sql)))
        with open_sql(home, threads=1) as sql:
            incremental = everything(sql)
        rebuild(home)
        with open_sql(home, threads=1) as sql:
            assert everything(sql) == incremental
        for seq, now, said in then:
            with open_sql(home, as_of=seq, asked_at=now, threads=1) as sql:
                assert everything(sql) == said
        history.writer.close()


def test_only_what_came_after_it_is_read(long: Writer) -> None:
    """A connection takes the two newest entries from the ledger, the others from files, and they make one answer."""
    with open_sql(long.home) as sql:
        assert sql.execute("SELECT min(seq), count(*) FROM parts.recent_events").all() == [(48, 2)]
        assert sql.execute("SELECT count(*), max(seq) FROM events").all() == [(50, 49)]
        assert sql.execute("SELECT run, status FROM runs ORDER BY run DESC LIMIT 2").all() == [
            (49, "owed"),
            (46, "finished"),
        ]
    found = made(long.home)
    assert found is not None
    assert (found.first, found.last, found.carried) == (32, 47, [46, 47])
    assert status(long.home).recent_entries == 2


def test_it_is_made_anew_when_it_lags_and_goes_when_the_segment_is_full(long: Writer) -> None:
    """With six entries more there is a longer one; with the segment full there is none."""
    first = made(long.home)
    long.history("nightly", 2)
    with open_sql(long.home) as sql:
        expected = everything(sql)
    second = made(long.home)
    assert first is not None
    assert second is not None
    assert (first.last, second.last) == (47, 55)
    long.history("nightly", 3)
    with open_sql(long.home) as sql:
        assert sql.execute("SELECT count(*) FROM runs WHERE run <= 55").all() == [(len(expected["runs"]),)]
    assert made(long.home) is None


def test_a_line_that_was_altered_is_damage(long: Writer) -> None:
    """A byte of the lines that were projected is changed, the file is as long as before: no answer."""
    long.close()
    path = long.home.ledger / f"{SEGMENT_ENTRIES:020d}.jsonl"
    raw = bytearray(path.read_bytes())
    raw[200] ^= 1
    path.write_bytes(raw)
    with pytest.raises(Corrupt):
        open_sql(long.home)


@pytest.mark.parametrize("kind", ["events", "runs", "notes"])
@pytest.mark.parametrize("how", ["cut", "gone", "disguised"])
def test_a_file_that_is_not_as_it_was_made_is_made_anew(
    whole: tuple[Home, dict[str, list[tuple[Any, ...]]]], kind: Kind, how: str
) -> None:
    """Cut, removed or altered in place: every view says what it said, and the files are whole again."""
    home, expected = whole
    assert status(home, verify=True).damaged == []
    found = made(home)
    assert found is not None
    path = ProjectionFolder(home.projections).active_parquet(kind, found.first, found.last)
    kept = path.stat()
    if how == "cut":
        os.truncate(path, kept.st_size // 2)
    elif how == "gone":
        path.unlink()
    else:
        path.write_bytes(b"PAR1" + b"\xff" * (kept.st_size - 8) + b"PAR1")
        os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert status(home, verify=True).damaged == [str(path)]
    with open_sql(home) as sql:
        assert everything(sql) == expected
    assert status(home, verify=True).damaged == []


def test_where_it_cannot_be_kept_the_answer_is_the_same(
    long: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that may not be written to costs time and nothing else."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "not yours")

    long.history("nightly", 2)
    monkeypatch.setattr(ProjectionFolder, "save", refuse)
    with open_sql(long.home) as sql:
        assert sql.execute("SELECT count(*), max(seq) FROM events").all() == [(56, 55)]


def test_it_is_made_of_a_segment_of_the_usual_size(tmp_path: Path) -> None:
    """A ledger as people have them: the first question projects what is there, the next ones read little."""
    writer = Writer(tmp_path / "home", 65_536)
    with open_sql(writer.home):
        pass
    while writer.journal.head().seq < LAG_ENTRIES:
        writer.journal.append([_noise()] * 1_024)
    assert not list(writer.home.projections.rglob("*.parquet"))
    for _ in range(2):
        with open_sql(writer.home) as sql:
            assert sql.execute("SELECT count(*) FROM events").all() == [(writer.journal.head().seq + 1,)]
            assert sql.execute("SELECT count(*) FROM parts.recent_events").all() == [(0,)]


def _noise() -> Event:
    return v.event(v.ConfigAccepted(config="c", jobs=1), v.CONFIG)
