"""`cronledger install systemd`: which units it writes, what it leaves alone, and what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.install import hardened_units, machine, scheduler_unit, unit_folder
from cli.install.machine import Machine
from scheduler.home import Home
from tests.support.command import call
from tests.support.home import make_home

GOLDEN = Path(__file__).parent / "units"
OPT = Machine("/opt/cronledger/bin/cronledger", ("/opt/cronledger",), 252, is_system=True)
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root writes units of the system")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the system's units, for this test."""
    monkeypatch.setattr(machine, "SYSTEM_FOLDER", tmp_path / "units")
    monkeypatch.setattr(unit_folder, "OTHER_FOLDERS", (str(tmp_path / "other"),))
    monkeypatch.setattr(machine, "systemd_version_here", lambda: 252)
    return tmp_path / "units"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose path has all that a unit file could take for something else."""
    return make_home(tmp_path / "a b%n$x")


def golden(name: str) -> str:
    """What a unit has to be, to the byte."""
    return (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("version", [252, 254])
def test_the_schedulers_unit_is_this(version: int) -> None:
    """From systemd 254 on, with a group of its own for the scheduler, so that memory can be limited."""
    unit = scheduler_unit.scheduler_unit(
        "cronledger",
        Home(Path("/srv/my jobs")),
        OPT._replace(systemd_version=version),
        "jobs",
        leave_runs=True,
    )
    wanted = golden("cronledger.service")
    if version >= 254:
        wanted = wanted.replace("Delegate=yes\n", "Delegate=yes\nDelegateSubgroup=scheduler\n")
    assert unit_folder.marked(unit).partition("\n\n")[2] == wanted.partition("\n\n")[2]


def test_the_consoles_and_the_witness_unit_are_these() -> None:
    """Shut in; of a home elsewhere than in a home directory."""
    console = hardened_units.console_unit(
        "cronledger-console", Home(Path("/srv/jobs")), OPT, "jobs", "cronledger", None
    )
    witness = hardened_units.witness_unit("cronledger-witness", "/srv/witness", OPT, "witness", None)
    assert unit_folder.marked(console) == golden("cronledger-console.service")
    assert unit_folder.marked(witness) == golden("cronledger-witness.service")


def test_what_is_needed_in_a_home_directory_is_not_hidden() -> None:
    """Nor what is in a folder for temporary files."""
    near = Home(Path("/home/ann/jobs"))
    text = hardened_units.console_unit("c", near, OPT, "ann", "s", "127.0.0.1:8800").text()
    assert "ProtectHome=read-only" in text
    assert "--listen 127.0.0.1:8800" in text
    assert "RuntimeDirectory" not in text
    text = hardened_units.witness_unit("w", "/tmp/w", OPT, "ann", "[::1]:8770").text()
    assert "PrivateTmp" not in text
    assert '--listen "[::1]:8770"' in text
    text = hardened_units.console_unit("c", near, OPT._replace(is_system=False), None, "s", None).text()
    assert "User=" not in text
    assert "ProtectSystem" not in text
    assert "WantedBy=default.target" in text


@ROOT_ONLY
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_takes_the_units(folder: Path, home: Home, tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing wrong with any of them."""
    (tmp_path / "state").mkdir()
    done = call(
        "install", "systemd", "--system", "--console", "--witness", str(tmp_path / "state"), home=home.root
    )
    assert done.code == 0, done
    assert "remarks" not in done.err
    assert sorted(path.name for path in folder.iterdir()) == [
        "cronledger-console.service", "cronledger-witness.service", "cronledger.service",
    ]  # fmt: skip
    assert f"{folder.stat().st_mode & 0o777:o}" == "755"
    assert f"{(folder / 'cronledger.service').stat().st_mode & 0o777:o}" == "644"
    assert "systemctl daemon-reload" in done.out
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, folder.iterdir())],
        capture_output=True, text=True, check=False,
    ).stderr  # fmt: skip
    assert str(folder) not in said


@ROOT_ONLY
def test_what_was_edited_or_is_not_ours_is_left_as_it_is(folder: Path, home: Home, tmp_path: Path) -> None:
    """Until it is forced, and then the old one is kept; what is as we wrote it is replaced."""
    path = folder / "cronledger.service"

    def install(*options: str, root: Path = home.root) -> str:
        done = call("install", "systemd", "--system", *options, home=root)
        assert done.code in (0, 2)
        return done.err

    assert "Wrote" in install()
    assert "As it should be" in install()
    ours = path.read_text()
    assert "Wrote" in install("--stop-runs")
    assert "--leave-runs" not in path.read_text()
    other = make_home(tmp_path / "other home")
    assert f"is the unit of {home.root}" in install(root=other.root)
    path.write_text(ours.replace("RestartSec=5s", "RestartSec=9s"))
    told = install()
    assert "was edited" in told
    assert "systemctl edit cronledger.service" in told
    assert "RestartSec=9s" in path.read_text()
    assert "the old one is cronledger.service.before" in install("--force")
    assert path.read_text() == ours
    assert "RestartSec=9s" in (folder / "cronledger.service.before").read_text()
    path.write_text("[Service]\nExecStart=/bin/true\n")
    assert "was not written by cronledger" in install()
    path.unlink()
    path.symlink_to(os.devnull)
    assert "is masked" in install()
    path.unlink()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / path.name).touch()
    assert "was not written by cronledger" in install()
    assert not path.exists()
    assert "Wrote" in install("--unit-name", "jobs")


def test_what_keeps_it_from_writing_is_said(
    folder: Path, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No home, no witness, a name that no unit has, options that go with others, no systemd."""

    def told(*options: str, root: Path = home.root) -> str:
        done = call("install", "systemd", *options, home=root)
        assert done.code == 2, done
        return done.err

    assert "there is no cronledger home" in told(root=tmp_path / "none")
    assert "no folder of a witness" in told("--witness", str(tmp_path / "none"))
    assert "no unit can be called" in told("--unit-name", "a/b")
    assert "goes with --console" in told("--console-listen", "x")
    assert "goes with --witness" in told("--witness-listen", "x")
    monkeypatch.setattr(machine, "systemd_version_here", lambda: 0)
    assert "this machine has no systemd" in told()
    printed = call("install", "systemd", "--print", home=home.root)
    assert printed.code == 0
    assert "Type=notify" in printed.out
    assert not folder.exists()


def test_without_the_right_to_write_it_says_how_to_get_it(
    folder: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As another user than root."""

    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("cli.install.placing.put", refuse)
    done = call("install", "systemd", "--system", home=home.root)
    assert done.code == 2
    assert "only root writes units of the system" in done.err
    assert "sudo" in done.err


@ROOT_ONLY
def test_a_user_who_cannot_run_the_program_is_named(
    folder: Path, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where it is installed in somebody's home directory."""
    program = tmp_path / "shut" / "cronledger"
    program.parent.mkdir(mode=0o700)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(machine, "program_here", lambda: str(program))
    os.chown(home.root, 65534, 65534)
    done = call("install", "systemd", "--system", home=home.root)
    assert done.code == 2
    assert "as whom the unit would act, cannot run" in done.err
    assert not folder.exists()
