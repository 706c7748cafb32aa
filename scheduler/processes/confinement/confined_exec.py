"""A program that limits itself and then becomes a job's: `python -I -S confined_exec.py [NAME=VALUE…] -- PATH ARGV…`.

Between fork and exec nothing of this can be done from Python, and from outside it would come too late. It imports
nothing but what an interpreter has in it or loads in no time, since each attempt with limits waits for it.

`group`, the control group that it enters; `data` bytes of memory (RLIMIT_DATA); `cpu` seconds of processor time, and
`cpu_hard`; `nice`; `uid`, `gid`, `groups`; `cwd`, where it must be allowed to be; `shell`, which runs a text
that is no program. Descriptor 3 is told in one line what failed, `STEP ERRNO`, and closes when nothing did.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # signal itself imports enum, which takes as long as all else
import os
import resource
import sys

REPORT = 3
"""The descriptor on which is said what failed."""
NOT_STARTED = 126
_ENOEXEC = 8
_IGNORED_BY_PYTHON = (_signal.SIGPIPE, _signal.SIGXFSZ)


def main(words: list[str]) -> None:
    """Apply what is asked for, and execute the program; returns only if that failed."""
    os.set_inheritable(REPORT, False)
    split = words.index("--")
    options = dict(word.split("=", 1) for word in words[:split])
    path, *argv = words[split + 1 :]
    step = "environment"
    try:
        environment = _environment()
        step = "memory"
        if "group" in options:
            _enter(options["group"])
        step = "nice"
        if "nice" in options:
            wanted = int(options["nice"])
            os.setpriority(os.PRIO_PROCESS, 0, max(wanted, os.getpriority(os.PRIO_PROCESS, 0)))
        step = "cpu_time"
        if "cpu" in options:
            _limit(resource.RLIMIT_CPU, int(options["cpu"]), int(options["cpu_hard"]))
        step = "user"
        if "uid" in options:
            os.setgroups([int(group) for group in options["groups"].split(",")])
            os.setgid(int(options["gid"]))
            os.setuid(int(options["uid"]))
        step = "folder"
        if "cwd" in options:
            os.chdir(options["cwd"])
        for number in _IGNORED_BY_PYTHON:
            _signal.signal(number, _signal.SIG_DFL)
        step = "memory"
        if "data" in options:
            _limit(resource.RLIMIT_DATA, int(options["data"]), int(options["data"]))
        step = "exec"
        _execute(path, argv, environment, options.get("shell"))
    except OSError as error:
        os.write(REPORT, f"{step} {error.errno or 0}\n".encode())
    except ValueError:  # a limit that is beyond the one that applies
        os.write(REPORT, f"{step} 22\n".encode())


def _environment() -> dict[bytes, bytes]:
    """Exactly what this process was started with: an interpreter may have set a locale since."""
    with open("/proc/self/environ", "rb", buffering=0) as source:
        variables = source.readall().split(b"\0")
    return dict(variable.split(b"=", 1) for variable in variables if b"=" in variable)


def _enter(group: str) -> None:
    descriptor = os.open(group, os.O_WRONLY | os.O_CLOEXEC)
    os.write(descriptor, b"0")
    os.close(descriptor)


def _limit(kind: int, soft: int, hard: int) -> None:
    """Set a limit, which nobody may raise above the one that applies already."""
    _, most = resource.getrlimit(kind)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(kind, (soft, hard))


def _execute(path: str, argv: list[str], environment: dict[bytes, bytes], shell: str | None) -> None:
    try:
        os.execve(path, argv, environment)  # noqa: S606 - what the config names
    except OSError as error:
        if error.errno != _ENOEXEC or shell is None:
            raise
        os.execve(shell, [shell, path, *argv[1:]], environment)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(NOT_STARTED)
