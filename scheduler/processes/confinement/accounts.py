"""The users as whom jobs run, as this machine knows them: looked up when an attempt starts."""

from __future__ import annotations

import grp
import os
import pwd
from typing import Final, NamedTuple

from scheduler.processes.confinement.confinement import RunAs

SHELL: Final = "/bin/sh"
"""As cron(8) has it, whatever shell the user prefers to type into."""


class Account(NamedTuple):
    """A user as whom a job runs.

    Attributes:
        run_as: what a process becomes; home: the user's folder.
    """

    run_as: RunAs
    home: str

    @property
    def env(self) -> dict[str, str]:
        """The variables that say whose process it is."""
        name = self.run_as.user
        return {"HOME": self.home, "USER": name, "LOGNAME": name, "SHELL": SHELL}


def unknown(written: str) -> str:
    """Which part of `user` or `user:group` this machine does not know, in words; empty if it knows all of it."""
    user, _, group = written.partition(":")
    try:
        pwd.getpwnam(user)
    except KeyError:
        return f"there is no user {user} on this machine"
    try:
        if group:
            grp.getgrnam(group)
    except KeyError:
        return f"there is no group {group} on this machine"
    return ""


def account_of(written: str) -> Account:
    """The account that `user` or `user:group` names, with all groups of the user.

    Raises:
        OSError: there is none, or this process may not become another user.
    """
    if os.geteuid() != 0:
        raise OSError(1, f"it runs as {written}, and only root can start it so")
    if why := unknown(written):
        raise OSError(3, f"it runs as {written}, and {why}")
    user, _, group = written.partition(":")
    found = pwd.getpwnam(user)
    gid = grp.getgrnam(group).gr_gid if group else found.pw_gid
    groups = tuple(sorted({gid, *os.getgrouplist(user, gid)}))
    return Account(RunAs(written, user, found.pw_uid, gid, groups), found.pw_dir or "/")
