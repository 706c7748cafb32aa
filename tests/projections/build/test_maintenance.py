from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections import QueryFailed, open_sql
from projections.build.compaction import Sizes
from projections.build.maintenance import maintain, rebuild
from scheduler.home import Home
from tests.projections.histories import ACTS, Act, LongHistory, everything
from tests.support.examples import examples
from tests.support.ledger import START, Writer

SMALL = Sizes(batch=2, most=4)


@contextmanager
def fresh() -> Iterator[LongHistory]:
    """A history that has not begun."""
    with TemporaryDirectory() as folder:
        history = LongHistory(Path(folder))
        yield history
        history.writer.close()


@pytest.mark.long
@settings(max_examples=examples(5), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTS, min_size=20, max_size=70), st.sets(st.integers(0, 69), max_size=3))
def test_a_rebuilt_projection_equals_the_incremental_one(acts: list[Act], looks: set[int]) -> None:
    """Whenever it was sealed and merged, and wherever segments end, each view has the rows of one made in one go."""
    with fresh() as history:
        home = history.writer.home
        for number, act in enumerate(acts):
            history.act(*act)
            if number in looks:
                maintain(home, SMALL)
        maintain(home, SMALL)
        with open_sql(home, threads=1) as sql:
            incremental = everything(sql)
        rebuild(home, Sizes(batch=1_000, most=1_000))
        with open_sql(home, threads=1) as sql:
            assert everything(sql) == incremental


@pytest.mark.long
@settings(max_examples=examples(5), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(ACTS, min_size=20, max_size=90),
    st.lists(st.integers(0, 89), min_size=1, max_size=3, unique=True),
)
def test_the_past_is_answered_as_it_was_then(acts: list[Act], moments: list[int]) -> None:
    """`as_of` an entry, each view says what it said when that was the last one, however much was merged since."""
    then = []
    with fresh() as history:
        home = history.writer.home
        for number, act in enumerate(acts):
            history.act(*act)
            if number in moments:
                with open_sql(home, asked_at=history.writer.now, threads=1) as sql:
                    then.append((history.writer.journal.head().seq, history.writer.now, everything(sql)))
        maintain(home, SMALL)
        for seq, now, said in then:
            with open_sql(home, as_of=seq, asked_at=now, threads=1) as sql:
                assert everything(sql) == said


def past(home: Home, seq: int, query: str) -> list[tuple[object, ...]]:
    """The answer as of an entry."""
    with open_sql(home, as_of=seq) as sql:
        return sql.execute(query).all()


def test_the_past_does_not_grow(writer: Writer) -> None:
    """A connection to the past goes on answering from there while the ledger grows and is sealed."""
    writer.history("nightly", 5)
    with open_sql(writer.home, as_of=9) as sql:
        for _ in range(3):
            assert sql.execute("SELECT count(*), max(seq) FROM events").all() == [(10, 9)]
            writer.history("nightly", 4)
            sql.refresh()


def test_before_the_first_entry_there_is_nothing(writer: Writer) -> None:
    """As of -1 every view is empty."""
    writer.history("nightly", 5)
    with open_sql(writer.home, as_of=-1) as sql:
        assert all(rows == [] for rows in everything(sql).values())


def test_the_future_is_refused(writer: Writer) -> None:
    """An entry that there is not, or not yet, cannot be asked for."""
    writer.history("nightly", 1)
    for seq in (4, -2):
        with pytest.raises(QueryFailed, match=f"no entry {seq}: its last one is 3"):
            open_sql(writer.home, as_of=seq)


def test_a_pause_ends_by_the_clock_of_then(writer: Writer) -> None:
    """Whether a paused job runs again is judged by the time of the entry as of which is asked."""
    from scheduler import vocabulary as v

    writer.define("nightly")
    until = START.replace(hour=3)
    writer.append(v.event(v.JobDisabled(until=until), "user:ada@host", job="nightly"))
    writer.now = START.replace(hour=5)
    writer.define("other")
    query = "SELECT enabled FROM jobs WHERE name = 'nightly'"
    assert past(writer.home, 2, query) == [(False,)]
    assert past(writer.home, 3, query) == [(True,)]
    with open_sql(writer.home, as_of=2, asked_at=until) as sql:
        assert sql.execute(query).all() == [(True,)]
