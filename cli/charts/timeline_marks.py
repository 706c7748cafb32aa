"""How a timeline looks: a symbol for each piece, the same for colour-blind printers, and what the symbols mean.

Every meaning has a character of its own, so that a picture without colours says as much as one with them.
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
    "running": "strong",
    "owed": "dim",
}
WORDS: dict[RunMark, str] = {
    **{outcome: wording.legend for outcome, wording in OUTCOME_WORDINGS.items()},
    "missed": "missed",
    "skipped": "skipped",
    "running": "running",
    "owed": "waiting",
}
_BAR: tuple[PieceShape, ...] = ("begin", "body", "end")
MANY_FROM = (2, 5, 20, 100)
"""From how many runs in one column on it is drawn as the first, second, … level."""


class GlyphSet(NamedTuple):
    """The characters of a picture.

    Attributes:
        shapes: for each shape but `many` and `sign`.
        signs: for each mark that has a sign.
        many: for each level of how many.
        down: time in which no scheduler ran.
        line: of the axis; tick: where a label stands.
        cut: at the end of a name that is too long.
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
        """The characters that stand for a mark in a picture in which it is drawn in these shapes; may be none.

        What shares all its columns with others has none of its own: those show how many they are.
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
        "skipped": "o",
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
    signs={**ASCII.signs, "failed": "✗", "skipped": "○"},
    many="▂▄▆█",
    down="░",
    line="─",
    tick="┬",
    cut="…",
)  # fmt: skip

assert set(TONES) == set(WORDS) == set(MARKS)
