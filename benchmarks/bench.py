"""What every program is given: where it may write, how big it is to be, and the peers."""

from __future__ import annotations

import contextlib
import errno
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from benchmarks.peers import Peers

REMOVAL_S_MAX = 60.0
_LOOK_S = 0.05
Size = Literal["tiny", "quick", "full"]
T = TypeVar("T")


class Bench(NamedTuple):
    """One run of the benchmarks.

    Attributes:
        folder: temporary, on a local disk.
        size: `tiny` shows that the programs work, `quick` takes minutes, `full` is what the aims speak of.
        peers: the schedulers that are compared with; None: without them.
    """

    folder: Path
    size: Size
    peers: Peers | None = None

    def of(self, tiny: T, quick: T, full: T) -> T:
        """The one that belongs to the size."""
        return {"tiny": tiny, "quick": quick, "full": full}[self.size]

    @contextmanager
    def room(self, name: str) -> Iterator[Path]:
        """A new folder, which is removed afterwards.

        No two runs of the benchmarks have the same names: by them ext4 chooses the part of the disk (`keep_apart`).
        """
        room = self.folder / f"{name}-{secrets.token_hex(4)}"
        room.mkdir(parents=True)
        try:
            yield room
        finally:
            remove(room)

    def keep_apart(self) -> None:
        """Have each room in a part of the disk of its own, where the file system can: ext4 (chattr(1), `T`).

        Without a journal ext4 passes over inodes that were in use in the last minutes: whoever made files would wait
        for what others had removed.
        """
        with contextlib.suppress(OSError):
            subprocess.run(["chattr", "+T", str(self.folder)], check=False, stderr=subprocess.DEVNULL)

    def note(self, text: str) -> None:
        """Say what is being done; the figures come at the end."""
        if self.size != "tiny":
            print(f"  {text}", flush=True)


def remove(folder: Path) -> None:
    """Remove a folder, in which a program may still write that a scheduler has left behind.

    Raises:
        OSError: it cannot be removed, even a minute later.
    """
    give_up_s = time.monotonic() + REMOVAL_S_MAX
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except OSError as problem:
            if problem.errno != errno.ENOTEMPTY or time.monotonic() >= give_up_s:
                raise
            time.sleep(_LOOK_S)
