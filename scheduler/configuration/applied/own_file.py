"""How the config of a home stands to the one that was applied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from scheduler.configuration.applied.applied_text import AppliedText
    from scheduler.definition import JobDefinition
    from scheduler.home import Home
    from scheduler.rules.state import State

FileStanding = Literal["in force", "edited", "other salt", "missing", "unreadable"]
"""`in force`: applying it would change nothing. `other salt`: nobody can tell whether. `unreadable`: no YAML."""


def file_standing(
    home: Home, applied: AppliedText | None, definitions: Iterable[JobDefinition], salt: bytes
) -> FileStanding:
    """How the files of a home's config, as they are now, stand to what was applied.

    Args:
        home: the home.
        applied: what is in force; None: nothing is.
        definitions: of the jobs in force.
        salt: of the home.
    """
    from scheduler.configuration.applied.applied_text import applied_text, salt_mark, tree_of_files
    from scheduler.configuration.errors import ConfigMissing, ConfigUnreadable
    from scheduler.configuration.files.read_files import read_files

    try:
        files = read_files(home.config, home.root).files
    except ConfigMissing:
        return "missing"
    except ConfigUnreadable:
        return "unreadable"
    top = tree_of_files(files)
    if top is None:
        return "unreadable"
    if applied is None:
        return "edited"
    here = applied_text(top, salt, codes_of(home, definitions))
    if here.digest == applied.digest:
        return "in force"
    return "other salt" if applied.salt and here.salt and applied.salt != salt_mark(salt) else "edited"


def own_standing(home: Home, state: State) -> FileStanding:
    """How the files of a home's config stand to what is in force, for whoever only reads: no salt is made.

    Args:
        home: the home, which has kept what was applied.
        state: of the ledger, which says what is in force.
    """
    from scheduler.configuration.applied.effective import kept_applied
    from scheduler.configuration.variables.salt import has_salt, salt_of

    salt = salt_of(home) if has_salt(home) else b""
    definitions = (job.definition for job in state.present_jobs())
    return file_standing(home, kept_applied(home, state.config), definitions, salt)


def codes_of(home: Home, definitions: Iterable[JobDefinition]) -> dict[str, str]:
    """The digests of the code of jobs in Python, by their files; empty for a file that cannot be read."""
    from scheduler.configuration.applied.extension_code import code_digest, extension_files

    found: dict[str, str] = {}
    for file in extension_files(definitions):
        try:
            found[file] = code_digest(home, file)
        except OSError:
            found[file] = ""
    return found
