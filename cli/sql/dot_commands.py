"""The prompt's own commands: `.schema`, `.format`, `.help`, `.quit`."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from cli.app.failures import Failure
from cli.sql.formats import FORMATS
from cli.terminal.console import note
from cli.terminal.printable import printable
from cli.terminal.tables import Column, details, table

_MEANINGS = {
    ".schema [VIEW]": "the views, or the columns of one with what they mean",
    ".format [NAME]": f"how answers are shown: {', '.join(FORMATS)}",
    ".help": "this",
    ".quit": "leave, as Ctrl-D does",
}
DOT_COMMANDS = tuple(form.split()[0] for form in _MEANINGS)
_PLAIN_WORDS = {"quit": ".quit", "exit": ".quit", ".exit": ".quit", "help": ".help", "?": ".help"}
"""Words that people type before they have read the help."""


class DotCommands:
    """The commands, and the settings that they change.

    Attributes:
        form: the format in which answers are shown.
        left: whether the person wants to leave.
    """

    def __init__(self, form: str) -> None:
        self.form, self.left = "table", False
        self._set_format([form])

    def understands(self, typed: str) -> bool:
        """Whether a text is a command rather than a statement."""
        return typed.startswith(".") or typed.rstrip("; ").lower() in _PLAIN_WORDS

    def execute(self, typed: str) -> None:
        """Execute a command.

        Raises:
            Failure: there is no such command, view or format.
            OutputLost, BrokenPipeError: see `cli.terminal.console.out`.
        """
        words = typed.rstrip("; ").split()
        name = _PLAIN_WORDS.get(words[0].lower(), words[0].lower())
        commands: dict[str, Callable[[list[str]], None]] = {
            ".schema": self._schema,
            ".format": self._format,
            ".help": self._help,
            ".quit": self._quit,
        }
        if name not in commands:
            raise Failure(f"there is no {printable(name)}{_meant(name, DOT_COMMANDS)}")
        commands[name](words[1:])

    def _schema(self, words: list[str]) -> None:
        from projections import VIEWS

        if not words:
            rows = [(view, ", ".join(column.name for column in columns)) for view, columns in VIEWS.items()]
            table([Column("VIEW", keep=True), Column("COLUMNS")], rows)
            return
        view = words[0].lower()
        if view not in VIEWS:
            raise Failure(f"there is no view {printable(words[0])}{_meant(view, tuple(VIEWS))}")
        titles = [Column("COLUMN", keep=True), Column("TYPE", keep=True), Column("UNIT"), Column("MEANING")]
        table(titles, [(one.name, _short(one.type), one.unit, one.meaning) for one in VIEWS[view]])

    def _format(self, words: list[str]) -> None:
        if not words:
            note(f"{self.form}; there are {', '.join(FORMATS)}")
        else:
            self._set_format(words)

    def _set_format(self, words: list[str]) -> None:
        if words[0] == "parquet":
            raise Failure("Parquet is not for a terminal", "`cronledger sql QUERY --output FILE` writes it.")
        if words[0] not in FORMATS:
            raise Failure(f"there is no format {printable(words[0])}{_meant(words[0], tuple(FORMATS))}")
        self.form = words[0]

    def _help(self, _words: list[str]) -> None:
        details(list(_MEANINGS.items()))
        details(
            [
                ("Tab", "completes views, columns, keywords and these commands"),
                ("Ctrl-C", "drops what is typed, or stops the query"),
                ("Ctrl-R", "searches what was typed before"),
            ]
        )

    def _quit(self, _words: list[str]) -> None:
        self.left = True


def _meant(typed: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(typed, known, n=1)
    return f": did you mean {near[0]}?" if near else f": there are {', '.join(known)}"


def _short(kind: str) -> str:
    return kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
