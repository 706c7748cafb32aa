"""The jobs that cronledger brings along: they are found by their names and have no command."""

from __future__ import annotations

from collections.abc import Collection

from scheduler.configuration.spelling import nearest

REGISTERED = ("cleanup-sessions", "log-cleanup")
"""Their names."""


def without_command(
    name: str, registered: Collection[str], custom: Collection[str] = (), problem: str = ""
) -> tuple[str, str] | None:
    """What is wrong with a job without a command, and the name that was meant; None if nothing is.

    Args:
        name: the job; registered: those that cronledger brings along.
        custom: the classes in Python that need no command either.
        problem: why the class that it may be cannot be used.
    """
    if name in registered:
        return None
    listed = ", ".join([*sorted(registered), *sorted(custom)]) or "none"
    why = f"; {problem}" if problem else ", nor a class in extensions/"
    return (
        f"job {name} has no command, and it is not one of the registered jobs ({listed}) that need none{why}",
        nearest_registered(name, [*registered, *custom]),
    )


def nearest_registered(name: str, registered: Collection[str]) -> str:
    """The registered job whose name begins with `name` or is one slip away from it, or an empty string."""
    longer = [each for each in registered if each.startswith(name)]
    return longer[0] if len(longer) == 1 else nearest(name, registered)
