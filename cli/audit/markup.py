"""HTML that is safe by its type: text becomes `Html` by being escaped, and tags take nothing else."""

from __future__ import annotations

from html import escape
from typing import NewType

from cli.terminal.printable import printable

Html = NewType("Html", str)
"""Text that is HTML."""


def text(value: str) -> Html:
    """Any text as HTML: escaped, and what is not printable shown as such."""
    return Html(escape(printable(value)))


def tag(name: str, *parts: Html, **attributes: str | float | None) -> Html:
    """An element with its parts.

    Args:
        name: of the element.
        parts: what it holds.
        attributes: a trailing underscore is dropped, another becomes a dash; those that are None or empty are left
            out.
    """
    return Html(f"{_opened(name, attributes)}{''.join(parts)}</{name}>")


def void(name: str, **attributes: str | float | None) -> Html:
    """An element that holds nothing."""
    return Html(_opened(name, attributes))


def joined(*parts: Html) -> Html:
    """Parts, one behind the other."""
    return Html("".join(parts))


def _opened(name: str, attributes: dict[str, str | float | None]) -> str:
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(_number(value))}"'
        for key, value in attributes.items()
        if value is not None and value != ""
    )
    return f"<{name}{told}>"


def _number(value: str | float | None) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
