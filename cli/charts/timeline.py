"""The timeline of a job's runs: what each column shows. Pure: columns in, pieces out, no clock.

Runs that overlap are drawn in lanes, one below the other. Several runs in one column of a lane are drawn as one
piece: it shows how many they are or, if one of them went wrong, only that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, get_args

RunMark = Literal[
    "failed",
    "timed_out",
    "lost",
    "unknown",
    "cancelled",
    "missed",
    "skipped",
    "retried",
    "breached",
    "running",
    "owed",
    "succeeded",
]
"""What became of a run: its outcome; or that it was missed, skipped, is still running, or is still owed.

`retried` is an attempt that did not succeed and that another one followed, or is to follow. `breached` marks where a
run became late by what is expected of it, whatever became of it.
"""

MARKS: tuple[RunMark, ...] = get_args(RunMark)
"""All marks, the worst first: if one column holds several, it shows the worst."""
SIGNS = frozenset(MARKS[: MARKS.index("running")])
"""The marks that have a sign of their own, which nothing may hide."""

PieceShape = Literal["blank", "late", "one", "begin", "body", "end", "joint", "many", "sign", "going"]

LANES_MAX = 6
"""If more runs of one job overlap, the last lane holds all the others."""


class RunSpan(NamedTuple):
    """Runs of one job that look alike.

    Attributes:
        first: the column in which they started; last: the column in which they ended.
        mark: what became of them.
        runs: how many runs they are.
        due: the column in which they were due, if that is an earlier one.
        before: whether they started before the first column; after: whether they ended after the last column.
        due_us: when the first of them was due, in microseconds since 1970; None where only the column is known.
        joined: each of them began and ended in one column, and nothing else is in these.
    """

    first: int
    last: int
    mark: RunMark
    runs: int = 1
    due: int | None = None
    before: bool = False
    after: bool = False
    due_us: int | None = None
    joined: bool = False


class LateMark(NamedTuple):
    """Where a run became late by what is expected of it: in which column, where it was due, which entry says so."""

    column: int
    due: int
    entry: int | None = None


class TimelinePiece(NamedTuple):
    """What one column of a lane shows.

    Attributes:
        shape: which part of a bar it is, or which other shape.
        mark: the worst mark of the runs that it shows.
        runs: how many runs it shows.
    """

    shape: PieceShape
    mark: RunMark = "succeeded"
    runs: int = 0


BLANK = TimelinePiece("blank")
Lane = list[TimelinePiece]


def draw(spans: Sequence[RunSpan], columns: int, late: Sequence[LateMark] = ()) -> list[Lane]:
    """The lanes of one job, at least one, each with a piece for every column."""
    missed = [span for span in spans if span.mark == "missed"]
    packed = packed_lanes([span for span in spans if span.mark != "missed"])
    lanes = [_lane(held, columns) for held in packed] or [[BLANK] * columns]
    for mark in late:
        _add_late(lanes[_lane_of(mark, packed)], mark)
    for span in missed:
        _add_missed(lanes[0], span)
    return lanes


def worst(marks: Iterable[RunMark]) -> RunMark:
    """The worst of some marks, which has to be seen."""
    return min(marks, key=MARKS.index)


def packed_lanes(spans: Sequence[RunSpan]) -> list[list[RunSpan]]:
    """The spans in lanes: in a lane, two spans share at most the column in which one ends and the other begins.

    The wait of a run counts as a part of its span, unless that would take more than `LANES_MAX` lanes.
    """
    single = [each for span in spans for each in _apart(span)]
    packed = _first_fit(single, waits=True)
    return packed if len(packed) <= LANES_MAX else _first_fit(single, waits=False)


def _apart(span: RunSpan) -> list[RunSpan]:
    """A span of several overlapping runs as single spans, as far as there are lanes."""
    lanes = min(span.runs, LANES_MAX)
    if span.first == span.last or span.joined or lanes == 1:
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
    """What a column shows, given the spans that it holds."""
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


def _lane_of(mark: LateMark, packed: Sequence[Sequence[RunSpan]]) -> int:
    """The lane of the run that became late: of those that have a run then, that of one that was due when it was."""
    there = [
        (_begin(span, waits=True) != mark.due, number)
        for number, held in enumerate(packed)
        for span in held
        if _begin(span, waits=True) <= mark.column <= span.last
    ]
    return min(there, default=(True, 0))[1]


def _add_late(lane: Lane, mark: LateMark) -> None:
    """Show that a run became late, unless a worse sign is there."""
    piece = lane[mark.column]
    if piece.shape != "sign":
        lane[mark.column] = TimelinePiece("sign", "breached", piece.runs)


def _add_missed(lane: Lane, span: RunSpan) -> None:
    """Show missed instants: at the first and the last, unless a worse sign is there, and between if there is room."""
    for column in range(span.first, span.last + 1):
        piece = lane[column]
        edge = column in (span.first, span.last)
        if piece.shape in ("blank", "late") or (
            edge and (piece.shape != "sign" or worst([piece.mark, "missed"]) == "missed")
        ):
            lane[column] = TimelinePiece("sign", "missed", piece.runs)
