"""What a process says of itself: the attempt that it carries in the environment it was started with.

Anybody can say anything there. What counts as proof is said at `proves`.

Whatever looks at processes here raises OSError where there is no descriptor left to look with.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from scheduler.processes.descriptors import is_exhaustion
from scheduler.processes.recognition import attempt_secret
from scheduler.processes.recognition.identity import process_stat

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
