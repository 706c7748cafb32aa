from __future__ import annotations

from pathlib import Path

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.ledger import snapshot
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.shared_snapshots import SharedSnapshots
from tests.support.world import World, job


class Reader:
    """A node that folds what others record, and keeps snapshots each 16 entries."""

    def __init__(self, world: World, folder: Path) -> None:
        self.folder, self.ledger = folder, Ledger(world.machine.store.peer())
        self.snapshots = SharedSnapshots(folder, self.ledger, every=16)
        self.ledger.refresh()

    def record(self, event: Event) -> None:
        """Append as the leader."""
        self.ledger.decide(lambda state: [event])

    def newest(self) -> int:
        """At which entry the newest state ends that it would begin with; -1 if it has none."""
        return snapshot.newest(self.folder, self.ledger.store).head.seq


def test_each_node_keeps_the_state_that_the_leader_recorded(tmp_path: Path) -> None:
    """It drafts the same bytes; one entry records them for all, and each begins with its own file."""
    world = World(job("often", "* * * * *"))
    world.start()
    world.run(180)
    leader, follower = (Reader(world, tmp_path / name) for name in ("leader", "follower"))
    world.run(600)
    leader.ledger.refresh()
    follower.ledger.refresh()
    assert (leader.newest(), follower.newest()) == (-1, -1)
    leader.snapshots.record(leader.record)
    leader.snapshots.record(leader.record)
    follower.ledger.refresh()
    (recorded,) = world.entries(v.SnapshotWritten)
    assert leader.newest() == follower.newest() == v.payload(recorded).entry
    assert leader.newest() % 16 == 0
    assert {path.name for path in leader.folder.iterdir()} == {
        path.name for path in follower.folder.iterdir()
    }


def test_a_draft_that_is_not_what_was_recorded_is_worth_nothing(tmp_path: Path) -> None:
    """Where another version folds, the bytes differ: nothing is taken for what the leader recorded."""
    world = World(job("often", "* * * * *"))
    world.start()
    world.run(60 * 8)
    reader = Reader(world, tmp_path)
    draft_at = reader.ledger.state.head.seq // 16 * 16
    reader.record(v.event(v.SnapshotWritten(entry=draft_at, sha256="0" * 64, code="0" * 64), v.SCHEDULER))
    assert reader.newest() == -1
    assert list(tmp_path.iterdir()) == []
