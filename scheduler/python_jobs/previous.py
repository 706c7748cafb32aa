"""What the last run of a job said, kept for the next one in the job's own folder. Without it everything works."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from scheduler.job import JobResult
from scheduler.python_jobs.attempt_result import AttemptResult, UnfitResult, read_result, write_result

_FILE: Final = ".previous-result.json"


def previous_result(state: Path) -> JobResult | None:
    """What the last run that returned a result said; None if there is none that can be read."""
    try:
        found = read_result(str(state / _FILE), None)
    except UnfitResult:
        return None
    if found is None:
        return None
    return JobResult(
        succeeded=found.succeeded,
        message=found.message,
        items_processed=found.items_processed,
        items_failed=found.items_failed,
        metrics=dict(found.metrics),
    )


def keep_for_next(state: Path, result: AttemptResult) -> None:
    """Keep what this run said; where that cannot be done, the next one has what an earlier one said, or nothing."""
    with contextlib.suppress(OSError, UnicodeEncodeError):
        with contextlib.suppress(UnfitResult):
            if read_result(str(state / _FILE), None) == result:
                return
        for folder in (state.parent, state):
            folder.mkdir(mode=0o700, exist_ok=True)
        write_result(str(state / _FILE), result)
