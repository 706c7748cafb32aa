"""Writes a golden home: what a version of cronledger left that was really installed and run.

    python -m tests.upgrade.golden_maker COMMIT NAME

takes the source of a commit or tag, installs it into an environment of its own (from the package registry, with what
its ranges allow), lives with a small home for some seconds, and keeps under `golden/NAME` what an upgrade has to find
again. The files there stay as they are for ever.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("golden")
KEPT = (
    "services/**/*.yaml",
    "var/*.yaml",
    "var/salt",
    "var/ledger/*.jsonl",
    "var/ledger/*.seal",
    "var/ledger/HEAD",
)
"""Not what can be made again, the reserve, or what ties a home to its place on a disk."""
CONFIG = """\
jobs:
  beat:
    every: 1s
    command: echo still here
  nightly:
    description: The nightly report.
    schedule: "30 6 * * 1-5"
    timezone: Europe/Paris
    catch_up: all
    timeout: 1h
    command: echo 42 pages
  broken:
    schedule: "0 3 * * 0"
    command: exit 3
"""
SERVED_S = 4
LIFE = (
    ("serve",),
    ("jobs", "run", "nightly"),
    ("jobs", "run", "broken"),
    ("jobs", "disable", "beat", "--reason", "enough"),
    ("serve",),
    ("jobs", "disable", "nightly", "--reason", "for good"),
)


def make(commit: str, folder: Path) -> None:
    """Write the golden home of a commit into a folder that is not there yet."""
    with tempfile.TemporaryDirectory() as place:
        command = installed(commit, Path(place))
        home = Path(place) / "home"
        config = home / "services" / "scheduler" / "config.yaml"
        config.parent.mkdir(parents=True)
        config.write_text(CONFIG, encoding="utf-8")
        for arguments in LIFE:
            lived(command, home, arguments)
        for pattern in KEPT:
            for path in home.glob(pattern):
                kept = folder / path.relative_to(home)
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, kept)


def installed(commit: str, place: Path) -> Path:
    """The command of a commit, in an environment of its own."""
    source = place / "source"
    source.mkdir()
    packed = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "x", "-C", source], input=packed, check=True)
    subprocess.run([sys.executable, "-m", "venv", place / "environment"], check=True)
    pip = [str(place / "environment" / "bin" / "python"), "-m", "pip", "--quiet", "install"]
    subprocess.run([*pip, "--editable", str(source)], check=True)
    return place / "environment" / "bin" / "cronledger"


def lived(command: Path, home: Path, arguments: tuple[str, ...]) -> None:
    """Run a command on the home; a scheduler serves for some seconds, and is stopped in order."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CRONLEDGER")}
    started = subprocess.Popen([str(command), "--home", str(home), *arguments], env=plain)
    try:
        started.wait(SERVED_S if arguments == ("serve",) else None)
    except subprocess.TimeoutExpired:
        started.terminate()
        started.wait()


if __name__ == "__main__":
    make(sys.argv[1], GOLDEN / sys.argv[2])
