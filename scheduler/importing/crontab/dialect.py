"""The two crons whose crontabs are read, and where they differ.

Source: crontab(5) of both, entry.c, env.c and do_command.c of cronie 1.7, and Debian's cron 3.0pl1-162 as it behaves.
"""

from __future__ import annotations

from typing import Literal

Dialect = Literal["debian", "cronie"]

CRONIE_VARIABLES = ("CRON_TZ", "RANDOM_DELAY")
"""What only cronie obeys; to Debian's cron they are variables as any other."""
