"""Showing a person the line that a mistake is in."""

from __future__ import annotations


def excerpt(text: str, line: int, column: int, width: int = 100) -> str:
    r"""The line of `text` that a mistake is in, and below it a caret under its column.

    Args:
        text: The whole config.
        line: Counted from 1.
        column: Counted from 1, in characters.
        width: A longer line is shown in part, with `…` where it was cut.

    Returns:
        Two lines without a final newline, or an empty string if the text has no such line.

    >>> print(excerpt("jobs:\n  a: 1\n", 2, 6))
      a: 1
         ^
    """
    lines = text.split("\n", line)
    if not 1 <= line <= len(lines) or (line == len(lines) and not lines[line - 1]):
        return ""
    shown = "".join(char if char.isprintable() else " " for char in lines[line - 1].rstrip("\r"))
    at = min(max(column, 1) - 1, len(shown))
    if len(shown) > width:
        begin = max(0, min(at - width // 2, len(shown) - width))
        end = begin + width
        left, right = "…" if begin else "", "…" if end < len(shown) else ""
        shown, at = left + shown[begin:end] + right, at - begin + len(left)
    return f"{shown}\n{' ' * at}^"
