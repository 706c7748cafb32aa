"""The scheduler in words: what `status` and `serve` both say of it."""

from __future__ import annotations

from collections.abc import Iterable

from scheduler.version import Replaced


def upgraded_words(replaced: Iterable[Replaced]) -> str:
    """That other versions are installed than those a scheduler uses."""
    used = ", ".join(f"{part.name} {part.used}" for part in replaced)
    installed = ", ".join(f"{part.name} {part.installed}" for part in replaced)
    return f"installed is now {installed}: until it is started again, the scheduler uses {used}"
