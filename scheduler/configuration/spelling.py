"""The word that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word from which one slip of the keyboard makes `word`, or an empty string; - and _ are one letter."""
    from scheduler.schedule.errors import mistyped  # only a mistake needs it

    by_word: dict[str, list[str]] = {}
    for each in dict.fromkeys(known):
        by_word.setdefault(each.replace("-", "_"), []).append(each)
    meant = by_word.get(mistyped(word.replace("-", "_"), by_word) or "", [])
    return meant[0] if len(meant) == 1 else ""
