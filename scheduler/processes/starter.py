"""Starting processes so that they are known again: noted before and after, marked, and held by a pidfd.

A herd is taken in steps, each for all of it: what can be found out beforehand is, and between two processes that are
made nothing is done but what makes the first one known.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from scheduler.processes import program
from scheduler.processes.descriptors import DescriptorReserve, is_exhaustion
from scheduler.processes.forks import Forked, ForkOrder, Forks
from scheduler.processes.leader import Leader
from scheduler.processes.output.output_files import OutputFiles
from scheduler.processes.recognition import attempt_secret, claims
from scheduler.processes.recognition.attempt_secret import AttemptSecrets
from scheduler.processes.recognition.control_groups import ControlGroups
from scheduler.processes.recognition.fork_mark import Marker
from scheduler.processes.recognition.identity import TICKS_PER_S, boottime_s, start_ticks
from scheduler.processes.recognition.pid_records import PidRecord, PidRecords
from scheduler.processes.spawn import Command, Spawned, spawn
from scheduler.processes.spawner import FileIdentity, Launch, LaunchFailed
from scheduler.processes.working_folder import WorkingFolder

if TYPE_CHECKING:
    from scheduler.processes.confinement.confined_command import Confined, Refusal
    from scheduler.processes.confinement.confinement import Confinement


class Held(NamedTuple):
    """A process of ours that was just made, when it was started (monotonic), its output files.

    A process that was `forked` never shared our memory.
    """

    leader: Leader
    started_s: float
    outputs: tuple[FileIdentity, ...]
    forked: bool = False


class Starter:
    """Starts processes, each as the leader of a session of its own.

    A program is found as execvp(3) does, in the job's own `PATH` and from its working directory. The process gets
    `/dev/null` as input, its two output files (new, 0600), no other descriptor, an empty signal mask, default
    signal actions, and exactly the environment given plus four `CRONLEDGER_*`.

    Args:
        ledger_id: what the processes carry as `CRONLEDGER_LEDGER`; secrets: what they carry as `CRONLEDGER_SECRET`.
        notes: where they are noted, if anywhere; marker: marks them.
        groups: where they get a control group each, if anywhere.
        reserve: descriptors for looking at them later; while some of it is in use, nothing is started.

    Attributes:
        forks: forks those that it can, if it is there.
    """

    def __init__(
        self,
        ledger_id: str,
        secrets: AttemptSecrets,
        notes: PidRecords | None,
        marker: Marker,
        groups: ControlGroups | None,
        reserve: DescriptorReserve,
    ) -> None:
        self._ledger_id, self._secrets, self._notes, self._marker = ledger_id, secrets, notes, marker
        self._groups, self._reserve = groups, reserve
        self.forks: Forks | None = None

    def start(self, launches: Sequence[Launch]) -> list[Held | LaunchFailed]:
        """Start them in order; what came of each."""
        commands = [self._command(launch) for launch in launches]
        pairs = list(zip(launches, commands, strict=True))
        if self._notes is not None:
            self._notes.begin([launch.key for launch, command in pairs if isinstance(command, Command)])
        try:
            made, outputs = self._forked(pairs)
            with WorkingFolder() as working_folder:
                return [
                    made[index]
                    if index in made
                    else self._start(launch.key, command, working_folder, outputs.get(index))
                    if isinstance(command, Command)
                    else command
                    for index, (launch, command) in enumerate(pairs)
                ]
        finally:
            if self._groups is not None:
                with contextlib.suppress(OSError):  # those that were started are no failure for that
                    self._groups.leave()

    def _command(self, launch: Launch) -> Command | LaunchFailed:
        if not launch.argv:
            return LaunchFailed("the command is empty: it names no program", program.NOT_FOUND)
        env = {
            **launch.env,
            claims.LEDGER: self._ledger_id,
            claims.RUN: str(launch.run),
            claims.ATTEMPT: str(launch.attempt),
            attempt_secret.VARIABLE: self._secrets.secret(*launch.key).text,
        }
        there = launch.working_directory
        try:
            path = program.find_program(launch.argv[0], launch.env, there)
        except LaunchFailed as failure:
            return failure
        except OSError as error:  # the others of the herd are started nonetheless
            text = f"cannot look for {launch.argv[0]}: {error.strerror or error}"
            return LaunchFailed(text, program.NOT_EXECUTABLE)
        called = program.shown(launch.argv[0], path, launch.env)
        command = Command(path, called, list(launch.argv), env, there, (launch.stdout, launch.stderr))
        return (
            command if launch.confinement is None else self._wrapped(command, launch.confinement, launch.key)
        )

    def _wrapped(self, command: Command, confinement: Confinement, attempt: tuple[int, int]) -> Command:
        """A command that confines itself first."""
        from scheduler.processes.confinement.confined_command import Wrapped

        wrapped = Wrapped(confinement, command.path, command.called, command.working_directory)
        group = None
        if self._groups is not None and confinement.memory_bytes is not None:
            group = self._groups.limiting(attempt)
        argv = wrapped.argv(command.argv, group)
        # Where the user may be is for the user to try: root need not be allowed to go there (a home on NFS).
        here = command.working_directory if confinement.run_as is None else "/"
        return command._replace(path=argv[0], argv=argv, working_directory=here, wrapped=wrapped)

    def _forked(
        self, pairs: Sequence[tuple[Launch, Command | LaunchFailed]]
    ) -> tuple[dict[int, Held | LaunchFailed], dict[int, OutputFiles]]:
        """What came of those that are forked, by index; and the output files that the others of them have already."""
        made: dict[int, Held | LaunchFailed] = {}
        outputs: dict[int, OutputFiles] = {}
        if self.forks is None:
            return made, outputs
        for index, (_, command) in enumerate(pairs):
            if isinstance(command, Command) and self.forks.fits(command) and self._reserve.refill():
                try:
                    outputs[index] = OutputFiles(command.outputs)
                except LaunchFailed as failure:
                    self._note(pairs[index][0].key, 0, boottime_s())
                    made[index] = failure
        order = list(outputs)
        orders = [
            ForkOrder(command, outputs[index].descriptors)
            for index in order
            if isinstance(command := pairs[index][1], Command)
        ]
        for position, forked in self.forks.fork(orders) if orders else ():
            index = order[position]
            if forked is None:
                continue
            held = self._let_go(pairs[index][0].key, forked, outputs[index])
            if held is not None:
                made[index] = held
                outputs.pop(index).close()
        return made, outputs

    def _let_go(self, attempt: tuple[int, int], forked: Forked, outputs: OutputFiles) -> Held | None:
        """Make a process known that waits, then let it begin; None if it has ended without that."""
        if self._groups is not None:
            self._groups.put(attempt, forked.pid)
        if self._notes is not None:
            began_s = (start_ticks(forked.pid) or 0) / TICKS_PER_S  # it may have waited for long
            self._notes.add(PidRecord(*attempt, forked.pid, began_s, began_s, boottime_s()))
        self._marker.mark(forked.pid)
        leader = Leader(forked.pid, self._pidfd_of(forked.pid), child=True)
        started_s = time.monotonic()
        if forked.go():
            return Held(leader, started_s, tuple(outputs.identities), forked=True)
        leader.close()
        return None

    def _start(
        self,
        attempt: tuple[int, int],
        command: Command,
        working_folder: WorkingFolder,
        outputs: OutputFiles | None,
    ) -> Held | LaunchFailed:
        started_s, begun_s, pid = time.monotonic(), boottime_s(), 0
        try:
            pid, identities, refusal = self._spawn(attempt, command, working_folder, outputs)
        except LaunchFailed as failure:
            if outputs is not None:
                outputs.discard()
            return failure
        finally:
            self._note(attempt, pid, begun_s)
        self._marker.mark(pid)
        leader = Leader(pid, self._pidfd_of(pid), child=True)
        if command.wrapped is not None:
            leader.confined = self._confined(attempt, refusal)
        return Held(leader, started_s, identities)

    def confined_again(self, attempt: tuple[int, int]) -> Confined | None:
        """What tells how limits end an attempt that was started by another process; None if nothing does."""
        return None if self._groups is None or not self._groups.limits_memory else self._confined(attempt)

    def _confined(self, attempt: tuple[int, int], refusal: Refusal | None = None) -> Confined:
        from scheduler.processes.confinement.confined_command import Confined

        return Confined(None if self._groups is None else self._groups.limiting(attempt), refusal)

    def _note(self, attempt: tuple[int, int], pid: int, begun_s: float) -> None:
        if self._notes is not None:
            self._notes.add(PidRecord(*attempt, pid, begun_s, boottime_s()))

    def _spawn(
        self,
        attempt: tuple[int, int],
        command: Command,
        working_folder: WorkingFolder,
        outputs: OutputFiles | None,
    ) -> Spawned:
        if not self._reserve.refill():
            text = f"cannot start {command.called}: {program.NO_DESCRIPTORS}"
            raise LaunchFailed(text, program.NOT_EXECUTABLE)
        if self._groups is not None:
            try:
                wrapped = command.wrapped
                self._groups.enter(attempt, None if wrapped is None else wrapped.confinement.memory_bytes)
            except OSError as error:
                text = (
                    f"cannot start {command.called} in a control group of its own: {error.strerror or error}"
                )
                raise LaunchFailed(text, program.NOT_EXECUTABLE) from error
        return spawn(command, working_folder, outputs)

    def _pidfd_of(self, pid: int) -> int | None:
        """A pidfd of a process of ours, from the reserve if need be; None where the system refuses one."""
        try:
            return os.pidfd_open(pid)
        except OSError as error:
            if not is_exhaustion(error):
                return None
        with self._reserve.lent(), contextlib.suppress(OSError):
            return os.pidfd_open(pid)
        return None
