"""What a replicated store promises beyond the contract.

It is about appends in doubt, databases that lost entries, mirrors that are behind, ahead, damaged or somebody else's.
"""

from __future__ import annotations

import errno
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.encoder import compose
from eventstore.errors import Conflict, Halted, InDoubt, OtherLedger, Unavailable
from eventstore.genesis import new_creation
from eventstore.replicated.replicated_store import ReplicatedStore
from eventstore.segment import segment_name
from eventstore.store import EMPTY, Event
from tests.support.disks import FastDisk
from tests.support.journal import StepClock, edit, event
from tests.support.replicated import after, lines_of, mirrored, open_on
from tests.support.simulated_database import Met, SimulatedDatabase, Trouble
from tests.support.simulated_server import BEGIN, DatabaseServer, head_of


@pytest.fixture
def server() -> DatabaseServer:
    """A database of four entries."""
    return DatabaseServer(lines=lines_of(4))


@pytest.mark.parametrize(
    "trouble", [Trouble.NEVER_ARRIVED, Trouble.ANSWER_LOST, Trouble.NOT_SAFE, Met(Trouble.IN_FLIGHT, 0.02)]
)
@pytest.mark.parametrize("times", [1, 3])
def test_an_append_without_an_answer_is_recorded_once(
    server: DatabaseServer, tmp_path: Path, trouble: Trouble | Met, times: int
) -> None:
    """The same bytes are sent until they are found: the entries are there once, and acknowledged."""
    store, database = open_on(server, tmp_path)
    database.meet(trouble, "append", times=times)
    (entry,) = store.append([event(7)], expected=store.head())
    assert (entry.seq, store.in_doubt) == (4, False)
    server.arrive(all_=True)
    assert len(server.lines()) == 5
    assert mirrored(tmp_path) == b"".join(server.lines())
    assert len(server.commits) == 1


def test_what_was_acknowledged_outlives_a_fail_over(server: DatabaseServer, tmp_path: Path) -> None:
    """A line that is there, though its wait was cancelled, is acknowledged only after a commit that is."""
    store, database = open_on(server, tmp_path)
    database.meet(Trouble.NOT_SAFE, "append")
    database.meet(Trouble.NEVER_ARRIVED, "confirm")
    store.append([event(7)])
    server.fail_over()
    assert len(server.lines()) == 5


def test_a_fail_over_between_the_line_and_its_confirmation_loses_nothing(
    server: DatabaseServer, tmp_path: Path
) -> None:
    """The line that the new primary does not have is sent again before it is acknowledged."""
    store, database = open_on(server, tmp_path)
    database.meet(Trouble.NOT_SAFE, "append")
    lost: list[int] = []

    def take_over(call: str) -> None:
        if call == "confirm" and not lost:
            server.set_back(3)
            lost.append(len(server.lines()))

    database.before = take_over
    (entry,) = store.append([event(7)])
    assert lost == [4]
    assert server.lines()[entry.seq] == mirrored(tmp_path).splitlines(keepends=True)[entry.seq]


def test_whoever_was_first_is_found_out_in_doubt(server: DatabaseServer, tmp_path: Path) -> None:
    """If the append never arrived and another's did, it is a conflict."""
    store, database = open_on(server, tmp_path / "a")
    other, _ = open_on(server, tmp_path / "b", "b")
    head = store.head()
    database.meet(Trouble.NEVER_ARRIVED, "append")

    def other_is_first(call: str) -> None:
        if call == "append" and not server.commits and store.in_doubt:
            other.append([event(8)])

    database.before = other_is_first
    with pytest.raises(Conflict):
        store.append([event(7)], expected=head)
    assert [commit.client for commit in server.commits] == ["b"]


def test_patience_ends_in_doubt_and_the_next_look_resolves_it(server: DatabaseServer, tmp_path: Path) -> None:
    """Nothing is composed before it is known; then the entries are read as those of others are."""
    store, database = open_on(server, tmp_path)
    database.meet(Trouble.ANSWER_LOST, "append")
    database.trouble = lambda call: Met(Trouble.UNREACHABLE)
    with pytest.raises(InDoubt):
        store.append([event(7)], expected=store.head())
    doubts = [store.in_doubt]
    with pytest.raises(InDoubt):
        store.append([event(8)])
    with pytest.raises(InDoubt):
        store.refresh()
    assert store.head().seq == 3
    database.trouble = lambda call: Met()
    assert store.refresh() == head_of(server.lines()[-1])
    doubts.append(store.in_doubt)
    assert (store.head().seq, doubts) == (4, [True, False])
    assert [entry.run for entry in store.read(4)] == [7]


def test_an_append_in_doubt_that_never_arrived_is_recorded_by_the_next_look(
    server: DatabaseServer, tmp_path: Path
) -> None:
    """The same bytes are sent again, and an append on the old head is a conflict then."""
    store, database = open_on(server, tmp_path)
    head = store.head()
    database.trouble = lambda call: Met(Trouble.NEVER_ARRIVED)
    with pytest.raises(InDoubt):
        store.append([event(7)], expected=head)
    database.trouble = lambda call: Met()
    with pytest.raises(Conflict):
        store.append([event(8)], expected=head)
    (entry,) = store.append([event(9)])
    assert (entry.seq, [each.run for each in store.read(4)]) == (5, [7, 9])


def test_a_database_that_cannot_be_reached_is_unavailable(server: DatabaseServer, tmp_path: Path) -> None:
    """Nothing was sent, nothing is in doubt; what is here is read all the same."""
    store, database = open_on(server, tmp_path)
    database.cut = True
    with pytest.raises(Unavailable):
        store.append([event(7)])
    with pytest.raises(Unavailable):
        store.refresh()
    assert not store.in_doubt
    assert [entry.seq for entry in store.read(0)] == [0, 1, 2, 3]
    assert [entry.seq for entry in store.read_backwards(2)] == [1, 0]


def test_a_new_machine_fetches_everything_in_pages(tmp_path: Path) -> None:
    """A mirror that begins is filled page by page."""
    server = DatabaseServer(lines=lines_of(50, segment_entries=8))
    server.page_bytes = 1_000
    store, _ = open_on(server, tmp_path)
    store.close()
    assert mirrored(tmp_path) == b"".join(server.lines())


class _FullDisk(FastDisk):
    """A disk that has room, or has none."""

    full = False

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "no room")
        return super().pwrite(fd, data, offset)


def test_what_is_recorded_is_acknowledged_though_the_mirror_is_full(
    server: DatabaseServer, tmp_path: Path
) -> None:
    """After the commit the entries are recorded; before the next append, the mirror must have them."""
    disk = _FullDisk()
    store, _ = open_on(server, tmp_path, disk=disk)
    disk.full = True
    (entry,) = store.append([event(7)])
    assert (entry.seq, store.head().seq) == (4, 4)
    with pytest.raises(Unavailable):
        store.append([event(8)], expected=store.head())
    assert len(server.lines()) == 5
    disk.full = False
    store.append([event(8)], expected=store.head())
    assert [each.run for each in store.read(4)] == [7, 8]


def test_a_database_that_was_set_back_halts_everybody(server: DatabaseServer, tmp_path: Path) -> None:
    """A mirror that is ahead shows it; the flag stops the others, whose mirrors are not."""
    store, _ = open_on(server, tmp_path / "a")
    store.append([event(7), event(8)])
    other, _ = open_on(server, tmp_path / "b", "b")
    server.set_back(3)
    with pytest.raises(Halted, match=r"ends with entry 3\b.*\bentry 5"):
        store.refresh()
    with pytest.raises(Halted):
        other.refresh()
    fresh = SimulatedDatabase(server, "c")
    with pytest.raises(Halted):
        ReplicatedStore.open(fresh, tmp_path / "c", StepClock())
    server.refill(lines_of_mirror(tmp_path / "a")[4:])
    store.append([event(9)])
    assert other.refresh().seq == 6


def lines_of_mirror(folder: Path) -> list[bytes]:
    """The lines that a mirror holds."""
    return mirrored(folder).splitlines(keepends=True)


def test_an_append_to_a_database_that_was_set_back_records_nothing(
    server: DatabaseServer, tmp_path: Path
) -> None:
    """The head that it expects is not there; that is no conflict to decide again after."""
    store, _ = open_on(server, tmp_path)
    store.append([event(7)])
    server.set_back(2)
    with pytest.raises(Halted):
        store.append([event(8)], expected=store.head())
    with pytest.raises(Halted):
        store.append([event(8)])
    assert len(server.lines()) == 3


def test_a_database_that_was_set_back_and_went_on_halts(server: DatabaseServer, tmp_path: Path) -> None:
    """Entries that others appended after the old backup contradict those that were committed before."""
    store, _ = open_on(server, tmp_path / "a")
    store.append([event(7)])
    server.set_back(3)
    other, _ = open_on(server, tmp_path / "b", "b")
    for number in range(3):
        other.append([event(20 + number)])
    with pytest.raises(Halted, match=r"\bentry 4\b"):
        store.refresh()
    with pytest.raises(Halted):
        other.append([event(30)])


def test_an_altered_line_at_the_end_halts(server: DatabaseServer, tmp_path: Path) -> None:
    """The head's hash is compared, also where both have as many entries."""
    store, _ = open_on(server, tmp_path)
    server.alter(3, after(head_of(server.lines()[2]), 1, "forged")[0])
    with pytest.raises(Halted, match=r"\bentry 3\b"):
        store.refresh()


def test_a_removed_line_halts(server: DatabaseServer, tmp_path: Path) -> None:
    """A line that is not there, before others that are, was removed."""
    server.remove(2)
    with pytest.raises(Halted, match=r"\bentry 2\b"):
        open_on(server, tmp_path)


def test_a_mirror_of_another_ledger_is_refused(server: DatabaseServer, tmp_path: Path) -> None:
    """Nobody halts a database on account of a mirror that is not its own."""
    store, _ = open_on(server, tmp_path)
    store.close()
    foreign = SimulatedDatabase(DatabaseServer(lines=_of_another_ledger()), "x")
    with pytest.raises(OtherLedger):
        ReplicatedStore.open(foreign, tmp_path, StepClock())
    assert foreign.head().halted is None


def _of_another_ledger() -> list[bytes]:
    return compose([Event(type="ledger.created", actor="test", data=new_creation("x"))], EMPTY, 0, BEGIN)


def test_a_damaged_mirror_is_fetched_again(tmp_path: Path) -> None:
    """Damage on a machine's disk is no matter of the database, which has all the lines."""
    server = DatabaseServer(lines=lines_of(20, segment_entries=4))
    store, _ = open_on(server, tmp_path)
    store.close()
    edit(tmp_path / segment_name(8), lambda raw: raw.__delitem__(slice(-30, None)))
    with closing(ReplicatedStore.open(SimulatedDatabase(server, "b"), tmp_path, StepClock())) as again:
        assert again.head().seq == 19
    assert mirrored(tmp_path) == b"".join(server.lines())
    assert server.row().halted is None


def test_a_damaged_mirror_that_knew_more_halts(tmp_path: Path) -> None:
    """What HEAD of a damaged mirror speaks of was committed: a database that ends before it was set back."""
    server = DatabaseServer(lines=lines_of(20, segment_entries=4))
    store, _ = open_on(server, tmp_path)
    store.close()
    edit(tmp_path / segment_name(8), lambda raw: raw.__delitem__(slice(-30, None)))
    server.set_back(17)
    with pytest.raises(Halted):
        ReplicatedStore.open(SimulatedDatabase(server, "b"), tmp_path, StepClock())
    assert not (tmp_path / "quarantine").exists()


def test_a_standby_without_what_was_never_acknowledged_halts_nobody(
    server: DatabaseServer, tmp_path: Path
) -> None:
    """A head that was seen and is gone before its lines were read is looked at again."""
    store, database = open_on(server, tmp_path / "a")
    other, writer = open_on(server, tmp_path / "b", "b")
    writer.meet(Trouble.NOT_SAFE, "append")
    writer.trouble = lambda call: Met(Trouble.UNREACHABLE)
    with pytest.raises(InDoubt):
        other.append([event(7)])

    def take_over(call: str) -> None:
        if call == "lines":
            server.fail_over()

    database.before = take_over
    assert store.refresh().seq == 3
    assert server.row().halted is None
