"""The config that a new home starts with: it runs as it stands, and teaches the format."""

STARTER = """\
# The jobs of this cronledger. Edit and save: a running scheduler picks changes up by itself.
# `cronledger check` says whether this file is right; a mistaken edit changes nothing.

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
    retention_hours: 24
  log-cleanup:
    schedule: "0 3 * * 0"  # Weekly on Sunday at 3 AM
    enabled: true
    retention_days: 30
    # directories:  # further folders to clean, beside cronledger's own (none)
    #   - {path: /srv/app/logs, pattern: "*.log"}  # path absolute or relative to the home; pattern ("*")
    # dry_run: false  # only count what would be deleted

  # Every key that a job can have; what stands in brackets applies if the key is left out.
  # nightly-backup:
  #   description: Copies the database  # for people ("")
  #   command: /usr/local/bin/backup --all  # plain words run directly, anything else through /bin/sh;
  #                                         # a list, [/usr/local/bin/backup, --all], always directly
  #   schedule: "30 2 * * mon-fri"  # exactly one of schedule, every and at; also "@daily" and the like
  #   every: 90s  # at each multiple of this, whenever the scheduler was started
  #   at: 2026-12-24T18:00:00+01:00  # once
  #   timezone: Europe/Paris  # an IANA zone (UTC)
  #   enabled: true  # (true) a person can also disable it: cronledger jobs disable NAME
  #   env:  # added to the environment; values are used as written and only digests are recorded (none)
  #     PGHOST: db.example.org
  #   working_directory: /srv/app  # absolute or relative to the home (the home)
  #   timeout: 15m  # stop a run that takes longer; durations are 90s, 15m, 36h, 7d (never)
  #   kill_after: 10s  # from asking a run to end (SIGTERM) to making it end (SIGKILL) (10s)
  #   catch_up: one  # what was missed while nothing watched: one run for all of it, all, or none (one)
  #   catch_up_limit: 100  # with all: at most so many (100)
  #   catch_up_window: 7d  # forget what is older than this (never)
  #   overlap: skip  # when the last run is still going: skip, queue or allow (skip)

# Defaults for all jobs; a job's own key wins, and env is merged. It takes timezone, enabled, env,
# working_directory, timeout, kill_after, catch_up, catch_up_limit, catch_up_window and overlap.
# defaults:
#   timezone: Europe/Paris
#   timeout: 1h

# The scheduler itself.
# scheduler:
#   max_parallel: 32  # at most so many runs at once (eight for each processor core, at least 32)
#   fsync: always  # when entries reach the disk: always, everysec or never (always)
#   shutdown_grace: 30s  # how long a stopping scheduler waits for its runs (30s)
"""
