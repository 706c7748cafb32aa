"""The units of console and witness: they run nobody's commands, so they are shut in as far as they work."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from cli.install.machine import Machine
from cli.install.unit_escaping import command_line, line, path_word, word
from cli.install.unit_text import Setting, Unit, remark
from scheduler.home import Home

_HOMES = ("/home", "/root", "/run/user")
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - what is hidden from a service, nothing is made there
_EVERYWHERE: Sequence[Setting] = (
    ("NoNewPrivileges", "yes"),
    ("LockPersonality", "yes"),
    ("MemoryDenyWriteExecute", "yes"),
    ("RestrictNamespaces", "yes"),
    ("RestrictRealtime", "yes"),
    ("RestrictSUIDSGID", "yes"),
    ("SystemCallArchitectures", "native"),
    ("SystemCallFilter", "@system-service"),
    ("SystemCallFilter", "~@privileged @resources"),
    ("SystemCallErrorNumber", "EPERM"),
)
_SYSTEM: Sequence[Setting] = (
    ("CapabilityBoundingSet", ""),
    ("AmbientCapabilities", ""),
    ("ProtectSystem", "strict"),
    ("PrivateDevices", "yes"),
    ("ProtectClock", "yes"),
    ("ProtectControlGroups", "yes"),
    ("ProtectHostname", "yes"),
    ("ProtectKernelLogs", "yes"),
    ("ProtectKernelModules", "yes"),
    ("ProtectKernelTunables", "yes"),
    ("RemoveIPC", "yes"),
    ("UMask", "0077"),
)
"""Beside these, for a unit of the system: a user's service manager may not set them."""


def console_unit(
    name: str, home: Home, machine: Machine, user: str | None, scheduler: str, listen: str | None
) -> Unit:
    """The unit of a home's console. It reads the home, appends to the ledger, and can write nothing else.

    Args:
        name: of the unit; scheduler: the name of the scheduler's unit.
        home: the home.
        machine: where it is to run.
        user: as whom it acts; None: as the user whose service manager it is.
        listen: where, as `console --listen` takes it; None: on a socket in a folder of its own, which systemd makes.

    Raises:
        Inexpressible: a path cannot stand in a unit file.
    """
    root, var = str(home.root), str(home.var)
    command = command_line(machine.program, ["--home", root, "console", "--listen"])
    where = f"unix:%t/{name}/socket" if listen is None else word(listen, dollars=True)
    service: list[Setting] = [("ExecStart", f"{command} {where}"), *_alike(user)]
    if listen is None:
        service += [("RuntimeDirectory", name), ("RuntimeDirectoryMode", "0755")]
    service += [
        *_fences(machine, user, [root], [var]),
        *remark("The last two are for a console on TCP, and for a ledger in a database."),
        ("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"),
    ]
    if user is not None:
        service += [("ProtectProc", "invisible")] if user != "root" else []
    unit: list[Setting] = [
        ("Description", line(f"cronledger console of {root}")),
        ("After", f"network.target {scheduler}.service"),
        ("RequiresMountsFor", path_word(root)),
    ]
    return Unit(name, root, unit, service, [("WantedBy", machine.wanted_by)])


def witness_unit(name: str, state: str, machine: Machine, user: str | None, listen: str | None) -> Unit:
    """The unit of a witness. It writes to its own folder, and can read little else.

    Args:
        name: of the unit.
        state: the folder of the witness, absolute.
        machine: where it is to run.
        user: as whom it acts; None: as the user whose service manager it is.
        listen: where, as `witness serve --listen` takes it; None: where it does by itself.

    Raises:
        Inexpressible: a path cannot stand in a unit file.
    """
    arguments = ["witness", "serve", "--state", state, *(["--listen", listen] if listen is not None else [])]
    service: list[Setting] = [
        ("ExecStart", command_line(machine.program, arguments)),
        *_alike(user),
        *_fences(machine, user, [state], [state]),
        ("RestrictAddressFamilies", "AF_INET AF_INET6"),
    ]
    if user is not None:
        service += [("ProtectProc", "invisible"), ("ProcSubset", "pid")]
        service += [("PrivateUsers", "yes")] if user != "root" else []
    unit: list[Setting] = [
        ("Description", line(f"cronledger witness, {state}")),
        ("After", "network.target"),
        ("RequiresMountsFor", path_word(state)),
    ]
    return Unit(name, state, unit, service, [("WantedBy", machine.wanted_by)])


def _alike(user: str | None) -> list[Setting]:
    found: list[Setting] = [("User", user)] if user is not None else []
    return [*found, ("Restart", "on-failure"), ("RestartSec", "5s"), ("RestartPreventExitStatus", "2 3")]


def _fences(machine: Machine, user: str | None, read: Sequence[str], written: Sequence[str]) -> list[Setting]:
    """What shuts a service in. Without a `user` it is one of a user's service manager, which can do less."""
    if user is None:
        return list(_EVERYWHERE)
    needed = [*machine.program_folders, *read, *written]
    found = [
        *_EVERYWHERE,
        *_SYSTEM,
        ("ReadWritePaths", " ".join(path_word(path) for path in written)),
        # Where what it needs is in somebody's home directory, these cannot be hidden.
        ("ProtectHome", "read-only" if _any_below(needed, _HOMES) else "yes"),
    ]
    if not _any_below(needed, _TEMPORARY):
        found.append(("PrivateTmp", "yes"))
    return found


def _any_below(paths: Iterable[str], folders: Sequence[str]) -> bool:
    return any(
        os.path.commonpath([each, folder]) == folder
        for path in paths
        for each in (path, os.path.realpath(path))
        for folder in folders
    )
