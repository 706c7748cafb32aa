"""Making one process: `posix_spawn` with everything that a job's process is promised."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from scheduler.processes import program
from scheduler.processes.working_folder import Whereabouts

_FOLDER_MODE: Final = 0o700
_OUTPUT_MODE: Final = 0o600
_OUTPUT_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
_DEFAULT_SIGNALS: Final = [
    number for number in signal.Signals if number < 32 and number not in (signal.SIGKILL, signal.SIGSTOP)
]


class Command(NamedTuple):
    """What is started and where.

    Attributes:
        path: the program, absolute; called: what it is called in messages.
        argv: its arguments, from its name on.
        env: its whole environment.
        working_directory: absolute.
        outputs: the files for standard output and standard error, absolute.
    """

    path: str
    called: str
    argv: list[str]
    env: Mapping[str, str]
    working_directory: str
    outputs: tuple[str, str]


def spawn(command: Command, whereabouts: Whereabouts) -> int:
    """Start it as the leader of a session of its own and return its pid.

    Missing folders of the output files are made. A script without a `#!` line is given to `/bin/sh`, as
    execvp(3) and every shell do.

    Raises:
        LaunchFailed: nothing runs, and no empty output files are left.
    """
    failure: OSError | ValueError
    try:
        return _spawn_there(command, whereabouts)
    except (OSError, ValueError) as error:
        failure = error
    try:
        if isinstance(failure, FileNotFoundError):
            # Try again even if nothing was missing: another process may have made the folder just now.
            _make_folders(command.outputs)
            return _spawn_there(command, whereabouts)
    except (OSError, ValueError) as error:
        failure = error
    try:
        if isinstance(failure, OSError) and failure.errno == errno.ENOEXEC:
            script = program.script_for_shell(command.path, command.argv)
            if script is not None:
                return _spawn_there(command._replace(path=script[0], argv=script), whereabouts)
    except (OSError, ValueError) as error:
        failure = error
    explained = program.explain(failure, command.path, command.called, command.outputs)
    for output in command.outputs:
        _discard_empty(output)
    raise explained from failure


def _spawn_there(command: Command, whereabouts: Whereabouts) -> int:
    whereabouts.go(command.working_directory)
    return os.posix_spawn(
        command.path,
        command.argv,
        command.env,
        file_actions=(
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, command.outputs[0], _OUTPUT_FLAGS, _OUTPUT_MODE),
            (os.POSIX_SPAWN_OPEN, 2, command.outputs[1], _OUTPUT_FLAGS, _OUTPUT_MODE),
        ),
        setsid=True,
        setsigmask=(),
        setsigdef=_DEFAULT_SIGNALS,
    )


def _make_folders(outputs: Sequence[str]) -> None:
    """Make the missing folders of the output files, private to us."""
    for output in outputs:
        missing = []
        folder = os.path.dirname(output)
        while not os.path.lexists(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for folder in reversed(missing):
            with contextlib.suppress(FileExistsError):  # another process starts its first run of the day
                os.mkdir(folder, _FOLDER_MODE)


def _discard_empty(output: str) -> None:
    """Remove the output file of a process that never was."""
    try:
        if os.lstat(output).st_size == 0:
            os.unlink(output)
    except OSError:
        return
