"""The hardened units under a real systemd: the console and the witness do their work, and can do little else."""

from __future__ import annotations

import pytest

from tests.support.systemd_machine import SystemdMachine, until
from tests.support.systemd_unit import InstalledUnit

CONFIG = """\
jobs:
  often: {every: 30m, command: echo}
"""
OWNERS = ("root", "keeper")
TRIES = """\
import os, sys
for path in sys.argv[1:]:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
        print("wrote", path)
    except OSError as problem:
        print("refused", path)
"""


@pytest.fixture(scope="module", autouse=True)
def keeper(machine: SystemdMachine) -> None:
    """A user who owns homes."""
    machine.run("useradd", "--create-home", "keeper")
    machine.run("chmod", "a+x", "/root")  # the Python of this machine may stand there


@pytest.mark.parametrize("owner", OWNERS)
def test_the_console_serves_and_writes_nothing_but_its_folder(unit: InstalledUnit, owner: str) -> None:
    """It answers on its socket; scheduler and console act as the home's owner."""
    unit.configure(CONFIG)
    unit.machine.run("chown", "-R", owner, unit.there)
    said = unit.cronledger("install", "systemd", "--unit-name", unit.name, "--console")
    assert "systemd remarks" not in said
    console = f"{unit.name}-console"
    unit.machine.run("systemctl", "daemon-reload")
    unit.machine.run("systemctl", "start", unit.name, console)
    socket = f"/run/{console}/socket"
    ask = ["curl", "--silent", "--max-time", "20", "--unix-socket", socket]
    until(lambda: unit.machine.run(*ask, "http://localhost/healthz", check=False) != "", "no answer")
    page = unit.machine.run(*ask, "http://localhost/")
    assert "often" in page
    pid = unit.machine.shown(console, "MainPID")
    assert unit.machine.run("stat", "--format=%U", f"/proc/{pid}").strip() == owner
    tried = in_its_place(unit, console, pid, [f"{unit.there}/var/x", f"{unit.there}/x", "/etc/x", "/srv/x"])
    assert tried == ["wrote var/x", "refused x", "refused /etc/x", "refused /srv/x"]


@pytest.mark.parametrize("owner", OWNERS)
def test_the_witness_serves_and_writes_nothing_but_its_folder(unit: InstalledUnit, owner: str) -> None:
    """It answers, without a home; alone."""
    machine, state, name = unit.machine, f"/srv/{unit.name}-w", f"{unit.name}-witness"
    machine.cronledger("witness", "key", "generate", "--state", state, "--name", "example.org/w")
    machine.run("chown", "-R", owner, state)
    said = machine.cronledger(
        "install",
        "systemd",
        "--unit-name",
        unit.name,
        "--witness",
        state,
        "--witness-listen",
        "127.0.0.1:8771",
    )
    assert "systemd remarks" not in said
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", name)
    ask = [
        "curl",
        "--silent",
        "--retry",
        "20",
        "--retry-connrefused",
        "--retry-delay",
        "1",
        "--data-binary",
        "x",
    ]
    answer = machine.run(*ask, "--write-out", "%{http_code}", "http://127.0.0.1:8771/add-checkpoint")
    assert answer.endswith("400"), answer
    pid = machine.shown(name, "MainPID")
    tried = in_its_place(unit, name, pid, [f"{state}/x", "/etc/x", "/srv/x"])
    assert tried == [f"wrote {state}/x", "refused /etc/x", "refused /srv/x"]
    machine.run("systemctl", "stop", name)


def in_its_place(unit: InstalledUnit, name: str, pid: str, paths: list[str]) -> list[str]:
    """What comes of writing where the service stands, as root and with all that root may."""
    del name
    program = f"import sys\n{TRIES}"
    said = unit.machine.run("nsenter", f"--target={pid}", "--mount", "--", "python3", "-c", program, *paths)
    return said.replace(f"{unit.there}/", "").splitlines()
