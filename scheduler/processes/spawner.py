"""The contract between the scheduler and the processes that it starts."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from scheduler.entry_members import Survivor
from scheduler.processes.confinement.confinement import Confinement
from scheduler.shortening import shortened


class Launch(NamedTuple):
    """Everything needed to start one attempt of a run.

    Attributes:
        run: number of the run; attempt: from 1.
        argv: program and arguments, already split; `["/bin/sh", "-c", …]` where a shell is needed.
        env: the complete environment of the process, `CRONLEDGER_*` members excepted: the spawner adds those.
        working_directory: absolute.
        stdout: file for standard output, absolute; stderr: for standard error; made new, 0600, folders 0700.
        confinement: what it may use and as whom it acts, where that is not simply as the scheduler.
    """

    run: int
    attempt: int
    argv: Sequence[str]
    env: Mapping[str, str]
    working_directory: str
    stdout: str
    stderr: str
    confinement: Confinement | None = None

    @property
    def key(self) -> tuple[int, int]:
        """Run and attempt."""
        return self.run, self.attempt


class FileIdentity(NamedTuple):
    """Which file something is, whatever its name: device and inode."""

    device: int
    inode: int


MESSAGE_MAX_CHARS: Final = 500
"""So much of why a process could not be started is told: names and paths in it may be of any length."""


class LaunchFailed(Exception):
    """The process could not be started.

    `exit_code` is what a shell would say: 127 not found, 126 not executable. A long message loses its middle.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(shortened(message, MESSAGE_MAX_CHARS))


class Launched(NamedTuple):
    """A process that was started.

    Attributes:
        pid: its number.
        started_s: when, by the monotonic clock (`Reading.monotonic_s`).
        outputs: the files that were made for standard output and standard error.
    """

    pid: int
    started_s: float
    outputs: tuple[FileIdentity | None, ...] = (None, None)


class Orphan(NamedTuple):
    """An attempt whose watcher died, as the ledger tells of it.

    Attributes:
        run: number of the run; attempt: from 1.
        secret_sha256: digest of the secret that its processes carry; None where an older version started it.
        elsewhere: whether it was started where numbers of processes mean others than here.
        outputs: its output files, absolute, on which it holds locks.
        uid: of the user as whom it runs; None: as the scheduler.
    """

    run: int
    attempt: int
    secret_sha256: str | None = None
    elsewhere: bool = False
    outputs: tuple[str, ...] = ()
    uid: int | None = None

    @property
    def key(self) -> tuple[int, int]:
        """Run and attempt."""
        return self.run, self.attempt


class Exit(NamedTuple):
    """The main process of an attempt ended.

    `exit_code` and `signal` are both None where the kernel could not say (it was nobody's child here).
    `cpu_ms` and `memory_peak_bytes` cover the process and the children it waited for; None where not known.
    `refusal` says why its program did not even begin; `out_of_memory`: its control group had no memory left for it.
    """

    run: int
    attempt: int
    exit_code: int | None
    signal: int | None
    cpu_ms: int | None
    memory_peak_bytes: int | None
    refusal: LaunchFailed | None = None
    out_of_memory: bool = False


class Spawner(Protocol):
    """Starts, recognises, stops and reaps the process trees of runs. One caller, no threads."""

    def secret_sha256(self, run: int, attempt: int) -> str | None:
        """The digest of the secret that an attempt launched here carries; to be recorded before that."""
        ...

    def launch(self, launches: Sequence[Launch]) -> list[Launched | LaunchFailed]:
        """Start them in order, each as the leader of a session of its own.

        Returns:
            What came of each. Where it failed nothing runs; it changes nothing for the others.
        """
        ...

    def adopt(self, wanted: Sequence[Orphan]) -> Mapping[int, float | None]:
        """Look for live processes of the wanted attempts and watch those.

        Returns:
            Their runs, and since how many seconds each has been going, by the clock that passes from the boot on
            and that nobody can set; None where that is not known.
        """
        ...

    def tidy(self, in_flight: Container[tuple[int, int]]) -> None:
        """Remove what is on file about attempts that ended scheduler processes started, unless they are in flight."""
        ...

    def exits(self) -> list[Exit]:
        """Main processes that ended since the last call, without waiting.

        Raises:
            OSError: the system refuses to be asked; a later call names them.
        """
        ...

    def terminate(self, run: int, attempt: int) -> None:
        """SIGTERM to every process of the attempt, those that left its group included."""
        ...

    def kill(self, run: int, attempt: int) -> None:
        """SIGKILL to every process of the attempt, until a look finds none."""
        ...

    def alive(self, run: int, attempt: int, orphan: Orphan | None = None) -> bool:
        """Whether any process of the attempt is left; `orphan` tells of one that is not watched here."""
        ...

    def survivors(self, run: int, attempt: int) -> list[Survivor]:
        """The processes of the attempt that are left; what is known of them is forgotten, its end being settled."""
        ...
