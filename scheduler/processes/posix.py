"""`PosixSpawner`: runs as real processes, by `posix_spawn`, watched by pidfd.

Each attempt leads a session of its own and writes to files, so it outlives the scheduler; a restarted one
recognises it by its environment and takes it up again.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Final

from scheduler.entry_members import Survivor
from scheduler.processes import termination
from scheduler.processes.descriptors import DescriptorReserve, keep_descriptors_to_ourselves
from scheduler.processes.exit_watch import ExitWatch
from scheduler.processes.forks import Forks
from scheduler.processes.leader import Leader
from scheduler.processes.output.output_files import holds_output
from scheduler.processes.reaping import Watched, own_memory_peak_kib, reap
from scheduler.processes.recognition import claims, tree
from scheduler.processes.recognition.attempt_secret import UNKNOWN, AttemptProof, AttemptSecrets
from scheduler.processes.recognition.attempt_start import attempt_start_ticks
from scheduler.processes.recognition.control_groups import ControlGroup, ControlGroups
from scheduler.processes.recognition.fork_mark import Marker, is_marked
from scheduler.processes.recognition.identity import TICKS_PER_S, boottime_s, leads_session, process_stat
from scheduler.processes.recognition.inherited import InheritedChildren, become_subreaper
from scheduler.processes.recognition.lineage import Lineage
from scheduler.processes.recognition.pid_records import PidRecord, PidRecords
from scheduler.processes.spawner import Exit, FileIdentity, Launch, Launched, LaunchFailed, Orphan
from scheduler.processes.starter import Held, Starter

LOCKS_LOOK_S: Final = 1.0
"""How often is asked whether a run that cannot be seen from here still holds its lock: nobody tells of its end."""
PROCESS_EXITS: Final = "process exits"
"""The `data` of the spawner's one key in the owner's selector: when that is ready, `exits()` has news."""


class PosixSpawner:
    """Starts, recognises, stops and reaps the process trees of runs (`Spawner`). One caller, no threads.

    Making one takes the process over as far as starting others demands it: `SIGCHLD` gets its default
    action if it was ignored (ignored, the kernel would throw exit codes away), inherited descriptors are not
    handed on, and orphaned descendants become children of this process.

    Args:
        ledger_id: what the processes carry as `CRONLEDGER_LEDGER`.
        selector: one key is registered there, with `PROCESS_EXITS` as its data; None: the owner asks or
            `wait`s.
        notes: folder for notes of the processes that are started (see `notes`), shared by all who start
            processes of this ledger; None: those that hide their environment are not recognised later.
    """

    def __init__(
        self, ledger_id: str, selector: selectors.BaseSelector | None = None, notes: Path | None = None
    ) -> None:
        self._ledger_id = ledger_id
        self._reserve = DescriptorReserve()
        self._notes = None if notes is None else PidRecords(notes)
        self._unseen: set[tuple[int, int]] = set()
        self._ended: list[Exit] = []
        self._watch = ExitWatch(selector, PROCESS_EXITS)
        self._leaders: dict[tuple[int, int], Leader] = {}
        self._stopping: set[tuple[int, int]] = set()
        self._outputs: dict[tuple[int, int], tuple[FileIdentity, ...]] = {}
        self._lineages: dict[tuple[int, int], Lineage] = {}
        self._locked: dict[tuple[int, int], Orphan] = {}
        self._locks_at_s = 0.0
        self._inherited = InheritedChildren()
        self._marker = Marker()
        self._secrets = AttemptSecrets()
        self._proofs: dict[tuple[int, int], AttemptProof] = {}
        self._groups = ControlGroups.delegated(ledger_id)
        self._starter = Starter(
            ledger_id, self._secrets, self._notes, self._marker, self._groups, self._reserve
        )
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        keep_descriptors_to_ourselves()
        become_subreaper()

    def secret_sha256(self, run: int, attempt: int) -> str | None:
        """The digest of the secret that an attempt launched here carries; to be recorded before that."""
        return self._secrets.secret(run, attempt).sha256

    def launch(self, launches: Sequence[Launch]) -> list[Launched | LaunchFailed]:
        """Start them in order, each as the leader of a session of its own (`Starter`); what came of each."""
        started = self._starter.start(launches)
        own_peak_kib = own_memory_peak_kib()
        return [
            self._watch_main(launch.key, one, own_peak_kib) if isinstance(one, Held) else one
            for launch, one in zip(launches, started, strict=True)
        ]

    def use_forks(self, forks: Forks | None) -> None:
        """Have processes forked from now on where that can be done; None: start all of them."""
        self._starter.forks = forks

    def adopt(self, wanted: Sequence[Orphan]) -> dict[int, float | None]:
        """Look for live main processes of the wanted attempts and watch those; since how many seconds they go.

        One look at `/proc` for all. An attempt of which only stragglers are left is not adopted. Where
        nothing can be seen because the limit of open files is reached, all that are wanted count as adopted:
        `exits` looks again, and reports those that are not found then as ended in an unknown way. One that was
        started elsewhere and cannot be seen from here is watched by the locks that it holds on its output.
        """
        missing = {orphan.key for orphan in wanted if not self._is_adopted(orphan.key)}
        if not missing:
            return {}
        self._proofs |= {orphan.key: AttemptProof(orphan.secret_sha256, orphan.uid) for orphan in wanted}
        try:
            self._adopt_living(missing)
        except OSError:
            self._unseen |= missing - self._leaders.keys()
        for orphan in wanted:
            if orphan.key in missing - self._leaders.keys() and orphan.elsewhere and holds_output(orphan):
                self._locked[orphan.key] = orphan
                self._unseen.discard(orphan.key)
        for key in missing - self._locked.keys() - self._leaders.keys() - self._unseen:
            del self._proofs[key]
        return {key[0]: self._age_s(key) for key in missing if self._is_adopted(key)}

    def _is_adopted(self, attempt: tuple[int, int]) -> bool:
        return attempt in self._leaders or attempt in self._locked or attempt in self._unseen

    def _age_s(self, attempt: tuple[int, int]) -> float | None:
        leader = self._leaders.get(attempt)
        if leader is None or leader.start_ticks is None:
            begun_s = None if self._notes is None else self._notes.begun_s(attempt)
            return None if begun_s is None else max(0.0, boottime_s() - begun_s)
        return max(0.0, boottime_s() - leader.start_ticks / TICKS_PER_S)

    def tidy(self, in_flight: Container[tuple[int, int]]) -> None:
        """Remove the pid records and control groups that killed schedulers left, except of attempts in flight."""
        if self._notes is not None:
            self._notes.tidy(in_flight)
        if self._groups is not None:
            self._groups.tidy(in_flight)

    def exits(self) -> list[Exit]:
        """Main processes that ended since the last call, without waiting.

        Raises:
            OSError: the system refuses to be asked; a later call names them.
        """
        self._collect_ends()
        ended, self._ended = self._ended, []
        return ended

    def _collect_ends(self) -> None:
        if self._unseen:
            self._ended += self._look_again()
        if self._locked:
            self._ended += self._unlocked()
        for watched in self._watch.ended():
            self._ended.append(reap(watched))
            attempt = (watched.run, watched.attempt)
            if attempt not in self._stopping or not watched.leader.holds_number():
                self._forget(attempt)
        if self._inherited.is_due():
            own = {leader.pid for leader in self._leaders.values() if leader.child}
            self._inherited.reap(own, claims.pids)

    def wait(self, timeout_s: float) -> bool:
        """Wait until `exits` has news, at most `timeout_s`; for owners without a selector."""
        return self._watch.wait(timeout_s)

    def terminate(self, run: int, attempt: int) -> None:
        """SIGTERM to every process of the attempt, those that left its group included.

        Where those cannot be seen because the limit of open files is reached, the group alone is signalled.
        """
        with self._reserve.lent(), contextlib.suppress(OSError):
            termination.terminate(self._tree(run, attempt))

    def kill(self, run: int, attempt: int) -> None:
        """SIGKILL to every process of the attempt, until a look finds none.

        Bounded in time; ask `alive` whether one withstood (uninterruptible sleep, another user's), forked away
        for all that time, or could not be seen; a further call goes on.
        """
        with self._reserve.lent(), contextlib.suppress(OSError):
            if termination.kill(self._tree(run, attempt)):
                self._release((run, attempt))

    def alive(self, run: int, attempt: int, orphan: Orphan | None = None) -> bool:
        """Whether any process of the attempt is left; zombies are not.

        Of an attempt that is not watched here, `orphan` tells which processes are its own; where those cannot be
        seen from here, the locks that they hold tell.
        True where it cannot be seen, because the limit of open files is reached or the machine makes processes
        faster than they can be looked at: ask again.
        """
        key = (run, attempt)
        orphan = self._locked.get(key, orphan)
        if orphan is not None and orphan.elsewhere and holds_output(orphan):
            return True
        leader = self._leaders.get(key)
        if leader is not None and not leader.has_ended():
            return True
        try:
            with self._reserve.lent():
                lineage = self._lineages[key] if key in self._lineages else self._lineage(key)
                of_it = self._tree_of(key, self._leader(key), lineage)
                if of_it.secret_sha256 is None and orphan is not None:
                    of_it = of_it._replace(secret_sha256=orphan.secret_sha256)
                if termination.any_alive(of_it):
                    return True
        except OSError:
            return True
        self._release(key)
        return False

    def survivors(self, run: int, attempt: int) -> list[Survivor]:
        """The processes of the attempt that are left; what is known of them is forgotten, its end being settled."""
        key, found = (run, attempt), []
        with self._reserve.lent(), contextlib.suppress(OSError):
            found = list(map(tree.survivor, self._tree(run, attempt).members()))
        self._release(key)
        return [survivor for survivor in found if survivor is not None]

    def close(self) -> None:
        """Stop watching; the processes go on."""
        self._watch.close()
        for leader in self._leaders.values():
            leader.close()
        self._leaders.clear()
        self._reserve.close()
        if self._groups is not None:
            self._groups.close()
        if self._notes is not None:
            self._notes.close()

    def _tree(self, run: int, attempt: int) -> tree.Tree:
        """The tree to be stopped; its leader's pidfd is kept from now on, until `alive` finds nothing left.

        With it, members of the group that carry nothing are still told for certain after the leader was
        reaped.
        """
        key = (run, attempt)
        leader = self._leader(key)
        if leader is not None:
            self._stopping.add(key)
        lineage = self._lineages.setdefault(key, self._lineage(key))
        return self._tree_of(key, leader, lineage)

    def _tree_of(self, attempt: tuple[int, int], leader: Leader | None, lineage: Lineage) -> tree.Tree:
        secret_sha256 = self._proofs.get(attempt, UNKNOWN).secret_sha256
        return tree.Tree(self._ledger_id, attempt, leader, secret_sha256, lineage, self._group(attempt))

    def _group(self, attempt: tuple[int, int]) -> ControlGroup | None:
        return None if self._groups is None else self._groups.of(attempt)

    def _lineage(self, attempt: tuple[int, int]) -> Lineage:
        return Lineage(self._outputs.get(attempt, ()))

    def _leader(self, attempt: tuple[int, int]) -> Leader | None:
        """The main process; watched from now on if it was not and a note tells it."""
        if attempt not in self._leaders and self._notes is not None:
            for note in self._notes.find([attempt]):
                self._adopt_main(attempt, note.pid, note)
        return self._leaders.get(attempt)

    def _release(self, attempt: tuple[int, int]) -> None:
        """Forget an attempt of which nothing is left, if its end was reported."""
        leader = self._leaders.get(attempt)
        if leader is not None and self._watch.watches(leader):
            return
        self._stopping.discard(attempt)
        self._lineages.pop(attempt, None)
        self._proofs.pop(attempt, None)
        if leader is not None:
            self._forget(attempt)

    def _forget(self, attempt: tuple[int, int]) -> None:
        self._outputs.pop(attempt, None)
        if attempt not in self._stopping:
            self._proofs.pop(attempt, None)
        self._leaders.pop(attempt).close()
        group = self._group(attempt)
        if group is not None:
            group.remove()

    def _watch_main(self, attempt: tuple[int, int], held: Held, own_peak_kib: int) -> Launched:
        """Begin to watch a process of ours."""
        leader, started_s, outputs, forked = held
        self._watch_leader(attempt, leader, 0 if forked else own_peak_kib)
        self._outputs[attempt] = outputs
        self._proofs[attempt] = AttemptProof(self.secret_sha256(*attempt))
        return Launched(leader.pid, started_s, outputs)

    def _watch_leader(self, attempt: tuple[int, int], leader: Leader, own_peak_kib: int) -> None:
        self._watch.add(Watched(*attempt, leader, own_peak_kib))
        self._leaders[attempt] = leader

    def _adopt_living(self, wanted: set[tuple[int, int]]) -> None:
        """Watch those main processes of the wanted attempts that live.

        Raises:
            OSError: there is no descriptor left to look with.
        """
        with self._reserve.lent():
            if self._notes is not None:
                for note in self._notes.find(wanted):
                    self._adopt_main((note.run, note.attempt), note.pid, note)
            found: dict[tuple[int, int], list[int]] = {}
            for pid, attempt in claims.live_attempts(self._ledger_id):
                if attempt in wanted and attempt not in self._leaders and self._is_main(attempt, pid):
                    found.setdefault(attempt, []).append(pid)
            interrupted = set() if self._notes is None else self._notes.interrupted(found)
            for attempt, leaders in found.items():
                main = self._main_of(leaders, marked=attempt not in interrupted)
                if main is not None:
                    self._marker.mark(main)
                    self._adopt_main(attempt, main)

    def _look_again(self) -> list[Exit]:
        """Look for the attempts that could not be seen; the ends of those that are not there."""
        try:
            self._adopt_living(self._unseen)
        except OSError:
            self._unseen -= self._leaders.keys()
            return []
        gone = self._unseen - self._leaders.keys()
        self._unseen.clear()
        return [Exit(run, attempt, None, None, None, None) for run, attempt in sorted(gone)]

    def _unlocked(self) -> list[Exit]:
        """The ends of the attempts that could only be told by the locks which they held."""
        now_s = time.monotonic()
        if now_s < self._locks_at_s:
            return []
        self._locks_at_s = now_s + LOCKS_LOOK_S
        gone = [key for key, orphan in self._locked.items() if not holds_output(orphan)]
        for key in gone:
            del self._locked[key]
            self._proofs.pop(key, None)
        return [Exit(run, attempt, None, None, None, None) for run, attempt in gone]

    def _main_of(self, leaders: list[int], *, marked: bool) -> int | None:
        """Which of several session leaders of one attempt we had started; None if that one is gone.

        Args:
            leaders: their numbers.
            marked: it was marked, if that is possible here; else it is the oldest.
        """
        for pid in leaders:
            if is_marked(pid):
                return pid
        if marked and self._marker.works():
            return None
        return min(leaders, key=lambda pid: stat.start_ticks if (stat := process_stat(pid)) else 1 << 63)

    def _adopt_main(self, attempt: tuple[int, int], pid: int, note: PidRecord | None = None) -> None:
        """Watch a process found by its number, if it is still the same one once it is held.

        Args:
            attempt: what it is; pid: its number.
            note: what tells that it is that; by default its environment does.

        Raises:
            OSError: as `_adopt_living`.
        """
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        is_watched = False
        try:
            stat = process_stat(pid)
            is_it = self._is_main(attempt, pid) if note is None else note.holds()
            if is_it and stat is not None:
                ours = stat.parent == os.getpid()
                leader = Leader(pid, descriptor, child=ours, start_ticks=attempt_start_ticks(pid, stat, note))
                leader.confined = self._starter.confined_again(attempt)
                self._watch_leader(attempt, leader, 0)
                is_watched = True
        finally:
            if not is_watched:
                os.close(descriptor)

    def _is_main(self, attempt: tuple[int, int], pid: int) -> bool:
        """Whether a process shows that it leads the attempt: by its secret, its user and its session.

        Without a secret on record none can: then its note alone tells.
        """
        proof = self._proofs.get(attempt, UNKNOWN)
        return (
            proof.secret_sha256 is not None
            and claims.is_our_users(pid, proof.uid)
            and claims.proves(pid, self._ledger_id, attempt, proof.secret_sha256)
            and leads_session(pid)
        )
