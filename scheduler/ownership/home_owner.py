"""Whose a home is: the owner of `var/`, or of the home's folder while there is no `var/`."""

from __future__ import annotations

import os
from contextlib import suppress

from scheduler.home import Home


def owner_of(home: Home) -> int | None:
    """The uid of the home's owner; None if there is no home's folder yet."""
    for folder in (home.var, home.root):
        with suppress(OSError):
            return os.stat(folder).st_uid
    return None


def owner_or_self(home: Home) -> int:
    """The uid of the home's owner; while there is no home's folder, of the user as whom this process acts."""
    owner = owner_of(home)
    return os.geteuid() if owner is None else owner


def is_foreign(home: Home) -> bool:
    """Whether the home belongs to another user than the one as whom this process acts.

    Who reads such a home writes nothing there, whatever its permissions would allow.
    """
    return owner_or_self(home) != os.geteuid()


def user_name(uid: int) -> str:
    """The name of a user; its number where it has no name."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
