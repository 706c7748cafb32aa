"""The control group of an attempt (cgroups(7), version 2): what the kernel counts as its processes.

Nobody leaves a control group without the right to write where it leads, so it tells even of a daemon without
environment whose parent ended before anybody looked. Groups are made only below one that the service manager has
delegated (systemd: `Delegate=yes`): the rest of the tree is not ours. Where there is none, or the kernel refuses,
processes are recognised by everything else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Container
from pathlib import Path
from typing import NamedTuple

from scheduler.processes.descriptors import is_exhaustion

DELEGATED = "user.delegate"
"""The attribute with the value `1` by which systemd marks a group that it leaves to those inside."""
_PROCESSES = "cgroup.procs"
_SHARED_OUT = "cgroup.subtree_control"
_THIS_PROCESS = "0"
_READ_BYTES = 64 * 1024


class ControlGroup(NamedTuple):
    """The group of one attempt; it need not exist.

    Attributes:
        folder: where it stands in the file system.
        path: as `/proc/PID/cgroup` names it to this process.
    """

    folder: Path
    path: str

    @property
    def processes(self) -> Path:
        """The file into which is written who enters it."""
        return self.folder / _PROCESSES

    def has(self, pid: int) -> bool:
        """Whether a process is in the group, or in one below it.

        Raises:
            OSError: there is no descriptor left to look with.
        """
        path = _path_of(str(pid))
        return path is not None and (path == self.path or path.startswith(f"{self.path}/"))

    def kill(self) -> None:
        """SIGKILL to all that are in it, at one stroke, where the kernel can do that (5.14)."""
        with contextlib.suppress(OSError):
            if self.has(os.getpid()):
                return
            _write(self.folder / "cgroup.kill", "1")

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel ended processes in it because they would have used more memory than it may."""
        for line in _read(str(self.folder / "memory.events")).split("\n"):
            name, _, count = line.partition(" ")
            if name in ("oom_kill", "oom_group_kill") and _is_number(count) and int(count) > 0:
                return True
        return False

    def limit_memory(self, memory_bytes: int) -> None:
        """Have the kernel end all that are in it when they would use more, swapped out or not.

        Raises:
            OSError: it cannot be limited.
        """
        _write(self.folder / "memory.max", str(memory_bytes))
        for name, value in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
            with contextlib.suppress(OSError):  # a kernel without swap accounting
                _write(self.folder / name, value)

    def remove(self) -> None:
        """Remove it, if nobody is left in it."""
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)


class ControlGroups:
    """The groups of a ledger's attempts, below the group that is delegated.

    A process begins in the group of its parent, and a run may make children before it could be moved. So this
    process enters the group itself before it starts a run, and leaves it afterwards. The kernel shares memory out
    only below a group that has no processes of its own: where this process is in a group below the delegated one
    (systemd: `DelegateSubgroup=`), those of attempts stand beside that, and their memory can be limited.

    Args:
        folder: of the delegated group; path: as `/proc/PID/cgroup` names it.
        ledger_id: of the ledger whose attempts they are.
        own: folder of the group of this process, where that is not the delegated one.

    Raises:
        OSError: the group of this process cannot be opened.
    """

    def __init__(self, folder: Path, path: str, ledger_id: str, own: Path | None = None) -> None:
        self._folder, self._path = folder, path.rstrip("/")
        self._prefix = f"cronledger-{hashlib.sha256(ledger_id.encode()).hexdigest()[:16]}-"
        self._own = os.open((own or folder) / _PROCESSES, os.O_WRONLY | os.O_CLOEXEC)
        self._shares_memory = False if own is None else None

    @classmethod
    def delegated(cls, ledger_id: str) -> ControlGroups | None:
        """Those below the group of this process if that is delegated, or beside it if the one above is; else None."""
        try:
            found = delegated_group("self")
            if found is None:
                return None
            return cls(found.folder, found.path, ledger_id, found.own if found.own != found.folder else None)
        except OSError:
            return None

    @property
    def limits_memory(self) -> bool:
        """Whether the memory of attempts can be limited; asked of the kernel once, by the first that needs it."""
        if self._shares_memory is None:
            try:
                _write(self._folder / _SHARED_OUT, "+memory")
                self._shares_memory = True
            except OSError:
                self._shares_memory = False
        return self._shares_memory

    def limiting(self, attempt: tuple[int, int]) -> ControlGroup | None:
        """The group of an attempt if its memory can be limited."""
        return self.of(attempt) if self.limits_memory else None

    def of(self, attempt: tuple[int, int]) -> ControlGroup:
        """The group of an attempt."""
        name = f"{self._prefix}{attempt[0]}-{attempt[1]}"
        return ControlGroup(self._folder / name, f"{self._path}/{name}")

    def enter(self, attempt: tuple[int, int], memory_bytes: int | None = None) -> None:
        """Have this process, and all that it starts until `leave`, be in the group of an attempt.

        Where that is refused they are in no attempt's group. A group whose memory is limited is only made: what is
        started enters it itself, so that this process is not in it when that memory is used up.

        Args:
            attempt: whose.
            memory_bytes: so much memory the group may use, where its memory can be limited.

        Raises:
            OSError: as `leave`; or the memory, which could be limited, was not.
        """
        group = self.of(attempt)
        limited = memory_bytes is not None and self.limits_memory
        try:
            os.mkdir(group.folder, 0o755)
            if memory_bytes is not None and limited:
                group.limit_memory(memory_bytes)
                self.leave()
                return
            _write(group.processes, _THIS_PROCESS)
        except OSError:
            self.leave()
            if limited:
                raise

    def put(self, attempt: tuple[int, int], pid: int) -> None:
        """Have a process that has no children yet be in the group of an attempt; where that is refused, it stays."""
        folder = self.of(attempt).folder
        with contextlib.suppress(OSError):
            os.mkdir(folder, 0o755)
            put_into(folder, pid)

    def leave(self) -> None:
        """Go back to the group from which this process came.

        Raises:
            OSError: the kernel refuses that.
        """
        os.write(self._own, _THIS_PROCESS.encode())

    def close(self) -> None:
        """Give the descriptor back; the groups stay."""
        os.close(self._own)

    def tidy(self, in_flight: Container[tuple[int, int]]) -> None:
        """Remove the empty groups of attempts that are not in flight."""
        with contextlib.suppress(OSError):
            for name in os.listdir(self._folder):
                run, _, attempt = name.removeprefix(self._prefix).partition("-")
                if name.startswith(self._prefix) and _is_number(run) and _is_number(attempt):
                    key = int(run), int(attempt)
                    if key not in in_flight:
                        self.of(key).remove()


class DelegatedGroup(NamedTuple):
    """A group that the service manager leaves to those inside.

    Attributes:
        folder: where it stands; path: as `/proc/PID/cgroup` names it.
        own: the folder of the group in which the process is: this one, or one right below it.
    """

    folder: Path
    path: str
    own: Path

    @property
    def can_limit_memory(self) -> bool:
        """Whether the kernel would share memory out below it."""
        return self.own != self.folder and "memory" in _read(str(self.folder / "cgroup.controllers")).split()


def delegated_group(process: str) -> DelegatedGroup | None:
    """The delegated group in which a process is (`self`, or its number), or right below which it is.

    Raises:
        OSError: it cannot be looked at.
    """
    path, mounted = _path_of(process), _mounted()
    if path is None or mounted is None:
        return None
    root, mount_point = mounted
    below = os.path.relpath(path, root)
    if below.startswith(".."):
        return None
    own = Path(mount_point, below)
    if _is_delegated(own):
        return DelegatedGroup(own, path, own)
    if below != "." and _is_delegated(own.parent):
        return DelegatedGroup(own.parent, os.path.dirname(path), own)
    return None


def own_group() -> Path | None:
    """The folder of the group of this process, if that is delegated or right below one that is.

    To be asked before the first run starts, or by the thread that starts runs: it is in their groups while it does.
    """
    try:
        found = delegated_group("self")
    except OSError:
        return None
    return None if found is None else found.own


def put_into(group: Path, pid: int) -> None:
    """Have a process that has no children yet be in a group; where that is refused, it stays where it is."""
    with contextlib.suppress(OSError):
        _write(group / _PROCESSES, str(pid))


def _is_delegated(folder: Path) -> bool:
    try:
        return os.getxattr(folder, DELEGATED) == b"1"
    except OSError:
        return False


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _path_of(process: str) -> str | None:
    """The group of a process in the one tree of version 2; None if it is gone or there is no such tree.

    Raises:
        OSError: there is no descriptor left to look with.
    """
    for line in _read(f"/proc/{process}/cgroup").split("\n"):
        if line.startswith("0::"):
            return line[len("0::") :]
    return None


def _mounted() -> tuple[str, str] | None:
    """Which group the mount of version 2 begins with, and where that is mounted (proc_pid_mountinfo(5))."""
    for line in _read("/proc/self/mountinfo").split("\n"):
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 "):
            _, _, _, root, mount_point, *_ = before.split(" ")
            return root, mount_point
    return None


def _read(path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        if is_exhaustion(error):
            raise
        return ""
    parts: list[bytes] = []
    try:
        while part := os.read(descriptor, _READ_BYTES):
            parts.append(part)
    except OSError:  # it ended meanwhile
        return ""
    finally:
        os.close(descriptor)
    return os.fsdecode(b"".join(parts))
