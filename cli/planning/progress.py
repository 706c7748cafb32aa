"""Planning a home's config, with progress while the ledger is folded for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cli.app.ledger_wait import patience_explained
from cli.terminal.progress import progress
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.configuration.model import Config
    from scheduler.planning.candidate import Candidate
    from scheduler.planning.home_plan import HomePlan


def planned(
    home: Home, days: int, candidate: Candidate | None = None, config: Config | None = None
) -> HomePlan:
    """What would change within so many days; the rest is as `plan_of` has it."""
    from scheduler.planning.home_plan import plan_of

    with patience_explained(home.ledger), progress("folding the ledger, entries") as seen:
        return plan_of(
            home,
            timedelta(days=days),
            candidate,
            on_progress=lambda done, total: seen.update(done, total=total),
            config=config,
        )
