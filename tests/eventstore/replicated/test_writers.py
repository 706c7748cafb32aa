"""Several writers on one database, whatever becomes of it and of them: what was acknowledged is there, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from eventstore.errors import InDoubt, LedgerError, NoAnswer, Unavailable
from eventstore.replicated.mirror import Mirror
from eventstore.replicated.replicated_store import ReplicatedStore
from eventstore.store import Head
from tests.support.simulated_cluster.writers import WritersLife
from tests.support.simulated_database import SimulatedDatabase
from tests.support.simulated_server import DatabaseServer

HUNTED = 2_000
FEW = 8
SEEDS_MAX = 40
"""A planted bug is found within so many lives."""


def live(seed: int, root: Path) -> None:
    """One life, and its laws."""
    life = WritersLife(seed, root / f"seed-{seed}")
    try:
        life.live()
        life.check()
    except (AssertionError, LedgerError) as failure:
        raise AssertionError(f"seed {seed}: {failure}\n" + "\n".join(life.story)) from failure
    finally:
        life.close()


def live_some(count: int, root: Path) -> None:
    """So many lives, one after another."""
    for seed in range(count):
        live(seed, root)


def test_what_is_acknowledged_is_there_once(hunt: bool, tmp_path: Path) -> None:
    """No append is doubled, none that was refused is there, and each mirror holds what was committed, and no more."""
    live_some(HUNTED if hunt else FEW, tmp_path)


def believes_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """An append without an answer counts as recorded."""
    append = SimulatedDatabase.append

    def believing(self: SimulatedDatabase, expected: Head, lines: Sequence[bytes], new: Head) -> bool:
        try:
            return append(self, expected, lines, new)
        except NoAnswer:
            return True

    monkeypatch.setattr(SimulatedDatabase, "append", believing)


def believes_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """An append without an answer counts as not recorded."""
    append = SimulatedDatabase.append

    def doubting(self: SimulatedDatabase, expected: Head, lines: Sequence[bytes], new: Head) -> bool:
        try:
            return append(self, expected, lines, new)
        except NoAnswer as error:
            raise Unavailable(str(error)) from error

    monkeypatch.setattr(SimulatedDatabase, "append", doubting)


def never_gives_up_for_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    """An append that stays in doubt is called refused."""
    append = ReplicatedStore.append

    def refusing(self: ReplicatedStore, *args: Any, **named: Any) -> Any:
        try:
            return append(self, *args, **named)
        except InDoubt as error:
            raise Unavailable(str(error)) from error

    monkeypatch.setattr(ReplicatedStore, "append", refusing)


def does_not_confirm(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is seen in the database counts as safe there."""
    monkeypatch.setattr(SimulatedDatabase, "confirm", lambda self: None)


def mirrors_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mirror takes what is not committed yet."""
    append = SimulatedDatabase.append

    def early(self: SimulatedDatabase, expected: Head, lines: Sequence[bytes], new: Head) -> bool:
        mirror = mirrors.get(self.name)
        if mirror is not None and mirror.head() == expected:
            mirror.take(lines)
        return append(self, expected, lines, new)

    mirrors: dict[str, Mirror] = {}
    opened = ReplicatedStore.__init__

    def noting(
        self: ReplicatedStore, database: SimulatedDatabase, mirror: Mirror, *args: Any, **named: Any
    ) -> None:
        mirrors[database.name] = mirror
        opened(self, database, mirror, *args, **named)

    monkeypatch.setattr(ReplicatedStore, "__init__", noting)
    monkeypatch.setattr(SimulatedDatabase, "append", early)


def moves_any_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database appends, whatever was expected."""
    append = DatabaseServer.append

    def careless(
        self: DatabaseServer, client: str, expected: Head, lines: Sequence[bytes], new: Head
    ) -> bool:
        del expected
        return append(self, client, self.row().head, lines, new)

    monkeypatch.setattr(DatabaseServer, "append", careless)


@pytest.mark.parametrize(
    "plant",
    [
        believes_too_much,
        believes_too_little,
        never_gives_up_for_certain,
        does_not_confirm,
        mirrors_too_early,
        moves_any_head,
    ],
)
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The laws can be broken: each of these makes one of the first lives fail."""
    plant(monkeypatch)
    with pytest.raises(AssertionError, match=r"seed \d+"):
        live_some(SEEDS_MAX, tmp_path)
