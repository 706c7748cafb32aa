"""The symbols of a timeline: the character of each piece, in Unicode and in ASCII, and what it means.

Every meaning has a character of its own, so that a timeline without colours says as much as one with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from cli.charts.timeline import MARKS, PieceShape, RunMark, TimelinePiece
from cli.terminal.console import Tone
from scheduler.wording.outcomes import OUTCOME_WORDINGS

TONES: dict[RunMark, Tone] = {
    **{outcome: wording.tone for outcome, wording in OUTCOME_WORDINGS.items()},
    "missed": "warn",
    "skipped": "warn",
    "retried": "warn",
    "breached": "warn",
    "running": "strong",
    "owed": "dim",
}
WORDS: dict[RunMark, str] = {
    **{outcome: wording.legend for outcome, wording in OUTCOME_WORDINGS.items()},
    "missed": "missed",
    "skipped": "skipped",
    "retried": "tried again",
    "breached": "late (expect)",
    "running": "running",
    "owed": "waiting",
}
_BAR: tuple[PieceShape, ...] = ("begin", "body", "end")
MANY_FROM = (2, 5, 20, 100)
"""A column with at least this many runs is drawn at the first, second, … level."""


class GlyphSet(NamedTuple):
    """The characters of a timeline.

    Attributes:
        shapes: the character of each shape but `many` and `sign`.
        signs: the character of each mark that has a sign.
        many: the character of each level of several runs in one column.
        down: the character for time in which no scheduler ran.
        line: the character of the axis; tick: the one at which a label stands.
        cut: the character at the end of a name that is too long.
    """

    shapes: Mapping[str, str]
    signs: Mapping[RunMark, str]
    many: str
    down: str
    line: str
    tick: str
    cut: str

    def glyph(self, piece: TimelinePiece) -> str:
        """The character of a piece."""
        if piece.shape == "sign":
            return self.signs[piece.mark]
        if piece.shape == "many":
            return self.many[sum(piece.runs >= least for least in MANY_FROM) - 1]
        return self.shapes[piece.shape]

    def legend_of(self, mark: RunMark, drawn: AbstractSet[PieceShape]) -> str:
        """The characters for a mark in a timeline that draws it in these shapes; there may be none.

        A mark has none if its runs share all their columns with others, because such columns show counts.
        """
        if mark in self.signs:
            return self.signs[mark] if "sign" in drawn else ""
        if "going" in drawn:
            return self.shapes["going"]
        bar = "".join(self.shapes[part] for part in _BAR)
        return " ".join([self.shapes["one"]] * ("one" in drawn) + [bar] * (not drawn.isdisjoint(_BAR)))


ASCII = GlyphSet(
    shapes={
        "blank": " ", "late": ".", "one": "*", "begin": "[", "body": "=", "end": "]", "joint": "|", "going": ">"
    },
    signs={
        "failed": "x", "timed_out": "T", "lost": "L", "unknown": "?", "cancelled": "C", "missed": "!",
        "skipped": "o", "retried": "r", "breached": "@",
    },
    many="-+%#",
    down=":",
    line="-",
    tick="+",
    cut="~",
)  # fmt: skip
UNICODE = GlyphSet(
    shapes={
        "blank": " ", "late": "·", "one": "•", "begin": "╺", "body": "━", "end": "╸", "joint": "┃", "going": "▸"
    },
    signs={**ASCII.signs, "failed": "✗", "skipped": "○", "retried": "↻", "breached": "◷"},
    many="▂▄▆█",
    down="░",
    line="─",
    tick="┬",
    cut="…",
)  # fmt: skip

assert set(TONES) == set(WORDS) == set(MARKS)
