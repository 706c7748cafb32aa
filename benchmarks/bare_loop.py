"""The least that it takes to run many commands side by side: `posix_spawn`, pidfds in an epoll, `wait4`.

    python bare_loop.py INSTANT PARALLEL OUTPUTS PROGRAMS

Each process leads a session of its own and has two output files, as under every scheduler that keeps output;
nothing is recorded.
"""

from __future__ import annotations

import os
import select
import sys
import time
from pathlib import Path


def main() -> None:
    """Wait for the instant, then run all the programs of a folder."""
    instant_s, parallel, outputs, folder = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    waiting = sorted(str(path) for path in Path(folder).iterdir())[::-1]
    watch = select.epoll()
    _q: dict[int, int] = {}
    time.sleep(max(0.0, instant_s - time.time()))
    while waiting or _q:
        while waiting and len(_q) < parallel:
            pid = start(waiting.pop(), f"{outputs}/{len(waiting)}")
            descriptor = os.pidfd_open(pid)
            watch.register(descriptor, select.EPOLLIN)
            _q[descriptor] = pid
        for descriptor, _ in watch.poll():
            os.wait4(_q.pop(descriptor), 0)
            watch.unregister(descriptor)  # a child that has not yet executed its program holds it as well
            os.close(descriptor)


def start(program: str, output: str) -> int:
    """Start one; its pid."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawn(
        program,
        [program],
        os.environ,
        file_actions=(
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, f"{output}.stdout", flags, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, f"{output}.stderr", flags, 0o600),
        ),
        setsid=True,
    )


if __name__ == "__main__":
    main()
