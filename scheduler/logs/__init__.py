"""Log entries: what jobs print and what the scheduler records, line by line, kept in one file for each day.

`var/logs/entries/` holds them as JSON Lines, one file for each day (UTC) of their `time`:

    ==========================  =========================================================================
    `YYYY-MM-DD.jsonl`          entries of that day, in the order in which they were collected
    `YYYY-MM-DD.jsonl.gz`       the same, compressed a few days later, in gzip members that can each be read by
                                itself (see `storage.gzip_members`); both files exist if some entries came late
    `position.json`             how far the collector has come; see `storage.checkpoint`
    `lock`                      held by the one collector of a home; never removed
    ==========================  =========================================================================

An entry has these members, in this order; members that do not apply are left out:

    =========  ==========================================================================================
    `time`     when the line was seen, or the time that the line itself names, if that lies within its run:
               UTC, RFC 3339 with six digits and `Z`
    `level`    `debug`, `info`, `warning`, `error` or `critical`
    `job`      name of the job
    `run`      number of the run
    `attempt`  of the run, from 1
    `stream`   `stdout`, `stderr`, or `scheduler` for an entry of the ledger
    `message`  one line of text
    `fields`   an object: the other members of a line that was JSON; for `scheduler` the entry's `seq`, its
               `type` and facts of it
    =========  ==========================================================================================

Entries are derived from the ledger and from captured output. Captured output stays as it is, byte for byte. Each
line of output becomes exactly one entry, even if the collector is killed at any instant. Secrets are masked before
anything is stored. Folders are created with mode 0700, files with mode 0600.
"""

from scheduler.logs.collection.collector import Collector, CollectorRunning
from scheduler.logs.query.filter import Pattern
from scheduler.logs.query.query import LogFilter, as_collected, newest, oldest_first
from scheduler.logs.storage.day_files import DAY_SUFFIXES, entries_folder
from scheduler.logs.storage.entry import LEVELS, STREAMS, Level, LogEntry, Stream
from scheduler.logs.storage.raw_output import DamagedOutput, RawOutput

__all__ = [
    "DAY_SUFFIXES",
    "LEVELS",
    "STREAMS",
    "Collector",
    "CollectorRunning",
    "DamagedOutput",
    "Level",
    "LogEntry",
    "LogFilter",
    "Pattern",
    "RawOutput",
    "Stream",
    "as_collected",
    "entries_folder",
    "newest",
    "oldest_first",
]
