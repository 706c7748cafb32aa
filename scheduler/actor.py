"""Who speaks: the name under which what a person says stands in the ledger."""

from __future__ import annotations

import os
import pwd
import socket


def person() -> str:
    """`user:NAME@HOST`, the real user behind sudo or su where that can be known.

    The login uid is set by PAM when a person logs in and is inherited through sudo and su; sudo also says so in
    `SUDO_UID`. Both are hints that the person can forge only as root, who could forge the rest as well.
    """
    return f"user:{_user()}@{socket.gethostname()}"


def _user() -> str:
    for uid in (_login_uid(), _sudo_uid(), os.getuid()):
        if uid is not None:
            try:
                return pwd.getpwuid(uid).pw_name
            except KeyError:
                return str(uid)
    raise AssertionError("every process has a uid")


def _login_uid() -> int | None:
    try:
        with open("/proc/self/loginuid", encoding="ascii") as file:
            uid = int(file.read())
    except (OSError, ValueError):
        return None
    return None if uid == 0xFFFFFFFF else uid


def _sudo_uid() -> int | None:
    value = os.environ.get("SUDO_UID", "")
    return int(value) if os.getuid() == 0 and value.isascii() and value.isdigit() else None
