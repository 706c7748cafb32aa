"""Lives of several nodes, from seeds: whatever becomes of machines, processes, clocks, network and database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.simulated_cluster.lives import ClusterLife, LongOutageLife, SetBackLife

Life = Callable[[int, Path, float], ClusterLife]
SHORT_S, LONG_S = 150.0, 400.0
"""How long lives last in a normal run, and in a hunt; a seed lives another life in each."""
SHOWN_MAX = 300
"""So many lines of a story, the last ones, are shown of a life that failed; the seed gives the others."""


def live(kind: Life, seed: int, root: Path, length_s: float) -> None:
    """One life, and the laws."""
    life = kind(seed, root / f"life-{seed}", length_s)
    try:
        life.live()
        life.check()
    except Exception as failure:
        story = life.cluster.tell().splitlines()[-SHOWN_MAX:]
        raise AssertionError(f"seed {seed}: {failure!r}\n" + "\n".join(story)) from failure
    finally:
        life.cluster.close()


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "few", "many"), [(ClusterLife, 2, 3_000), (SetBackLife, 1, 500), (LongOutageLife, 0, 100)]
)
def test_the_laws_hold(kind: Life, few: int, many: int, hunt: bool, tmp_path: Path) -> None:
    """Every instant is settled once, no attempt starts twice, nothing acknowledged is lost, one leads, soon again."""
    for seed in range(many if hunt else few):
        live(kind, seed, tmp_path, LONG_S if hunt else SHORT_S)
