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
    try:
        _found(written)
    except _Unknown as missing:
        return str(missing)
    return ""


def account_of(written: str) -> Account:
    """The account that `user` or `user:group` names, with all groups of the user.

    Raises:
        OSError: there is none, or this process may not become another user.
    """
    if os.geteuid() != 0:
        raise OSError(1, f"it runs as {written}, and only root can start it so")
    try:
        user, gid = _found(written)
    except _Unknown as missing:
        raise OSError(3, f"it runs as {written}, and {missing}") from None
    name = written.partition(":")[0]
    groups = tuple(sorted({gid, *os.getgrouplist(name, gid)}))
    return Account(RunAs(written, name, user.pw_uid, gid, groups), user.pw_dir or "/")


class _Unknown(Exception):
    """This machine does not know a user or a group; the message says which."""


def _found(written: str) -> tuple[pwd.struct_passwd, int]:
    """The user that `user` or `user:group` names, and the number of the group."""
    name, _, group = written.partition(":")
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise _Unknown(f"there is no user {name} on this machine") from None
    try:
        return user, grp.getgrnam(group).gr_gid if group else user.pw_gid
    except KeyError:
        raise _Unknown(f"there is no group {group} on this machine") from None
