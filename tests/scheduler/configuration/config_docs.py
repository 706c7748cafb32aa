"""Generates `docs/config.md` and `docs/config.schema.json` from the tables of keys.

Run it as `python -m tests.scheduler.configuration.config_docs`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from scheduler.configuration.json_schema.config_schema import config_schema
from scheduler.configuration.keys.block_values.telemetry import TELEMETRY_KEYS
from scheduler.configuration.keys.channel_keys import CHANNEL_KEYS, KIND_KEYS
from scheduler.configuration.keys.key import Key
from scheduler.configuration.keys.ledger_keys import LEDGER_KEYS
from scheduler.configuration.keys.nodes import NODE_KEYS
from scheduler.configuration.keys.scheduler_keys import SCHEDULER_KEYS
from scheduler.configuration.keys.table import JOB_KEYS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "config.md"
SCHEMA = PAGE.with_name("config.schema.json")

HEADER = """\
# The config

The config of a home is its `services/scheduler/config.yaml`, and the files in `config.d` beside it, if there are any:
[the files of the config](config-files.md). This page lists every key. It is generated from
`scheduler/configuration/keys/job_keys/` (`python -m tests.scheduler.configuration.config_docs`), and a test holds the
two together. `cronledger init` writes a config that shows every key; `cronledger check` says whether one is right.

A config is one YAML document, a mapping of eight blocks, each of which may be left out:

- `jobs`: the name of each job, to its keys;
- `defaults`: keys that apply to every job that does not have them itself; `env` is merged;
- `scheduler`: settings of the scheduler itself;
- `ledger`: how the ledger is [signed](checkpoints.md);
- `calendars`: the name of each [calendar](calendars.md), to its days;
- `channels`: the name of each way to [tell people](notifications.md), to its keys;
- `nodes`: the name of each machine that shares the ledger, to its keys;
- `telemetry`: where [traces and metrics](telemetry.md) are sent.

It is read strictly: what is not understood is refused, and then the last good config stays in force. Durations are
written `90s`, `15m`, `36h`, `7d`, or joined, `1h30m`. Text that YAML reads as something else, such as `on` or `010`,
must be in quotes; in lists and in `env` numbers and dates are taken as they are written. Anchors, aliases and `<<`
work; tags, directives and further documents do not.

`jobs show NAME` shows the value of each key that applies to a job, and the line of the config that it comes from.
"""
JOB = """
## A job

The name of a job is 1 to 64 letters, digits, dots, underscores and dashes (ASCII), and begins with a letter, a digit
or an underscore. Keys marked ✓ may also stand in `defaults`.
"""
REGISTERED = """
## A registered job

`cleanup-sessions` and `log-cleanup` come with cronledger. They are found by their names: they have no `command`,
and take these keys beside the others.
"""
SCHEDULER = """
## The scheduler
"""
LEDGER = """
## The ledger

[Checkpoints](checkpoints.md) says what is signed, when, and what that shows.
"""

NODE = """
## A node

Where several machines share the ledger on a database, each finds itself here by the variable `CRONLEDGER_NODE`, else
by its host name. The name of a node is made like that of a job; one that is not here has no label but its name.
"""
CHANNEL = """
## A channel

The name of a channel is made like that of a job. It has exactly one of `webhook`, `email`, `command` and `ping`.
[Notifications](notifications.md) says what each of them gets.
"""

TELEMETRY = """
## Telemetry

[Traces](telemetry.md) says what is sent, and what a job gets of it.
"""


def page() -> str:
    """The whole page."""
    every_job = {name: key for name, key in JOB_KEYS.items() if not key.only}
    registered = {name: key for name, key in JOB_KEYS.items() if key.only}
    return "".join(
        [
            HEADER,
            JOB,
            _table(every_job, "in `defaults`", lambda key: "✓" if key.shared else ""),
            REGISTERED,
            _table(registered, "job", lambda key: ", ".join(f"`{name}`" for name in key.only)),
            SCHEDULER,
            _table(SCHEDULER_KEYS),
            LEDGER,
            _table(LEDGER_KEYS),
            NODE,
            _table(NODE_KEYS),
            TELEMETRY,
            _table(TELEMETRY_KEYS),
            CHANNEL,
            _table(CHANNEL_KEYS, "only for", lambda key: ", ".join(_kinds(key))),
        ]
    )


def _kinds(key: Key) -> tuple[str, ...]:
    """The kinds of channels that take a key, where it is not all of them."""
    name = next(name for name, each in CHANNEL_KEYS.items() if each is key)
    return KIND_KEYS.get(name, ())


def schema() -> str:
    """The JSON Schema, as `cronledger schema` prints it."""
    return json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"


def _table(keys: Mapping[str, Key], more: str = "", tell: Callable[[Key], str] | None = None) -> str:
    titles = ["key", "takes", "default", *([more] if tell else []), "meaning"]
    rows = [titles, ["---"] * len(titles)]
    for name, key in keys.items():
        between = [tell(key)] if tell else []
        rows.append([f"`{name}`", key.takes, key.default or '""', *between, key.meaning])
    return "\n" + "".join(f"| {' | '.join(_cell(each) for each in row)} |\n" for row in rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    SCHEMA.write_text(schema(), encoding="utf-8")
