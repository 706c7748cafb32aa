"""Forgeries, each from a seed: somebody who may write all of `var/` but the ledger alters what stands there.

What is altered is renewed as far as that can be done: the digest in a state's first line, the stamps and digests in
the manifest, and the times of files. A forger knows what the files mean, so documents are altered as documents, and
also as mere bytes. Nothing here is ever random beyond the seed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from eventstore.regular_file import read_regular
from projections.files.fingerprint import digest, stamp
from projections.files.manifest import Kind, Manifest, ProjectionFile, ProjectionFolder
from scheduler.home import Home

SPARSE_BYTES = 1 << 42
"""Of a file that takes no room, and that nobody can read to its end."""
DEEP = 200_000
"""So deep are documents nested that are."""
VALUES: list[Any] = [
    None, True, 0, -1, 1, 2**31, 2**63, -(2**63), 10**30, 1.5, "", "x", "../../outside/precious", "a'; DROP", "\0",
    "0" * 64, [], {}, [[]], [0] * 1000,
]  # fmt: skip
"""What is put in the place of something else in a document."""


class Forger:
    """Somebody who alters a home.

    Args:
        home: the home to be altered.
        other: a home of another ledger, whose files may take the place of this one's.
        older: this home as it was before.
        outside: a folder outside that links lead to.
        seed: the same one alters the same home in the same way.

    Attributes:
        done: what was done, in words, for whoever looks for the cause of a failure.
    """

    def __init__(self, home: Home, *, other: Home, older: Home, outside: Path, seed: int) -> None:
        self.home, self.done = home, list[str]()
        self._others, self._outside = (other, older), outside
        self._chance = random.Random(seed)

    def forge(self, count: int) -> None:
        """Alter so many places, then renew every stamp and digest."""
        times = {path: path.lstat().st_mtime_ns for path in self._files()}
        for _ in range(count):
            files = list(self._files())
            if not files:
                break
            path = self._chance.choice(files)
            deed = self._chance.choice(self._deeds_for(path))
            self.done.append(f"{deed.__name__} {path.relative_to(self.home.root)}")
            deed(path)
        self.renew()
        for path, time_ns in times.items():
            with contextlib.suppress(OSError):
                os.utime(path, ns=(time_ns, time_ns), follow_symlinks=False)

    def _files(self) -> Iterator[Path]:
        """The regular files under `var/` but the ledger's, in an order that the seed alone decides."""
        for path in sorted(self.home.var.rglob("*")):
            if self.home.ledger in path.parents or path.is_symlink() or not path.is_file():
                continue
            if path.stat().st_size < SPARSE_BYTES:
                yield path

    def _deeds_for(self, path: Path) -> list[Callable[[Path], None]]:
        deeds: list[Callable[[Path], None]] = [
            self.flip, self.cut, self.grow, self.exchange, self.replace, self.rename, self.link, self.special,
            self.huge,
        ]  # fmt: skip
        if path.suffix == ".parquet":
            return [*deeds, *[self.rows] * 9]
        if ".snapshot" in path.name:
            return [*deeds, *[self.state] * 9]
        if path.suffix in {".json", ".jsonl"} or path.name == "scheduler.lock":
            return [*deeds, self.deep, *[self.document] * 9]
        return deeds

    # -- bytes and files -----------------------------------------------------------------------------------------

    def flip(self, path: Path) -> None:
        """A few bytes become others."""
        raw = bytearray(path.read_bytes())
        for _ in range(self._chance.choice([1, 1, 8])):
            if raw:
                raw[self._chance.randrange(len(raw))] = self._chance.randrange(256)
        path.write_bytes(raw)

    def cut(self, path: Path) -> None:
        """The end is gone."""
        os.truncate(path, self._chance.randrange(path.stat().st_size + 1))

    def grow(self, path: Path) -> None:
        """There is more at the end."""
        path.write_bytes(
            path.read_bytes() + self._chance.choice([b"\0", b"\n", b"x" * 5_000, path.read_bytes()])
        )

    def exchange(self, path: Path) -> None:
        """Two files of the home change their places."""
        another = self._chance.choice(list(self._files()))
        first, second = path.read_bytes(), another.read_bytes()
        path.write_bytes(second)
        another.write_bytes(first)

    def replace(self, path: Path) -> None:
        """The file of the same place in another home, or in this one as it was; or another one of its folder."""
        found = [home.root / path.relative_to(self.home.root) for home in self._others]
        found += [beside for home in self._others for beside in _beside(home, self.home, path)]
        there = [one for one in found if one.is_file()]
        if there:
            shutil.copyfile(self._chance.choice(there), path)

    def rename(self, path: Path) -> None:
        """It claims to be of another time, or of another entry."""
        digits = [at for at, letter in enumerate(path.name) if letter.isdigit()]
        at = self._chance.choice(digits) if digits else 0
        name = path.name[:at] + self._chance.choice("0123456789") + path.name[at + 1 :]
        path.rename(path.with_name(name))

    def link(self, path: Path) -> None:
        """It leads elsewhere; so may its folder."""
        target = path if self._chance.random() < 0.7 else path.parent
        if target == self.home.var:
            target = path
        to = self._outside if target.is_dir() else self._outside / "precious"
        _remove(target)
        target.symlink_to(to)

    def special(self, path: Path) -> None:
        """It is no regular file."""
        path.unlink()
        kind = self._chance.choice(["fifo", "socket", "folder"])
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        else:
            with (
                socket.socket(socket.AF_UNIX) as server,
                contextlib.chdir(path.parent),  # the path may be too long for one
            ):
                server.bind(path.name)

    def huge(self, path: Path) -> None:
        """It has no end, as far as anybody can read."""
        os.truncate(path, SPARSE_BYTES)

    # -- documents -----------------------------------------------------------------------------------------------

    def deep(self, path: Path) -> None:
        """It is nested deeply."""
        path.write_bytes(b"[" * DEEP + self._chance.choice([b"", b"]" * DEEP]) + b"\n")

    def document(self, path: Path) -> None:
        """A value somewhere in a JSON document, or in a line of one, is another one."""
        lines = path.read_bytes().splitlines()
        with contextlib.suppress(ValueError, IndexError, RecursionError):
            at = self._chance.randrange(len(lines))
            lines[at] = json.dumps(self._altered(json.loads(lines[at]))).encode()
        path.write_bytes(b"\n".join(lines) + b"\n")

    def state(self, path: Path) -> None:
        """A folded state says something else, and its first line holds the digest of that."""
        first, _, body = path.read_bytes().partition(b"\n")
        packed = path.suffix == ".z"
        with contextlib.suppress(zlib.error, msgspec.MsgspecError, RecursionError, OverflowError, ValueError):
            state = msgspec.msgpack.decode(zlib.decompress(body) if packed else body)
            for _ in range(self._chance.choice([1, 1, 5])):
                state = self._altered(state)
            body = msgspec.msgpack.encode(state)
            body = zlib.compress(body) if packed else body
            path.write_bytes(first[:64] + b" " + sha256(body).hexdigest().encode() + b"\n" + body)

    def rows(self, path: Path) -> None:
        """Rows of a projection are gone, doubled or altered."""
        with contextlib.suppress(duckdb.Error), duckdb.connect() as engine:
            engine.execute("SET threads = 1")
            table = f"read_parquet('{path}')"
            columns = [row[0] for row in engine.execute(f"DESCRIBE FROM {table}").fetchall()]
            column = self._chance.choice(columns)
            forged = self._chance.choice(
                [
                    f"FROM {table} LIMIT 0",
                    f"FROM {table} OFFSET 1",
                    f"FROM {table} UNION ALL FROM {table}",
                    f"SELECT * REPLACE (NULL AS {column}) FROM {table}",
                    f"SELECT * EXCLUDE ({column}) FROM {table}",
                    f"SELECT * REPLACE ('x' AS {column}) FROM {table}",
                ]
            )
            engine.execute(f"CREATE TABLE forged AS {forged}")
            engine.execute(f"COPY forged TO '{path}' (FORMAT parquet, COMPRESSION zstd)")

    def _altered(self, value: Any) -> Any:
        """The same, with one place in it altered."""
        if isinstance(value, dict) and value and self._chance.random() < 0.9:
            key = self._chance.choice(sorted(value, key=str))
            others = {name: one for name, one in value.items() if name != key}
            return others if self._chance.random() < 0.1 else {**value, key: self._altered(value[key])}
        if isinstance(value, list) and value and self._chance.random() < 0.9:
            at = self._chance.randrange(len(value))
            middle = self._chance.choice([[self._altered(value[at])], [], [value[at]] * 2])
            return [*value[:at], *middle, *value[at + 1 :]]
        if isinstance(value, int) and self._chance.random() < 0.5:
            return value + self._chance.choice([-1, 1, 8, -8])
        return self._chance.choice(VALUES)

    # -- what vouches for them -----------------------------------------------------------------------------------

    def renew(self) -> None:
        """The manifest, if it is one still, vouches for each file as it is now."""
        folder = ProjectionFolder(self.home.projections)
        try:
            raw = read_regular(folder.root / "manifest.json", SPARSE_BYTES - 1)
            manifest = msgspec.json.decode(raw, type=Manifest)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return
        for part in manifest.parts:
            self._vouch(part.files, partial(folder.parquet, first=part.first, segments=part.segments))
        active = manifest.active_segment
        if active is not None:
            self._vouch(active.files, partial(folder.active_parquet, first=active.first, last=active.last))
        folder.save(manifest)

    def _vouch(self, files: dict[Kind, ProjectionFile], path_of: Callable[[Kind], Path]) -> None:
        for kind in files:
            path = path_of(kind)
            with contextlib.suppress(OSError):
                found = stamp(path)
                if found is not None and found.bytes < SPARSE_BYTES:
                    files[kind] = ProjectionFile(found, digest(path))


def _beside(other: Home, home: Home, path: Path) -> list[Path]:
    folder = other.root / path.parent.relative_to(home.root)
    return sorted(folder.glob(f"*{path.suffix}")) if folder.is_dir() else []


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
