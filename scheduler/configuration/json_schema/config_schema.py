"""The JSON Schema of a config, made of the tables of keys.

What `check` accepts it accepts, so that an editor marks nothing that is right. It refuses less than `check` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from scheduler.configuration.calendars.calendars import CALENDAR_FORM
from scheduler.configuration.job_kinds.builtin_jobs import REGISTERED
from scheduler.configuration.keys.block_values.telemetry import TELEMETRY_KEYS
from scheduler.configuration.keys.channel_keys import CHANNEL_KEYS
from scheduler.configuration.keys.key import Key
from scheduler.configuration.keys.ledger_keys import LEDGER_KEYS
from scheduler.configuration.keys.nodes import NODE_KEYS
from scheduler.configuration.keys.scheduler_keys import SCHEDULER_KEYS
from scheduler.configuration.keys.table import DEFAULTS_KEYS, JOB_KEYS, TOP_KEYS
from scheduler.configuration.keys.written_form import ANYTHING, MERGE, Form, closed, form_of, named

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""What editors know best."""
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_ABOUT: Final = "services/scheduler/config.yaml of a cronledger home, or a file in config.d beside it"


def config_schema() -> dict[str, Any]:
    """The schema: what `json.dumps` takes."""
    blocks: dict[str, Form] = {
        "jobs": _jobs(),
        "defaults": closed(_key_references(DEFAULTS_KEYS), empty=True),
        "scheduler": closed(_described(SCHEDULER_KEYS), empty=True),
        "ledger": closed(_described(LEDGER_KEYS), empty=True),
        "calendars": named(CALENDAR_FORM),
        "channels": named(closed(_described(CHANNEL_KEYS))),
        "nodes": named(closed(_described(NODE_KEYS))),
        "telemetry": closed(_described(TELEMETRY_KEYS), empty=True),
    }
    return {
        "$schema": DIALECT,
        "title": "cronledger config",
        "description": _ABOUT,
        **closed({word: blocks.get(word, ANYTHING) for word in TOP_KEYS}),
        "definitions": {
            "job": _job(),
            "registered": closed(_key_references(JOB_KEYS)),
            **{f"key.{name}": form for name, form in _described(JOB_KEYS).items()},
        },
    }


def _jobs() -> Form:
    """A registered job has keys of its own; whatever is called otherwise is any job."""
    registered = {name: {"$ref": "#/definitions/registered"} for name in REGISTERED}
    return {
        "type": ["object", "null"],
        "properties": {**registered, MERGE: ANYTHING},
        "additionalProperties": {"$ref": "#/definitions/job"},
    }


def _job() -> Form:
    """A job without a command may be a class in Python, whose own fields are keys too."""
    keys = {name: key for name, key in JOB_KEYS.items() if not key.only}
    return {
        "type": "object",
        "properties": {**_key_references(keys), MERGE: ANYTHING},
        "if": {"anyOf": [{"required": ["command"]}, {"required": ["python"]}]},
        "then": {"propertyNames": {"enum": [*keys, MERGE]}},
    }


def _key_references(names: Iterable[str]) -> dict[str, Form]:
    return {name: {"$ref": f"#/definitions/key.{name}"} for name in names}


def _described(keys: Mapping[str, Key]) -> dict[str, Form]:
    """The forms of keys, with what is said of them to people."""
    return {name: {"description": _words(key), **form_of(key.read)} for name, key in keys.items()}


def _words(key: Key) -> str:
    meaning = _LINK.sub(r"\1", key.meaning)
    return f"{meaning}\nTakes {key.takes}." + (f"\nDefault: {key.default}." if key.default else "")
