"""Typing at the prompt of `sql`: a statement of several lines up to a semicolon, completion, and a stored history.

The history is a file in the home's `var/sessions`. Only its owner can read it, and it is deleted with other old
sessions. If the file cannot be written, the history lasts as long as the prompt is open.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth

from cli.sql.dot_commands import DOT_COMMANDS
from cli.sql.formats import FORMATS
from cli.terminal.console import wants_colour
from eventstore.regular_file import open_regular
from scheduler.home import Home
from scheduler.ownership.home_owner import is_foreign

HISTORY_NAME = "sql_history"
_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?(?:\*/|\Z)|"(?:[^"]|"")*(?:"|\Z)|'(?:[^']|'')*(?:'|\Z)|[^\s;'"/-]+|\S""", re.DOTALL
)
_KEYWORDS = (
    "all", "and", "any", "as", "asc", "asof", "between", "by", "case", "cast", "count", "cross",
    "date_diff", "date_trunc", "desc", "describe", "distinct", "else", "end", "except", "exclude", "exists",
    "explain", "false", "filter", "first", "from", "full", "group", "having", "ilike", "in", "inner",
    "intersect", "interval", "is", "join", "last", "lateral", "left", "like", "limit", "max", "median",
    "min", "not", "now", "null", "nulls", "offset", "on", "or", "order", "outer", "over", "partition",
    "pivot", "qualify", "quantile_cont", "quantile_disc", "recursive", "replace", "right", "rollup",
    "row_number", "select", "semi", "show", "sum", "summarize", "then", "timestamptz", "today", "true",
    "union", "unnest", "using", "values", "when", "where", "window", "with",
)  # fmt: skip


_TABLE_PLACE = re.compile(
    r"\b(?:from\s+(?:\w+(?:\s+(?:as\s+)?\w+)?\s*,\s*)*|join\s+|describe\s+|summarize\s+)\w*\Z", re.IGNORECASE
)
_OTHER_FROM = re.compile(r"\bdistinct\s+\Z|\b(?:extract|overlay|substring|trim)\s*\([^()]*\Z", re.IGNORECASE)
"""The text before a FROM that is not followed by a table: `IS DISTINCT FROM x`, `extract(hour FROM time)`."""
_WITH_NAME = re.compile(r"(?:\bwith\s+(?:recursive\s+)?|\)\s*,\s*)(\w+)\s+as\s*\(", re.IGNORECASE)
"""A name that a statement gives to a query of its own."""


def typing_session(home: Home) -> PromptSession[str]:
    """A prompt that reads a statement, or a command that begins with a dot."""
    return PromptSession(
        "sql> ",
        multiline=True,
        prompt_continuation=lambda width, number, soft: "...> ".rjust(width),
        history=_history(home),
        completer=SqlCompleter(),
        complete_while_typing=False,
        auto_suggest=AutoSuggestFromHistory(),
        key_bindings=_keys(),
        color_depth=None if wants_colour() else ColorDepth.DEPTH_1_BIT,
        enable_open_in_editor=False,
    )


def is_complete(text: str) -> bool:
    """Whether Enter ends the input: it is empty, a command, or a text that ends with a semicolon."""
    stripped = text.strip()
    if not stripped or stripped.startswith("."):
        return True
    if stripped.lower() in {"quit", "exit", "help", "?"}:
        return True
    return _last_token(text) == ";"


class SqlCompleter(Completer):
    """Completes commands, views, columns and keywords.

    At the place of a table, it offers the views; elsewhere first the columns of the views that the text names.
    """

    def get_completions(self, document: Document, _event: CompleteEvent) -> Iterable[Completion]:
        """The completions of the word before the cursor."""
        before = document.text_before_cursor
        word = re.search(r"[\w.]*\Z", before)
        typed = word[0] if word else ""
        back = len(typed.rpartition(".")[2] if _dotted(typed) else typed)
        for text, meta in _candidates(before, typed, document.text):
            yield Completion(text, start_position=-back, display_meta=meta)


def _dotted(typed: str) -> bool:
    return "." in typed and not typed.startswith(".")


def _candidates(before: str, typed: str, text: str) -> Iterator[tuple[str, str]]:
    from projections import VIEWS

    line = before.lstrip()
    if line.startswith("."):
        yield from _of_a_command(line)
        return
    if _dotted(typed):
        owner, _, stem = typed.rpartition(".")
        view = owner.lower() if owner.lower() in VIEWS else _view_of_alias(text, owner)
        for column in VIEWS.get(view, ()):
            if column.name.startswith(stem.lower()):
                yield column.name, f"{view}: {column.meaning}"
        return
    stem = typed.lower()
    if _wants_table(before):
        yield from ((name, "") for name in _WITH_NAME.findall(text) if name.lower().startswith(stem))
        yield from ((view, "view") for view in VIEWS if view.startswith(stem))
        return
    if not stem:
        return
    named = [view for view in VIEWS if re.search(rf"\b{view}\b", text, re.IGNORECASE)] or list(VIEWS)
    seen: set[str] = set()
    for view in named:
        for column in VIEWS[view]:
            if column.name.startswith(stem) and column.name not in seen:
                seen.add(column.name)
                yield column.name, f"{view}: {column.meaning}"
    yield from ((view, "view") for view in VIEWS if view.startswith(stem) and view not in seen)
    shape = str.upper if typed.isupper() or not typed.islower() else str.lower
    yield from ((shape(word), "") for word in _KEYWORDS if word.startswith(stem) and word != stem)


def _wants_table(before: str) -> bool:
    """Whether the word before the cursor is at the place of a table: behind FROM, JOIN, or a comma between tables."""
    found = _TABLE_PLACE.search(before)
    return found is not None and not _OTHER_FROM.search(before[: found.start()])


def _of_a_command(line: str) -> Iterator[tuple[str, str]]:
    from projections import VIEWS

    name, blank, stem = line.partition(" ")
    if not blank:
        yield from ((word, "") for word in DOT_COMMANDS if word.startswith(name))
        return
    known = {".schema": tuple(VIEWS), ".format": tuple(FORMATS)}
    yield from ((word, "") for word in known.get(name, ()) if word.startswith(stem.lstrip().lower()))


def _view_of_alias(text: str, alias: str) -> str:
    found = re.search(rf"\b(?:from|join)\s+(\w+)\s+(?:as\s+)?{re.escape(alias)}\b", text, re.IGNORECASE)
    return found[1].lower() if found else ""


def _last_token(text: str) -> str:
    last = ""
    for found in _TOKEN.finditer(text):
        if not found[0].startswith(("--", "/*")):
            last = found[0]
    return last


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def _enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        at_end = buffer.document.is_cursor_at_the_end or "\n" not in buffer.text
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif at_end and is_complete(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    return keys


class _StoredHistory(FileHistory):
    """A history in a file; if the file cannot be written or read, no error is shown."""

    def store_string(self, string: str) -> None:
        with contextlib.suppress(OSError):
            super().store_string(string)

    def load_history_strings(self) -> Iterable[str]:
        try:
            yield from super().load_history_strings()
        except OSError:
            return


def _history(home: Home) -> History:
    if not home.var.is_dir() or is_foreign(home):
        # There is no home, or it was never used, or it belongs to another user: no file is created.
        return InMemoryHistory()
    path = home.sessions / HISTORY_NAME
    try:
        home.sessions.mkdir(mode=0o700, exist_ok=True)
        os.close(open_regular(path, os.O_WRONLY | os.O_CREAT))
    except OSError:
        return InMemoryHistory()
    return _StoredHistory(str(path))
