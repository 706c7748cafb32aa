"""What has to be known of this machine before a unit is written: its systemd, and the program to be started."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

from cli.app.failures import Failure
from cli.app.invocation import NAME
from cli.terminal.printable import printable

SYSTEM_FOLDER: Final = Path("/etc/systemd/system")
_RUNS: Final = Path("/run/systemd/system")
"""There while systemd is the machine's init: sd_booted(3)."""
_ASK_S: Final = 20.0
_PLAIN_USER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,30}")


class Machine(NamedTuple):
    """Where units are to run.

    Attributes:
        program: the path of the command; program_folders: where it and its Python stand.
        systemd_version: such as 252; 0 if there is none, or it does not say.
        is_system: whether the units are the system's, and not those of a user.
    """

    program: str
    program_folders: tuple[str, ...]
    systemd_version: int
    is_system: bool

    @property
    def wanted_by(self) -> str:
        """The target that starts the units at boot, or when the user's service manager starts."""
        return "multi-user.target" if self.is_system else "default.target"

    @property
    def folder(self) -> Path:
        """Where a person's units stand."""
        if self.is_system:
            return SYSTEM_FOLDER
        config = os.environ.get("XDG_CONFIG_HOME", "")
        return Path(config if config.startswith("/") else Path.home() / ".config") / "systemd" / "user"


def this_machine(*, is_system: bool) -> Machine:
    """What is known of it.

    Raises:
        Failure: the command has no path that a unit could name.
    """
    program = program_here()
    folders = {
        os.path.dirname(program),
        sys.prefix,
        sys.base_prefix,
        os.path.dirname(os.path.dirname(__file__)),
    }
    return Machine(program, tuple(sorted(folders)), systemd_version_here(), is_system)


def is_booted_by_systemd() -> bool:
    """Whether a systemd runs here that would start units of the system."""
    return _RUNS.is_dir()


def program_here() -> str:
    """The command beside the Python that runs this, or the one that was called."""
    beside = Path(sys.executable).with_name(NAME)
    called = Path(os.path.abspath(sys.argv[0]))
    for path in (beside, called):
        if path.name == NAME and os.access(path, os.X_OK) and path.is_file():
            return str(path)
    raise Failure(
        f"no unit can name this program: there is no command {NAME} beside {printable(sys.executable)}",
        "Install cronledger as a package (pipx, uv tool, pip in an environment of its own), and call it from there.",
    )


def systemd_version_here() -> int:
    """Such as 252; 0 if there is none, or it does not say."""
    systemctl = shutil.which("systemctl")
    if systemctl is None:
        return 0
    try:
        said = subprocess.run(
            [systemctl, "--version"], capture_output=True, text=True, check=False, timeout=_ASK_S
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.match(r"systemd (\d{1,5})", said)
    return int(found[1]) if found else 0


def unit_user(uid: int) -> str:
    """A user as `User=` takes it: by name where that is a plain one, else by number."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
    return name if _PLAIN_USER.fullmatch(name) else str(uid)


def require_runnable(machine: Machine, uid: int) -> None:
    """Have the program say its version as the user as whom a unit will start it.

    Raises:
        Failure: it cannot be started as that user.
    """
    if uid == os.geteuid():
        return
    try:
        known = pwd.getpwuid(uid)
        group, groups = known.pw_gid, os.getgrouplist(known.pw_name, known.pw_gid)
    except KeyError:
        group, groups = uid, []
    try:
        done = subprocess.run(
            [machine.program, "--version"],
            user=uid,
            group=group,
            extra_groups=groups,
            cwd="/",
            env={"PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_ASK_S,
        )
    except subprocess.TimeoutExpired:
        why = "it does not answer"
    except OSError as problem:
        why = problem.strerror or str(problem)
    else:
        if done.returncode == 0:
            return
        why = _last_line(done.stderr)
    raise Failure(
        f"{unit_user(uid)}, as whom the unit would act, cannot run {printable(machine.program)}: {printable(why)}",
        "Nothing was written. Install cronledger, and the Python it uses, where that user can read it, such as "
        "below /opt, not in another user's home directory; then run this with that installation.",
    )


def _last_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it fails without a word"
