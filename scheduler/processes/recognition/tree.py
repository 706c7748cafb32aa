"""Which processes belong to an attempt: by environment, session and group, parents, and control group.

Those that carry it in their environment belong to it. Descendants inherit that, so those that made a session of
their own are found too. Those that threw the environment away are found as long as they stayed in the session or in
the group, or have a parent that is of the attempt, or had one at an earlier look (`Lineage`).

Whatever looks at processes here raises OSError where there is no descriptor left to look with.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

from scheduler.entry_members import Survivor
from scheduler.processes.descriptors import is_exhaustion
from scheduler.processes.leader import Leader
from scheduler.processes.recognition import attempt_secret
from scheduler.processes.recognition.control_groups import ControlGroup
from scheduler.processes.recognition.identity import ProcessStat, process_stat
from scheduler.processes.recognition.lineage import Lineage

LEDGER: Final = "CRONLEDGER_LEDGER"
RUN: Final = "CRONLEDGER_RUN"
ATTEMPT: Final = "CRONLEDGER_ATTEMPT"
BEGUN: Final = "CRONLEDGER_BEGUN"
"""When the attempt began, in seconds since the boot: `/proc` shows it of a process that had been forked before."""

EXEC_WAIT_MS: Final = 50
"""An `exec` is without an environment for some microseconds, on a busy machine for a slice of time."""

_READ_BYTES: Final = 128 * 1024
_SECONDS: Final = re.compile(r"[0-9]{1,12}\.[0-9]{3}")
_UNREADABLE: Final = b"\0\0"
_RANGE_MAX: Final = 4096


def pids() -> Iterator[int]:
    """Every process that `/proc` lists now."""
    with os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdecimal():
                yield int(entry.name)


class Claim(NamedTuple):
    """What a process says of itself: the attempt that it carries, and the digest of its secret if it has one."""

    attempt: tuple[int, int]
    secret_sha256: str | None


def claim_of(pid: int, ledger_id: str) -> Claim | None:
    """What of this ledger a process was started with; None if nothing, or not readable.

    What counts is the environment at the last `exec`; a zombie has none. Anybody can say anything there: `proves`.
    """
    environment = _environment(pid)
    if f"\0{LEDGER}={ledger_id}\0".encode() not in environment:
        return None
    run, attempt = _number(environment, RUN), _number(environment, ATTEMPT)
    if run is None or attempt is None:
        return None
    secret = _value(environment, attempt_secret.VARIABLE)
    return Claim((run, attempt), None if secret is None else attempt_secret.digest_of(secret))


def carried(pid: int, ledger_id: str) -> tuple[int, int] | None:
    """The (run, attempt) of this ledger that a process says it belongs to; None if none, or not readable."""
    claim = claim_of(pid, ledger_id)
    return None if claim is None else claim.attempt


def proves(pid: int, ledger_id: str, attempt: tuple[int, int], secret_sha256: str | None) -> bool:
    """Whether the environment of a process shows that it belongs to an attempt.

    It has the attempt's secret. Where none is on record, because an older version started the attempt, it has to
    be our user's: others can write our variables too.
    """
    claim = claim_of(pid, ledger_id)
    if claim is None or claim.attempt != attempt:
        return False
    return is_our_users(pid) if secret_sha256 is None else claim.secret_sha256 == secret_sha256


def is_our_users(pid: int, uid: int | None = None) -> bool:
    """Whether a process acts as the user that this one acts as, or as the one that is given; False if it is gone.

    One that became another user's is ours until then, and stays so for the kernel if its program may not be read.
    """
    try:
        return os.stat(f"/proc/{pid}").st_uid in (os.geteuid(), uid)
    except OSError:
        return False


def _environment(pid: int) -> bytes:
    """The environment with a NUL before and behind each variable; empty if the process is gone or another user's.

    For a moment of each `exec` the old environment is gone and the new one not there yet: that is waited for.
    """
    deadline_s = time.monotonic() + EXEC_WAIT_MS / 1000
    while True:
        environment = _read_environment(pid)
        if len(environment) > 1 or time.monotonic() > deadline_s:
            return environment
        if not _is_in_exec(pid):
            return _read_environment(pid)  # it was, if the `exec` was over between the two looks
        time.sleep(0.0002)


def _is_in_exec(pid: int) -> bool:
    """Whether a process whose environment is empty has none only for this moment."""
    try:
        if os.getsid(pid) == 0:  # a thread of the kernel
            return False
    except OSError:  # it is gone
        return False
    stat = process_stat(pid)
    return stat is not None and stat.alive and stat.environment_end == 0


def _read_environment(pid: int) -> bytes:
    try:
        descriptor = os.open(f"/proc/{pid}/environ", os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        return _UNREADABLE
    except OSError as error:
        if is_exhaustion(error):
            raise
        return b""
    try:
        parts = [b"\0"]
        while part := os.read(descriptor, _READ_BYTES):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _value(environment: bytes, name: str) -> str | None:
    _, found, rest = environment.partition(f"\0{name}=".encode())
    return rest.partition(b"\0")[0].decode("utf-8", "replace") if found else None


def _number(environment: bytes, name: str) -> int | None:
    digits = _value(environment, name)
    return int(digits) if digits and digits.isascii() and digits.isdigit() and len(digits) < 20 else None


def told_begin_s(pid: int) -> float | None:
    """When a process says that its attempt began, in seconds since the boot; None if it says nothing."""
    told = _value(_environment(pid), BEGUN)
    return float(told) if told and _SECONDS.fullmatch(told) else None


def live_attempts(ledger_id: str) -> Iterator[tuple[int, tuple[int, int]]]:
    """Every live process that carries an attempt of this ledger, as (pid, (run, attempt))."""
    for pid in pids():
        attempt = carried(pid, ledger_id)
        if attempt is not None:
            yield pid, attempt


def live_attempts_of_any_home(ledger_id: str) -> Iterator[tuple[int, int]]:
    """The (run, attempt) that live processes carry of this ledger, whichever home of it they belong to.

    A copied home that was adopted has the same ledger, and a mark of its own behind the ledger's id.
    """
    for pid in pids():
        environment = _environment(pid)
        mark = _value(environment, LEDGER)
        run, attempt = _number(environment, RUN), _number(environment, ATTEMPT)
        if (
            mark is not None
            and mark.partition(".")[0] == ledger_id
            and run is not None
            and attempt is not None
        ):
            yield run, attempt


class Tree(NamedTuple):
    """The processes of one attempt.

    Attributes:
        ledger_id: the ledger it belongs to.
        attempt: (run, attempt).
        leader: its main process, where that is known: then its session and group count too.
        secret_sha256: digest of the secret that its processes carry, where it is known.
        lineage: what is known of it from earlier looks, and what each look adds.
        control_group: which holds its processes, where one could be made.
    """

    ledger_id: str
    attempt: tuple[int, int]
    leader: Leader | None
    secret_sha256: str | None
    lineage: Lineage
    control_group: ControlGroup | None = None

    def has(self, pid: int) -> bool:
        """Whether this process lives and certainly belongs to the attempt; False for ourselves."""
        if pid == os.getpid():
            return False
        stat = process_stat(pid)
        if (
            stat is None or not stat.alive or stat.session == 0
        ):  # 0: of the kernel, or from outside our container
            return False
        if not (
            self._in_session(stat)
            or (self.control_group is not None and self.control_group.has(pid))
            or self.lineage.claims(pid, stat)
            or proves(pid, self.ledger_id, self.attempt, self.secret_sha256)
        ):
            return False
        self.lineage.add(pid, stat)
        return True

    def _in_session(self, stat: ProcessStat) -> bool:
        """Whether a process is in the leader's session or group.

        The leader's hold on its number is looked at last: if it holds now, it did when the number was read.
        """
        leader = self.leader
        return leader is not None and leader.pid in (stat.session, stat.group) and leader.holds_number()

    def members(self) -> Iterator[int]:
        """The live processes of the attempt that a look at `/proc` finds, each once.

        Looks go on until one adds nothing: a child may have a lower number than the parent that tells of it. A
        process that forks and ends while a look goes on hands its place to one that the look may miss: see
        `newcomers`.
        """
        found: set[int] = set()
        known = -1
        while known != len(self.lineage):
            known = len(self.lineage)
            for pid in pids():
                if pid not in found and self.has(pid):
                    found.add(pid)
                    yield pid
            if self._all_in_session(found):
                return

    def _all_in_session(self, found: set[int]) -> bool:
        """Whether nobody left the leader's session, so that parents tell nothing more."""
        return self.leader is not None and all(self._in_session_now(pid) for pid in found)

    def _in_session_now(self, pid: int) -> bool:
        try:
            return self.leader is not None and os.getsid(pid) == self.leader.pid
        except ProcessLookupError:
            return True

    def newcomers(self, newest: int, chase_ms: float) -> Generator[int, None, bool]:
        """The live processes of the attempt among all that were made since `newest_pid` was `newest`.

        Whoever a look misses was made during that look, and so has one of the numbers that were given out
        meanwhile. Those are looked at, then those given out during that, until either none was, or each of
        them is still there and a stranger.

        Returns:
            Whether it came to that. False after `chase_ms`, on a machine that never rests or that gives this
            process no time: then one may have escaped.
        """
        deadline_s = time.monotonic() + chase_ms / 1000
        while (last := newest_pid()) != newest:
            if time.monotonic() >= deadline_s:
                return False
            settled = True
            in_order = newest < last <= newest + _RANGE_MAX
            for pid in range(newest + 1, last + 1) if in_order else pids():
                if self.has(pid):
                    settled = False
                    yield pid
                elif not _lives(pid):
                    settled = False
            if settled and in_order:
                return True
            newest = last
        return True


def survivor(pid: int) -> Survivor | None:
    """What is told of a process that could not be stopped; None if it is gone."""
    try:
        uid = os.stat(f"/proc/{pid}").st_uid
        with open(f"/proc/{pid}/comm", "rb", buffering=0) as source:
            name = source.read(64).decode("utf-8", "replace").strip()
    except OSError as error:
        if is_exhaustion(error):
            raise
        return None
    stat = process_stat(pid)
    return None if stat is None else Survivor(pid=pid, start_ticks=stat.start_ticks, uid=uid, program=name)


def newest_pid() -> int:
    """The number that was given out last; they are given out in order (`/proc/loadavg`, last field)."""
    with open("/proc/loadavg", "rb", buffering=0) as source:
        return int(source.read(256).split()[-1])


def _lives(pid: int) -> bool:
    stat = process_stat(pid)
    return stat is not None and stat.alive
