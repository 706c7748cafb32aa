"""A machine whose process 1 is a real systemd: namespaces of its own, on a copy of this machine's files.

The copy is an overlay: what happens there never reaches the real files. Nothing of this machine is mounted there so
that it could be written. It has a tree of control groups of its own, below one that is made for it.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from tests.support.command import COMMAND, DEADLINE_S

SYSTEMD = ("/usr/lib/systemd/systemd", "/lib/systemd/systemd")
REPOSITORY = Path(__file__).resolve().parents[2]
BOOT_S = 60.0
_LOOK_S = 0.05
_MASKED = (
    "systemd-tmpfiles-setup.service",
    "systemd-tmpfiles-setup-dev.service",
    "systemd-tmpfiles-setup-dev-early.service",
    "systemd-tmpfiles-clean.timer",
    "systemd-udevd.service",
    "systemd-timesyncd.service",
    "systemd-networkd.service",
    "systemd-resolved.service",
    "systemd-sysctl.service",
    "systemd-modules-load.service",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "sys-fs-fuse-connections.mount",
    "dev-hugepages.mount",
)
"""They would clean up in the copy, where the product may stand, or are about devices, of which there are none."""
_INNER = """\
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs {folder}
mkdir {folder}/upper {folder}/work {folder}/root
mount -t overlay overlay -o lowerdir=/,upperdir={folder}/upper,workdir={folder}/work {folder}/root
cd {folder}/root
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do
  touch dev/$name
  mount --bind /dev/$name dev/$name
done
mkdir dev/shm dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
{binds}
mkdir old
pivot_root . old
cd /
umount -l old
mkdir -p /etc/systemd/system
for name in {masked}; do ln -sf /dev/null /etc/systemd/system/$name; done
printf '[Unit]\\nRequires=systemd-journald.service\\nAfter=systemd-journald.service\\n' \
  > /etc/systemd/system/try.target
export container=try
exec {systemd} --system --unit=try.target --log-target=console --show-status=no
"""


class NoSystemd(Exception):
    """None can be had here; the message says why."""


class SystemdMachine:
    """It runs while the context lasts.

    Attributes:
        root: its files, as they are seen from here.

    Raises:
        NoSystemd: it cannot be started here.
    """

    def __init__(self) -> None:
        self._systemd = _require()
        self._folder = Path(tempfile.mkdtemp(prefix="cronledger-systemd-"))
        self._group = _cgroup2() / f"cronledger-try-{os.getpid()}"
        self._process: subprocess.Popen[bytes] | None = None
        self._init = 0
        self.root = Path("/")

    def __enter__(self) -> Self:
        try:
            self._boot()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _boot(self) -> None:
        inner = self._folder / "inner.sh"
        inner.write_text(
            _INNER.format(
                folder=shlex.quote(str(self._folder)),
                systemd=self._systemd,
                masked=" ".join(_MASKED),
                binds="\n".join(_read_only_binds()),
            )
        )
        self._group.mkdir()
        spaces = ["--pid", "--fork", "--kill-child", "--mount", "--cgroup", "--uts", "--ipc"]
        enter = f"echo 0 > {self._group}/cgroup.procs && exec unshare {' '.join(spaces)} sh {inner}"
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", enter], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        give_up_s = time.monotonic() + BOOT_S
        while self._state() not in ("running", "degraded"):
            if self._process.poll() is not None or time.monotonic() > give_up_s:
                said = (self._folder / "log").read_text(errors="replace")[-500:]
                raise NoSystemd(f"it does not start here: {said.strip() or 'it says nothing'}")
            time.sleep(_LOOK_S)
        self.root = Path(f"/proc/{self._init}/root")

    def _state(self) -> str:
        assert self._process is not None
        with contextlib.suppress(OSError):
            children = (
                Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
            )
            if children and Path(f"/proc/{children[0]}/comm").read_text() == "systemd\n":
                self._init = int(children[0])
                return self.run("systemctl", "is-system-running", check=False).strip()
        return ""

    def _end(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        until(lambda: not _members(self._group), "its processes do not end")
        for folder, _, _ in os.walk(self._group, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command there, as root, to its end; what it printed."""
        done = subprocess.run(
            [
                "nsenter",
                f"--target={self._init}",
                "--mount",
                "--pid",
                "--cgroup",
                "--ipc",
                "--uts",
                "--",
                *command,
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_S,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
        )
        assert not check or done.returncode == 0, f"{shlex.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout if check else done.stdout + done.stderr

    def cronledger(self, *arguments: str, check: bool = True) -> str:
        """Run the product's command there."""
        return self.run(COMMAND, *arguments, check=check)

    def shown(self, unit: str, name: str) -> str:
        """A property of a unit, such as `ActiveState`."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).strip()

    def wait_shown(self, unit: str, name: str, wanted: Callable[[str], bool]) -> str:
        """A property of a unit, once it is what is wanted."""
        seen = ""

        def look() -> bool:
            nonlocal seen
            seen = self.shown(unit, name)
            return wanted(seen)

        until(look, lambda: f"{name} of {unit} is {seen!r}")
        return seen

    def processes(self, unit: str) -> dict[int, str]:
        """The processes in a unit's control group and those below it, by their number there, with their commands."""
        below = self.shown(unit, "ControlGroup").lstrip("/")
        if not below:
            return {}
        told = {}
        script = 'for p in $(find /sys/fs/cgroup/"$1" -name cgroup.procs -exec cat {} + 2>/dev/null); do '
        script += "printf '%s ' $p; tr '\\0' ' ' < /proc/$p/cmdline; echo; done 2>/dev/null; true"
        for line in self.run("sh", "-c", script, "sh", below).splitlines():
            number, _, command = line.partition(" ")
            if number.isdigit():
                told[int(number)] = command.strip()
        return told

    def drop_in(self, unit: str, *settings: str, section: str = "Service") -> None:
        """Give a unit settings as `systemctl edit` does."""
        folder = self.root / "etc/systemd/system" / f"{unit}.service.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "try.conf").write_text("\n".join([f"[{section}]", *settings, ""]))
        self.run("systemctl", "daemon-reload")


def until(condition: Callable[[], bool], why: str | Callable[[], str]) -> None:
    """Wait until something is so."""
    give_up_s = time.monotonic() + DEADLINE_S / 20
    while not condition():
        assert time.monotonic() < give_up_s, why if isinstance(why, str) else why()
        time.sleep(_LOOK_S)


def _require() -> str:
    systemd = next((path for path in SYSTEMD if os.access(path, os.X_OK)), None)
    if systemd is None:
        raise NoSystemd("there is no systemd (Debian: apt install systemd)")
    if os.geteuid() != 0:
        raise NoSystemd("only root can give it namespaces")
    for program in ("unshare", "nsenter", "pivot_root", "systemctl", "mount"):
        if shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None:
            raise NoSystemd(f"there is no {program}")
    if "overlay" not in Path("/proc/filesystems").read_text():
        raise NoSystemd("the kernel knows no overlays")
    _cgroup2()
    return systemd


def _cgroup2() -> Path:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 ") and os.access(before.split(" ")[4], os.W_OK):
            return Path(before.split(" ")[4])
    raise NoSystemd("no tree of control groups of version 2 is mounted")


def _members(group: Path) -> list[str]:
    return [
        number
        for folder, _, _ in os.walk(group)
        for number in Path(folder, "cgroup.procs").read_text().split()
    ]


def _read_only_binds() -> Iterator[str]:
    """The product and its Python, where they are not on the file system of `/`, which alone is in the overlay."""
    for path in dict.fromkeys([REPOSITORY, Path(sys.prefix), Path(sys.base_prefix)]):
        if path.stat().st_dev != Path("/").stat().st_dev:
            there = shlex.quote(str(path))
            yield f"mkdir -p .{there}; mount --bind {there} .{there}; mount -o remount,bind,ro .{there}"
