"""Progress of long work, on standard error, if that is a terminal.

It appears only after the work has taken a moment, takes one line, and is removed when the work is done, so that later
output looks as if it had never been there. A caller that prints to the same terminal meanwhile passes
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
"""For work that takes less than this, no progress is shown."""
_FRAMES_PER_S = 10


class Progress(Protocol):
    """The progress of some work."""

    def update(self, done: int | None = None, *, total: int | None = None, label: str | None = None) -> None:
        """Set how far the work is, a thousand times a second if need be; None leaves a value as it was.

        Args:
            done: how much is done so far, in the unit of `total`.
            total: how much there is to do, once that is known, or if it has changed.
            label: what is being done.
        """


@contextmanager
def progress(label: str, total: int | None = None, *, shown: bool = True) -> Iterator[Progress]:
    """Show the progress of some work while the context lasts.

    With a total, there is a bar, a percentage and the time that is left. Without one, there is a moving sign and the
    time that has passed. The work itself need never call `update`.

    Args:
        label: what is being done, in a few words: `verifying`.
        total: how much there is to do, in whatever unit; None if that is not known.
        shown: whether anything is shown; False for example with `--json`.
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
    """Progress that is not shown."""

    def update(self, done: int | None = None, *, total: int | None = None, label: str | None = None) -> None:
        """Do nothing."""


class _TerminalProgress:
    """A line at a terminal, drawn by a separate thread, so that it moves even while the work calls nothing."""

    def __init__(self, label: str, total: int | None) -> None:
        self._label, self._total, self._done = label, total, 0
        self._bar: Bar | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._timer = threading.Timer(DELAY_S, self._appear)
        self._timer.daemon = True
        self._timer.start()

    def update(self, done: int | None = None, *, total: int | None = None, label: str | None = None) -> None:
        """Store the values, and show them at the next frame."""
        self._done = self._done if done is None else done
        self._total = self._total if total is None else total
        self._label = self._label if label is None else label
        bar = self._bar
        if bar is not None:
            bar.update(bar.task_ids[0], completed=self._done, total=self._total, description=self._label)

    def close(self) -> None:
        """Remove the line."""
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
    """Make the line; only then rich is imported, so that a quick command does not import it."""
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
