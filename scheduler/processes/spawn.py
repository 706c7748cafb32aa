"""Making one process: `posix_spawn` with everything that a job's process is promised."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from scheduler.processes import program
from scheduler.processes.output.output_files import OutputFiles
from scheduler.processes.spawner import FileIdentity
from scheduler.processes.working_folder import WorkingFolder

if TYPE_CHECKING:
    from scheduler.processes.confinement.confined_command import Refusal, Wrapped

DEFAULT_SIGNALS: Final = sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})
"""The signals that have their default action in a process that is started."""


class Command(NamedTuple):
    """What is started and where.

    Attributes:
        path: the program, absolute; called: what it is called in messages.
        argv: its arguments, from its name on.
        env: its whole environment.
        working_directory: absolute.
        outputs: the files for standard output and standard error, absolute.
        wrapped: what it becomes once it has confined itself, if it does.
    """

    path: str
    called: str
    argv: list[str]
    env: Mapping[str, str]
    working_directory: str
    outputs: tuple[str, str]
    wrapped: Wrapped | None = None


class Spawned(NamedTuple):
    """A process that was made: its pid, which files its output goes to, and where it says what it could not do."""

    pid: int
    outputs: tuple[FileIdentity, ...]
    refusal: Refusal | None = None


def spawn(command: Command, working_folder: WorkingFolder, outputs: OutputFiles | None = None) -> Spawned:
    """Start it as the leader of a session of its own.

    A script without a `#!` line is given to `/bin/sh`, as execvp(3) and every shell do.

    Args:
        command: what is started and where; working_folder: where this process stands.
        outputs: its output files, if they are there already.

    Raises:
        LaunchFailed: nothing runs, and no output files are left that were made here.
    """
    working_folder.go(command.working_directory)
    outputs = outputs or OutputFiles(command.outputs)
    try:
        refusal = None if command.wrapped is None else command.wrapped.refusal()
        pid = _spawn_program(command, outputs, refusal)
    except (OSError, ValueError) as error:
        outputs.discard()
        raise program.explain(error, command.path, command.called) from error
    outputs.close()
    return Spawned(pid, tuple(outputs.identities), refusal)


def _spawn_program(command: Command, outputs: OutputFiles, refusal: Refusal | None) -> int:
    if refusal is not None:
        with refusal.handed_on() as action:
            return _posix_spawn(command.path, command.argv, command.env, outputs, (action,))
    try:
        return _posix_spawn(command.path, command.argv, command.env, outputs)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        script = program.script_for_shell(command.path, command.argv)
        if script is None:
            raise
        return _posix_spawn(script[0], script, command.env, outputs)


def _posix_spawn(
    path: str,
    argv: list[str],
    env: Mapping[str, str],
    outputs: OutputFiles,
    more: Sequence[tuple[int, int, int]] = (),
) -> int:
    stdout, stderr = outputs.descriptors
    return os.posix_spawn(
        path,
        argv,
        env,
        file_actions=(
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, stdout, 1),
            (os.POSIX_SPAWN_DUP2, stderr, 2),
            *more,
        ),
        setsid=True,
        setsigmask=(),
        setsigdef=DEFAULT_SIGNALS,
    )
