"""CloudEvents 1.0: each entry, or row of another view, as a complete event in the JSON format, one a line.

The rules are those of https://github.com/cloudevents/spec (version 1.0.2, the core and its JSON format). `source`
names the ledger and `id` the entry in it; the documented extension `sequence` puts events in order, and extensions
of our own (`actor`, `job`, `run`, `entryhash`, `entryprev`) carry what the ledger says about an entry beside its
payload.
"""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import quote

from cli.terminal.printable import printable
from projections.reports.view_rows import VIEW_ORDERS

SPEC_VERSION = "1.0"
CloudEvent = dict[str, Any]

_PREFIX = "cronledger"
_OTHER_ROWS = "row"
_UUID = re.compile(r"[0-9a-f]{32}")


def source_of(ledger_id: str) -> str:
    """The URI that stands for a ledger wherever it is copied to; its id is a UUID."""
    if _UUID.fullmatch(ledger_id):
        return uuid.UUID(ledger_id).urn
    return f"urn:{_PREFIX}:{quote(ledger_id, safe='')}"


def event_of(view: str, row: dict[str, Any], source: str) -> CloudEvent:
    """A row as an event.

    Args:
        view: the view it is of.
        row: its columns as JSON has them, times as RFC 3339.
        source: see `source_of`.
    """
    return _of_an_entry(row, source) if view == "events" else _of_a_row(view, row, source)


def _of_an_entry(row: dict[str, Any], source: str) -> CloudEvent:
    return _without_none(
        {
            "specversion": SPEC_VERSION,
            "id": str(row["seq"]),
            "source": source,
            "type": f"{_PREFIX}.{row['type']}",
            "subject": _subject(row),
            "time": row["time"],
            "datacontenttype": "application/json",
            "sequence": f"{row['seq']:020d}",
            "actor": _text(row["actor"]),
            "job": _text(row["job"]),
            "run": _text(row["run"]),
            "entryhash": row["hash"],
            "entryprev": row["prev"],
            "data": row["data"],
        }
    )


def _of_a_row(view: str, row: dict[str, Any], source: str) -> CloudEvent:
    """A row of another view is no event of the ledger: its id says what it is a row of and in which state."""
    columns = VIEW_ORDERS[view]
    key = "/".join(quote(str(row[name]), safe=":") for name in columns.key if row[name] is not None)
    return _without_none(
        {
            "specversion": SPEC_VERSION,
            "id": f"{view}/{key}",
            "source": source,
            "type": f"{_PREFIX}.{_OTHER_ROWS}.{view}",
            "subject": _subject(row),
            "time": row[columns.time] if columns.time else None,
            "datacontenttype": "application/json",
            "job": _text(row.get(columns.job)),
            "run": _text(row.get("run")),
            "data": row,
        }
    )


def _subject(row: dict[str, Any]) -> str | None:
    """What it is about: `job/nightly/run/41`, `job/nightly`."""
    job, run = row.get("job"), row.get("run")
    parts = [] if job is None else ["job", quote(str(job), safe="")]
    return "/".join([*parts, *([] if run is None else ["run", str(run)])]) or None


def _text(value: Any) -> str | None:
    """A value as the specification's String, in which there are no control characters; an empty one is none."""
    return None if value is None or value == "" else printable(str(value))


def _without_none(event: CloudEvent) -> CloudEvent:
    """The event without attributes that have no value: null is not one."""
    return {name: value for name, value in event.items() if value is not None or name == "data"}
