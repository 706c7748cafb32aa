"""Several processes that append to one ledger, and what must hold of it whatever was done to them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from eventstore.entry import check_lines
from eventstore.errors import NoAnswer, Unavailable
from eventstore.postgresql.address import DatabaseAddress
from eventstore.postgresql.database import PostgresqlDatabase
from eventstore.store import GENESIS, Head
from tests.support.postgresql import DEADLINE_S
from tests.support.replicated import mirrored
from tests.support.simulated_server import head_of


class Writer:
    """A process that appends, on a machine of its own as far as files go.

    Attributes:
        acknowledged: the seq and hash of each entry that it was told is recorded.
        mirror: its folder.
    """

    def __init__(self, url: str, folder: Path, name: str) -> None:
        self.mirror = folder / name
        self.acknowledged: list[tuple[int, str]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.eventstore.postgresql.writer", url, str(self.mirror), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            seq, digest = line.split()
            self.acknowledged.append((int(seq), digest))

    def go_on(self, count: int) -> None:
        """Wait until so many more entries were acknowledged to it."""
        wanted, end = len(self.acknowledged) + count, time.monotonic() + DEADLINE_S
        while len(self.acknowledged) < wanted:
            assert self.process.poll() is None, "the writer ended"
            assert time.monotonic() < end, "nothing more is acknowledged"
            time.sleep(0.005)

    def end(self) -> None:
        """Let it finish what it is at."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(DEADLINE_S) == 0
        self._thread.join(DEADLINE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


def all_lines(address: DatabaseAddress) -> list[bytes]:
    """What the database holds, asked until it answers."""
    database = PostgresqlDatabase(address)
    end = time.monotonic() + DEADLINE_S
    lines: list[bytes] = []
    try:
        while True:
            try:
                piece = database.lines(len(lines), 1000)
                if not piece:
                    assert database.head().head == Head(len(lines) - 1, head_of(lines[-1]).hash)
                    return lines
                lines += piece
            except (Unavailable, NoAnswer):
                assert time.monotonic() < end
                time.sleep(0.02)
    finally:
        database.close()


def check(lines: list[bytes], acknowledged: list[tuple[int, str]], *mirrors: Path) -> None:
    """The chain verifies, what was acknowledged is there once, mirrors hold what was committed and nothing else."""
    hashes = [line.hash for line in check_lines(b"".join(lines), 0, GENESIS)]
    assert len(set(hashes)) == len(hashes)
    assert len(set(acknowledged)) == len(acknowledged)
    for seq, digest in acknowledged:
        assert hashes[seq] == digest, f"entry {seq} was acknowledged and is another one, or gone"
    for mirror in mirrors:
        assert b"".join(lines).startswith(mirrored(mirror)), mirror
