"""The command runs its own code, whatever stands on the path before it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scheduler.version import PARTS, versions
from tests.support.command import DEADLINE_S

ROOT = Path(__file__).resolve().parents[1]
_CALL = "import sys; sys.argv[0] = 'cronledger'; from cronledger_command import main; main()"


def called(folder: Path, *arguments: str, pythonpath: str = "") -> subprocess.CompletedProcess[str]:
    """Call the command from a folder as its script does: that folder is the first to be looked in."""
    return subprocess.run(
        [sys.executable, "-c", _CALL, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": pythonpath},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )


def plant(folder: Path) -> None:
    """Modules of somebody else with the names of ours, and of what we use."""
    (folder / "cli").mkdir(parents=True)
    for name in (
        "cli/__init__.py",
        "scheduler.py",
        "eventstore.py",
        "projections.py",
        "click.py",
        "msgspec.py",
    ):
        (folder / name).write_text("print('foreign code')\nraise SystemExit(77)\n")


@pytest.mark.parametrize("how", ["PYTHONPATH", "folder"])
def test_foreign_modules_are_not_run(tmp_path: Path, how: str) -> None:
    """Neither by PYTHONPATH nor by the folder of the script."""
    plant(tmp_path / "foreign")
    (tmp_path / "empty").mkdir()
    if how == "PYTHONPATH":
        done = called(tmp_path / "empty", "check", "--home", str(tmp_path), pythonpath=f"{tmp_path}/foreign")
    else:
        done = called(tmp_path / "foreign", "check", "--home", str(tmp_path))
    assert done.returncode == 2
    assert "there is no config" in done.stderr
    assert "foreign" not in done.stdout


def test_a_module_that_cannot_be_passed_over_is_named(tmp_path: Path) -> None:
    """Where one is installed in our place, the command refuses with a sentence."""
    plant(tmp_path)
    (tmp_path / "empty").mkdir()
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.path.insert(0, ''); {_CALL}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path / "empty",
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert done.returncode == 2
    assert str(tmp_path / "cli" / "__init__.py") in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_installed_command_begins_there() -> None:
    """And the module is in the wheel."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"cronledger": "cronledger_command:main"}
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "cli" in wheel["only-include"]
    assert wheel["sources"] == {"cli/start": ""}
    assert (ROOT / "cli" / "start" / "cronledger_command.py").is_file()


def test_every_part_that_decides_or_writes_is_recorded() -> None:
    """Each with a version; those are dependencies of ours."""
    found = versions()
    assert set(found) == {"cronledger", *PARTS}
    assert "none" not in found.values()
