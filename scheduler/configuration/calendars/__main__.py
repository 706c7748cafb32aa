"""The days of an iCalendar file, in a process of its own: `python -I -m scheduler.configuration.calendars < FILE`.

A few lines of such a file can take any time and memory. This process has little of both; `days_in_file` starts it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys

import msgspec

from scheduler.configuration.calendars.file_days import CPU_S, LIMIT_S, MEMORY_BYTES_MAX, TOO_LONG, Answer
from scheduler.configuration.calendars.ical import InvalidCalendar, event_days
from scheduler.schedule.calendars.calendar_days import merged


def main() -> None:
    """Answer on standard output, to which no library can print."""
    answer_to, nowhere = os.dup(1), os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(nowhere, 1)
    signal.signal(signal.SIGXCPU, _give_up)
    # Whoever waits for the answer kills this process by then; where nobody is left who waits, it ends by itself.
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S + 1)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    try:
        found = merged(event_days(sys.stdin.buffer.read()))
        answer = Answer(ranges=[(first.toordinal(), last.toordinal()) for first, last in found])
    except InvalidCalendar as problem:
        answer = Answer(error=str(problem))
    except TimeoutError:
        answer = Answer(error=TOO_LONG)
    except MemoryError:
        answer = Answer(error="its events take more memory than a calendar may")
    os.write(answer_to, msgspec.json.encode(answer) + b"\n")
    os._exit(0)


def _give_up(*_: object) -> None:
    raise TimeoutError


if __name__ == "__main__":
    main()
