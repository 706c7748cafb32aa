"""Acting on a home as its owner: root becomes the owner, and another user may read at most.

What root made in a home of a service would be root's, and the service could not go on with it; what the owner put
there, a link or a command, would act as root. So root gives up what it is before anything of the home is touched. Who
it was stays known: it is the actor of what is recorded.
"""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Sequence
from typing import Any

import click

from cli.app.failures import ExitCode, Failure
from cli.terminal.printable import printable
from scheduler.home import Home

WRITING = frozenset(
    [
        "init",
        "serve",
        "new",
        "run",
        "retry",
        "settle",
        "backfill",
        "approve",
        "cancel",
        "enable",
        "disable",
        "cleanup-sessions",
        "log-cleanup",
        "rebuild",
        "checkpoint",
        "continue",
        "archive",
        "reattach",
        "move",
        "anchor",
        "keep-cosignature",
        "rotate",
        "revoke",
        "apply",
        "drain",
        "resume",
        "forget",
        "refill",
        "adopt",
    ]
)
"""Commands that write into the home; all others read."""
_GROUPS_WITHOUT_HOME = frozenset(["install", "witness"])
_NO_HOME = frozenset(["completion", "explain", "playbooks"])


def act_as_owner(ctx: click.Context) -> None:
    """Become the owner of the home that a command works on, if that is another user and we are root.

    Raises:
        Failure: the command writes, and we are neither the owner nor root; or the owner cannot run this program.
    """
    home, name = ctx.obj, ctx.info_name or ""
    if not isinstance(home, Home) or name in _NO_HOME or _reads_elsewhere(ctx.params) or _is_of_no_home(ctx):
        return
    owner = _owner(home, name)
    if owner is None or owner == os.geteuid():
        return
    if os.geteuid() == 0:
        _become(home, owner)
    elif name in WRITING:
        raise Failure(
            f"the home {printable(str(home.root))} belongs to {user_name(owner)}: nobody else writes there",
            f"`{as_owner(home, owner, sys.argv[1:])}`",
        )


def user_name(uid: int) -> str:
    """A user's name; the number where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _reads_elsewhere(params: dict[str, Any]) -> bool:
    """Whether the command was given a ledger of its own, `--ledger DIR`: it reads that and no home."""
    return params.get("folder") is not None


def _is_of_no_home(ctx: click.Context) -> bool:
    """Whether it is in a group whose commands work on no home; `install` only looks at who owns one."""
    while ctx.parent is not None:
        ctx = ctx.parent
        if ctx.info_name in _GROUPS_WITHOUT_HOME:
            return True
    return False


def _owner(home: Home, command: str) -> int | None:
    from scheduler.ownership.home_owner import owner_of

    is_home = home.var.exists() or home.config.exists()
    return owner_of(home) if is_home or command == "init" else None


def as_owner(home: Home, owner: int, arguments: Sequence[str]) -> str:
    """How a command is called as the owner of a home, for a person to type.

    Args:
        home: the home; owner: the uid of its owner.
        arguments: of the command, from its name on.
    """
    import shlex

    words = [
        "sudo",
        "-u",
        user_name(owner) if not user_name(owner).isdecimal() else f"#{owner}",
        "cronledger",
    ]
    if not any(word == "--home" or word.startswith("--home=") for word in arguments):
        words += ["--home", str(home.root)]
    return printable(shlex.join([*words, *arguments]))


def _become(home: Home, owner: int) -> None:
    """Become the owner for good, with the owner's groups and surroundings.

    Raises:
        Failure: the system does not let us, or the owner cannot read this program.
    """
    from scheduler.ownership.actor import remember_user

    remember_user()
    try:
        known = pwd.getpwuid(owner)
    except KeyError:
        known = None
    group = os.stat(home.var if home.var.exists() else home.root).st_gid if known is None else known.pw_gid
    try:
        if known is None:
            os.setgroups([group])
        else:
            os.initgroups(known.pw_name, group)
        os.setegid(group)
        os.seteuid(owner)
        unreadable = unreadable_part()
        if unreadable:
            os.seteuid(0)
            raise Failure(
                f"the home {printable(str(home.root))} belongs to {user_name(owner)}, who cannot read {unreadable}",
                f"Install cronledger where {user_name(owner)} can read it, then"
                f" `{as_owner(home, owner, sys.argv[1:])}`.",
                ExitCode.USAGE,
            )
        os.seteuid(0)
        os.setresgid(group, group, group)
        os.setresuid(owner, owner, owner)
    except OSError as problem:
        raise Failure(
            f"cannot act as {user_name(owner)}, to whom {printable(str(home.root))} belongs: {problem.strerror}",
            f"`{as_owner(home, owner, sys.argv[1:])}`",
        ) from None
    if known is not None:
        os.environ.update(
            HOME=known.pw_dir, USER=known.pw_name, LOGNAME=known.pw_name, SHELL=known.pw_shell or "/bin/sh"
        )


def unreadable_part() -> str:
    """What of this program the effective user cannot read; parts of it are imported when they are needed."""
    needed = (click.__file__, __file__, os.__file__, sys.executable)
    for path in needed:
        if not os.access(path, os.R_OK, effective_ids=True):
            return path
    return ""
