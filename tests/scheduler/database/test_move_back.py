"""A ledger comes back out of its database whole, whatever interrupts that, and goes on in one place alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.encoder import compose
from eventstore.entry import decode_own, head_after
from eventstore.errors import Halted
from eventstore.moved import moved_words, says_moved
from eventstore.replicated.comparison import compare
from eventstore.replicated.database import NodeIdentity
from eventstore.replicated.mirror import Mirror
from eventstore.replicated.refill import RefillRefused, refill
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.database.move import MoveRefused
from scheduler.database.move_back import MoveBackRefused, MovedBack, move_back
from scheduler.home import Home
from scheduler.ledger.open import open_files_to_read
from scheduler.processes.recognition.identity import host_name
from scheduler.store import is_on_database, open_store, open_store_to_append
from tests.support.ledger_check import check_ledger
from tests.support.moved_ledger import ANN, Killed, KilledTarget, Tables, moved, written
from tests.support.replicated import RefillableDatabase, mirrored, open_on
from tests.support.simulated_server import BEGIN, DatabaseServer

STOPPED = v.event(v.SchedulerStopped(reason="SIGTERM"), v.SCHEDULER)


def served(home: Home, *more: Event) -> DatabaseServer:
    """The database to which the ledger of a home is moved; a node has served it, and has left."""
    tables = Tables()
    moved(home, KilledTarget(tables))
    server = DatabaseServer(lines=tables.lines)
    recorded(server, _joined("a"), v.event(v.NodeLeft(node="a", reason="SIGTERM"), v.SCHEDULER), *more)
    return server


def recorded(server: DatabaseServer, *events: Event) -> None:
    """Entries are recorded in the database."""
    head = server.row().head
    lines = compose(list(events), head, head.seq + 1, BEGIN)
    assert server.append("x", head, tuple(lines), head_after(decode_own(b"".join(lines))))


def _joined(node: str) -> Event:
    joined = v.NodeJoined(
        node=node, host="web1", boot_id="b", pid=1, max_parallel=2, incarnation="0" * 32, labels=[], versions={},
        unfit={},
    )  # fmt: skip
    return v.event(joined, v.SCHEDULER)


def back(
    home: Home, server: DatabaseServer, kill: Callable[[str], None] | None = None, *, after: bool = False
) -> MovedBack:
    """Move the ledger back; `kill` is called with each statement, before it or after."""
    database = RefillableDatabase(server)
    if kill is not None and after:
        database.after = kill
    elif kill is not None:
        database.before = kill
    return move_back(home, database, ANN, lambda step, done, total: None, pause=server.timeline.pass_)


class KilledAt:
    """The process is killed when this is called for the nth time."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, *_: object) -> None:
        """Count a call; the process is killed."""
        self.left -= 1
        if self.left == 0:
            raise Killed


def check_back(home: Home, server: DatabaseServer) -> None:
    """The home goes on alone with what the database had; the database takes nothing."""
    assert not is_on_database(home)
    assert mirrored(home.own_ledger) == b"".join(server.lines())
    assert says_moved(server.row().halted)
    with closing(open_store(home)) as store:
        last = next(store.read_backwards())
        assert (last.type, last.hash) == ("ledger.moved", server.row().head.hash)
    with closing(open_store_to_append(home, ANN)) as store:
        (entry,) = store.append([STOPPED])
        assert (entry.seq, entry.prev) == (last.seq + 1, last.hash)
    check_ledger(home.own_ledger)
    check_ledger(next(home.var.glob("mirror-until-*")))


def test_a_ledger_comes_back_byte_for_byte(tmp_path: Path) -> None:
    """The next entry follows `ledger.moved`; whoever is on the database learns where the ledger is, and why."""
    home = written(tmp_path / "a")
    server = served(home)
    done = back(home, server)
    check_back(home, server)
    assert done.entries == len(server.lines())
    assert done.before is not None
    check_ledger(done.before)
    with pytest.raises(Halted, match=f"moved to {home.own_ledger} on {host_name()}"):
        open_on(server, tmp_path / "other")
    state = open_files_to_read(home).state
    assert (state.nodes, state.leader) == ({}, None)


def test_a_ledger_goes_there_and_back_twice(tmp_path: Path) -> None:
    """Each line is what it was; the database of before is refused, before anything is recorded."""
    home = written(tmp_path)
    first = served(home)
    back(home, first)
    with closing(open_store_to_append(home, ANN)) as store:
        store.append([STOPPED])
    old = Tables()
    old.prepared, old.lines, old.ledger_id = True, first.lines(), first.ledger_id
    before = mirrored(home.own_ledger)
    with pytest.raises(MoveRefused) as refused:
        moved(home, KilledTarget(old))
    assert (refused.value.problem, mirrored(home.own_ledger)) == ("was_there", before)
    second = served(home)
    back(home, second)
    check_back(home, second)
    assert b"".join(second.lines()).startswith(before)
    assert len(list(home.var.glob("mirror-until-*"))) == len(list(home.var.glob("ledger-until-*"))) == 2


def test_a_move_back_that_is_killed_is_gone_on_with(tmp_path: Path) -> None:
    """At whichever statement it is killed, moving again ends as if nothing had happened."""
    kill_at, done = 1, False
    while not done:
        home = written(tmp_path / f"{kill_at}")
        server = served(home)
        try:
            back(home, server, KilledAt(kill_at))
            done = True
        except Killed:
            assert is_on_database(home)
            back(home, server)
        check_back(home, server)
        assert b"".join(server.lines()).count(b'"ledger.moved"') == 2
        kill_at += 1
    assert kill_at > 12


@pytest.mark.parametrize(("name", "times"), [("sync", 1), ("rename", 3)])
def test_a_folder_that_was_begun_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, times: int
) -> None:
    """Two places never append: until the mirror has another name, the home is on the database."""
    kill_at, done, real = 1, False, getattr(os, name)
    while not done:
        home = written(tmp_path / f"{kill_at}")
        server = served(home)
        killed = KilledAt(kill_at)

        def kill(*given: object, killed: KilledAt = killed, **named: object) -> None:
            killed()
            real(*given, **named)

        with monkeypatch.context() as patched:
            patched.setattr(os, name, kill)
            try:
                back(home, server)
                done = True
            except Killed:
                assert is_on_database(home)
        if not done:
            back(home, server)
        check_back(home, server)
        kill_at += 1
    assert kill_at > times + 1


def _at_work(server: DatabaseServer) -> Callable[[float], None]:
    def pass_(seconds: float) -> None:
        server.timeline.pass_(seconds)
        server.renew(NodeIdentity("a", "0" * 32, "web1"))

    return pass_


def test_a_node_that_serves_or_is_at_work_is_in_the_way(tmp_path: Path) -> None:
    """By what is on record, or by its counter; everybody goes on as before."""
    home = written(tmp_path)
    server = served(home, _joined("b"))
    with pytest.raises(MoveBackRefused) as refused:
        back(home, server)
    assert (refused.value.problem, refused.value.what) == ("nodes", ("b",))
    recorded(server, v.event(v.NodeLeft(node="b", reason="SIGTERM"), v.SCHEDULER))
    server.claim(NodeIdentity("a", "0" * 32, "web1"), None)
    with pytest.raises(MoveBackRefused) as refused:
        move_back(home, RefillableDatabase(server), ANN, lambda *_: None, pause=_at_work(server))
    assert (refused.value.problem, refused.value.what) == ("alive", ("a",))
    assert server.row().halted is None
    back(home, server)
    check_back(home, server)


def test_a_node_that_joins_right_before_the_flag_is_found(tmp_path: Path) -> None:
    """The flag is taken away again, and nothing was recorded."""
    home = written(tmp_path)
    server = served(home)

    def join(call: str) -> None:
        if call == "halt":
            recorded(server, _joined("b"))

    with pytest.raises(MoveBackRefused) as refused:
        back(home, server, join)
    assert (refused.value.problem, server.row().halted) == ("nodes", None)
    recorded(server, STOPPED)


def test_a_database_that_is_halted_for_another_reason_is_left_alone(tmp_path: Path) -> None:
    """What is wrong there comes first."""
    home = written(tmp_path)
    server = served(home)
    server.halt("the database lost entries")
    with pytest.raises(Halted, match="lost entries"):
        back(home, server)
    assert is_on_database(home)


def test_another_ledger_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    """Only the beginning of this one is moved aside."""
    home = written(tmp_path / "a")
    server = served(home)
    other = written(tmp_path / "b")
    home.own_ledger.rename(tmp_path / "kept")
    other.own_ledger.rename(home.own_ledger)
    before = mirrored(home.own_ledger)
    with pytest.raises(MoveBackRefused) as refused:
        back(home, server)
    assert (refused.value.problem, server.row().halted) == ("in_the_way", None)
    assert mirrored(home.own_ledger) == before


def test_only_a_move_that_is_not_on_record_can_be_given_up(tmp_path: Path) -> None:
    """Then the flag is taken away by `refill`; later it stays for good, and another folder is refused."""
    home = written(tmp_path)
    server = served(home)
    with pytest.raises(Killed):
        back(home, server, _killed_at("refill"))
    with closing(Mirror.open(home.mirror)) as mirror:
        database = RefillableDatabase(server)
        assert refill(database, mirror, compare(database, mirror)).resumed
    with pytest.raises(Killed):
        back(home, server, _killed_at("refill"), after=True)
    with closing(Mirror.open(home.mirror)) as mirror, pytest.raises(RefillRefused) as refused:
        refill(database, mirror, compare(database, mirror))
    assert refused.value.problem == "moved"
    assert server.row().halted == moved_words(home.own_ledger, host_name())
    elsewhere = Home(tmp_path.rename(tmp_path.with_name("elsewhere")))
    with pytest.raises(MoveBackRefused) as there:
        back(elsewhere, server)
    assert there.value.problem == "elsewhere"


def _killed_at(call: str) -> Callable[[str], None]:
    def kill(called: str) -> None:
        if called == call:
            raise Killed

    return kill
