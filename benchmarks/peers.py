"""The schedulers that cronledger is compared with, in an environment of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from pathlib import Path
from typing import NamedTuple

REQUIREMENTS = ("apscheduler<4", "sqlalchemy", "cronstable")
FOLDER = Path(__file__).resolve().parent.parent / ".bench-venv"
CRON = "/usr/sbin/cron"


class Peers(NamedTuple):
    """The environment that the peers are installed in."""

    folder: Path

    @property
    def python(self) -> str:
        """Its Python."""
        return str(self.folder / "bin" / "python")

    @property
    def cronstable(self) -> str:
        """The command of cronstable."""
        return str(self.folder / "bin" / "cronstable")


def install(folder: Path = FOLDER) -> Peers:
    """The environment; it is made, and the newest versions are installed, if it is not there.

    Raises:
        subprocess.CalledProcessError: they cannot be installed.
    """
    peers = Peers(folder)
    wanted = "\n".join(REQUIREMENTS)
    done = folder / ".requirements"
    if not done.exists() or done.read_text() != wanted:
        print(f"Installing {', '.join(REQUIREMENTS)} into {folder.name} (once) ...", flush=True)
        venv.create(folder, with_pip=True, symlinks=True, clear=True)
        command = [peers.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, *REQUIREMENTS], check=True)
        done.write_text(wanted)
    return peers


def versions(peers: Peers) -> str:
    """Which versions there are."""
    code = "from importlib.metadata import version as v; print(v('apscheduler'), v('cronstable'))"
    found = subprocess.run([peers.python, "-c", code], check=True, capture_output=True, text=True)
    apscheduler, cronstable = found.stdout.split()
    return f"APScheduler {apscheduler}, cronstable {cronstable}"


def why_no_cron() -> str | None:
    """Why Debian's cron cannot be measured here; None if it can.

    It reads the machine's own crontabs unless it is given other ones to see in a mount namespace of its own.
    """
    if not os.access(CRON, os.X_OK):
        return "it is not installed"
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return "only root can give it crontabs of its own"
    tried = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
    return None if tried.returncode == 0 else "no mount namespace can be made here"
