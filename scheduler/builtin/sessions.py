"""`cleanup-sessions`: deletes expired sessions. One is expired when its file was last changed before the cutoff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from scheduler.builtin import retention
from scheduler.builtin.protected_paths import protected, targets
from scheduler.builtin.retention_report import Tally
from scheduler.definition import Directory
from scheduler.home import Home
from scheduler.vocabulary import RetentionApplied

NAME = "cleanup-sessions"


def clean(
    home: Home,
    directories: Sequence[Directory],
    retention_hours: int,
    now: datetime,
    keep: Callable[[str], bool],
    tally: Tally,
    *,
    dry_run: bool,
) -> RetentionApplied:
    """Clean cronledger's own session folder and the given ones; see `retention` for the rules.

    Args:
        home: whose sessions.
        directories: further folders, relative to the home or absolute.
        retention_hours: how long a session lives after its last change.
        now: aware.
        keep: whether a file of captured output belongs to a run that is still going.
        tally: a new one, in which the work is counted.
        dry_run: only count.
    """
    cutoff = now - timedelta(hours=retention_hours)
    own = retention.Target(home.sessions, None)
    for target in (own, *targets(home, directories)):
        retention.apply(target, cutoff, protected(home, keep), tally, dry_run=dry_run)
    return tally.applied("sessions", cutoff, dry_run=dry_run)
