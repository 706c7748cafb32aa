"""Words and paths as unit files have them: systemd.syntax(7), and systemd.service(5) on command lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:=,@+-]+")
_UNIT_NAME: Final = re.compile(r"[A-Za-z0-9:_.-]{1,200}")


class Inexpressible(Exception):
    """No unit file can hold this; the message says what."""


def command_line(program: str, arguments: Sequence[str]) -> str:
    """A command as `ExecStart=` has it: nothing in it is a specifier, a variable or the end of a word.

    Raises:
        Inexpressible: systemd starts no program of such a path, or a word is no text.
    """
    if not program.startswith("/") or any(_is_control(char) or char in "\"'\\" for char in program):
        raise Inexpressible(f"systemd starts no program whose path has quotes or backslashes: {program!r}")
    # Variables are replaced in arguments alone: a `$` of the program's path stands for itself.
    first = word(program, dollars=False)
    # What stands in front of the program, `-`, `@`, `:`, `+` or `!`, would have a meaning; a path begins with `/`.
    return " ".join([first, *(word(argument, dollars=True) for argument in arguments)])


def word(text: str, *, dollars: bool) -> str:
    """One word of a setting that takes several.

    Args:
        text: the word.
        dollars: whether variables are replaced there, as in arguments of a command.

    Raises:
        Inexpressible: it is no text in UTF-8, or has a NUL.
    """
    _check(text)
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    if dollars:
        escaped = escaped.replace("$", "$$")
    # Other control characters, as `\x1b`: a line of a unit file cannot hold them as they are.
    return '"' + "".join(_escaped(char) if _is_control(char) else char for char in escaped) + '"'


def path_word(path: str) -> str:
    """A path in a setting that takes several, such as `ReadWritePaths=`.

    Raises:
        Inexpressible: see `word`.
    """
    return word(path, dollars=False)


def line(text: str) -> str:
    """A text that takes the rest of a line, such as `Description=`; what a line cannot hold becomes a blank.

    Raises:
        Inexpressible: it is no text in UTF-8.
    """
    _check(text.replace("\0", " "))
    shown = "".join(" " if _is_control(char) else char for char in text).strip().rstrip("\\")
    return shown.replace("%", "%%")


def unit_name(text: str) -> str:
    """The name of a service unit, without `.service`.

    Raises:
        Inexpressible: no unit has such a name.
    """
    name = text.removesuffix(".service")
    if not _UNIT_NAME.fullmatch(name) or name.startswith((".", "-")):
        raise Inexpressible(f"no unit can be called {text!r}: a name has letters, digits and - _ . :")
    return name


def _escaped(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in char.encode())


def _check(text: str) -> None:
    if "\0" in text:
        raise Inexpressible(f"a unit file holds no NUL: {text!r}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Inexpressible(f"a unit file holds UTF-8 alone, and this is none: {text!r}") from None


def _is_control(char: str) -> bool:
    return unicodedata.category(char) == "Cc"
