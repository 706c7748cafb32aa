"""Behind the marks of a row: cells that lead to why at their instant, so that every place of the picture does.

They are for the pointer alone: by keyboard, and to a screen reader, two thousand of them would only stand before the
marks, and the page of each job asks the same about any instant.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final
from urllib.parse import quote

from markupsafe import Markup

from cli.charts.axis import instant_of
from cli.console.pages.time.axis_marks import Scale
from cli.console.pages.time.wanted import iso

_OF_PAGE: Final = 2_400
"""So many cells has a page of many jobs in all: some ten kilobytes over the wire."""
_LEAST: Final = 24
_MOST: Final = 96
_HEIGHT: Final = 200
"""As high as a row may be; the picture cuts off what is more."""


class WhyCells:
    """The cells of the rows of one page.

    Args:
        scale: where things stand.
        jobs: how many rows there are.
        base: what stands before the path of every link.
    """

    def __init__(self, scale: Scale, jobs: int, base: str) -> None:
        count = min(_MOST, max(_LEAST, _OF_PAGE // max(1, jobs)))
        length_us = scale.end_us - scale.begin_us
        edges = [scale.begin_us + length_us * number // count for number in range(count + 1)]
        self._base = base
        self._cells = [
            f'{iso(instant_of((begin + end) // 2))}" tabindex="-1">'
            f'<path d="M{scale.at(begin)} 0H{scale.at(end)}V{_HEIGHT}H{scale.at(begin)}z"/></a>'
            for begin, end in pairwise(edges)
        ]

    def of(self, job: str) -> Markup:
        """Those of a job's row."""
        link = f'<a href="{self._base}/jobs/{quote(job, safe="")}/why?at='
        cells = "".join(link + cell for cell in self._cells)
        # All of it is numbers, and what `quote` leaves.
        return Markup(f'<g fill="none" pointer-events="all" aria-hidden="true">{cells}</g>')  # noqa: S704
