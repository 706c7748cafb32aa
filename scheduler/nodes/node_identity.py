"""Which node a home is: its name, what tells it from another home with that name, and its name before."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec

from eventstore.durable import REAL, create_folders, write_file
from eventstore.nesting import decode
from eventstore.regular_file import read_regular
from eventstore.replicated.database import NodeIdentity
from scheduler.home import Home
from scheduler.processes.recognition import identity
from scheduler.rules.state import State

VARIABLE: Final = "CRONLEDGER_NODE"
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")
_FILE: Final = "node.json"
_BYTES_MAX: Final = 4_096


class BadNodeName(Exception):
    """What is to be the name of a node cannot be one.

    Attributes:
        name: that; variable: where it is from, None if it is the host's name.
    """

    def __init__(self, name: str, variable: str | None) -> None:
        self.name, self.variable = name, variable
        super().__init__(f"{name!r} cannot be the name of a node")


class RunsUnderFormerName(Exception):
    """This home served under another name, and what it started then goes on, or is said to: nobody would watch it.

    Attributes:
        node: its name now; former: that under which it served; runs: numbers of the runs.
    """

    def __init__(self, node: str, former: str, runs: list[int]) -> None:
        self.node, self.former, self.runs = node, former, runs
        super().__init__(f"runs {runs} of this home go on as those of node {former!r}")


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    incarnation: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
    served_as: str | None = None
    boot_id: str = ""


def node_name(environ: Mapping[str, str] = os.environ) -> str:
    """The name of this node: `CRONLEDGER_NODE`, else the host's.

    Raises:
        BadNodeName: that is none: it is made of letters, digits, '.', '_' and '-', as the name of a job is.
    """
    variable = VARIABLE if environ.get(VARIABLE) else None
    name = environ[VARIABLE] if variable else identity.host_name()
    if not _NAME.fullmatch(name):
        raise BadNodeName(name, variable)
    return name


def leads_here(state: State, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether it is for this machine to do what is done once for a ledger: it is the only one, or its node leads.

    Raises:
        BadNodeName: its name is none.
    """
    leader = state.leader
    return not state.nodes or (leader is not None and leader.node == node_name(environ))


def identity_of(home: Home, *, anew: bool = False) -> NodeIdentity:
    """Which node a home is; what tells it from others is made once, and kept in the home.

    Args:
        home: the home.
        anew: what is kept is not its own: it is a copy of another home.

    Raises:
        BadNodeName: its name is none.
        OSError: it cannot be kept.
    """
    name = node_name()
    path = home.var / _FILE
    kept = None if anew else _kept(path)
    if kept is None:
        kept = _Kept(os.urandom(16).hex(), boot_id=identity.boot_id())
        create_folders(REAL, home.var)
        _keep(path, kept)
    return NodeIdentity(name, kept.incarnation, identity.host_name())


def serve_as(home: Home, node: NodeIdentity, state: State, boot_id: str) -> None:
    """Remember under which name the home serves from now on.

    Args:
        home: the home; node: which it is now.
        state: of the ledger; boot_id: of the machine: what was started before its present boot is gone.

    Raises:
        RunsUnderFormerName: it is to serve under another name than before, while runs go on.
        OSError: it cannot be kept.
    """
    path = home.var / _FILE
    kept = _kept(path)
    former = None if kept is None else kept.served_as
    if former == node.node:
        return
    runs = [
        run.number
        for run in state.runs.values()
        if run.node == former and run.executor is not None and run.executor.boot_id == boot_id
    ]
    if former is not None and runs:
        raise RunsUnderFormerName(node.node, former, runs)
    _keep(path, _Kept(node.incarnation, node.node, boot_id))


def _keep(path: Path, kept: _Kept) -> None:
    write_file(REAL, path, msgspec.json.encode(kept) + b"\n")


def served_since_boot(home: Home) -> bool:
    """Whether a node served here since this machine was started; from now on one has.

    If none did, this may be a clone of a machine that is alive, whose disks say nothing of that.

    Raises:
        OSError: it cannot be kept.
    """
    path, now = home.var / _FILE, identity.boot_id()
    kept = _kept(path)
    if kept is None or kept.boot_id == now:
        return kept is not None
    _keep(path, msgspec.structs.replace(kept, boot_id=now))
    return False


def _kept(path: Path) -> _Kept | None:
    try:
        return decode(read_regular(path, _BYTES_MAX), _Kept)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
