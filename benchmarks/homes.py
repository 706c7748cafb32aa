"""Homes to measure: their config, and a scheduler that serves one."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import yaml

from scheduler.home import Home

COMMAND = str(Path(sys.executable).with_name("cronledger"))
READY = b"Serving "
READY_MAX_S = 120


class Serving(NamedTuple):
    """A scheduler at work.

    Attributes:
        pid: its process.
        ready_s: from its start to the moment when it said that it serves.
    """

    pid: int
    ready_s: float


def write_config(home: Home, jobs: Mapping[str, Mapping[str, object]], **scheduler: object) -> None:
    """Write a home's config; `scheduler` is the block of that name."""
    home.config.parent.mkdir(parents=True, exist_ok=True)
    document: dict[str, object] = {"jobs": {name: dict(job) for name, job in jobs.items()}}
    if scheduler:
        document = {"scheduler": scheduler, **document}
    home.config.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False))


def cronledger(home: Home, *arguments: str, command: str = COMMAND) -> list[str]:
    """A command on a home; `command` is another version's, if it is to be that."""
    return [command, "--home", str(home.root), *arguments]


def taken_ms_by(home: Home, *arguments: str) -> float:
    """How long a command on a home takes, from its start to its end."""
    begun_s = time.perf_counter()
    subprocess.run(cronledger(home, *arguments), check=True, capture_output=True)
    return (time.perf_counter() - begun_s) * 1000


@contextmanager
def serving(home: Home, command: str = COMMAND) -> Iterator[Serving]:
    """Have `cronledger serve` run as people run it, and wait until it serves."""
    with start_serving(home, command) as process:
        begun_s = time.monotonic()
        yield Serving(process.pid, _wait_ready(process) - begun_s)


@contextmanager
def start_serving(home: Home, command: str = COMMAND) -> Iterator[subprocess.Popen[bytes]]:
    """Start `cronledger serve`; what it prints goes into a file."""
    with open(home.root / "serve.out", "ab") as out:
        serve = cronledger(home, "serve", command=command)
        process = subprocess.Popen(serve, stdout=out, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(READY_MAX_S)
        if process.stderr is not None:
            process.stderr.close()


def _wait_ready(process: subprocess.Popen[bytes]) -> float:
    assert process.stderr is not None, "it was opened with a pipe"
    said = []
    for line in process.stderr:
        if line.startswith(READY):
            return time.monotonic()
        said.append(line.decode())
    raise RuntimeError(f"the scheduler did not start: {''.join(said)}")
