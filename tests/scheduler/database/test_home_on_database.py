"""A home whose ledger is in PostgreSQL: who appends does so there, who reads reads the mirror."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventstore.errors import Unavailable
from eventstore.moved import Moved
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.database.agreement import PlaceDisagrees, settle_place
from scheduler.database.connection import forget_looks, look_problem
from scheduler.database.named_place import settle_home
from scheduler.database.origin import Origin, write_origin
from scheduler.home import Home
from scheduler.ledger.open import open_ledger
from scheduler.ownership.home_identity import remember
from scheduler.scheduler_lock import Holder, SchedulerLock
from scheduler.store import database_address, is_on_database, open_store, open_store_to_append
from tests.support.command import call
from tests.support.home import CONFIG, make_home
from tests.support.journal import event
from tests.support.postgresql_fixtures import TestDatabase

AWAY = "postgresql://ledger@127.0.0.1:1/cronledger"


def test_a_new_home_joins_the_database_that_its_config_names(
    pg_database: TestDatabase, tmp_path: Path
) -> None:
    """What is appended on one machine is read on the other."""
    homes = [make_home(tmp_path / name) for name in ("a", "b")]
    for home in homes:
        settle_place(home, pg_database.url)
        assert database_address(home) == pg_database.url
    with closing(open_store_to_append(homes[0], "scheduler")) as store:
        (entry,) = store.append([event(1)])
    with closing(open_store(homes[1])) as read:
        assert [each.hash for each in read.read(1)] == [entry.hash]
    assert look_problem(homes[1]) is None


def test_commands_append_with_the_database_s_time(pg_database: TestDatabase, tmp_path: Path) -> None:
    """The clock of the machine is not asked for the time of entries."""
    home = make_home(tmp_path)
    settle_place(home, pg_database.url)
    ledger = open_ledger(home, "user:ann@here")
    with closing(ledger.store):
        before = _now(pg_database)
        (entry,) = ledger.store.append([event(1)])
        assert before - 1 < entry.time.timestamp() < _now(pg_database) + 1


def _now(database: TestDatabase) -> float:
    """What the clock of a database shows, in seconds since 1970."""
    return float(str(database.execute("SELECT extract(epoch FROM clock_timestamp())::text")[0][0]))


def test_off_line_the_mirror_is_read(pg_database: TestDatabase, tmp_path: Path) -> None:
    """Whoever cannot reach the database reads what is here, and can say why it may be old; nobody appends."""
    home = make_home(tmp_path)
    settle_place(home, pg_database.url)
    with closing(open_store_to_append(home, "scheduler")) as store:
        store.append([event(1)])
        ledger_id = store.ledger_id
    write_origin(home.mirror, Origin(address=AWAY, ledger=ledger_id))
    with closing(open_store(home)) as read:
        assert read.head().seq == 1
    assert isinstance(look_problem(home), Unavailable)
    with pytest.raises(Unavailable):
        open_store_to_append(home, "scheduler")
    assert not home.own_ledger.exists()


def test_a_config_that_names_none_or_another_ledger_is_refused(
    pg_database: TestDatabase, tmp_path: Path
) -> None:
    """A person says which is meant."""
    home = make_home(tmp_path)
    write_origin_of(home, "0" * 32)
    with pytest.raises(PlaceDisagrees) as refused:
        settle_place(home, None)
    assert refused.value.problem == "names_none"
    with pytest.raises(PlaceDisagrees) as refused:
        settle_place(home, pg_database.url)
    assert refused.value.problem == "other_ledger"
    assert database_address(home) == AWAY


def write_origin_of(home: Home, ledger_id: str) -> None:
    """Make a home one that is on a database far away."""
    home.mirror.mkdir(parents=True)
    write_origin(home.mirror, Origin(address=AWAY, ledger=ledger_id))


def test_a_database_under_another_address_is_the_same_one(pg_database: TestDatabase, tmp_path: Path) -> None:
    """What counts is which ledger is there."""
    home = make_home(tmp_path)
    settle_place(home, pg_database.url)
    again = f"{pg_database.url}&application_name=other"
    settle_place(home, again)
    assert database_address(home) == again


def test_a_ledger_of_its_own_is_never_left_behind_silently(tmp_path: Path) -> None:
    """`ledger move` takes it to the database; the config alone does not."""
    home = make_home(tmp_path)
    open_store_to_append(home, "scheduler").close()
    with pytest.raises(PlaceDisagrees) as refused:
        settle_place(home, AWAY)
    assert refused.value.problem == "own_ledger"
    assert not is_on_database(home)


def test_nothing_is_appended_where_the_ledger_was_moved_away(tmp_path: Path) -> None:
    """Not by who opens it, and not by who has it open; reading goes on."""
    home = make_home(tmp_path)
    with (
        closing(open_store_to_append(home, "scheduler")) as early,
        closing(open_store_to_append(home, "x")) as mover,
    ):
        seq = mover.head().seq + 1
        mover.append([_moved(AWAY, seq)])
        with pytest.raises(Moved):
            early.append([event(1)])
        with pytest.raises(Moved):
            early.append([event(1)])
        with pytest.raises(Moved):
            open_store_to_append(home, "scheduler")
        with closing(open_store(home)) as read:
            assert read.head().seq == seq


def test_a_ledger_that_came_back_into_a_folder_goes_on_there(tmp_path: Path) -> None:
    """Only what went to a database is elsewhere."""
    home = make_home(tmp_path)
    with closing(open_store_to_append(home, "scheduler")) as store:
        store.append([_moved(str(home.own_ledger), 1)])
    with closing(open_store_to_append(home, "scheduler")) as store:
        store.append([event(1)])


def _moved(where: str, entries: int) -> Event:
    return v.event(v.LedgerMoved(where=where, entries=entries, host="h", home="/srv"), "user:ann@here")


@pytest.mark.parametrize("said", ["store: {}", "store: '{}'", 'store: "{}"  # ours', "{{store: {}}}"])
def test_a_config_that_names_the_database_is_read_no_further(tmp_path: Path, said: str) -> None:
    """Neither are its jobs read, nor is the database asked."""
    named = said.format(AWAY)
    line = f"ledger: {named}\n" if named.startswith("{") else f"ledger:\n  {named}\n"
    home = make_home(tmp_path, f"{line}jobs: no jobs at all\n")
    write_origin_of(home, "0" * 32)
    settle_home(home)


def test_a_config_that_names_the_database_in_a_comment_names_none(tmp_path: Path) -> None:
    """Nothing is recorded then, by any command."""
    home = make_home(tmp_path, f"# ledger: {{store: {AWAY}}}\n{CONFIG}")
    write_origin_of(home, "0" * 32)
    with pytest.raises(PlaceDisagrees) as refused:
        settle_home(home)
    assert refused.value.problem == "names_none"
    for command in (("jobs", "disable", "nightly"), ("jobs", "run", "nightly")):
        said = call(*command, home=tmp_path)
        assert (said.code, "does not say so any more" in said.err) == (2, True)


def test_who_reads_off_line_is_told_up_to_where(pg_database: TestDatabase, tmp_path: Path) -> None:
    """In one line beside the answer; an archive is not made of a mirror."""
    home = make_home(tmp_path)
    settle_place(home, pg_database.url)
    with closing(open_store_to_append(home, "scheduler")) as store:
        store.append([event(1)])
        ledger_id = store.ledger_id
    assert call("ledger", "verify", "--no-laws", home=tmp_path).err == ""
    write_origin(home.mirror, Origin(address=AWAY, ledger=ledger_id))
    forget_looks()
    for command in (("ledger", "verify", "--no-laws"), ("jobs", "list", "--json")):
        away = call(*command, home=tmp_path)
        assert (away.code, away.err.count("Up to entry 1, of ")) == (0, 1)
        assert "cannot be used" in away.err
        forget_looks()
    status = call("status", home=tmp_path)
    assert ("up to entry 1" in status.out, "Up to entry" in status.err) == (True, False)
    refused = call("ledger", "archive", "--before", "2026-01-01", "--to", str(tmp_path), home=tmp_path)
    assert (refused.code, "which keeps all its lines" in refused.err) == (2, True)


def test_a_copy_of_a_node_is_adopted_by_serving(tmp_path: Path) -> None:
    """By itself it would record as lost what goes on other nodes."""
    home = make_home(tmp_path / "a")
    write_origin_of(home, "0" * 32)
    SchedulerLock.take(home.scheduler_lock, Holder(1, "h", datetime(2026, 1, 1, tzinfo=UTC))).release()
    remember(home)
    shutil.copytree(home.root, tmp_path / "b")
    adopted = call("home", "adopt", home=tmp_path / "b")
    assert (adopted.code, "serve --adopt-home" in adopted.err) == (2, True)
