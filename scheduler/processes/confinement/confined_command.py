"""How a command is wrapped that may not use what the scheduler may, or acts as another user, and what its end tells.

Only such attempts pay for this: a small program (`confined_exec`) confines itself and then becomes the job's. What it
cannot do it tells through a pipe, and that is how the attempt ends.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from eventstore.durable import close_quietly
from scheduler.definition import Limits
from scheduler.processes import program
from scheduler.processes.confinement.confined_exec import REPORT
from scheduler.processes.confinement.confinement import Confinement
from scheduler.processes.recognition.control_groups import ControlGroup
from scheduler.processes.spawner import Exit, LaunchFailed

_WRAPPER: Final = str(Path(__file__).with_name("confined_exec.py"))
CPU_GRACE_S: Final = 5
"""So long after SIGXCPU, which a program may catch, the kernel sends SIGKILL."""
_REPORT_BYTES_MAX: Final = 64
_FIRST_FREE: Final = 16


class Wrapped(NamedTuple):
    """The command that is wrapped.

    Attributes:
        confinement: what is done to it.
        path: its program; called: what that is called in messages; folder: in which it starts.
    """

    confinement: Confinement
    path: str
    called: str
    folder: str

    def argv(self, argv: list[str], group: ControlGroup | None = None) -> list[str]:
        """The command that confines itself and then becomes the one that is wanted.

        Args:
            argv: arguments of the one that is wanted, from its name on.
            group: its control group, where that limits its memory. It enters that itself: a scheduler that was in
                there when the memory is used up would be ended along with it.
        """
        limits, run_as = self.confinement.limits or Limits(), self.confinement.run_as
        options = []
        if limits.memory_bytes is not None and group is not None:
            options.append(f"group={group.processes}")
        elif limits.memory_bytes is not None:
            options.append(f"data={limits.memory_bytes}")
        if limits.cpu_time_ms is not None:
            seconds = max(1, math.ceil(limits.cpu_time_ms / 1000))
            options += [f"cpu={seconds}", f"cpu_hard={seconds + CPU_GRACE_S}"]
        if limits.nice is not None:
            options.append(f"nice={limits.nice}")
        if run_as is not None:
            groups = ",".join(map(str, run_as.groups))
            options += [f"uid={run_as.uid}", f"gid={run_as.gid}", f"groups={groups}", f"cwd={self.folder}"]
        script = program.script_for_shell(self.path, argv) if os.path.isfile(self.path) else None
        if script is not None:
            options.append(f"shell={script[0]}")
        return [sys.executable, "-I", "-S", _WRAPPER, *options, "--", self.path, *argv]

    def refusal(self) -> Refusal:
        """Where it says what it could not do.

        Raises:
            OSError: there is no descriptor left.
        """
        return Refusal(self)

    def failed(self, step: str, error: OSError) -> LaunchFailed:
        """What is said of a step that failed before the program began."""
        run_as, why = self.confinement.run_as, error.strerror
        who = "" if run_as is None else f" as {run_as.name}"
        if step == "exec" and run_as is not None and error.errno == errno.EACCES:
            text = (
                f"cannot start {self.called}{who}, who may not execute it, or enter a folder on the way to it"
            )
        elif step == "exec":
            return program.explain(error, self.path, self.called)
        elif step == "folder":
            text = f"cannot start in the working directory {self.folder}{who}: {why}"
        elif step == "user":
            text = f"cannot start {self.called}{who}: {why}"
        else:
            text = f"cannot start {self.called}: its limit {step} cannot be set: {why}"
        return LaunchFailed(text, program.NOT_EXECUTABLE)


class Refusal:
    """Where a wrapped command says what it could not do; read once, when its process has ended.

    Args:
        wrapped: the command.

    Raises:
        OSError: there is no descriptor left.
    """

    __slots__ = ("_ours", "_theirs", "_wrapped")

    def __init__(self, wrapped: Wrapped) -> None:
        self._wrapped = wrapped
        self._ours, theirs = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:  # not one of those that are set in the new process before it
            self._theirs = fcntl.fcntl(theirs, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
        except OSError:
            close_quietly(self._ours)
            raise
        finally:
            close_quietly(theirs)

    @contextlib.contextmanager
    def handed_on(self) -> Iterator[tuple[int, int, int]]:
        """What `posix_spawn` does so that the process has it; then only that process does, or nobody if it failed."""
        try:
            yield os.POSIX_SPAWN_DUP2, self._theirs, REPORT
        except BaseException:
            self.close()
            raise
        finally:
            close_quietly(self._theirs)

    def read(self) -> LaunchFailed | None:
        """What it could not do; None if it could do everything, or nobody knows."""
        try:
            step, _, number = os.read(self._ours, _REPORT_BYTES_MAX).decode("ascii", "replace").partition(" ")
        except OSError:  # it is closed, or something that the job started still holds it
            return None
        if not number.strip().isdigit():
            return None
        code = int(number)
        return self._wrapped.failed(step, OSError(code, os.strerror(code)))

    def close(self) -> None:
        """Give the descriptor back."""
        close_quietly(self._ours)


class Confined:
    """What tells of a process that was started under limits how they ended it.

    Args:
        group: its control group, if that limits its memory; refusal: says why it did not begin.
    """

    __slots__ = ("_group", "_refusal")

    def __init__(self, group: ControlGroup | None = None, refusal: Refusal | None = None) -> None:
        self._group, self._refusal = group, refusal

    def ended(self, found: Exit) -> Exit:
        """The exit of the process, with what the limits did."""
        refusal = None if self._refusal is None else self._refusal.read()
        out_of_memory = self._group is not None and self._group.ran_out_of_memory()
        if refusal is not None:
            return found._replace(exit_code=refusal.exit_code, refusal=refusal)
        return found._replace(out_of_memory=out_of_memory)

    def close(self) -> None:
        """Give its descriptor back."""
        if self._refusal is not None:
            self._refusal.close()
            self._refusal = None
