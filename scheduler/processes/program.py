"""Finding the program of a job as `execvp` would, and saying for people why it cannot be started."""

from __future__ import annotations

import errno
import os
import pwd
from collections.abc import Mapping, Sequence
from typing import Final

from scheduler.processes.spawner import LaunchFailed

NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126
"""What a shell answers, and so what people and their monitoring know."""

DEFAULT_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_TEXT_PROBE_BYTES: Final = 256

NO_DESCRIPTORS: Final = "the scheduler has reached its limit of open files (ulimit -n)"

_SYSTEM_REASONS: Final = {
    errno.E2BIG: "its arguments and environment are longer than the kernel accepts",
    errno.EAGAIN: "the limit of processes is reached (ulimit -u, or pids.max of the control group)",
    errno.ENOMEM: "there is not enough memory",
    errno.EMFILE: NO_DESCRIPTORS,
    errno.ENFILE: "the system has reached its limit of open files",
    errno.ETXTBSY: "the program is being written to at this moment",
    errno.ELOOP: "its path has too many symbolic links",
    errno.ENOSPC: "the disk is full",
    errno.EROFS: "the file system is read-only",
    errno.EDQUOT: "the disk quota is used up",
}


def find_program(name: str, env: Mapping[str, str], working_directory: str) -> str:
    """The absolute path of a program, by the rules of execvp(3) applied to the job's own environment.

    A name with a slash is a path, relative to the working directory; any other is looked for in the job's
    `PATH`, whose empty and relative members are relative to the working directory too.

    Raises:
        LaunchFailed: there is none, or it may not be executed; for a path, that is left to the kernel to say.
    """
    if not name:
        raise LaunchFailed("the command is empty: it names no program", NOT_FOUND)
    if "/" in name:
        return os.path.join(working_directory, name)
    path = env.get("PATH", DEFAULT_PATH)
    refused: str | None = None
    for folder in path.split(":"):
        candidate = os.path.join(working_directory, folder, name)
        if os.access(candidate, os.X_OK) and os.path.isfile(candidate):
            return candidate
        if refused is None and os.path.lexists(candidate):
            refused = candidate
    if refused is not None:
        raise _not_executable(refused, shown(name, refused, env))
    # A PATH that the job was given is a value of its environment, and those are not for the ledger.
    origin = "its PATH" if "PATH" in env else f"the default PATH ({path})"
    raise LaunchFailed(f"program not found: no {name!r} in {origin}{nearest_program(name, path)}", NOT_FOUND)


def shown(name: str, program: str, env: Mapping[str, str]) -> str:
    """How a program is called in messages: by its name alone where a value of the environment says where it is."""
    return name if "/" not in name and "PATH" in env else program


def script_for_shell(program: str, argv: Sequence[str]) -> list[str] | None:
    """The command for a script without a `#!` line, which execvp(3) and every shell give to `/bin/sh`.

    None if the file is no text: then it is a program for some other machine.
    """
    try:
        with open(program, "rb") as source:
            start = source.read(_TEXT_PROBE_BYTES)
    except OSError:
        return None
    return None if b"\0" in start or start.startswith(b"#!") else ["/bin/sh", program, *argv[1:]]


def system_reason(error: OSError) -> str | None:
    """Why the system refused, in words for people, where its own are not clear enough."""
    return _SYSTEM_REASONS.get(error.errno or 0)


def explain(error: Exception, program: str, called: str) -> LaunchFailed:
    """Why the kernel refused to start `program`, in words that call it `called`.

    `posix_spawn` says only a number for all that happens between fork and exec, so each possible cause is
    looked at.
    """
    if not isinstance(error, OSError):  # a NUL byte in an argument, `=` in a variable's name
        return LaunchFailed(f"cannot start {called}: {error}", NOT_EXECUTABLE)
    known = system_reason(error)
    if known is not None:
        return LaunchFailed(f"cannot start {called}: {known}", NOT_EXECUTABLE)
    if not os.path.exists(program):
        dangling = " (a symbolic link that leads nowhere)" if os.path.islink(program) else ""
        return LaunchFailed(f"program not found: {called}{dangling}", NOT_FOUND)
    if not os.path.isfile(program) or not os.access(program, os.X_OK):
        return _not_executable(program, called)
    interpreter = _interpreter(program)
    if interpreter is not None:
        return _bad_interpreter(called, interpreter, error)
    if error.errno == errno.ENOENT:
        return LaunchFailed(f"cannot start {called}: the loader that it asks for is missing", NOT_FOUND)
    if error.errno == errno.ENOEXEC:
        text = f"cannot start {called}: it is neither a script nor a program for this machine"
        return LaunchFailed(text, NOT_EXECUTABLE)
    return LaunchFailed(f"cannot start {called}: {error.strerror}", NOT_EXECUTABLE)


def _not_executable(program: str, called: str) -> LaunchFailed:
    if os.path.isdir(program):
        reason = "it is a folder"
    elif os.path.islink(program) and not os.path.exists(program):
        return LaunchFailed(f"program not found: {called} is a symbolic link that leads nowhere", NOT_FOUND)
    elif not os.path.isfile(program):
        reason = "it is no regular file"
    else:
        reason = f"it is not executable (chmod +x {called})"
    return LaunchFailed(f"cannot start {called}: {reason}", NOT_EXECUTABLE)


def _interpreter(program: str) -> str | None:
    try:
        with open(program, "rb") as source:
            first = source.read(_TEXT_PROBE_BYTES).partition(b"\n")[0]
    except OSError:
        return None
    if not first.startswith(b"#!"):
        return None
    words = os.fsdecode(first[2:]).strip(" \t").split(" ")
    return words[0]


def _bad_interpreter(program: str, interpreter: str, error: OSError) -> LaunchFailed:
    if interpreter.endswith("\r"):
        text = f"its first line ends as on Windows, so {interpreter!r} is looked for: save it with LF endings"
    elif not os.path.exists(interpreter):
        text = f"the interpreter {interpreter!r} in its first line does not exist"
    else:
        return LaunchFailed(f"cannot start {program} by {interpreter!r}: {error.strerror}", NOT_EXECUTABLE)
    return LaunchFailed(f"cannot start {program}: {text}", NOT_FOUND)


def nearest_program(name: str, path: str) -> str:
    """What the name was meant to be: a user in front of the program, as in a system's crontab, or a slip."""
    if is_user(name):
        return f"; {name} is a user: a command has no user in front, it runs as the scheduler's"
    from scheduler.schedule.errors import mistyped  # only a mistake needs it

    names: set[str] = set()
    for folder in path.split(":"):
        try:
            names.update(os.listdir(folder))
        except OSError:
            continue
    close = mistyped(name, names)
    return f"; did you mean {close!r}?" if close else ""


def is_user(name: str) -> bool:
    """Whether this machine has a user of this name."""
    try:
        pwd.getpwnam(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
