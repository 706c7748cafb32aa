"""The jobs in Python that a config may name: classes in the home's `extensions/`, and of installed distributions.

What they declare is read by a process that imports them, with limits, and kept by the digest of the file, so that a
command which reads the config imports nothing. Where that process fails, or where somebody else reads than the owner
of the home, the text of the file says what can be seen in it without running it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from eventstore.durable import REAL, write_file
from eventstore.regular_file import read_regular
from scheduler.configuration.model import READ_NOW, SlowParts
from scheduler.configuration.trust import Untrusted, read_trusted
from scheduler.home import Home
from scheduler.python_jobs.declarations import DeclaredJob
from scheduler.python_jobs.targets import ENTRY_POINTS, EXTENSIONS, FILE, FOLDER

SOURCE_BYTES_MAX: Final = 4 * 1024 * 1024
FILES_MAX: Final = 1_000
KEPT_BYTES_MAX: Final = 8 * 1024 * 1024
NOT_OURS: Final = "only the owner of the home imports it"


class Kept(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was read of a file, or of an entry point.

    Attributes:
        digest: of what was read; another one, and it is read again.
        jobs: what it declares.
        error: why it cannot be imported; empty if it can.
        tried_at: when that was found, in seconds since 1970.
    """

    digest: str
    jobs: list[DeclaredJob] = []
    error: str = ""
    tried_at: float = 0.0


class Found(NamedTuple):
    """What stands under the name of a job: its class, or why it is not to be used; neither where there is none.

    Where there is a class, `problem` is why it could not be imported.
    """

    job: DeclaredJob | None
    problem: str = ""


class CustomJobs:
    """The jobs in Python of one home; nothing is read before one is asked for.

    Args:
        home: the home folder.
        slow: whether something is imported to be read, where it is not known.

    Whoever asks for what is not known then gets `NotYetKnown`.
    """

    def __init__(self, home: Path, slow: SlowParts = READ_NOW) -> None:
        self._slow = slow
        self._home = Home(Path(os.path.abspath(home)))
        self._kept_file = self._home.var / "declared-jobs.json"

    def find(self, name: str) -> Found:
        """The job of this name."""
        found = [(what, job) for what, kept in self._files.items() for job in kept.jobs if job.name == name]
        if len(found) > 1:
            return Found(
                None, f"two classes have the name {name}: {' and '.join(job.target for _, job in found)}"
            )
        if found:
            what, job = found[0]
            return Found(job, self._not_imported(what))
        if name in self._entry_points:
            job = self._of_entry_point(name)
            return Found(job, self._not_imported(job.target))
        # Where a file cannot be read, the class that is wanted may be the one that is not seen.
        broken = [
            f"{what} cannot be imported ({kept.error})" for what, kept in self._files.items() if kept.error
        ]
        broken += self._unusable
        return Found(None, "; ".join(broken[:3]))

    def _not_imported(self, what: str) -> str:
        kept = self._now.get(what) or self._kept.get(what)
        if kept is None or kept.error in ("", NOT_OURS):
            return ""
        return f"{what} cannot be imported ({kept.error})"

    @property
    def names(self) -> list[str]:
        """The names of all that are known."""
        return [*(job.name for kept in self._files.values() for job in kept.jobs), *self._entry_points]

    @cached_property
    def _unusable(self) -> list[str]:
        return []

    @cached_property
    def _files(self) -> dict[str, Kept]:
        """Each file of the extensions that can be read, to what it declares."""
        found: dict[str, Kept] = {}
        for file in self._listed():
            path = self._home.root / file
            try:
                source = self._source(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                self._unusable.append(f"{file} cannot be read: {error.strerror or error}")
                continue
            found[file] = self._read(file, source)
        self._keep()
        return found

    def _listed(self) -> Iterator[str]:
        with contextlib.suppress(OSError), os.scandir(self._home.extensions) as entries:
            folders = sorted(entry.name for entry in entries if FOLDER.fullmatch(entry.name))
            for folder in folders[:FILES_MAX]:
                yield f"{EXTENSIONS}/{folder}/{FILE}"

    def _source(self, path: Path) -> bytes:
        try:
            source = read_trusted(path, self._home.root, SOURCE_BYTES_MAX).content
        except Untrusted as problem:
            raise OSError(errno.EPERM, str(problem)) from None
        if len(source) > SOURCE_BYTES_MAX:
            raise OSError(errno.EFBIG, f"it is longer than {SOURCE_BYTES_MAX:,} bytes")
        return source

    def _read(self, file: str, source: bytes) -> Kept:
        digest = hashlib.sha256(source).hexdigest()
        known = self._current(file, digest)
        if not known.error:
            return known
        from scheduler.python_jobs.source import jobs_in

        return msgspec.structs.replace(known, jobs=jobs_in(source, file))

    def _current(self, what: str, digest: str) -> Kept:
        """What is kept of a file or an entry point, if it is still of this digest; else read anew."""
        known = self._now.get(what) or self._kept.get(what)
        if (
            known is None
            or known.digest != digest
            or (known.error and self._slow.tries_again(known.tried_at))
        ):
            self._slow.check_reads()
            known = self._now[what] = self._imported(what, digest)
        return known

    def _imported(self, what: str, digest: str) -> Kept:
        if self._home.root.stat().st_uid != os.geteuid():
            # Whoever else reads a config does not run what its owner wrote.
            return Kept(digest=digest, error=NOT_OURS, tried_at=time.time())
        from scheduler.python_jobs.inspection import declared_by

        answer = declared_by(self._home.root, what)
        return Kept(digest=digest, jobs=answer.jobs, error=answer.error, tried_at=time.time())

    @cached_property
    def _entry_points(self) -> dict[str, str]:
        """What installed distributions offer: the name of a job, to its class."""
        from importlib.metadata import entry_points

        return {each.name: each.value for each in entry_points(group=ENTRY_POINTS)}

    def _of_entry_point(self, name: str) -> DeclaredJob:
        from importlib.metadata import entry_points

        target = self._entry_points[name]
        (offered, *_) = entry_points(group=ENTRY_POINTS, name=name)
        version = "" if offered.dist is None else f"{offered.dist.name} {offered.dist.version}"
        digest = hashlib.sha256(f"{target} {version}".encode()).hexdigest()
        known = self._current(target, digest)
        if self._now.get(target) is known:
            self._keep()
        declared = known.jobs[0] if known.jobs else DeclaredJob(name=name, target=target, incomplete=True)
        return msgspec.structs.replace(declared, name=name)

    @cached_property
    def _now(self) -> dict[str, Kept]:
        """What was read anew."""
        return {}

    @cached_property
    def _kept(self) -> dict[str, Kept]:
        try:
            return msgspec.json.decode(read_regular(self._kept_file, KEPT_BYTES_MAX), type=dict[str, Kept])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return {}

    def _keep(self) -> None:
        """Keep what was read anew; where that cannot be done, it is read again the next time."""
        if not self._now:
            return
        still = {what: kept for what, kept in self._kept.items() if not what.startswith(f"{EXTENSIONS}/")}
        listed = set(self._listed())
        still |= {what: kept for what, kept in self._kept.items() if what in listed}
        with contextlib.suppress(OSError):
            self._home.var.mkdir(mode=0o700, exist_ok=True)
            write_file(REAL, self._kept_file, msgspec.json.encode({**still, **self._now}), durable=False)
