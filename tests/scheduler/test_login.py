"""A login uid counts only where the process could not have set it itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.ownership.login import Login, inherited_login, login_of

UNSET = "4294967295"
ROOT, SVC, BOB = 0, 990, 1002


class Machine:
    """What the kernel tells of some processes: the first is init, each next one a child of the one before."""

    def __init__(self, proc: Path) -> None:
        self.proc = proc
        self._last = 0
        self.uid_map("0 0 4294967295")

    def uid_map(self, text: str) -> None:
        """The user numbers of this process."""
        (self.proc / "self").mkdir(exist_ok=True)
        (self.proc / "self" / "uid_map").write_text(text)

    def process(
        self, uid: int, login: str = UNSET, session: str = UNSET, name: str = "", euid: int = -1
    ) -> None:
        """One more, the child of the one before."""
        number = self._last + 1
        folder = self.proc / (name or str(number))
        folder.mkdir(exist_ok=True)
        (folder / "loginuid").write_text(login)
        (folder / "sessionid").write_text(session)
        effective = uid if euid < 0 else euid
        uids = f"{uid}\t{effective}\t{effective}\t{effective}"
        (folder / "status").write_text(f"Name:\tx (\nPPid:\t{self._last}\nUid:\t{uids}\n")
        self._last = number


def test_a_login_that_root_made_counts(tmp_path: Path) -> None:
    """Bob came by ssh and acts as svc through sudo."""
    machine = Machine(tmp_path)
    machine.process(ROOT)
    machine.process(ROOT, "1002", "7")  # sshd, for this connection
    machine.process(BOB, "1002", "7")
    machine.process(ROOT, "1002", "7")  # sudo
    machine.process(SVC, "1002", "7", "self")
    assert inherited_login(tmp_path) == Login(BOB, 7)


def test_one_that_the_user_could_have_set_does_not(tmp_path: Path) -> None:
    """A process of svc that had none says that it is bob's, and goes through sudo."""
    machine = Machine(tmp_path)
    machine.process(ROOT)
    machine.process(SVC, "1002", "7")
    machine.process(ROOT, "1002", "7")
    machine.process(SVC, "1002", "7", "self")
    assert login_of("self", tmp_path) == Login(BOB, 7)
    assert inherited_login(tmp_path) is None


def test_nor_does_one_set_by_the_process_itself(tmp_path: Path) -> None:
    """In a session of its own, whatever its parents have."""
    machine = Machine(tmp_path)
    machine.process(ROOT)
    machine.process(ROOT, "1002", "7")
    machine.process(SVC, "1002", "8", "self")
    assert inherited_login(tmp_path) is None


def test_a_program_that_is_root_for_a_while_is_not_root(tmp_path: Path) -> None:
    """A set-user-id program keeps the real uid of who started it."""
    machine = Machine(tmp_path)
    machine.process(ROOT)
    machine.process(SVC, "1002", "7", euid=ROOT)
    machine.process(SVC, "1002", "7", "self")
    assert inherited_login(tmp_path) is None


def test_nothing_counts_where_root_is_not_the_machines(tmp_path: Path) -> None:
    """In a user namespace anybody is root."""
    machine = Machine(tmp_path)
    machine.process(ROOT)
    machine.process(ROOT, "1002", "7")
    machine.process(SVC, "1002", "7", "self")
    assert inherited_login(tmp_path) == Login(BOB, 7)
    machine.uid_map("0 990 1")
    assert inherited_login(tmp_path) is None


def test_no_login_is_none(tmp_path: Path) -> None:
    """A service has none; nor does a kernel without audit."""
    machine = Machine(tmp_path)
    machine.process(ROOT)
    machine.process(SVC, name="self")
    assert inherited_login(tmp_path) is None
    assert login_of("self", tmp_path / "nothing") is None


_PROGRAM = """
import ctypes, os, sys
from scheduler.ownership.login import inherited_login
prctl, PR_SET_DUMPABLE = ctypes.CDLL(None).prctl, 4
who, uid = sys.argv[1], 65534

def log_in():
    try:
        with open("/proc/self/loginuid", "w") as file:
            file.write("1002")
    except OSError as problem:
        print("unsupported", problem); sys.exit()

if who == "root":
    log_in()  # as PAM does; the process of the user comes of this one
pid = os.fork()
if pid == 0:
    os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
    if who == "user":
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as after an exec: what stands in /proc is the user's own
        log_in()
    found = inherited_login()
    print("none" if found is None else found.uid, flush=True)
    os._exit(0)
os.waitpid(pid, 0)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can log somebody in")
@pytest.mark.parametrize(("who", "counts"), [("root", "1002"), ("user", "none")])
def test_the_kernel_itself_tells_them_apart(who: str, counts: str) -> None:
    """A login that a process of root made counts for its child; one that the child made itself does not."""
    said = subprocess.run(
        [sys.executable, "-c", _PROGRAM, who], capture_output=True, text=True, check=True
    ).stdout
    if said.startswith("unsupported"):
        pytest.skip(f"this kernel lets nobody log in: {said}")
    assert said == f"{counts}\n"
