"""Entries of the ledger for programs: their members in the ledger's own order, the payload as an object."""

from __future__ import annotations

from typing import Any

import msgspec

from eventstore.store import Entry

_MEMBERS = ("seq", "time", "type", "actor", "job", "run", "data", "durable", "prev", "hash")


def members(entry: Entry) -> dict[str, Any]:
    """The members; `job` and `run` are left out where there is none."""
    values = {name: getattr(entry, name) for name in _MEMBERS}
    values["data"] = msgspec.json.decode(entry.data)
    return {name: value for name, value in values.items() if value is not None}


def line_of(entry: Entry) -> str:
    """An entry as one line of JSON, in ASCII as in the ledger itself: nothing in it acts on a terminal."""
    import json

    document = members(entry)
    document["time"] = f"{entry.time:%Y-%m-%dT%H:%M:%S.%fZ}"
    return json.dumps(document, ensure_ascii=True)
