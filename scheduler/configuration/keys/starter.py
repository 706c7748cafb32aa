"""The config that a new home starts with: it runs as it stands, and teaches each key of the table."""

from __future__ import annotations

import textwrap

from scheduler.configuration.keys.block_values.telemetry import TELEMETRY_KEYS
from scheduler.configuration.keys.channel_keys import CHANNEL_KEYS, KIND_KEYS, KINDS
from scheduler.configuration.keys.key import Key
from scheduler.configuration.keys.ledger_keys import LEDGER_KEYS
from scheduler.configuration.keys.nodes import NODE_KEYS
from scheduler.configuration.keys.scheduler_keys import SCHEDULER_KEYS
from scheduler.configuration.keys.table import DEFAULTS_KEYS, JOB_KEYS

_WIDTH = 100
_ORDER = {"description": -1}
"""In the example of a job its description stands first, as in the first job; the rest follow the table."""


def _taught(key: Key) -> list[str]:
    """A key as an example with its comment."""
    first, *more = key.example.split("\n")
    if not key.comment:
        return [first, *more]
    comment, *further = key.comment.split("\n")
    return [f"{first}  # {comment}", *(f"{'':{len(first)}}  # {line}" for line in further), *more]


def _lines(prefix: str, keys: list[Key]) -> str:
    return "\n".join(prefix + line for key in keys for line in _taught(key))


def _maintenance(job: str) -> str:
    """The keys that only a registered job takes, each with the last such job; what would apply anyway is in force."""
    own = [key for key in JOB_KEYS.values() if key.only[-1:] == (job,)]
    return "\n".join(_lines("    " if key.fill else "    # ", [key]) for key in own)


def _every_job_key() -> str:
    keys = [name for name, key in JOB_KEYS.items() if not key.only]
    return _lines("  #   ", [JOB_KEYS[name] for name in sorted(keys, key=lambda name: _ORDER.get(name, 0))])


def _channel(kind: str) -> str:
    """The kind, and the keys that it takes first of those that come with it."""
    own = [kind, *(name for name, takers in KIND_KEYS.items() if takers[0] == kind)]
    own += [name for name in CHANNEL_KEYS if kind == "webhook" and name not in (*KINDS, *KIND_KEYS)]
    return _lines("#     ", [CHANNEL_KEYS[name] for name in own])


def _about_defaults() -> str:
    *names, last = DEFAULTS_KEYS
    sentence = (
        "Defaults for all jobs; a job's own key wins, and env is merged. "
        f"It takes {', '.join(names)} and {last}."
    )
    return textwrap.fill(sentence, _WIDTH, initial_indent="# ", subsequent_indent="# ")


STARTER = f"""\
# The jobs of this cronledger. Edit and save: a running scheduler picks changes up by itself.
# `cronledger check` says whether this file is right; a mistaken edit changes nothing.
# Jobs may also stand in files of their own, config.d/*.yaml beside this one.

jobs:
  # A job is a name, a command and a time. This one runs every minute, so that there is something to see.
  hello:
    description: Says hello every minute
    command: echo "hello from cronledger"
    schedule: "* * * * *"  # minute hour day-of-month month day-of-week, in quotes because of the *

  # Two maintenance jobs come with cronledger. They have no command: they are found by their names.
  cleanup-sessions:
    schedule: "0 2 * * *"  # Daily at 2 AM
    enabled: true
{_maintenance("cleanup-sessions")}
  log-cleanup:
    schedule: "0 3 * * 0"  # Weekly on Sunday at 3 AM
    enabled: true
{_maintenance("log-cleanup")}

  # Every key that a job can have; what stands in brackets applies if the key is left out.
  # nightly-backup:
{_every_job_key()}

{_about_defaults()}
# defaults:
#   timezone: Europe/Paris
#   timeout: 1h

# Days that jobs leave out, or run on alone: dates, days of the week, or an iCalendar file.
# calendars:
#   holidays: {{dates: [2026-12-24..2027-01-02], weekdays: [sun]}}

# Who is told what became of jobs, and how: a channel is a webhook, email, a command or a ping.
# channels:
#   mail:
{_channel("email")}
#   pager:
{_channel("webhook")}
#   tell:
{_channel("command")}
#   checks:
{_channel("ping")}

# Where several machines share the ledger: each finds itself here by CRONLEDGER_NODE, else by its host name.
# nodes:
#   db1:
{_lines("#     ", list(NODE_KEYS.values()))}

# The scheduler itself.
# scheduler:
{_lines("#   ", list(SCHEDULER_KEYS.values()))}

# Where traces, log records and metrics are sent; docs/telemetry.md tells more.
# telemetry:
{_lines("#   ", list(TELEMETRY_KEYS.values()))}

# How the ledger is signed, once it has a key: `cronledger ledger key generate` makes one.
# ledger:
{_lines("#   ", list(LEDGER_KEYS.values()))}
"""
