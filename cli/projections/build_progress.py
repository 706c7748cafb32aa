"""How far the making of projections is, for a person who waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.terminal.progress import progress

if TYPE_CHECKING:
    from projections.build.maintenance import StepProgress
    from projections.files.validation import ProgressCallback

_STEPS = {
    "sealing": "projecting, segments",
    "merging": "merging, files",
    "deriving": "deriving anew, segments",
    "checking": "checking, files",
}


@contextmanager
def build_progress(*, shown: bool) -> Iterator[StepProgress]:
    """Show which step it is, and how far it is."""
    with progress("projecting", 1, shown=shown) as seen:

        def begin(step: str) -> ProgressCallback:
            return lambda done, total: seen.update(done, total=total, label=_STEPS[step])

        yield begin
