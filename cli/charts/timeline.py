"""The picture of a job's runs: which column shows what. Pure: columns in, pieces out; nothing here knows a clock.

Runs that overlap lie in lanes below each other. What does not fit into a column of its own is put together: the
column then says how many runs it holds, and if one of them went wrong it shows that and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

RunMark = Literal[
    "failed", "timed_out", "lost", "unknown", "cancelled", "missed", "skipped", "running", "owed", "succeeded"
]
"""What became of a run: its outcome; or that it was missed, skipped, is still running, or is still owed."""

MARKS: tuple[RunMark, ...] = (
    "failed", "timed_out", "lost", "unknown", "cancelled", "missed", "skipped", "running", "owed", "succeeded"
)  # fmt: skip
"""All of them, the worst first: of several in one column the worst is seen."""
SIGNS = frozenset(MARKS[:7])
"""Those that have a sign of their own, which nothing may hide."""

PieceShape = Literal["blank", "late", "one", "begin", "body", "end", "joint", "many", "sign", "going"]

LANES_MAX = 6
"""More runs of one job at a time are put together in the last lane."""


class RunSpan(NamedTuple):
    """Runs of one job that look alike.

    Attributes:
        first: the column in which they began; last: that in which they ended.
        mark: what became of them.
        runs: how many they are.
        due: the column in which they should have begun, if that is an earlier one.
        before: they began before the first column; after: they went on behind the last.
    """

    first: int
    last: int
    mark: RunMark
    runs: int = 1
    due: int | None = None
    before: bool = False
    after: bool = False


class TimelinePiece(NamedTuple):
    """What one column of a lane shows.

    Attributes:
        shape: which part of a bar, or which other thing.
        mark: the worst of what it stands for.
        runs: how many runs it stands for.
    """

    shape: PieceShape
    mark: RunMark = "succeeded"
    runs: int = 0


BLANK = TimelinePiece("blank")
Lane = list[TimelinePiece]


def draw(spans: Sequence[RunSpan], columns: int) -> list[Lane]:
    """The lanes of one job, at least one, each with a piece for every column."""
    missed = [span for span in spans if span.mark == "missed"]
    lanes = [_lane(held, columns) for held in _packed([span for span in spans if span.mark != "missed"])]
    lanes = lanes or [[BLANK] * columns]
    for span in missed:
        _add_missed(lanes[0], span)
    return lanes


def worst(marks: Iterable[RunMark]) -> RunMark:
    """The one that has to be seen."""
    return min(marks, key=MARKS.index)


def _packed(spans: Sequence[RunSpan]) -> list[list[RunSpan]]:
    """The spans in lanes in which none overlaps another by more than the column in which both have an end.

    A wait counts as a part of its run as long as that takes few lanes.
    """
    single = [each for span in spans for each in _apart(span)]
    packed = _first_fit(single, waits=True)
    return packed if len(packed) <= LANES_MAX else _first_fit(single, waits=False)


def _apart(span: RunSpan) -> list[RunSpan]:
    """Runs that look alike and take several columns overlap: each for itself, as far as there are lanes."""
    lanes = min(span.runs, LANES_MAX)
    if span.first == span.last or lanes == 1:
        return [span]
    rest = span.runs - lanes + 1
    return [span._replace(runs=1)] * (lanes - 1) + [span._replace(runs=rest)]


def _first_fit(spans: Sequence[RunSpan], *, waits: bool) -> list[list[RunSpan]]:
    lanes: list[list[RunSpan]] = []
    ends: list[int] = []
    for span in sorted(spans, key=lambda span: (_begin(span, waits), span.last)):
        free = next((number for number, end in enumerate(ends) if end <= _begin(span, waits)), None)
        if free is None and (waits or len(lanes) < LANES_MAX):
            lanes.append([])
            ends.append(-1)
            free = len(lanes) - 1
            if waits and free >= LANES_MAX:
                return lanes
        number = LANES_MAX - 1 if free is None else free
        lanes[number].append(span)
        ends[number] = max(ends[number], span.last)
    return lanes


def _begin(span: RunSpan, waits: bool) -> int:
    return span.due if waits and span.due is not None else span.first


def _lane(spans: Sequence[RunSpan], columns: int) -> Lane:
    there: list[list[RunSpan]] = [[] for _ in range(columns)]
    late = [False] * columns
    for span in spans:
        for column in range(span.first, span.last + 1):
            there[column].append(span)
        for column in range(span.first if span.due is None else span.due, span.first):
            late[column] = True
    return [
        _piece(column, held) if held else TimelinePiece("late") if late[column] else BLANK
        for column, held in enumerate(there)
    ]


def _piece(column: int, held: Sequence[RunSpan]) -> TimelinePiece:
    """What a column shows of the spans that it holds."""
    runs = sum(span.runs for span in held)
    signs = [span.mark for span in held if span.mark in SIGNS and span.last == column]
    if signs:
        return TimelinePiece("sign", worst(signs), runs)
    mark = worst(span.mark for span in held)
    if any(span.mark == "running" and span.last == column for span in held):
        return TimelinePiece("going", mark, runs)
    if all(span.mark == "owed" for span in held):
        return TimelinePiece("late", "owed", runs)
    if runs == 1:
        return TimelinePiece(_part(column, held[0]), mark, 1)
    if runs == len(held) == 2 and all(span.first < span.last for span in held):
        ends, begins = sorted(held, key=lambda span: span.first)
        if ends.last == column == begins.first:
            return TimelinePiece("joint", mark, 2)
    return TimelinePiece("many", mark, runs)


def _part(column: int, span: RunSpan) -> PieceShape:
    """Which part of its bar a run shows in a column."""
    begins = column == span.first and not span.before
    ends = column == span.last and not span.after
    if begins and ends:
        return "one"
    return "begin" if begins else "end" if ends else "body"


def _add_missed(lane: Lane, span: RunSpan) -> None:
    """Show instants that were missed: at the first and the last in any case, between them where there is room."""
    for column in range(span.first, span.last + 1):
        piece = lane[column]
        edge = column in (span.first, span.last)
        if piece.shape in ("blank", "late") or (
            edge and (piece.shape != "sign" or worst([piece.mark, "missed"]) == "missed")
        ):
            lane[column] = TimelinePiece("sign", "missed", piece.runs)
