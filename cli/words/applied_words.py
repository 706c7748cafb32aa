"""What is said where several machines share a ledger, and no file of a config comes into force by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.app.invocation import invocation
from scheduler.service.announcements import AppliedNotUnderstood, NotApplied, NothingApplied

if TYPE_CHECKING:
    from scheduler.configuration.applied.own_file import FileStanding
    from scheduler.home import Home


def file_standing_words(standing: FileStanding, home: Home) -> str:
    """How the config of a home stands to what was applied, and what to do; a sentence."""
    apply = f"`{invocation(home)} config apply` brings it into force"
    match standing:
        case "in force":
            return f"{home.config} is what was applied."
        case "edited":
            return f"{home.config} is not in force: {apply}, on all nodes."
        case "other salt":
            return (
                f"whether {home.config} is in force cannot be told: {home.var / 'salt'} is another one than where "
                "the config was applied. Copy it from there."
            )
        case "missing":
            return f"there is no {home.config}: what was applied is in force here too."
        case "unreadable":
            return f"{home.config} cannot be read: what was applied stays in force."


def applied_words(announcement: NotApplied | NothingApplied | AppliedNotUnderstood, home: Home) -> str:
    """What a person at the terminal of a node is told of the config."""
    match announcement:
        case NotApplied(standing=standing):
            return file_standing_words(standing, home)
        case NothingApplied(digest=""):
            apply = f"`{invocation(home)} config apply`"
            return f"nothing is in force yet: {apply} brings a config into force, on all nodes."
        case NothingApplied():
            return (
                "the database does not have the text of the config in force: "
                f"`{invocation(home)} config apply` brings it there."
            )
        case AppliedNotUnderstood(reason=reason):
            return f"what was applied last is not used here, and what was in force before stays so: {reason}."
