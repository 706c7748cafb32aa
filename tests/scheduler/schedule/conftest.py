"""Croniter is loaded, as in a scheduler: it steps what is asked more than once."""

from __future__ import annotations

import pytest

from scheduler.schedule.cron import stepper


@pytest.fixture(autouse=True, scope="session")
def _croniter() -> None:
    stepper.load()
