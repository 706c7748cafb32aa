"""How these tests read a config and look at what was refused."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from scheduler.configuration.errors import ConfigInvalid
from scheduler.configuration.load import parse
from scheduler.configuration.model import Config
from scheduler.definition import JobDefinition
from scheduler.entry_members import ConfigError

PATH = Path("services/scheduler/config.yaml")


def read(text: str | bytes) -> Config:
    """The config in a text that may be indented as a whole."""
    return parse(text if isinstance(text, bytes) else dedent(text).encode(), PATH)


def job(body: str, name: str = "a", before: str = "") -> JobDefinition:
    """The definition of one job, from its keys in flow style without the braces."""
    return read(f"{before}\njobs: {{{name}: {{{body}}}}}").jobs[name].definition


def refused(text: str | bytes) -> list[ConfigError]:
    """All mistakes in a text that must be refused."""
    with pytest.raises(ConfigInvalid) as caught:
        read(text)
    return caught.value.errors


def the_mistake(text: str | bytes) -> ConfigError:
    """The one mistake in a text that must be refused for it alone."""
    (error,) = refused(text)
    return error


def the_mistake_in(body: str) -> ConfigError:
    """The one mistake in job `a`, from its keys in flow style without the braces."""
    return the_mistake(f"jobs: {{a: {{{body}}}}}")


EVERYTHING = """\
defaults:
  timezone: Europe/Paris
  timeout: 1h
  env: {LANG: C.UTF-8, REGION: eu}
scheduler:
  max_parallel: 4
  fsync: everysec
  shutdown_grace: 1m
jobs:
  backup:
    command: [/usr/bin/backup, --level, 010]
    description: Copies the database
    schedule: "30 2 * * mon-fri"
    timezone: America/New_York
    enabled: false
    env:
      PORT: 8080
      REGION: us
    working_directory: /srv/app
    kill_after: 3s
    catch_up: all
    catch_up_limit: 7
    catch_up_window: 7d
    overlap: queue
    tags: [prod, db]
    require_reason: true
  tick:
    command: date +%s
    every: 90s
    timeout: never
  once:
    command: echo $HOME
    at: 2026-12-24T18:00:00+01:00
  log-cleanup:
    schedule: "@daily"
    directories:
      - {path: /srv/app/logs, pattern: "*.log"}
      - path: old
    dry_run: true
"""
