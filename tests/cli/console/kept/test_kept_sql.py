"""The views that stay open: a mistake leaves them open, a question that was stopped does not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cli.app.failures import Failure
from cli.console.kept.kept_sql import KeptSql
from projections.errors import QueryError
from tests.support.home import LiveHome, make_home

_ENDLESS = "SELECT count(*) FROM range(1000000000) AS a, range(1000000) AS b WHERE a.range = b.range % 7"


@pytest.fixture
def kept(tmp_path: Path) -> KeptSql:
    """Those of a home with an entry."""
    home = make_home(tmp_path)
    LiveHome(tmp_path).ask("jobs", "enable", "nightly")
    return KeptSql(home, 1)


def test_a_mistake_leaves_them_open(kept: KeptSql) -> None:
    """Whoever asks next does not wait until they are made anew."""
    with kept.connected() as first:
        pass
    for mistake in ("SELECT jbo FROM runs", "DROP VIEW runs", "SELEC"):
        with pytest.raises(QueryError), kept.connected() as sql:
            sql.execute(mistake)
    with kept.connected() as again:
        assert again is first
        assert again.execute("SELECT count(*) FROM runs").all() == [(0,)]
    kept.close()


def test_what_was_stopped_is_not_asked_again(kept: KeptSql) -> None:
    """After its deadline a question ends, and the next one gets views of its own, and an answer."""
    with kept.connected() as first:
        pass
    with pytest.raises(QueryError), kept.connected(deadline_s=0.2) as sql:
        sql.execute(_ENDLESS).all()
    with kept.connected() as again:
        assert again is not first
        assert again.execute("SELECT count(*) FROM runs").all() == [(0,)]
    kept.close()


def test_few_wait(kept: KeptSql, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits holds a thread that answers everybody: of many who ask at once some are told so at once."""
    monkeypatch.setattr("cli.console.kept.kept_sql.PATIENCE_S", 0.3)
    told: list[str] = []

    def ask() -> None:
        with pytest.raises(Failure) as refused, kept.connected():
            pass
        told.append(refused.value.message)

    with kept.connected():
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [message.startswith("many others") for message in told] == [True, True, False]
    kept.close()
