"""Fixtures of these tests."""

from __future__ import annotations

from tests.support.mirrors import mirrors_are_closed

__all__ = ["mirrors_are_closed"]
