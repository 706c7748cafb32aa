"""What a file or a class declares, read by importing it.

`python -I -m scheduler.python_jobs.inspection HOME WHAT LIMIT_S` does that, in a process of its own, with little
memory and time; what it prints goes nowhere. `declared_by` starts that process, and is all that others call.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from scheduler.python_jobs.declarations import DeclaredJob
from scheduler.python_jobs.targets import file_of

LIMIT_S: Final = 3.0
"""So long the import may take: whoever reads a config waits for it."""
ORPHANED_S: Final = 0.2
"""So long after that the process ends by itself."""
_ANSWER_BYTES_MAX: Final = 1024 * 1024
_MEMORY_BYTES_MAX: Final = 4 * 1024**3
_INHERITED: Final = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")


class Answer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is declared, or why nobody knows."""

    jobs: list[DeclaredJob] = []
    error: str = ""


def declared_by(home: Path, what: str, limit_s: float = LIMIT_S) -> Answer:
    """What a file of the extensions, or a class of a module, declares.

    Args:
        home: the home folder, absolute.
        what: `extensions/NAME/jobs.py` or `package.module:Class`.
        limit_s: how long that may take.
    """
    # The process that is started here needs nothing of that.
    from scheduler.processes.bounded_answer import bounded_answer

    command = [sys.executable, "-I", "-m", "scheduler.python_jobs.inspection", str(home), what, str(limit_s)]
    env = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    try:
        raw = bounded_answer(command, env=env, cwd=home, limit_s=limit_s, bytes_max=_ANSWER_BYTES_MAX)
    except OSError as error:
        return Answer(error=f"no process could be started to import it: {error.strerror or error}")
    if raw is None:
        return Answer(error=f"its import takes longer than {limit_s:g} s")
    try:
        return msgspec.json.decode(raw, type=Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Answer(error="its process ended while it was imported")


def main(argv: Sequence[str]) -> None:
    """Answer on standard output, to which nothing that is imported can print."""
    from scheduler.python_jobs.fields import declared, is_job
    from scheduler.python_jobs.loading import jobs_of, load, load_file
    from scheduler.python_jobs.report import exception_words

    home, what = Path(argv[0]), argv[1]
    # Whoever waits for the answer kills this process by then; where nobody is left who waits, it ends by itself.
    signal.setitimer(signal.ITIMER_REAL, float(argv[2]) + ORPHANED_S)
    answer_to, nowhere = os.dup(1), os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(nowhere, 1)
    _limit_memory()
    try:
        if file_of(what):
            answer = Answer(
                jobs=[
                    declared(each, f"{what}:{each.__qualname__}") for each in jobs_of(load_file(what, home))
                ]
            )
        else:
            found = load(what, home)
            answer = Answer(jobs=[declared(found, what)] if is_job(found) else [])
    except BaseException as error:  # noqa: BLE001 - whatever is imported may raise anything
        answer = Answer(error=exception_words(error)[:500])
    os.write(answer_to, msgspec.json.encode(answer) + b"\n")
    os._exit(0)


def _limit_memory() -> None:
    import resource

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES_MAX, _MEMORY_BYTES_MAX))


if __name__ == "__main__":
    main(sys.argv[1:])
