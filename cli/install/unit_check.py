"""What systemd itself says of units before they are in place, where it is there to be asked."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cli.install.unit_text import Unit

_ASK_S: Final = 30.0


def complaints(units: Sequence[Unit], *, is_system: bool) -> list[str]:
    """What `systemd-analyze verify` finds wrong with them, a line each; nothing if it cannot be asked."""
    program = shutil.which("systemd-analyze")
    if program is None:
        return []
    with tempfile.TemporaryDirectory(prefix="cronledger-units-") as folder:
        paths = [Path(folder, unit.file_name) for unit in units]
        for path, unit in zip(paths, units, strict=True):
            path.write_text(unit.text(), encoding="utf-8")
        whose = "--system" if is_system else "--user"
        try:
            done = subprocess.run(
                [program, "verify", whose, "--man=no", "--recursive-errors=no", *map(str, paths)],
                capture_output=True,
                check=False,
                timeout=_ASK_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return []
        said = done.stderr.decode("utf-8", "replace").splitlines()
        names = [unit.file_name for unit in units]
        return [line.replace(f"{folder}/", "") for line in said if any(name in line for name in names)]
