"""Who speaks: the name under which what a person says stands in the ledger, and what is only said about that person.

The name is that of the real uid, which the kernel vouches for. A login uid can be set once by anybody in a process
that has none, and variables can be set to anything: they are claims, and stand beside the name as claims, with the
numbers of the kernel.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Final, NamedTuple

from scheduler.entry_members import Claims
from scheduler.home import Home
from scheduler.ownership.home_owner import user_name
from scheduler.ownership.login import inherited_login, login_of
from scheduler.processes.recognition.claims import LEDGER, RUN, carried
from scheduler.processes.recognition.identity import host_name, process_stat
from scheduler.rules.approvals.persons import Party
from scheduler.scheduler_lock import holder_of


class ActingAs(NamedTuple):
    """Somebody else than the user of this process, on whose behalf it records something.

    Attributes:
        actor: as it stands in entries: `token:NAME`, or `user:NAME@HOST` of a peer.
        claims: what is said of that person; the `uid` in it is a fact.
        party: the same for the rules about approval.
    """

    actor: str
    claims: Claims
    party: Party


_acting: ContextVar[ActingAs | None] = ContextVar("acting", default=None)


@contextlib.contextmanager
def acting_as(someone: ActingAs) -> Iterator[None]:
    """Have what this thread records meanwhile be recorded as that of somebody else, who asked for it."""
    before = _acting.set(someone)
    try:
        yield
    finally:
        _acting.reset(before)


_NAME_BYTES_MAX: Final = 100
_PARENTS_MAX: Final = 64
_remembered: list[int] = []


def remember_user() -> None:
    """Have the present real uid count as that of the person, whatever this process becomes."""
    _remembered[:] = [os.getuid()]


def acting_party(home: Home, mark: str) -> Party:
    """Who acts here, for the rules about approval.

    Args:
        home: the home.
        mark: what its runs carry; see `State.mark`.
    """
    if (someone := _acting.get()) is not None:
        return someone.party
    uid, said, login = _uid(), claims(mark), inherited_login()
    vouched = "" if login is None else user_name(login.uid)
    return Party(
        name=user_name(uid),
        login=vouched,
        claimed=[name for name in (said.sudo, said.login) if name and name != vouched],
        is_root=0 in (uid, said.login_uid, *os.getresuid()),
        in_job=said.run is not None or _comes_of_scheduler(home),
    )


def peer(pid: int, uid: int, mark: str) -> ActingAs:
    """Who is at the other end of a Unix socket, as the kernel told when it was connected.

    Args:
        pid: of the process that connected; uid: of its user.
        mark: what the home's runs carry; see `State.mark`.
    """
    name, run = user_name(uid), None
    with contextlib.suppress(OSError):
        for each in (pid, *_parents_of(pid)):
            found = carried(each, mark)
            if found is not None:
                run = found[0]
                break
    return ActingAs(
        f"user:{name}@{host_name()}",
        Claims(run=run, uid=uid),
        Party(name=name, is_root=uid == 0, in_job=run is not None),
    )


def _comes_of_scheduler(home: Home) -> bool:
    """Whether the scheduler that serves the home is a parent: of a process that left its run it becomes one."""
    holder = holder_of(home.scheduler_lock)
    return holder is not None and holder.pid > 0 and holder.pid in _parents()


def person() -> str:
    """`user:NAME@HOST`, the name of the real uid; its number where it has no name."""
    if (someone := _acting.get()) is not None:
        return someone.actor
    return f"user:{user_name(_uid())}@{host_name()}"


def claims(mark: str) -> Claims:
    """What is said about the person and cannot be checked, where it is more than the name; and the kernel's numbers.

    Args:
        mark: what the runs carry that may have typed this; see `State.mark`.
    """
    if (someone := _acting.get()) is not None:
        return someone.claims
    name = user_name(_uid())
    login, sudo = login_of(), _sudo_name()
    login_name = "" if login is None else user_name(login.uid)
    return Claims(
        login="" if login_name == name else login_name,
        sudo="" if sudo == name else sudo,
        run=_typed_in(mark),
        login_uid=None if login is None else login.uid,
        session=None if login is None else login.session,
        uid=_uid(),
    )


def _typed_in(mark: str) -> int | None:
    """The run with this mark in whose process this one is: by its own environment, or that of a parent."""
    number = os.environ.get(RUN, "")
    if os.environ.get(LEDGER) == mark and number.isascii() and number.isdecimal() and len(number) < 19:
        return int(number)
    with contextlib.suppress(OSError):  # no descriptor is left to look with
        for pid in _parents():
            found = carried(pid, mark)
            if found is not None:
                return found[0]
    return None


def _parents() -> Iterator[int]:
    """The processes of which this one comes, the nearest first, but for init."""
    return _parents_of(os.getpid(), os.getppid())


def _parents_of(pid: int, parent: int | None = None) -> Iterator[int]:
    """The processes of which another one comes, likewise."""
    if parent is None:
        status = process_stat(pid)
        if status is None or status.parent <= 1:
            return
        parent = status.parent
    pid = parent
    for _ in range(_PARENTS_MAX):
        yield pid
        status = process_stat(pid)
        if status is None or status.parent <= 1:
            break
        pid = status.parent


def _uid() -> int:
    return _remembered[0] if _remembered else os.getuid()


def _sudo_name() -> str:
    """What sudo says; a variable may hold any bytes."""
    said = os.fsencode(os.environ.get("SUDO_USER", ""))[:_NAME_BYTES_MAX]
    return said.decode("utf-8", "backslashreplace")
