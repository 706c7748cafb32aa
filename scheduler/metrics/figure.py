"""A figure: what it is called, what it means, and its values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

FigureKind = Literal["counter", "gauge", "histogram", "info"]


class Spread(NamedTuple):
    """The value of a histogram.

    Attributes:
        bounds_s: in seconds, growing.
        counts: how many values were at most as large as each bound and larger than the one before; the last one
            counts those beyond.
        sum_s: all values together, in seconds.
    """

    bounds_s: Sequence[float]
    counts: Sequence[int]
    sum_s: float


class Sample(NamedTuple):
    """One value of a figure, told apart from the others by the values of its labels."""

    labels: tuple[str, ...]
    value: float | Spread


class Figure(NamedTuple):
    """A figure.

    Attributes:
        name: as Prometheus has it, without the suffix `_total`.
        kind: what its values do.
        meaning: in words.
        labels: by which its values are told apart.
        samples: the values.
    """

    name: str
    kind: FigureKind
    meaning: str
    labels: tuple[str, ...]
    samples: Sequence[Sample]

    @property
    def is_in_seconds(self) -> bool:
        """Whether its values are seconds; those of all others are whole numbers of things."""
        return self.name.endswith("_seconds")
