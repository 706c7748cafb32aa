"""Long ledgers for measurements are as a scheduler would have left them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from benchmarks.generate import generate
from scheduler.home import Home
from scheduler.ledger.past import Past
from scheduler.store import open_store


def test_the_state_at_the_end_of_each_full_segment_is_kept(tmp_path: Path) -> None:
    """Each is valid, and the one that the entries fold to."""
    home = Home(tmp_path / "home")
    generate(home, 3_000, jobs=7, segment_entries=500)
    with closing(open_store(home)) as store:
        kept, folded = Past.of(home, store), Past(store, tmp_path / "none", 500)
        ends = kept.segment_ends
        assert len(ends) >= 6
        for end in ends:
            assert kept.is_kept(end)
            assert kept.state_at(end) == folded.state_at(end)
