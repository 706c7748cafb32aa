"""Those who let the herd run: each starts its scheduler, waits for the instant, and stops it again."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.homes import COMMAND, serving, write_config
from benchmarks.homes import cronledger as home_command
from benchmarks.machine import on_cpu_s
from benchmarks.observer import Observer, Seen
from benchmarks.peers import CRON, Peers
from eventstore.durable import REAL
from eventstore.head import HeadFile
from scheduler.configuration.load import parse
from scheduler.home import Home

PARALLEL = parse(b"jobs: {}", Path("config.yaml")).settings.max_parallel
"""At most so many processes at once, as cronledger does it by itself; Debian cron knows no such limit."""

LEAD_S = 2.0
EVERY_S = 10
HERD_MAX_S = 90.0
POLL_S = 0.001
ENTRIES_PER_RUN = 3
_HERE = Path(__file__).resolve().parent


class Stage(NamedTuple):
    """What a contender works with: a folder, the programs, who watches them, and the peers' environment."""

    folder: Path
    programs: list[Path]
    observer: Observer
    peers: Peers | None


class Herd(NamedTuple):
    """From the instant to the first start, in milliseconds; to the end of everything, in seconds.

    `cpu_s` is the processor time that cronledger's scheduler itself took for it; of others it is not known.
    """

    first_ms: float
    all_s: float
    cpu_s: float = 0.0


Contender = Callable[[Stage], Herd]


def cronledger(stage: Stage) -> Herd:
    """`cronledger serve` with its own settings, until the last result is durable."""
    return _cronledger(stage, Home(stage.folder / "home"))


def cronledger_by(command: str) -> Contender:
    """The same by another version, whose command stands there."""
    return lambda stage: _cronledger(stage, Home(stage.folder / "home"), command)


def cronledger_signed(stage: Stage) -> Herd:
    """The same, on a ledger that has a key."""
    home = Home(stage.folder / "home")
    write_config(home, {})
    subprocess.run(home_command(home, "ledger", "key", "generate"), check=True, capture_output=True)
    return _cronledger(stage, home)


def _cronledger(stage: Stage, home: Home, command: str = COMMAND) -> Herd:
    instant_s = _soon()
    at = datetime.fromtimestamp(instant_s, UTC).isoformat()
    write_config(home, {path.name: {"at": at, "command": [str(path)]} for path in stage.programs})
    with serving(home, command) as scheduler:
        head_file = HeadFile(home.ledger, REAL, writable=False)
        try:
            recorded = _recorded(head_file) + ENTRIES_PER_RUN * len(stage.programs)
            before_s = on_cpu_s(scheduler.pid)
            seen = stage.observer.watch(len(stage.programs), HERD_MAX_S)
            herd = _herd(instant_s, seen._replace(last_end_s=_when_recorded(head_file, recorded)))
            return herd._replace(cpu_s=on_cpu_s(scheduler.pid) - before_s)
        finally:
            head_file.close()


def all_s(home: Home, job: Mapping[str, object], count: int) -> float:
    """From an instant at which a job is due, under so many names, until every result is durable, in seconds."""
    instant_s = _soon() + LEAD_S
    at = datetime.fromtimestamp(instant_s, UTC).isoformat()
    write_config(home, {f"job-{number}": {"at": at, **job} for number in range(count)})
    with serving(home):
        head_file = HeadFile(home.ledger, REAL, writable=False)
        try:
            return _when_recorded(head_file, _recorded(head_file) + ENTRIES_PER_RUN * count) - instant_s
        finally:
            head_file.close()


def _when_recorded(head_file: HeadFile, entries: int) -> float:
    """When so many entries are durable, by the wall clock."""
    give_up_s = time.monotonic() + HERD_MAX_S
    while _recorded(head_file) < entries:
        if time.monotonic() > give_up_s:
            raise TimeoutError("not every result was recorded")
        time.sleep(POLL_S)
    return time.time()


def _recorded(head_file: HeadFile) -> int:
    """How many entries are durable."""
    slot = head_file.read()
    assert slot is not None, "a ledger that is served has a HEAD"
    return slot.seq + 1


def bare_loop(stage: Stage) -> Herd:
    """Nothing but starting processes, with their output in files, and reaping them."""
    instant_s = _soon()
    outputs = stage.folder / "output"
    outputs.mkdir()
    arguments = [str(instant_s), str(PARALLEL), str(outputs), str(stage.programs[0].parent)]
    with _running([sys.executable, str(_HERE / "bare_loop.py"), *arguments], stage.folder):
        return _herd(instant_s, stage.observer.watch(len(stage.programs), HERD_MAX_S))


def apscheduler(stage: Stage) -> Herd:
    """APScheduler 3 with its SQLite job store: a pool of threads, a subprocess with two output files for each job."""
    assert stage.peers is not None
    instant_s = _soon() + LEAD_S
    outputs = stage.folder / "output"
    outputs.mkdir()
    store = f"sqlite:///{stage.folder}/jobs.sqlite"
    script, programs = str(_HERE / "apscheduler_jobs.py"), str(stage.programs[0].parent)
    arguments = [script, store, str(PARALLEL), str(instant_s), programs, str(outputs)]
    with _running([stage.peers.python, *arguments], stage.folder):
        return _herd(instant_s, stage.observer.watch(len(stage.programs), HERD_MAX_S))


def cronstable(stage: Stage) -> Herd:
    """Cronstable, its jobs without a shell, both streams kept; it knows seconds, not single instants."""
    assert stage.peers is not None
    config = stage.folder / "cronstable.yaml"
    write_cronstable(config, dict.fromkeys(stage.programs, f"*/{EVERY_S} * * * * * *"))
    with _running([stage.peers.cronstable, "-c", str(config)], stage.folder):
        seen = stage.observer.watch(len(stage.programs), HERD_MAX_S)
        return _herd(seen.first_start_s // EVERY_S * EVERY_S, seen)


def debian_cron(stage: Stage) -> Herd:
    """Debian's cron in the foreground, with mounts of its own that hide the machine's crontabs from it."""
    crontab = stage.folder / "crontab"
    crontab.write_text("".join(f"* * * * * root {path}\n" for path in stage.programs))
    crontab.chmod(0o644)
    empty = stage.folder / "empty"
    empty.mkdir()
    script = (
        'mount --bind "$1" /etc/crontab && mount --bind "$2" /etc/cron.d && mount --bind "$2" /var/spool/cron && '
        'mount -t tmpfs tmpfs /run && mkdir /var/spool/cron/crontabs && exec "$3" -f -L 0'
    )
    isolated = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
    with _running([*isolated, str(crontab), str(empty), CRON], stage.folder):
        seen = stage.observer.watch(len(stage.programs), HERD_MAX_S)
        return _herd(seen.first_start_s // 60 * 60, seen)


def _soon() -> float:
    """A whole second, late enough to start a scheduler before."""
    return float(int(time.time() + LEAD_S) + 1)


def _herd(instant_s: float, seen: Seen) -> Herd:
    return Herd((seen.first_start_s - instant_s) * 1000, seen.last_end_s - instant_s)


def write_cronstable(config: Path, jobs: Mapping[Path, str]) -> None:
    """Write a config for cronstable: programs, each with its schedule; its YAML is a narrow one."""
    lines = ["defaults:", "  captureStdout: true", "  captureStderr: true", "jobs:"]
    for path, schedule in jobs.items():
        lines += [f"- name: {path.name}", "  command:", f"  - {path}", f'  schedule: "{schedule}"']
    config.write_text("\n".join(lines) + "\n")


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[None]:
    """Have a scheduler run, and stop it; if it does not do what it should, let it speak."""
    log = folder / "log"
    with open(log, "wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            yield
        except TimeoutError as error:
            raise RuntimeError(f"{command[0]}: {error}\n{log.read_text()[-2_000:]}") from error
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
