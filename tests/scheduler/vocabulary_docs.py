"""Keeps `docs/vocabulary.md` true to the vocabulary: `python -m tests.scheduler.vocabulary_docs`.

The examples stand in the page itself, written by hand; meanings, members and how an entry is told are made from the
code. A new type's section begins as its heading with an example below:

    ## moon.risen

    Example, by `scheduler`. Job `nightly`. Run 41.

    ```json
    { "phase": "full" }
    ```
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from eventstore.store import GENESIS, Entry
from scheduler import vocabulary as v
from scheduler.wording.entries import message, sentence

PAGE = Path(__file__).resolve().parents[2] / "docs" / "vocabulary.md"
RECORDED = datetime(2026, 11, 23, 2, 0, 0, 2_000, tzinfo=UTC)
"""When the examples were recorded."""

Example = tuple[v.Payload, str, str | None, int | None]
"""Payload, actor, job and run."""

_SECTION = re.compile(r"^## ([a-z]+\.[a-z_]+)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_EXAMPLE = re.compile(
    r"Example, by `([^`]+)`\.(?: Job `([^`]+)`\.)?(?: Run (\d+)\.)?\n\n```json\n(.*?)\n```", re.DOTALL
)

HEADER = """\
# The vocabulary

Every entry of a ledger has a `type`, a past-tense fact. This page lists them all, each with its meaning, the members
of its `data`, an example, and how that is told at the terminal and in the logs. All but the examples is generated
from `scheduler/vocabulary/` and `scheduler/wording/` (`python -m tests.scheduler.vocabulary_docs`), and a test
holds page and code together.

The vocabulary grows by new types and new optional members; what one means never changes. Readers ignore what they do
not know. Times are RFC 3339 in UTC; durations are whole milliseconds. A member marked `?` is left out where it says
nothing. Around `data` every entry has the members of the format: see the docstring of the `eventstore` package.

Outcomes of a run: `succeeded`; `failed` (it could not be started, ended with another exit code than 0 or the job's
`success_codes`, or by a signal, or its output holds a text of `fail_on_output`); `timed_out`; `cancelled` (by a
person, or with the scheduler); `lost` (its process died with no one watching); `unknown` (it ended, and how could not
be known).
"""


def examples(text: str) -> dict[str, Example]:
    """The examples of a page, by type.

    Raises:
        LookupError: a section is about no type of the vocabulary, or has no example.
        msgspec.ValidationError: an example's data is not what its type says.
    """
    found: dict[str, Example] = {}
    for name, section in _SECTION.findall(text):
        written = _EXAMPLE.search(section)
        if name not in v.PAYLOADS or written is None:
            raise LookupError(f"the page has no example of {name}, or the vocabulary no such type")
        actor, job, run, data = written.groups()
        payload = msgspec.json.decode(data, type=v.PAYLOADS[name])
        found[name] = (payload, actor, job, int(run) if run else None)
    return found


def entry_of(example: Example) -> Entry:
    """An example as an entry of a ledger."""
    payload, actor, job, run = example
    raw = msgspec.Raw(msgspec.json.encode(payload))
    return Entry(64, RECORDED, payload.TYPE, actor, raw, 64, GENESIS, GENESIS, job, run)


def page(text: str) -> str:
    """The whole page, with the examples of the page as it stands.

    Raises:
        LookupError: a type has no example yet.
    """
    known = examples(text)
    missing = [name for name in v.PAYLOADS if name not in known]
    if missing:
        raise LookupError(f"the page has no example of {', '.join(missing)}")
    return HEADER + "".join(_section(name, cls, known[name]) for name, cls in v.PAYLOADS.items())


def _section(name: str, cls: type[v.Payload], example: Example) -> str:
    payload, actor, job, run = example
    rows = ""
    for field in msgspec.structs.fields(cls):
        optional = "" if field.required else "?"
        rows += f"| `{field.encode_name}`{optional} | {_type(field.type)} |\n"
    table = f"\n| member | type |\n|---|---|\n{rows}" if rows else ""
    about = "".join([f" Job `{job}`." if job else "", f" Run {run}." if run is not None else ""])
    data = msgspec.json.format(msgspec.json.encode(payload), indent=1).decode()
    data = re.sub(r"\n\s*", " ", data)
    written = f"Example, by `{actor}`.{about}\n\n```json\n{data}\n```"
    return f"\n## {name}\n\n{inspect.getdoc(cls)}\n{table}\n{written}\n\n{_told(entry_of(example))}\n"


def _told(entry: Entry) -> str:
    """How an entry is told."""
    level, text = message(entry, v.payload(entry))
    return f"At the terminal: `{sentence(entry)}`\n\nIn the logs, level `{level}`: `{text}`"


def _type(annotation: object) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " \\| ".join(f"`{value}`" for value in arguments)
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(_type(each) for each in arguments if each is not type(None))
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"map of {_type(arguments[0])} to {_type(arguments[1])}"
    names = {str: "text", int: "integer", bool: "true or false", datetime: "time"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))  # type: ignore[call-overload,no-any-return]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
