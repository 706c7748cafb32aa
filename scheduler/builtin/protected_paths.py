"""What is cronledger's own in a home: folders that retention must spare, and output that is still being written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from scheduler import inheritable_lock
from scheduler.builtin.folders import ResolvedDirectory, resolve
from scheduler.builtin.retention import Identity, ProtectedFiles, Target, identity_of
from scheduler.configuration.files.part_names import folder_of
from scheduler.definition import Directory
from scheduler.home import Home
from scheduler.processes.recognition.claims import live_attempts_of_any_home

OutputInUse = Callable[[int, str], bool]
"""Whether a file is still needed, given a descriptor of its folder and its name."""

_STREAMS: Final = ("stdout", "stderr")
_OUTPUT: Final = re.compile(r"([0-9]+)-([0-9]+)\.(?:stdout|stderr|result)(?:\.gz)?")
_NO_LOGS: Final = frozenset({"position.json", "lock"})
"""Among the log entries: how far they are collected, and the lock of the process that does that.

Neither grows, and both are needed."""


def targets(home: Home, directories: Sequence[Directory]) -> Iterator[Target]:
    """The folders of a definition; relative ones start at the home."""
    for directory in directories:
        found = directory if isinstance(directory, ResolvedDirectory) and directory.real else None
        found = resolve(home, directory) if found is None else found
        known = None if found.device is None or found.inode is None else (found.device, found.inode)
        yield Target(home.root / directory.path, directory.pattern, real=found.real, identity=known)


def protected(home: Home, keep: OutputInUse) -> ProtectedFiles:
    """What cronledger itself needs, the config among it, and the output of runs that are still running."""
    return ProtectedFiles(
        _identities(*home.own),
        _identities(home.var, home.config.parent, folder_of(home.config)),
        identity_of(home.logs),
        keep,
    )


def _identities(*folders: Path) -> frozenset[Identity]:
    return frozenset(found for folder in folders if (found := identity_of(folder)) is not None)


def output_in_use(ledger_id: str) -> OutputInUse:
    """Says of a file whether it is output of a run of which any process lives now, or no log at all.

    A process of another container is not seen, and one may hide what it carries: such a run is told by the locks
    that it holds on its output files.
    """
    live = set(live_attempts_of_any_home(ledger_id))

    def in_use(folder: int, name: str) -> bool:
        matched = _OUTPUT.fullmatch(name)
        if matched is None:
            return name in _NO_LOGS
        run, attempt = matched[1], matched[2]
        return (int(run), int(attempt)) in live or any(
            inheritable_lock.is_held(f"{run}-{attempt}.{stream}", folder) for stream in _STREAMS
        )

    return in_use
