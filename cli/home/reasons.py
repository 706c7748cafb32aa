"""Reasons that jobs ask for: a request without one is refused before anything is recorded."""

from __future__ import annotations

from collections.abc import Iterable

from cli.app.failures import Failure
from cli.terminal.printable import printable
from scheduler.definition import JobDefinition
from scheduler.rules.requests.reasons import without_reason

_NAMED_MAX = 5


def check_reason(definitions: Iterable[JobDefinition], reason: str) -> None:
    """Refuse what is asked of these jobs if one of them asks for a reason and none is given.

    Raises:
        Failure: it names the jobs.
    """
    names = list(dict.fromkeys(without_reason(definitions, reason)))
    if not names:
        return
    shown = ", ".join(printable(name) for name in names[:_NAMED_MAX])
    more = f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
    verb = "asks" if len(names) == 1 else "ask"
    raise Failure(
        f"{shown}{more} {verb} for a reason (`require_reason` in the config); nothing was recorded",
        "Say why with --reason TEXT.",
    )
