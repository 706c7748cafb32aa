"""Texts, lists of them, and relations without rows, as SQL writes them."""

from __future__ import annotations

from collections.abc import Sequence


def quoted(text: object) -> str:
    """A string as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def among(words: Sequence[str]) -> str:
    """Strings as an SQL list in parentheses."""
    return "(" + ", ".join(map(quoted, words)) + ")"


def listed(texts: list[str]) -> str:
    """Strings as an SQL list."""
    return "[" + ", ".join(map(quoted, texts)) + "]"


def no_rows(types: dict[str, str]) -> str:
    """SQL of a relation with these columns and no rows."""
    return "SELECT " + ", ".join(f"NULL::{kind} AS {name}" for name, kind in types.items()) + " WHERE false"
