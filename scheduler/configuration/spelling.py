"""The word that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word from which one slip of the keyboard makes `word`, or an empty string."""
    from scheduler.schedule import mistyped  # only a mistake needs it

    return mistyped(word.replace("-", "_"), known) or ""
