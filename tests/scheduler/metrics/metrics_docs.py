"""The table of docs/metrics.md, as the code has the figures.

`python -m tests.scheduler.metrics.metrics_docs` writes it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from scheduler.home import Home
from scheduler.ledger.view import View
from scheduler.metrics.figure import Figure
from scheduler.metrics.figures import figures
from scheduler.metrics.totals import Totals
from scheduler.rules.state import State

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"
_TABLE = re.compile(r"(?<=\|---\|---\|---\|---\|\n).*?(?=Times are seconds)", re.DOTALL)


def every_figure() -> list[Figure]:
    """All figures that there are."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    view = View(Home(Path("/nowhere")), now, None, State(), None, None, None, pending=False)
    return list(figures(view, Totals.none(), None))


def table() -> str:
    """A row a figure."""
    rows = []
    for figure in every_figure():
        suffix = {"counter": "_total", "info": "_info"}.get(figure.kind, "")
        labels = ", ".join(f"`{label}`" for label in figure.labels)
        rows.append(f"| `{figure.name}{suffix}` | {figure.kind} | {labels} | {figure.meaning} |\n")
    return "".join(rows) + "\n"


def written() -> str:
    """The page with the table as it should be."""
    return _TABLE.sub(lambda _: table(), PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
