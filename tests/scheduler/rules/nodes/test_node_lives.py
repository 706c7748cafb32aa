"""Random lives of several nodes: whatever happens, the leader keeps the laws, and leaves no run behind."""

from __future__ import annotations

from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.rules.runs.attempts import end_of_wish
from scheduler.rules.runs.waiting_reasons import WaitingReasons
from tests.support.node_lives import NAMES, NodeLives


def test_no_law_is_broken_and_no_run_waits_that_a_node_could_take(seeds: range) -> None:
    """After each decision: no node has too many runs, no lock too many holders, and each wait has its reason."""
    started = 0
    for seed in seeds:
        lives = NodeLives(seed)
        lives.turn()
        for _ in range(150):
            lives.step()
            state = lives.state
            for name in NAMES:
                had = sum(run.place == name and run.assigned is not None for run in state.runs.values())
                assert had <= state.nodes[name].max_parallel
            for run in state.runs.values():
                if run.assigned is not None:
                    assert state.nodes[run.assigned.node].takes_new
                    assert end_of_wish(run, state.jobs.get(run.job)) is None
            waits = WaitingReasons(state, lives.now().wall, silent=lives.silent)
            unknown = [
                number
                for number, run in state.runs.items()
                if not run.begun and waits.of(number).kind == "unknown"
            ]
            assert unknown == [], f"seed {seed}, entry {state.head.seq}"
        entries = list(lives.ledger.store.read(0))
        assert list(illegal_entries(entries)) == [], f"seed {seed}"
        started += sum(entry.type == "run.started" for entry in entries)
    assert started > 50
