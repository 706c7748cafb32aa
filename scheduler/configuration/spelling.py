"""The word that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The known word most like `word`, or an empty string when nothing comes close."""
    import difflib  # only a mistake needs it

    found = difflib.get_close_matches(word.casefold().replace("-", "_"), known, n=1, cutoff=cutoff)
    return found[0] if found else ""
