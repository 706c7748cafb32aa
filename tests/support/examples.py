"""How many examples a property is tried with: few in a normal run, always the same ones, and many in a hunt."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

NORMAL, HUNT = 50, 3_000
"""Where a test does not say how many: those of the two profiles."""


def register() -> None:
    """Make the two profiles known; neither takes a busy machine for a slow test."""
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("always the same", patient, derandomize=True, max_examples=NORMAL)
    settings.register_profile("hunt", patient, max_examples=HUNT)


def examples(normal: int) -> int:
    """The number for a test that takes so many in a normal run: more in a hunt, by as much as elsewhere."""
    return normal * (settings().max_examples // NORMAL)
