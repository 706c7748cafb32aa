"""An earlier version of cronledger, out of this repository's history, to be measured in turns with this one."""

from __future__ import annotations

import subprocess
import sysconfig
import venv
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_SCRIPT = "#!{python}\nfrom cronledger_command import main\n\nmain()\n"


class NotThere(Exception):
    """The commit is not in this clone, or this is none."""


def install(folder: Path, commit: str) -> str:
    """Put a version into a folder, with the dependencies of the present one; the path of its command.

    Raises:
        NotThere: it cannot be had.
    """
    tree, environment = folder / "tree", folder / "environment"
    tree.mkdir(parents=True)
    archive = ["git", "-C", str(_ROOT), "archive", commit]
    try:
        packed = subprocess.run(archive, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError) as problem:
        said = getattr(problem, "stderr", b"").decode(errors="replace").strip()
        raise NotThere(said or str(problem)) from problem
    subprocess.run(["tar", "--extract", "--directory", str(tree)], input=packed, check=True)
    venv.create(environment, symlinks=True)
    packages = next((environment / "lib").glob("python*/site-packages"))
    # A folder that a .pth file names is searched, and the .pth files in it are not read: ours does not come along.
    paths = [tree, tree / "cli" / "start", sysconfig.get_path("purelib")]
    (packages / "earlier.pth").write_text("".join(f"{path}\n" for path in paths))
    command = environment / "bin" / "cronledger"
    command.write_text(_SCRIPT.format(python=environment / "bin" / "python"))
    command.chmod(0o755)
    return str(command)
