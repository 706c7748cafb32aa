"""A law of the replicated store, whatever becomes of the network: nothing acknowledged is lost, nothing is doubled.

Two machines append in turns; each call may meet any trouble, statements arrive late.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstore.errors import Conflict, Halted, InDoubt, Unavailable
from eventstore.replicated.replicated_store import ReplicatedStore
from tests.support.examples import examples
from tests.support.journal import event
from tests.support.replicated import lines_of, mirrored, open_on
from tests.support.simulated_database import Met, SimulatedDatabase, Trouble
from tests.support.simulated_server import DatabaseServer

MEETS = st.one_of(
    st.just(Met()),
    st.sampled_from([Trouble.UNREACHABLE, Trouble.NEVER_ARRIVED, Trouble.ANSWER_LOST, Trouble.NOT_SAFE]).map(
        Met
    ),
    st.floats(0.001, 6.0).map(lambda delay_s: Met(Trouble.IN_FLIGHT, delay_s)),
)
Step = tuple[int, str, list[Met], int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1]),
        st.sampled_from(["append", "append on the head", "refresh", "open again"]),
        st.lists(MEETS, max_size=4),
        st.sampled_from([0, 0, 0, 1]),
    ),
    min_size=2,
    max_size=12,
)


@settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_nothing_acknowledged_is_lost_or_doubled(steps: list[Step], tmp_path: Path) -> None:
    """Each acknowledged event stands in the database once, and each mirror is a beginning of what is there."""
    shutil.rmtree(tmp_path, ignore_errors=True)
    server = DatabaseServer(lines=lines_of(1, segment_entries=3))
    sides = [open_on(server, tmp_path / str(side), str(side), patience_s=1.0) for side in (0, 1)]
    acknowledged: list[int] = []
    for number, (side, what, meets, away) in enumerate(steps):
        store, database = sides[side]
        left = list(meets)
        database.trouble = lambda _, left=left: left.pop(0) if left else Met()  # type: ignore[misc]
        with suppress(Conflict, Unavailable, InDoubt):
            if what == "open again":
                sides[side] = _again(server, store, database, tmp_path / str(side), side)
            elif what == "refresh":
                store.refresh()
            else:
                head = store.head() if "head" in what else None
                store.append([event(2 * number), event(2 * number + 1)], expected=head)
                acknowledged += [2 * number, 2 * number + 1]
        server.timeline.pass_(away)
    _check(server, sides, acknowledged, tmp_path)


def _again(
    server: DatabaseServer, store: ReplicatedStore, database: SimulatedDatabase, folder: Path, side: int
) -> tuple[ReplicatedStore, SimulatedDatabase]:
    """The process ends, with what was in doubt, and another one opens the same mirror once the network is back."""
    store.close()
    return open_on(server, folder, str(side), patience_s=1.0)


def _check(
    server: DatabaseServer,
    sides: list[tuple[ReplicatedStore, SimulatedDatabase]],
    acknowledged: list[int],
    folder: Path,
) -> None:
    server.arrive(all_=True)
    lines = server.lines()
    for side in range(len(sides)):
        assert b"".join(lines).startswith(mirrored(folder / str(side)))
    for side, (store, database) in enumerate(sides):
        database.trouble = lambda _: Met()
        with suppress(Halted):
            store.refresh()
        assert b"".join(server.lines()).startswith(mirrored(folder / str(side)))
        runs = [entry.run for entry in store.read(1)]
        assert len(set(runs)) == len(runs)
        assert set(acknowledged) <= set(runs)
        assert server.row().halted is None
        store.close()
