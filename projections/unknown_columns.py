"""What was probably meant by a column that is not there: another one, or a text without its quotes."""

from __future__ import annotations

import re
from difflib import get_close_matches

from projections.schema.columns import VIEWS

_COMPARED = re.compile(
    r"(?:[=<>]|\b(?:i?like|in\s*\((?:[^()]*,)?|between|glob|similar\s+to))\s*\Z", re.IGNORECASE
)
"""What stands before a value with which a column is compared."""
_SHOWN_MAX = 8


def unknown_column(name: str, message: str, place: str) -> str:
    """A sentence that helps; empty if nothing is near.

    Args:
        name: what was taken for a column, as it was written.
        message: what the engine says; it may name columns that are there.
        place: the line of the query and the caret below it, if known.
    """
    there = _there(message)
    last = name.rpartition(".")[2].lower()
    if _is_compared_with(place):
        near = get_close_matches(last, there, n=1)
        meant = f"; or did you mean the column {near[0]}?" if near else ""
        return f"a text is written in single quotes: '{name}'{meant}"
    return _meant(last, there)


def _there(message: str) -> list[str]:
    """The columns that the engine names: those at hand that it finds the nearest."""
    bindings = re.search(r"Candidate bindings: (.*)", message)
    named = re.findall(r"\"([^\"]+)\"", bindings[1]) if bindings else []
    return list(dict.fromkeys(each.rpartition(".")[2] for each in named))


def _meant(name: str, there: list[str]) -> str:
    """The column that was meant: one at hand, or of one of the views, if only their columns are at hand."""
    views: dict[str, list[str]] = {}
    for view, columns in VIEWS.items():
        for column in columns:
            views.setdefault(column.name, []).append(view)
    known = list(views) if all(each in views for each in there) else []
    for candidates in (there, known):
        near = get_close_matches(name, candidates, n=1)
        if near:
            of = f" of {_listed(views[near[0]])}" if near[0] in views and known else ""
            return f"did you mean the column {near[0]}{of}?"
    if not there:
        return ""
    return f"among the columns here {'is' if len(there) == 1 else 'are'} {_listed(there[:_SHOWN_MAX])}"


def _is_compared_with(place: str) -> bool:
    """Whether the place is behind a comparison, where rather a value stands than another column."""
    line, _, caret = place.partition("\n")
    return bool(_COMPARED.search(line[: len(caret.rstrip()) - 1])) if caret else False


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
