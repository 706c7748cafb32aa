"""Progress of long work, on standard error, while a person is watching; in a pipe there is none.

It appears only after work has gone on for a moment, takes one line, and is gone when the work is done: what is
printed afterwards stands as if there had been nothing. Whoever prints to the same terminal meanwhile passes
`shown=not is_terminal()`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from cli.terminal.console import is_terminal, wants_colour

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

DELAY_S = 0.4
"""What is done by then is done without a word."""
_FRAMES_PER_S = 10


class Progress(Protocol):
    """How far the work is."""

    def update(self, done: int | None = None, *, total: int | None = None, label: str | None = None) -> None:
        """Say so. Cheap enough to be called a thousand times a second; None leaves as it was.

        Args:
            done: how much is done so far, in the unit of `total`.
            total: how much there is to do, once that is known, or if it has changed.
            label: what is being done.
        """


@contextmanager
def progress(label: str, total: int | None = None, *, shown: bool = True) -> Iterator[Progress]:
    """Show how far some work is, for as long as the context lasts.

    With a total there is a bar, a percentage and the time that is left; without one there is a sign of life and
    the time that has passed. The work itself need never call `update`.

    Args:
        label: what is being done, in a few words: `verifying`.
        total: how much there is to do, in whatever unit; None if that is not known.
        shown: False: show nothing, such as with `--json`.
    """
    if not shown or not is_terminal(sys.stderr):
        yield _NoProgress()
        return
    seen = _TerminalProgress(label, total)
    try:
        yield seen
    finally:
        seen.close()


class _NoProgress:
    """Nobody watches."""

    def update(self, done: int | None = None, *, total: int | None = None, label: str | None = None) -> None:
        """Nothing."""


class _TerminalProgress:
    """A line at a terminal, drawn by a thread of its own, so that it lives while the work says nothing."""

    def __init__(self, label: str, total: int | None) -> None:
        self._label, self._total, self._done = label, total, 0
        self._bar: Bar | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._timer = threading.Timer(DELAY_S, self._appear)
        self._timer.daemon = True
        self._timer.start()

    def update(self, done: int | None = None, *, total: int | None = None, label: str | None = None) -> None:
        """Remember it, and show it at the next frame."""
        self._done = self._done if done is None else done
        self._total = self._total if total is None else total
        self._label = self._label if label is None else label
        bar = self._bar
        if bar is not None:
            bar.update(bar.task_ids[0], completed=self._done, total=self._total, description=self._label)

    def close(self) -> None:
        """Take the line away."""
        self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._bar is not None:
                self._bar.stop()

    def _appear(self) -> None:
        with self._lock:
            if not self._closed:
                bar = _bar(self._total)
                bar.add_task(self._label, total=self._total, completed=self._done)
                bar.start()
                self._bar = bar


def _bar(total: int | None) -> Bar:
    """Made only when it is to be seen: a quick command imports none of this."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        ProgressColumn,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    columns: list[ProgressColumn] = [SpinnerColumn("line"), TextColumn("{task.description}", markup=False)]
    if total is None:
        columns += [TimeElapsedColumn()]
    else:
        columns += [BarColumn(bar_width=24), TaskProgressColumn(), TimeRemainingColumn()]
    colour = wants_colour(sys.stderr)
    console = Console(stderr=True, no_color=not colour, color_system="auto" if colour else None)
    return Bar(*columns, console=console, refresh_per_second=_FRAMES_PER_S, transient=True)
