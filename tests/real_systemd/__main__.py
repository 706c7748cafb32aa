"""`python -m tests.real_systemd [PYTEST ARGUMENT…]`: the units under a real systemd, where one can be had."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.real_systemd.conftest import WANTED
from tests.support.systemd_machine import NoSystemd, SystemdMachine


def main() -> int:
    """Run them, if a systemd starts here as the first process of namespaces of its own."""
    try:
        with SystemdMachine() as machine:
            print(machine.run("systemctl", "--version").splitlines()[0], flush=True)
    except NoSystemd as why:
        print(f"the units are not run under a real systemd: {why}")
        return 0
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "tests/real_systemd", *sys.argv[1:]]
    return subprocess.run(command, check=False, env={**os.environ, WANTED: "1"}).returncode


if __name__ == "__main__":
    sys.exit(main())
