"""One system call that fails: at each place of the product that makes one, chosen by number, within this process.

Calls are told apart by the function and the line of the product's code that made it, however deep in the library.
Starting a thread or a process may count as one.
"""

from __future__ import annotations

import builtins
import fcntl
import io
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple
from unittest import mock

import inotify_simple

ROOT = Path(__file__).parent.parent.parent
_OURS = tuple(f"{ROOT}/{package}/" for package in ("eventstore", "scheduler", "projections", "cli"))
_OF_OS = [
    "access", "chmod", "chown", "close", "copy_file_range", "dup", "dup2", "fchmod", "fchown", "fdatasync",
    "fstat", "fsync", "ftruncate", "getxattr", "kill", "link", "listdir", "lseek", "lstat", "mkdir", "open",
    "pidfd_open", "pipe", "pipe2", "posix_fallocate", "posix_spawn", "pread", "pwrite", "read", "readlink",
    "rename", "replace", "rmdir", "scandir", "stat", "statvfs", "symlink", "truncate", "unlink", "utime",
    "wait4", "waitid", "waitpid", "write",
]  # fmt: skip
_OF_THE_LIBRARY: list[tuple[Any, str, str]] = [
    (threading.Thread, "start", "start thread"),
    (subprocess, "_fork_exec", "fork"),
    (selectors.DefaultSelector, "__init__", "epoll_create"),
    (selectors.DefaultSelector, "register", "epoll_ctl"),
    (inotify_simple.INotify, "__init__", "inotify_init"),
    (inotify_simple.INotify, "add_watch", "inotify_add_watch"),
]
"""What makes system calls that no module has a function for: where, its name, what it is called here."""


class CallSite(NamedTuple):
    """Where a call is made: the function, the file of the product, the line."""

    call: str
    file: str
    line: int


class Calls:
    """The calls that were made, and the one that fails.

    Args:
        fails: at which place; None: nowhere.
        occurrence: which call there, from 0.
        number: the `errno`.
        times: so many of them in a row.

    Attributes:
        made: how often each place made its call.
        failed: whether the one has failed.
        watched: whether calls count and fail now; another process's deeds, done in this one, do not.
    """

    def __init__(self, fails: CallSite | None, occurrence: int, number: int, times: int = 1) -> None:
        self._fails, self._errno = fails, number
        self._failing = range(occurrence + 1, occurrence + 1 + times)
        self.made: dict[CallSite, int] = {}
        self.failed = False
        self.watched = True

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, counted; where it is to fail, it does instead of being called (but `close` closes)."""

        def counted(*args: Any, **options: Any) -> Any:
            site = _site(name) if self.watched else None
            if site is not None:
                count = self.made[site] = self.made.get(site, 0) + 1
                if site == self._fails and count in self._failing:
                    self.failed = True
                    if name == "close":
                        function(*args, **options)
                    if name == "start thread":
                        raise RuntimeError("can't start new thread")
                    raise OSError(self._errno, os.strerror(self._errno))
            return function(*args, **options)

        return counted


def _site(name: str) -> CallSite | None:
    """Where in the product the call is made; None if something else makes it."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the documented way to the caller's frame
    while frame is not None:
        if frame.f_code.co_filename.startswith(_OURS):
            return CallSite(name, frame.f_code.co_filename[len(str(ROOT)) + 1 :], frame.f_lineno)
        if frame.f_code.co_name == "_find_and_load":  # an import: what it reads is not ours to survive here
            return None
        frame = frame.f_back
    return None


@contextmanager
def failing_calls(
    fails: CallSite | None = None,
    *,
    occurrence: int = 0,
    number: int = 5,
    times: int = 1,
    through_library: bool = False,
) -> Iterator[Calls]:
    """Count the system calls of what is done inside, and let one of them fail; see `Calls`.

    With `through_library`, those included that only the library makes: of threads, processes, epoll and inotify.
    """
    calls = Calls(fails, occurrence, number, times)
    with ExitStack() as patches:
        # As a process of its own it could end in another folder: `/`, where it fails to hold the one it was in.
        patches.enter_context(chdir(os.getcwd()))
        for name in _OF_OS:
            if hasattr(os, name):
                patches.enter_context(mock.patch.object(os, name, calls.around(name, getattr(os, name))))
        for module, name in ((fcntl, "flock"), (fcntl, "fcntl"), (signal, "pidfd_send_signal")):
            patches.enter_context(mock.patch.object(module, name, calls.around(name, getattr(module, name))))
        for place, attribute, name in _OF_THE_LIBRARY if through_library else []:
            wrapped = calls.around(name, getattr(place, attribute))
            patches.enter_context(mock.patch.object(place, attribute, wrapped))
        opener = calls.around("open file", io.open)
        patches.enter_context(mock.patch.object(builtins, "open", opener))
        patches.enter_context(mock.patch.object(io, "open", opener))
        yield calls
